"""The roster's rows as Moodle's users, courses, categories, enrolments and parents; shared by the files and the push."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from oneroster_tui.config import Settings
from oneroster_tui.export.moodle import fields
from oneroster_tui.export.report import Report
from oneroster_tui.roster.queries import moodle as queries
from oneroster_tui.roster.queries.export import Extract


class Category(NamedTuple):
    """An org; `path` is the names from the top, `parent` the org above it or None."""

    sourced_id: str
    id_number: str
    name: str
    parent: str | None
    path: tuple[str, ...]


class Course(NamedTuple):
    """A class; `category` is its school's sourcedId, dates in seconds since 1970 or 0."""

    sourced_id: str
    id_number: str
    short_name: str
    full_name: str
    category: str
    start: str
    end: str
    active: bool


class User(NamedTuple):
    """A person; `suspended` where the account is not enabled, `active` where the roster still has them."""

    sourced_id: str
    id_number: str
    username: str
    first_name: str
    last_name: str
    middle_name: str
    email: str
    suspended: bool
    active: bool


class Enrolment(NamedTuple):
    """An enrollment: people and courses by their idnumbers, the role by its short name, times in seconds since 1970 or 0.

    Not `good` where it would end before it starts, which Moodle does not take.
    """

    course: str
    user: str
    role: str
    start: int
    end: int
    sourced_id: str
    good: bool


class Parent(NamedTuple):
    """A relationship: people by their idnumbers, the role by its short name (or ""), `relation` OneRoster's word for it."""

    parent: str
    parent_username: str
    child: str
    child_username: str
    role: str
    relation: str
    active: bool


class Reading:
    """What Moodle is told of a roster.

    Args:
        settings: for [moodle], the source's name and the rule of end dates.
        report: what cannot be told is counted there.
    """

    def __init__(self, found: Extract, settings: Settings, report: Report) -> None:
        self.found = found
        self.settings = settings
        self.moodle = settings.moodle
        self.report = report
        self.unmapped: dict[str, int] = {}
        self.left_out: set[str] = set()
        """The idnumbers of active people that Moodle cannot have; complete once `users` was read."""
        self.orgs = {
            sourced_id: (fields.plain(name, fields.CATEGORY_NAME).replace(" / ", "/") or sourced_id, identifier, parent)
            for sourced_id, name, identifier, parent in queries.orgs(found)
        }

    def id_of(self, sourced_id: str, limit: int) -> str:
        """The idnumber of a record."""
        return fields.id_number(self.settings.source, sourced_id, limit)

    def path(self, org: str) -> tuple[str, ...]:
        """An org's sourcedId and those above it, the top first; a circle is cut."""
        above: list[str] = []
        step: str | None = org
        while step and step in self.orgs and step not in above:
            above.append(step)
            step = self.orgs[step][2]
        return tuple(reversed(above))

    def category(self, org: str) -> Category:
        """An org as a category; one that nobody listed goes by its sourcedId."""
        path = self.path(org) or (org,)
        names = tuple(self.orgs[one][0] if one in self.orgs else one for one in path)
        parent = path[-2] if len(path) > 1 else None
        return Category(org, self.id_of(org, fields.CATEGORY_ID), names[-1], parent, names)

    def categories(self, schools: set[str]) -> Iterator[Category]:
        """The categories that some schools need, those above before those below."""
        seen: set[str] = set()
        for school in sorted(schools):
            for org in self.path(school) or (school,):
                if org not in seen:
                    seen.add(org)
                    yield self.category(org)

    def courses(self) -> Iterator[Course]:
        """Every class of this reading, also those that are no longer active."""
        taken: set[str] = set()
        for active, wanted, sourced_id, title, code, course_code, school, start, end in queries.classes(self.found):
            identifier = self.orgs[school][1] if school in self.orgs else ""
            values = {
                "title": title,
                "class_code": code,
                "course_code": course_code,
                "school": identifier or school,
                "sourced_id": sourced_id,
            }
            wish = self.moodle.course_shortname.format_map(values) if self.moodle.course_shortname else code
            short = fields.plain(wish, fields.SHORT_NAME) or fields.plain(sourced_id, fields.SHORT_NAME)
            if short.casefold() in taken:  # the oldest class keeps the plain name: a course's short name must last
                short = fields.id_number(short, sourced_id, fields.SHORT_NAME).replace(":", " ", 1)
            taken.add(short.casefold())
            if wanted:
                full = fields.plain(title, fields.FULL_NAME) or short
                yield Course(
                    *(sourced_id, self.id_of(sourced_id, fields.COURSE_ID), short, full),
                    *(school, start or "", end or "", bool(active)),
                )

    def users(self) -> Iterator[User]:
        """Every person of this reading that Moodle can have: who is active first, so that a name goes to them."""
        taken: set[str] = set()
        for active, enabled, sourced_id, name, identifier, given, family, middle, email in queries.users(self.found):
            username = username_of(name, sourced_id)
            address = fields.email(email)
            if not address and self.moodle.missing_email:
                address = fields.email(
                    self.moodle.missing_email.format(
                        username=username,
                        identifier=identifier,
                        given_name=given,
                        family_name=family,
                        middle_name=middle,
                        email="",
                        sourced_id=sourced_id,
                    )
                )
            wrong = (
                "empty, which Moodle does not take"
                if not username
                else "of somebody else, too"
                if username in taken
                else ""
            )
            if active and wrong:
                self.report.gap("users", "username", wrong, sourced_id)
            if active and not address:
                self.report.gap("users", "email", "empty or none, which Moodle does not take", sourced_id)
            if wrong or (active and not address):
                if active:
                    self.left_out.add(self.id_of(sourced_id, fields.USER_ID))
                continue
            taken.add(username)
            first, last = fields.plain(given, fields.NAME), fields.plain(family, fields.NAME)
            yield User(
                *(sourced_id, self.id_of(sourced_id, fields.USER_ID), username, first or "-", last or "-"),
                *(fields.plain(middle, fields.NAME), address, not enabled, bool(active)),
            )

    def enrolments(self, *, active: bool) -> Iterator[Enrolment]:
        """The enrollments with a role that Moodle knows."""
        rule = self.settings.sync.end_date
        for class_, user, role, begin, end, sourced_id in queries.enrollments(self.found, active=active):
            short = self.moodle.role(role)
            if not short:
                if active:
                    self.unmapped[role] = self.unmapped.get(role, 0) + 1
                continue
            start, stop = fields.begins(begin), fields.ends(end, rule)
            good = not stop or stop > start
            if active and not good:
                self.report.gap("enrolments", "end", "not after its start", sourced_id)
            course, person = self.id_of(class_, fields.COURSE_ID), self.id_of(user, fields.USER_ID)
            yield Enrolment(course, person, short, start, stop, sourced_id, good)

    def parents(self) -> Iterator[Parent]:
        """The relationships, whatever Moodle makes of their role."""
        for active, agent, agent_name, student, student_name, role in queries.relationships(self.found):
            yield Parent(
                *(self.id_of(agent, fields.USER_ID), username_of(agent_name, agent)),
                *(self.id_of(student, fields.USER_ID), username_of(student_name, student)),
                *(self.moodle.role(role), role),
                active=bool(active),
            )

    def note_unmapped(self) -> None:
        """Says which roles were passed over."""
        for role, count in sorted(self.unmapped.items()):
            self.report.notes.append(
                f"{count:,} enrollments as {role} are left out: [moodle.roles] has no role of Moodle for them."
            )


def username_of(name: str, sourced_id: str) -> str:
    """A person's user name in Moodle's letters; made of the sourcedId where none of the name's are."""
    return fields.username(name) or fields.username(sourced_id)
