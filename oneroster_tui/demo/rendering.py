"""The demo room, rendering: how a version writes records and errors as JSON.

`V1P1` is OneRoster 1.1; `versions` has the others, as differences from it. Nothing else of the demo knows a version.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import uuid4

from oneroster_tui.demo.registry import District
from oneroster_tui.demo.schoolyear import YEAR
from oneroster_tui.records import AcademicSession, Class, Collection, Course, Enrollment, Org, Record, User

Document = dict[str, Any]
"""A record as JSON will show it."""

SINGULAR = {
    Collection.ORGS: "org",
    Collection.ACADEMIC_SESSIONS: "academicSession",
    Collection.COURSES: "course",
    Collection.CLASSES: "class",
    Collection.USERS: "user",
    Collection.ENROLLMENTS: "enrollment",
}
"""The key of a single object, and the `type` of a reference to one."""


class Links:
    """What a record's JSON says about other records: absolute references, and the children of an org or a session."""

    def __init__(self, district: District, base_url: str) -> None:
        self.base_url = base_url
        self._children: dict[str, list[str]] = defaultdict(list)
        family: tuple[Org | AcademicSession, ...] = (*district.orgs.values(), *district.academic_sessions.values())
        for record in family:
            if record.parent_sourced_id:
                self._children[record.parent_sourced_id].append(record.sourced_id)

    def one(self, collection: Collection, sourced_id: str | None) -> dict[str, str] | None:
        """A GUIDRef, OneRoster's reference to a record; None for no record."""
        if sourced_id is None:
            return None
        href = f"{self.base_url}/{collection}/{sourced_id}"
        return {"href": href, "sourcedId": sourced_id, "type": SINGULAR[collection]}

    def many(self, collection: Collection, sourced_ids: tuple[str, ...]) -> list[dict[str, str]]:
        """A list of GUIDRefs."""
        return [ref for sourced_id in sourced_ids if (ref := self.one(collection, sourced_id))]

    def children(self, collection: Collection, sourced_id: str) -> list[dict[str, str]]:
        """GUIDRefs of the records that name this one as their parent."""
        return self.many(collection, tuple(self._children.get(sourced_id, ())))


class Note(NamedTuple):
    """One remark on a request: severity `error` or `warning`, minor code, a sentence."""

    severity: str
    minor: str
    description: str


@dataclass(frozen=True)
class Rendering:
    """One version on the wire."""

    base_path: str
    scopes: tuple[str, ...]
    fields: Mapping[Collection, frozenset[str]]
    """The field names of each entity, those the demo leaves blank as well."""
    document: Callable[[Record, Links], Document]
    status: Callable[[Sequence[Note]], Document]
    """What stands in an error's body, or beside data when there are warnings."""
    strict_fields: bool = False
    """Whether an unknown name in `fields` is an error (1.2) rather than a warning (spec 2.5)."""


def _org(org: Org, links: Links) -> Document:
    return {
        "name": org.name,
        "type": org.type,
        "identifier": org.identifier,
        "parent": links.one(Collection.ORGS, org.parent_sourced_id),
        "children": links.children(Collection.ORGS, org.sourced_id),
    }


def _session(session: AcademicSession, links: Links) -> Document:
    return {
        "title": session.title,
        "type": session.type,
        "startDate": session.start_date,
        "endDate": session.end_date,
        "schoolYear": session.school_year,
        "parent": links.one(Collection.ACADEMIC_SESSIONS, session.parent_sourced_id),
        "children": links.children(Collection.ACADEMIC_SESSIONS, session.sourced_id),
    }


def _course(course: Course, links: Links) -> Document:
    return {
        "title": course.title,
        "schoolYear": links.one(Collection.ACADEMIC_SESSIONS, YEAR),
        "courseCode": course.course_code,
        "org": links.one(Collection.ORGS, course.org_sourced_id),
    }


def _class(class_: Class, links: Links) -> Document:
    return {
        "title": class_.title,
        "classCode": class_.class_code,
        "classType": class_.class_type,
        "course": links.one(Collection.COURSES, class_.course_sourced_id),
        "school": links.one(Collection.ORGS, class_.school_sourced_id),
        "terms": links.many(Collection.ACADEMIC_SESSIONS, class_.term_sourced_ids),
    }


def _user(user: User, links: Links) -> Document:
    return {
        "username": user.username,
        "userIds": [{"type": "Local", "identifier": user.identifier}] if user.identifier else [],
        "enabledUser": user.enabled,
        "givenName": user.given_name,
        "familyName": user.family_name,
        "middleName": user.middle_name,
        "role": user.roles[0].role,
        "identifier": user.identifier,
        "email": user.email,
        "agents": links.many(Collection.USERS, user.agent_sourced_ids),
        "orgs": links.many(Collection.ORGS, tuple(role.org_sourced_id for role in user.roles)),
        "grades": list(user.grades),
    }


def _enrollment(enrollment: Enrollment, links: Links) -> Document:
    return {
        "user": links.one(Collection.USERS, enrollment.user_sourced_id),
        "class": links.one(Collection.CLASSES, enrollment.class_sourced_id),
        "school": links.one(Collection.ORGS, enrollment.school_sourced_id),
        "role": enrollment.role,
        "primary": enrollment.is_primary,
        "beginDate": enrollment.begin_date,
        "endDate": enrollment.end_date,
    }


_V1P1_BODIES: Mapping[type[Record], Callable[[Any, Links], Document]] = {
    Org: _org,
    AcademicSession: _session,
    Course: _course,
    Class: _class,
    User: _user,
    Enrollment: _enrollment,
}


def _v1p1_document(record: Record, links: Links) -> Document:
    """A record in 1.1's words; what it does not have is left out, as the schema has it (no nulls, no blanks)."""
    body = _V1P1_BODIES[type(record)](record, links)
    return {
        "sourcedId": record.sourced_id,
        "status": record.status,
        "dateLastModified": record.date_last_modified,
        **filled(body),
    }


def filled(document: Document) -> Document:
    """The members that hold something."""
    return {name: value for name, value in document.items() if value is False or value}


def _v1p1_status(notes: Sequence[Note]) -> Document:
    """1.1's list of status objects, in the form certified providers answer with."""
    return {
        "statusInfoSet": [
            {
                "imsx_codeMajor": "success" if note.severity == "warning" else "failure",
                "imsx_severity": note.severity,
                "imsx_messageRefIdentifier": str(uuid4()),
                "imsx_description": note.description,
                "imsx_codeMinor": note.minor,
            }
            for note in notes
        ]
    }


def named(text: str) -> frozenset[str]:
    """The field names of an entity: the common ones and those in `text`."""
    return frozenset(("sourcedId", "status", "dateLastModified", "metadata", *text.split()))


V1P1 = Rendering(
    base_path="/ims/oneroster/v1p1",
    scopes=(
        "https://purl.imsglobal.org/spec/or/v1p1/scope/roster-core.readonly",
        "https://purl.imsglobal.org/spec/or/v1p1/scope/roster.readonly",
    ),
    fields={
        Collection.ORGS: named("name type identifier parent children"),
        Collection.ACADEMIC_SESSIONS: named("title type startDate endDate schoolYear parent children"),
        Collection.COURSES: named("title schoolYear courseCode grades subjects org subjectCodes resources"),
        Collection.CLASSES: named(
            "title classCode classType location grades subjects course school terms subjectCodes periods resources"
        ),
        Collection.USERS: named(
            "username userIds enabledUser givenName familyName middleName role identifier email sms phone agents orgs"
            " grades password"
        ),
        Collection.ENROLLMENTS: named("user class school role primary beginDate endDate"),
    },
    document=_v1p1_document,
    status=_v1p1_status,
)
