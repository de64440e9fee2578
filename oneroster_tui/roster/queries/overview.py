"""The roster at a glance: how many classes, students and teachers each school has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oneroster_tui.roster.database import Roster


@dataclass(frozen=True, slots=True)
class SchoolCounts:
    """A school and the active rows it has; people count once a school, whatever they do there."""

    sourced_id: str
    name: str
    classes: int
    students: int
    teachers: int


def school_counts(roster: Roster, source: str, selected: Sequence[str]) -> list[SchoolCounts]:
    """The selected schools, and those that hold rows though nobody selects them (any more), by name."""
    source_id = roster.value("SELECT id FROM sources WHERE name = ?", (source,))
    orgs = roster.execute(
        "SELECT sourced_id, name FROM orgs WHERE source_id = ? AND type = 'school' ORDER BY name, id", (source_id,)
    ).fetchall()
    classes = dict(
        roster.execute(
            "SELECT school_sourced_id, COUNT(*) FROM classes WHERE source_id = ? AND status = 'active' "
            "GROUP BY school_sourced_id",
            (source_id,),
        ).fetchall()
    )
    people = roster.execute(
        "SELECT r.org_sourced_id, r.role, COUNT(DISTINCT r.user_id) FROM user_roles r JOIN users u ON u.id = r.user_id "
        "WHERE u.source_id = ? AND u.status = 'active' AND r.role IN ('student', 'teacher') "
        "GROUP BY r.org_sourced_id, r.role",
        (source_id,),
    ).fetchall()
    by_role = {(school, role): count for school, role, count in people}
    found = [
        SchoolCounts(
            school,
            name,
            classes.get(school, 0),
            by_role.get((school, "student"), 0),
            by_role.get((school, "teacher"), 0),
        )
        for school, name in orgs
    ]
    return [one for one in found if one.sourced_id in selected or one.classes]
