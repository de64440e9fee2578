"""Who or what is meant by an id or a name, and what was ever heard of an id that nothing here has."""

from __future__ import annotations

from dataclasses import dataclass

from oneroster_tui.roster.database import Roster
from oneroster_tui.roster.queries.people import PersonRow

MEANT = 8
"""So many people are told about at once; who means one of more types more."""


def people_meant(roster: Roster, source: str, text: str) -> list[PersonRow]:
    """The people whom an id, username, e-mail, identifier or full name means exactly; one more than MEANT at most."""
    words = text.replace(",", " ").split()
    pairs = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
    names = [pair for first, last in pairs for pair in ((first, last), (last, first))]
    ways = [
        "username = ?",
        "LOWER(username) = LOWER(?)",
        "email = ?",
        "email = LOWER(?)",
        "identifier = ?",
        "sourced_id = ?",
    ]
    tests = [*ways, *("LOWER(given_name) = LOWER(?) AND LOWER(family_name) = LOWER(?)" for _ in names)]
    whole = text.strip()
    rows = roster.execute(
        "SELECT u.id, u.sourced_id, u.given_name, u.family_name, u.username, u.email, u.status, u.enabled FROM users u "
        "WHERE u.source_id = (SELECT id FROM sources WHERE name = ?) "
        f"AND (({') OR ('.join(tests)}) OR u.id IN (SELECT user_id FROM user_ids WHERE sourced_id = ?)) "
        "ORDER BY u.status, u.family_name, u.given_name, u.id LIMIT ?",
        (source, *[whole] * len(ways), *(part for pair in names for part in pair), whole, MEANT + 1),
    ).fetchall()
    return [PersonRow(*row) for row in rows]


def roles_at(roster: Roster, user_id: int) -> list[tuple[str, str, str, str]]:
    """Somebody's roles: the role, the org's sourcedId, its name and its type."""
    rows = roster.execute(
        "SELECT r.role, r.org_sourced_id, COALESCE(o.name, r.org_sourced_id), COALESCE(o.type, '') FROM user_roles r "
        "JOIN users u ON u.id = r.user_id "
        "LEFT JOIN orgs o ON o.source_id = u.source_id AND o.sourced_id = r.org_sourced_id "
        "WHERE r.user_id = ? ORDER BY 3, r.role",
        (user_id,),
    ).fetchall()
    return [(role, org, name, kind) for role, org, name, kind in rows]


def enrollment_counts(roster: Roster, user_id: int) -> tuple[int, int]:
    """How many active enrollments somebody has, and how many of any status."""
    active, all_ = roster.execute(
        "SELECT COALESCE(SUM(CASE WHEN status = 'active' THEN 1 ELSE 0 END), 0), COUNT(*) FROM enrollments "
        "WHERE user_id = ?",
        (user_id,),
    ).fetchone()
    return int(active), int(all_)


@dataclass(frozen=True, slots=True)
class ClassMeant:
    """A class that an id, code or title means; `active`: how many people take part."""

    sourced_id: str
    title: str
    class_code: str
    status: str
    school_sourced_id: str
    school: str
    start_date: str | None
    end_date: str | None
    active: int


def classes_meant(roster: Roster, source: str, text: str) -> list[ClassMeant]:
    """The classes whose sourcedId, code or title a text is exactly; one more than MEANT at most."""
    rows = roster.execute(
        "SELECT c.sourced_id, c.title, c.class_code, c.status, c.school_sourced_id, COALESCE(o.name, c.school_sourced_id), "
        "c.start_date, c.end_date, (SELECT COUNT(*) FROM enrollments e WHERE e.class_id = c.id AND e.status = 'active') "
        "FROM classes c LEFT JOIN orgs o ON o.source_id = c.source_id AND o.sourced_id = c.school_sourced_id "
        "WHERE c.source_id = (SELECT id FROM sources WHERE name = ?) "
        "AND (c.sourced_id = ? OR LOWER(c.class_code) = LOWER(?) OR LOWER(c.title) = LOWER(?)) "
        "ORDER BY c.status, c.title, c.id LIMIT ?",
        (source, text, text, text, MEANT + 1),
    ).fetchall()
    return [ClassMeant(*row) for row in rows]


def problems_of(roster: Roster, source: str, sourced_id: str) -> list[tuple[int, str, str]]:
    """What the newest run that was no plan could not use of an id's record: the run, the table and each message."""
    rows = roster.execute(
        "SELECT p.run_id, p.entity, p.message FROM sync_problems p WHERE p.run_id = (SELECT MAX(r.id) FROM sync_runs r "
        "JOIN sources s ON s.id = r.source_id WHERE s.name = ? AND r.mode <> 'plan') "
        "AND p.sourced_id = ? ORDER BY p.id LIMIT 5",
        (source, sourced_id),
    ).fetchall()
    return [(run, entity, message) for run, entity, message in rows]


def named_by(roster: Roster, source: str, sourced_id: str) -> list[str]:
    """Which collections name an id that the roster has no use for: `enrollments`, `agents`, `classes`."""
    rows = roster.execute(
        "SELECT DISTINCT l.named_by FROM loose_ends l JOIN sources s ON s.id = l.source_id "
        "WHERE s.name = ? AND l.sourced_id = ? ORDER BY l.named_by",
        (source, sourced_id),
    ).fetchall()
    return [one for (one,) in rows]
