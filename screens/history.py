"""History: the runs, newest first; Enter opens one."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from oneroster_tui.roster import queries
from oneroster_tui.roster.queries import Row
from screens import list_words as words
from screens.commands import Command, bindings
from screens.frame import FramedScreen
from screens.run_screen import RunScreen
from screens.widgets.columns import Cell, Column
from screens.widgets.empty import Empty
from screens.widgets.lazy_table import LazyTable
from screens.widgets.list_pane import ListPane
from screens.words import outcome, took, when
from styles import sheet

COLUMNS = (
    Column("Run", 5, align="right"),
    Column("Started", 16),
    Column("Outcome", 13),
    Column("Took", 8, align="right", spare=8),
    Column("Created", 7, align="right", spare=3),
    Column("Updated", 7, align="right", spare=2),
    Column("Removed", 7, align="right", spare=1),
    Column("Held", 6, align="right", spare=7),
    Column("Problems", 8, align="right"),
    Column("What became of it", least=20, spare=9),
)


class HistoryScreen(FramedScreen):
    """Mode 8."""

    CSS = sheet("history")
    VERBS = (Command("history.refresh", "r", "Refresh", "Read the list again.", "History", "refresh", 5),)
    BINDINGS = bindings(VERBS)

    def body(self) -> ComposeResult:
        """The list of runs."""
        yield ListPane(
            COLUMNS,
            self.cells,
            lambda pane: queries.run_listing(self.desk.source, pane.text),
            search=words.RUN_SEARCH,
            empty=Empty(*words.NO_RUN),
        )

    def on_mount(self) -> None:
        """Follows the roster."""
        self.desk.roster_changed.subscribe(self, lambda _: self.action_refresh())
        self.action_refresh()

    def action_refresh(self) -> None:
        """Reads the list again."""
        self.query_one(ListPane).reload()

    @on(LazyTable.Opened)
    def open_run(self, event: LazyTable.Opened) -> None:
        """Opens a run."""
        self.app.push_screen(RunScreen(queries.run_of(event.row)))

    def cells(self, row: Row) -> list[str | Cell]:
        """A run's cells."""
        run = queries.run_of(row)
        look = outcome(run.outcome)
        return [
            str(run.id),
            when(run.started_at, self.desk.now()),
            Cell(str(look), look.tone),
            took(run.seconds),
            *(
                number(run.total(*actions))
                for actions in (
                    ("created",),
                    ("updated", "reactivated"),
                    ("suspended", "removed", "deleted"),
                    ("held",),
                    ("problems",),
                )
            ),
            run.message,
        ]


def number(count: int) -> Cell:
    """A count; nought is a dot, so that what happened stands out."""
    return Cell(f"{count:,}") if count else Cell("·", "muted")
