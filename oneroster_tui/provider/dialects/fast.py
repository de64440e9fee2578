"""The express lane: well-formed pages, decoded by msgspec into wire Structs and turned into records in one loop.

Only the collections that grow with the number of people have one: enrollments, users, classes. What is odd in a row
is not treated here: the row comes out as None, and the tolerant path reads it from the raw JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from oneroster_tui.provider.dialects.rows import roles_at
from oneroster_tui.provider.dialects.values import (
    FLAGS,
    MAX_ID,
    STATUS,
    clean,
    read_date,
    read_id,
    read_time,
    read_word,
)
from oneroster_tui.records import Class, Collection, Enrollment, Record, Role, User

_Flag = bool | int | str | None


class _Ref(msgspec.Struct, gc=False, rename="camel"):
    sourced_id: str


class _Wire(msgspec.Struct, gc=False, rename="camel", kw_only=True):
    sourced_id: str
    status: str | None = None
    date_last_modified: str | None = None


class _Enrollment(_Wire, gc=False, rename="camel", kw_only=True):
    user: _Ref
    class_: _Ref = msgspec.field(name="class")
    school: _Ref | None = None
    school_sourced_id: Any = None  # a name only the tolerant path knows: its presence makes a row odd
    role: str
    primary: _Flag = None
    begin_date: str | None = None
    end_date: str | None = None


class _Class(_Wire, gc=False, rename="camel", kw_only=True):
    title: str | None = None
    class_code: str | None = None
    class_type: str | None = None
    course: _Ref
    school: _Ref
    terms: list[_Ref]


class _Role(msgspec.Struct, gc=False, rename="camel"):
    role: str
    org: _Ref
    role_type: str


class _User(_Wire, gc=False, rename="camel", kw_only=True):
    username: str | None = None
    identifier: str | None = None
    user_master_identifier: str | None = None
    user_id: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    middle_name: str | None = None
    email: str | None = None
    enabled_user: _Flag = None
    role: str | None = None
    orgs: list[_Ref] | None = None
    roles: list[_Role] | None = None
    agents: list[_Ref] | None = None
    agent_sourced_ids: Any = None
    grades: list[str] | None = None
    grade: Any = None


class _Page(msgspec.Struct, rename="camel", kw_only=True):
    total: Any = None
    total_count: Any = None


class _EnrollmentPage(_Page, rename="camel", kw_only=True):
    enrollments: list[_Enrollment]


class _ClassPage(_Page, rename="camel", kw_only=True):
    classes: list[_Class]


class _UserPage(_Page, rename="camel", kw_only=True):
    users: list[_User]


def _enrollments(page: _EnrollmentPage) -> list[Record | None]:
    """The hottest loop of a pull, 1.2 million turns in a large district: ids are checked together, nothing is called
    that a dictionary can answer."""
    records: list[Record | None] = []
    add = records.append
    for row in page.enrollments:
        sourced_id, class_id, user_id = row.sourced_id, row.class_.sourced_id, row.user.sourced_id
        school = row.school
        school_id = school.sourced_id if school is not None else None
        ids = f"{sourced_id}{class_id}{user_id}{school_id}"
        status, role, primary = row.status, read_word(row.role), row.primary
        modified, begin, end = row.date_last_modified, row.begin_date, row.end_date
        if (
            not (sourced_id and class_id and user_id and role)
            or (not school_id and (school_id == "" or row.school_sourced_id is not None))
            or len(ids) > MAX_ID
            or " " in ids
            or not ids.isprintable()
            or (status is not None and status not in STATUS)
            or (primary is not None and primary not in FLAGS)
            or (modified and not (modified := read_time(modified)))
            or (begin and not (begin := read_date(begin)))
            or (end and not (end := read_date(end)))
        ):
            add(None)
            continue
        add(
            Enrollment(
                sourced_id=sourced_id,
                status=STATUS[status],
                date_last_modified=modified or None,
                class_sourced_id=class_id,
                user_sourced_id=user_id,
                school_sourced_id=school_id,
                role=role,
                is_primary=FLAGS[primary] if primary is not None else False,
                begin_date=begin or None,
                end_date=end or None,
            )
        )
    return records


class _Odd(Exception):
    """A row that the tolerant path has to read."""


def _classes(page: _ClassPage) -> list[Record | None]:
    return [_or_none(_class, row) for row in page.classes]


def _users(page: _UserPage) -> list[Record | None]:
    return [_or_none(_user, row) for row in page.users]


def _or_none(read: Callable[[Any], Record], row: _Wire) -> Record | None:
    try:
        return read(row)
    except (_Odd, KeyError):  # KeyError: a word that the tables of status and booleans do not have
        return None


def _class(row: _Class) -> Class:
    if not row.terms:
        raise _Odd
    return Class(
        sourced_id=_id(row.sourced_id),
        status=STATUS[row.status],
        date_last_modified=_time(row.date_last_modified),
        title=clean(row.title or ""),
        class_code=clean(row.class_code or ""),
        class_type=read_word(row.class_type or ""),
        course_sourced_id=_id(row.course.sourced_id),
        school_sourced_id=_id(row.school.sourced_id),
        term_sourced_ids=_ids(row.terms),
    )


def _user(row: _User) -> User:
    if row.agent_sourced_ids is not None or row.grade is not None:
        raise _Odd
    enabled = row.enabled_user
    return User(
        sourced_id=_id(row.sourced_id),
        status=STATUS[row.status],
        date_last_modified=_time(row.date_last_modified),
        username=clean(row.username or ""),
        identifier=_first(row.identifier, row.user_master_identifier, row.user_id),
        given_name=clean(row.given_name or ""),
        family_name=clean(row.family_name or ""),
        middle_name=clean(row.middle_name or ""),
        email=clean(row.email or ""),
        enabled=FLAGS[enabled] if enabled is not None else True,
        roles=_roles(row),
        agent_sourced_ids=_ids(row.agents) if row.agents else (),
        grades=tuple(filter(None, map(clean, row.grades))) if row.grades else (),
    )


def _roles(row: _User) -> tuple[Role, ...]:
    if row.orgs and row.role and not row.roles:
        return roles_at(read_word(row.role), _ids(row.orgs))
    if not row.roles:
        raise _Odd
    roles = [
        Role(org_sourced_id=_id(item.org.sourced_id), role=read_word(item.role), role_type=read_word(item.role_type))
        for item in row.roles
    ]
    if not all(role.role and role.role_type in ("primary", "secondary") for role in roles):
        raise _Odd
    return tuple(roles) if len(roles) == 1 else tuple(dict.fromkeys(roles))


def _first(*texts: str | None) -> str:
    return next((clean(text) for text in texts if text and text.strip()), "")


def _id(text: str) -> str:
    sourced_id = read_id(text)
    if sourced_id is None:
        raise _Odd
    return sourced_id


def _ids(refs: list[_Ref]) -> tuple[str, ...]:
    ids = tuple([_id(ref.sourced_id) for ref in refs])
    return ids if len(ids) < 2 else tuple(dict.fromkeys(ids))


def _time(text: str | None) -> str | None:
    if not text:
        return None
    moment = read_time(text)
    if not moment:
        raise _Odd
    return moment


_LANES: dict[Collection, tuple[Callable[[bytes], Any], Callable[[Any], list[Record | None]]]] = {
    Collection.ENROLLMENTS: (msgspec.json.Decoder(_EnrollmentPage).decode, _enrollments),
    Collection.CLASSES: (msgspec.json.Decoder(_ClassPage).decode, _classes),
    Collection.USERS: (msgspec.json.Decoder(_UserPage).decode, _users),
}


def read_page(collection: Collection, body: bytes) -> tuple[list[Record | None], tuple[object, ...]] | None:
    """The records of a page, with None for each odd row, and the body's totals; None when the page is not well-formed.

    Not well-formed means: another wrapper, a field of another type, no JSON at all. Never raises for what was sent.
    """
    lane = _LANES.get(collection)
    if lane is None:
        return None
    decode, convert = lane
    try:
        page = decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return convert(page), (page.total, page.total_count)
