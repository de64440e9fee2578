"""Classes and who takes part in them: the lists, and one enrollment with all that is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from oneroster_tui.roster.database import Roster
from oneroster_tui.roster.queries.finding import spans
from oneroster_tui.roster.queries.listing import Listing, Row, Value, Window, containing

MAY_TEACH = (
    "COALESCE((SELECT MAX(CASE WHEN r.role IN ('student', 'parent', 'guardian', 'relative') THEN 0 ELSE 1 END) "
    "FROM user_roles r WHERE r.user_id = u.id), 1) = 1"
)
"""SQL: somebody is not only a student or a parent: nearly all are, and the enrollments of all of them would take too long."""

TEACHES = (
    "c.id IN (SELECT e.class_id FROM users u CROSS JOIN enrollments e ON e.user_id = u.id AND e.role = 'teacher' "
    f"WHERE {{named}} AND {MAY_TEACH})"
)
"""SQL: somebody with such a name teaches the class. CROSS JOIN keeps the order: from the few to the many."""

CLASSES = (
    "classes c JOIN sources src ON src.id = c.source_id "
    "LEFT JOIN orgs o ON o.source_id = c.source_id AND o.sourced_id = c.school_sourced_id "
    "LEFT JOIN courses k ON k.source_id = c.source_id AND k.sourced_id = c.course_sourced_id"
)
SCHOOL, COURSE = "COALESCE(o.name, c.school_sourced_id)", "COALESCE(k.title, '')"

CLASS_SORTS = {
    "school": (SCHOOL, COURSE, "c.title", "c.id"),
    "course": (COURSE, "c.title", "c.id"),
    "class": ("c.title", "c.id"),
    "code": ("c.class_code", "c.title", "c.id"),
}
"""What classes can be sorted by."""


def standing(today: date, end_date: str, row: str, begin: str = "begin_date") -> str:
    """SQL: a row's status in the words of `words.STATUSES`: an active one outside its dates is not current.

    Args:
        end_date: the config's rule: "exclusive" where the end date is the first day that does not count.
        row: the alias of the table.
        begin: the column of the first day.
    """
    day, over = f"'{today:%Y-%m-%d}'", "<=" if end_date == "exclusive" else "<"
    return (
        f"CASE WHEN {row}.status <> 'active' THEN {row}.status "
        f"WHEN {row}.{begin} > {day} OR {row}.end_date {over} {day} THEN 'not current' ELSE 'active' END"
    )


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A class as lists show it. `people` counts active enrollments; `teacher` is the first of `teachers` by name."""

    id: int
    title: str
    code: str
    start: str | None
    end: str | None
    school_id: str
    school: str
    course: str
    course_code: str
    standing: str
    people: int = 0
    teachers: int = 0
    teacher: str = ""


@dataclass(frozen=True, slots=True)
class ClassListing:
    """Classes to page through, each page with its counts: they are counted for the rows in view only."""

    listing: Listing

    def count(self, roster: Roster) -> int:
        """How many classes there are."""
        return self.listing.count(roster)

    def window(self, roster: Roster, window: Window) -> Sequence[Row]:
        """The classes of a window. Rows: `class_of`."""
        rows = self.listing.window(roster, window)
        people = enrolled(roster, [row.values[0] for row in rows])
        return [Row((*row.values, *people.get(row.values[0], (0, 0, ""))), row.key) for row in rows]


def class_listing(
    source: str,
    text: str = "",
    *,
    today: date,
    end_date: str = "exclusive",
    school: str = "",
    status: str = "",
    sort: str = "school",
    descending: bool = False,
) -> ClassListing:
    """The classes of a source; `text` looks through titles and codes of class and course, school; and teachers' names for one that
    begins so.

    Args:
        end_date: the config's rule.
        school: only this school's (a sourcedId).
        status: only those of this standing.
    """
    state = standing(today, end_date, "c", "start_date")
    where: list[str] = ["src.name = ?"]
    parameters: list[Value] = [source]
    for condition, value in (("c.school_sourced_id = ?", school), (f"{state} = ?", status)):
        if value:
            where.append(condition)
            parameters.append(value)
    for word in text.split():
        told, values = containing(word, ("c.title", "c.class_code", "k.title", "k.course_code", "o.name"))
        family, names = spans("u.family_name", word)
        given, _ = spans("u.given_name", word)
        where.append(f"({told} OR {TEACHES.format(named=f'({family} OR {given})')})")
        parameters += [*values, *names, *names]
    columns = ("c.id", "c.title", "c.class_code", "c.start_date", "c.end_date", "c.school_sourced_id", SCHOOL)
    shown = (*columns, COURSE, "COALESCE(k.course_code, '')", state)
    return ClassListing(Listing(shown, CLASSES, CLASS_SORTS[sort], tuple(where), tuple(parameters), descending))


def class_of(row: Row) -> ClassRow:
    """A row of `class_listing`."""
    return ClassRow(*row.values)


def enrolled(roster: Roster, classes: Sequence[int]) -> dict[int, tuple[int, int, str]]:
    """For each of some classes: active enrollments, teachers among them, and the first teacher by name."""
    if not classes:
        return {}
    marks = ", ".join("?" * len(classes))
    counts = roster.execute(
        f"SELECT class_id, COUNT(*) FROM enrollments WHERE class_id IN ({marks}) AND status = 'active' GROUP BY class_id",
        classes,
    ).fetchall()
    teachers = roster.execute(
        "SELECT e.class_id, COUNT(*), MIN(u.family_name || ', ' || u.given_name) FROM enrollments e "
        f"JOIN users u ON u.id = e.user_id WHERE e.class_id IN ({marks}) AND e.role = 'teacher' AND e.status = 'active' "
        "GROUP BY e.class_id",
        classes,
    ).fetchall()
    by_class = {one: (count, name) for one, count, name in teachers}
    return {one: (count, *by_class.get(one, (0, ""))) for one, count in counts}


# Participants

PARTICIPANT_SORTS = {
    "name": ("u.family_name", "u.given_name", "e.id"),
    "email": ("u.email", "e.id"),
    "role": ("e.role", "u.family_name", "u.given_name", "e.id"),
    "status": ("{standing}", "u.family_name", "u.given_name", "e.id"),
    "start": ("COALESCE(e.begin_date, '')", "u.family_name", "u.given_name", "e.id"),
    "end": ("COALESCE(e.end_date, '')", "u.family_name", "u.given_name", "e.id"),
}
"""What participants can be sorted by."""


@dataclass(frozen=True, slots=True)
class ParticipantRow:
    """An enrollment with its person."""

    enrollment: int
    user: int
    given_name: str
    family_name: str
    email: str
    role: str
    local_role: str
    standing: str
    begin: str | None
    end: str | None


def participant_listing(
    class_id: int,
    text: str = "",
    *,
    today: date,
    end_date: str = "exclusive",
    role: str = "",
    status: str = "",
    sort: str = "name",
    descending: bool = False,
) -> Listing:
    """Who takes part in a class, whatever became of it; `text` looks through names, e-mail and ids. Rows: `participant_of`."""
    state = standing(today, end_date, "e")
    where: list[str] = ["e.class_id = ?"]
    parameters: list[Value] = [class_id]
    for condition, value in (("e.role = ?", role), (f"{state} = ?", status)):
        if value:
            where.append(condition)
            parameters.append(value)
    for word in text.split():
        found, values = containing(word, ("u.family_name", "u.given_name", "u.email", "u.username", "u.sourced_id"))
        where.append(found)
        parameters += values
    columns = ("e.id", "u.id", "u.given_name", "u.family_name", "u.email", "e.role", "e.local_role", state)
    order = tuple(part.format(standing=state) for part in PARTICIPANT_SORTS[sort])
    tables = "enrollments e JOIN users u ON u.id = e.user_id"
    shown = (*columns, "e.begin_date", "e.end_date")
    return Listing(shown, tables, order, tuple(where), tuple(parameters), descending)


def participant_of(row: Row) -> ParticipantRow:
    """A row of `participant_listing`."""
    return ParticipantRow(*row.values)


def participant_counts(
    roster: Roster, class_id: int, today: date, end_date: str = "exclusive"
) -> list[tuple[str, str, int]]:
    """Role, standing and how many of a class have them; the most frequent role first."""
    rows = roster.execute(
        f"SELECT e.role, {standing(today, end_date, 'e')} AS state, COUNT(*) FROM enrollments e WHERE e.class_id = ? "
        "GROUP BY e.role, state ORDER BY COUNT(*) DESC, e.role, state",
        (class_id,),
    ).fetchall()
    return [(role, state, count) for role, state, count in rows]


# One enrollment

ENROLLMENT_COLUMNS = {
    "id": "e.id",
    "sourced_id": "e.sourced_id",
    "status": "e.status",
    "role": "e.role",
    "local_role": "e.local_role",
    "is_primary": "e.is_primary",
    "begin_date": "e.begin_date",
    "end_date": "e.end_date",
    "created_at": "e.created_at",
    "updated_at": "e.updated_at",
    "date_last_modified": "e.date_last_modified",
    "origin": "e.origin",
    "source": "src.name",
    "user_id": "u.id",
    "given_name": "u.given_name",
    "middle_name": "u.middle_name",
    "family_name": "u.family_name",
    "email": "u.email",
    "user_status": "u.status",
    "user_sourced_id": "u.sourced_id",
    "class_id": "c.id",
    "title": "c.title",
    "class_code": "c.class_code",
    "class_sourced_id": "c.sourced_id",
    "class_status": "c.status",
    "course": "COALESCE(k.title, '')",
    "school": "COALESCE(o.name, e.school_sourced_id, c.school_sourced_id)",
    "school_sourced_id": "e.school_sourced_id",
}


def enrollment(roster: Roster, enrollment_id: int, today: date, end_date: str = "exclusive") -> dict[str, Any] | None:
    """One enrollment with its person, class, course and school, by the names of ENROLLMENT_COLUMNS, and its `standing`."""
    row = roster.execute(
        f"SELECT {', '.join(ENROLLMENT_COLUMNS.values())}, {standing(today, end_date, 'e')} FROM enrollments e "
        "JOIN sources src ON src.id = e.source_id JOIN users u ON u.id = e.user_id JOIN classes c ON c.id = e.class_id "
        "LEFT JOIN courses k ON k.source_id = c.source_id AND k.sourced_id = c.course_sourced_id "
        "LEFT JOIN orgs o ON o.source_id = c.source_id "
        "AND o.sourced_id = COALESCE(e.school_sourced_id, c.school_sourced_id) WHERE e.id = ?",
        (enrollment_id,),
    ).fetchone()
    return dict(zip((*ENROLLMENT_COLUMNS, "standing"), row, strict=True)) if row else None
