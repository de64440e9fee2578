"""A list to page through, however long: SELECT with an order that ends in something unique, read a window at a time.

Windows go from key to key (keyset paging), so that row 1,200,000 costs what row 12 does. `Window.skip` is for jumps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from oneroster_tui.roster.database import Roster

Value = str | int | float | None
ListKey = tuple[Value, ...]


class Row(NamedTuple):
    """A row of a list: its values, in the order of the columns asked for, and its place in the order.

    The last part of `key` is unique: it stands for the row in ticks and for the cursor.
    """

    values: tuple[Any, ...]
    key: ListKey

    @property
    def id(self) -> Value:
        """What stands for this row."""
        return self.key[-1]


class Window(NamedTuple):
    """Which rows: `limit` of them, `skip` after the row with the key `after` (None: from the end of the list it starts at).

    `backward` walks up instead of down; the rows come back in the list's own order all the same.
    """

    limit: int
    skip: int = 0
    after: ListKey | None = None
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A list in the roster.

    Args:
        columns: SQL of what each row shows.
        tables: what stands after FROM, joins included.
        where: conditions, all of which hold; `?` for each of `parameters`.
        order: SQL of what the list is sorted by: never NULL, the last of it unique, and better covered by an index.
        parameters: for `where`, in its order.
        descending: the other way round.
    """

    columns: tuple[str, ...]
    tables: str
    order: tuple[str, ...]
    where: tuple[str, ...] = ()
    parameters: tuple[Value, ...] = ()
    descending: bool = False

    def count(self, roster: Roster) -> int:
        """How many rows there are."""
        return int(roster.value(f"SELECT COUNT(*) FROM {self.tables}{self._where()}", self.parameters))

    def window(self, roster: Roster, window: Window) -> Sequence[Row]:
        """The rows of a window, in the list's order."""
        down = self.descending == window.backward
        beyond, limits = "", self.parameters
        if window.after is not None:
            marks = ", ".join("?" * len(self.order))
            beyond = f"({', '.join(self.order)}) {'>' if down else '<'} ({marks})"
            limits += window.after
        order = ", ".join(f"{one} {'ASC' if down else 'DESC'}" for one in self.order)
        rows = roster.execute(
            f"SELECT {', '.join((*self.columns, *self.order))} FROM {self.tables}{self._where(beyond)} "
            f"ORDER BY {order} LIMIT ? OFFSET ?",
            (*limits, window.limit, window.skip),
        ).fetchall()
        width = len(self.columns)
        found = [Row(tuple(row[:width]), tuple(row[width:])) for row in rows]
        return found[::-1] if window.backward else found

    def _where(self, beyond: str = "") -> str:
        """The WHERE clause; empty without conditions."""
        conditions = [*self.where, *([beyond] if beyond else [])]
        return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def containing(text: str, columns: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """A condition that some column contains a text, in any case, and its parameters.

    SQLite's LIKE folds only ASCII: other letters are looked for as typed, in lower, upper and title case.
    """
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    forms = [escaped] if text.isascii() else [escaped, escaped.lower(), escaped.upper(), escaped.title()]
    variants = tuple(f"%{form}%" for form in dict.fromkeys(forms))
    tests = [f"{column} LIKE ? ESCAPE '\\'" for column in columns for _ in variants]
    return f"({' OR '.join(tests)})", variants * len(columns)
