"""A list as screens use it: search bar, table, and what stands there while it is empty, kept in step.

pane = ListPane(columns, cells, search="name, e-mail", empty=Empty("Nobody yet.", "5", "starts a sync"))
def list_source(self, pane: ListPane) -> Source: ...   # of the screen: what to show for pane.text and pane.sort
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from screens.widgets.columns import Column
from screens.widgets.empty import Empty
from screens.widgets.lazy_table import LazyTable
from screens.widgets.lazy_view import Cells, Sort
from screens.widgets.pages import Rows, Source
from screens.widgets.search_bar import SearchBar

if TYPE_CHECKING:
    from oneroster_tui.roster.queries import Row

Make = Callable[["ListPane"], Source | None]


class ListPane(Vertical):
    """Search bar, table and empty state.

    Args:
        columns, cells, sort, ticks, opens, why_not_tick: the table's.
        make: gives the list for `pane.text` and `pane.sort`; None while it cannot be known. Called on `reload`, and
            whenever a person filters or sorts.
        search: what the search bar looks through; "" for a list without one.
        empty: what stands in the place of a list without rows.
    """

    TABLE: ClassVar[type[LazyTable]] = LazyTable
    """The table; subclasses have others."""

    def __init__(
        self,
        columns: Sequence[Column],
        cells: Cells,
        make: Make,
        *,
        search: str = "",
        empty: Empty | None = None,
        sort: Sort | None = None,
        ticks: bool = False,
        opens: bool = True,
        why_not_tick: Callable[[Row], str | None] = lambda _: None,
        id: str | None = None,  # noqa: A002 -- Textual's word
    ) -> None:
        super().__init__(id=id)
        self.make = make
        self.search = search
        self.empty = empty or Empty("Nothing here.")
        self.table = self.TABLE(columns, cells, sort=sort, ticks=ticks, opens=opens, why_not_tick=why_not_tick)
        self.total: int | None = None

    @property
    def text(self) -> str:
        """What is typed into the search bar."""
        return next((bar.text for bar in self.query(SearchBar)), "")

    @property
    def sort(self) -> Sort | None:
        """What the list is sorted by."""
        return self.table.sort

    def compose(self) -> ComposeResult:
        """Bar, table, empty state."""
        if self.search:
            yield SearchBar(self.search, "LazyTable")
        yield self.table
        yield self.empty

    def on_mount(self) -> None:
        """The empty state waits for a count."""
        self.empty.display = False

    def reload(self, *, stay: bool = True) -> None:
        """Reads the list anew; `stay` keeps the cursor where it is."""
        self.table.show(self.make(self) or Rows(()), stay=stay)

    @on(SearchBar.Changed)
    @on(LazyTable.Sorted)
    def _other_list(self) -> None:
        """Shows the list that is wanted now."""
        self.reload(stay=False)

    @on(LazyTable.Counted)
    def _counted(self, event: LazyTable.Counted) -> None:
        """Shows the empty state for an empty list; a filter that finds nothing is said in the bar instead."""
        if not self.text:
            self.total = event.count
        blank = event.count == 0 and not self.text
        had_focus = self.table.has_focus
        self.empty.display, self.table.display = blank, not blank
        if not blank and had_focus is False and self.screen.focused is None:
            self.table.focus()
        for bar in self.query(SearchBar):
            of = f" of {self.total:,}" if self.total is not None else ""
            bar.tell_found(f"{event.count:,}{of}" if self.text else "")

    @on(LazyTable.Failed)
    def _failed(self, event: LazyTable.Failed) -> None:
        """Says why the list cannot be read, in its place."""
        self.empty.say(event.error.what, "do:", event.error.do)
        self.empty.display, self.table.display = True, False
