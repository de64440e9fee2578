"""`oneroster-tui status` and `history`: is the roster fresh, and what did the last runs do?"""

from __future__ import annotations

from typing import Any

from oneroster_tui.errors import ConfigError, ExitCode, NoRoster
from oneroster_tui.headless.output import Output
from oneroster_tui.headless.workplace import Options, opened, roster_of
from oneroster_tui.roster import queries
from oneroster_tui.roster.queries import RunRow
from oneroster_tui.sync.events import REASONS
from oneroster_tui.text import sanitise


def status(options: Options, output: Output) -> ExitCode:
    """Says when the last good run was; exit 1 when that is longer ago than `max_age_hours`, or never."""
    with opened(options) as settings:
        try:
            with roster_of(settings, create=False) as roster:
                last = queries.last_run(roster, settings.source)
                good = queries.last_run(roster, settings.source, good=True)
                hold = queries.pending_hold(roster, settings.source)
        except NoRoster:
            last = good = hold = None
        limit = settings.sync.max_age_hours
    age = queries.age_hours(good.finished_at) if good and good.finished_at else None
    fresh = age is not None and age <= limit
    output.line(f"Last run:  {describe(last)}" if last else "Last run:  never")
    if age is None:
        output.line("Last good: never; run oneroster-tui --sync")
    else:
        state = "fresh" if fresh else "STALE"
        output.line(f"Last good: {age:.1f} h ago: {state} (max_age_hours is {limit:g})")
    held = hold.total("held") if hold else 0
    if hold:
        output.line(f"Held:      {held:,} removals wait: oneroster-tui approve {hold.id}, or discard {hold.id}")
    output.result(
        {
            "exit_code": int(ExitCode.DONE if fresh else ExitCode.INTERNAL),
            "fresh": fresh,
            "age_hours": None if age is None else round(age, 3),
            "max_age_hours": limit,
            "held": held,
            "held_run": hold.id if hold else None,
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


def log(options: Options, output: Output, run_id: int) -> ExitCode:
    """Shows one run: its end, its changes by action and reason, each changed row, and its problems.

    Raises:
        ConfigError: there is no such run.
    """
    with opened(options) as settings, roster_of(settings, create=False) as roster:
        run = queries.run(roster, run_id)
        if run is None:
            raise ConfigError(f"There is no run {run_id}.", where=roster.place, do="see `oneroster-tui history`")
        output.line(describe(run))
        output.line(f"  {run.message} {run.decision}".rstrip())
        shown = 0
        for change in queries.changes(roster, run_id):
            shown += 1
            why = f": {REASONS.get(change.reason, change.reason)}" if change.reason else ""
            what = ", ".join(queries.differences(change))
            output.line(
                f"  {change.action:<11} {change.entity} {sanitise(change.sourced_id, 80)}{why}{what and f'  [{what}]'}"
            )
        for problem in queries.problems(roster, run_id):
            output.line(
                f"  {problem.severity:<11} {problem.entity} {sanitise(problem.sourced_id, 80)}: {problem.message}"
            )
        output.result(run_facts(run) | {"changes": shown})
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
        "decision": run.decision,
        "counts": run.counts,
    }
