"""`oneroster-tui status` and `history`: is the roster fresh, and what did the last runs do?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from oneroster_tui.config import Settings
from oneroster_tui.errors import ConfigError, ExitCode, NoRoster
from oneroster_tui.headless.notify import tell_age
from oneroster_tui.headless.output import Output
from oneroster_tui.headless.workplace import Options, opened, roster_of
from oneroster_tui.roster import queries
from oneroster_tui.roster.database import Roster
from oneroster_tui.roster.queries import RunRow
from oneroster_tui.roster.queries.past import Streak, streak
from oneroster_tui.sync.events import REASONS
from oneroster_tui.text import sanitise


def status(options: Options, output: Output) -> ExitCode:
    """Says when the last good run was; exit 1 when that is longer ago than `max_age_hours`, or never.

    Where it is, whoever is named in [notify] is told, so that a monitor's look alarms also when nothing starts the sync.
    """
    with opened(options) as settings:
        try:
            with roster_of(settings, create=False) as roster:
                state = look(roster, settings)
                tell_age(settings, roster, output.warn)
        except NoRoster as error:
            state = State(missing=error.where)
        limit = settings.sync.max_age_hours
    age = queries.age_hours(state.good.finished_at) if state.good and state.good.finished_at else None
    fresh = age is not None and age <= limit
    for line in described(state, age, limit, output.command):
        output.line(line)
    failing = state.failing
    output.result(
        {
            "exit_code": int(ExitCode.DONE if fresh else ExitCode.INTERNAL),
            "fresh": fresh,
            "age_hours": None if age is None else round(age, 3),
            "max_age_hours": limit,
            "held": state.hold.total("held") if state.hold else 0,
            "held_run": state.hold.id if state.hold else None,
            "failing_runs": failing.count if failing else 0,
            "failing_since": failing.since if failing else None,
            "failing_why": failing.newest.message if failing else None,
            "last_run": run_facts(state.last) if state.last else None,
            "last_good_run": state.good.id if state.good else None,
            "roster_missing": bool(state.missing),
        }
    )
    return ExitCode.DONE if fresh else ExitCode.INTERNAL


@dataclass(frozen=True, slots=True)
class State:
    """What the roster says of its runs; `missing`: where it should be, and is not."""

    last: RunRow | None = None
    good: RunRow | None = None
    hold: RunRow | None = None
    failing: Streak | None = None
    missing: str = ""


def look(roster: Roster, settings: Settings) -> State:
    """Asks the roster.

    Raises:
        RosterError: it cannot be read.
    """
    return State(
        queries.last_run(roster, settings.source),
        queries.last_run(roster, settings.source, good=True),
        queries.pending_hold(roster, settings.source),
        streak(roster, settings.source),
    )


def described(state: State, age: float | None, limit: float, command: str) -> Iterator[str]:
    """The status for a person; `command` is how they call this program."""
    yield f"Last run:  {describe(state.last)}" if state.last else "Last run:  never"
    if state.missing:
        yield f"Roster:    there is none at {sanitise(state.missing, 200)}"
    if age is None:
        yield f"Last good: never; run {command} --sync"
    else:
        yield f"Last good: {age:.1f} h ago: {'fresh' if age <= limit else 'STALE'} (max_age_hours is {limit:g})"
    if state.failing:
        runs = "the last run" if state.failing.count == 1 else f"the last {state.failing.count:,} runs"
        yield f"Failing:   {runs}, since {state.failing.since}: {sanitise(state.failing.newest.message, 300)}"
    if state.hold:
        held = state.hold.total("held")
        yield f"Held:      {held:,} removals wait: {command} approve {state.hold.id}, or discard {state.hold.id}"


def history(options: Options, output: Output, limit: int) -> ExitCode:
    """Lists the newest runs."""
    with opened(options) as settings, roster_of(settings, create=False) as roster:
        rows = queries.runs(roster, settings.source, limit=limit)
    for row in rows:
        output.line(describe(row))
    if not rows:
        output.line(f"No run yet: {output.command} --sync makes the first.")
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
        f"problems {run.total('problems'):,}{f' ({run.decision})' if run.decision else ''}"
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
