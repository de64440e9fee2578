"""The audit: what a run changed, row by row, and what it could not use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from oneroster_tui.roster.database import Roster

UNTOLD = ("id", "created_at", "updated_at", "missing_runs")
"""Columns whose differences tell a person nothing."""


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One row of sync_changes: what became of a row and why; `before` and `after` are the whole row, None where there was none."""

    id: int
    entity: str
    local_id: int | None
    sourced_id: str
    action: str
    reason: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """One row of sync_problems."""

    id: int
    entity: str
    sourced_id: str
    severity: str
    code: str
    message: str


CHANGE_COLUMNS = "id, entity, local_id, sourced_id, action, reason, before, after"

ANY_RUN = "run_id IN (SELECT id FROM sync_runs)"
"""SQL that is true of every change: beside a table and a sourcedId it makes the index do, which begins with the run."""


def changes(roster: Roster, run_id: int) -> Iterator[ChangeRow]:
    """Every change of a run, in the order they were planned; read as they are asked for."""
    rows = roster.execute(f"SELECT {CHANGE_COLUMNS} FROM sync_changes WHERE run_id = ? ORDER BY id", (run_id,))
    return map(change_row, rows)


def changes_of(roster: Roster, entity: str, sourced_id: str, *, limit: int = 100) -> list[ChangeRow]:
    """The newest changes of one record, newest first."""
    rows = roster.execute(
        f"SELECT {CHANGE_COLUMNS} FROM sync_changes WHERE {ANY_RUN} AND entity = ? AND sourced_id = ? ORDER BY id DESC LIMIT ?",
        (entity, sourced_id, limit),
    )
    return [change_row(row) for row in rows.fetchall()]


def change_row(row: tuple[Any, ...]) -> ChangeRow:
    """A row of sync_changes as a ChangeRow."""
    id_, entity, local_id, sourced_id, action, reason, before, after = row
    return ChangeRow(id_, entity, local_id, sourced_id, action, reason, document(before), document(after))


def document(text: str | None) -> dict[str, Any] | None:
    """A stored JSON object."""
    return None if text is None else msgspec.json.decode(text, type=dict[str, Any])


def differences(change: ChangeRow) -> list[str]:
    """What a change did to the columns: `email: a@x -> b@x`; nothing for rows that came or went whole."""
    if not change.before or not change.after:
        return []
    return [
        f"{column}: {old} -> {change.after.get(column)}"
        for column, old in change.before.items()
        if column not in UNTOLD and old != change.after.get(column)
    ]


def problems(roster: Roster, run_id: int) -> Iterator[ProblemRow]:
    """Every problem of a run, errors first."""
    rows = roster.execute(
        "SELECT id, entity, sourced_id, severity, code, message FROM sync_problems WHERE run_id = ? ORDER BY severity, id",
        (run_id,),
    )
    return (ProblemRow(*row) for row in rows)
