"""The card index's drawers: a view on a list of any length. It holds a few pages, fetches the next, draws lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from oneroster_tui.errors import NoRoster, RosterError
from screens.desk import desk_of
from screens.fitting import clean, fit
from screens.widgets.columns import GAP, Cell, Column, layout
from screens.widgets.pages import PAGE, Pages, Rows, Source

if TYPE_CHECKING:
    from oneroster_tui.roster.queries import Row

Cells = Callable[["Row"], Sequence[str | Cell]]
AHEAD = 20
"""Rows beyond the screen that are fetched before they are needed."""


@dataclass(frozen=True, slots=True)
class Sort:
    """What a list is sorted by: a column's `sort`, and whether downwards."""

    by: str
    descending: bool = False


class LazyView(ScrollView, can_focus=True):
    """Reads and draws; `LazyTable` adds the keys.

    Args:
        columns: what it shows.
        cells: a row's cells, one a column; text is cleaned and cut here, and never parsed as markup.
        sort: what it is sorted by at first; needed where columns can be sorted.
        ticks: whether rows can be ticked.
        opens: whether there is more to see of a row.
        why_not_tick: says why a row cannot be ticked.

    Attributes:
        cursor: the row the cursor is on, from 0.
        ticked: the ids of the rows that are ticked.
    """

    @dataclass
    class Opened(Message):
        """Enter, or a click on the cursor's row."""

        table: LazyView
        row: Row

        @property
        def control(self) -> Widget:
            """The table."""
            return self.table

    @dataclass
    class Moved(Message):
        """The cursor is on another row."""

        table: LazyView
        row: Row

        @property
        def control(self) -> Widget:
            """The table."""
            return self.table

    @dataclass
    class Counted(Message):
        """The list was read: how many rows it has."""

        table: LazyView
        count: int

        @property
        def control(self) -> Widget:
            """The table."""
            return self.table

    @dataclass
    class Failed(Message):
        """The list could not be read; the table is empty."""

        table: LazyView
        error: RosterError

        @property
        def control(self) -> Widget:
            """The table."""
            return self.table

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "lazy-table--header",
        "lazy-table--cursor",
        "lazy-table--resting",
        "lazy-table--success",
        "lazy-table--warning",
        "lazy-table--error",
        "lazy-table--accent",
        "lazy-table--muted",
    }

    def __init__(
        self,
        columns: Sequence[Column],
        cells: Cells,
        *,
        sort: Sort | None = None,
        ticks: bool = False,
        opens: bool = True,
        why_not_tick: Callable[[Row], str | None] = lambda _: None,
        id: str | None = None,  # noqa: A002 -- Textual's word
    ) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.cells = cells
        self.sort = sort
        self.ticks = ticks
        self.opens = opens
        self.why_not_tick = why_not_tick
        self.cursor = 0
        self.ticked: set[object] = set()
        self.source: Source | None = None
        self._pages = Pages()
        self._version = 0
        self._loading = False
        self._to_end = False

    # What is shown

    def show(self, source: Source, *, stay: bool = False) -> None:
        """Shows a list. `stay`: it is the same one, read anew: the cursor stays where it is, else it goes to the top."""
        self.source = source
        self._version += 1
        self._loading = self._to_end = False
        self._pages = Pages()
        if not stay:
            self.cursor = 0
            self.scroll_to(y=0, animate=False, force=True)
        if isinstance(source, Rows):
            self._pages.count = len(source.rows)
            self._resize()
            self.post_message(self.Counted(self, len(source.rows)))
        else:
            self.run_worker(self._count(source, self._version), group="count", exclusive=True)
            self._load()
        self.refresh()

    @property
    def count(self) -> int:
        """How many rows the list has, as far as is known yet."""
        return self._pages.length

    def row_at(self, number: int) -> Row | None:
        """A row; None where it is not at hand (yet)."""
        if isinstance(self.source, Rows):
            return self.source.rows[number] if 0 <= number < len(self.source.rows) else None
        return self._pages.row(number)

    @property
    def current(self) -> Row | None:
        """The cursor's row; None in an empty table."""
        return self.row_at(self.cursor)

    # Reading

    def _load(self) -> None:
        """Begins to fetch the pages in view, unless that is under way."""
        if not self._loading and self.source is not None and not isinstance(self.source, Rows):
            self._loading = True
            self.run_worker(self._fetch(self.source, self._version), group=f"pages-{self._version}")

    async def _fetch(self, source: Source, version: int) -> None:
        """Fetches pages as long as one in view is missing."""
        while version == self._version and (page := self._missing()) is not None:
            try:
                rows = await desk_of(self).read(source.window, self._pages.way_to(page))
            except RosterError as error:
                self._fail(error, version)
                return
            if version != self._version:
                return
            self._pages.keep(page, rows)
            if len(rows) < PAGE and self._pages.count is None and (rows or page == 0):
                self._counted(page * PAGE + len(rows))
            self._resize()
            self.refresh()
            if page <= self.cursor // PAGE and (row := self.current):
                self.post_message(self.Moved(self, row))
        if version == self._version:
            self._loading = False

    async def _count(self, source: Source, version: int) -> None:
        """Counts the list: the second question, so that the first rows are there before its answer."""
        try:
            count = await desk_of(self).read(source.count)
        except RosterError as error:
            self._fail(error, version)
            return
        if version == self._version:
            self._counted(count)

    def _counted(self, count: int) -> None:
        """Takes the count."""
        if self._pages.count == count:
            return
        self._pages.count = count
        self._resize()
        self.post_message(self.Counted(self, count))
        if self._to_end:
            self.go_to(count - 1)

    def _fail(self, error: RosterError, version: int) -> None:
        """Tells that the list cannot be read, once; without a roster it is just empty."""
        if version != self._version:
            return
        self._version += 1
        self._loading = False
        self._pages.count = 0
        self._resize()
        self.post_message(self.Counted(self, 0) if isinstance(error, NoRoster) else self.Failed(self, error))

    def _missing(self) -> int | None:
        """A page in view, or nearly, that is not at hand; those in view first."""
        top, height = self.scroll_offset.y, max(1, self.size.height - 1)
        last = self._pages.count - 1 if self._pages.count is not None else self._pages.known + PAGE - 1
        for row in (top, min(top + height, last), top - AHEAD, top + height + AHEAD, self.cursor):
            if 0 <= row <= last and not self._pages.has(row // PAGE):
                return row // PAGE
        return None

    def _resize(self) -> None:
        """Makes the scroll bar as long as the list; keeps the cursor within it."""
        self.virtual_size = Size(self.size.width, self.count + 1)
        if self._pages.count is not None and self.cursor >= self.count:
            self.cursor = max(0, self.count - 1)
        self.screen.refresh_bindings()

    # Drawing

    def render_line(self, y: int) -> Strip:
        """A line: the heading, then rows."""
        width = self.scrollable_content_region.width
        widths = layout(self.columns, width - self._gutter)
        if y == 0:
            return self._header(widths, width)
        number = self.scroll_offset.y + y - 1
        if number >= self.count:
            return Strip.blank(width, self.rich_style)
        row = self.row_at(number)
        if row is None:
            self.call_next(self._load)
            return Strip([Segment(fit("  …", width), self._tone("muted"))])
        return Strip(self._row(row, widths, width, on_cursor=number == self.cursor)).crop(0, width)

    @property
    def _gutter(self) -> int:
        """Cells before the first column: for the cursor, and for ticks."""
        return 6 if self.ticks else 2

    def _tone(self, tone: str) -> Style:
        """The style of a tone."""
        return self.get_component_rich_style(f"lazy-table--{tone}") if tone else self.rich_style

    def _header(self, widths: Sequence[int], width: int) -> Strip:
        """The heading, with an arrow at the column it is sorted by."""
        titles = []
        for column, cells in zip(self.columns, widths, strict=True):
            if cells:
                here = self.sort is not None and column.sort and column.sort == self.sort.by
                arrow = ("▼" if self.sort and self.sort.descending else "▲") if here else ""
                titles.append(fit(f"{column.title}{arrow}", cells, column.align))
        return Strip([Segment(fit(" " * self._gutter + (" " * GAP).join(titles), width), self._tone("header"))])

    def _row(self, row: Row, widths: Sequence[int], width: int, *, on_cursor: bool) -> list[Segment]:
        """A row's segments."""
        base = self._tone(("cursor" if self.has_focus else "resting") if on_cursor else "")
        mark = "▸ " if on_cursor else "  "
        if self.ticks:
            mark += "    " if self.why_not_tick(row) else "[x] " if row.id in self.ticked else "[ ] "
        segments = [Segment(mark, base)]
        for place, cell in enumerate(self.cells(row)):
            cells = widths[place]
            if not cells:
                continue
            text, tone = cell if isinstance(cell, Cell) else (cell, "")
            style = base if not tone or on_cursor else base + self._tone(tone)
            segments += [Segment(fit(clean(text), cells, self.columns[place].align), style), Segment(" " * GAP, base)]
        segments[-1] = Segment(" " * max(0, width - sum(segment.cell_length for segment in segments[:-1])), base)
        return segments

    def _redraw_row(self, number: int) -> None:
        """Draws one row anew: over SSH a whole table a key would be slow."""
        self.refresh(Region(0, number - self.scroll_offset.y + 1, self.size.width, 1))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Fetches what scrolled into view."""
        super().watch_scroll_y(old_value, new_value)
        self._load()

    def on_resize(self) -> None:
        """Fetches what a larger screen shows, and keeps the cursor in view."""
        self._load()
        self._show_cursor()

    def on_focus(self) -> None:
        """The cursor looks different where keys go."""
        self._redraw_row(self.cursor)

    def on_blur(self) -> None:
        """The cursor looks different where keys do not go."""
        self._redraw_row(self.cursor)

    # The cursor

    def go_to(self, number: int) -> None:
        """Moves the cursor to a row, and the row into view."""
        number = max(0, min(number, self.count - 1))
        before, self.cursor = self.cursor, number
        if before == number:
            return
        self._redraw_row(before)
        self._redraw_row(number)
        self._show_cursor()
        self._load()
        if row := self.current:
            self.post_message(self.Moved(self, row))

    def _show_cursor(self) -> None:
        """Scrolls so that the cursor is in view."""
        top, height = self.scroll_offset.y, max(1, self.size.height - 1)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, force=True)
