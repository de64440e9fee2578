"""Why is somebody not here? A field for an id or a name, and the answer in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from oneroster_tui.errors import RosterSyncError
from screens import why_words as words
from screens.commands import Command, bindings
from screens.desk import Desk
from screens.frame import FramedScreen
from screens.widgets.facts import Fact, FactSheet, Section
from styles import sheet

if TYPE_CHECKING:
    from oneroster_tui.explain import Answer
    from oneroster_tui.provider.bundle.bundle import Bundle
    from oneroster_tui.provider.client import Client


async def here(desk: Desk, text: str) -> Answer:
    """What the roster tells."""
    from oneroster_tui.explain import from_roster

    return await desk.read(from_roster, desk.settings, text)


async def there(desk: Desk, ids: list[str]) -> list[str]:
    """What the provider tells; why it does not, where it cannot be asked."""
    from oneroster_tui.explain import from_provider, single_of

    def ask(client: Client | Bundle) -> list[str]:
        return from_provider(desk.settings, single_of(client), ids).said

    try:
        return await desk.ask(ask)
    except RosterSyncError as error:
        return [words.not_asked(error.what)]


class WhyScreen(FramedScreen):
    """The question and its answer.

    Args:
        text: what stands in the field at first.
        at_once: whether it is asked without waiting for Enter.
    """

    CSS = sheet("people")
    AUTO_FOCUS = "Input"
    VERBS = (Command("why.ask", "enter", "Ask", "Ask about the id or name in the field.", "People", "ask", 1),)
    BINDINGS = bindings(VERBS)

    def __init__(self, text: str = "", *, at_once: bool = False) -> None:
        super().__init__()
        self.text = text
        self.at_once = at_once

    def body(self) -> ComposeResult:
        """The question, the field, the answer."""
        yield Static(Content.assemble((words.QUESTION, "bold")), id="question")
        field = Input(self.text, placeholder=words.ASK_FOR, compact=True)
        field.cursor_blink = not self.desk.economy
        yield field
        yield FactSheet()

    def on_mount(self) -> None:
        """Asks, where that is wanted."""
        self.query_one(FactSheet).show([Section("", none=words.TYPE)])
        if self.at_once:
            self.action_ask()

    @on(Input.Submitted)
    @work(exclusive=True)
    async def action_ask(self) -> None:
        """Asks, and shows the answer."""
        text = self.query_one(Input).value.strip()
        sheet_ = self.query_one(FactSheet)
        if not text:
            sheet_.show([Section("", none=words.TYPE_FIRST)])
            return
        sheet_.show([Section("", none=words.LOOKING)])
        answer = await self.attempt(here(self.desk, text), missing=lambda: None)
        said = answer.said if answer else []
        ids = answer.ids if answer else [text]
        sections = [Section(words.HERE, [Fact("", sentence) for sentence in said], words.NOTHING_HERE)]
        sheet_.show([*sections, Section(words.AT_PROVIDER, none=words.ASKING)])
        sheet_.focus()
        told = await there(self.desk, ids)
        sheet_.show([*sections, Section(words.AT_PROVIDER, [Fact("", sentence) for sentence in told])])

    def why_not_filter(self) -> str | None:
        """The field can always be typed into."""
        return None

    def action_filter(self) -> None:
        """Goes to the field."""
        self.query_one(Input).focus()
