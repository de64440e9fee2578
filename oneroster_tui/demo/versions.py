"""The demo room, versions: OneRoster 1.0 and 1.2 beside 1.1, as differences from it (spec 4.3, 4.5 and 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from oneroster_tui.demo.rendering import V1P1, Document, Links, Note, Rendering, filled, named
from oneroster_tui.demo.schools import DISTRICT
from oneroster_tui.records import Class, Collection, Course, Enrollment, Org, Record, Role, User


def _without(document: Document, *names: str) -> Document:
    return {name: value for name, value in document.items() if name not in names}


def _v1p0_org(org: Org, document: Document) -> Document:
    # 1.0 has no words for a district and for its departments
    return document | {"type": "local"} if org.type in ("district", "department") else document


def _v1p0_user(_: User, document: Document) -> Document:
    number = {"userId": document["identifier"]} if "identifier" in document else {}
    return _without(document, "userIds", "enabledUser", "middleName", "grades") | number


_V1P0_CHANGES: Mapping[type[Record], Callable[[Any, Document], Document]] = {
    Org: _v1p0_org,
    Course: lambda _, document: _without(document, "subjectCodes"),
    Class: lambda _, document: _without(document, "subjectCodes", "periods"),
    User: _v1p0_user,
    Enrollment: lambda _, document: _without(document, "beginDate", "endDate"),
}


def _v1p0_document(record: Record, links: Links) -> Document:
    """A record in 1.0's words: `inactive`, `userId`, a district as `local`; enrollments have no dates (spec 4.5)."""
    document = _without(V1P1.document(record, links), "schoolYear")
    change = _V1P0_CHANGES.get(type(record))
    if record.status == "tobedeleted":
        document["status"] = "inactive"
    return change(record, document) if change else document


def _v1p2_word(role: Role) -> str:
    """1.2 knows no `administrator` of whatever: it says of what (spec 4.3)."""
    if role.role != "administrator":
        return role.role
    return "districtAdministrator" if role.org_sourced_id == DISTRICT else "principal"


def _v1p2_user(user: User, document: Document, links: Links) -> Document:
    seen: set[str] = set()
    roles = []
    for role in user.roles:  # one, and only one, primary role for each org (spec 4.3)
        kind = "secondary" if role.org_sourced_id in seen else "primary"
        seen.add(role.org_sourced_id)
        org = links.one(Collection.ORGS, role.org_sourced_id)
        roles.append({"roleType": kind, "role": _v1p2_word(role), "org": org})
    own = {
        "userMasterIdentifier": user.identifier,
        "enabledUser": "true" if user.enabled else "false",
        "roles": roles,
        "primaryOrg": roles[0]["org"],
        "userProfiles": [
            {"profileId": f"urn:demo:{user.sourced_id}", "profileType": "sis", "vendorId": "demo", "credentials": []}
        ],
    }
    return filled(_without(document, "role", "orgs") | own)


def _v1p2_document(record: Record, links: Links) -> Document:
    """A record in 1.2's words: roles with orgs, booleans as text, `ext:` for what the vocabulary does not have."""
    document = V1P1.document(record, links)
    if isinstance(record, User):
        return _v1p2_user(record, document, links)
    if isinstance(record, Enrollment):
        document["primary"] = "true" if record.is_primary else "false"
        if record.role not in ("student", "teacher", "administrator", "proctor"):
            document["role"] = f"ext:{record.role}"
    return document


_V1P2_MINOR = {
    "unauthorized": "unauthorisedrequest",
    "unknown object": "unknownobject",
    "invalid data": "invaliddata",
    "invalid_blank_selection_field": "invalid_selection_field",
}
"""1.2's spelling of the minor codes (spec 2.4)."""


def _v1p2_status(notes: Sequence[Note]) -> Document:
    """1.2's one status object, in the bodies of failures only: nothing stands beside data (spec 2.6)."""
    errors = [note for note in notes if note.severity == "error"]
    if not errors:
        return {}
    fields = [
        {
            "imsx_codeMinorFieldName": "TargetEndSystem",
            "imsx_codeMinorFieldValue": _V1P2_MINOR.get(note.minor, note.minor),
        }
        for note in errors
    ]
    return {
        "imsx_codeMajor": "failure",
        "imsx_severity": "error",
        "imsx_description": " ".join(note.description for note in errors),
        "imsx_CodeMinor": {"imsx_codeMinorField": fields},
    }


V1P0 = replace(
    V1P1,
    base_path="/learningdata/v1",
    scopes=(),
    fields={
        Collection.ORGS: named("name type identifier parent children"),
        Collection.ACADEMIC_SESSIONS: named("title type startDate endDate parent children"),
        Collection.COURSES: named("title schoolYear courseCode grade subjects org"),
        Collection.CLASSES: named("title classCode classType location grade subjects course school terms"),
        Collection.USERS: named(
            "username userId givenName familyName role identifier email sms phone agents orgs demographics"
        ),
        Collection.ENROLLMENTS: named("user class school role primary"),
    },
    document=_v1p0_document,
)

V1P2 = replace(
    V1P1,
    base_path="/ims/oneroster/rostering/v1p2",
    scopes=tuple(scope.replace("v1p1", "v1p2") for scope in V1P1.scopes),
    fields={
        **V1P1.fields,
        Collection.USERS: named(
            "userMasterIdentifier username userIds enabledUser givenName familyName middleName preferredFirstName"
            " preferredMiddleName preferredLastName pronouns roles userProfiles primaryOrg identifier email sms phone"
            " agents grades password resources"
        ),
    },
    document=_v1p2_document,
    status=_v1p2_status,
    strict_fields=True,
)

RENDERINGS: Final[Mapping[str, Rendering]] = {"1.0": V1P0, "1.1": V1P1, "1.2": V1P2}
"""The versions the demo speaks."""
