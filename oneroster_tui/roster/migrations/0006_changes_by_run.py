"""The audit's index by sourcedId begins with the run.

A run's changes then stand together in it, and are written in one place: with records in no order, each of a night's changes
struck a page of its own among those of all runs before. To look a record up means one search a run that is remembered.
"""

from __future__ import annotations

from typing import Any


def up(migrator: Any, db: Any) -> None:
    """Makes the index, in place of the one without the run."""
    db.execute_sql("DROP INDEX IF EXISTS sync_changes_entity_sourced_id")
    db.execute_sql(
        "CREATE INDEX IF NOT EXISTS sync_changes_run_id_entity_sourced_id ON sync_changes (run_id, entity, sourced_id)"
    )
