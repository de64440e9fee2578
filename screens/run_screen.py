"""One run: how it ended, what it changed (before and after), its problems by root cause, its log while it is at hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import ContentSwitcher, Static

from oneroster_tui.roster import queries
from oneroster_tui.roster.queries import ProblemGroup, RunRow
from screens import run_words as words
from screens.commands import Command, bindings
from screens.fitting import clean
from screens.frame import FramedScreen
from screens.overview_words import counts_words
from screens.run_words import CHANGING, NO_CHANGE, before_after, change_cells, problem_cells
from screens.widgets.columns import Column
from screens.widgets.confirm import Confirm
from screens.widgets.empty import Empty
from screens.widgets.lazy_table import LazyTable
from screens.widgets.list_pane import ListPane
from screens.widgets.log_pane import LogPane
from screens.widgets.notice import Notice
from screens.widgets.pages import Rows
from screens.words import ago, outcome, took, when
from styles import sheet

if TYPE_CHECKING:
    from oneroster_tui.config import Settings
    from oneroster_tui.provider.bundle.bundle import Bundle
    from oneroster_tui.provider.client import Client
    from oneroster_tui.roster.database import Roster
    from oneroster_tui.sync.events import Emit, RunEnded

CHANGES = (
    Column("What", 12),
    Column("Table", 17, spare=1),
    Column("Who or what", share=2, least=16),
    Column("Change or reason", share=3, least=20),
)
PROBLEMS = (
    Column("", 9),
    Column("Count", 7, align="right"),
    Column("Code", 22),
    Column("Table", 17, spare=1),
    Column("For example"),
)


PATIENCE = 0.5
"""Seconds after which an undo's preview that is not there yet is said to be on its way."""


class RunScreen(FramedScreen):
    """A run of the past, opened from History.

    Attributes:
        looking: whether the preview of an undo is under way.

    Args:
        run: the run.
    """

    CSS = sheet("history")
    VERBS = (
        Command("run.changes", "c", "Changes", "See what the run changed.", "History", "see('changes')", 2),
        Command(
            "run.problems",
            "p",
            "Problems",
            "See what the run could not use, by root cause.",
            "History",
            "see('problems')",
            3,
        ),
        Command("run.log", "l", "Log", "See the run's log.", "History", "see('log')", 4, lambda it: it.why_no_log()),
        Command(
            "run.undo",
            "u",
            "Undo",
            "Take the run back, after a look at what that does.",
            "History",
            "undo",
            5,
            lambda it: it.why_no_undo(),
        ),
    )
    BINDINGS = bindings(VERBS)

    def __init__(self, run: RunRow) -> None:
        super().__init__()
        self.run = run
        self.groups: list[ProblemGroup] = []
        self.looking = False

    def body(self) -> ComposeResult:
        """The run's end, then one of its lists."""
        yield Static(id="run-end")
        with ContentSwitcher(initial="changes"):
            yield ListPane(
                CHANGES,
                change_cells,
                lambda pane: queries.change_listing(self.run.id, pane.text),
                search="name, id, action or value",
                empty=Empty(NO_CHANGE, "esc", "goes back"),
                id="changes",
            )
            yield ListPane(
                PROBLEMS,
                problem_cells,
                self.problem_rows,
                empty=Empty(words.ALL_USED, "c", "shows its changes"),
                id="problems",
            )
            yield LogPane(id="log")

    def on_mount(self) -> None:
        """Reads."""
        self.tell_end()
        self.query_one("#changes", ListPane).reload()
        self.read_problems()
        if self.why_no_log() is None:
            self.query_one(LogPane).show(self.desk.runs.book)

    def tell_end(self) -> None:
        """How the run ended."""
        run, now, look = self.run, self.desk.now(), outcome(self.run.outcome)
        ended = run.finished_at or run.started_at
        decision = f"  {clean(run.decision)}" if run.decision else ""
        self.query_one("#run-end", Static).update(
            Content.assemble(
                (f"Run {run.id} ", "bold"),
                (str(look), f"bold {look.style}"),
                (
                    f"  {when(run.started_at, now)}, {ago(ended, now)}, took {took(run.seconds) or 'until now'}",
                    "dim",
                ),
                "\n",
                " · ".join(counts_words(run)),
                f"\n{clean(run.message, 400)}{decision}" if run.message else "",
            )
        )

    @work(exclusive=True)
    async def read_problems(self) -> None:
        """Reads the problems, grouped."""
        self.groups = await self.attempt(self.desk.read(queries.problem_groups, self.run.id)) or []
        self.query_one("#problems", ListPane).reload()

    def problem_rows(self, _: ListPane) -> Rows:
        """The groups as the table takes them."""
        return Rows([(group,) for group in self.groups])

    async def action_see(self, name: str) -> None:
        """Shows one of the lists."""
        self.query_one(ContentSwitcher).current = name
        pane = self.query_one(f"#{name}")
        for inner in pane.query("LazyTable, LogView"):
            inner.focus()
        self.refresh_bindings()

    def why_no_log(self) -> str | None:
        """Why there is no log to see; None where there is."""
        snapshot = self.desk.runs.snapshot
        if snapshot is not None and snapshot.run_id == self.run.id:
            return None
        return words.NO_LOG

    def why_no_undo(self) -> str | None:
        """Why the run cannot be taken back; None where it can."""
        if self.run.mode == "plan" or self.run.outcome in ("failed", "stopped", "interrupted", "running"):
            return NO_CHANGE
        if not self.run.total(*CHANGING):
            return NO_CHANGE
        if self.looking:
            return words.LOOKING
        return self.desk.runs.why_not()

    @work(exclusive=True, group="undo")
    async def action_undo(self) -> None:
        """Looks what taking the run back would do, asks, and does it."""
        from oneroster_tui.sync.undo import undo

        def look(settings: Settings, roster: Roster) -> RunEnded:
            return undo(settings, roster, lambda _: None, self.run.id, planning=True)

        self.looking = True
        patience = self.set_timer(PATIENCE, lambda: self.notify(words.LOOKING, markup=False))
        try:
            planned = await self.attempt(self.desk.runs.preview(look))
        finally:
            patience.stop()
            self.looking = False
        if planned is None:
            return
        asked, text = words.undo_question(self.run.id, planned.message)
        question = Confirm(asked, text, act=asked)
        deleting = sum(actions.get("deleted", 0) + actions.get("problems", 0) for actions in planned.counts.values())
        if await self.app.push_screen_wait(question) and (done := await self.carry_out(deleting)):
            self.app.push_screen(Notice(words.undone(self.run.id), done.message))

    async def carry_out(self, ceiling: int) -> RunEnded | None:
        """Undoes; an error becomes a notice, and None comes back."""
        from oneroster_tui.sync.undo import undo

        def conduct(
            settings: Settings, roster: Roster, _: Client | Bundle, emit: Emit, __: Callable[[], bool]
        ) -> RunEnded:
            return undo(settings, roster, emit, self.run.id, ceiling=ceiling)

        if reason := self.desk.runs.why_not():  # while the question stood there, cron may have begun
            self.notify(reason, severity="warning", markup=False)
            return None
        self.desk.runs.start("full", conduct, name="undo")
        ended = await self.desk.runs.finished()
        if ended.error is not None:
            self.app.push_screen(Notice(ended.error.what, str(ended.error)))
        return None if ended.error is not None else ended.ended

    @on(LazyTable.Opened)
    @work
    async def open_row(self, event: LazyTable.Opened) -> None:
        """Shows a change before and after, or all problems of a group."""
        if event.table.parent is self.query_one("#changes"):
            change = queries.change_of(event.row)
            self.app.push_screen(
                Notice(f"{change.action} {change.entity} {clean(change.sourced_id, 80)}", before_after(change))
            )
            return
        group: ProblemGroup = event.row.values[0]
        listing = queries.problem_listing(self.run.id, group.code)
        window = queries.Window(200)
        rows = await self.attempt(self.desk.read(listing.window, window)) or []
        found = [queries.problem_of(row) for row in rows]
        lines = [f"{clean(one.sourced_id, 80) or '?'}: {clean(one.message)}" for one in found]
        more = [f"… and {group.count - len(found):,} more"] if group.count > len(found) else []
        self.app.push_screen(Notice(f"{group.code}: {group.count:,} in {group.entity}", "\n".join(lines + more)))
