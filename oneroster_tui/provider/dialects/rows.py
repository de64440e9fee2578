"""The sick bay: one raw JSON object of a provider -> one record, whatever is wrong with it. Pure.

A `Row` hands out the fields of one object under any of their names, and notes what it had to do without. Field names
are 1.1's first, then those of 1.2, 1.0 and the flat CSV ones that some servers put into JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypedDict

from oneroster_tui.provider.dialects import values
from oneroster_tui.records import (
    AcademicSession,
    Class,
    Collection,
    Course,
    Enrollment,
    Org,
    Problem,
    Record,
    Role,
    Status,
    User,
)
from oneroster_tui.text import sanitise


def read_row(collection: Collection, raw: object) -> tuple[Record | None, list[Problem]]:
    """One object of a collection as a record, with what was forgiven (warnings); or None, with exactly one error.

    A field that is absent, null or blank is not a problem; one that is there and cannot be read is a warning when the
    record can do without it. A record cannot do without its sourcedId, nor an enrollment without class, user and role.

    Args:
        collection: what the object is one of; its name is the `entity` of the problems.
        raw: decoded JSON, of any shape. A CSV row as a mapping does, too.
    """
    entity = collection.value
    if not isinstance(raw, Mapping):
        message = f"expected an object, found {_shown(raw)}"
        return None, [Problem(entity=entity, sourced_id="", severity="error", code="not_an_object", message=message)]
    row = Row(entity, raw)
    try:
        return _READERS[collection](row), row.problems
    except _Unusable as reason:
        code, message = reason.args
        error = Problem(entity=entity, sourced_id=row.sourced_id, severity="error", code=code, message=message)
        return None, [error]


class _Unusable(Exception):
    """The row cannot become a record; args are the problem's code and message."""


class _Common(TypedDict):
    sourced_id: str
    status: Status
    date_last_modified: str | None


class Row:
    """The fields of one raw object. A method takes the names a field goes by, and the first that is filled counts."""

    __slots__ = ("_entity", "_raw", "problems", "sourced_id")

    def __init__(self, entity: str, raw: Mapping[str, object]) -> None:
        self._entity = entity
        self._raw = raw
        self.sourced_id = ""
        self.problems: list[Problem] = []

    def common(self) -> _Common:
        """What every OneRoster object has (spec 4.1).

        Raises:
            _Unusable: without a usable sourcedId.
        """
        self.sourced_id = self.need_ref("sourcedId")
        return {
            "sourced_id": self.sourced_id,
            "status": self._status(),
            "date_last_modified": self._moment("time", values.read_time, "dateLastModified"),
        }

    def text(self, *names: str) -> str:
        """Text; a number is written out (`identifier: 123`), a list of one is its member; "" when there is none."""
        name, found = self._find(names)
        text = _as_text(found)
        if text is None:
            self._warn("bad_text", name, "text", found)
        return values.clean(text or "")

    def word(self, *names: str) -> str:
        """A word of a vocabulary: a role, a type."""
        return values.read_word(self.text(*names))

    def flag(self, name: str, default: bool) -> bool:
        """A boolean in any of its spellings; `default` when absent or unreadable."""
        name, found = self._find((name,))
        if found is None:
            return default
        key = found.strip().lower() if isinstance(found, str) else found
        flag = values.FLAGS.get(key) if isinstance(key, (str, int, float)) else None
        if flag is None:
            self._warn("bad_boolean", name, "true or false", found)
            return default
        return flag

    def day(self, name: str) -> str | None:
        """A date as `YYYY-MM-DD`."""
        return self._moment("date", values.read_date, name)

    def ref(self, *names: str) -> str | None:
        """The sourcedId of a reference: `{"sourcedId": …}` or the bare id (spec 4.2); None when there is none."""
        name, found = self._find(names)
        if isinstance(found, list):
            if len(found) > 1:
                self._warn("many_references", name, "one reference", found)
            found = found[0] if found else None
        return self._id(name, found)

    def need_ref(self, *names: str) -> str:
        """A reference without which there is no record.

        Raises:
            _Unusable: `missing_…` or `bad_…` with the field's name in snake_case.
        """
        before = len(self.problems)
        found = self.ref(*names)
        if found is None:
            field = names[0]
            code = "sourced_id" if field == "sourcedId" else field
            if len(self.problems) > before:
                raise _Unusable(f"bad_{code}", self.problems[-1].message)
            raise _Unusable(f"missing_{code}", f"{field} is missing")
        return found

    def refs(self, *names: str) -> tuple[str, ...]:
        """References, in order and each once: a list, or a single one; the flat CSV form is a list with commas."""
        name, found = self._find(names)
        if isinstance(found, str) and name.endswith(("SourcedIds", "SourcedId")):
            found = found.split(",")
        members = found if isinstance(found, list) else [found]
        ids = (self._id(name, member) for member in members)
        return tuple(dict.fromkeys(found_id for found_id in ids if found_id is not None))

    def texts(self, *names: str) -> tuple[str, ...]:
        """A list of texts, blanks left out; a single text is a list of one, or more with commas."""
        name, found = self._find(names)
        members = found if isinstance(found, list) else found.split(",") if isinstance(found, str) else [found]
        texts = []
        for member in members:
            text = _as_text(member)
            if text is None:
                self._warn("bad_text", name, "a list of texts", member)
            elif text := values.clean(text):
                texts.append(text)
        return tuple(texts)

    def rows(self, name: str) -> list[Row]:
        """Objects inside this one (1.2's roles), whose problems are noted here; a bare word is its `role`."""
        _, found = self._find((name,))
        inner = []
        for member in found if isinstance(found, list) else [found]:
            if isinstance(member, str):
                member = {"role": member}
            if isinstance(member, Mapping):
                row = Row(self._entity, member)
                row.sourced_id, row.problems = self.sourced_id, self.problems
                inner.append(row)
            elif member is not None:
                self._warn("bad_object", name, "an object", member)
        return inner

    def _find(self, names: tuple[str, ...]) -> tuple[str, object]:
        """The first name that holds something, and what; else the first name and None. Blank text is nothing."""
        for name in names:
            found = self._raw.get(name)
            if found is None or found == [] or (isinstance(found, str) and not found.strip()):
                continue
            return name, found
        return names[0], None

    def _status(self) -> Status:
        name, found = self._find(("status",))
        word = _as_text(found)
        status = values.STATUS.get(values.clean(word).lower()) if word is not None else None
        if status is None:  # nothing is ever removed on a word nobody knows
            self._warn("bad_status", name, "active or tobedeleted", found)
            return "active"
        return status

    def _moment(self, kind: str, read: Callable[[str], str | None], name: str) -> str | None:
        name, found = self._find((name,))
        text = _as_text(found)
        moment = read(values.clean(text)) if text is not None else None
        if moment is None:
            self._warn(f"bad_{kind}", name, f"a {kind}", found)
        return moment or None

    def _id(self, name: str, found: object) -> str | None:
        if isinstance(found, Mapping):
            found = found.get("sourcedId")
            if found is None:
                self._warn("bad_reference", name, "a reference with a sourcedId", None)
                return None
        text = _as_text(found)
        if text is not None and not text.strip():
            return None
        sourced_id = values.read_id(text) if text is not None else None
        if sourced_id is None:
            expected = f"a sourcedId of at most {values.MAX_ID} characters without control characters"
            self._warn("bad_reference", name, expected, found)
        return sourced_id

    def _warn(self, code: str, name: str, expected: str, found: object) -> None:
        message = f"{name}: expected {expected}, found {_shown(found)}"
        self.problems.append(
            Problem(entity=self._entity, sourced_id=self.sourced_id, severity="warning", code=code, message=message)
        )


def _as_text(found: object) -> str | None:
    """The text of a JSON value that has one; "" for null and for an empty list, None for what cannot be text."""
    if isinstance(found, list):
        if len(found) > 1:
            return None
        found = found[0] if found else None
    if found is None:
        return ""
    if isinstance(found, str):
        return found
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        return None
    return str(int(found)) if isinstance(found, int) or found.is_integer() else str(found)


def _shown(found: object) -> str:
    """A remote value for a message: short, and safe to print."""
    if isinstance(found, str):
        return f"“{sanitise(found[:200], 60)}”"
    if isinstance(found, Mapping):
        return "an object"
    if isinstance(found, list):
        return f"a list of {len(found):,}"
    return "nothing" if found is None else sanitise(str(found), 60)


def _org(row: Row) -> Org:
    return Org(
        **row.common(),
        name=row.text("name"),
        type=row.word("type"),
        identifier=row.text("identifier"),
        parent_sourced_id=row.ref("parent", "parentSourcedId"),
    )


def _academic_session(row: Row) -> AcademicSession:
    return AcademicSession(
        **row.common(),
        title=row.text("title"),
        type=row.word("type"),
        start_date=row.day("startDate"),
        end_date=row.day("endDate"),
        school_year=row.text("schoolYear"),
        parent_sourced_id=row.ref("parent", "parentSourcedId"),
    )


def _course(row: Row) -> Course:
    return Course(
        **row.common(),
        title=row.text("title"),
        course_code=row.text("courseCode"),
        org_sourced_id=row.ref("org", "orgSourcedId"),
    )


def _class(row: Row) -> Class:
    return Class(
        **row.common(),
        title=row.text("title"),
        class_code=row.text("classCode"),
        class_type=row.word("classType"),
        course_sourced_id=row.ref("course", "courseSourcedId"),
        school_sourced_id=row.ref("school", "schoolSourcedId"),
        term_sourced_ids=row.refs("terms", "termSourcedIds", "termSourcedId"),
    )


def _user(row: Row) -> User:
    """A person. What stands in for a missing `identifier`: 1.2's master identifier, which means the same person in every
    system, and 1.0's `userId` (spec 4.3, 4.5). Preferred names, profiles and demographics are not read."""
    return User(
        **row.common(),
        username=row.text("username"),
        identifier=row.text("identifier", "userMasterIdentifier", "userId"),
        given_name=row.text("givenName"),
        family_name=row.text("familyName"),
        middle_name=row.text("middleName"),
        email=row.text("email"),
        enabled=row.flag("enabledUser", default=True),
        roles=_listed_roles(row) or _roles_by_org(row),
        agent_sourced_ids=row.refs("agents", "agentSourcedIds"),
        grades=row.texts("grades", "grade"),
    )


def _listed_roles(row: Row) -> tuple[Role, ...]:
    """The roles of 1.2: each names its org and whether it is the primary one (spec 4.3)."""
    roles: list[Role] = []
    for item in row.rows("roles"):
        kind = item.word("roleType")
        if kind not in ("primary", "secondary"):
            kind = "secondary" if roles else "primary"
        org = item.ref("org", "orgSourcedId") or row.ref("primaryOrg") or ""
        role = Role(org_sourced_id=org, role=item.word("role"), role_type=kind)
        if role not in roles and (role.role or role.org_sourced_id):
            roles.append(role)
    return tuple(roles)


def _roles_by_org(row: Row) -> tuple[Role, ...]:
    """One role word and a list of orgs (1.1, 1.0): a role at each, the first being the primary one (spec 6).

    Neither half is lost without the other: a parent without an org is still a parent (`org_sourced_id` ""), and
    a person without a role still belongs to the school (`role` "").
    """
    word = row.word("role")
    orgs = row.refs("orgs", "orgSourcedIds", "org", "orgSourcedId", "primaryOrg", "primaryOrgSourcedId")
    if not orgs:
        return (Role(org_sourced_id="", role=word),) if word else ()
    return roles_at(word, orgs)


def roles_at(word: str, orgs: tuple[str, ...]) -> tuple[Role, ...]:
    """The same role at each of some orgs; shared with the fast path."""
    first = Role(org_sourced_id=orgs[0], role=word)
    if len(orgs) == 1:
        return (first,)
    return (first, *(Role(org_sourced_id=org, role=word, role_type="secondary") for org in orgs[1:]))


def _enrollment(row: Row) -> Enrollment:
    common = row.common()
    class_id = row.need_ref("class", "classSourcedId")
    user_id = row.need_ref("user", "userSourcedId")
    role = row.word("role")
    if not role:
        raise _Unusable("missing_role", "role is missing or unreadable")
    return Enrollment(
        **common,
        class_sourced_id=class_id,
        user_sourced_id=user_id,
        school_sourced_id=row.ref("school", "schoolSourcedId"),
        role=role,
        is_primary=row.flag("primary", default=False),
        begin_date=row.day("beginDate"),
        end_date=row.day("endDate"),
    )


_READERS: dict[Collection, Callable[[Row], Record]] = {
    Collection.ORGS: _org,
    Collection.ACADEMIC_SESSIONS: _academic_session,
    Collection.COURSES: _course,
    Collection.CLASSES: _class,
    Collection.USERS: _user,
    Collection.ENROLLMENTS: _enrollment,
}
