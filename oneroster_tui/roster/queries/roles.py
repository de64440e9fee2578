"""Roles: which ones the provider sends, and how many people and enrollments each concerns."""

from __future__ import annotations

from dataclasses import dataclass

from oneroster_tui.roster.database import Roster


@dataclass(frozen=True, slots=True)
class RoleCount:
    """A role in lower case: active people who have it anywhere, and active enrollments and relationships with it."""

    role: str
    people: int
    enrollments: int


def role_counts(roster: Roster, source: str) -> list[RoleCount]:
    """Every role that the last pull brought or a row still has, by name; people are counted mapped or not."""
    source_id = roster.value("SELECT id FROM sources WHERE name = ?", (source,))
    people = roster.execute(
        "SELECT LOWER(r.role), COUNT(DISTINCT r.user_id) FROM user_roles r JOIN users u ON u.id = r.user_id "
        "WHERE u.source_id = ? AND u.status = 'active' GROUP BY LOWER(r.role)",
        (source_id,),
    ).fetchall()
    counts: dict[str, list[int]] = {role: [count, 0] for role, count in people}
    for table in ("enrollments", "relationships"):
        rows = roster.execute(
            f"SELECT LOWER(role), COUNT(*) FROM {table} WHERE source_id = ? AND status = 'active' GROUP BY LOWER(role)",
            (source_id,),
        ).fetchall()
        for role, count in rows:
            counts.setdefault(role, [0, 0])[1] += count
    return [RoleCount(role, *both) for role, both in sorted(counts.items())]
