"""One reader for each kind of value: what TOML holds into what Settings holds, back again, and the words for both."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from os import PathLike
from typing import Final

from oneroster_tui.config.keys import COURSE_COLUMNS, USERNAME_COLUMNS, Key, Kind
from oneroster_tui.config.settings import Period

DATABASES: Final = ("sqlite", "postgresql", "cockroachdb")
LONGEST_SHOWN: Final = 80

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_PERIOD = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.\.([0-9]{4}-[0-9]{2}-[0-9]{2})")
_VARIABLE = re.compile("[A-Za-z_][A-Za-z0-9_]*")


class BadValueError(ValueError):
    """A value that its key does not take; `reasons` says why, part of a sentence each. Never holds a hidden value."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


def parse_value(key: Key, value: object) -> object:
    """A TOML value as Settings holds it.

    Raises:
        BadValueError: with what was found and what is allowed, for every mistake in it.
    """
    return _READERS[key.kind](key, value)


def plain_value(key: Key, value: object) -> object:
    """A value of Settings as TOML holds it; what TOML holds already comes back as it is."""
    if value is None and "off" in key.choices:
        return "off"
    return _plain(value)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (Period, PathLike)):
        return str(value)
    if isinstance(value, str):
        return str.__str__(value)  # a StrEnum's member, too, becomes plain text
    if isinstance(value, float) and value.is_integer():
        return int(value)  # 30, not 30.0: as a person would write it
    return value


def allowed(key: Key) -> str:
    """What a key takes, as a part of a sentence."""
    words = " or ".join(f'"{word}"' for word in key.choices)
    match key.kind:
        case "choice":
            return words
        case "whole" | "number":
            noun = "a whole number" if key.kind == "whole" else "a number"
            bounds = f"{key.low} or more" if key.high is None else f"from {key.low} to {key.high}"
            return f"{noun} {bounds}{f', or {words}' if words else ''}"
        case _:
            return _ALLOWED[key.kind]


_ALLOWED: Final[dict[Kind, str]] = {
    "text": "text in quotes",
    "name": "text in quotes, not blank",
    "secret": "text in quotes",
    "variable": "the name of an environment variable (letters, digits and _)",
    "command": "a command line in quotes, its own quotes in pairs",
    "url": "an http:// or https:// address with a host, without user, spaces or #",
    "base url": "an http:// or https:// address with a host, without user, spaces, ? or #",
    "database url": '"sqlite:///FILE", "postgresql://…" or "cockroachdb://…"',
    "texts": "a list of texts in quotes, none of them blank",
    "periods": 'a list of periods such as "2026-08-01..2026-08-20", first day first',
    "roles": 'a table of texts such as student = "Student"',
    "ids": "a table of whole numbers such as student = 5",
    "template": f"text with at least one of {', '.join(f'{{{column}}}' for column in USERNAME_COLUMNS)}",
    "optional template": f"text with at least one of {', '.join(f'{{{column}}}' for column in USERNAME_COLUMNS)}, or empty",
    "course template": f"text with at least one of {', '.join(f'{{{column}}}' for column in COURSE_COLUMNS)}, or empty",
}


def type_name(value: object) -> str:
    """What a TOML value is, in a person's words."""
    return next((name for kind, name in _TYPES if isinstance(value, kind)), type(value).__name__)


_TYPES: Final[tuple[tuple[type | tuple[type, ...], str], ...]] = (
    (bool, "truth value"),  # before int, which it is a kind of
    (int, "whole number"),
    (float, "number"),
    (str, "text"),
    (datetime, "date and time"),  # before date, likewise
    (date, "date"),
    (time, "time"),
    (Mapping, "table"),
    ((list, tuple), "list"),
)


def found(key: Key, value: object) -> str:
    """What was found: its type and, unless it may hold a secret, its value, shortened, on one line."""
    name = type_name(value)
    if key.hidden or isinstance(value, (Mapping, list, tuple)):
        return f"a {name}"
    if isinstance(value, str):
        return f"the {name} {_quoted(_without_password(value))}"
    try:
        shown = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
    except ValueError:  # Python does not print whole numbers of more than 4300 digits
        shown = "with thousands of digits"
    return f"the {name} {_short(shown)}"


def _quoted(text: str) -> str:
    return f'"{_short(_CONTROL.sub("?", text))}"'


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"


def _without_password(text: str) -> str:
    """An address without what may be a secret in it: user, password and query."""
    if "://" not in text:
        return text
    return re.sub(r"\?.*", "?…", re.sub(r"://.*@", "://…@", text, flags=re.S), flags=re.S)


def _refused(key: Key, value: object, why: str = "") -> BadValueError:
    return BadValueError(f"found {found(key, value)}{f', {why}' if why else ''}; allowed is {allowed(key)}")


def _text(key: Key, value: object) -> str:
    if not isinstance(value, str):
        raise _refused(key, value)
    if _CONTROL.search(value) and key.kind != "secret":
        raise _refused(key, value, "with a line break or another control character in it")
    if key.kind == "secret" and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _refused(key, value, "which is not valid Unicode") from None
    return value


def _name(key: Key, value: object) -> str:
    text = _text(key, value)
    if not text.strip():
        raise _refused(key, value)
    return text


def _variable(key: Key, value: object) -> str:
    text = _text(key, value)
    if text and not _VARIABLE.fullmatch(text):
        raise _refused(key, value)
    return text


def _command(key: Key, value: object) -> str:
    import shlex

    text = _text(key, value)
    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    if text and not (words and words[0]):
        raise _refused(key, value)
    return text


def _url(key: Key, value: object) -> str:
    from urllib.parse import urlsplit

    text = _text(key, value)
    if not text:
        return text
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # an impossible port or IPv6 address
        good = False
    if not good or "#" in text or "@" in parts.netloc or re.search(r"\s", text):
        raise _refused(key, value)
    if key.kind == "base url" and "?" in text:
        raise _refused(key, value)
    return text


def _database_url(key: Key, value: object) -> str:
    text = _text(key, value)
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in DATABASES or not rest.strip("/"):
        raise _refused(key, value)
    if scheme == "sqlite" and not rest.startswith("/"):
        raise _refused(key, value, "which lacks a slash (three for a relative file, four for an absolute one)")
    return text


def _choice(key: Key, value: object) -> str:
    if isinstance(value, str) and value in key.choices:
        return value
    unquoted = isinstance(value, (int, float)) and str(value) in key.choices
    raise _refused(key, value, "without its quotes" if unquoted else "")


def _number(key: Key, value: object) -> object:
    if isinstance(value, str) and value in key.choices:
        return None if value == "off" else value
    if isinstance(value, bool) or not isinstance(value, int if key.kind == "whole" else (int, float)):
        raise _refused(key, value)
    if not key.low <= value <= (math.inf if key.high is None else key.high):  # also false for nan
        raise _refused(key, value)
    return value if key.kind == "whole" else float(value)


def _texts(key: Key, value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise _refused(key, value)
    reasons = []
    for place, item in enumerate(value, 1):
        if not isinstance(item, str) or not item.strip() or _CONTROL.search(item):
            reasons.append(f"entry {place} is {found(key, item)}; allowed is {allowed(key)}")
    if reasons:
        raise BadValueError(*reasons)
    return tuple(dict.fromkeys(value))


def _periods(key: Key, value: object) -> tuple[Period, ...]:
    if not isinstance(value, (list, tuple)):
        raise _refused(key, value)
    periods, reasons = [], []
    for place, item in enumerate(value, 1):
        period = _period(item)
        if period is None:
            reasons.append(f"entry {place} is {found(key, item)}; allowed is {allowed(key)}")
        else:
            periods.append(period)
    if reasons:
        raise BadValueError(*reasons)
    return tuple(periods)


def _period(item: object) -> Period | None:
    match = _PERIOD.fullmatch(item) if isinstance(item, str) else None
    if match is None:
        return None
    try:
        period = Period(date.fromisoformat(match[1]), date.fromisoformat(match[2]))
    except ValueError:  # a day that the calendar lacks
        return None
    return period if period.start <= period.end else None


def _roles(key: Key, value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise _refused(key, value)
    roles: dict[str, str] = {}
    reasons = []
    for name, local in value.items():
        role = str(name).strip().lower()
        if not role or _CONTROL.search(role):
            reasons.append(f"the role {_quoted(str(name))} is not a word")
        elif role in roles:
            reasons.append(f"the role {_quoted(str(name))} stands there twice, in different case; keep one of them")
        elif not isinstance(local, str) or _CONTROL.search(local):
            reasons.append(
                f'{key.name}.{_short(role)} is {found(key, local)}; allowed is text in quotes, or "" for not mapped'
            )
        roles[role] = local if isinstance(local, str) else ""
    if reasons:
        raise BadValueError(*reasons)
    return roles


def _ids(key: Key, value: object) -> dict[str, int]:
    if not isinstance(value, Mapping):
        raise _refused(key, value)
    reasons = [
        f"{key.name}.{_short(_CONTROL.sub('?', str(name)))} is {found(key, number)}; allowed is a whole number above 0"
        for name, number in value.items()
        if isinstance(number, bool) or not isinstance(number, int) or number < 1
    ]
    if reasons:
        raise BadValueError(*reasons)
    return {str(name): number for name, number in value.items()}


def _template(key: Key, value: object) -> str:
    import string

    text = _text(key, value)
    columns = COURSE_COLUMNS if key.kind == "course template" else USERNAME_COLUMNS
    if not text and key.kind != "template":
        return text
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError:
        raise _refused(key, value, "whose braces do not match") from None
    fields = [part[1:] for part in parts if part[1] is not None]
    for name, specification, conversion in fields:
        if name not in columns or specification or conversion:
            raise _refused(key, value, f"with a field that is none of these: {{{_short(name or '')}}}")
    if not fields:
        raise _refused(key, value, "which would give all of them the same")
    return text


_READERS: Final[dict[Kind, Callable[[Key, object], object]]] = {
    "text": _text,
    "name": _name,
    "secret": _text,
    "variable": _variable,
    "command": _command,
    "url": _url,
    "base url": _url,
    "database url": _database_url,
    "choice": _choice,
    "whole": _number,
    "number": _number,
    "texts": _texts,
    "periods": _periods,
    "roles": _roles,
    "ids": _ids,
    "template": _template,
    "optional template": _template,
    "course template": _template,
}
