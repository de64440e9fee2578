"""Overview: is the roster fresh, did anything go wrong, what waits for me. On a first start, a checklist of four steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from screens.commands import Command, bindings
from screens.frame import Body, FramedScreen
from screens.overview_words import checklist, headline, recent_runs, unreadable
from screens.widgets.columns import Cell, Column
from styles import sheet

if TYPE_CHECKING:
    from oneroster_tui.roster.database import Roster
    from oneroster_tui.roster.queries import Row, RunRow, SchoolCounts
    from screens.widgets.list_pane import ListPane
    from screens.widgets.pages import Rows

RECENT = 30
"""Runs in the sparkline."""

COLUMNS = (
    Column("School", least=16),
    Column("Classes", 7, align="right"),
    Column("Students", 8, align="right"),
    Column("Teachers", 8, align="right"),
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the screen asks the roster for."""

    runs: list[RunRow]
    hold: RunRow | None
    schools: list[SchoolCounts]


def gather(roster: Roster, source: str, selected: tuple[str, ...]) -> Facts:
    """Asks the roster; runs on a reading thread."""
    from oneroster_tui.roster import queries  # late: this screen is the first one painted

    return Facts(
        runs=queries.runs(roster, source, limit=RECENT),
        hold=queries.pending_hold(roster, source),
        schools=queries.school_counts(roster, source, selected),
    )


class OverviewScreen(FramedScreen):
    """Mode 1."""

    CSS = sheet("overview")
    VERBS = (
        Command("overview.next", "enter,n", "Next step", "Go where the next step is done.", "Overview", "next", 1),
        Command("overview.refresh", "r", "Refresh", "Read the roster again.", "Overview", "refresh", 3),
    )
    BINDINGS = bindings(VERBS)

    next_mode = "connection"
    """Where `enter` goes."""

    def body(self) -> ComposeResult:
        """The state on the left (or on top); the schools come beside (or below) it when the first frame is painted."""
        with Vertical(id="state"):
            yield Static(id="headline")
            yield Static(id="recent")

    def on_mount(self) -> None:
        """Follows settings and roster."""
        self.schools: list[SchoolCounts] = []
        self.draw(None)
        self.call_after_refresh(self.furnish)

    async def furnish(self) -> None:
        """Brings in the list of schools, which has nothing to show before the roster was read, and reads that."""
        from screens.widgets.empty import Empty
        from screens.widgets.list_pane import ListPane

        empty = Empty("No school holds anything yet.")
        self.pane = ListPane(COLUMNS, school_cells, self.school_rows, empty=empty, opens=False)
        await self.query_one(Body).mount(self.pane)
        self.desk.settings_changed.subscribe(self, lambda _: self.reload())
        self.desk.roster_changed.subscribe(self, lambda _: self.reload())
        self.reload()

    @work(exclusive=True)
    async def reload(self) -> None:
        """Asks the roster, and draws what it says."""
        settings = self.desk.settings
        self.draw(
            await self.attempt(self.desk.read(gather, settings.source, settings.schools.sync), missing=lambda: None)
        )

    def draw(self, facts: Facts | None) -> None:
        """Draws: the checklist until something was synced, then the state."""
        error = self.desk.state.error
        begun = facts is not None and any(run.mode != "plan" for run in facts.runs)
        self.set_class(not begun, "-first")
        if error is not None:
            text, self.next_mode = unreadable(error)
            self.query_one("#headline", Static).update(text)
        elif facts is None or not begun:
            text, self.next_mode = checklist(self.desk, facts.runs if facts else [])
            self.query_one("#headline", Static).update(text)
        else:
            text, self.next_mode = headline(self.desk, facts.hold)
            self.query_one("#headline", Static).update(text)
            self.query_one("#recent", Static).update(recent_runs(facts.runs))
        if facts is not None:
            self.schools = facts.schools
            self.pane.reload()
        self.refresh_bindings()

    def school_rows(self, _: ListPane) -> Rows:
        """The schools as the table takes them."""
        from screens.widgets.pages import Rows

        return Rows(
            [(one.name, one.classes, one.students, one.teachers) for one in self.schools],
            [one.sourced_id for one in self.schools],
        )

    async def action_next(self) -> None:
        """Goes where the next step is done."""
        await self.app.run_action(f"mode({self.next_mode!r})")

    async def action_refresh(self) -> None:
        """Reads the roster again."""
        await self.desk.refresh()
        self.reload()


def school_cells(row: Row) -> list[str | Cell]:
    """A school's cells; nothing known yet is a dot, not a nought."""
    name, *counts = row.values
    return [name, *(Cell(f"{count:,}") if count else Cell("·", "muted") for count in counts)]
