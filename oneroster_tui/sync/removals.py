"""Which stored rows the provider no longer wants kept, and why. Planned only after complete pulls, applied last.

Three kinds of rows never become removals: what is listed but broken (a problem), what a filter hides (`terms`), and the rows
of a school that was deselected: they wait until someone decides (contract: what a sync keeps).
"""

from __future__ import annotations

from collections.abc import Callable
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

IsGone = Callable[[Entity, str], str]
"""Asks for one record: blank when it is gone, else the code of why its row must stay."""

MOST_ASKED = 500
"""Single records asked for in a run, each table; what is beyond that stays until the next run."""

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

DESELECTED_SCHOOLS = (
    "SELECT o.sourced_id FROM orgs o WHERE o.source_id = {source} AND o.synced_at IS NOT NULL "
    "AND o.sourced_id NOT IN (SELECT sourced_id FROM selected) "
    "UNION SELECT k.school_sourced_id FROM classes k WHERE k.source_id = {source} AND k.status = 'active' "
    "AND k.school_sourced_id NOT IN (SELECT sourced_id FROM selected)"
)
DESELECTED = f"IN ({DESELECTED_SCHOOLS})"
"""Schools that were synced once and are not selected; one that the provider never listed has no org row, but classes."""


def plan_removals(
    stage: Stage,
    *,
    grace_runs: int,
    unidentified: Some[str],
    deleting: bool,
    protected: Some[str] = (),
    is_gone: IsGone | None = None,
) -> None:
    """Plans every removal as action `removal` (or `missing`, while `grace_runs` lasts).

    Args:
        grace_runs: how many complete runs a row may be missing before it is removed.
        unidentified: tables of which records came without a usable sourcedId: any stored row may be among those, so
            absence proves nothing there.
        deleting: `on_removed = "delete"`: what hangs on a removed row goes whatever its own status.
        protected: OneRoster roles in lower case whose people and enrollments stay.
        is_gone: asks the provider for a single record before its absence ends in something that cannot be taken back.
    """
    stage.measure("changes", RELATIONSHIPS.stage)
    # Courses are judged by the classes that stay, users by the enrollments that stay.
    for entity in (ORGS, ACADEMIC_SESSIONS, CLASSES, COURSES, ENROLLMENTS, USERS):
        if entity is USERS:
            cascade(stage, ENROLLMENTS, "class_id", CLASSES, "class_removed", deleting=deleting)
            freeze_users(stage)
        plan_listed(stage, entity, absence=entity.table not in unidentified)
        grant_grace(stage, entity, grace_runs)
        if is_gone:
            confirm_absence(stage, entity, is_gone)
        protect(stage, entity, protected)
    spare_agents(stage)
    wait_for_users(stage)
    plan_unlinked(stage)
    grant_grace(stage, RELATIONSHIPS, grace_runs)
    cascade(stage, ENROLLMENTS, "user_id", USERS, "user_removed", deleting=deleting)
    cascade(stage, RELATIONSHIPS, "student_id", USERS, "user_removed", deleting=deleting)
    cascade(stage, RELATIONSHIPS, "agent_id", USERS, "user_removed", deleting=deleting)


def confirm_absence(stage: Stage, entity: Entity, is_gone: IsGone) -> None:
    """Keeps what is missing from the list, but still there when it is asked for by itself; also what nobody could ask for."""
    absent = stage.execute(
        "SELECT sourced_id FROM changes WHERE entity = ? AND action = 'removal' AND reason = 'absent' ORDER BY seq",
        (entity.table,),
    ).fetchall()
    for number, (sourced_id,) in enumerate(absent):
        why = is_gone(entity, sourced_id) if number < MOST_ASKED else "not_confirmed"
        if why:
            stage.execute(
                "UPDATE changes SET action = 'kept', reason = ? WHERE entity = ? AND sourced_id = ?",
                (why, entity.table, sourced_id),
            )


def protect(stage: Stage, entity: Entity, roles: Some[str]) -> None:
    """Keeps people with a protected role, and enrollments in one."""
    if not roles or entity not in (USERS, ENROLLMENTS):
        return
    marks = ", ".join("?" * len(roles))
    holders = (
        f"SELECT x.user_id FROM user_roles x WHERE LOWER(x.role) IN ({marks})"
        if entity is USERS
        else f"SELECT e.id FROM enrollments e WHERE LOWER(e.role) IN ({marks})"
    )
    stage.execute(
        f"UPDATE changes SET action = 'kept', reason = 'protected' WHERE entity = '{entity.table}' AND action = 'removal' "
        f"AND local_id IN ({holders})",
        tuple(roles),
    )


def freeze_users(stage: Stage) -> None:
    """Finds the people who are not kept, but to whom something holds that this run leaves alone.

    `why` is `role` for a role at a deselected school, `tie` for a class or a child there, and `listed` for an enrollment
    that stays although it was not staged (its class ended, the record is broken, its role is protected).
    """
    stage.execute("CREATE TEMP TABLE frozen_users (user_id BIGINT, why TEXT, PRIMARY KEY (user_id, why))")
    if stage.value(f"{DESELECTED_SCHOOLS.format(source=stage.source_id)} LIMIT 1") is not None:
        freeze_deselected(stage)
    few_first = "CROSS JOIN" if stage.partial else ","
    listed = (
        f"SELECT e.user_id, 'listed' FROM stage_users s {few_first} users u {few_first} enrollments e {few_first} classes c "
        "WHERE s.kept = 0 AND u.source_id = ? AND u.sourced_id = s.sourced_id AND u.status = 'active' "
        f"AND e.user_id = u.id AND e.status = 'active' AND c.id = e.class_id AND NOT {is_kept_user('u.id')} "
        f"AND NOT {is_staged(ENROLLMENTS, 'e')} AND NOT {is_going(ENROLLMENTS, 'e')} AND NOT {is_going(CLASSES, 'c')}"
    )
    stage.execute(f"INSERT INTO frozen_users {listed} ON CONFLICT DO NOTHING", (stage.source_id,))


def freeze_deselected(stage: Stage) -> None:
    """Finds the people whom a role, a class or a child at a deselected school holds."""
    deselected = DESELECTED.format(source=stage.source_id)
    roles = (
        "SELECT x.user_id, 'role' FROM user_roles x JOIN users u ON u.id = x.user_id "
        f"WHERE u.source_id = ? AND x.org_sourced_id {deselected}"
    )
    ties = (
        "SELECT e.user_id, 'tie' FROM classes c JOIN enrollments e ON e.class_id = c.id AND e.status = 'active' "
        f"WHERE c.source_id = ? AND c.school_sourced_id {deselected}"
    )
    stage.execute(f"INSERT INTO frozen_users {roles} UNION {ties}", (stage.source_id,) * 2)
    stage.execute(
        "INSERT INTO frozen_users SELECT l.agent_id, 'tie' FROM relationships l "
        "JOIN frozen_users f ON f.user_id = l.student_id "
        f"WHERE l.status = 'active' AND NOT {is_kept_user('l.student_id')} AND NOT EXISTS (SELECT 1 FROM users a "
        f"WHERE a.id = l.agent_id AND {is_staged(USERS, 'a')}) "  # of a listed agent `spare_agents` judges, knowing who goes
        "ON CONFLICT DO NOTHING"
    )


def is_kept_user(local_id: str) -> str:
    """SQL: whether a user is kept, by any record."""
    return f"EXISTS (SELECT 1 FROM stage_users k WHERE k.local_id = {local_id} AND k.kept > 0)"


def is_staged(entity: Entity, row: str) -> str:
    """SQL: whether the record of a stored row was read and staged."""
    return f"EXISTS (SELECT 1 FROM {entity.stage} t WHERE t.sourced_id = {row}.sourced_id)"


def is_going(entity: Entity, row: str) -> str:
    """SQL: whether a stored row is planned to go, now or when its grace has passed."""
    return (
        f"EXISTS (SELECT 1 FROM changes p WHERE p.entity = '{entity.table}' AND p.sourced_id = {row}.sourced_id "
        "AND p.action IN ('removal', 'missing'))"
    )


def scope(stage: Stage, entity: Entity) -> str:
    """Which stored rows `r` of a table, with the record `s` where it was staged, this run may remove."""
    deselected = DESELECTED.format(source=stage.source_id)
    if entity is ORGS:
        return (
            "r.synced_at IS NULL"  # by its row a deselected school is known; without a selected one nothing gets here
        )
    if entity is CLASSES:
        return f"r.school_sourced_id {SELECTED_SCHOOL}"
    if entity is COURSES:
        named = (
            "EXISTS (SELECT 1 FROM classes c WHERE c.source_id = r.source_id AND c.course_sourced_id = r.sourced_id "
            f"AND c.status = 'active' AND NOT {is_staged(CLASSES, 'c')} AND NOT {is_going(CLASSES, 'c')})"
        )
        return f"(r.org_sourced_id IS NULL OR NOT r.org_sourced_id {deselected}) AND NOT {named}"
    if entity is USERS:
        tied = f"EXISTS (SELECT 1 FROM user_roles x WHERE x.user_id = r.id AND x.org_sourced_id {SELECTED_SCHOOL})"
        return (
            "NOT EXISTS (SELECT 1 FROM frozen_users f WHERE f.user_id = r.id AND CASE f.why "
            "WHEN 'listed' THEN s.sourced_id IS NOT NULL "
            f"WHEN 'tie' THEN s.sourced_id IS NOT NULL OR NOT {tied} "
            f"ELSE s.kept = 0 OR (s.sourced_id IS NULL AND NOT {tied}) END)"
        )
    if entity is ENROLLMENTS:
        # Only of classes that are kept: what hangs on a removed class follows by `cascade`.
        return "r.class_id IN (SELECT local_id FROM stage_classes)"
    return "1 = 1"


def plan_listed(stage: Stage, entity: Entity, *, absence: bool) -> None:
    """Plans the removal of stored rows whose record is not kept: absent, tobedeleted, or out of scope."""
    not_kept = "(s.sourced_id IS NULL OR s.kept = 0)"
    if entity is USERS:  # a person is there as long as one record is, even a broken one
        not_kept = (
            f"NOT {is_kept_user('r.id')} AND NOT EXISTS (SELECT 1 FROM user_ids i JOIN dropped b ON b.entity = 'users' "
            "AND b.sourced_id = i.sourced_id AND b.reason = 'broken' WHERE i.source_id = r.source_id AND i.user_id = r.id)"
        )
    reason = (
        "CASE WHEN d.reason IS NOT NULL THEN d.reason WHEN s.kept > 0 THEN 'merged' "
        "WHEN s.sourced_id IS NOT NULL THEN 'out_of_scope' ELSE 'absent' END"
    )
    heard_of = (
        f" AND r.sourced_id IN (SELECT sourced_id FROM dropped WHERE entity = '{entity.table}' "
        f"UNION ALL SELECT sourced_id FROM {entity.stage}{'' if entity is USERS else ' WHERE kept = 0'})"
    )
    stage.execute(
        "INSERT INTO changes (entity, local_id, sourced_id, action, reason) "
        f"SELECT '{entity.table}', r.id, r.sourced_id, 'removal', {reason} FROM {entity.table} r "
        f"LEFT JOIN {entity.stage} s ON s.sourced_id = r.sourced_id "
        f"LEFT JOIN dropped d ON d.entity = '{entity.table}' AND d.sourced_id = r.sourced_id "
        f"WHERE r.source_id = ? AND r.status = 'active' {of_provider(entity)} AND {not_kept} "
        f"AND (d.reason IS NULL OR d.reason NOT IN {NEVER}) AND {scope(stage, entity)}{'' if absence else heard_of}",
        (stage.source_id,),
    )


def of_provider(entity: Entity) -> str:
    """Rows made by hand (`origin` local) are nobody's to remove."""
    return "AND r.origin = 'provider'" if entity.guarded else ""


def spare_agents(stage: Stage) -> None:
    """Takes back the removal of listed agents whose student stays without being kept: that link was not asked about.

    To the last: who is spared may be a student, too.
    """
    spare = (
        "DELETE FROM changes WHERE entity = 'users' AND reason IN ('out_of_scope', 'merged') AND local_id IN "
        "(SELECT l.agent_id FROM relationships l JOIN users u ON u.id = l.student_id AND u.status = 'active' "
        f"WHERE l.status = 'active' AND NOT {is_kept_user('u.id')} AND NOT {is_going(USERS, 'u')})"
    )
    while stage.execute(spare).rowcount > 0:
        pass


def wait_for_users(stage: Stage) -> None:
    """Takes back the removal of enrollments that are listed, and whose user is not but stays (for now): they go together."""
    stage.execute(
        "DELETE FROM changes WHERE entity = 'enrollments' AND reason = 'user_removed' AND local_id IN (SELECT e.id "
        "FROM enrollments e JOIN changes p ON p.entity = 'users' AND p.action IN ('missing', 'kept') AND p.local_id = e.user_id)"
    )


def plan_unlinked(stage: Stage) -> None:
    """Plans the removal of relationships that a kept student's record no longer gives.

    One that is still given, but whose agent is not kept, goes or stays with that agent.
    """
    given = (
        "EXISTS (SELECT 1 FROM stage_users s JOIN stage_agents g ON g.student_sourced_id = s.sourced_id "
        "LEFT JOIN stage_users a ON a.sourced_id = g.agent_sourced_id AND a.kept > 0 "
        f"LEFT JOIN user_ids i ON i.source_id = {stage.source_id} AND i.sourced_id = g.agent_sourced_id "
        "WHERE s.local_id = r.student_id AND s.kept > 0 AND COALESCE(a.local_id, i.user_id) = r.agent_id)"
    )
    few = "(SELECT DISTINCT local_id FROM stage_users) f CROSS JOIN " if stage.partial else ""
    stage.execute(
        "INSERT INTO changes (entity, local_id, sourced_id, action, reason) "
        f"SELECT 'relationships', r.id, r.sourced_id, 'removal', CASE WHEN {given} THEN 'role_not_mapped' ELSE 'link_gone' END "
        f"FROM {few}relationships r WHERE {'r.student_id = f.local_id AND ' if few else ''}r.source_id = ? "
        f"AND r.status = 'active' {of_provider(RELATIONSHIPS)} AND {is_kept_user('r.student_id')} "
        f"AND NOT {is_staged(RELATIONSHIPS, 'r')} AND ({is_kept_user('r.agent_id')} OR NOT {given})",
        (stage.source_id,),
    )


def cascade(stage: Stage, entity: Entity, column: str, parent: Entity, reason: str, *, deleting: bool) -> None:
    """Plans the removal of what hangs on a removed row, with that as the reason, whatever else would spare it."""
    status = "" if deleting else "AND r.status = 'active'"
    stage.execute(
        "INSERT INTO changes (entity, local_id, sourced_id, action, reason) "
        f"SELECT '{entity.table}', r.id, r.sourced_id, 'removal', '{reason}' FROM changes p CROSS JOIN {entity.table} r "
        f"WHERE p.entity = '{parent.table}' AND p.action = 'removal' AND p.local_id = r.{column} "  # few removals first
        f"AND r.source_id = ? {status} {of_provider(entity)} "
        f"AND NOT {is_staged(entity, 'r')} ON CONFLICT (entity, sourced_id) DO UPDATE SET action = 'removal', "
        "reason = excluded.reason WHERE changes.action IN ('missing', 'kept')",
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
    if on_removed == "delete":
        spare_the_needed(stage)


def spare_the_needed(stage: Stage) -> None:
    """Suspends in place of deleting where a row hangs on it that the plan leaves there, such as one made by hand."""
    for parent, entity, column in (
        (CLASSES, ENROLLMENTS, "class_id"),
        (USERS, ENROLLMENTS, "user_id"),
        (USERS, RELATIONSHIPS, "student_id"),
        (USERS, RELATIONSHIPS, "agent_id"),
    ):
        stage.execute(
            f"UPDATE changes SET action = 'suspended' WHERE entity = '{parent.table}' AND action = 'deleted' AND EXISTS "
            f"(SELECT 1 FROM {entity.table} r WHERE r.{column} = changes.local_id AND NOT {is_staged(entity, 'r')} "
            f"AND NOT EXISTS (SELECT 1 FROM changes p WHERE p.entity = '{entity.table}' AND p.sourced_id = r.sourced_id "
            "AND p.action = 'deleted'))"
        )


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
