"""The interpreter: what a provider says about a failure, in any of the shapes the two standards and the field have.

Spec 2.6 (1.2: `imsx_StatusInfo`) and 2.7 (1.1: `statusInfoSet`, `errors`, `warnings`). No I/O.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import msgspec

from oneroster_tui.text import sanitise

_WRAPPERS = ("imsx_statusinfo", "statusinfoset", "errors", "error", "warnings")
_FALLBACKS = ("error_description", "description", "detail", "message", "error", "title")  # OAuth 2, RFC 9457, ASP.NET


@dataclass(frozen=True, slots=True)
class StatusInfo:
    """One status object: words in lower case, blanks as `_` (`unknown object` is `unknown_object`)."""

    code_major: str = ""
    severity: str = ""
    code_minor: tuple[str, ...] = ()
    description: str = ""


def read_status(payload: object) -> tuple[StatusInfo, ...]:
    """Every status object of a decoded answer, from failures and from the warnings that stand beside data (spec 2.7).

    Tolerates a bare object, the wrappers as list or object, names with or without `imsx_` and in any case, and
    codeMinor as a string, a list or the nested object of 1.2.
    """
    if not isinstance(payload, Mapping):
        return ()
    names = _lowered(payload)
    wrapped = [status for word in _WRAPPERS if word in names for status in _each(names[word])]
    return tuple(wrapped) or tuple(_each(payload))


def provider_words(body: bytes, limit: int = 300) -> str:
    """The reason a provider gives in an error's body, as one clean line; "" when there is none, or a web page."""
    try:
        payload = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = body[: 4 * limit].decode("utf-8", "replace")
        return "" if "<" in text else sanitise(text, limit)
    statuses = read_status(payload)
    if statuses:
        return sanitise("; ".join(filter(None, map(_sentence, statuses))), limit)
    if isinstance(payload, Mapping):
        names = _lowered(payload)
        return next((sanitise(str(names[key]), limit) for key in _FALLBACKS if isinstance(names.get(key), str)), "")
    return sanitise(payload, limit) if isinstance(payload, str) else ""


def _sentence(status: StatusInfo) -> str:
    codes = [code for code in status.code_minor if code.replace("_", "") != "fullsuccess"]
    return ": ".join(filter(None, (", ".join(codes), status.description)))


def _each(value: object) -> Iterator[StatusInfo]:
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, Mapping):
            continue
        names = _lowered(item)
        if "imsx_statusinfo" in names:
            yield from _each(names["imsx_statusinfo"])
        names = {key.removeprefix("imsx_"): entry for key, entry in names.items()}
        if names.keys() & {"codemajor", "codeminor", "severity"}:
            yield StatusInfo(
                code_major=_word(names.get("codemajor")),
                severity=_word(names.get("severity")),
                code_minor=tuple(_minor(names.get("codeminor"))),
                description=sanitise(str(names.get("description") or "")),
            )


def _minor(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield _word(value)
    elif isinstance(value, list):
        for item in value:
            yield from _minor(item)
    elif isinstance(value, Mapping):  # {"imsx_codeMinorField": [{"imsx_codeMinorFieldName": …, "…Value": …}]}
        names = {key.removeprefix("imsx_"): entry for key, entry in _lowered(value).items()}
        yield from _minor(names.get("codeminorfieldvalue", names.get("codeminorfield")))


def _word(value: object) -> str:
    return sanitise(value, 60).lower().replace(" ", "_") if isinstance(value, str) else ""


def _lowered(value: Mapping[object, object]) -> dict[str, object]:
    return {key.lower(): entry for key, entry in cast("Mapping[str, object]", value).items()}
