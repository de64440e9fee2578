"""The audit of a run: every row it touches, whole, before and after. What undo lives on."""

from __future__ import annotations

from oneroster_tui.roster.engine import Engine
from oneroster_tui.sync.entities import USERS, Entity
from oneroster_tui.sync.stage import Stage


def stored_columns(entity: Entity) -> tuple[str, ...]:
    """What the audit keeps of a row: all that undo needs to bring it back."""
    return ("id", "sourced_id", *entity.columns, "status", "missing_runs", "created_at", "updated_at")


def row_json(engine: Engine, entity: Entity) -> str:
    """SQL for a stored row `r` as the audit keeps it; a user's with all the provider ids that mean it."""
    ids = f"SELECT {engine.json_list('i.sourced_id')} FROM user_ids i WHERE i.user_id = r.id"
    more = [("user_ids", engine.as_json(f"({ids})"))] if entity is USERS else []
    return engine.json_object(stored_columns(entity), "r", more)


def audit_before(stage: Stage, entity: Entity, run_id: int) -> None:
    """Writes the audit rows of what is stored and will change; `missing` and `kept` change nothing and are not audited."""
    stage.execute(
        "INSERT INTO sync_changes (run_id, entity, local_id, sourced_id, action, reason, before) "
        "SELECT ?, c.entity, c.local_id, c.sourced_id, c.action, c.reason, "
        f"CASE WHEN r.id IS NULL THEN NULL ELSE {row_json(stage.roster.engine, entity)} END FROM changes c "
        f"LEFT JOIN {entity.table} r ON r.id = c.local_id "
        "WHERE c.entity = ? AND c.action NOT IN ('created', 'missing', 'kept') ORDER BY c.seq",
        (run_id, entity.table),
    )


def audit_after(stage: Stage, entity: Entity, run_id: int) -> None:
    """Completes the audit rows with what the rows are now, and writes those of new rows, whole at once: they are the most."""
    row = row_json(stage.roster.engine, entity)
    of_row = (
        "r.id = c.local_id" if entity.early_ids else f"r.source_id = {stage.source_id} AND r.sourced_id = c.sourced_id"
    )
    created = (  # +: in the rows' own order, not by an index and sorted with all that is said of them
        f"{entity.table} r WHERE +r.source_id = {stage.source_id} ORDER BY r.id"
        if entity.table in stage.all_new
        else f"changes c JOIN {entity.table} r ON {of_row} "
        f"WHERE c.entity = '{entity.table}' AND c.action = 'created' ORDER BY c.seq"
    )
    stage.execute(
        "INSERT INTO sync_changes (run_id, entity, local_id, sourced_id, action, reason, after) "
        f"SELECT ?, '{entity.table}', r.id, r.sourced_id, 'created', '', {row} FROM {created}",
        (run_id,),
    )
    others = "SELECT 1 FROM changes WHERE entity = ? AND action NOT IN ('created', 'held', 'waiting', 'missing', 'kept') LIMIT 1"
    if not stage.value(others, (entity.table,)):
        return
    stage.execute(
        f"UPDATE sync_changes SET after = {row} FROM {entity.table} r WHERE sync_changes.run_id = ? "
        "AND sync_changes.entity = ? AND sync_changes.action NOT IN ('created', 'held', 'waiting') "
        "AND r.id = sync_changes.local_id",
        (run_id, entity.table),
    )
