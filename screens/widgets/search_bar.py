"""The bell: one line to type a filter into; it tells after a short pause in typing, not at each key."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static

from screens.commands import Command, Commanding, bindings
from screens.desk import desk_of

PAUSE = 0.15
"""Seconds without a key after which the text counts."""


class SearchBar(Commanding, Horizontal):
    """A filter for the list below it; hidden until `/`, and while it is empty.

    Args:
        placeholder: says what it looks through: `name, e-mail, id`.
        target: a selector of the widget, beside the bar, that gets the focus when typing is over.
    """

    @dataclass
    class Changed(Message):
        """The text is another one. `bar.text` holds it, too."""

        bar: SearchBar
        text: str

        @property
        def control(self) -> Widget:
            """The bar."""
            return self.bar

    VERBS = (
        Command("search.clear", "escape", "Clear", "Clear the filter and go back to the list.", "Lists", "clear", 1),
        Command(
            "search.done", "enter,down", "To the list", "Keep the filter and go back to the list.", "Lists", "done", 2
        ),
    )
    BINDINGS = bindings(VERBS)

    def __init__(self, placeholder: str, target: str, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's word
        super().__init__(id=id)
        self.placeholder = placeholder
        self.target = target
        self.text = ""
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """The line: a slash, the text, how much it found."""
        yield Static("/", classes="mark")
        field = Input(placeholder=self.placeholder, compact=True, select_on_focus=False)
        field.cursor_blink = not desk_of(self).economy
        yield field
        yield Static("", classes="found")

    def on_mount(self) -> None:
        """Hidden until it is opened."""
        self.display = False

    def open(self) -> None:
        """Shows the bar and takes the focus."""
        self.display = True
        self.query_one(Input).focus()

    def tell_found(self, text: str) -> None:
        """Says at the right how much was found: `12 of 2,972`."""
        self.query_one(".found", Static).update(text)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Waits for a pause in typing."""
        event.stop()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(PAUSE, self._tell)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter belongs to the field first; it comes here so."""
        event.stop()
        self.action_done()

    def action_clear(self) -> None:
        """Empties and hides the bar."""
        self.query_one(Input).value = ""
        self._tell()
        self.action_done()

    def action_done(self) -> None:
        """Gives the focus to the list; an empty bar goes."""
        self._tell()
        (self.parent or self.screen).query(self.target).first().focus()
        self.display = bool(self.text)

    def _tell(self) -> None:
        """Tells the text, where it is another one."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        text = self.query_one(Input).value.strip()
        if text != self.text:
            self.text = text
            self.post_message(self.Changed(self, text))
