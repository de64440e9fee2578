"""The demo room, registry: the district's records, and what hands out sourcedIds, usernames and times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

import msgspec

from oneroster_tui.demo import schoolyear
from oneroster_tui.demo.names import free_username
from oneroster_tui.records import (
    AcademicSession,
    Class,
    Collection,
    Course,
    Enrollment,
    Org,
    Record,
    Role,
    User,
)

STUDENT_DOMAIN = "students.example.org"
STAFF_DOMAIN = "example.org"
AGENT_DOMAIN = "mail.example.net"

R = TypeVar("R", bound=Record)


def seeded(purpose: str) -> Random:
    """A generator whose sequence depends on `purpose` alone, on every platform."""
    return Random(f"oneroster-tui demo: {purpose}")  # noqa: S311 - invented people, nothing secret


@dataclass
class District:
    """The generated district on one day; the dictionaries are keyed by sourcedId, in the order of creation."""

    start_year: int
    day: int = 1
    orgs: dict[str, Org] = field(default_factory=dict)
    academic_sessions: dict[str, AcademicSession] = field(default_factory=dict)
    courses: dict[str, Course] = field(default_factory=dict)
    classes: dict[str, Class] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    enrollments: dict[str, Enrollment] = field(default_factory=dict)
    _usernames: set[str] = field(default_factory=set, repr=False)
    _numbers: Counter[str] = field(default_factory=Counter, repr=False)
    _clock: Random = field(default_factory=lambda: seeded("times"), repr=False)

    def collection(self, name: Collection) -> Mapping[str, Record]:
        """The records of one collection, by sourcedId."""
        by_name: dict[Collection, Mapping[str, Record]] = {
            Collection.ORGS: self.orgs,
            Collection.ACADEMIC_SESSIONS: self.academic_sessions,
            Collection.COURSES: self.courses,
            Collection.CLASSES: self.classes,
            Collection.USERS: self.users,
            Collection.ENROLLMENTS: self.enrollments,
        }
        return by_name[name]

    @property
    def school_ids(self) -> tuple[str, ...]:
        """The 14 schools, in order."""
        return tuple(org.sourced_id for org in self.orgs.values() if org.type == "school")

    def now(self) -> str:
        """A `dateLastModified` for something done on the district's day."""
        if self.day == 1:
            return schoolyear.opening_time(self.start_year, self._clock)
        return schoolyear.day_time(self.start_year, self.day, self._clock)

    def begin_day(self, day: int) -> None:
        """From here on changes carry times of `day`."""
        self.day = day
        self._clock = seeded(f"times of day {day}")

    def changed(self, record: R, **fields: object) -> R:
        """`record` with other fields and the time of the district's day; not stored yet."""
        return msgspec.structs.replace(record, date_last_modified=self.now(), **fields)

    def add_person(
        self,
        role: str,
        given: str,
        family: str,
        schools: tuple[str, ...],
        *,
        agents: tuple[str, ...] = (),
        grade: str = "",
    ) -> User:
        """Create and store an active user with a new sourcedId, username and e-mail address."""
        self._numbers[role] += 1
        number = self._numbers[role]
        username = free_username(given, family, self._usernames)
        user = User(
            sourced_id=f"{role}-{number:05d}",
            date_last_modified=self.now(),
            username=username,
            identifier=self._identifier(role, number),
            given_name=given,
            family_name=family,
            email=email(username, role),
            roles=roles_at(schools, role),
            agent_sourced_ids=agents,
            grades=(grade,) if grade else (),
        )
        self.users[user.sourced_id] = user
        return user

    @staticmethod
    def _identifier(role: str, number: int) -> str:
        """The number a school office writes on paper: students and staff have one, families have none."""
        if role == "student":
            return f"S{100_000 + number * 7}"
        return f"E{role[0].upper()}{5_000 + number * 3}" if role in ("teacher", "aide", "administrator") else ""

    def new_username(self, given: str, family: str) -> str:
        """A username nobody has or had."""
        return free_username(given, family, self._usernames)

    def enroll(
        self, user: User, class_: Class, role: str, *, primary: bool = False, begin: str | None = None
    ) -> Enrollment:
        """Create and store an active enrollment, from `begin` (default: the class's first day) to the class's end."""
        self._numbers["enrollment"] += 1
        first, end = schoolyear.span(self.start_year, class_.term_sourced_ids)
        enrollment = Enrollment(
            sourced_id=f"enrollment-{self._numbers['enrollment']:06d}",
            date_last_modified=self.now(),
            class_sourced_id=class_.sourced_id,
            user_sourced_id=user.sourced_id,
            school_sourced_id=class_.school_sourced_id,
            role=role,
            is_primary=primary,
            # Whoever joins while a class is under way begins on that day; into a later term, with the term.
            begin_date=begin if begin and first < begin < end else first,
            end_date=end,
        )
        self.enrollments[enrollment.sourced_id] = enrollment
        return enrollment


def roles_at(schools: Iterable[str], role: str) -> tuple[Role, ...]:
    """One role at each of some schools, the first of them the primary one."""
    return tuple(
        Role(org_sourced_id=school, role=role, role_type="secondary" if number else "primary")
        for number, school in enumerate(schools)
    )


def email(username: str, role: str) -> str:
    """An address at a domain that is reserved for examples (RFC 2606)."""
    if role == "student":
        return f"{username}@{STUDENT_DOMAIN}"
    return f"{username}@{STAFF_DOMAIN if role in ('teacher', 'aide', 'administrator') else AGENT_DOMAIN}"
