"""`oneroster-tui --sync` and `sync --plan`: one run, its log streamed, its end an exit code."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from oneroster_tui.errors import ExitCode, Stopped
from oneroster_tui.headless.output import Output
from oneroster_tui.headless.workplace import Options, opened, require, roster_of
from oneroster_tui.sync.events import RunEnded

CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}

PENDING = ("created", "updated", "reactivated", "suspended", "removed", "deleted", "held")
"""Actions that make a plan one with changes pending."""


def run(options: Options, output: Output, *, plan: bool = False, detailed_exitcode: bool = False) -> ExitCode:
    """Runs one sync.

    Args:
        plan: write nothing, say what would change.
        detailed_exitcode: with `plan`, exit 10 where changes are pending.

    Raises:
        RosterSyncError: the run failed, and nothing was changed.
    """
    with opened(options) as settings, stop_signals() as caught:
        require(settings, settings.missing())
        from oneroster_tui.provider.client import Client
        from oneroster_tui.sync.core import sync

        for warning in settings.warnings:
            output.line(f"Warning: {warning}")
        stopping = caught.__len__
        with roster_of(settings) as roster, Client(settings.connection, stopping=lambda: bool(stopping())) as client:
            try:
                ended = sync(
                    settings,
                    roster,
                    client,
                    output.event,
                    mode="plan" if plan else "full",
                    stopping=lambda: bool(stopping()),
                )
            except Stopped as error:
                error.exit_code = caught[0] if caught else error.exit_code
                raise
            output.line(f"Roster: {roster.place}")
            output.result(facts(ended, roster.place, client.requests))
    if plan and detailed_exitcode and ended.exit_code == ExitCode.DONE and is_pending(ended):
        return ExitCode.CHANGES_PENDING
    return ended.exit_code


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


@contextlib.contextmanager
def stop_signals() -> Iterator[list[ExitCode]]:
    """While the block lasts, SIGINT and SIGTERM only leave their exit code in the list: the run ends itself, cleanly."""
    caught: list[ExitCode] = []

    def note(number: int, _: FrameType | None) -> None:
        caught.append(CODES[signal.Signals(number)])

    before: dict[signal.Signals, Callable[..., Any] | int | None] = {}
    for number in CODES:
        before[number] = signal.signal(number, note)
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
