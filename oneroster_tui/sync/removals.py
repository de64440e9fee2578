"""Which stored rows the provider no longer wants kept, and why. Planned only after complete pulls, applied last.

Three kinds of rows never become removals: what is listed but broken (a problem), what a filter hides (`terms`), and the rows
of a school that was deselected: they wait until someone decides (contract: what a sync keeps).
"""

from __future__ import annotations

from collections.abc import Collection as Some

from oneroster_tui.sync.entities import (
    ACADEMIC_SESSIONS,
    CLASSES,
    COURSES,
    ENROLLMENTS,
    ENTITIES,
    ORGS,
    RELATIONSHIPS,
    USERS,
    Entity,
)
from oneroster_tui.sync.events import REASONS, Decision, Emit
from oneroster_tui.sync.stage import Stage

NEVER = "('broken', 'filtered')"
"""Reasons in `dropped` that are no reason to remove."""

AT_ONCE = "('tobedeleted', 'user_removed', 'class_removed', 'merged')"
"""Reasons that `grace_runs` does not delay: the provider said so, or another removal did."""

POLICY = {
    "keep": {USERS: "kept"},
    "suspend": {USERS: "suspended"},
    "unenrol": {USERS: "suspended", ENROLLMENTS: "removed", RELATIONSHIPS: "removed"},
    "delete": {USERS: "deleted"},
}
"""What a removal becomes, by `on_removed`; tables that are not named do as users do."""

GOING = "('suspended', 'removed', 'deleted', 'kept', 'held', 'waiting', 'missing')"
"""What may become of a row that the provider no longer wants kept."""

SELECTED_SCHOOL = "IN (SELECT sourced_id FROM selected)"

DESELECTED = (
    "IN (SELECT o.sourced_id FROM orgs o WHERE o.source_id = {source} AND o.synced_at IS NOT NULL "
    "AND o.sourced_id NOT IN (SELECT sourced_id FROM selected))"
)


def plan_removals(stage: Stage, *, grace_runs: int, unidentified: Some[str], deleting: bool) -> None:
    """Plans every removal as action `removal` (or `missing`, while `grace_runs` lasts).

    Args:
        grace_runs: how many complete runs a row may be missing before it is removed.
        unidentified: tables of which records came without a usable sourcedId: any stored row may be among those, so
            absence proves nothing there.
        deleting: `on_removed = "delete"`: what hangs on a removed row goes whatever its own status.
    """
    freeze_users(stage)
    for entity in (ORGS, ACADEMIC_SESSIONS, COURSES, CLASSES, USERS):
        plan_listed(stage, entity, absence=entity.table not in unidentified)
        grant_grace(stage, entity, grace_runs)
    plan_listed(stage, ENROLLMENTS, absence=ENROLLMENTS.table not in unidentified)
    grant_grace(stage, ENROLLMENTS, grace_runs)
    plan_unlinked(stage)
    grant_grace(stage, RELATIONSHIPS, grace_runs)
    cascade(stage, ENROLLMENTS, "class_id", CLASSES, "class_removed", deleting=deleting)
    cascade(stage, ENROLLMENTS, "user_id", USERS, "user_removed", deleting=deleting)
    cascade(stage, RELATIONSHIPS, "student_id", USERS, "user_removed", deleting=deleting)
    cascade(stage, RELATIONSHIPS, "agent_id", USERS, "user_removed", deleting=deleting)


def freeze_users(stage: Stage) -> None:
    """Finds the people whom a deselected school still holds: by a role, a class, or a child there."""
    deselected = DESELECTED.format(source=stage.source_id)
    stage.execute("CREATE TEMP TABLE frozen_users (user_id BIGINT PRIMARY KEY)")
    in_class = (
        "SELECT e.user_id FROM enrollments e JOIN classes c ON c.id = e.class_id "
        f"WHERE e.source_id = ? AND e.status = 'active' AND c.school_sourced_id {deselected}"
    )
    with_role = (
        "SELECT x.user_id FROM user_roles x JOIN users u ON u.id = x.user_id "
        f"WHERE u.source_id = ? AND x.org_sourced_id {deselected}"
    )
    stage.execute(f"INSERT INTO frozen_users {in_class} UNION {with_role}", (stage.source_id, stage.source_id))
    stage.execute(
        "INSERT INTO frozen_users SELECT DISTINCT l.agent_id FROM relationships l JOIN frozen_users f ON f.user_id = l.student_id "
        "WHERE l.status = 'active' AND l.agent_id NOT IN (SELECT user_id FROM frozen_users)"
    )


def scope(stage: Stage, entity: Entity) -> str:
    """Which stored rows `r` of a table this run may remove."""
    deselected = DESELECTED.format(source=stage.source_id)
    if entity is CLASSES:
        return f"r.school_sourced_id {SELECTED_SCHOOL}"
    if entity is COURSES:
        return (
            f"(r.org_sourced_id IS NULL OR NOT r.org_sourced_id {deselected}) AND NOT EXISTS (SELECT 1 FROM classes c "
            f"WHERE c.source_id = r.source_id AND c.course_sourced_id = r.sourced_id AND c.school_sourced_id {deselected})"
        )
    if entity is USERS:
        tied = f"EXISTS (SELECT 1 FROM user_roles x WHERE x.user_id = r.id AND x.org_sourced_id {SELECTED_SCHOOL})"
        gone = "s.sourced_id IS NULL"
        return f"(r.id NOT IN (SELECT user_id FROM frozen_users) OR ({gone} AND {tied}))"
    if entity is ENROLLMENTS:
        # Only of classes that are kept: what hangs on a removed class follows by `cascade`.
        return "r.class_id IN (SELECT local_id FROM stage_classes)"
    return "1 = 1"


def plan_listed(stage: Stage, entity: Entity, *, absence: bool) -> None:
    """Plans the removal of stored rows whose record is not kept: absent, tobedeleted, or out of scope."""
    not_kept = (
        "NOT EXISTS (SELECT 1 FROM stage_users k WHERE k.local_id = r.id AND k.kept > 0)"
        if entity is USERS
        else "(s.sourced_id IS NULL OR s.kept = 0)"
    )
    reason = (
        "CASE WHEN d.reason IS NOT NULL THEN d.reason WHEN s.kept > 0 THEN 'merged' "
        "WHEN s.sourced_id IS NOT NULL THEN 'out_of_scope' ELSE 'absent' END"
    )
    unproven = "" if absence else " AND (d.reason IS NOT NULL OR s.sourced_id IS NOT NULL)"
    stage.execute(
        "INSERT INTO changes (entity, local_id, sourced_id, action, reason) "
        f"SELECT '{entity.table}', r.id, r.sourced_id, 'removal', {reason} FROM {entity.table} r "
        f"LEFT JOIN {entity.stage} s ON s.sourced_id = r.sourced_id "
        f"LEFT JOIN dropped d ON d.entity = '{entity.table}' AND d.sourced_id = r.sourced_id "
        f"WHERE r.source_id = ? AND r.status = 'active' {of_provider(entity)} AND {not_kept} "
        f"AND (d.reason IS NULL OR d.reason NOT IN {NEVER}) AND {scope(stage, entity)}{unproven}",
        (stage.source_id,),
    )


def of_provider(entity: Entity) -> str:
    """Rows made by hand (`origin` local) are nobody's to remove."""
    return "AND r.origin = 'provider'" if entity.guarded else ""


def plan_unlinked(stage: Stage) -> None:
    """Plans the removal of relationships that a kept student's record no longer gives."""
    stage.execute(
        "INSERT INTO changes (entity, local_id, sourced_id, action, reason) "
        "SELECT 'relationships', r.id, r.sourced_id, 'removal', "
        "CASE WHEN MAX(CASE WHEN g.agent_sourced_id IS NULL THEN 0 ELSE 1 END) = 0 THEN 'link_gone' ELSE 'role_not_mapped' END "
        "FROM relationships r JOIN stage_users s ON s.local_id = r.student_id AND s.kept > 0 "
        "JOIN stage_users a ON a.local_id = r.agent_id "
        "LEFT JOIN stage_agents g ON g.student_sourced_id = s.sourced_id AND g.agent_sourced_id = a.sourced_id "
        f"WHERE r.source_id = ? AND r.status = 'active' {of_provider(RELATIONSHIPS)} "
        "AND NOT EXISTS (SELECT 1 FROM stage_relationships k WHERE k.sourced_id = r.sourced_id) "
        "GROUP BY r.id, r.sourced_id",
        (stage.source_id,),
    )


def cascade(stage: Stage, entity: Entity, column: str, parent: Entity, reason: str, *, deleting: bool) -> None:
    """Plans the removal of what hangs on a removed row, with that as the reason."""
    status = "" if deleting else "AND r.status = 'active'"
    stage.execute(
        "INSERT INTO changes (entity, local_id, sourced_id, action, reason) "
        f"SELECT '{entity.table}', r.id, r.sourced_id, 'removal', '{reason}' FROM {entity.table} r "
        f"JOIN changes p ON p.entity = '{parent.table}' AND p.action = 'removal' AND p.local_id = r.{column} "
        f"WHERE r.source_id = ? {status} {of_provider(entity)} "
        f"AND NOT EXISTS (SELECT 1 FROM {entity.stage} s WHERE s.sourced_id = r.sourced_id) ON CONFLICT DO NOTHING",
        (stage.source_id,),
    )


def grant_grace(stage: Stage, entity: Entity, grace_runs: int) -> None:
    """Turns the removal of rows that are not missing long enough into `missing`."""
    if grace_runs:
        stage.execute(
            f"UPDATE changes SET action = 'missing' WHERE entity = '{entity.table}' AND action = 'removal' "
            f"AND reason NOT IN {AT_ONCE} AND local_id IN (SELECT id FROM {entity.table} WHERE missing_runs < ?)",
            (grace_runs,),
        )


def settle_removals(stage: Stage, on_removed: str) -> None:
    """Gives every planned removal its end.

    Args:
        on_removed: the policy (`keep`, `suspend`, `unenrol`, `delete`), or `held` or `waiting`.
    """
    for entity in ENTITIES:
        action = (
            on_removed
            if on_removed in ("held", "waiting")
            else POLICY[on_removed].get(entity, POLICY[on_removed][USERS])
        )
        stage.execute("UPDATE changes SET action = ? WHERE entity = ? AND action = 'removal'", (action, entity.table))


def announce(stage: Stage, entity: Entity, emit: Emit) -> None:
    """Says what becomes of each row of a table that the provider no longer wants kept."""
    rows = stage.execute(
        f"SELECT c.action, {entity.label.format(row='r')}, r.id, r.sourced_id, c.reason FROM changes c "
        f"JOIN {entity.table} r ON r.id = c.local_id WHERE c.entity = ? AND c.action IN {GOING} ORDER BY c.seq",
        (entity.table,),
    )
    for action, name, local_id, sourced_id, reason in rows:
        emit(Decision(entity.table, entity.noun, action, name, local_id, sourced_id, reason))


def by_reason(stage: Stage) -> list[str]:
    """What goes, counted by reason: `suspended 12 enrollments: its user is removed`."""
    rows = stage.execute(
        f"SELECT action, entity, reason, COUNT(*) FROM changes WHERE action IN {GOING} "
        "GROUP BY action, entity, reason ORDER BY action, entity, reason"
    ).fetchall()
    return [f"{action} {count:,} {entity}: {REASONS.get(reason, reason)}" for action, entity, reason, count in rows]


def removal_count(stage: Stage) -> int:
    """How many removals are planned and not settled yet."""
    return int(stage.value("SELECT COUNT(*) FROM changes WHERE action = 'removal'"))


def held_count(stage: Stage) -> int:
    """How many removals a guard or a freeze withholds."""
    return int(stage.value("SELECT COUNT(*) FROM changes WHERE action IN ('held', 'waiting')"))
