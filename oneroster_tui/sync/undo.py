"""Taking a run back, from its audit, as a run of its own. What a later run changed since is left alone, and said."""

from __future__ import annotations

from typing import Literal

from oneroster_tui.config import Settings
from oneroster_tui.errors import ConfigError, Held
from oneroster_tui.roster.database import Roster
from oneroster_tui.sync import runs
from oneroster_tui.sync.entities import ENTITIES, Entity
from oneroster_tui.sync.events import Emit, RunEnded, RunStarted
from oneroster_tui.sync.guard import exceeds
from oneroster_tui.sync.undoing import Undoing


def undo(
    settings: Settings,
    roster: Roster,
    emit: Emit,
    run_id: int,
    *,
    planning: bool = False,
    ceiling: int | None = None,
) -> RunEnded:
    """Takes back what a run applied.

    Args:
        planning: only say what would be done, and leave no run behind; what comes back carries the number `run_id`.
        ceiling: how many of the rows that the run created may be deleted; None: as many as the guards let pass.

    Raises:
        ConfigError: there is no such run, or it applied nothing.
        Held: it would delete more rows than that.
        RunLocked, RosterError: and then nothing was changed.
    """
    with runs.hold_lock(roster, settings.source):
        source_id = runs.find_source(roster, settings)
        require_undoable(roster, source_id, run_id)
        if planning:
            with roster.transaction(), roster.database.atomic() as savepoint:
                ended = recorded_undo(settings, roster, source_id, emit, run_id, "plan")
                savepoint.rollback()
        else:
            require_allowed(settings, roster, source_id, run_id, ceiling)
            ended = recorded_undo(settings, roster, source_id, emit, run_id, "undo")
        emit(ended)
        return ended


def recorded_undo(
    settings: Settings, roster: Roster, source_id: int, emit: Emit, run_id: int, mode: Literal["plan", "undo"]
) -> RunEnded:
    """Takes a run back in a run of its own; for a plan the caller takes both back again."""
    with runs.recorded(roster, source_id, mode) as run:
        number = run_id if mode == "plan" else run.id
        emit(RunStarted(number, mode, settings.source, len(settings.schools.sync)))
        with roster.transaction():
            Undoing(roster, source_id, run, run_id, emit).conduct()
            runs.finish(roster, run)
        return RunEnded(number, run.outcome, run.exit_code, run.message, run.counts, run.seconds)


def require_undoable(roster: Roster, source_id: int, run_id: int) -> None:
    """Refuses a run that is not there or changed nothing.

    Raises:
        ConfigError: it is so.
    """
    known = roster.value("SELECT 1 FROM sync_runs WHERE id = ? AND source_id = ?", (run_id, source_id))
    changed = roster.value(
        "SELECT 1 FROM sync_changes WHERE run_id = ? AND action NOT IN ('held', 'waiting') LIMIT 1", (run_id,)
    )
    if not known or not changed:
        what = f"Run {run_id} changed nothing." if known else f"There is no run {run_id}."
        raise ConfigError(what, where=roster.place, do="see `oneroster-tui history`")


def require_allowed(settings: Settings, roster: Roster, source_id: int, run_id: int, ceiling: int | None) -> None:
    """Refuses to delete more of what a run created than somebody, or the guards, let pass.

    Raises:
        Held: it would.
    """
    created = dict(
        roster.execute(
            "SELECT entity, COUNT(*) FROM sync_changes WHERE run_id = ? AND before IS NULL AND after IS NOT NULL "
            "GROUP BY entity",
            (run_id,),
        ).fetchall()
    )
    total = sum(created.values())
    if ceiling is not None and total <= ceiling:
        return
    over = [
        f"{created[entity.table]:,} of {stored:,} {entity.table}"
        for entity in ENTITIES
        if entity.guarded and created.get(entity.table)
        for stored in [active(roster, entity, source_id)]
        if ceiling is not None or exceeds(created[entity.table], stored, settings.guards)
    ]
    if over:
        raise Held(
            f"Taking back run {run_id} would delete {total:,} rows that it created ({', '.join(over)}): nothing was done.",
            where=roster.place,
            do=f"look with `undo {run_id} --plan`; if that is what you want: `undo {run_id} --max {total}`",
        )


def active(roster: Roster, entity: Entity, source_id: int) -> int:
    """How many rows of a table are active."""
    sql = f"SELECT COUNT(*) FROM {entity.table} WHERE source_id = ? AND status = 'active'"
    return int(roster.value(sql, (source_id,)))
