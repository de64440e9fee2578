"""The cloakroom: asks about unsaved edits before their screen is left; rests on staying."""

from __future__ import annotations

from typing import Literal, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from screens.commands import Command, Commanding, bindings
from styles import sheet

Choice = Literal["save", "discard", "stay"]


class Unsaved(Commanding, ModalScreen[Choice]):
    """The question.

    Args:
        text: which edits.
        why_not_save: why they cannot be saved; None where they can.
    """

    CSS = sheet("connection")
    VERBS = (
        Command(
            "unsaved.save",
            "s",
            "Save",
            "Save the edits and go.",
            "Questions",
            "choose('save')",
            1,
            lambda it: it.why_not_save,
        ),
        Command("unsaved.discard", "d", "Discard", "Forget the edits and go.", "Questions", "choose('discard')", 2),
        Command("unsaved.stay", "n,escape,q", "Stay", "Stay here.", "Questions", "choose('stay')", 3),
        Command("unsaved.right", "right,l", "Other", "Go to the next choice.", "Questions", "app.focus_next"),
        Command("unsaved.left", "left,h", "Other", "Go to the choice before.", "Questions", "app.focus_previous"),
    )
    BINDINGS = bindings(VERBS)
    AUTO_FOCUS = "#stay"

    def __init__(self, text: str, why_not_save: str | None) -> None:
        super().__init__()
        self.text = text
        self.why_not_save = why_not_save

    def compose(self) -> ComposeResult:
        """A box in the middle."""
        with Vertical(classes="box"):
            yield Static("There are unsaved edits", classes="heading")
            yield Static(Content(self.text))
            if self.why_not_save:
                yield Static(Content(f"They cannot be saved yet. {self.why_not_save}"), classes="ask")
            with Horizontal(classes="buttons"):
                yield Button("Stay (n)", id="stay", compact=True)
                yield Button("Discard (d)", id="discard", compact=True)
                yield Button("Save (s)", id="save", compact=True, disabled=self.why_not_save is not None)

    @on(Button.Pressed)
    def pressed(self, event: Button.Pressed) -> None:
        """A button was chosen."""
        self.action_choose(cast(Choice, event.button.id))

    def action_choose(self, choice: Choice) -> None:
        """Answers."""
        self.dismiss(choice)
