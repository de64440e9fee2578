"""The record of runs: the lock that keeps two apart, the row a run leaves, and what an interrupted one left behind."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from oneroster_tui.config import Settings
from oneroster_tui.errors import ExitCode, RosterSyncError, RunLocked
from oneroster_tui.roster.database import Roster, now
from oneroster_tui.roster.locks import Taken
from oneroster_tui.sync.stage import Stage


@dataclass(slots=True)
class Run:
    """A run under way: the row in sync_runs, and how it will have ended.

    `outcome` is one of done, held, incomplete, failed, stopped, interrupted, planned.
    """

    id: int
    source_id: int
    mode: str
    began: float
    outcome: str = "failed"
    exit_code: ExitCode = ExitCode.INTERNAL
    message: str = ""
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    finished: bool = False

    @property
    def seconds(self) -> float:
        """How long the run has taken so far."""
        return time.monotonic() - self.began

    def explain(self, error: Exception) -> None:
        """Says why it failed, where nobody has yet. Of an error that nobody foresaw only the kind: its text may name people."""
        what = (
            error.what if isinstance(error, RosterSyncError) else f"Nobody foresaw this error: {type(error).__name__}."
        )
        self.message = self.message or f"Nothing was applied. {what}"


@contextlib.contextmanager
def hold_lock(roster: Roster, source: str) -> Iterator[None]:
    """Keeps other runs of the same source away; the lock is free when the process dies, however it dies.

    Raises:
        RunLocked: another run holds it.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(roster.locks.hold(source))
        except Taken:
            raise RunLocked(
                f"Another run of {source!r} is under way{holder(roster, source)}.",
                where=roster.place,
                do="wait for it to end; if it hangs, end that process and run again",
            ) from None
        yield


def holder(roster: Roster, source: str) -> str:
    """Who holds the lock, as far as the roster knows."""
    row = roster.execute(
        "SELECT r.pid, r.host, r.started_at FROM sync_runs r JOIN sources s ON s.id = r.source_id "
        "WHERE s.name = ? AND r.outcome = 'running' ORDER BY r.id DESC LIMIT 1",
        (source,),
    ).fetchone()
    return f" (process {row[0]} on {row[1]}, since {row[2]})" if row else ""


def find_source(roster: Roster, settings: Settings) -> int:
    """The id of the config's source; made, or brought up to date, where needed. Of another provider nothing is known."""
    connection = settings.connection

    def find() -> int:
        roster.execute(
            "UPDATE sources SET profile = '', delta_state = '' WHERE name = ? AND (root_url <> ? OR oneroster_version <> ?)",
            (settings.source, connection.root_url, connection.oneroster_version),
        )
        roster.execute(
            "INSERT INTO sources (name, root_url, oneroster_version, profile, delta_state) VALUES (?, ?, ?, '', '') "
            "ON CONFLICT (name) DO UPDATE SET root_url = excluded.root_url, oneroster_version = excluded.oneroster_version",
            (settings.source, connection.root_url, connection.oneroster_version),
        )
        return int(roster.value("SELECT id FROM sources WHERE name = ?", (settings.source,)))

    return roster.transact(find)


@contextlib.contextmanager
def recorded(roster: Roster, source_id: int, mode: str, *, bundle: str = "") -> Iterator[Run]:
    """A row in sync_runs from start to end, whatever the end. The caller holds the lock.

    Args:
        bundle: the path of the bundle that is read, where one is.
    """

    def begin() -> int:
        roster.execute(
            "UPDATE sync_runs SET outcome = 'interrupted', counts = '{}', finished_at = ?, exit_code = ?, "
            "message = 'The process ended before the run did; nothing of it was applied.' "
            "WHERE source_id = ? AND outcome = 'running'",
            (now(), int(ExitCode.INTERNAL), source_id),
        )
        roster.execute(
            "INSERT INTO sync_runs (source_id, started_at, mode, outcome, counts, message, decision, pid, host, bundle) "
            "VALUES (?, ?, ?, 'running', '{}', '', '', ?, ?, ?)",
            (source_id, now(), mode, os.getpid(), socket.gethostname(), bundle),
        )
        return int(roster.value("SELECT MAX(id) FROM sync_runs WHERE source_id = ?", (source_id,)))

    run = Run(roster.transact(begin), source_id, mode, time.monotonic())
    try:
        yield run
    except Exception as error:
        run.explain(error)
        raise
    finally:
        # On the way out of an error the roster may be unusable: the first error is the one to tell.
        with contextlib.suppress(Exception), roster.transaction():
            finish(roster, run)


def finish(roster: Roster, run: Run) -> None:
    """Writes how a run ended, once. The caller holds a transaction."""
    if run.finished:
        return
    run.finished = True
    roster.execute(
        "UPDATE sync_runs SET outcome = ?, exit_code = ?, message = ?, counts = ?, finished_at = ? WHERE id = ?",
        (run.outcome, int(run.exit_code), run.message, msgspec.json.encode(run.counts).decode(), now(), run.id),
    )
    if run.outcome in ("done", "held"):
        word = "approved" if run.mode == "approve" and run.outcome == "done" else "superseded"
        roster.execute(
            "UPDATE sync_runs SET decision = ? WHERE source_id = ? AND outcome = 'held' AND decision = '' AND id < ?",
            (f"{word} by run {run.id}", run.source_id, run.id),
        )


def keep_problems(stage: Stage, run_id: int) -> None:
    """Copies a run's problems from its stage to its record. The caller holds a transaction."""
    stage.execute(
        "INSERT INTO sync_problems (run_id, entity, sourced_id, severity, code, message) "
        "SELECT ?, entity, sourced_id, severity, code, message FROM stage_problems",
        (run_id,),
    )


def prune(roster: Roster, source_id: int, keep: int) -> int:
    """Forgets runs beyond the newest `keep`, with all they changed; says how many.

    A hold that waits for a decision stays, and so does the newest run after which the roster was fresh.

    Raises:
        RosterError: the roster cannot be written; nothing was forgotten.
    """
    oldest = roster.value(
        "SELECT id FROM sync_runs WHERE source_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?", (source_id, keep - 1)
    )
    if oldest is None:
        return 0
    beyond = (
        "source_id = ? AND id < ? AND outcome <> 'running' AND NOT (outcome = 'held' AND decision = '') AND id NOT IN "
        "(SELECT MAX(id) FROM sync_runs WHERE source_id = ? AND outcome IN ('done', 'held') AND mode <> 'plan')"
    )
    parameters = (source_id, oldest, source_id)
    with roster.transaction():
        gone = [row[0] for row in roster.execute(f"SELECT id FROM sync_runs WHERE {beyond}", parameters).fetchall()]
        for run_id in gone:
            for table in ("sync_changes", "sync_problems"):
                roster.execute(f"DELETE FROM {table} WHERE run_id = ?", (run_id,))
            roster.execute("DELETE FROM sync_runs WHERE id = ?", (run_id,))
    return len(gone)
