"""The run of a command: watched from its first event to its last, its end told, and what follows it seen to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oneroster_tui.config import Settings
from oneroster_tui.headless.aftermath import Following, privacy_warnings, witnessed
from oneroster_tui.headless.bundle import reported
from oneroster_tui.headless.output import Output
from oneroster_tui.headless.workplace import require, roster_of
from oneroster_tui.provider.client import Client
from oneroster_tui.roster.database import Roster
from oneroster_tui.sync.core import Stopping
from oneroster_tui.sync.delta import read_state
from oneroster_tui.sync.events import Emit, RunEnded
from oneroster_tui.sync.memory import profile_of

if TYPE_CHECKING:
    from oneroster_tui.provider.bundle.bundle import Bundle


@dataclass(frozen=True, slots=True)
class Desk:
    """What a run works with."""

    settings: Settings
    roster: Roster
    client: Client | Bundle
    stopping: Stopping
    emit: Emit


def watched(
    settings: Settings,
    output: Output,
    work: Callable[[Desk], RunEnded],
    following: Following,
    report: Path | None,
    stopping: Stopping,
    stopped: Stopping,
    client: Client | None,
) -> RunEnded:
    """Lets the work be done, says how it ended, and sees to what follows.

    Args:
        report: where the report of a bundle goes.
        stopping: raises once the run is to end.
        stopped: says whether it is to.
        client: the client, where one was opened ahead.

    Raises:
        RosterSyncError: the run failed, and nothing was changed.
    """
    with witnessed(settings, output, stopped, following) as witness:
        require(settings, settings.missing())
        for warning in (*settings.warnings, *privacy_warnings(settings)):
            output.line(f"Warning: {warning}")
        with roster_of(settings) as roster:
            ended, requests = one_by_one(settings, roster, output, report, stopping, work, witness.take, client)
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
    client: Client | None,
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
            settings, output, path, stopping=stopping, base_url=known.base_url, imported=imported, client=client
        ) as provider:
            ended = work(Desk(settings, roster, provider, stopping, emit))
            requests += provider.requests
            if provider.kind == "bundle" and (found := len(provider.findings.listed)) and report is None:
                output.line(f"Bundle: {found:,} remarks on {provider.path.name}; --report FILE lists them.")
        if told is None or ended.exit_code:
            told = ended
        before = imported
        goes_on = provider.kind == "bundle" and provider.more and read_state(roster, settings.source).bundle > before
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
