"""The express lane for CSV: rows of cells that are as they should be -> records, in one loop.

Like `fast` for JSON: what is odd in a row is not treated here, the row comes out as None, and `rows.read_row` reads it as a
mapping. Only the collections that grow with the number of people have a lane.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from oneroster_tui.provider.dialects.rows import roles_at
from oneroster_tui.provider.dialects.values import MAX_ID, clean, read_date, read_time, read_word
from oneroster_tui.records import Class, Collection, Enrollment, Record, Role, Status, User

_IDS: Final = re.compile(r"[0-9A-Za-z.\-_/@]+").fullmatch
_ID_LIST: Final = re.compile(r"[0-9A-Za-z.\-_/@]+(?:,[0-9A-Za-z.\-_/@]+)*").fullmatch
_FLAGS: Final = {"true": True, "false": False, "": False}
_BULK: Final[dict[str, Status]] = {"": "active", "active": "active", "tobedeleted": "tobedeleted"}
_DELTA: Final[dict[str, Status]] = {"active": "active", "tobedeleted": "tobedeleted"}

_ENROLLMENT: Final = (
    "sourcedId", "status", "dateLastModified", "classSourcedId", "schoolSourcedId", "userSourcedId", "role",
    "primary", "beginDate", "endDate",
)  # fmt: skip
_USER: Final = (
    "sourcedId", "status", "dateLastModified", "enabledUser", "orgSourcedIds", "role", "username", "givenName",
    "familyName", "middleName", "identifier", "userMasterIdentifier", "userId", "email", "agentSourcedIds",
    "grades", "primaryOrgSourcedId",
)  # fmt: skip
_CLASS: Final = (
    "sourcedId", "status", "dateLastModified", "title", "classCode", "classType", "courseSourcedId",
    "schoolSourcedId", "termSourcedIds", "subjects", "subjectCodes",
)  # fmt: skip
"""The columns that each lane takes, in the order it unpacks them."""

Rows = Sequence[list[str]]
Lane = Callable[[Rows], list[Record | None]]


@dataclass(slots=True)
class Known:
    """What rows may refer to: hashes of the sourcedIds that were read, by file; None where anything will do."""

    ids: dict[str, Set[int] | None] = field(default_factory=dict)

    def has(self, file: str, sourced_id: str) -> bool:
        """Whether a reference leads somewhere, as far as that can be told."""
        known = self.ids.get(file)
        return known is None or hash(sourced_id) in known


@dataclass(frozen=True, slots=True)
class Rules:
    """How the rows of one file are read.

    Attributes:
        at: column -> place.
        width: how many cells a row has.
        delta: whether status and dateLastModified are required.
        roles: the role words that are in order.
        known: what rows may refer to.
        roles_of: 1.2's roles of a person, from a file of their own; None where they stand in the row.
    """

    at: Mapping[str, int]
    width: int
    delta: bool
    roles: Iterable[str]
    known: Known
    roles_of: Callable[[str], tuple[Role, ...]] | None = None

    def pick(self, *names: str) -> Callable[[list[str]], Any]:
        """The cells of some columns; those that are missing stand behind the last one, blank."""
        return itemgetter(*(self.at.get(name, self.width) for name in names))


def lane(collection: Collection, rules: Rules) -> Lane | None:
    """The reader of well-formed rows; None where the collection has no lane."""
    make = _LANES.get(collection)
    return make(rules) if make else None


def _enrollments(rules: Rules) -> Lane:
    pick = rules.pick(*_ENROLLMENT)
    width, delta, statuses = rules.width, rules.delta, _DELTA if rules.delta else _BULK
    roles = {word: read_word(word) for word in rules.roles}
    classes, schools, users = (rules.known.ids.get(file) for file in ("classes", "schools", "users"))

    def read(rows: Rows) -> list[Record | None]:
        """The hottest loop of a bundle: 1.2 million turns in a large district."""
        records: list[Record | None] = []
        add = records.append
        for row in rows:
            if len(row) != width:
                add(None)
                continue
            row.append("")
            sourced_id, status, modified, class_id, school, user, role, primary, begin, end = pick(row)
            ids = f"{sourced_id}{class_id}{school}{user}"
            if (
                not (sourced_id and class_id and school and user)
                or role not in roles
                or len(ids) > MAX_ID
                or not _IDS(ids)
                or status not in statuses
                or primary not in _FLAGS
                or (read_time(modified) != modified if modified else delta)
                or (begin and read_date(begin) != begin)
                or (end and read_date(end) != end)
                or (classes is not None and hash(class_id) not in classes)
                or (users is not None and hash(user) not in users)
                or (schools is not None and hash(school) not in schools)
            ):
                row.pop()
                add(None)
                continue
            add(
                Enrollment(
                    sourced_id=sourced_id,
                    status=statuses[status],
                    date_last_modified=modified or None,
                    class_sourced_id=class_id,
                    user_sourced_id=user,
                    school_sourced_id=school,
                    role=roles[role],
                    is_primary=_FLAGS[primary],
                    begin_date=read_date(begin) if begin else None,  # the cached string, shared by all rows
                    end_date=read_date(end) if end else None,
                )
            )
        return records

    return read


def _roles_in_the_row(rules: Rules) -> Callable[[str, str], tuple[Role, ...]]:
    """The reader of one role at some orgs, none where it is not sound; a district has few such pairs, and people share them."""
    words, known = frozenset(rules.roles), rules.known
    at_orgs: dict[tuple[str, str], tuple[Role, ...]] = {}

    def roles_here(role: str, orgs: str) -> tuple[Role, ...]:
        found = at_orgs.get((role, orgs))
        if found is None:
            ids = tuple(dict.fromkeys(orgs.split(",")))
            sound = role in words and _ID_LIST(orgs) and all(known.has("orgs", org) for org in ids)
            found = roles_at(read_word(role), ids) if sound and max(map(len, ids)) <= MAX_ID else ()
            if len(at_orgs) < 100_000:
                at_orgs[role, orgs] = found
        return found

    return roles_here


def _users(rules: Rules) -> Lane:
    pick = rules.pick(*_USER)
    width, delta, statuses = rules.width, rules.delta, _DELTA if rules.delta else _BULK
    roles_of = rules.roles_of
    known = rules.known
    has_flag = "enabledUser" in rules.at
    roles_here = _roles_in_the_row(rules)

    def read(rows: Rows) -> list[Record | None]:
        records: list[Record | None] = []
        add = records.append
        for row in rows:
            if len(row) != width:
                add(None)
                continue
            row.append("")
            (sourced_id, status, modified, enabled, orgs, role, username, given, family, middle, identifier, master, user_id,
             email, agents, grades, primary) = pick(row)  # fmt: skip
            roles = roles_here(role, orgs) if roles_of is None else roles_of(sourced_id)
            if (
                not (sourced_id and given and family and roles)
                or (has_flag and not enabled)
                or (not username and roles_of is None)
                or len(sourced_id) > MAX_ID
                or not _IDS(sourced_id)
                or status not in statuses
                or enabled not in _FLAGS
                or (read_time(modified) != modified if modified else delta)
                or (primary and not (_IDS(primary) and known.has("orgs", primary)))
                or (agents and not (_ID_LIST(agents) and len(agents) <= MAX_ID))
            ):
                row.pop()
                add(None)
                continue
            add(
                User(
                    sourced_id=sourced_id,
                    status=statuses[status],
                    date_last_modified=modified or None,
                    username=clean(username),
                    identifier=clean(identifier) or clean(master) or clean(user_id),
                    given_name=clean(given),
                    family_name=clean(family),
                    middle_name=clean(middle),
                    email=clean(email),
                    enabled=_FLAGS[enabled] or not has_flag,
                    roles=roles,
                    agent_sourced_ids=tuple(dict.fromkeys(agents.split(","))) if agents else (),
                    grades=tuple(filter(None, map(clean, grades.split(",")))) if grades else (),
                )
            )
        return records

    return read


def _classes(rules: Rules) -> Lane:
    pick = rules.pick(*_CLASS)
    width, delta, statuses = rules.width, rules.delta, _DELTA if rules.delta else _BULK
    known = rules.known
    kinds = {"homeroom", "scheduled"}

    def read_one(row: list[str]) -> Record | None:
        if len(row) != width:
            return None
        row.append("")
        sourced_id, status, modified, title, code, kind, course, school, terms, subjects, codes = pick(row)
        ids = f"{sourced_id}{course}{school}"
        if (
            not (sourced_id and course and school and terms and title)
            or kind not in kinds
            or len(ids) > MAX_ID
            or len(terms) > MAX_ID
            or not (_IDS(ids) and _ID_LIST(terms))
            or status not in statuses
            or (read_time(modified) != modified if modified else delta)
            or not (known.has("courses", course) and known.has("schools", school))
            or (subjects and codes and subjects.count(",") != codes.count(","))
            or not all(known.has("academicSessions", term) for term in terms.split(","))
        ):
            row.pop()
            return None
        return Class(
            sourced_id=sourced_id,
            status=statuses[status],
            date_last_modified=modified or None,
            title=clean(title),
            class_code=clean(code),
            class_type=kind,
            course_sourced_id=course,
            school_sourced_id=school,
            term_sourced_ids=tuple(dict.fromkeys(terms.split(","))),
        )

    return lambda rows: [read_one(row) for row in rows]


_LANES: Final[dict[Collection, Callable[[Rules], Lane]]] = {
    Collection.ENROLLMENTS: _enrollments,
    Collection.USERS: _users,
    Collection.CLASSES: _classes,
}
