"""Fingerprints of the records that rows were made of. SQLite only: triggers see to it that none outlives a change of its row.

A fingerprint is a cache: without one a record is decoded and compared. So nothing copies or audits these tables.
"""

from __future__ import annotations

from typing import Any

import peewee as pw

TABLES = {
    "users": "fingerprints_users (place INTEGER PRIMARY KEY, id BIGINT NOT NULL UNIQUE, source_id BIGINT NOT NULL, "
    "fingerprint BIGINT, record_username TEXT NOT NULL DEFAULT '')",
    "enrollments": "fingerprints_enrollments (place INTEGER PRIMARY KEY, id BIGINT NOT NULL UNIQUE, source_id BIGINT NOT NULL, "
    "fingerprint BIGINT)",
}
"""In the order in which the records came; `fingerprint` is NULL where the record has to be decoded."""


def up(migrator: Any, db: Any) -> None:
    """Makes the tables and their triggers."""
    if not isinstance(db, pw.SqliteDatabase):
        return
    for table, columns in TABLES.items():
        db.execute_sql(f"CREATE TABLE {columns}")
        forget = f"UPDATE fingerprints_{table} SET fingerprint = NULL WHERE id = OLD.id"
        db.execute_sql(f"CREATE TRIGGER {table}_touched AFTER UPDATE ON {table} BEGIN {forget}; END")
        gone = f"DELETE FROM fingerprints_{table} WHERE id = OLD.id"
        db.execute_sql(f"CREATE TRIGGER {table}_gone AFTER DELETE ON {table} BEGIN {gone}; END")
    student = "UPDATE fingerprints_users SET fingerprint = NULL WHERE id = OLD.student_id"
    for event in ("UPDATE", "DELETE"):
        db.execute_sql(
            f"CREATE TRIGGER relationships_{event.lower()}d AFTER {event} ON relationships BEGIN {student}; END"
        )
