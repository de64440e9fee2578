"""The pantry: which pages of a list are at hand, and from which neighbour's key the next one is fetched."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from oneroster_tui.roster.database import Roster
    from oneroster_tui.roster.queries import Row, Window
    from oneroster_tui.roster.queries.listing import ListKey

PAGE = 100
"""Rows a page."""
KEPT = 32
"""Pages at hand; what was read longest ago goes."""


class Source(Protocol):
    """A list to page through: a `queries.Listing`, or `Rows` in memory."""

    def count(self, roster: Roster) -> int:
        """How many rows there are."""
        ...

    def window(self, roster: Roster, window: Window) -> Sequence[Row]:
        """Some of them, in order."""
        ...


class Rows:
    """A short list in memory, for the same table. It needs no roster."""

    def __init__(self, rows: Iterable[Sequence[object]], ids: Iterable[str | int] | None = None) -> None:
        from oneroster_tui.roster.queries import Row

        values = [tuple(row) for row in rows]
        keys: Iterable[str | int] = ids if ids is not None else range(len(values))
        self.rows = [Row(row, (key,)) for row, key in zip(values, keys, strict=True)]

    def count(self, roster: Roster) -> int:  # noqa: ARG002 -- the table never asks: it looks into `rows`
        """How many rows there are."""
        return len(self.rows)

    def window(self, roster: Roster, window: Window) -> Sequence[Row]:  # noqa: ARG002
        """Rows from the start on."""
        return self.rows[window.skip : window.skip + window.limit]


class Pages:
    """The pages of one list that are at hand, and the keys at the ends of all that ever were."""

    def __init__(self) -> None:
        self.count: int | None = None
        self.known = 0
        self._pages: OrderedDict[int, Sequence[Row]] = OrderedDict()
        self._ends: dict[int, tuple[ListKey, ListKey]] = {}

    @property
    def length(self) -> int:
        """How many rows there are, as far as anybody knows yet."""
        return self.known if self.count is None else self.count

    def row(self, number: int) -> Row | None:
        """A row by its number; None where its page is not at hand."""
        page = self._pages.get(number // PAGE)
        if page is None:
            return None
        self._pages.move_to_end(number // PAGE)
        place = number % PAGE
        return page[place] if place < len(page) else None

    def has(self, page: int) -> bool:
        """Whether a page is at hand."""
        return page in self._pages

    def keep(self, page: int, rows: Sequence[Row]) -> None:
        """Takes a page."""
        self._pages[page] = rows
        self._pages.move_to_end(page)
        if rows:
            self._ends[page] = (rows[0].key, rows[-1].key)
        while len(self._pages) > KEPT:
            self._pages.popitem(last=False)
        self.known = max(self.known, page * PAGE + len(rows))

    def way_to(self, page: int) -> Window:
        """The window that reads a page with the fewest rows skipped: down or up from the nearest known key, or an end."""
        from oneroster_tui.roster.queries import Window

        ways = [Window(PAGE, page * PAGE)]
        below = max((known for known in self._ends if known < page), default=None)
        if below is not None:
            ways.append(Window(PAGE, (page - below - 1) * PAGE, self._ends[below][1]))
        above = min((known for known in self._ends if known > page), default=None)
        if above is not None:
            ways.append(Window(PAGE, (above - page - 1) * PAGE, self._ends[above][0], backward=True))
        if self.count is not None:
            after = max(0, self.count - (page + 1) * PAGE)
            ways.append(Window(max(1, min(PAGE, self.count - page * PAGE)), after, backward=True))
        return min(ways, key=lambda way: way.skip)
