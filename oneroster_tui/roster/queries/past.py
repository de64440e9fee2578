"""The past: runs, what they changed, and what they could not use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from oneroster_tui.roster.database import Roster

GOOD = ("done", "held")
"""Outcomes after which the roster is as fresh as the provider: a held run applied all but removals."""

BAD = ("failed", "incomplete", "interrupted")
"""Outcomes of runs that did not bring what they were for."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """One row of sync_runs; times in UTC ISO 8601, `counts` table -> action -> rows."""

    id: int
    started_at: str
    finished_at: str | None
    mode: str
    outcome: str
    exit_code: int | None
    message: str
    counts: dict[str, dict[str, int]]
    decision: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it took, None while it runs."""
        if self.finished_at is None:
            return None
        return (datetime.fromisoformat(self.finished_at) - datetime.fromisoformat(self.started_at)).total_seconds()

    def total(self, *actions: str) -> int:
        """Rows with one of these actions, over all tables."""
        return sum(row.get(action, 0) for row in self.counts.values() for action in actions)


RUN_COLUMNS = "r.id, r.started_at, r.finished_at, r.mode, r.outcome, r.exit_code, r.message, r.counts, r.decision"


def runs(roster: Roster, source: str, *, limit: int = 20, before: int | None = None) -> list[RunRow]:
    """The newest runs of a source, `before` a run id for the next page."""
    older = "AND r.id < ?" if before is not None else ""
    rows = roster.execute(
        f"SELECT {RUN_COLUMNS} FROM sync_runs r JOIN sources s ON s.id = r.source_id WHERE s.name = ? {older} "
        "ORDER BY r.id DESC LIMIT ?",
        (source, *([before] if before is not None else []), limit),
    ).fetchall()
    return [run_row(row) for row in rows]


def last_run(roster: Roster, source: str, *, good: bool = False) -> RunRow | None:
    """The newest run that was not only a plan; `good`: the newest after which the roster was fresh."""
    marks = ", ".join("?" * len(GOOD))
    # Taking a run back does not make the roster fresh, and what went well before it says nothing any more.
    since = (
        "(SELECT MAX(u.id) FROM sync_runs u WHERE u.source_id = r.source_id AND u.mode = 'undo' AND u.outcome = 'done')"
    )
    wanted = f"AND r.id > COALESCE({since}, 0) AND r.outcome IN ({marks})" if good else ""
    row = roster.execute(
        f"SELECT {RUN_COLUMNS} FROM sync_runs r JOIN sources s ON s.id = r.source_id "
        f"WHERE s.name = ? AND r.mode <> 'plan' {wanted} ORDER BY r.id DESC LIMIT 1",
        (source, *(GOOD if good else ())),
    ).fetchone()
    return run_row(row) if row else None


def pending_hold(roster: Roster, source: str) -> RunRow | None:
    """The held run that waits for a decision, if any: a later run that went well supersedes an earlier hold."""
    row = roster.execute(
        f"SELECT {RUN_COLUMNS} FROM sync_runs r JOIN sources s ON s.id = r.source_id "
        "WHERE s.name = ? AND r.outcome = 'held' AND r.decision = '' ORDER BY r.id DESC LIMIT 1",
        (source,),
    ).fetchone()
    return run_row(row) if row else None


def run_row(row: tuple[int, str, str | None, str, str, int | None, str, str, str]) -> RunRow:
    """A row of sync_runs as a RunRow."""
    return RunRow(*row[:7], msgspec.json.decode(row[7], type=dict[str, dict[str, int]]), row[8])


def age_hours(moment: str) -> float:
    """Hours since a stored time."""
    return (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds() / 3600


@dataclass(frozen=True, slots=True)
class RunningRow:
    """A run that has not ended as far as the roster knows; `pid` and `host` say who would be at it."""

    id: int
    started_at: str
    mode: str
    pid: int | None
    host: str


def running_run(roster: Roster, source: str) -> RunningRow | None:
    """The run under way, if any: perhaps another process's, perhaps one that died."""
    row = roster.execute(
        "SELECT r.id, r.started_at, r.mode, r.pid, r.host FROM sync_runs r JOIN sources s ON s.id = r.source_id "
        "WHERE s.name = ? AND r.outcome = 'running' ORDER BY r.id DESC LIMIT 1",
        (source,),
    ).fetchone()
    return RunningRow(*row) if row else None


def pages_so_far(roster: Roster, run_id: int) -> dict[str, tuple[int, int | None]]:
    """What a run under way has read, as far as it last said: table -> records, and their total where that is known."""
    text = roster.value("SELECT counts FROM sync_runs WHERE id = ? AND outcome = 'running'", (run_id,))
    found = msgspec.json.decode(text) if text else {}
    return {table: (one["received"], one.get("total")) for table, one in found.items()}


@dataclass(frozen=True, slots=True)
class Streak:
    """Runs that failed one after another, up to now: how many, since when, and the newest of them."""

    count: int
    since: str
    newest: RunRow


def streak(roster: Roster, source: str) -> Streak | None:
    """The failures since the last run that went well, if any. Runs that somebody stopped count neither way."""
    marks = ", ".join("?" * len(BAD))
    failures = (
        f"FROM sync_runs r JOIN sources s ON s.id = r.source_id WHERE s.name = ? AND r.outcome IN ({marks}) "
        "AND r.mode <> 'plan' AND r.id > COALESCE((SELECT MAX(g.id) FROM sync_runs g WHERE g.source_id = r.source_id "
        f"AND g.mode <> 'plan' AND g.outcome IN ({', '.join('?' * len(GOOD))})), 0)"
    )
    parameters = (source, *BAD, *GOOD)
    count, since = roster.execute(f"SELECT COUNT(*), MIN(r.started_at) {failures}", parameters).fetchone()
    if not count:
        return None
    row = roster.execute(f"SELECT {RUN_COLUMNS} {failures} ORDER BY r.id DESC LIMIT 1", parameters).fetchone()
    return Streak(count, since, run_row(row))


def run(roster: Roster, run_id: int) -> RunRow | None:
    """One run by its id."""
    row = roster.execute(f"SELECT {RUN_COLUMNS} FROM sync_runs r WHERE r.id = ?", (run_id,)).fetchone()
    return run_row(row) if row else None
