"""The card index: a table over a list of any length, with a cursor, keys and a mouse.

table = LazyTable([Column("Name"), Column("Status", 11)], cells=lambda row: (row.values[0], Cell("● Active", "success")))
table.show(Listing(...))    # or Rows([...])
"""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.widget import Widget

from screens.commands import Command, Commanding, always, bindings
from screens.fitting import clean
from screens.widgets.columns import GAP, Cell, layout
from screens.widgets.lazy_view import LazyView, Sort
from screens.words import EMPTY_LIST


def row_needed(table: LazyTable) -> str | None:
    """Why there is no row to act on; None where there is."""
    return None if table.current is not None else EMPTY_LIST


def tickable(table: LazyTable) -> str | None:
    """Why the row cannot be ticked; None where it can."""
    row = table.current
    return row_needed(table) if row is None else table.why_not_tick(row)


class LazyTable(Commanding, LazyView):
    """A `LazyView` with keys; its arguments are the view's."""

    @dataclass
    class Sorted(Message):
        """A person wants another order; whoever owns the table shows a list that has it."""

        table: LazyTable
        sort: Sort

        @property
        def control(self) -> Widget:
            """The table."""
            return self.table

    @dataclass
    class Ticked(Message):
        """Other rows are ticked than before."""

        table: LazyTable

        @property
        def control(self) -> Widget:
            """The table."""
            return self.table

    VERBS = (
        Command("list.down", "j,down", "Down", "Move down.", "Lists", "move(1)"),
        Command("list.up", "k,up", "Up", "Move up.", "Lists", "move(-1)"),
        Command("list.page_down", "pagedown,ctrl+f", "Page down", "Move down a page.", "Lists", "page(1)"),
        Command("list.page_up", "pageup,ctrl+b", "Page up", "Move up a page.", "Lists", "page(-1)"),
        Command("list.first", "g,home", "First", "Go to the first row.", "Lists", "first"),
        Command("list.last", "G,end", "Last", "Go to the last row.", "Lists", "last"),
        Command("list.open", "enter", "Open", "Open the row.", "Lists", "open", 1, row_needed, lambda it: it.opens),
        Command(
            "list.tick",
            "space",
            "Tick",
            "Tick the row, or untick it.",
            "Lists",
            "tick",
            2,
            tickable,
            lambda it: it.ticks,
        ),
        Command("list.copy", "y", "Copy", "Copy the row.", "Lists", "copy", 7, row_needed),
        Command("list.sort", "o", "Sort", "Sort by the next column.", "Lists", "sort", 7, always, lambda it: it.sort),
        Command(
            "list.reverse", "O", "Reverse", "Turn the order round.", "Lists", "reverse", 0, always, lambda it: it.sort
        ),
    )
    BINDINGS = bindings(VERBS)

    def action_move(self, by: int) -> None:
        """Moves the cursor."""
        self.go_to(self.cursor + by)

    def action_page(self, by: int) -> None:
        """Moves the cursor by pages."""
        self.go_to(self.cursor + by * max(1, self.size.height - 2))

    def action_first(self) -> None:
        """Goes to the first row."""
        self.go_to(0)

    def action_last(self) -> None:
        """Goes to the last row; waits where nobody has counted yet."""
        self._to_end = self._pages.count is None
        if not self._to_end:
            self.go_to(self.count - 1)

    def action_open(self) -> None:
        """Tells that the row is to be opened."""
        if row := self.current:
            self.post_message(self.Opened(self, row))

    def action_tick(self) -> None:
        """Ticks the row, or takes its tick away, and moves on."""
        if row := self.current:
            self.ticked ^= {row.id}
            self._redraw_row(self.cursor)
            self.post_message(self.Ticked(self))
            self.action_move(1)

    def action_copy(self) -> None:
        """Copies the row, a tab between cells."""
        if row := self.current:
            texts = [cell.text if isinstance(cell, Cell) else cell for cell in self.cells(row)]
            self.app.copy_to_clipboard("\t".join(clean(text) for text in texts))

    def action_sort(self) -> None:
        """Asks for the next column's order."""
        ways = [column.sort for column in self.columns if column.sort]
        at = ways.index(self.sort.by) if self.sort and self.sort.by in ways else -1
        self._ask_sort(Sort(ways[(at + 1) % len(ways)]))

    def action_reverse(self) -> None:
        """Asks for the same order the other way round."""
        if self.sort is not None:
            self._ask_sort(Sort(self.sort.by, not self.sort.descending))

    def _ask_sort(self, sort: Sort) -> None:
        """Asks for an order."""
        self.sort = sort
        self.refresh()
        self.post_message(self.Sorted(self, sort))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; on the cursor's row it opens; on the heading it sorts."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y == 0:
            self._sort_at(offset.x)
        elif (number := self.scroll_offset.y + offset.y - 1) < self.count:
            if self.ticks and 2 <= offset.x < self._gutter:
                self.go_to(number)
                self.run_worker(self.action_command("list.tick"))
            elif number == self.cursor and self.opens:
                self.action_open()
            else:
                self.go_to(number)

    def _sort_at(self, x: int) -> None:
        """Sorts by the column under the mouse."""
        at = self._gutter
        for column, cells in zip(
            self.columns, layout(self.columns, self.scrollable_content_region.width - at), strict=True
        ):
            if cells and at <= x < at + cells and column.sort and self.sort is not None:
                descending = column.sort == self.sort.by and not self.sort.descending
                self._ask_sort(Sort(column.sort, descending))
                return
            at += cells + GAP if cells else 0
