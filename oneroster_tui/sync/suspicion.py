"""The finer guards: slow grinding-down, an emptied class, mass edits, and people who come back under new ids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from oneroster_tui.config import Guards
from oneroster_tui.sync import standing
from oneroster_tui.sync.entities import CLASSES, ENROLLMENTS, RELATIONSHIPS, USERS, Entity
from oneroster_tui.sync.guard import Trip, exceeds
from oneroster_tui.sync.stage import CARRIED, Stage, of_change

HIGH_WATER_DAYS = 7
"""How far back the highest total is looked for: small nightly losses add up to one that is noticed."""

SMALLEST_CLASS = 10
"""Members below which a class may lose over half without anybody being asked."""

REKEYED_AT_LEAST = 10
"""People who go and come under the same username or e-mail before it looks like new ids."""

PRESENT = ("created", "updated", "reactivated", "unchanged")
"""Actions of rows that a run found at the provider."""


def grinding(stage: Stage, limits: Guards) -> list[Trip]:
    """Tables whose total after this run would lie too far below the highest of the last days, though no night was much.

    Only a share can grind away: where `max_remove_percent` is off, nights are judged one by one.
    """
    found: list[Trip] = []
    if limits.max_remove_percent is None:
        return found
    highest = high_water(stage)
    for entity in (CLASSES, USERS, ENROLLMENTS, RELATIONSHIPS):
        removals = stage.value("SELECT COUNT(*) FROM changes WHERE entity = ? AND action = 'removal'", (entity.table,))
        if not removals:
            continue
        if stage.is_delta:
            kept = staying(stage, entity)
        else:
            main = " AND merged_into IS NULL" if entity is USERS else ""
            kept = stage.value(f"SELECT COUNT(*) FROM {entity.stage} WHERE kept > 0 AND kept < {CARRIED}{main}")
            kept += standing.count(stage, entity)
        high = highest.get(entity.table, 0)
        if exceeds(max(high - kept, 0), high, limits):
            found.append(Trip(entity.table, None, high - kept, high, f"since the highest of {HIGH_WATER_DAYS} days"))
    return found


def staying(stage: Stage, entity: Entity) -> int:
    """How many rows of a table will be active after a run that saw only what changed."""
    planned = "SELECT COUNT(*) FROM changes WHERE entity = ? AND action {}"
    coming = stage.value(planned.format("IN ('created', 'reactivated')"), (entity.table,))
    going = stage.value(planned.format("= 'removal'"), (entity.table,))
    return int(stage.count_active(entity) + coming - going)


def high_water(stage: Stage) -> dict[str, int]:
    """The highest total of each table in the last days; an approval, or a run without guards, starts anew."""
    since = (datetime.now(UTC) - timedelta(days=HIGH_WATER_DAYS)).strftime("%Y-%m-%dT%H:%M:%SZ")
    rows = stage.execute(
        "SELECT counts FROM sync_runs WHERE source_id = ? AND started_at >= ? AND outcome IN ('done', 'held') "
        "AND mode IN ('full', 'approve', 'unguarded') AND id >= COALESCE((SELECT MAX(id) FROM sync_runs "
        "WHERE source_id = ? AND mode IN ('approve', 'unguarded', 'undo') AND outcome = 'done'), 0)",
        (stage.source_id, since, stage.source_id),
    ).fetchall()
    highest: dict[str, int] = {}
    for (text,) in rows:
        for table, actions in msgspec.json.decode(text, type=dict[str, dict[str, int]]).items():
            total = sum(actions.get(action, 0) for action in PRESENT)
            highest[table] = max(total, highest.get(table, 0))
    return highest


def emptied_classes(stage: Stage, limits: Guards) -> list[Trip]:
    """Classes of some size that would lose over half of their members while they themselves stay."""
    if limits.max_remove_percent is None and limits.max_remove_count is None:
        return []
    losing = (  # few have to be counted: over half of the smallest go
        "SELECT r.class_id AS class_id, COUNT(*) AS gone FROM changes p CROSS JOIN enrollments r "
        f"WHERE p.entity = 'enrollments' AND p.action = 'removal' AND r.id = p.local_id AND r.source_id = {stage.source_id} "
        "AND r.status = 'active' GROUP BY r.class_id HAVING COUNT(*) * 2 > ? "
        "AND MAX(CASE WHEN p.reason = 'class_removed' THEN 0 ELSE 1 END) = 1"
    )
    members = (
        f"SELECT COUNT(*) FROM enrollments e WHERE e.class_id = g.class_id AND e.source_id = {stage.source_id} "
        "AND e.status = 'active'"
    )
    rows = stage.execute(
        "SELECT m.title, m.school, m.gone, m.stored FROM (SELECT k.id AS id, k.title AS title, k.school_sourced_id AS school, "
        f"g.gone AS gone, ({members}) AS stored FROM ({losing}) g JOIN classes k ON k.id = g.class_id) m "
        "WHERE m.stored >= ? AND m.gone * 2 > m.stored ORDER BY m.id",
        (SMALLEST_CLASS, SMALLEST_CLASS),
    ).fetchall()
    return [Trip("enrollments", school, gone, stored, f"class {title}") for title, school, gone, stored in rows]


def hold_mass_edits(stage: Stage, max_change_percent: float | None) -> list[Trip]:
    """Holds the updates of a table where too large a share of the stored rows would change what they say."""
    found = []
    for entity in (CLASSES, USERS, ENROLLMENTS) if max_change_percent is not None else ():
        told = [column for column in entity.columns if column != "date_last_modified"]
        different = " OR ".join(stage.roster.engine.differs(f"r.{column}", f"s.{column}") for column in told)
        edited = (
            f"FROM changes c JOIN {entity.stage} s ON {of_change(entity)} JOIN {entity.table} r ON r.id = c.local_id "
            f"WHERE c.entity = '{entity.table}' AND c.action = 'updated' AND ({different})"
        )
        count = stage.value(f"SELECT COUNT(*) {edited}")
        if max_change_percent is None or count <= REKEYED_AT_LEAST:
            continue
        stored = stage.count_active(entity)
        if count * 100 > max_change_percent * stored:
            stage.execute(
                f"UPDATE changes SET action = 'held', reason = 'mass_edit' WHERE entity = '{entity.table}' AND action = 'updated'"
            )
            found.append(Trip(entity.table, None, count, stored, "changed at once", verb="change"))
    return found


def hold_rekeyed(stage: Stage, limits: Guards) -> list[Trip]:
    """Finds people who go while others come under the same username or e-mail; holds those comings, too.

    Were they created, everybody would be there twice. The way on is an id map (`sync --import-id-map old,new.csv`).
    """
    stage.execute("DROP TABLE IF EXISTS temp.rekeyed")
    stage.execute(
        "CREATE TEMP TABLE rekeyed AS SELECT DISTINCT s.local_id AS local_id FROM changes g "
        "JOIN users r ON r.id = g.local_id JOIN stage_users s ON s.username = r.username OR (s.email <> '' AND s.email = r.email) "
        "JOIN changes c ON c.entity = 'users' AND c.action = 'created' AND c.sourced_id = s.sourced_id "
        "WHERE g.entity = 'users' AND g.action = 'removal' AND g.reason IN ('absent', 'tobedeleted')"
    )
    count = stage.value("SELECT COUNT(*) FROM rekeyed")
    if count < REKEYED_AT_LEAST or (limits.max_remove_percent is None and limits.max_remove_count is None):
        return []
    stage.execute(
        "UPDATE changes SET action = 'held', reason = 'new_id' WHERE entity = 'users' AND action = 'created' "
        "AND local_id IN (SELECT local_id FROM rekeyed)"
    )
    return [Trip("users", None, count, count, "looks like new ids: see sync --import-id-map")]
