"""A run's changes for whoever decides: grouped by what, why and school, and the list of each group."""

from __future__ import annotations

from dataclasses import dataclass

from oneroster_tui.roster.database import Roster
from oneroster_tui.roster.queries.audit import CHANGE_COLUMNS
from oneroster_tui.roster.queries.listing import Listing, Value
from oneroster_tui.roster.queries.lists import searched

AT_SCHOOL = (
    "(SELECT MIN(x.org_sourced_id) FROM user_roles x JOIN orgs o ON o.sourced_id = x.org_sourced_id "
    "AND o.source_id = r.source_id AND o.type = 'school' WHERE x.user_id = {user})"
)
SCHOOL = (
    "COALESCE(CASE c.entity WHEN 'orgs' THEN c.sourced_id "
    "WHEN 'courses' THEN (SELECT t.org_sourced_id FROM courses t WHERE t.id = c.local_id) "
    "WHEN 'classes' THEN (SELECT t.school_sourced_id FROM classes t WHERE t.id = c.local_id) "
    "WHEN 'enrollments' THEN (SELECT k.school_sourced_id FROM enrollments t JOIN classes k ON k.id = t.class_id "
    "WHERE t.id = c.local_id) "
    f"WHEN 'users' THEN {AT_SCHOOL.format(user='c.local_id')} "
    "WHEN 'relationships' THEN "
    f"{AT_SCHOOL.format(user='(SELECT t.student_id FROM relationships t WHERE t.id = c.local_id)')} END, '')"
)
"""SQL: the school of a change; blank where it has none, or where the row is gone."""

LINK = (
    "COALESCE(CASE c.entity WHEN 'enrollments' THEN (SELECT u.given_name || ' ' || u.family_name || ' in ' || k.title "
    "FROM enrollments t JOIN users u ON u.id = t.user_id JOIN classes k ON k.id = t.class_id WHERE t.id = c.local_id) "
    "WHEN 'relationships' THEN (SELECT a.given_name || ' ' || a.family_name || ' of ' || u.given_name || ' ' || "
    "u.family_name FROM relationships t JOIN users u ON u.id = t.student_id JOIN users a ON a.id = t.agent_id "
    "WHERE t.id = c.local_id) END, '')"
)
"""SQL: whom a link between two rows joins; blank for a row with a name of its own, and for a link that is gone."""

CHANGES = "sync_changes c JOIN sync_runs r ON r.id = c.run_id"
"""A run's changes with the run, which knows the source."""


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """Changes of one kind at one school. `school` is its sourcedId, blank for none; `name` is blank where it is unknown."""

    action: str
    entity: str
    reason: str
    school: str
    name: str
    count: int


def change_groups(roster: Roster, run_id: int) -> list[ChangeGroup]:
    """A run's changes by action, table, reason and school; what waits for a decision first, then the most frequent."""
    rows = roster.execute(
        "SELECT g.action, g.entity, g.reason, g.school, COALESCE(MIN(o.name), ''), MIN(g.n) FROM ("
        f"SELECT r.source_id, c.action, c.entity, c.reason, {SCHOOL} AS school, COUNT(*) AS n FROM {CHANGES} "
        "WHERE c.run_id = ? GROUP BY 1, 2, 3, 4, 5) g "
        "LEFT JOIN orgs o ON o.source_id = g.source_id AND o.sourced_id = g.school "
        "GROUP BY g.action, g.entity, g.reason, g.school",
        (run_id,),
    ).fetchall()
    groups = [ChangeGroup(*row) for row in rows]
    return sorted(
        groups, key=lambda one: (one.action not in ("held", "waiting"), -one.count, one.action, one.entity, one.school)
    )


def group_listing(run_id: int, group: ChangeGroup | None = None, text: str = "") -> Listing:
    """A run's changes, of one group where it is given; `text` looks through ids, words and values.

    Args:
        group: one without a table stands for all that has its action.

    Rows: what `change_row` takes, then whom a link joins (blank for all else).
    """
    where, found = searched(text, ("c.entity", "c.action", "c.reason", "c.sourced_id", "c.after", "c.before"))
    only: tuple[str, ...] = ()
    of_group: tuple[Value, ...] = ()
    if group is not None and not group.entity:
        only, of_group = ("c.action = ?",), (group.action,)
    elif group is not None:
        only = ("c.action = ?", "c.entity = ?", "c.reason = ?", f"{SCHOOL} = ?")
        of_group = (group.action, group.entity, group.reason, group.school)
    return Listing(
        (*(f"c.{column}" for column in CHANGE_COLUMNS.split(", ")), LINK),
        CHANGES,
        ("c.id",),
        ("c.run_id = ?", *only, *where),
        (run_id, *of_group, *found),
    )
