"""What a push made in a Moodle: remembered, so that it changes nothing else there."""

from __future__ import annotations

from typing import Any


def up(migrator: Any, db: Any) -> None:
    """Makes the table."""
    db.execute_sql(
        "CREATE TABLE moodle_links (source_id INTEGER NOT NULL REFERENCES sources (id), site TEXT NOT NULL, "
        "kind TEXT NOT NULL, key TEXT NOT NULL, remote_id BIGINT, content TEXT NOT NULL, state TEXT NOT NULL, "
        "updated_at TEXT NOT NULL, PRIMARY KEY (source_id, site, kind, key))"
    )
