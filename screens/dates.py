"""The calendar: dates as the reader's locale writes them. Logs, JSON, exports and what a record holds stay ISO 8601."""

from __future__ import annotations

import locale
import re
from datetime import date, datetime
from functools import cache

ISO = "%Y-%m-%d"


@cache
def date_format() -> str:
    """How the reader writes a date, by LC_ALL, LC_TIME or LANG, as a format for `strftime`; ten cells wide.

    Always with a year of four digits. ISO 8601 where no locale is set, where it does not write day, month and year in digits,
    and where the system does not say.
    """
    before = locale.setlocale(locale.LC_TIME)
    try:
        if locale.setlocale(locale.LC_TIME, "").partition(".")[0] in ("C", "POSIX") or not hasattr(
            locale, "nl_langinfo"
        ):
            return ISO
        return numeric(locale.nl_langinfo(locale.D_FMT))
    except locale.Error:
        return ISO
    finally:
        locale.setlocale(locale.LC_TIME, before)


def numeric(told: str) -> str:
    """A locale's format with padded numbers, if day, month and year in digits is all it is; else ISO 8601."""
    told = told.replace("%D", "%m/%d/%y").replace("%F", ISO)
    plain = re.sub(r"%[-_0^]?([demyY])", lambda part: "%" + {"e": "d", "y": "Y"}.get(part[1], part[1]), told)
    plain = plain.replace(". ", ".").removesuffix(".")
    parts = re.fullmatch(r"%([dmY])([./-])%([dmY])\2%([dmY])", plain)
    return plain if parts and len({parts[1], parts[3], parts[4]}) == 3 else ISO


def told_date(day: date | datetime) -> str:
    """A date as the reader writes it."""
    return day.strftime(date_format())


def told_day(stored: str | None) -> str:
    """A stored date (`YYYY-MM-DD`) as the reader writes it; nothing where there is none, and as it is where it is no date."""
    if not stored or date_format() == ISO:
        return stored or ""
    try:
        return told_date(date.fromisoformat(stored))
    except ValueError:
        return stored
