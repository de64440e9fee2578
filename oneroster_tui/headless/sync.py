"""`oneroster-tui --sync`, `sync --plan`, `approve`, `discard`: one run, its log streamed, its end an exit code.

What the run itself works with is loaded late, while the token is on its way.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from oneroster_tui.errors import ExitCode, Stopped
from oneroster_tui.headless.ahead import asked_ahead
from oneroster_tui.headless.output import Output
from oneroster_tui.headless.signals import stop_signals
from oneroster_tui.headless.workplace import Options, opened, roster_of

if TYPE_CHECKING:
    from oneroster_tui.config import Settings
    from oneroster_tui.headless.aftermath import Following
    from oneroster_tui.headless.running import Desk
    from oneroster_tui.sync.core import Mode
    from oneroster_tui.sync.events import RunEnded

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
    pairs: list[tuple[str, str]] = []
    if id_map:
        from oneroster_tui.sync.id_map import read_id_map

        pairs = read_id_map(id_map)

    def work(desk: Desk) -> RunEnded:
        from oneroster_tui.sync.core import sync

        if pairs:
            from oneroster_tui.sync.id_map import import_id_map

            import_id_map(desk.settings, desk.roster, pairs, desk.emit)
        return sync(desk.settings, desk.roster, desk.client, desk.emit, mode=mode, stopping=desk.stopping)

    ended = conducted(options, output, work, "nothing" if plan else "everything", report)
    if plan and detailed_exitcode and ended.exit_code == ExitCode.DONE and is_pending(ended):
        return ExitCode.CHANGES_PENDING
    return ended.exit_code


def approve(options: Options, output: Output, run_id: int, maximum: int | None) -> ExitCode:
    """Approves what a run holds: pulls again and applies, up to the ceiling.

    Raises:
        ConfigError: the run does not wait for a decision, or read a bundle where now a service would be asked, or vice versa.
        RosterSyncError: the new run failed, and nothing was changed.
    """

    def waits(settings: Settings) -> None:
        from oneroster_tui.sync.decisions import hold_of

        with roster_of(settings, create=False) as roster:
            hold = hold_of(roster, settings.source, run_id)
        hold.require(from_bundle=bool(settings.connection.bundle))

    def work(desk: Desk) -> RunEnded:
        from oneroster_tui.sync import decisions

        return decisions.approve(
            desk.settings, desk.roster, desk.client, desk.emit, run_id, maximum=maximum, stopping=desk.stopping
        )

    return conducted(options, output, work, first=waits).exit_code


def discard(options: Options, output: Output, run_id: int) -> ExitCode:
    """Closes a hold without removing anything.

    Raises:
        ConfigError: the run does not wait for a decision.
    """
    from oneroster_tui.sync import decisions

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
    from oneroster_tui.headless.aftermath import witnessed
    from oneroster_tui.headless.running import facts
    from oneroster_tui.sync.undo import undo as take_back

    with opened(options) as settings, roster_of(settings, create=False) as roster:
        with witnessed(settings, output, lambda: False, "nothing") as witness:
            ended = take_back(settings, roster, witness.take, run_id, planning=plan, ceiling=maximum)
        output.result(facts(ended, roster.place, 0))
    return ended.exit_code


def conducted(
    options: Options,
    output: Output,
    work: Callable[[Desk], RunEnded],
    following: Following = "runs",
    report: Path | None = None,
    first: Callable[[Settings], None] = lambda _: None,
) -> RunEnded:
    """Sets a run up, lets it work under stop signals, says how it ended, and sees to what follows.

    Args:
        report: where the report of a bundle goes.
        first: what is looked at before anything else; raises what speaks against the run.

    Raises:
        RosterSyncError: the run failed, and nothing was changed.
    """
    with opened(options) as settings, stop_signals() as caught:

        def stopping() -> bool:
            if caught:
                raise Stopped(caught[0])  # raised here, it carries the signal's exit code into the run's record
            return False

        first(settings)
        with asked_ahead(settings, stopping) as client:
            from oneroster_tui.headless.running import watched

            return watched(settings, output, work, following, report, stopping, lambda: bool(caught), client)


def is_pending(ended: RunEnded) -> bool:
    """Whether a plan would change anything."""
    return any(actions.get(action, 0) for actions in ended.counts.values() for action in PENDING)
