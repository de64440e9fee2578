"""The roster's tables plainly: CSV files for a spreadsheet, or one JSON file for a program.

A spreadsheet takes a cell that begins with `=` for a formula and runs it, and a name is whatever somebody typed into a form. So CSV
for people has an apostrophe before such a cell, and begins with a byte order mark, without which Excel takes UTF-8 for something
else. `raw` leaves both out. OneRoster and Moodle files never have them: a program would take the apostrophe for a letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from oneroster_tui.errors import ConfigError
from oneroster_tui.export.place import folder_or_zip, one_file
from oneroster_tui.export.report import Report
from oneroster_tui.export.rows import Stopping, chunks, never, write_rows
from oneroster_tui.roster.database import Roster
from oneroster_tui.roster.queries.export import FLAGS, TABLES, Extract, extract
from oneroster_tui.text import defused

BYTE_ORDER_MARK = "\ufeff"


def export_tables(
    roster: Roster,
    source: str,
    path: Path,
    *,
    schools: Sequence[str] = (),
    columns: Iterable[str] = (),
    raw: bool = False,
    stopping: Stopping = never,
) -> Report:
    """Writes a CSV file a table: into a zip where the path ends in `.zip`, else into a folder.

    Args:
        schools: only these (sourcedIds).
        columns: `table.column` of the columns to write; a table that is not named keeps all.
        raw: cells as they are stored.

    Raises:
        ConfigError: a school or column that is not there, or the place is taken.
        ExportError, RosterError, Stopped: nothing was written.
    """
    chosen = chosen_columns(columns)
    report = Report("plain")
    with extract(roster, source, schools=schools) as found, folder_or_zip(path, is_ours) as opening:
        for table, names in chosen.items():
            rows = typed(found, table, names)
            with opening(f"{table}.csv") as text:
                if not raw:
                    text.write(BYTE_ORDER_MARK)
                report.files[table] = write_rows(text, names, map(plain if raw else safe, rows), stopping)
    return report


def export_json(
    roster: Roster,
    source: str,
    path: Path,
    *,
    schools: Sequence[str] = (),
    columns: Iterable[str] = (),
    stopping: Stopping = never,
) -> Report:
    """Writes one JSON file: an object of tables, each a list of rows, a row a line.

    Raises:
        ConfigError, ExportError, RosterError, Stopped: as for `export_tables`.
    """
    chosen = chosen_columns(columns)
    report = Report("plain")
    with extract(roster, source, schools=schools) as found, one_file(path) as text:
        before = "{"
        for table, names in chosen.items():
            text.write(f'{before}\n"{table}": [')
            count = 0
            for chunk in chunks(typed(found, table, names), stopping):
                lines = (msgspec.json.encode(dict(zip(names, row, strict=True))).decode() for row in chunk)
                text.write(("\n" if not count else ",\n") + ",\n".join(lines))
                count += len(chunk)
            text.write("\n]")
            report.files[table] = count
            before = ","
        text.write("\n}\n")
    return report


def is_ours(file: Path) -> bool:
    """Whether a file's name is one of `export_tables`."""
    return file.suffix == ".csv" and file.stem in TABLES


def chosen_columns(columns: Iterable[str]) -> dict[str, list[str]]:
    """table -> the columns to write, in the table's own order.

    Raises:
        ConfigError: a word names no column.
    """
    named: dict[str, set[str]] = {}
    for word in columns:
        table, _, name = word.partition(".")
        if name not in TABLES.get(table, ()):
            known = ", ".join(TABLES.get(table, ()))
            raise ConfigError(
                f"The roster has no column {word!r}.",
                where="--columns",
                do=f"{table} has {known}"
                if known
                else f"the tables are {', '.join(TABLES)}: name users.email, users.id …",
            )
        named.setdefault(table, set()).add(name)
    return {
        table: [column for column in every if table not in named or column in named[table]]
        for table, every in TABLES.items()
    }


def typed(found: Extract, table: str, names: Sequence[str]) -> Iterator[Sequence[Any]]:
    """A table's rows, yes and no as booleans on every engine."""
    flags = [place for place, name in enumerate(names) if name in FLAGS]
    for row in found.table(table, names):
        yield [bool(cell) if place in flags else cell for place, cell in enumerate(row)] if flags else row


def plain(row: Sequence[Any]) -> list[Any]:
    """A row's cells for a program."""
    return [("true" if cell else "false") if isinstance(cell, bool) else cell for cell in row]


def safe(row: Sequence[Any]) -> list[Any]:
    """A row's cells for a spreadsheet."""
    return [defused(cell) if isinstance(cell, str) else cell for cell in plain(row)]
