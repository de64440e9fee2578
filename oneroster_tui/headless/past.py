"""`oneroster-tui status` and `history`: is the roster fresh, and what did the last runs do?"""

from __future__ import annotations

from typing import Any

from oneroster_tui.errors import ExitCode, RosterError
from oneroster_tui.headless.output import Output
from oneroster_tui.headless.workplace import Options, opened, roster_of
from oneroster_tui.roster import queries
from oneroster_tui.roster.queries import RunRow


def status(options: Options, output: Output) -> ExitCode:
    """Says when the last good run was; exit 1 when that is longer ago than `max_age_hours`, or never."""
    with opened(options) as settings:
        try:
            with roster_of(settings, create=False) as roster:
                last = queries.last_run(roster, settings.source)
                good = queries.last_run(roster, settings.source, good=True)
        except RosterError:
            if (settings.path.parent / "x").exists():
                raise
            last = good = None
        limit = settings.sync.max_age_hours
    age = queries.age_hours(good.finished_at) if good and good.finished_at else None
    fresh = age is not None and age <= limit
    output.line(f"Last run:  {describe(last)}" if last else "Last run:  never")
    if age is None:
        output.line("Last good: never; run oneroster-tui --sync")
    else:
        state = "fresh" if fresh else "STALE"
        output.line(f"Last good: {age:.1f} h ago: {state} (max_age_hours is {limit:g})")
    held = last.total("held") if last and last.outcome == "held" else 0
    if held:
        output.line(f"Held:      {held:,} removals wait for a decision")
    output.result(
        {
            "exit_code": int(ExitCode.DONE if fresh else ExitCode.INTERNAL),
            "fresh": fresh,
            "age_hours": None if age is None else round(age, 3),
            "max_age_hours": limit,
            "held": held,
            "last_run": run_facts(last) if last else None,
        }
    )
    return ExitCode.DONE if fresh else ExitCode.INTERNAL


def history(options: Options, output: Output, limit: int) -> ExitCode:
    """Lists the newest runs."""
    with opened(options) as settings, roster_of(settings, create=False) as roster:
        rows = queries.runs(roster, settings.source, limit=limit)
    for row in rows:
        output.line(describe(row))
    if not rows:
        output.line("No run yet: oneroster-tui --sync makes the first.")
    output.result({"exit_code": 0, "runs": [run_facts(row) for row in rows]})
    return ExitCode.DONE


def describe(run: RunRow) -> str:
    """A run in a line."""
    took = "still running" if run.seconds is None else f"{run.seconds:.0f} s"
    gone = run.total("suspended", "removed", "deleted")
    return (
        f"run {run.id}  {run.started_at}  {run.mode:<5} {run.outcome:<11} {took:>6}  created {run.total('created'):,}, "
        f"updated {run.total('updated', 'reactivated'):,}, removed {gone:,}, held {run.total('held'):,}, "
        f"problems {run.total('problems'):,}"
    )


def run_facts(run: RunRow) -> dict[str, Any]:
    """A run as --json tells it."""
    return {
        "run": run.id,
        "mode": run.mode,
        "outcome": run.outcome,
        "exit_code": run.exit_code,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "message": run.message,
        "counts": run.counts,
    }
