"""The token is asked for while the rest of the program loads: half of what a run does before its first request is loading."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from oneroster_tui.config import Settings
from oneroster_tui.errors import RosterSyncError

if TYPE_CHECKING:
    from oneroster_tui.provider.client import Client


@contextlib.contextmanager
def asked_ahead(settings: Settings, stopping: Callable[[], bool]) -> Iterator[Client | None]:
    """A client whose token is on its way; None where nothing is to be asked, or not yet known whether.

    What is wrong with the settings is left to the run to tell.
    """
    client = None
    if may_ask(settings, date.today()):  # noqa: DTZ011 -- as the run itself judges its blackouts
        from oneroster_tui.provider.client import Client

        with contextlib.suppress(RosterSyncError):
            client = Client(settings.connection, stopping=stopping)
            client.ask_ahead()
    try:
        yield client
    finally:
        if client is not None:
            client.close()


def may_ask(settings: Settings, today: date) -> bool:
    """Whether a run that begins now will ask a provider: the config is finished, and no blackout forbids it."""
    return not (settings.connection.bundle or settings.missing() or settings.guards.blackout_on(today))
