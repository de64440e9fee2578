"""The report card: an examination of the provider as it goes, and what came of it; opened from Connection."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from oneroster_tui.errors import ConfigError, RosterSyncError, Stopped
from screens import conformance_words as words
from screens.commands import Command, bindings
from screens.conformance_words import check_cells, detail, matches, progress_parts, verdict_parts
from screens.fitting import clean
from screens.frame import FramedScreen
from screens.widgets.columns import Column
from screens.widgets.empty import Empty
from screens.widgets.lazy_table import LazyTable
from screens.widgets.list_pane import ListPane
from screens.widgets.notice import Notice
from screens.widgets.pages import Rows
from styles import sheet

if TYPE_CHECKING:
    from oneroster_tui.config import Connection
    from oneroster_tui.provider.conformance.card import Card, Check
    from oneroster_tui.provider.conformance.examine import Examination

COLUMNS = (
    Column("Outcome", 13),
    Column("What was tried", share=2, least=30),
    Column("Section", 19, spare=1),
    Column("Status", 6, align="right"),
    Column("Took", 7, align="right"),
)
DRAIN_SECONDS = 0.2
"""Seconds between two looks at what came: 5 Hz, as over SSH everywhere."""


class ConformanceScreen(FramedScreen):
    """The report card of a provider.

    Args:
        connection: how it is reached: what is typed on Connection, saved or not.
    """

    CSS = sheet("conformance")
    VERBS = (
        Command(
            "conformance.start",
            "s",
            "Start",
            "Examine the provider, from the beginning.",
            "Report card",
            "start",
            1,
            lambda it: it.why_not_start(),
        ),
        Command(
            "conformance.stop",
            "escape",
            "Stop",
            "Stop the examination.",
            "Report card",
            "back",
            1,
            here=lambda it: it.ticket is not None,
        ),
        Command(
            "conformance.amiss",
            "f",
            "Only amiss",
            "Show only what did not pass, or all of it again.",
            "Report card",
            "amiss",
            3,
        ),
        Command(
            "conformance.write",
            "w",
            "Write page",
            "Write the card as a web page, beside config.toml, to send to a vendor.",
            "Report card",
            "write",
            2,
            lambda it: it.why_no_card(),
        ),
    )
    # Without `stop`: its key is the frame's `escape`, whose action does the same while it is under way.
    BINDINGS = bindings([one for one in VERBS if one.id != "conformance.stop"])

    @dataclass
    class Came(Message):
        """A check is done; `asking` is the one that follows."""

        ticket: threading.Event
        card: Card
        asking: str

    @dataclass
    class Ended(Message):
        """It is over: at its end, stopped, or with an error."""

        ticket: threading.Event
        card: Card | None
        error: RosterSyncError | None = None

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self.connection = connection
        self.card: Card | None = None
        self.checks: list[Check] = []
        self.ticket: threading.Event | None = None
        self.total = 0
        self.asking = ""
        self.stopped = False
        self.error: RosterSyncError | None = None
        self.only_amiss = False
        self.news = False

    def body(self) -> ComposeResult:
        """What came of it, then the checks."""
        yield Static(id="verdict")
        yield ListPane(
            COLUMNS,
            lambda row: check_cells(row.values[0]),
            self.rows,
            search="name, section, outcome",
            empty=Empty(words.NOTHING_ASKED, "s", "starts"),
        )

    def on_mount(self) -> None:
        """Nothing is asked before somebody says so."""
        self.tell()
        self.query_one(ListPane).reload()
        self.set_interval(DRAIN_SECONDS, self.drain)

    def on_unmount(self) -> None:
        """An examination does not outlive the screen."""
        if self.ticket is not None:
            self.ticket.set()

    def rows(self, pane: ListPane) -> Rows:
        """The checks that are wanted now."""
        wanted = [
            check
            for check in self.checks
            if matches(check, pane.text) and not (self.only_amiss and str(check.outcome) == "passed")
        ]
        return Rows([(check,) for check in wanted], [check.name for check in wanted])

    def tell(self) -> None:
        """Says how far it is, or what came of it."""
        where = self.connection.root_url
        if self.ticket is not None and self.card is not None:
            parts = progress_parts(self.card, self.total, self.asking, where)
        elif self.error is not None:
            text = f"{self.error.what} {self.error.do}".strip()
            parts = [("✗ ", "bold $error"), (clean(text, 500), "bold"), ("\ns tries again.", "dim")]
        elif self.card is not None:
            parts = verdict_parts(self.card, self.stopped)
        else:
            parts = [("Report card of ", "bold"), (clean(where, 200), "bold"), f"\n{words.ABOUT}"]
        self.query_one("#verdict", Static).update(Content.assemble(*parts))
        self.refresh_bindings()

    # The examination

    def why_not_start(self) -> str | None:
        """Why it cannot begin now; None where it can."""
        return words.UNDER_WAY if self.ticket is not None else None

    def action_start(self) -> None:
        """Begins, from the beginning."""
        from oneroster_tui.provider.conformance.examine import Examination

        ticket = threading.Event()
        self.checks, self.card, self.error, self.stopped = [], None, None, False
        try:
            examination = Examination(self.connection, stopping=ticket.is_set, now=self.desk.now)
        except ConfigError as error:
            self.error = error
            self.tell()
            return
        self.ticket, self.card, self.total = ticket, examination.card, len(examination.steps)
        self.asking = examination.steps[0].title
        pane = self.query_one(ListPane)
        pane.empty.say(words.FIRST_ANSWER, "esc", "stops")
        pane.reload(stay=False)
        self.tell()
        self.examine(examination, ticket)

    @work(thread=True, group="test", exit_on_error=False)
    def examine(self, examination: Examination, ticket: threading.Event) -> None:
        """Examines, on a thread; what happens there comes back as messages."""
        titles = [step.title for step in examination.steps]
        error: RosterSyncError | None = None
        try:
            for number, _ in enumerate(examination, 1):
                following = titles[number] if number < len(titles) else ""
                self.post_message(self.Came(ticket, examination.card, following))
        except Stopped:
            pass
        except RosterSyncError as failure:
            error = failure
        except Exception as failure:  # a screen never shows a traceback
            error = RosterSyncError(words.broke_off(failure), do=words.REPORT_IT)
        self.post_message(self.Ended(ticket, examination.card, error))

    @on(Came)
    def note_check(self, event: Came) -> None:
        """Notes a check, where its examination was not stopped meanwhile."""
        event.stop()
        if event.ticket is self.ticket:
            self.card, self.asking, self.news = event.card, event.asking, True

    def drain(self) -> None:
        """Shows what came since the last time: a few times a second, whatever the provider's speed."""
        if self.news and self.ticket is not None and self.card is not None:
            self.take(self.card)

    @on(Ended)
    def show_end(self, event: Ended) -> None:
        """Shows how it ended."""
        event.stop()
        if event.ticket is self.ticket:
            self.ticket, self.error = None, event.error
            self.stopped = event.ticket.is_set()
            if event.card is not None:
                self.take(event.card)

    def take(self, card: Card) -> None:
        """Takes what is done so far."""
        self.news = False
        order = {section: place for place, section in enumerate(dict.fromkeys(check.section for check in card.checks))}
        self.checks = sorted(card.checks, key=lambda check: order[check.section])
        self.query_one(ListPane).reload()
        self.tell()

    # Keys

    def why_not_back(self) -> str | None:
        """`esc` always has something to do here."""
        return None

    def action_back(self) -> None:
        """Stops the examination; else takes the filter away, or goes back."""
        if self.ticket is not None:
            self.ticket.set()
            self.ticket, self.stopped = None, True
            if self.card is not None:
                self.take(self.card)
        else:
            super().action_back()

    def action_amiss(self) -> None:
        """Shows only what did not pass, or all of it."""
        self.only_amiss = not self.only_amiss
        self.query_one(ListPane).reload(stay=False)

    def why_no_card(self) -> str | None:
        """Why there is no card to write; None where there is."""
        if self.ticket is not None:
            return words.WAIT
        return None if self.checks else words.NO_CARD

    async def action_write(self) -> None:
        """Writes the page beside config.toml."""
        from oneroster_tui.headless.conformance import refuse_to_overwrite, save
        from oneroster_tui.provider.conformance.page import MARK, page

        card = self.card
        if card is None:
            return
        beside = self.desk.settings.path.parent
        folder = beside if beside.is_dir() else Path.cwd()  # the demo's is made by its first sync
        path = folder / f"conformance-{card.began_at[:10]}.html"

        def write() -> None:
            refuse_to_overwrite(path, MARK)
            save(path, page(card))

        async def work() -> bool:
            await asyncio.to_thread(write)
            return True

        if await self.attempt(work()):
            self.notify(str(path), title=words.WRITTEN, timeout=10, markup=False)

    @on(LazyTable.Opened)
    def open_check(self, event: LazyTable.Opened) -> None:
        """Tells a check in full."""
        check: Check = event.row.values[0]
        self.app.push_screen(Notice(clean(check.title), detail(check)))
