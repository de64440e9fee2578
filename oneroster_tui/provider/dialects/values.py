"""The scales: single values of a provider's JSON, weighed into the spelling that records promise. Pure.

Both paths read values here, so what the fast one accepts and what the tolerant one accepts cannot drift apart.
Functions that read text return None for what they cannot read; whoever calls decides whether that is a warning.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache

from oneroster_tui.records import Status

MAX_ID = 255
"""The most characters of a sourcedId (spec 4.1)."""

STATUS: dict[str | None, Status] = {
    "active": "active",
    "tobedeleted": "tobedeleted",
    "inactive": "tobedeleted",  # 1.0's word, to be read so by 1.2's own text
    "": "active",  # a provider that loaded a bulk CSV may send no status
    None: "active",
}
"""The record's state by its word in lower case (spec 4.1)."""

FLAGS: dict[object, bool] = {
    True: True,  # 1 and 1.0 are the same key
    False: False,
    **dict.fromkeys(("true", "True", "TRUE", "yes", "y", "t", "1"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "n", "f", "0"), False),
}
"""What stands for a boolean: 1.2 has the words "true" and "false", 1.1 servers send either (spec 4.1, quirk 17).

A word in another case is looked up in lower case by the tolerant path; the two usual ones save that detour."""

_CAMEL_CASE = (
    "districtAdministrator",  # roles of 1.2
    "siteAdministrator",
    "systemAdministrator",
    "gradingPeriod",  # types of academic sessions
    "schoolYear",
)
_SPELLING = {word.lower(): word for word in _CAMEL_CASE}

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # lone surrogates too: no database and no file takes them
_WHITE_CONTROL = re.compile("[\t\n\v\f\r\x85]+")
_DATE = re.compile(r"([0-9]{4})(?:[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})|([0-9]{2})([0-9]{2}))(?:[Tt ].*|[Zz]|[+-].*)?")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z")


def clean(text: str) -> str:
    """Text without control characters and without white space around it; a tab or line break inside becomes a blank.

    Nothing else changes: a name is the person's own. NUL goes because PostgreSQL refuses it.
    """
    if not text.isprintable():
        text = _CONTROL.sub("", _WHITE_CONTROL.sub(" ", text))
    return text.strip()


def read_id(text: str) -> str | None:
    """A sourcedId: 1 to 255 characters, opaque (spec 4.1). White space around it is a typing error and goes.

    A control character inside makes it unusable rather than shorter: two ids must never become one.
    """
    if not text.isprintable() or " " in text:
        text = text.strip()
        if _CONTROL.search(text):
            return None
    return text if 0 < len(text) <= MAX_ID else None


@lru_cache(maxsize=4096)
def read_date(text: str) -> str | None:
    """A day as `YYYY-MM-DD`; "" when blank. A time part is dropped: the day as written is the day meant (quirk 18).

    Cached: a district has a few hundred distinct days in a million enrollments, and shares the strings too.
    """
    text = text.strip()
    if not text or text.startswith("0000-00-00"):  # MySQL's way to say nothing
        return ""
    found = _DATE.fullmatch(text)
    try:
        return date(*(int(part) for part in found.groups() if part)).isoformat() if found else None
    except ValueError:
        return None


def read_time(text: str) -> str | None:
    """A moment as UTC `YYYY-MM-DDTHH:MM:SS.mmmZ`; "" when blank.

    ISO 8601 in any of its forms: without a fraction or with a long one, with an offset, or without a zone, which is
    taken as UTC; a day alone is its midnight (spec 4.1, quirk 18).
    """
    if _TIME.fullmatch(text) and read_date(text[:10]):
        return text
    text = text.strip().upper()
    if not text or text.startswith("0000-00-00"):
        return ""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # overflow: the first or the last day of all, moved by its offset
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@lru_cache(maxsize=1024)
def read_word(text: str) -> str:
    """A word of a vocabulary (role, type): lower case, or OneRoster's own camelCase; `ext:` words stay (spec 4.1)."""
    word = clean(text)
    lowered = word.lower()
    return word if lowered.startswith("ext:") else _SPELLING.get(lowered, lowered)
