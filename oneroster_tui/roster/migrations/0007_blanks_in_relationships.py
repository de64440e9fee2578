"""Relationships are called by both people's sourcedIds with a blank between; blanks within those are doubled from now on.

As it was, two pairs could share a name ("a b" with "c", and "a" with "b c"), and every run failed on that.
"""

from __future__ import annotations

from typing import Any

BOTH = "FROM users s, users a WHERE s.id = relationships.student_id AND a.id = relationships.agent_id"
OLD = f"(SELECT s.sourced_id || ' ' || a.sourced_id {BOTH})"
NEW = f"(SELECT REPLACE(s.sourced_id, ' ', '  ') || ' ' || REPLACE(a.sourced_id, ' ', '  ') {BOTH})"
WITH_BLANKS = "(SELECT id FROM users WHERE REPLACE(sourced_id, ' ', '') <> sourced_id)"


def up(migrator: Any, db: Any) -> None:
    """Renames those of people whose ids have blanks, here and in the audit; by way of names that nobody has."""
    concerned = f"student_id IN {WITH_BLANKS} OR agent_id IN {WITH_BLANKS}"
    aside = db.execute_sql(
        f"UPDATE relationships SET sourced_id = ' ' || CAST(id AS TEXT) WHERE sourced_id = {OLD} AND ({concerned})"
    )
    if aside.rowcount <= 0:
        return
    moved = "r.sourced_id = ' ' || CAST(r.id AS TEXT)"
    db.execute_sql(
        f"UPDATE sync_changes SET sourced_id = {NEW.replace('relationships.', 'r.')} FROM relationships r "
        f"WHERE sync_changes.entity = 'relationships' AND r.id = sync_changes.local_id AND {moved}"
    )
    db.execute_sql(f"UPDATE relationships SET sourced_id = {NEW} WHERE {moved.replace('r.', '')}")
