"""What Moodle's fields take: lengths, letters, and how a text of the roster becomes one of them. Pure.

Lengths are those of Moodle's tables (lib/db/install.xml), letters those of its PARAM_ types (lib/moodlelib.php): Moodle refuses a
web-service value that its own cleaning would change, so the cleaning happens here.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import date, datetime, timedelta
from functools import lru_cache

from oneroster_tui.export.rows import one_line

USER_ID, COURSE_ID, CATEGORY_ID = 255, 100, 100
"""The most characters of an `idnumber`."""
USERNAME, NAME, EMAIL, SHORT_NAME, FULL_NAME, CATEGORY_NAME = 100, 100, 100, 255, 254, 255

_NOT_USERNAME = re.compile(r"[^-.@_a-z0-9]")
_EMAIL = re.compile(r"[^@\s,;<>()\[\]\\\":]+@[^@\s,;<>()\[\]\\\":]+\.[^@\s,;<>()\[\]\\\":.]+")


def id_number(source: str, sourced_id: str, limit: int) -> str:
    """The `idnumber` of a record: its sourcedId with the source's name before it, so that two sources never mean one row.

    What is too long keeps its beginning and gets a digest of the whole.
    """
    whole = f"{source}:{sourced_id}"
    if len(whole) <= limit:
        return whole
    return f"{whole[: limit - 17]}~{hashlib.sha256(whole.encode()).hexdigest()[:16]}"


def username(text: str) -> str:
    """A user name as PARAM_USERNAME has it: lower case, plain letters, digits, `-` `.` `@` `_`; "" where nothing is left."""
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return _NOT_USERNAME.sub("", plain)[:USERNAME]


def plain(text: str, limit: int) -> str:
    """A text without tags (PARAM_NOTAGS, PARAM_TEXT): no angle bracket, one line, at most `limit` characters."""
    return " ".join(one_line(text).replace("<", " ").replace(">", " ").split())[:limit].rstrip()


def email(text: str) -> str:
    """An address as it is; "" where Moodle would not take it for one."""
    return text if len(text) <= EMAIL and _EMAIL.fullmatch(text) else ""


@lru_cache(maxsize=4096)
def begins(day: str | None) -> int:
    """When a day begins on this machine's clock, in seconds since 1970; 0, Moodle's word for no limit, without a day."""
    if not day:
        return 0
    try:
        return max(int(datetime.fromisoformat(day).astimezone().timestamp()), 0)
    except (ValueError, OverflowError, OSError):  # a stored text that is no day, or one that the clock does not reach
        return 0


@lru_cache(maxsize=4096)
def ends(day: str | None, rule: str) -> int:
    """When an enrolment ends: as its last day begins (`exclusive`) or is over (`inclusive`); 0 without a day."""
    if not day or rule == "exclusive":
        return begins(day)
    try:
        return begins((date.fromisoformat(day) + timedelta(days=1)).isoformat())
    except (ValueError, OverflowError):
        return 0
