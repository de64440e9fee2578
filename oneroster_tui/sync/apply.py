"""Applying the plan: the roster becomes what the stage says, in one transaction, removals last; every row audited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oneroster_tui.roster.database import Roster, now
from oneroster_tui.sync.audit import audit_after, audit_before
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
from oneroster_tui.sync.first_load import indexes_late
from oneroster_tui.sync.recognise import keep_fingerprints
from oneroster_tui.sync.stage import CARRIED, Stage, new_rows, of_change

ROLE = ("org_sourced_id", "role", "role_type")
"""The columns of `user_roles` besides the user's, and the members of a role in `users.roles`."""

REMOVALS_FIRST_TO_LAST = (RELATIONSHIPS, ENROLLMENTS, CLASSES, USERS, COURSES, ACADEMIC_SESSIONS, ORGS)


def apply(stage: Stage, run_id: int) -> None:
    """Makes the roster what the plan says. The caller holds the transaction."""
    with indexes_late(stage):
        write(stage, run_id)
    keep_fingerprints(stage)  # which looks rows up by the indexes that are there again


def write(stage: Stage, run_id: int) -> None:
    """Writes every row and its audit."""
    moment = now()
    for entity in ENTITIES:
        audit_before(stage, entity, run_id)
        update(stage, entity, moment)
        insert(stage, entity, moment)
    follow_users(stage)
    follow_classes(stage)
    for entity in REMOVALS_FIRST_TO_LAST:
        remove(stage, entity, moment)
        count_missing(stage, entity)
    for entity in ENTITIES:
        audit_after(stage, entity, run_id)
    stage.execute(
        "UPDATE orgs SET synced_at = ? WHERE source_id = ? AND sourced_id IN (SELECT sourced_id FROM selected)",
        (moment, stage.source_id),
    )


def update(stage: Stage, entity: Entity, moment: str) -> None:
    """Writes what changed and what came back; what is listed is missing no longer."""
    changed = (
        f"FROM changes c JOIN {entity.stage} s ON {of_change(entity)} "
        f"WHERE c.entity = '{entity.table}' AND c.action IN ('updated', 'reactivated') AND {entity.table}.id = c.local_id"
    )
    plain = ", ".join(f"{column} = s.{column}" for column in entity.columns if column not in entity.indexed)
    stage.execute(
        f"UPDATE {entity.table} SET {plain}, status = 'active', missing_runs = 0, updated_at = ? {changed}", (moment,)
    )
    if entity.indexed:  # naming a column in SET writes its indexes anew, and follows its reference, whatever it says
        differs = stage.roster.engine.differs
        different = " OR ".join(differs(f"{entity.table}.{column}", f"s.{column}") for column in entity.indexed)
        assignments = ", ".join(f"{column} = s.{column}" for column in entity.indexed)
        stage.execute(f"UPDATE {entity.table} SET {assignments} {changed} AND ({different})")
    found = (
        "local_id = {0}.id"
        if entity is USERS
        else "sourced_id = {0}.sourced_id AND {0}.source_id = " + str(stage.source_id)
    )
    few = f"AND sourced_id IN ({unwritten(entity)}) " if entity.table in stage.partial else ""
    stage.execute(
        f"UPDATE {entity.table} SET missing_runs = 0 WHERE source_id = {stage.source_id} AND missing_runs > 0 {few}AND EXISTS "
        f"(SELECT 1 FROM {entity.stage} s WHERE s.kept > 0 AND s.{found.format(entity.table)})"
    )


def unwritten(entity: Entity) -> str:
    """A SELECT of the staged records whose rows `update` did not write."""
    written = (
        f"SELECT 1 FROM changes c WHERE c.entity = '{entity.table}' AND c.sourced_id = s.sourced_id "
        "AND c.action IN ('updated', 'reactivated')"
    )
    return f"SELECT s.sourced_id FROM {entity.stage} s WHERE NOT EXISTS ({written})"


def insert(stage: Stage, entity: Entity, moment: str) -> None:
    """Writes what is new, under the local ids that were given out."""
    columns = ", ".join(entity.columns)
    staged = ", ".join(f"s.{column}" for column in entity.columns)
    id_column, id_value = ("id, ", "c.local_id, ") if entity.early_ids else ids_beyond(stage, entity)
    stage.execute(
        f"INSERT INTO {entity.table} ({id_column}source_id, sourced_id, {columns}, status, missing_runs, created_at, "
        f"updated_at{origin(entity)}) SELECT {id_value}?, s.sourced_id, {staged}, 'active', 0, ?, ?{origin(entity, value=True)} "
        f"FROM {new_rows(stage, entity)}{'' if entity.table in stage.all_new else ' ORDER BY c.seq'}",
        (stage.source_id, moment, moment),
    )
    if entity.early_ids:
        stage.roster.engine.free_ids(stage.execute, entity.table)


def ids_beyond(stage: Stage, entity: Entity) -> tuple[str, str]:
    """The id column and its value, for rows that the engine numbers, where it would give out the ids of deleted rows again."""
    highest = f"(SELECT COALESCE(MAX(id), 0) FROM {entity.table})"
    taken = stage.value(f"SELECT last_id FROM id_counters WHERE entity = ? AND last_id > {highest}", (entity.table,))
    if taken is None or stage.roster.engine.name != "sqlite":  # a server counts on by itself
        return "", ""
    order = "s.rowid" if entity.table in stage.all_new else "c.seq"
    return "id, ", f"{int(taken)} + ROW_NUMBER() OVER (ORDER BY {order}), "


def origin(entity: Entity, *, value: bool = False) -> str:
    """The column that tells a provider's rows from those made by hand, in the tables that have it."""
    return "" if not entity.guarded else ", 'provider'" if value else ", origin"


def follow_users(stage: Stage) -> None:
    """Brings `user_ids` and `user_roles` after their users."""
    engine = stage.roster.engine
    held = "(SELECT local_id FROM changes WHERE entity = 'users' AND action = 'held' AND local_id IS NOT NULL)"
    may_move = f" AND s.local_id NOT IN {held} AND COALESCE(i.user_id, 0) NOT IN {held}" if stage.merging else ""
    stage.execute(
        "INSERT INTO user_ids (user_id, source_id, sourced_id) SELECT s.local_id, ?, s.sourced_id FROM stage_users s "
        "JOIN users u ON u.id = s.local_id "  # not yet there where its creation is held
        "LEFT JOIN user_ids i ON i.source_id = ? AND i.sourced_id = s.sourced_id "
        f"WHERE s.kept > 0 AND (i.user_id IS NULL OR i.user_id <> s.local_id){may_move} "
        "ON CONFLICT (source_id, sourced_id) DO UPDATE SET user_id = excluded.user_id",
        (stage.source_id, stage.source_id),
    )
    same = " AND ".join(f"x.{column} = {engine.json_member('e', column)}" for column in ROLE)
    changed = "SELECT local_id FROM changes WHERE entity = 'users' AND action"
    stage.execute(
        f"DELETE FROM user_roles AS x WHERE x.user_id IN ({changed} IN ('created', 'updated', 'reactivated')) "
        f"AND NOT EXISTS (SELECT 1 FROM users u, {engine.json_each('u.roles', 'e')} WHERE u.id = x.user_id AND {same})"
    )
    add_roles(stage.roster, f"IN ({changed} = 'created')")
    add_roles(  # most people change in something else, and a night's few rows lie far apart
        stage.roster,
        f"IN ({changed} IN ('updated', 'reactivated')) "
        f"AND NOT EXISTS (SELECT 1 FROM user_roles x WHERE x.user_id = u.id AND {same})",
    )


def add_roles(roster: Roster, whose: str, parameters: Sequence[Any] = ()) -> None:
    """Inserts into `user_roles` what `users.roles` says of some people (SQL: what holds of their id)."""
    members = ", ".join(roster.engine.json_member("e", column) for column in ROLE)
    told = f"users u, {roster.engine.json_each('u.roles', 'e')} WHERE u.id {whose}"
    roster.execute(
        f"INSERT INTO user_roles (user_id, {', '.join(ROLE)}) SELECT u.id, {members} FROM {told}", parameters
    )


def follow_classes(stage: Stage) -> None:
    """Brings `class_sessions` after their classes; a term that nobody listed stays in `classes.terms` until it comes."""
    engine = stage.roster.engine
    changed = (
        "SELECT local_id FROM changes WHERE entity = 'classes' AND action IN ('created', 'updated', 'reactivated')"
    )
    stage.execute(f"DELETE FROM class_sessions WHERE class_id IN ({changed})")
    named_by = f"c.id IN (SELECT local_id FROM stage_classes WHERE kept < {CARRIED})"
    new = "SELECT local_id FROM changes WHERE entity = 'academic_sessions' AND action = 'created'"
    if stage.value(f"{new} LIMIT 1"):  # which a class may name that is not listed itself
        named_by = f"({named_by} OR t.id IN ({new}))"
    stage.execute(
        "INSERT INTO class_sessions (class_id, session_id) SELECT DISTINCT c.id, t.id FROM classes c, "
        f"{engine.json_texts('c.terms', 'e')} "
        "JOIN academic_sessions t ON t.source_id = ? AND t.sourced_id = e.value "
        f"WHERE c.source_id = ? AND {named_by} ON CONFLICT DO NOTHING",
        (stage.source_id, stage.source_id),
    )


def remove(stage: Stage, entity: Entity, moment: str) -> None:
    """Deletes what the plan deletes; what it suspends or removes gets that as its status."""
    planned = f"FROM changes c WHERE c.entity = '{entity.table}' AND c.local_id = {entity.table}.id AND c.action"
    deleted = f"SELECT local_id FROM changes WHERE entity = '{entity.table}' AND action = 'deleted'"
    if not entity.early_ids and stage.value(f"{deleted} LIMIT 1"):
        keep_highest_id(stage.roster, entity)
    stage.execute(f"DELETE FROM {entity.table} WHERE id IN ({deleted})")
    stage.execute(
        f"UPDATE {entity.table} SET status = c.action, updated_at = ? {planned} IN ('suspended', 'removed')", (moment,)
    )


def keep_highest_id(roster: Roster, entity: Entity) -> None:
    """Remembers the highest id of a table of which rows may be deleted, so that no other row ever gets it."""
    roster.execute(
        f"INSERT INTO id_counters (entity, last_id) SELECT '{entity.table}', COALESCE(MAX(id), 0) FROM {entity.table} WHERE 1 = 1 "
        "ON CONFLICT (entity) DO UPDATE SET last_id = excluded.last_id WHERE excluded.last_id > id_counters.last_id"
    )


def count_missing(stage: Stage, entity: Entity) -> None:
    """Counts one more run for what is missing and not yet removed; only a complete run counts (contract: grace_runs)."""
    if stage.is_delta and entity.table in stage.partial:
        return
    stage.execute(
        f"UPDATE {entity.table} SET missing_runs = missing_runs + 1 WHERE id IN "
        f"(SELECT local_id FROM changes WHERE entity = '{entity.table}' AND action = 'missing')"
    )
