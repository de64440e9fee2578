"""A list as somebody sees it, filtered and sorted, into a file: for a spreadsheet, or as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from oneroster_tui.export.place import one_file
from oneroster_tui.export.report import Report
from oneroster_tui.export.rows import Stopping, chunks, never, one_line, write_rows
from oneroster_tui.export.tables import BYTE_ORDER_MARK
from oneroster_tui.roster.database import Roster
from oneroster_tui.roster.queries import Row, Window
from oneroster_tui.text import defused

PAGE = 1000
"""Rows read at a time."""

Texts = Callable[[Row], Sequence[Any]]
"""A row's cells."""


class Pages(Protocol):
    """What lists are read by."""

    def window(self, roster: Roster, window: Window) -> Sequence[Row]:
        """The rows of a window."""


def export_list(
    roster: Roster,
    path: Path,
    pages: Pages,
    columns: Sequence[str],
    texts: Texts,
    *,
    only: frozenset[object] = frozenset(),
    as_json: bool = False,
    stopping: Stopping = never,
) -> Report:
    """Writes a list's rows; in CSV without formulas (see `tables`).

    Args:
        columns: the heading.
        texts: a row's cells, one a column.
        only: the ids of the rows wanted (ticked ones); none: all.
        as_json: a JSON list of objects, in place of CSV.

    Raises:
        ConfigError, ExportError, RosterError, Stopped: nothing was written.
    """
    report = Report("plain")
    with roster.snapshot(), one_file(path) as text:
        rows = (texts(row) for row in walk(roster, pages) if not only or row.id in only)
        if as_json:
            count = 0
            text.write("[")
            for chunk in chunks(rows, stopping):
                lines = (msgspec.json.encode(dict(zip(columns, row, strict=True))).decode() for row in chunk)
                text.write(("\n" if not count else ",\n") + ",\n".join(lines))
                count += len(chunk)
            text.write("\n]\n")
        else:
            text.write(BYTE_ORDER_MARK)
            count = write_rows(text, columns, (list(map(safe, row)) for row in rows), stopping)
        report.files[path.name] = count
    return report


def walk(roster: Roster, pages: Pages) -> Iterator[Row]:
    """All rows, a page after the other."""
    window = Window(PAGE)
    while rows := pages.window(roster, window):
        yield from rows
        window = Window(PAGE, after=rows[-1].key)


def safe(cell: Any) -> Any:
    """A cell for a spreadsheet: one line, and no formula."""
    return defused(one_line(cell)) if isinstance(cell, str) else cell
