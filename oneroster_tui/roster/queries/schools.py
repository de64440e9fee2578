"""The orgs as they are stored, with what each school holds: what schools are chosen from while nobody asks the provider."""

from __future__ import annotations

from dataclasses import dataclass

from oneroster_tui.roster.database import Roster


@dataclass(frozen=True, slots=True)
class StoredOrg:
    """An org and the active rows it holds; `users` counts everybody with a role there, once an org.

    Args:
        listed: whether the provider still listed it the last time.
    """

    sourced_id: str
    name: str
    type: str
    parent: str | None
    listed: bool
    classes: int = 0
    users: int = 0


def stored_orgs(roster: Roster, source: str) -> list[StoredOrg]:
    """Every org of a source, by name."""
    source_id = roster.value("SELECT id FROM sources WHERE name = ?", (source,))
    orgs = roster.execute(
        "SELECT sourced_id, name, type, parent_sourced_id, status FROM orgs WHERE source_id = ? ORDER BY name, id",
        (source_id,),
    ).fetchall()
    classes = dict(
        roster.execute(
            "SELECT school_sourced_id, COUNT(*) FROM classes WHERE source_id = ? AND status = 'active' "
            "GROUP BY school_sourced_id",
            (source_id,),
        ).fetchall()
    )
    users = dict(
        roster.execute(
            "SELECT r.org_sourced_id, COUNT(DISTINCT r.user_id) FROM user_roles r JOIN users u ON u.id = r.user_id "
            "WHERE u.source_id = ? AND u.status = 'active' GROUP BY r.org_sourced_id",
            (source_id,),
        ).fetchall()
    )
    return [
        StoredOrg(org, name, kind, parent, status == "active", classes.get(org, 0), users.get(org, 0))
        for org, name, kind, parent, status in orgs
    ]
