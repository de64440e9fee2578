"""The double door: asks before something that cannot be taken back; rests on the safe side."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from screens.commands import Command, Commanding, bindings
from styles import sheet


class Confirm(Commanding, ModalScreen[bool]):
    """A question; the answer is whether to act.

    Args:
        title: what it is about, in a few words.
        text: what will happen, and what will not.
        act: the act's name on its button: `Suspend 214 people`, never `OK`.
        rest: the safe choice's.
        number: where it is given, it has to be typed before the act can be chosen.
    """

    CSS = sheet("modals")
    VERBS = (
        Command("confirm.yes", "y", "Yes", "Do it.", "Questions", "yes", 1, lambda it: it.why_not_yes()),
        Command("confirm.no", "n,escape,q", "No", "Leave it.", "Questions", "no", 2),
        Command("confirm.other", "left,right,h,l", "Other", "Go to the other choice.", "Questions", "other"),
    )
    BINDINGS = bindings(VERBS)
    AUTO_FOCUS = "Input, #rest"

    def __init__(self, title: str, text: str, *, act: str, rest: str = "Leave it", number: int | None = None) -> None:
        super().__init__()
        self.heading = title
        self.text = text
        self.act = act
        self.rest = rest
        self.number = number

    def compose(self) -> ComposeResult:
        """A box in the middle."""
        with Vertical(classes="box"):
            yield Static(Content(self.heading), classes="heading")
            yield Static(Content(self.text))
            if self.number is not None:
                yield Static(f"Type {self.number} to go on:", classes="ask")
                yield Input(compact=True, type="integer", id="number")
            with Horizontal(classes="buttons"):
                yield Button(Content(f"{self.rest} (n)"), id="rest", compact=True)
                yield Button(Content(f"{self.act} (y)"), id="act", compact=True, disabled=self.number is not None)

    def why_not_yes(self) -> str | None:
        """Why it cannot be chosen; None where it can."""
        return f"Type {self.number} first." if self.query_one("#act", Button).disabled else None

    @on(Input.Changed)
    def check_number(self, event: Input.Changed) -> None:
        """Frees the act once the number is right."""
        self.query_one("#act", Button).disabled = event.value.strip() != str(self.number)

    @on(Input.Submitted)
    def to_buttons(self) -> None:
        """Enter in the number leads to the act, which a second Enter chooses; a wrong number leads nowhere."""
        act = self.query_one("#act", Button)
        if not act.disabled:
            act.focus()

    @on(Button.Pressed)
    def choose(self, event: Button.Pressed) -> None:
        """A button was chosen."""
        self.dismiss(event.button.id == "act")

    def action_yes(self) -> None:
        """Chooses the act."""
        self.dismiss(True)

    def action_no(self) -> None:
        """Chooses the safe side."""
        self.dismiss(False)

    def action_other(self) -> None:
        """Moves between the buttons."""
        self.focus_next(Button)
