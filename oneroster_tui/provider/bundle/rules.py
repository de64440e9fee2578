"""The examiner: one row that is not as it should be -> what exactly is wrong with it, cell by cell. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from oneroster_tui.provider.bundle.header import Layout
from oneroster_tui.provider.bundle.schemas import EXTENDABLE, Column, Version, words
from oneroster_tui.provider.dialects import values
from oneroster_tui.text import sanitise

GUID: Final = re.compile(r"[0-9A-Za-z.\-_/@]+")
"""The characters of an id (spec 5.1); others are taken as they are, and said."""
_YEAR: Final = re.compile("[0-9]{4}")

Remark = tuple[str, str, str]
"""Code, column, message."""


def remarks(version: Version, file: str, layout: Layout, row: Sequence[str], *, delta: bool) -> Iterator[Remark]:
    """What the standard has against the cells of a row that is as long as the header."""
    for column, place in layout.columns:
        cell = row[place]
        if not cell.strip():
            if column.need == "*" or (column.need == "+" and delta):
                yield "missing_value", column.name, "A value is required here."
            continue
        found = _WEIGHERS.get(column.kind, _word)(version, file, column, cell)
        if found is not None:
            yield found[0], column.name, f"{found[1]}, found “{sanitise(cell[:200], 60)}”."
    subjects, codes = layout.at.get("subjects"), layout.at.get("subjectCodes")
    if subjects is not None and codes is not None and row[subjects] and row[codes]:
        lengths = row[subjects].count(",") + 1, row[codes].count(",") + 1
        if lengths[0] != lengths[1]:
            text = f"There are {lengths[0]} subjects and {lengths[1]} subjectCodes."
            yield "unequal_lists", "subjectCodes", text


def _text(_: Version, __: str, ___: Column, ____: str) -> tuple[str, str] | None:
    return None


def _id(_: Version, __: str, ___: Column, cell: str) -> tuple[str, str] | None:
    if GUID.fullmatch(cell) and len(cell) <= values.MAX_ID:
        return None
    return "bad_id", f"Expected an id of at most {values.MAX_ID} letters, digits or . - _ / @"


def _ids(version: Version, file: str, column: Column, cell: str) -> tuple[str, str] | None:
    items = cell.split(",")
    if not all(item.strip() for item in items):
        return "empty_item", "Expected a list without empty items"
    return next((found for item in items if (found := _id(version, file, column, item))), None)


def _date(_: Version, __: str, ___: Column, cell: str) -> tuple[str, str] | None:
    return None if values.read_date(cell) == cell else ("bad_date", "Expected a date as YYYY-MM-DD")


def _time(_: Version, __: str, ___: Column, cell: str) -> tuple[str, str] | None:
    return None if values.read_time(cell) == cell else ("bad_time", "Expected a time as YYYY-MM-DDTHH:MM:SS.sssZ")


def _year(_: Version, __: str, ___: Column, cell: str) -> tuple[str, str] | None:
    return None if _YEAR.fullmatch(cell) else ("bad_year", "Expected a year as YYYY")


def _flag(_: Version, __: str, ___: Column, cell: str) -> tuple[str, str] | None:
    return None if cell in ("true", "false") else ("bad_flag", "Expected true or false")


def _word(version: Version, file: str, column: Column, cell: str) -> tuple[str, str] | None:
    allowed = words(version, file, column.kind)
    if cell in allowed or (version == "1.2" and column.kind in EXTENDABLE and cell.startswith("ext:")):
        return None
    return "bad_word", f"Expected one of {', '.join(sorted(allowed))}"


_WEIGHERS: Final = {
    "text": _text,
    "id": _id,
    "ids": _ids,
    "date": _date,
    "time": _time,
    "year": _year,
    "flag": _flag,
}
