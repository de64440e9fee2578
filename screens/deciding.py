"""The scales: what deciding a hold does: the run that makes its removals, and closing it without any."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oneroster_tui.config import Settings
    from oneroster_tui.provider.bundle.bundle import Bundle
    from oneroster_tui.provider.client import Client
    from oneroster_tui.roster.database import Roster
    from oneroster_tui.sync.events import Emit, RunEnded

POLICIES = {
    "keep": "stays: the policy is to keep.",
    "suspend": "is suspended; each comes back when it is listed again.",
    "unenrol": "goes: people and classes are suspended, enrolments removed. Each comes back when it is listed again.",
    "delete": "is deleted from the roster; only the record of runs keeps it.",
}
"""What becomes of what is removed, by `on_removed`."""


def approval(run_id: int) -> Callable[[Settings, Roster, Client | Bundle, Emit, Callable[[], bool]], RunEnded]:
    """What conducts the run that makes the removals."""

    def conduct(
        settings: Settings, roster: Roster, client: Client | Bundle, emit: Emit, stopping: Callable[[], bool]
    ) -> RunEnded:
        from oneroster_tui.sync.decisions import approve

        return approve(settings, roster, client, emit, run_id, stopping=stopping)

    return conduct


def close_hold(settings: Settings, run_id: int) -> int:
    """Closes a hold in the roster; runs on a thread. How many removals it held."""
    from oneroster_tui.roster.database import open_roster
    from oneroster_tui.sync.decisions import discard

    roster = open_roster(settings.database.url, settings.path.parent, create=False)
    try:
        return discard(roster, settings.source, run_id)
    finally:
        roster.close()
