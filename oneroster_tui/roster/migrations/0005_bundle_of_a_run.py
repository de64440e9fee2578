"""Which bundle a run read, so that what it holds is approved with a bundle, too."""

from __future__ import annotations

from typing import Any


def up(migrator: Any, db: Any) -> None:
    """Adds the column."""
    db.execute_sql("ALTER TABLE sync_runs ADD COLUMN bundle TEXT NOT NULL DEFAULT ''")
