"""The judge of records: holds JSON against the data model. Pure; says where and what kind of thing, never whose.

Values are shown only of members that say nothing of a person; of all others their kind and length.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from oneroster_tui.provider.conformance.card import Finding
from oneroster_tui.provider.conformance.model import (
    CLOSED,
    EXTENSION,
    MODELS,
    REFERENCE_WORDS,
    VOCABULARIES,
    Entity,
    Member,
)
from oneroster_tui.text import sanitise

Json = dict[str, Any]
Amiss = tuple[str, str, str]
"""Code, member, what was found."""

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_OPEN_KINDS: Final = frozenset(("date", "time", "year", "boolean"))
_COMMON: Final = frozenset(("sourcedId", "status", "dateLastModified", "metadata"))
_PRIVATE: Final = (MODELS["1.0"]["demographics"].keys() | MODELS["1.1"]["demographics"].keys()) - _COMMON
"""Members that tell of a person although their kind is an open one."""

_KINDS: Final = {dict: "an object", list: "a list", bool: "true or false", int: "a number", float: "a number"}


def shown(value: object, *, openly: bool) -> str:
    """A value as a report may show it: itself where it is `openly` said, else its kind."""
    if value is None:
        return "null"
    if isinstance(value, str):
        if value.strip() == "":
            return "blank text"
        return f"“{sanitise(value, 40)}”" if openly else f"text of {len(value)} characters"
    if openly and isinstance(value, bool | int | float):
        return f"{str(value).lower() if isinstance(value, bool) else value} ({_KINDS[type(value)]})"
    return _KINDS.get(type(value), "something else")


def judge(rows: Sequence[object], entity: str, version: str) -> list[Finding]:
    """What is amiss in some records, each kind of thing once, with how many there are and where the first is."""
    counts: Counter[tuple[str, str]] = Counter()
    firsts: dict[tuple[str, str], tuple[int, str]] = {}
    for number, row in enumerate(rows):
        for code, member, found in dict.fromkeys(_record(row, entity, version)):
            key = (code, member)
            counts[key] += 1
            firsts.setdefault(key, (number, found))
    findings = []
    for (code, member), count in counts.items():
        number, found = firsts[code, member]
        place = (
            f"row {number + 1} of {len(rows)}"
            if count == 1
            else f"{count} of {len(rows)} rows, first in row {number + 1}"
        )
        findings.append(Finding(code, f"{entity}{member}: {found} ({place})"))
    return findings


def _record(row: object, entity: str, version: str) -> Iterator[Amiss]:
    if not isinstance(row, dict):
        yield "not_an_object", "", shown(row, openly=False)
        return
    model = MODELS[version][entity]
    yield from _members(row, model, version, "")
    if entity == "user" and version != "1.2" and "roles" in row and "role" not in row:
        yield "other_version", ".roles", "a list of roles, as in 1.2"
    if entity == "user" and version == "1.2" and "role" in row and "roles" not in row:
        yield "other_version", ".role", "one role, as in 1.1"
    yield from _sense(row, entity, version)


def _members(row: Json, model: Entity, version: str, path: str) -> Iterator[Amiss]:
    for name, member in model.items():
        where = f"{path}.{name}"
        if name not in row:
            if member.required:
                yield "missing_required", where, "not there"
        elif row[name] is None:
            yield ("missing_required" if member.required else "null_value"), where, "null"
        elif member.many:
            yield from _list(row[name], member, version, where)
        else:
            yield from _value(row[name], member, version, where)
    if version != "1.0":  # its text is not at hand
        for name in sorted(row.keys() - model.keys(), key=str):
            yield "unknown_member", f".{sanitise(str(name), 40)}" if not path else f"{path}.…", "not of this version"


def _list(value: object, member: Member, version: str, where: str) -> Iterator[Amiss]:
    if not isinstance(value, list):
        yield "bad_type", where, f"{shown(value, openly=False)} for a list"
        return
    if member.required and not value:
        yield "missing_required", where, "an empty list"
    for item in value:
        yield from _value(item, member, version, where)


def _value(value: object, member: Member, version: str, where: str) -> Iterator[Amiss]:
    kind = member.kind
    if kind == "any":
        return
    if kind.startswith("@"):
        yield from _reference(value, kind[1:], version, where)
    elif kind.startswith("<"):
        if isinstance(value, dict):
            yield from _members(value, MODELS[version][kind], version, where)
        else:
            yield "bad_type", where, f"{shown(value, openly=False)} for an object"
    elif kind == "boolean":
        good = value in ("true", "false") or (isinstance(value, bool) and version != "1.2")
        if not good:
            yield "bad_boolean", where, shown(value, openly=member.name not in _PRIVATE)
    elif not isinstance(value, str):
        yield "bad_type", where, f"{shown(value, openly=False)} for text"
    elif not value.strip() and (member.required or kind != "text"):
        yield from _blank(value, member, where)
    else:
        yield from _text(value, member, version, where)


def _blank(value: str, member: Member, where: str) -> Iterator[Amiss]:
    if member.required:
        yield "blank_required", where, "blank"
    else:
        yield f"bad_{member.kind}" if member.kind in _OPEN_KINDS else "bad_word", where, shown(value, openly=False)


def _text(value: str, member: Member, version: str, where: str) -> Iterator[Amiss]:
    openly = member.kind != "text" and member.name not in _PRIVATE
    words = VOCABULARIES[version].get(member.kind)
    if words is not None:
        extended = version == "1.2" and member.kind not in CLOSED and EXTENSION.fullmatch(value)
        if value not in words and not extended:
            yield "bad_word", where, shown(value, openly=openly)
    elif member.kind == "date" and not _is_date(value):
        yield "bad_date", where, shown(value, openly=openly)
    elif member.kind == "time" and not _is_time(value):
        yield "bad_time", where, shown(value, openly=openly)
    elif member.kind == "year" and not re.fullmatch(r"\d{4}", value, re.ASCII):
        yield "bad_year", where, shown(value, openly=openly)
    elif member.name == "sourcedId" and len(value) > 255:
        yield "long_id", where, shown(value, openly=False)
    if _CONTROL.search(value):
        yield "control_characters", where, shown(value, openly=False)


def _reference(value: object, entity: str, version: str, where: str) -> Iterator[Amiss]:
    if not isinstance(value, dict):
        yield "bad_reference", where, shown(value, openly=False)
        return
    if isinstance(sourced_id := value.get("sourcedId"), str) and sourced_id.strip():
        pass
    elif sourced_id in (None, "") or isinstance(sourced_id, str):
        yield "missing_required", f"{where}.sourcedId", shown(sourced_id, openly=False)
    else:
        yield "bad_type", f"{where}.sourcedId", f"{shown(sourced_id, openly=False)} for text"
    lacking = [name for name in ("href", "type") if not value.get(name)]
    if lacking:
        yield "thin_reference", where, f"no {' and no '.join(lacking)}"
    href, word = value.get("href"), value.get("type")
    if href and not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:\S", str(href)):
        yield "odd_href", f"{where}.href", shown(href, openly=False)
    known = {entity} if version == "1.2" else REFERENCE_WORDS.get(entity, {entity})
    if word and (not isinstance(word, str) or word not in known):
        yield "bad_word", f"{where}.type", shown(word, openly=True)


def _is_date(value: str) -> bool:
    try:
        return bool(_DATE.fullmatch(value)) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_time(value: str) -> bool:
    try:
        return bool(_TIME.fullmatch(value)) and bool(datetime.fromisoformat(value[:19]))
    except ValueError:
        return False


def is_time(value: object) -> bool:
    """Whether this is a time that can be compared with others."""
    return isinstance(value, str) and _is_time(value)


def _sense(row: Json, entity: str, version: str) -> Iterator[Amiss]:
    """What each member allows, and all together do not."""
    for begin, end in (("startDate", "endDate"), ("beginDate", "endDate")):
        first, last = row.get(begin), row.get(end)
        if isinstance(first, str) and isinstance(last, str) and _is_date(first) and _is_date(last) and last < first:
            yield "dates_reversed", f".{end}", f"{last}, before {begin} {first}"
    if entity == "enrollment":
        role = row.get("role")
        if row.get("primary") in (True, "true") and isinstance(role, str) and role.lower() == "student":
            yield "primary_not_teacher", ".primary", f"true for the role {shown(role, openly=True)}"
    if entity == "user" and version == "1.2":
        yield from _primary_roles(row)


def _primary_roles(row: Mapping[str, Any]) -> Iterator[Amiss]:
    primary: Counter[str] = Counter()
    orgs: set[str] = set()
    roles = row.get("roles")
    for role in roles if isinstance(roles, list) else ():
        org = role.get("org") if isinstance(role, dict) else None
        sourced_id = org.get("sourcedId") if isinstance(org, dict) else None
        if isinstance(sourced_id, str):
            orgs.add(sourced_id)
            primary[sourced_id] += role.get("roleType") == "primary"
    wrong = [org for org in orgs if primary[org] != 1]
    if wrong:
        yield "primary_roles", ".roles", f"{primary[wrong[0]]} primary roles at an org"
