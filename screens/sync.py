"""Sync: start a sync or only plan one, watch it, read its log, decide what a guard holds."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content

from oneroster_tui.roster import queries
from oneroster_tui.roster.queries import ProblemGroup, RunRow
from screens import sync_words as words
from screens.commands import Command, bindings
from screens.feed import RunSnapshot
from screens.frame import FramedScreen
from screens.sync_idle import Pages, idle_parts
from screens.sync_words import end_parts, progress_parts
from screens.widgets.confirm import Confirm
from screens.widgets.empty import Empty
from screens.widgets.fitted import Fitted
from screens.widgets.log_pane import LogPane
from screens.widgets.log_view import LogView
from screens.words import NOTHING_HELD, RUN_FIRST
from styles import sheet

TICK = 2.0
"""Seconds between two looks at what grows by itself: how long another process has been syncing."""


class SyncScreen(FramedScreen):
    """Mode 5."""

    CSS = sheet("sync")
    VERBS = (
        Command(
            "sync.start", "s", "Sync", "Start a sync.", "Sync", "start('full')", 2, lambda it: it.desk.runs.why_not()
        ),
        Command(
            "sync.plan", "p", "Plan", "Only say what a sync would do; nothing is written.", "Sync", "start('plan')", 3,
            lambda it: it.desk.runs.why_not(),
        ),
        Command(
            "sync.stop", "x", "Stop", "Stop the sync, after a question; nothing half-done remains.", "Sync", "stop", 1,
            lambda it: it.why_not_stop(),
        ),
        Command(
            "sync.review", "v", "Review", "See what is held or planned, by reason and school, and decide.", "Sync",
            "review", 1, lambda it: it.why_no_review(),
        ),
        Command(
            "sync.run", "o", "Run", "Open the last run: its changes, its problems.", "Sync", "open_run", 4,
            lambda it: it.why_no_run(),
        ),
        Command(
            "sync.zoom", "z", "Zoom", "Give the log the whole screen, or no longer.", "Sync", "zoom", 6,
            lambda it: it.why_no_log(),
        ),
    )  # fmt: skip
    BINDINGS = bindings(VERBS)
    AUTO_FOCUS = ""  # the log takes the focus once there is one

    def __init__(self) -> None:
        super().__init__()
        self.groups: list[ProblemGroup] = []
        self.hold: RunRow | None = None
        self.question: Confirm | None = None
        self.watched: int | None = None
        self.pages: Pages = {}
        self.elsewhere: RunRow | None = None

    def body(self) -> ComposeResult:
        """The run on the left (or on top), its log beside (or below) it."""
        with VerticalScroll(id="run", can_focus=False):
            yield Fitted(id="told", least=3)
        with Vertical(id="log-side"):
            yield LogPane()
            yield Empty(*words.LOG_WILL_RUN)

    def on_mount(self) -> None:
        """Follows the run of this session, and those of others through the roster."""
        self.desk.settings_changed.subscribe(self, lambda _: self.draw())
        self.desk.roster_changed.subscribe(self, lambda _: self.look())
        self.desk.runs.changed.subscribe(self, self.take)
        self.set_interval(TICK, self.tick)
        self.show_log()
        self.look()

    def on_screen_resume(self) -> None:
        """Catches up with what came while another screen was in front."""
        self.show_log()
        self.draw()

    # The run of this session

    @property
    def snapshot(self) -> RunSnapshot | None:
        """The run of this session as it was at the last tick."""
        return self.desk.runs.snapshot

    def take(self, snapshot: RunSnapshot) -> None:
        """Takes a tick."""
        if snapshot.state == "starting":
            self.groups, self.elsewhere = [], None
        if self.in_view:
            self.show_log()
            self.draw()
        if not snapshot.active:
            if self.question is not None and self.question.is_current:
                self.question.dismiss(False)  # there is nothing left to stop
            self.refresh_bindings()
            self.look(just_ended=True)

    @property
    def in_view(self) -> bool:
        """Whether this screen is seen: in front, or below a question."""
        stack = self.app.screen_stack
        return self in stack and all(screen.is_modal for screen in stack[stack.index(self) + 1 :])

    def show_log(self) -> None:
        """Shows the log as far as it came."""
        pane, book = self.query_one(LogPane), self.desk.runs.book
        blank = self.snapshot is None
        if pane.display == blank:
            pane.display, self.query_one(Empty).display = not blank, blank
            if not blank:
                self.call_after_refresh(self.query_one(LogView).focus)
        if pane.view.book is not book:
            pane.show(book)
        else:
            pane.update_lines()

    def draw(self) -> None:
        """Says how the run stands."""
        if self.in_view and self.query(Fitted):  # not where the app is being left
            parts = self.parts()
            self.query_one("#told", Fitted).tell(lambda width: Content.assemble(*parts(width=max(40, width - 1))))

    def parts(self) -> Callable[..., words.Parts]:
        """What says for a `width` how the run stands."""
        snapshot = self.snapshot
        if snapshot is not None and snapshot.active:
            return partial(progress_parts, snapshot)
        if snapshot is not None and self.desk.state.running is None and self.elsewhere is None:
            rows = self.size.height - 5 if self.has_class("-wide") else 13
            return partial(end_parts, snapshot, self.groups, rows=rows)
        return partial(idle_parts, self.desk, self.hold, self.elsewhere, pages=self.pages)

    def on_resize(self) -> None:
        """Draws for the new height; the width draws itself."""
        self.call_after_refresh(self.draw)

    # What the roster tells

    def tick(self) -> None:
        """Looks again, where a run of another process may have come further; else only the clock has."""
        running = self.desk.state.running
        if running is not None and self.in_view:
            self.follow_elsewhere(running.id)
        else:
            self.draw()

    @work(exclusive=True, group="elsewhere")
    async def follow_elsewhere(self, run_id: int) -> None:
        """Asks how far a run of another process is, and says it."""
        self.pages = await self.attempt(self.desk.read(queries.pages_so_far, run_id)) or {}
        self.draw()

    @work(exclusive=True, group="look")
    async def look(self, *, just_ended: bool = False) -> None:
        """Asks the roster for what waits, for the problems of the last run, and how a run elsewhere ended."""
        running, source = self.desk.state.running, self.desk.source
        self.hold = await self.attempt(self.desk.read(queries.pending_hold, source))
        if running is not None:
            self.watched, self.elsewhere = running.id, None
            self.follow_elsewhere(running.id)
        elif self.watched is not None:
            self.elsewhere = await self.attempt(self.desk.read(queries.run, self.watched))
            self.watched, self.pages = None, {}
        ended = self.snapshot.ended if self.snapshot and not self.snapshot.active else None
        if ended is not None:
            self.groups = await self.attempt(self.desk.read(queries.problem_groups, ended.run_id)) or []
        self.draw()
        self.refresh_bindings()
        if just_ended and ended is not None and ended.outcome == "held" and self.is_current and self.hold:
            self.open_hold()

    # Commands

    async def action_start(self, mode: str) -> None:
        """Starts a run."""
        self.desk.runs.start("plan" if mode == "plan" else "full")
        self.refresh_bindings()

    def why_not_stop(self) -> str | None:
        """Why there is nothing to stop; None where there is."""
        if self.desk.state.running is not None and not self.desk.runs.active:
            return words.ELSEWHERE
        return self.desk.runs.why_not_stop()

    def action_stop(self) -> None:
        """Stops the run, after a question."""
        self.question = Confirm(
            words.STOP,
            words.STOP_TEXT,
            act=words.STOP_ACT,
            rest=words.STOP_REST,
        )
        self.app.push_screen(self.question, lambda yes: self.desk.runs.stop() if yes else None)

    def has_plan(self) -> bool:
        """Whether the last run of this session was a plan that came to its end."""
        snapshot = self.snapshot
        return snapshot is not None and snapshot.ended is not None and snapshot.ended.outcome == "planned"

    def why_no_review(self) -> str | None:
        """Why there is nothing to review; None where there is."""
        if self.desk.runs.active:
            return RUN_FIRST
        return None if self.hold or self.has_plan() else NOTHING_HELD

    def action_review(self) -> None:
        """Opens the plan of this session, or what is held."""
        if self.has_plan() and self.snapshot is not None:
            from screens.plan_review import PlanReviewScreen

            self.app.push_screen(PlanReviewScreen(self.snapshot, self.desk.runs.book, self.hold))
        else:
            self.open_hold()

    def open_hold(self) -> None:
        """Opens what is held."""
        from screens.review import ReviewScreen

        if self.hold is not None:
            self.app.push_screen(ReviewScreen(self.hold))

    @property
    def newest(self) -> int:
        """The id of the newest run; 0 where there is none."""
        known = self.desk.state.newest
        return max(known.id if known else 0, (self.snapshot and self.snapshot.run_id) or 0)

    def why_no_run(self) -> str | None:
        """Why there is no run to open; None where there is."""
        if self.desk.runs.active:
            return RUN_FIRST
        return None if self.newest else words.NO_RUN

    @work(exclusive=True, group="open")
    async def action_open_run(self) -> None:
        """Opens the last run."""
        from screens.run_screen import RunScreen

        run: RunRow | None = await self.attempt(self.desk.read(queries.run, self.newest))
        if run is not None:
            self.app.push_screen(RunScreen(run))

    def why_no_log(self) -> str | None:
        """Why there is no log to look at; None where there is."""
        return None if self.snapshot else words.NO_LOG

    def action_zoom(self) -> None:
        """Gives the log the whole screen, or no longer."""
        self.toggle_class("-zoomed")
        self.query_one(LogView).focus()
