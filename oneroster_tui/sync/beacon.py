"""The lamp in the window: how far a run is, left in its record now and then, so that another process can watch it."""

from __future__ import annotations

import contextlib
import time
from typing import Final

import msgspec

from oneroster_tui.errors import RosterSyncError
from oneroster_tui.roster.database import Roster
from oneroster_tui.sync.events import Emit, Event, PageTaken

EVERY: Final = 2.0
"""Seconds between two signs."""


class Beacon:
    """Passes events on; now and then writes into `sync_runs.counts` how many records came of each table.

    The run's end writes its counts in the same place. Where another program writes just then, a sign is left out.

    Args:
        every: seconds between two signs, and until the first.
    """

    def __init__(self, roster: Roster, run_id: int, emit: Emit, *, every: float = EVERY) -> None:
        self._roster = roster
        self._run_id = run_id
        self._emit = emit
        self._every = every
        self._next = time.monotonic() + every
        self._pages: dict[str, dict[str, int]] = {}

    def __call__(self, event: Event) -> None:
        """Takes an event."""
        self._emit(event)
        if isinstance(event, PageTaken):
            total = {} if event.total is None else {"total": event.total}
            self._pages[event.entity] = {"received": event.received, **total}
            if time.monotonic() >= self._next:
                self._next = time.monotonic() + self._every
                self._light()

    def _light(self) -> None:
        with contextlib.suppress(RosterSyncError):
            self._roster.offhand(
                "UPDATE sync_runs SET counts = ? WHERE id = ?",
                (msgspec.json.encode(self._pages).decode(), self._run_id),
            )
