"""The first load of an empty roster: the indexes that only readers need are made once, when all rows are there.

A million rows in the order in which they come strike such an index at a million places; sorted once, they are laid down in
order. It all happens in the run's transaction: a crash leaves the empty roster with its indexes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

from oneroster_tui.sync.stage import Stage

TABLES: Final = ("users", "user_roles", "enrollments", "relationships", "sync_changes")
"""The tables that grow with the number of people."""


@contextlib.contextmanager
def indexes_late(stage: Stage) -> Iterator[None]:
    """Takes away the indexes of those tables that are empty, and makes them again at the end of the block. SQLite only.

    Indexes that keep rows apart stay: the sync itself finds rows by them.
    """
    statements = [sql for table in TABLES if _is_empty(stage, table) for sql in _take_away(stage, table)]
    yield
    for sql in statements:
        stage.execute(sql)


def _is_empty(stage: Stage, table: str) -> bool:
    return stage.roster.engine.name == "sqlite" and not stage.value(f"SELECT EXISTS (SELECT 1 FROM {table})")


def _take_away(stage: Stage, table: str) -> list[str]:
    """Drops a table's indexes; how to make them again."""
    found = stage.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql LIKE 'CREATE INDEX %'",
        (table,),
    ).fetchall()
    for name, _ in found:
        stage.execute(f'DROP INDEX "{name}"')
    return [sql for _, sql in found]
