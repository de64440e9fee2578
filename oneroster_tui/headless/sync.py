"""`oneroster-tui --sync`, `sync --plan`, `approve`, `discard`: one run, its log streamed, its end an exit code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oneroster_tui.config import Settings
from oneroster_tui.errors import ExitCode, Stopped
from oneroster_tui.headless.aftermath import Following, privacy_warnings, witnessed
from oneroster_tui.headless.bundle import reported
from oneroster_tui.headless.output import Output
from oneroster_tui.headless.signals import stop_signals
from oneroster_tui.headless.workplace import Options, opened, require, roster_of
from oneroster_tui.provider.client import Client
from oneroster_tui.roster.database import Roster
from oneroster_tui.sync import decisions
from oneroster_tui.sync.core import Mode, Stopping, sync
from oneroster_tui.sync.delta import read_state
from oneroster_tui.sync.events import Emit, RunEnded
from oneroster_tui.sync.id_map import import_id_map, read_id_map
from oneroster_tui.sync.memory import profile_of

if TYPE_CHECKING:
    from oneroster_tui.provider.bundle.bundle import Bundle

PENDING = ("created", "updated", "reactivated", "suspended", "removed", "deleted", "held")
"""Actions that make a plan one with changes pending."""


def run(
    options: Options,
    output: Output,
    *,
    plan: bool = False,
    detailed_exitcode: bool = False,
    ignore_guards: bool = False,
    id_map: Path | None = None,
    delta: bool = False,
    report: Path | None = None,
) -> ExitCode:
    """Runs one sync.

    Args:
        plan: write nothing, say what would change.
        detailed_exitcode: with `plan`, exit 10 where changes are pending.
        ignore_guards: let every removal pass, this once; the run's record says so.
        delta: read only what changed; everything where that is due, or not sure to be enough.
        report: where the report of a bundle goes, as CSV or JSON.
        id_map: a CSV of old and new sourcedIds, renamed before the sync, as a run of its own.

    Raises:
        RosterSyncError: the run failed, and nothing was changed.
    """
    mode: Mode = "plan" if plan else "unguarded" if ignore_guards else "delta" if delta else "full"
    pairs = read_id_map(id_map) if id_map else []

    def work(desk: Desk) -> RunEnded:
        if pairs:
            import_id_map(desk.settings, desk.roster, pairs, desk.emit)
        return sync(desk.settings, desk.roster, desk.client, desk.emit, mode=mode, stopping=desk.stopping)

    ended = conducted(options, output, work, "nothing" if plan else "everything", report)
    if plan and detailed_exitcode and ended.exit_code == ExitCode.DONE and is_pending(ended):
        return ExitCode.CHANGES_PENDING
    return ended.exit_code


def approve(options: Options, output: Output, run_id: int, maximum: int | None) -> ExitCode:
    """Approves what a run holds: pulls again and applies, up to the ceiling.

    Raises:
        ConfigError: the run does not wait for a decision.
        RosterSyncError: the new run failed, and nothing was changed.
    """
    return conducted(
        options,
        output,
        lambda desk: decisions.approve(
            desk.settings, desk.roster, desk.client, desk.emit, run_id, maximum=maximum, stopping=desk.stopping
        ),
    ).exit_code


def discard(options: Options, output: Output, run_id: int) -> ExitCode:
    """Closes a hold without removing anything.

    Raises:
        ConfigError: the run does not wait for a decision.
    """
    with opened(options) as settings, roster_of(settings, create=False) as roster:
        held = decisions.discard(roster, settings.source, run_id)
    output.line(f"Discarded: the {held:,} removals that run {run_id} held were not made. The next sync asks again.")
    output.result({"exit_code": 0, "run": run_id, "discarded": held})
    return ExitCode.DONE


def undo(options: Options, output: Output, run_id: int, *, plan: bool, maximum: int | None = None) -> ExitCode:
    """Takes a run back, or says what that would do.

    Raises:
        ConfigError: there is no such run, or it changed nothing.
    """
    from oneroster_tui.sync import undo as undoing

    with opened(options) as settings, roster_of(settings, create=False) as roster:
        with witnessed(settings, output, lambda: False, "nothing") as witness:
            ended = undoing.undo(settings, roster, witness.take, run_id, planning=plan, ceiling=maximum)
        output.result(facts(ended, roster.place, 0))
    return ended.exit_code


@dataclass(frozen=True, slots=True)
class Desk:
    """What a run works with."""

    settings: Settings
    roster: Roster
    client: Client | Bundle
    stopping: Stopping
    emit: Emit


def conducted(
    options: Options,
    output: Output,
    work: Callable[[Desk], RunEnded],
    following: Following = "runs",
    report: Path | None = None,
) -> RunEnded:
    """Sets a run up, lets it work under stop signals, says how it ended, and sees to what follows.

    Args:
        report: where the report of a bundle goes.

    Raises:
        RosterSyncError: the run failed, and nothing was changed.
    """
    with opened(options) as settings, stop_signals() as caught:

        def stopping() -> bool:
            if caught:
                raise Stopped(caught[0])  # raised here, it carries the signal's exit code into the run's record
            return False

        with witnessed(settings, output, lambda: bool(caught), following) as witness:
            require(settings, settings.missing())
            for warning in (*settings.warnings, *privacy_warnings(settings)):
                output.line(f"Warning: {warning}")
            with roster_of(settings) as roster:
                ended, requests = one_by_one(settings, roster, output, report, stopping, work, witness.take)
                output.line(f"Roster: {roster.place}")
                output.result(facts(ended, roster.place, requests))
    return ended


def one_by_one(
    settings: Settings,
    roster: Roster,
    output: Output,
    report: Path | None,
    stopping: Stopping,
    work: Callable[[Desk], RunEnded],
    emit: Emit,
) -> tuple[RunEnded, int]:
    """Lets the work be done with the provider; of bundles that build on each other with each, as long as all goes well.

    Returns:
        How it ended (of several runs the last that had something to say), and how many requests it took.
    """
    told, number, requests = None, 1, 0
    while True:
        known, imported = profile_of(roster, settings.source), read_state(roster, settings.source).bundle
        path = report.with_stem(f"{report.stem}-{number}") if report is not None and number > 1 else report
        with reported(
            settings, output, path, stopping=stopping, base_url=known.base_url, imported=imported
        ) as provider:
            ended = work(Desk(settings, roster, provider, stopping, emit))
            requests += provider.requests
            if not isinstance(provider, Client) and (found := len(provider.findings.listed)) and report is None:
                output.line(f"Bundle: {found:,} remarks on {provider.path.name}; --report FILE lists them.")
        if told is None or ended.exit_code:
            told = ended
        before = imported
        goes_on = (
            not isinstance(provider, Client) and provider.more and read_state(roster, settings.source).bundle > before
        )
        if not goes_on:
            return told, requests
        number += 1


def facts(ended: RunEnded, place: str, requests: int) -> dict[str, Any]:
    """A run's end as --json tells it."""
    return {
        "run": ended.run_id,
        "outcome": ended.outcome,
        "exit_code": int(ended.exit_code),
        "message": ended.message,
        "counts": ended.counts,
        "seconds": round(ended.seconds, 3),
        "requests": requests,
        "database": place,
    }


def is_pending(ended: RunEnded) -> bool:
    """Whether a plan would change anything."""
    return any(actions.get(action, 0) for actions in ended.counts.values() for action in PENDING)
