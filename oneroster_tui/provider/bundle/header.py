"""The seating plan: which cell of a row is which column, whatever the header has done to the names."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Final

from oneroster_tui.provider.bundle.findings import Findings, Severity
from oneroster_tui.provider.bundle.schemas import (
    ALIASES,
    OPTIONAL_COLUMNS,
    VERSIONS,
    Column,
    Mode,
    Version,
    columns,
)

ESSENTIAL: Final[dict[str, tuple[str, ...]]] = {
    "orgs": ("sourcedId", "type"),
    "academicSessions": ("sourcedId", "startDate", "endDate"),
    "courses": ("sourcedId", "orgSourcedId"),
    "classes": ("sourcedId", "courseSourcedId", "schoolSourcedId", "termSourcedIds"),
    "users": ("sourcedId", "username", "givenName", "familyName"),
    "roles": ("userSourcedId", "role", "orgSourcedId"),
    "enrollments": ("sourcedId", "classSourcedId", "userSourcedId", "role"),
}
"""Columns without which a file is not used at all: rows would be read as if everybody had lost what stands there, and
taken out of the roster for it (quirk 25)."""

LIKE: Final = 0.8
"""How alike a strange name and a missing one must be to be called a misspelling."""

_NOISE: Final = re.compile(r"[^a-z0-9.]")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns of a file stand.

    Attributes:
        at: column, by its newest name -> place of its cell.
        width: how many cells a row has.
        columns: the defined columns that are there, with their places.
    """

    at: dict[str, int]
    width: int
    columns: tuple[tuple[Column, int], ...]


def match(version: Version, file: str, mode: Mode, cells: list[str], find: Findings) -> Layout | str:
    """Matches a header with the standard's columns.

    Args:
        file: without `.csv`.

    Returns:
        The layout, or why the file cannot be used, without a full stop.
    """
    name = f"{file}.csv"
    defined = {column.name: column for column in columns(version, file)}
    known = {column.name: column for one in VERSIONS for column in columns(one, file)} | defined
    folded = {_NOISE.sub("", word.lower()): word for word in known}
    at: dict[str, int] = {}
    strange: dict[str, int] = {}
    doubled: list[str] = []
    for place, cell in enumerate(cells):
        word = cell if cell in known else folded.get(_NOISE.sub("", cell.lower()), "")
        if not word:
            strange.setdefault(cell, place)
        elif word in at:
            doubled.append(word)
        else:
            at[word] = place
            if word != cell:
                text = f"{cell!r} should be written {word}; it was read so."
                find("header_spelling", "warning", text, file=name, row=1, column=word)
    if not at:
        find("no_header", "error", "The first row is not a header of this file.", file=name, row=1)
        return "the first row is not a header"
    for word in doubled:
        find("duplicate_column", "error", "There are two columns of this name.", file=name, row=1, column=word)
    if doubled:
        return f"there are two columns {doubled[0]}"
    why = _missing(version, file, mode, at, strange, find)
    _order(version, file, at, find)
    for cell in strange:
        if not cell.startswith("metadata."):
            text = "The column is not one of this file's, and was not read."
            find("unknown_column", "warning", text, file=name, row=1, column=cell or "(no name)")
    if why:
        return why
    places = tuple((known[word], place) for word, place in at.items())
    return Layout({ALIASES.get(word, word): place for word, place in at.items()}, len(cells), places)


def _missing(
    version: Version, file: str, mode: Mode, at: dict[str, int], strange: dict[str, int], find: Findings
) -> str:
    """Says which columns are missing; why the file cannot be used for it, or ""."""
    name = f"{file}.csv"
    newest = {ALIASES.get(word, word) for word in at}
    wanted = {column.name: column for column in columns(version, file)}
    for word in OPTIONAL_COLUMNS.get((version, file), ()):
        wanted.pop(word, None)
    needed = set(ESSENTIAL.get(file, ()))
    if file == "users" and version != "1.2":
        needed |= {"orgSourcedIds", "role"}
    if mode == "delta":
        needed.add("status")
    why = ""
    for word, column in wanted.items():
        newer = ALIASES.get(word, word)
        if newer in newest:
            continue
        near = difflib.get_close_matches(word.lower(), [cell.lower() for cell in strange], 1, LIKE)
        typo = next((cell for cell in strange if near and cell.lower() == near[0]), "")
        rejected = newer in needed or bool(typo)
        severity: Severity = "error" if rejected else "warning"
        if typo:
            strange.pop(typo)
            text = f"{typo!r} is not a column of this file: did you mean {word}?"
            find("misspelt_column", severity, text, file=name, row=1, column=word)
        elif column.need != "*" and not rejected:
            text = "The column is missing; it was read as if it were blank in every row."
            find("missing_column", "warning", text, file=name, row=1, column=word)
        else:
            find("missing_column", severity, "The column is missing.", file=name, row=1, column=word)
        if rejected:
            why = why or (f"its header has {typo!r} in place of {word}" if typo else f"the column {word} is missing")
    return why


def _order(version: Version, file: str, at: dict[str, int], find: Findings) -> None:
    """Says where the columns stand in another order than the standard's; they are read by their names."""
    order = [column.name for column in columns(version, file) if column.name in at]
    there = [word for word in sorted(at, key=at.__getitem__) if word in order]
    wrong = next((word for word, right in zip(there, order, strict=True) if word != right), "")
    if wrong:
        text = "The columns stand in another order than the standard's; they were read by their names."
        find("column_order", "warning", text, file=f"{file}.csv", row=1, column=wrong)
