"""What becomes of a record: what is kept of a page, and what is not, decided record by record and put on the stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from typing import Any, Final, cast

import msgspec

from oneroster_tui.config import Settings
from oneroster_tui.provider.dialects import Page
from oneroster_tui.records import Class, Collection, Enrollment, Problem, Record, Role, User
from oneroster_tui.sync import duplicates, merge, plan
from oneroster_tui.sync.entities import BY_COLLECTION, CLASSES, COURSES, ENROLLMENTS, ORGS, USERS, Entity
from oneroster_tui.sync.events import Emit, Note, ProblemFound
from oneroster_tui.sync.stage import Stage
from oneroster_tui.sync.usernames import username_maker
from oneroster_tui.text import sanitise

FAMILY_ROLES = ("parent", "guardian", "relative")
"""What an agent is to a student, before any other role the same person may have."""

SHOWN_PROBLEMS = 10
"""How many problems of one kind the log shows before it only counts them."""

TOGETHER: Final = 500
"""Enrollments that are staged at a time, at least. Of a page hardly one may be new, and each staging is a transaction whose
statements let go of Python's lock, beside threads that fetch and decode: page by page, at 200 rows a page, it took a tenth
of an unchanged run."""

Filed = tuple[list[tuple[Any, ...]], list[tuple[str, str]]]
"""What becomes of a page: rows to stage, and (sourcedId, reason) of what is not kept."""


@dataclass(slots=True)
class Pulled:
    """What a pull proved.

    Attributes:
        incomplete: for each table not provably complete, a sentence.
        unidentified: tables of which a record came without a usable sourcedId.
    """

    incomplete: dict[str, str] = field(default_factory=dict)
    unidentified: set[str] = field(default_factory=set)

    def proves_absence(self, entity: Entity) -> bool:
        """Whether a stored row that was not read is no longer listed."""
        return entity.table not in self.incomplete and entity.table not in self.unidentified


class Taking:
    """Takes pages of records.

    Args:
        today: the date by which `terms = "current"` judges.

    Attributes:
        pulled: what is proved so far.
        repeated: rows of the present reading that had come before, on another page.
        sessions: sourcedId -> start and end.
        classes: sourcedId -> "kept", or why it is not.
        class_ids: sourcedId -> local id, of the kept classes.
    """

    def __init__(self, settings: Settings, stage: Stage, emit: Emit, today: date) -> None:
        self.settings = settings
        self.stage = stage
        self.emit = emit
        self.today = today.isoformat()
        self.selected = frozenset(settings.schools.sync)
        self.roles = {role.casefold(): local for role, local in settings.role_mapping.items() if local}
        self.pulled = Pulled()
        self.repeated = 0
        self.waiting: list[Filed] = []  # pages of enrollments that were taken and are not staged yet
        self.merging = settings.sync.merge_users
        # Who is who is known early only where every record is a person of its own.
        self.deciding_late = self.merging != "none" or self.has_merged()
        self.username = username_maker(settings.sync.username)
        self.sessions: dict[str, tuple[str | None, str | None]] = {}
        self.classes: dict[str, str] = {}
        self.class_ids: dict[str, int] = {}
        self.problem_kinds: dict[tuple[str, str], int] = {}
        self.unmapped: Counter[str] = Counter()  # role -> enrollments that are not kept for it

    def has_merged(self) -> bool:
        """Whether any stored user means, or meant, more than one provider record."""
        return merge.is_merged(self.stage.roster, self.stage.source_id)

    def take_problems(self, entity: Entity, problems: Sequence[Problem]) -> None:
        """Records what could not be used; a row that is listed but broken must not count as absent."""
        for found in problems:
            problem = msgspec.structs.replace(found, entity=entity.table)
            self.problem(problem)
            if problem.severity == "error" and problem.sourced_id:
                self.file_waiting()  # of two reasons the one that came first is noted
                self.stage.drop_records(entity, [(problem.sourced_id, "broken")])
            elif problem.severity == "error":
                self.pulled.unidentified.add(entity.table)

    def problem(self, problem: Problem) -> None:
        """Records a problem and shows it, as long as its kind is not too common."""
        kind = (problem.entity, problem.code)
        self.problem_kinds[kind] = self.problem_kinds.get(kind, 0) + 1
        self.stage.add_problem(problem)
        if self.problem_kinds[kind] <= SHOWN_PROBLEMS:
            self.emit(ProblemFound(problem))

    def report_unmapped(self) -> None:
        """Says how many enrollments were left out because nobody mapped their role: a slip there would lose a whole role."""
        for role, count in sorted(self.unmapped.items()):
            self.emit(Note(f"Not kept: {count:,} enrollments as {sanitise(role, 60)}, a role that is not mapped"))

    def report_hidden_problems(self) -> None:
        """Says how many problems of each kind were not shown one by one."""
        for (entity, code), count in self.problem_kinds.items():
            if count > SHOWN_PROBLEMS:
                text = f"{code}: {count - SHOWN_PROBLEMS:,} more, all in the run's record"
                self.emit(
                    ProblemFound(Problem(entity=entity, sourced_id="", severity="warning", code=code, message=text))
                )

    def file(self, entity: Entity, *pages: Filed) -> None:
        """Stages the rows of some pages; where some were there already, sees what that means."""
        rows = list(chain.from_iterable(rows for rows, _ in pages))
        again = self.stage.add(entity, rows)
        if again:
            for problem in duplicates.differing(self.stage, entity, rows):
                self.problem(problem)
        again += self.stage.drop_records(entity, list(chain.from_iterable(dropped for _, dropped in pages)))
        if again:
            self.repeated += duplicates.from_other_pages(pages, again)

    def file_waiting(self) -> None:
        """Stages the enrollments that were taken and wait."""
        pages, self.waiting = self.waiting, []
        self.file(ENROLLMENTS, *pages)

    def take_orgs(self, page: Page) -> None:
        """Orgs: all that the provider lists."""
        living, dropped = split(page.records)
        rows = [
            (o.sourced_id, o.name, o.type, o.identifier, o.parent_sourced_id, o.date_last_modified, 1) for o in living
        ]
        self.file(ORGS, (rows, dropped))

    def take_sessions(self, page: Page) -> None:
        """Academic sessions: all that the provider lists."""
        living, dropped = split(page.records)
        for s in living:
            self.sessions[s.sourced_id] = (s.start_date, s.end_date)
        rows = [
            (
                s.sourced_id,
                s.title,
                s.type,
                s.start_date,
                s.end_date,
                s.school_year,
                s.parent_sourced_id,
                s.date_last_modified,
                1,
            )
            for s in living
        ]
        self.file(BY_COLLECTION[Collection.ACADEMIC_SESSIONS], (rows, dropped))

    def take_courses(self, page: Page) -> None:
        """Courses: those of the selected schools; which others a kept class names is known later."""
        living, dropped = split(page.records)
        rows = [
            (
                c.sourced_id,
                c.title,
                c.course_code,
                c.org_sourced_id,
                c.date_last_modified,
                int(c.org_sourced_id in self.selected),
            )
            for c in living
        ]
        self.file(COURSES, (rows, dropped))

    def take_classes(self, page: Page) -> None:
        """Classes: those of the selected schools, with the span of their terms."""
        rows, dropped = [], []
        for c in cast("list[Class]", page.records):
            fate = self.class_fate(c)
            if fate != "broken" and self.classes.get(c.sourced_id) != "kept":
                self.classes[c.sourced_id] = fate
            if fate != "kept":
                dropped.append((c.sourced_id, fate))
                continue
            start, end = self.span(c)
            terms = msgspec.json.encode(sorted(set(c.term_sourced_ids))).decode()
            rows.append(
                (
                    c.sourced_id,
                    c.title,
                    c.class_code,
                    c.class_type,
                    c.course_sourced_id,
                    c.school_sourced_id,
                    start,
                    end,
                    terms,
                    c.date_last_modified,
                    1,
                )
            )
        self.file(CLASSES, (rows, dropped))

    def class_fate(self, record: Class) -> str:
        """`kept`, or why a class is not."""
        if record.status == "tobedeleted":
            return "tobedeleted"
        if record.school_sourced_id is None:
            self.problem(
                Problem(
                    entity=CLASSES.table,
                    sourced_id=record.sourced_id,
                    severity="error",
                    code="missing_school",
                    message="school: is missing, so nobody can tell whether it is a selected one",
                )
            )
            return "broken"
        if record.school_sourced_id not in self.selected:
            return "out_of_scope"
        if self.settings.sync.terms == "current":
            terms = [self.sessions[term] for term in record.term_sourced_ids if term in self.sessions]
            if terms and not any(self.is_running(start, end) for start, end in terms):
                return "filtered"
        return "kept"

    def span(self, record: Class) -> tuple[str | None, str | None]:
        """The first start and the last end of a kept class's terms; terms that nobody listed are a warning."""
        starts, ends = [], []
        for term in record.term_sourced_ids:
            if term not in self.sessions:
                self.problem(dangling("classes", record, "unknown_term", f"terms: names {term}"))
                continue
            start, end = self.sessions[term]
            starts.append(start)
            ends.append(end)
        return (
            min((start for start in starts if start), default=None),
            max((end for end in ends if end), default=None),
        )

    def is_running(self, start: str | None, end: str | None) -> bool:
        """Whether today lies in a term, by the rule of `end_date`; an open end is no end."""
        ended = end is not None and (
            end <= self.today if self.settings.sync.end_date == "exclusive" else end < self.today
        )
        return not ended and (start is None or start <= self.today)

    def take_users(self, page: Page) -> None:
        """Users: those with an org among the selected schools; agents and enrolled people join them later."""
        self.stage.round += 1
        rows: list[tuple[Any, ...]] = []
        dropped: list[tuple[str, str]] = []
        agents: list[tuple[str, str]] = []
        for u, fingerprint in zip(cast("list[User]", page.records), prints_of(page), strict=True):
            if u.status == "tobedeleted":
                dropped.append((u.sourced_id, "tobedeleted"))
                continue
            wanted = any(role.org_sourced_id in self.selected for role in u.roles)
            is_student = any(role.role == "student" for role in u.roles)
            own = self.agent_columns(u, is_student=is_student)
            rows.append((*self.user_row(u), *own, fingerprint, self.stage.round if wanted else 0))
            if is_student:
                agents.extend((u.sourced_id, agent) for agent in u.agent_sourced_ids)
        self.file(USERS, (rows, dropped))
        self.stage.add_agents(agents)
        if rows and not self.deciding_late:
            plan.decide(self.stage, USERS, self.stage.round, self.emit)

    def user_row(self, u: User) -> tuple[Any, ...]:
        """A user's sourcedId and columns; lists as canonical JSON, so that their order never makes a difference."""
        return (
            u.sourced_id,
            self.username(u),
            u.identifier,
            u.given_name,
            u.family_name,
            u.middle_name,
            u.email,
            u.enabled,
            roles_text(u.roles),
            msgspec.json.encode(sorted(set(u.agent_sourced_ids))).decode(),
            u.date_last_modified,
        )

    def agent_columns(self, u: User, *, is_student: bool) -> tuple[Any, ...]:
        """What a user would be to a student, with the local role for it, and what it is called."""
        role = agent_role(u.roles)
        return int(is_student), role, self.roles.get(role.casefold()) if role else None, u.username.casefold(), None

    def own_columns(self, roles: list[Role]) -> tuple[bool, bool, tuple[Any, ...]]:
        """What a stored person's roles say: wanted for an org, a student, and the columns for the sync's own use."""
        is_student = any(role.role == "student" for role in roles)
        role = agent_role(roles)
        local = self.roles.get(role.casefold()) if role else None
        wanted = any(role.org_sourced_id in self.selected for role in roles)
        return wanted, is_student, (int(is_student), role, local, "", None, None)

    def take_enrollments(self, page: Page) -> None:
        """Enrollments: of the kept classes, with a mapped role."""
        rows, dropped = [], []
        for e, fingerprint in zip(cast("list[Enrollment]", page.records), prints_of(page), strict=True):
            fate = self.enrollment_fate(e)
            if fate != "kept":
                dropped.append((e.sourced_id, fate))
                if fate == "role_not_mapped":
                    self.unmapped[e.role] += 1
                continue
            rows.append(
                (
                    e.sourced_id,
                    self.class_ids[e.class_sourced_id],
                    None,
                    e.school_sourced_id,
                    e.role,
                    self.roles[e.role.casefold()],
                    e.is_primary,
                    e.begin_date,
                    e.end_date,
                    e.date_last_modified,
                    e.user_sourced_id,
                    fingerprint,
                    1,
                )
            )
        if rows or dropped:
            self.waiting.append((rows, dropped))
        if sum(len(rows) + len(dropped) for rows, dropped in self.waiting) >= TOGETHER:
            self.file_waiting()

    def enrollment_fate(self, record: Enrollment) -> str:
        """`kept`, or why an enrollment is not."""
        if record.status == "tobedeleted":
            return "tobedeleted"
        fate = self.classes.get(record.class_sourced_id) or self.fate_of_unlisted_class(record.class_sourced_id)
        if fate == "kept":
            return "kept" if record.role.casefold() in self.roles else "role_not_mapped"
        if fate != "unknown":
            return "class_removed" if fate == "tobedeleted" else fate
        if record.school_sourced_id is not None and record.school_sourced_id not in self.selected:
            return "out_of_scope"
        self.problem(
            dangling("enrollments", record, "unknown_class", f"class: names {record.class_sourced_id}", "error")
        )
        return "broken"

    def fate_of_unlisted_class(self, sourced_id: str) -> str:
        """A class that was not among the readable records: stored ones go, unless they were listed but broken."""
        stored = self.stage.execute(
            "SELECT id, status, school_sourced_id FROM classes WHERE source_id = ? AND sourced_id = ?",
            (self.stage.source_id, sourced_id),
        ).fetchone()
        fate = "unknown"
        if stored is not None:
            broken = self.stage.value(
                "SELECT 1 FROM dropped WHERE entity = 'classes' AND sourced_id = ? AND reason = 'broken'", (sourced_id,)
            )
            local_id, status, school = stored
            stays = "kept" if broken and status == "active" else "class_removed"
            fate = stays if school in self.selected else "out_of_scope"
            if fate == "kept":
                self.class_ids[sourced_id] = local_id
        self.classes[sourced_id] = fate
        return fate


def prints_of(page: Page) -> Sequence[int | None]:
    """The fingerprint of each record of a page; None for each where there are none."""
    return page.prints or [None] * len(page.records)


def roles_text(roles: Sequence[Role]) -> str:
    """Roles as canonical JSON, so that their order never makes a difference."""
    ordered = sorted(set(roles), key=lambda role: (role.role_type, role.org_sourced_id, role.role))
    return msgspec.json.encode(ordered).decode()


def split(records: Sequence[Any]) -> tuple[list[Any], list[tuple[str, str]]]:
    """Records that live, and those that do not as (sourcedId, reason)."""
    living = [record for record in records if record.status == "active"]
    return living, [(record.sourced_id, "tobedeleted") for record in records if record.status != "active"]


def agent_role(roles: Sequence[Role]) -> str | None:
    """What a person would be to a student: a family role before any other, else the primary role."""
    words = [role.role for role in roles]
    return next((word for word in words if word in FAMILY_ROLES), words[0] if words else None)


def dangling(entity: str, record: Record, code: str, found: str, severity: Any = "warning") -> Problem:
    """A reference to something that the provider does not list."""
    message = f"{found}, which the provider does not list"
    return Problem(entity=entity, sourced_id=record.sourced_id, severity=severity, code=code, message=message)
