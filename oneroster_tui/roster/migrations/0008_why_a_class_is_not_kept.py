"""Why a class that is listed is not kept, so that a delta knows it of a class that did not change."""

from __future__ import annotations

from typing import Any


def up(migrator: Any, db: Any) -> None:
    """Adds the column."""
    db.execute_sql("ALTER TABLE loose_ends ADD COLUMN reason TEXT NOT NULL DEFAULT ''")
