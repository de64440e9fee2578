"""Deciding a held removal: approve it, up to a ceiling, or discard it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oneroster_tui.config import Settings
from oneroster_tui.errors import ConfigError
from oneroster_tui.provider.client import Client
from oneroster_tui.roster.database import Roster
from oneroster_tui.sync.core import Stopping, sync
from oneroster_tui.sync.events import Emit, RunEnded

if TYPE_CHECKING:
    from oneroster_tui.provider.bundle.bundle import Bundle


def held_removals(roster: Roster, source: str, run_id: int) -> int:
    """How many removals a run holds that waits for a decision.

    Raises:
        ConfigError: the run is not there, holds nothing, or was decided already.
    """
    row = roster.execute(
        "SELECT r.outcome, r.decision, (SELECT COUNT(*) FROM sync_changes c WHERE c.run_id = r.id AND c.action = 'held') "
        "FROM sync_runs r JOIN sources s ON s.id = r.source_id WHERE s.name = ? AND r.id = ?",
        (source, run_id),
    ).fetchone()
    if row is None:
        raise ConfigError(f"There is no run {run_id}.", where=roster.place, do="see `oneroster-tui history`")
    outcome, decision, count = row
    if outcome != "held" or decision:
        why = decision or f"its outcome is {outcome}"
        raise ConfigError(
            f"Run {run_id} holds nothing that waits for a decision: {why}.",
            where=roster.place,
            do="see `oneroster-tui status` for what waits",
        )
    return int(count)


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
        maximum: the ceiling, over all tables; default: the number the run holds.

    Raises:
        ConfigError: the run does not wait for a decision.
        RosterSyncError: as for `sync`.
    """
    held = held_removals(roster, settings.source, run_id)
    ceiling = held if maximum is None else maximum
    return sync(settings, roster, client, emit, mode="approve", ceiling=ceiling, stopping=stopping)


def discard(roster: Roster, source: str, run_id: int) -> int:
    """Closes a hold without removing anything; returns how many removals it held. The next run asks again.

    Raises:
        ConfigError: the run does not wait for a decision.
    """
    held = held_removals(roster, source, run_id)
    with roster.transaction():
        roster.execute("UPDATE sync_runs SET decision = 'discarded' WHERE id = ?", (run_id,))
    return held
