"""What the Sync screen says while no run of this session is under way: how things stand, and what another process does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from screens.desk import Desk
from screens.feed import Progress, Stage
from screens.fitting import clean
from screens.sync_words import Parts, next_step, progress_row, table_parts
from screens.words import NOTHING_SYNCED, counted, outcome, parse, took, when

if TYPE_CHECKING:
    from oneroster_tui.roster.queries import RunningRow, RunRow


Pages = Mapping[str, tuple[int, "int | None"]]
"""What a run elsewhere has read: table -> records, and their total where that is known."""


def idle_parts(desk: Desk, hold: RunRow | None, elsewhere: RunRow | None, width: int, pages: Pages) -> Parts:
    """How things stand.

    Args:
        pages: how far a run of another process is.
        elsewhere: a run of another process that was watched here to its end.
    """
    state = desk.state
    if state.error is not None:
        return [
            (f"✗ {clean(state.error.what)}", "bold $error"),
            (f"\nat: {clean(state.error.where)}", "dim"),
            f"\nNext: {clean(state.error.do)}.",
        ]
    if state.running is not None:
        return running_parts(desk, state.running, pages, width)
    if elsewhere is not None:
        return [*past_parts(desk, elsewhere, "ended in another process", width), *waiting_parts(desk, hold)]
    if state.last is None:
        return [(NOTHING_SYNCED, "bold"), "\n\n", *ready_parts(desk)]
    return [*past_parts(desk, state.last, "was the last", width), *waiting_parts(desk, hold)]


def running_parts(desk: Desk, running: RunningRow, pages: Pages, width: int) -> Parts:
    """A run of another process: since when, who, how far, and that it can only be watched."""
    now = desk.now()
    seconds = max(0.0, (now - parse(running.started_at, now)).total_seconds())
    who = f"process {running.pid} on {clean(running.host, 60)}" if running.pid else clean(running.host, 60)
    doing = "plans" if running.mode == "plan" else "syncs"
    return [
        (f"▶ Another process {doing}", "bold $accent"),
        (f"  run {running.id}", "dim"),
        f"\nsince {when(running.started_at, now)} ({took(seconds)}): {who}",
        *progress_of(pages, width),
        "\n\nIt can be watched here, not stopped; two never run at once. Its end and its counts appear here by themselves. "
        "Its log is where it was started.",
    ]


def progress_of(pages: Pages, width: int) -> Parts:
    """A row for each collection that a run elsewhere has begun to read; only the last can still be under way."""
    parts: Parts = []
    for place, (table, (received, total)) in enumerate(pages.items(), 1):
        stage: Stage = "reading" if place == len(pages) else "complete"
        parts += ["\n", *progress_row(Progress(table, stage, received, total), width)]
    return parts


def past_parts(desk: Desk, run: RunRow, role: str, width: int) -> Parts:
    """A run of the past: how it ended, when, and what it did."""
    look, ended = outcome(run.outcome), run.finished_at or run.started_at
    parts: Parts = [
        (str(look), f"bold {look.style}"),
        (f"  run {run.id} {role}: {when(ended, desk.now())}, took {took(run.seconds) or '?'}", "dim"),
    ]
    if run.message:
        parts.append(f"\n{clean(run.message, 400)}")
    return [*parts, *table_parts(run.counts, width)]


def waiting_parts(desk: Desk, hold: RunRow | None) -> Parts:
    """What waits for a decision, and what to press."""
    if hold is None:
        return ["\n\n", *ready_parts(desk)]
    held = counted(hold.total("held"), "removal")
    return [
        (
            f"\n\n▲ {held} of run {hold.id} wait{'s' if hold.total('held') == 1 else ''} for your decision.\n",
            "bold $warning",
        ),
        *next_step(("v", "reviews them"), ("s", "syncs again")),
    ]


def ready_parts(desk: Desk) -> Parts:
    """What to press, or why nothing can be started."""
    why = desk.runs.why_not()
    if why is not None:
        return [(f"▲ {why}", "$warning")]
    return next_step(
        ("s", f"syncs {counted(len(desk.settings.schools.sync), 'school')}"), ("p", "only plans: nothing is written")
    )
