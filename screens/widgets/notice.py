"""The notice board: text that must be read, over the screen, until somebody puts it away; `y` copies it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.commands import Command, Commanding, bindings
from screens.widgets.bars import FooterBar
from styles import sheet


class Notice(Commanding, ModalScreen[None]):
    """A text to read.

    Args:
        title: one sentence.
        text: all of it; shown as it is, never parsed as markup.
    """

    CSS = sheet("modals")
    VERBS = (
        Command("notice.close", "escape,enter,q", "Close", "Put the notice away.", "Notices", "close", 1),
        Command("notice.copy", "y", "Copy", "Copy the whole text.", "Notices", "copy", 2),
        Command("notice.down", "j,down", "Down", "Scroll down.", "Notices", "scroll(1)"),
        Command("notice.up", "k,up", "Up", "Scroll up.", "Notices", "scroll(-1)"),
    )
    BINDINGS = bindings(VERBS)
    AUTO_FOCUS = ""

    def __init__(self, title: str, text: str | Content) -> None:
        super().__init__()
        self.heading = title
        self.text = text if isinstance(text, Content) else Content(text)

    def compose(self) -> ComposeResult:
        """A box in the middle."""
        with Vertical(classes="box"):
            yield Static(Content(self.heading), classes="heading")
            with VerticalScroll(can_focus=False):
                yield Static(self.text)
            yield FooterBar()

    def action_close(self) -> None:
        """Puts it away."""
        self.dismiss()

    def action_copy(self) -> None:
        """Copies heading and text."""
        self.app.copy_to_clipboard(f"{self.heading}\n{self.text.plain}")

    def action_scroll(self, by: int) -> None:
        """Scrolls the text."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)
