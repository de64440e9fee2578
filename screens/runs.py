"""The control room: starts a run on a thread of its own, stops it, and hands its progress round, a snapshot a tick."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from textual.signal import Signal
from textual.timer import Timer
from textual.worker import Worker

from oneroster_tui.errors import RosterSyncError
from screens.log_book import LogBook, LogLine
from screens.words import DEMO_STARTS, MISTAKE, NO_CONNECTION

if TYPE_CHECKING:
    from oneroster_tui.config import Settings
    from oneroster_tui.provider.bundle.bundle import Bundle
    from oneroster_tui.provider.client import Client
    from oneroster_tui.roster.database import Roster
    from oneroster_tui.sync.core import Mode
    from oneroster_tui.sync.events import Emit, RunEnded
    from screens.desk import Desk
    from screens.feed import RunFeed, RunSnapshot

    Conduct = Callable[[Settings, Roster, Client | Bundle, Emit, Callable[[], bool]], RunEnded]

T = TypeVar("T")

TICKS = 10
"""Snapshots a second; half as many where the screen is far away."""


class Runs:
    """The run of this process: at most one at a time.

    Attributes:
        snapshot: the run as it was at the last tick; None before the first run.
        book: its log.
        changed: one `RunSnapshot` a tick while it works, the last with state "ended".
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.snapshot: RunSnapshot | None = None
        self.book = LogBook()
        self.changed: Signal[RunSnapshot] = Signal(desk.app, "run_changed")
        self._feed: RunFeed | None = None
        self._timer: Timer | None = None
        self._worker: Worker[None] | None = None

    @property
    def active(self) -> bool:
        """Whether a run of this process is under way."""
        return self._worker is not None

    def why_not(self) -> str | None:
        """Why no run can be started now; None where one can."""
        desk = self.desk
        if self.active:
            return "An undo is under way." if self.snapshot and self.snapshot.mode == "undo" else "A sync is under way."
        if desk.state.running is not None:
            return f"Another process is syncing (run {desk.state.running.id})."
        if desk.demo_pending:
            return DEMO_STARTS
        if desk.keeper.error is not None:
            return MISTAKE
        if desk.settings.connection.missing():
            return NO_CONNECTION
        if not desk.settings.schools.sync:
            return "No school is selected yet: press 4."
        return None

    def why_not_stop(self) -> str | None:
        """Why there is nothing to stop; None where there is."""
        if self._feed is None:
            return "No sync of this session is under way."
        return "It is stopping already." if self._feed.stopping() else None

    def start(self, mode: Mode = "full", conduct: Conduct | None = None, *, name: str = "") -> None:
        """Starts a run; ask `why_not` first.

        Args:
            conduct: does the work where it is not just `sync.core.sync` (to approve a hold, to undo); called on the run's
                thread.
            name: what the snapshots call it where that is not the mode: `undo`.
        """
        from screens.feed import RunFeed  # late: the first frame does without the events

        feed = self._feed = RunFeed(name or mode)
        self.book = LogBook()
        self.snapshot = feed.drain()
        rate = TICKS / 2 if self.desk.economy else TICKS
        self._worker = self.desk.app.run_worker(
            lambda: self._work(feed, conduct or partial(whole_sync, mode)),
            name="run",
            group="run",
            thread=True,
            exit_on_error=False,
        )
        self._timer = self.desk.app.set_interval(1 / rate, self._tick, name="run")
        self.changed.publish(self.snapshot)

    async def preview(self, look: Callable[[Settings, Roster], T]) -> T:
        """Looks at what a run would do, on a thread, without being one: no log, no progress, nothing in History.

        Raises:
            RosterSyncError: it cannot be told.
        """
        from oneroster_tui.roster.database import open_roster

        def work() -> T:
            settings = self.desk.settings
            with self.desk.reader.exclusive():
                roster = open_roster(settings.database.url, settings.path.parent)
            with contextlib.closing(roster):
                return look(settings, roster)

        return await asyncio.to_thread(work)

    def stop(self) -> None:
        """Asks the run to end: soon, and with the roster as it was. `changed` tells when it has."""
        if self._feed is not None:
            self._feed.stop()

    def close(self) -> None:
        """Asks the run to end; its thread is waited for when the process ends."""
        self.stop()

    async def finished(self) -> RunSnapshot:
        """Waits for the end of the run under way, and says how it ended."""
        while self.active and self.desk.app.is_running:  # its timer ends with the app
            await asyncio.sleep(0.02)
        assert self.snapshot is not None  # noqa: S101 -- there was a run, so there is a last snapshot of it
        return self.snapshot

    async def _tick(self) -> None:
        """Hands round what came since the last tick; after the last piece, the roster is asked again."""
        if self._feed is None:
            return
        snapshot = self.snapshot = self._feed.drain()
        self.book.extend(snapshot.lines, snapshot.dropped)
        if not snapshot.active:
            if self._timer is not None:
                self._timer.stop()
            self._feed = self._worker = self._timer = None
        self.changed.publish(snapshot)
        if not snapshot.active:
            await self.desk.refresh()

    def _work(self, feed: RunFeed, conduct: Conduct) -> None:
        """The run, on its own thread. Whatever happens, the feed learns how it ended."""
        try:
            ended = self._conduct(feed, conduct)
        except RosterSyncError as error:
            feed.finish(None, error)
        except Exception as error:
            feed.lines([LogLine("problem", line) for line in traceback.format_exc().splitlines()])
            feed.finish(None, unforeseen(error))
        else:
            feed.finish(ended)

    def _conduct(self, feed: RunFeed, conduct: Conduct) -> RunEnded:
        """Opens roster and provider for this thread and lets the run work with them."""
        from oneroster_tui.roster.database import open_roster
        from oneroster_tui.sync.delta import read_state

        settings = self.desk.settings
        with self.desk.reader.exclusive():
            roster = open_roster(settings.database.url, settings.path.parent)
        try:
            imported = read_state(roster, settings.source).bundle
            with self.desk.client(settings.connection, feed.stopping, imported) as client:
                return conduct(settings, roster, client, feed.take, feed.stopping)
        finally:
            roster.close()


def whole_sync(
    mode: Mode, settings: Settings, roster: Roster, client: Client | Bundle, emit: Emit, stopping: Callable[[], bool]
) -> RunEnded:
    """The ordinary run."""
    from oneroster_tui.sync.core import sync

    return sync(settings, roster, client, emit, mode=mode, stopping=stopping)


def unforeseen(error: Exception) -> RosterSyncError:
    """An error nobody foresaw, in the form of the others."""
    return RosterSyncError(
        f"The run broke off over an error in this program: {type(error).__name__}. Nothing was changed.",
        where="its log, on Sync",
        do="save the log there and report it",
    )
