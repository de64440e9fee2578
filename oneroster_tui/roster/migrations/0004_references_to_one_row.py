"""On a server: no references from a million rows to one. SQLite pays nothing for them and keeps them.

PostgreSQL locks the row that is referred to for every row that is written; with all rows of a source referring to the same
one, that was a third of a first sync. Sources are never deleted, and runs only together with what hangs on them (`runs.prune`).
"""

from __future__ import annotations

from typing import Any

import peewee as pw

REFERENCES = {
    "source_id": (
        "orgs",
        "academic_sessions",
        "courses",
        "classes",
        "users",
        "user_ids",
        "relationships",
        "enrollments",
        "loose_ends",
    ),
    "run_id": ("sync_changes", "sync_problems"),
}
"""Column -> tables."""


def up(migrator: Any, db: Any) -> None:
    """Drops them."""
    if isinstance(db, pw.SqliteDatabase):
        return
    for column, tables in REFERENCES.items():
        for table in tables:
            db.execute_sql(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_{column}_fkey")
