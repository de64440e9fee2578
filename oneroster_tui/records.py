"""The vocabulary: what a provider sends, version-neutral.

Every dialect (1.0, 1.1, 1.2, CSV) ends in these Structs, already normalised: role words in lower case except for OneRoster's
own camelCase of 1.2, dates as `YYYY-MM-DD`, times as UTC `YYYY-MM-DDTHH:MM:SS.mmmZ`, `status` either `active` or
`tobedeleted`, blank text as "", an absent date or time as None. References are bare sourcedIds.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

Status = Literal["active", "tobedeleted"]
"""The provider's word on a record: section 4.1 of the 1.2 model; 1.0's `inactive` is read as `tobedeleted`."""


class Collection(StrEnum):
    """The six collections a sync reads, in the order that satisfies references."""

    ORGS = "orgs"
    ACADEMIC_SESSIONS = "academicSessions"
    COURSES = "courses"
    CLASSES = "classes"
    USERS = "users"
    ENROLLMENTS = "enrollments"


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What every OneRoster object has."""

    sourced_id: str
    status: Status = "active"
    date_last_modified: str | None = None


class Org(Record, frozen=True, kw_only=True, gc=False):
    """A school, district or other organisation; `type` in OneRoster's words (`school`, `district`, `ext:…`)."""

    name: str
    type: str
    identifier: str = ""
    parent_sourced_id: str | None = None


class AcademicSession(Record, frozen=True, kw_only=True, gc=False):
    """A school year, semester, term or grading period. `start_date` is inclusive, `end_date` exclusive (1.2 model)."""

    title: str
    type: str
    start_date: str | None = None
    end_date: str | None = None
    school_year: str = ""
    parent_sourced_id: str | None = None


class Course(Record, frozen=True, kw_only=True, gc=False):
    """A course of study, of which classes are given."""

    title: str
    course_code: str = ""
    org_sourced_id: str | None = None


class Class(Record, frozen=True, kw_only=True, gc=False):
    """A class of a course at a school, in the terms `term_sourced_ids`."""

    title: str
    class_code: str = ""
    class_type: str = ""
    course_sourced_id: str | None = None
    school_sourced_id: str | None = None
    term_sourced_ids: tuple[str, ...] = ()


class Role(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One role at one org; `role_type` is `primary` or `secondary` (1.1: the first org's role is the primary one)."""

    org_sourced_id: str
    role: str
    role_type: str = "primary"


class User(Record, frozen=True, kw_only=True, gc=False):
    """A person as one provider record. `agent_sourced_ids` are, for a student, parents, guardians and relatives."""

    username: str = ""
    identifier: str = ""
    given_name: str = ""
    family_name: str = ""
    middle_name: str = ""
    email: str = ""
    enabled: bool = True
    roles: tuple[Role, ...] = ()
    agent_sourced_ids: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()


class Enrollment(Record, frozen=True, kw_only=True, gc=False):
    """That a user takes part in a class, in a role. `end_date` is exclusive in the specification, a setting here."""

    class_sourced_id: str
    user_sourced_id: str
    school_sourced_id: str | None = None
    role: str
    is_primary: bool = False
    begin_date: str | None = None
    end_date: str | None = None


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A record, or a part of one, that could not be used.

    `severity` is `error` when the record was left out, `warning` when it was used with something forgiven.
    `code` is a stable short word in snake_case (`missing_sourced_id`, `bad_date`); `message` says which field and what was found.
    """

    entity: str
    sourced_id: str
    severity: Literal["error", "warning"]
    code: str
    message: str
