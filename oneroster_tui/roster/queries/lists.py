"""The long lists of the past: runs, a run's changes, a run's problems, each to page through."""

from __future__ import annotations

from dataclasses import dataclass

from oneroster_tui.roster.database import Roster
from oneroster_tui.roster.queries.audit import CHANGE_COLUMNS, ChangeRow, ProblemRow, change_row
from oneroster_tui.roster.queries.listing import Listing, Row, Value, containing
from oneroster_tui.roster.queries.past import RUN_COLUMNS, RunRow, run_row


def run_listing(source: str, text: str = "") -> Listing:
    """Runs, newest first; `text` looks through outcome, mode, message and start. Rows: `run_of`."""
    where, parameters = searched(text, ("r.outcome", "r.mode", "r.message", "r.started_at"))
    return Listing(
        tuple(RUN_COLUMNS.split(", ")),
        "sync_runs r JOIN sources s ON s.id = r.source_id",
        ("r.id",),
        ("s.name = ?", *where),
        (source, *parameters),
        descending=True,
    )


def run_of(row: Row) -> RunRow:
    """A row of `run_listing`."""
    return run_row(row.values)


def change_listing(run_id: int, text: str = "", action: str = "") -> Listing:
    """A run's changes, in the order they were planned; `text` looks through ids, words and values. Rows: `change_of`."""
    where, parameters = searched(text, ("entity", "action", "reason", "sourced_id", "after", "before"))
    only = ("action = ?",) if action else ()
    return Listing(
        tuple(CHANGE_COLUMNS.split(", ")),
        "sync_changes",
        ("id",),
        ("run_id = ?", *only, *where),
        (run_id, *((action,) if action else ()), *parameters),
    )


def change_of(row: Row) -> ChangeRow:
    """A row of `change_listing`."""
    return change_row(row.values)


def problem_listing(run_id: int, code: str = "", text: str = "") -> Listing:
    """A run's problems, of one code where it is given. Rows: `problem_of`."""
    where, parameters = searched(text, ("entity", "sourced_id", "code", "message"))
    only = ("code = ?",) if code else ()
    return Listing(
        ("id", "entity", "sourced_id", "severity", "code", "message"),
        "sync_problems",
        ("id",),
        ("run_id = ?", *only, *where),
        (run_id, *((code,) if code else ()), *parameters),
    )


def problem_of(row: Row) -> ProblemRow:
    """A row of `problem_listing`."""
    return ProblemRow(*row.values)


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """A run's problems of one kind: how many, of which table, and one of them to read."""

    code: str
    severity: str
    entity: str
    count: int
    example: str


def problem_groups(roster: Roster, run_id: int) -> list[ProblemGroup]:
    """A run's problems by root cause; errors first, then the most frequent."""
    rows = roster.execute(
        "SELECT code, severity, entity, COUNT(*), MIN(message) FROM sync_problems WHERE run_id = ? "
        "GROUP BY code, severity, entity ORDER BY severity, COUNT(*) DESC, code, entity",
        (run_id,),
    ).fetchall()
    return [ProblemGroup(*row) for row in rows]


def searched(text: str, columns: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Value, ...]]:
    """The conditions of a search: every word of the text in some column."""
    found = [containing(word, columns) for word in text.split()]
    return tuple(condition for condition, _ in found), tuple(value for _, values in found for value in values)
