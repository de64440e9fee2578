"""What goes together is held together: beside what a guard holds, nothing is half done.

A provider id passes from one person to another only where both may change; an enrollment or a relationship waits for the
people it would hang on; and whoever a row hangs on that is held, or what a held class names, stays as long.
"""

from __future__ import annotations

from oneroster_tui.sync.entities import CLASSES, ENROLLMENTS, RELATIONSHIPS, USERS
from oneroster_tui.sync.stage import Stage

WRITTEN = "('created', 'updated', 'reactivated')"

EDITS = "('mass_edit', 'new_id', 'held_together')"
"""Why something is held that is no removal."""

HANGING = (
    (USERS, ENROLLMENTS, "user_id", "user_removed"),
    (CLASSES, ENROLLMENTS, "class_id", "class_removed"),
    (USERS, RELATIONSHIPS, "student_id", "user_removed"),
    (USERS, RELATIONSHIPS, "agent_id", "user_removed"),
)
"""A table, one whose rows hang on its rows, by which column, and why those go along with them."""


def hold_together(stage: Stage, *, removals: bool) -> None:
    """Holds, to the last, what goes together with something that is held; once everything is planned, before it is settled.

    Args:
        removals: whether all planned removals are to be held, too.
    """
    if not stage.value(f"SELECT 1 FROM changes WHERE action IN {ends(removals)} LIMIT 1"):
        return
    find_moves(stage)
    while True:
        stage.execute("DROP TABLE IF EXISTS temp.held_users")
        stage.execute("CREATE TEMP TABLE held_users (id BIGINT PRIMARY KEY)")
        stage.execute(
            "INSERT INTO held_users (id) SELECT DISTINCT local_id FROM changes "
            f"WHERE entity = 'users' AND local_id IS NOT NULL AND action IN {ends(removals)}"
        )
        more = hold_moves(stage) + hold_of_people(stage)
        if not removals:
            more += hold_removals(stage)
        if not more:
            return


def ends(removals: bool) -> str:
    """The actions of what is held, or is to be."""
    return "('held', 'removal')" if removals else "('held')"


def hold(stage: Stage, table: str, where: str) -> int:
    """Holds planned changes of a table; says how many."""
    reason = "CASE WHEN action = 'removal' THEN reason ELSE 'held_together' END"
    done = stage.execute(f"UPDATE changes SET action = 'held', reason = {reason} WHERE entity = '{table}' AND {where}")
    return max(0, int(done.rowcount))


def find_moves(stage: Stage) -> None:
    """Finds the provider ids that come to mean somebody else: whom they meant, and whom they are to mean."""
    stage.execute("DROP TABLE IF EXISTS temp.id_moves")
    stage.execute(
        "CREATE TEMP TABLE id_moves AS SELECT k.sourced_id AS sourced_id, i.user_id AS left_id, k.local_id AS joined_id "
        "FROM stage_users k JOIN user_ids i ON i.sourced_id = k.sourced_id "
        f"WHERE i.source_id = {stage.source_id} AND k.kept > 0 AND i.user_id <> k.local_id"
    )


def hold_moves(stage: Stage) -> int:
    """Holds both people between whom an id would pass while one is held, and the enrollments of that id."""
    held = (
        "FROM id_moves m WHERE m.left_id IN (SELECT id FROM held_users) OR m.joined_id IN (SELECT id FROM held_users)"
    )
    people = f"local_id IN (SELECT m.left_id {held} UNION SELECT m.joined_id {held})"
    named = f"SELECT s.sourced_id FROM stage_enrollments s WHERE s.user_sourced_id IN (SELECT m.sourced_id {held})"
    return hold(stage, "users", f"(action = 'removal' OR action IN {WRITTEN}) AND {people}") + hold(
        stage, "enrollments", f"action IN {WRITTEN} AND sourced_id IN ({named})"
    )


def hold_of_people(stage: Stage) -> int:
    """Holds enrollments of people who are not to come yet, and relationships that follow from records that are held."""
    absent = "SELECT h.id FROM held_users h LEFT JOIN users u ON u.id = h.id WHERE u.id IS NULL OR u.status <> 'active'"
    enrolled = f"SELECT s.sourced_id FROM stage_enrollments s WHERE s.user_id IN ({absent})"
    held = "(SELECT id FROM held_users)"
    linked = f"SELECT s.sourced_id FROM stage_relationships s WHERE s.student_id IN {held} OR s.agent_id IN {held}"
    return hold(stage, "enrollments", f"action IN {WRITTEN} AND sourced_id IN ({enrolled})") + hold(
        stage, "relationships", f"action IN {WRITTEN} AND sourced_id IN ({linked})"
    )


def hold_removals(stage: Stage) -> int:
    """Holds the removal of relationships whose people are held, of what held rows need, and of what would go with it."""
    held = "(SELECT id FROM held_users)"
    links = f"SELECT l.id FROM relationships l WHERE l.student_id IN {held} OR l.agent_id IN {held}"
    count = hold(
        stage,
        "relationships",
        f"action = 'removal' AND reason IN ('link_gone', 'role_not_mapped') AND local_id IN ({links})",
    )
    for parent, entity, column, reason in HANGING:
        row = (
            f"SELECT r.{{}} FROM changes c JOIN {entity.table} r ON r.id = c.local_id WHERE c.entity = '{entity.table}'"
        )
        needed = f"{row.format(column)} AND c.action = 'held'"
        count += hold(stage, parent.table, f"action = 'removal' AND local_id IN ({needed})")
        staying = f"SELECT p.local_id FROM changes p WHERE p.entity = '{parent.table}' AND p.action = 'held'"
        along = f"{row.format('id')} AND r.{column} IN ({staying})"
        count += hold(stage, entity.table, f"action = 'removal' AND reason = '{reason}' AND local_id IN ({along})")
    taught = "SELECT c.local_id FROM changes c WHERE c.entity = 'classes' AND c.action = 'held'"
    courses = f"SELECT r.course_sourced_id FROM classes r WHERE r.id IN ({taught})"
    terms = f"SELECT x.session_id FROM class_sessions x WHERE x.class_id IN ({taught})"
    count += hold(stage, "courses", f"action = 'removal' AND sourced_id IN ({courses})")
    return count + hold(stage, "academic_sessions", f"action = 'removal' AND local_id IN ({terms})")
