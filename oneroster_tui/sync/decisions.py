"""Deciding a held removal: approve it, up to a ceiling, or discard it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oneroster_tui.config import Settings
from oneroster_tui.errors import ConfigError
from oneroster_tui.provider.client import Client
from oneroster_tui.roster.database import Roster
from oneroster_tui.sync.core import Stopping, sync
from oneroster_tui.sync.events import Emit, RunEnded
from oneroster_tui.sync.holding import EDITS

if TYPE_CHECKING:
    from oneroster_tui.provider.bundle.bundle import Bundle


@dataclass(frozen=True, slots=True)
class Hold:
    """What a run holds: how many removals, and the path of the bundle it read ("" where a service was asked)."""

    run_id: int
    removals: int
    bundle: str

    def require(self, *, from_bundle: bool) -> None:
        """Refuses to decide what a bundle left out by what a service lists, or the other way round.

        Args:
            from_bundle: whether a bundle would be read now.

        Raises:
            ConfigError: it is the other one.
        """
        if bool(self.bundle) != from_bundle:
            option = f" --bundle {shlex.quote(self.bundle)}" if self.bundle else ""
            raise ConfigError(
                f"Run {self.run_id} read {'a bundle' if self.bundle else 'the service of the config'}, and "
                f"{'a bundle' if from_bundle else 'the service of the config'} would decide what it holds.",
                where=self.bundle or "--bundle",
                do=f"oneroster-tui approve {self.run_id}{option}; or run a sync of the other, which supersedes the hold",
            )


def hold_of(roster: Roster, source: str, run_id: int) -> Hold:
    """What a run holds that waits for a decision.

    Raises:
        ConfigError: the run is not there, holds nothing, or was decided already.
    """
    row = roster.execute(
        "SELECT r.outcome, r.decision, r.bundle, (SELECT COUNT(*) FROM sync_changes c WHERE c.run_id = r.id "
        f"AND c.action = 'held' AND c.reason NOT IN {EDITS}) "
        "FROM sync_runs r JOIN sources s ON s.id = r.source_id WHERE s.name = ? AND r.id = ?",
        (source, run_id),
    ).fetchone()
    if row is None:
        raise ConfigError(f"There is no run {run_id}.", where=roster.place, do="see `oneroster-tui history`")
    outcome, decision, bundle, count = row
    if outcome != "held" or decision:
        why = decision or f"its outcome is {outcome}"
        raise ConfigError(
            f"Run {run_id} holds nothing that waits for a decision: {why}.",
            where=roster.place,
            do="see `oneroster-tui status` for what waits",
        )
    return Hold(run_id, int(count), bundle)


def approve(
    settings: Settings,
    roster: Roster,
    client: Client | Bundle,
    emit: Emit,
    run_id: int,
    *,
    maximum: int | None = None,
    stopping: Stopping = lambda: False,
) -> RunEnded:
    """Pulls again and applies, removals too; where the new plan removes more than the ceiling, it is held again.

    Args:
        run_id: the held run.
        maximum: the ceiling, over all tables; default: how many the run holds; held edits are none.

    Raises:
        ConfigError: the run does not wait for a decision, or read a bundle where now a service would be asked, or vice versa.
        RosterSyncError: as for `sync`.
    """
    hold = hold_of(roster, settings.source, run_id)
    hold.require(from_bundle=client.kind == "bundle")
    ceiling = hold.removals if maximum is None else maximum
    return sync(settings, roster, client, emit, mode="approve", ceiling=ceiling, stopping=stopping)


def discard(roster: Roster, source: str, run_id: int) -> int:
    """Closes a hold without removing anything; returns how many removals it held. The next run asks again.

    Raises:
        ConfigError: the run does not wait for a decision.
    """
    held = hold_of(roster, source, run_id).removals
    with roster.transaction():
        roster.execute("UPDATE sync_runs SET decision = 'discarded' WHERE id = ?", (run_id,))
    return held
