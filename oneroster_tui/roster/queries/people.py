"""One person with all that is known of them: roles, ids, classes, family, and what runs did to their records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from oneroster_tui.roster.database import Roster
from oneroster_tui.roster.queries.audit import ANY_RUN, CHANGE_COLUMNS, ChangeRow, change_row
from oneroster_tui.roster.queries.courses import standing
from oneroster_tui.roster.queries.listing import Listing, Row, containing

UNCHANGED = "('held', 'waiting', 'missing', 'kept')"
"""Actions of the audit that left the row as it was."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person as lists show them; `roles` are pairs of a role and the name of the org it is at."""

    id: int
    sourced_id: str
    given_name: str
    family_name: str
    username: str
    email: str
    status: str
    enabled: bool
    roles: tuple[tuple[str, str], ...] = ()


def person_of(row: Row) -> PersonRow:
    """A row of `people_listing`."""
    return PersonRow(*row.values)


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role at an org: its name where it is stored, else its sourcedId."""

    role: str
    kind: str
    org: str
    org_type: str


@dataclass(frozen=True, slots=True)
class Relative:
    """Somebody a person belongs to. `child`: the other one is the student; `role` is the parent's or guardian's either way."""

    user: int
    given_name: str
    family_name: str
    email: str
    role: str
    local_role: str
    status: str
    child: bool


@dataclass(frozen=True, slots=True)
class PastChange:
    """What a run did to a record: the change, and when its run began."""

    run: int
    started_at: str
    change: ChangeRow


@dataclass(frozen=True, slots=True)
class Person:
    """A person. `row` is the row of users by column; `ids` every provider id that means them."""

    row: dict[str, Any]
    source: str
    roles: list[RoleRow]
    ids: list[str]
    family: list[Relative]
    last: PastChange | None


PERSON_COLUMNS = (
    "id, sourced_id, status, date_last_modified, missing_runs, created_at, updated_at, username, identifier, given_name, "
    "family_name, middle_name, email, enabled, origin"
)


def person(roster: Roster, user_id: int) -> Person | None:
    """All of a person but the lists."""
    row = roster.execute(f"SELECT {PERSON_COLUMNS} FROM users WHERE id = ?", (user_id,)).fetchone()
    if row is None:
        return None
    facts = dict(zip(PERSON_COLUMNS.split(", "), row, strict=True))
    source = str(
        roster.value("SELECT s.name FROM sources s JOIN users u ON u.source_id = s.id WHERE u.id = ?", (user_id,))
    )
    roles = roster.execute(
        "SELECT r.role, r.role_type, COALESCE(o.name, r.org_sourced_id), COALESCE(o.type, '') FROM user_roles r "
        "JOIN users u ON u.id = r.user_id "
        "LEFT JOIN orgs o ON o.source_id = u.source_id AND o.sourced_id = r.org_sourced_id "
        "WHERE r.user_id = ? ORDER BY r.role_type, 3, r.role",
        (user_id,),
    ).fetchall()
    ids = roster.execute("SELECT sourced_id FROM user_ids WHERE user_id = ? ORDER BY sourced_id", (user_id,)).fetchall()
    known = list(dict.fromkeys([facts["sourced_id"], *(one for (one,) in ids)]))
    last = last_change(roster, source, "users", facts["sourced_id"])
    return Person(facts, source, [RoleRow(*one) for one in roles], known, family(roster, user_id), last)


def family(roster: Roster, user_id: int) -> list[Relative]:
    """The parents and guardians of a student, and the children of a parent; those of now first."""
    columns = "u.id, u.given_name, u.family_name, u.email, l.role, l.local_role, l.status"
    rows = roster.execute(
        f"SELECT {columns}, 0 AS child FROM relationships l JOIN users u ON u.id = l.agent_id WHERE l.student_id = ? "
        f"UNION ALL SELECT {columns}, 1 AS child FROM relationships l JOIN users u ON u.id = l.student_id "
        "WHERE l.agent_id = ? ORDER BY 7, 8, 3, 2, 1",
        (user_id, user_id),
    ).fetchall()
    return [Relative(*row) for row in rows]


def last_change(roster: Roster, source: str, entity: str, sourced_id: str) -> PastChange | None:
    """The newest change that a run made to a record; plans, and removals that were held, change nothing."""
    found = past_changes(roster, source, entity, sourced_id, limit=1, real=True)
    return found[0] if found else None


PAST = "sync_changes c JOIN sync_runs r ON r.id = c.run_id JOIN sources s ON s.id = r.source_id"
PAST_COLUMNS = ("c.run_id", "r.started_at", *(f"c.{column}" for column in CHANGE_COLUMNS.split(", ")))


def past_changes(
    roster: Roster, source: str, entity: str, sourced_id: str, *, limit: int = 20, real: bool = False
) -> list[PastChange]:
    """The newest entries of the audit for a record, newest first; `real`: only those that changed it."""
    only = f"AND c.action NOT IN {UNCHANGED} AND r.mode <> 'plan'" if real else ""
    rows = roster.execute(
        f"SELECT {', '.join(PAST_COLUMNS)} FROM {PAST} "
        f"WHERE c.entity = ? AND c.sourced_id = ? AND s.name = ? {only} ORDER BY c.id DESC LIMIT ?",
        (entity, sourced_id, source, limit),
    ).fetchall()
    return [past_change(row) for row in rows]


def past_change(row: Sequence[Any]) -> PastChange:
    """A row of PAST_COLUMNS."""
    return PastChange(row[0], row[1], change_row(tuple(row[2:])))


def past_listing(person: Person, text: str = "") -> Listing:
    """What runs did to a person, their enrollments and their family, newest first. Rows: `past_of`."""
    user = person.row["id"]
    own = ", ".join("?" * len(person.ids))
    found, values = containing(text, ("c.entity", "c.action", "c.reason", "c.after", "c.before")) if text else ("", ())
    concerning = f"SELECT id FROM sync_changes WHERE {ANY_RUN} AND entity ="
    concerns = (
        f"c.id IN ({concerning} 'users' AND sourced_id IN ({own}) "
        f"UNION ALL {concerning} 'enrollments' AND sourced_id IN (SELECT sourced_id FROM enrollments WHERE user_id = ?) "
        f"UNION ALL {concerning} 'relationships' AND sourced_id IN "
        "(SELECT sourced_id FROM relationships WHERE student_id = ? OR agent_id = ?))"
    )
    return Listing(
        PAST_COLUMNS,
        PAST,
        ("c.id",),
        ("s.name = ?", concerns, *([found] if found else [])),
        (person.source, *person.ids, user, user, user, *values),
        descending=True,
    )


def past_of(row: Row) -> PastChange:
    """A row of `past_listing`."""
    return past_change(row.values)


@dataclass(frozen=True, slots=True)
class PersonClass:
    """A class somebody takes part in."""

    enrollment: int
    title: str
    school: str
    role: str
    local_role: str
    standing: str
    begin: str | None
    end: str | None


def person_classes(user_id: int, text: str = "", *, today: date, end_date: str = "exclusive") -> Listing:
    """The classes of a person, whatever became of the enrollments; by title. Rows: `person_class_of`."""
    found, values = containing(text, ("c.title", "c.class_code", "o.name", "e.role")) if text else ("", ())
    return Listing(
        (
            "e.id",
            "c.title",
            "COALESCE(o.name, c.school_sourced_id)",
            "e.role",
            "e.local_role",
            standing(today, end_date, "e"),
            "e.begin_date",
            "e.end_date",
        ),
        "enrollments e JOIN classes c ON c.id = e.class_id "
        "LEFT JOIN orgs o ON o.source_id = c.source_id AND o.sourced_id = c.school_sourced_id",
        ("c.title", "e.id"),
        ("e.user_id = ?", *([found] if found else [])),
        (user_id, *values),
    )


def person_class_of(row: Row) -> PersonClass:
    """A row of `person_classes`."""
    return PersonClass(*row.values)
