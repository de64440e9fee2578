"""The plan: how the roster must differ after the run, as rows of `changes`. All of it set-based, nothing of it per record."""

from __future__ import annotations

from oneroster_tui.sync import standing
from oneroster_tui.sync.entities import CLASS_NAMED, ENROLLMENTS, ENTITIES, USERS, Entity, relationship_name
from oneroster_tui.sync.events import Decision, Emit, Many
from oneroster_tui.sync.stage import CARRIED, Stage, new_rows

SHOWN_ROWS = 200
"""How many new enrollments or relationships the log shows one by one; a first sync has a million."""


def keep_agents(stage: Stage, round_: int) -> None:
    """Keeps the agents of kept students (contract: users), to the last: an agent may be a student too."""
    keep = (
        "UPDATE stage_users SET kept = ? WHERE kept = 0 AND sourced_id IN (SELECT a.agent_sourced_id "
        "FROM stage_agents a JOIN stage_users s ON s.sourced_id = a.student_sourced_id WHERE s.kept > 0)"
    )
    while stage.execute(keep, (round_,)).rowcount > 0:
        pass


def keep_enrolled(stage: Stage, round_: int) -> None:
    """Keeps everybody whom a kept enrollment names (contract: users); those of held classes that ended are kept too."""
    stage.execute(
        "UPDATE stage_users SET kept = ? WHERE kept = 0 AND (sourced_id IN (SELECT user_sourced_id FROM stage_enrollments) "
        "OR sourced_id IN (SELECT i.sourced_id FROM dropped d JOIN classes c ON c.source_id = ? AND c.sourced_id = d.sourced_id "
        "JOIN enrollments e ON e.class_id = c.id AND e.status = 'active' JOIN user_ids i ON i.user_id = e.user_id "
        "WHERE d.entity = 'classes' AND d.reason = 'filtered' AND c.status = 'active'))",
        (round_, stage.source_id),
    )


def keep_named_courses(stage: Stage) -> None:
    """Keeps the courses that a kept class names, whosever they are (contract: courses)."""
    stage.execute(
        "UPDATE stage_courses SET kept = 1 WHERE kept = 0 AND sourced_id IN (SELECT course_sourced_id FROM stage_classes)"
    )


def decide(stage: Stage, entity: Entity, round_: int, emit: Emit) -> None:
    """Decides the rows that were kept in a round: resolves or gives local ids, plans changes, says each decision."""
    if entity.early_ids:
        find_ids(stage, entity, round_)
        give_ids(stage, entity, round_)
    plan_changes(stage, entity, round_)
    announce(stage, entity, round_, emit)


def find_ids(stage: Stage, entity: Entity, round_: int) -> None:
    """Finds the local rows of records that are held already."""
    stage.execute(
        f"UPDATE {entity.stage} SET local_id = (SELECT r.id FROM {entity.table} r WHERE r.source_id = ? "
        f"AND r.sourced_id = {entity.stage}.sourced_id) WHERE kept = ? AND local_id IS NULL",
        (stage.source_id, round_),
    )


def give_ids(stage: Stage, entity: Entity, round_: int) -> None:
    """Gives local ids to records that are new, in the order they came."""
    new = f"FROM {entity.stage} WHERE kept = ? AND local_id IS NULL"
    count = stage.value(f"SELECT COUNT(*) {new}", (round_,))
    if count:
        first = stage.reserve_ids(entity, count)
        stage.execute(
            f"UPDATE {entity.stage} SET local_id = n.place FROM "
            f"(SELECT sourced_id AS new_id, ? + ROW_NUMBER() OVER (ORDER BY sourced_id) AS place {new}) AS n "
            f"WHERE {entity.stage}.sourced_id = n.new_id",
            (first, round_),
        )


def matching(stage: Stage, entity: Entity) -> str:
    """How a staged row `s` finds its stored row `r`."""
    if entity.early_ids:
        return "r.id = s.local_id"
    return f"r.source_id = {stage.source_id} AND r.sourced_id = s.sourced_id"


def changed_id(entity: Entity) -> str:
    """The sourcedId that a change goes by, of a staged row `s` and a stored row `r`: the stored row's own.

    They differ only where a person lives on in the row that a vanished record of theirs made.
    """
    return "COALESCE(r.sourced_id, s.sourced_id)" if entity is USERS else "s.sourced_id"


def plan_changes(stage: Stage, entity: Entity, round_: int) -> None:
    """Plans what is new, came back, or says something else than the stored row."""
    if is_all_new(stage, entity):
        stage.all_new.add(entity.table)
        return
    differs = stage.roster.engine.differs
    different = " OR ".join(differs(f"r.{column}", f"s.{column}") for column in entity.columns)
    if entity is USERS and stage.merging:
        different += f" OR {moves_ids(stage)}"
    only_main = " AND s.merged_into IS NULL" if entity is USERS else ""
    not_by_hand = " AND (r.id IS NULL OR r.origin = 'provider')" if entity.guarded else ""
    stage.execute(
        "INSERT INTO changes (entity, local_id, sourced_id, action, reason) "
        f"SELECT '{entity.table}', COALESCE(r.id, s.local_id), {changed_id(entity)}, CASE WHEN r.id IS NULL THEN 'created' "
        "WHEN r.status <> 'active' THEN 'reactivated' ELSE 'updated' END, '' "
        f"FROM {entity.stage} s LEFT JOIN {entity.table} r ON {matching(stage, entity)} "
        f"WHERE s.kept = ?{only_main}{not_by_hand} AND (r.id IS NULL OR r.status <> 'active' OR {different})",
        (round_,),
    )


def moves_ids(stage: Stage) -> str:
    """SQL: whether a provider id comes to mean a stored user `r`, or to mean another one; undo has to know of either."""
    means = f"i.source_id = {stage.source_id} AND i.user_id = r.id"
    return (
        "EXISTS (SELECT 1 FROM stage_users k WHERE k.local_id = r.id AND k.kept > 0 AND NOT EXISTS "
        f"(SELECT 1 FROM user_ids i WHERE {means} AND i.sourced_id = k.sourced_id)) OR EXISTS (SELECT 1 FROM user_ids i "
        f"JOIN stage_users k ON k.sourced_id = i.sourced_id WHERE {means} AND k.kept > 0 AND k.local_id <> r.id)"
    )


def is_all_new(stage: Stage, entity: Entity) -> bool:
    """Whether a source's first load brings very many rows of a table, so that nothing of it is to be compared or held."""
    if entity.early_ids:
        return False
    known = any(
        stage.value(f"SELECT 1 FROM {table} WHERE source_id = ? LIMIT 1", (stage.source_id,))
        for table in (USERS.table, entity.table)
    )
    return not known and bool(stage.value(f"SELECT 1 FROM {entity.stage} LIMIT 1 OFFSET {SHOWN_ROWS}"))


def announce(stage: Stage, entity: Entity, round_: int, emit: Emit) -> None:
    """Says what was decided in a round: every user, and of the other tables what changes.

    Where very many enrollments or relationships are new, they are said by the class, or only counted.
    """
    where = "s.kept = ?"
    if entity is USERS:
        where += " AND s.merged_into IS NULL"
    elif not entity.early_ids and (count := count_new(stage, entity)) > SHOWN_ROWS:
        announce_many(stage, entity, count, emit)
        if entity.table in stage.all_new:
            return
        where += " AND c.action <> 'created'"
    remote_time = "s.date_last_modified" if "date_last_modified" in entity.columns else "NULL"
    rows = stage.execute(
        f"SELECT COALESCE(c.action, 'unchanged'), {entity.label.format(row='s')}, COALESCE(c.local_id, s.local_id), "
        f"s.sourced_id, r.date_last_modified, {remote_time} FROM {entity.stage} s "
        f"LEFT JOIN {entity.table} r ON {matching(stage, entity)} {'LEFT JOIN' if entity is USERS else 'JOIN'} changes c "
        f"ON c.entity = '{entity.table}' AND c.sourced_id = {changed_id(entity)} WHERE {where} ORDER BY s.sourced_id",
        (round_,),
    )
    for action, name, local_id, sourced_id, local_time, remote_time in rows:
        emit(Decision(entity.table, entity.noun, action, name, local_id, sourced_id, "", local_time, remote_time))


def count_new(stage: Stage, entity: Entity) -> int:
    """How many rows of a table are new."""
    return int(stage.value(f"SELECT COUNT(*) FROM {new_rows(stage, entity)}"))


def announce_many(stage: Stage, entity: Entity, count: int, emit: Emit) -> None:
    """Says new enrollments by the class, new relationships by their number."""
    if entity is not ENROLLMENTS:
        emit(Many(entity.table, "created", count, f"{entity.table}"))
        return
    rows = stage.execute(
        f"SELECT COUNT(*), {CLASS_NAMED.format(row='s')} FROM {new_rows(stage, entity)} "
        "GROUP BY s.class_id ORDER BY s.class_id"
    )
    for count, title in rows:
        emit(Many(entity.table, "created", count, f"enrollments in {title}"))


def resolve_enrollments(stage: Stage, *, users_known: bool) -> None:
    """Gives every staged enrollment its local user; what has none is dropped, as a problem where nobody knows that user.

    Args:
        users_known: whether the users were read completely; where not, a stored user counts as listed. Where only what
            changed was read, one that is active does.
    """
    for_user = (
        "SELECT u.local_id FROM stage_users u WHERE u.sourced_id = stage_enrollments.user_sourced_id AND u.kept > 0"
    )
    stage.execute(f"UPDATE stage_enrollments SET user_id = ({for_user}) WHERE user_id IS NULL")
    stored = (
        f"SELECT i.user_id FROM user_ids i WHERE i.source_id = {stage.source_id} "
        "AND i.sourced_id = stage_enrollments.user_sourced_id"
    )
    unreadable = (
        "EXISTS (SELECT 1 FROM dropped d WHERE d.entity = 'users' AND d.reason = 'broken' "
        "AND d.sourced_id = stage_enrollments.user_sourced_id)"
    )
    trusted = unreadable if users_known else "1 = 1"
    whose = f"({stored}) WHERE user_id IS NULL AND {trusted}"
    if USERS.table in stage.partial:
        whose = f"({standing_user(stage, 'stage_enrollments.user_sourced_id')}) WHERE user_id IS NULL"
    stage.execute(f"UPDATE stage_enrollments SET user_id = {whose}")
    drop_without_user(stage, stored)


def standing_user(stage: Stage, sourced_id: str) -> str:
    """A SELECT of the active user whose sourcedId it is, unless something that was read says that the user goes."""
    return (
        "SELECT n.user_id FROM user_ids n JOIN users v ON v.id = n.user_id AND v.status = 'active' "
        f"WHERE n.source_id = {stage.source_id} AND n.sourced_id = {sourced_id} AND NOT EXISTS (SELECT 1 FROM dropped d "
        f"WHERE d.entity = 'users' AND d.reason <> 'broken' AND d.sourced_id = {sourced_id})"
    )


def drop_without_user(stage: Stage, stored: str) -> None:
    """Drops staged enrollments that found no user, with the reason."""
    deleted = (
        "EXISTS (SELECT 1 FROM dropped d WHERE d.entity = 'users' AND d.reason = 'tobedeleted' "
        "AND d.sourced_id = stage_enrollments.user_sourced_id)"
    )
    if stage.is_delta:  # it need not have come for being gone still
        deleted = (
            f"({deleted} OR EXISTS (SELECT 1 FROM loose_ends l WHERE l.source_id = {stage.source_id} AND l.entity = 'users' "
            "AND l.sourced_id = stage_enrollments.user_sourced_id AND l.reason = 'user_removed'))"
        )
    stage.execute(
        "INSERT INTO dropped (entity, sourced_id, reason) SELECT 'enrollments', sourced_id, "
        f"CASE WHEN {deleted} OR EXISTS ({stored}) THEN 'user_removed' ELSE 'broken' END "
        "FROM stage_enrollments WHERE user_id IS NULL ON CONFLICT DO NOTHING"
    )
    stage.execute(
        "INSERT INTO stage_problems (entity, sourced_id, severity, code, message) SELECT 'enrollments', s.sourced_id, "
        "'error', 'unknown_user', 'user: names ' || s.user_sourced_id || ', which the provider does not list' "
        "FROM stage_enrollments s JOIN dropped d ON d.entity = 'enrollments' AND d.sourced_id = s.sourced_id "
        "WHERE s.user_id IS NULL AND d.reason = 'broken'"
    )
    stage.execute(
        "INSERT INTO stage_loose_ends (entity, sourced_id, named_by, reason) SELECT DISTINCT 'users', user_sourced_id, "
        f"'enrollments', CASE WHEN {deleted} THEN 'user_removed' ELSE '' END FROM stage_enrollments WHERE user_id IS NULL"
    )
    stage.execute("DELETE FROM stage_enrollments WHERE user_id IS NULL")


def stage_relationships(stage: Stage, *, users_known: bool) -> None:
    """Stages the relationships: a kept student's agents with the agent's own role mapped (contract: relationships).

    Two people whom somebody linked by hand are left as they are.

    Args:
        users_known: whether the users were read completely; where not, an agent who is missing is no news.
    """

    def permanent(alias: str) -> str:
        stored = f"(SELECT u.sourced_id FROM users u WHERE u.id = {alias}.local_id)"
        return f"COALESCE({stored}, {alias}.merged_into, {alias}.sourced_id)"

    stage.execute(
        "INSERT INTO stage_relationships (sourced_id, student_id, agent_id, role, local_role, kept) "
        f"SELECT MIN({relationship_name(permanent('s'), permanent('a'))}), s.local_id, a.local_id, MIN(a.agent_role), "
        "MIN(a.agent_local_role), 1 FROM stage_agents g "
        "JOIN stage_users s ON s.sourced_id = g.student_sourced_id AND s.kept > 0 "
        "JOIN stage_users a ON a.sourced_id = g.agent_sourced_id AND a.kept > 0 "
        "WHERE a.agent_local_role IS NOT NULL AND s.local_id <> a.local_id AND NOT EXISTS (SELECT 1 FROM relationships l "
        "WHERE l.student_id = s.local_id AND l.agent_id = a.local_id AND l.origin <> 'provider') "
        "GROUP BY s.local_id, a.local_id"
    )
    came = (
        "JOIN stage_users s ON s.sourced_id = g.student_sourced_id AND s.kept > 0 "
        f"AND (s.kept < {CARRIED} OR g.agent_sourced_id IN "
        "(SELECT sourced_id FROM dropped WHERE entity = 'users' AND reason = 'absent')) "
    )
    stage.execute(
        "INSERT INTO stage_loose_ends (entity, sourced_id, named_by) SELECT DISTINCT 'users', g.agent_sourced_id, 'agents' "
        f"FROM stage_agents g {came}"
        "LEFT JOIN stage_users a ON a.sourced_id = g.agent_sourced_id WHERE a.sourced_id IS NULL"
    )
    if not users_known:
        return
    stage.execute(
        "INSERT INTO stage_problems (entity, sourced_id, severity, code, message) "
        "SELECT 'users', s.sourced_id, 'warning', 'unknown_agent', "
        f"'agents: names ' || g.agent_sourced_id || ', which the provider does not list' FROM stage_agents g {came}"
        "LEFT JOIN stage_users a ON a.sourced_id = g.agent_sourced_id "
        "LEFT JOIN dropped d ON d.entity = 'users' AND d.sourced_id = g.agent_sourced_id AND d.reason <> 'absent' "
        "WHERE a.sourced_id IS NULL AND d.sourced_id IS NULL"
    )


def counts(stage: Stage) -> dict[str, dict[str, int]]:
    """table -> action -> rows, `unchanged` and `problems` among them."""
    table: dict[str, dict[str, int]] = {}
    for entity in ENTITIES:
        rows = stage.execute(
            "SELECT action, COUNT(*) FROM changes WHERE entity = ? GROUP BY action", (entity.table,)
        ).fetchall()
        actions = {action: int(count) for action, count in rows}
        only_main = " AND merged_into IS NULL" if entity is USERS else ""
        kept = stage.value(f"SELECT COUNT(*) FROM {entity.stage} WHERE kept > 0 AND kept < {CARRIED}{only_main}")
        kept += standing.count(stage, entity)
        if entity.table in stage.all_new:
            actions["created"] = kept
        changed = sum(actions.get(action, 0) for action in ("created", "updated", "reactivated"))
        problems = stage.value(
            "SELECT COUNT(*) FROM stage_problems WHERE entity = ? AND severity = 'error'", (entity.table,)
        )
        table[entity.table] = {**actions, "unchanged": kept - changed, "problems": problems}
    return table
