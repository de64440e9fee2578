"""The reading desk: a few threads that hold read-only connections to the roster, so that the screen never waits for SQL."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from oneroster_tui.roster.database import Roster

T = TypeVar("T")
THREADS = 2
"""A long search on one still leaves one for the next page."""


class Reader:
    """Runs queries on threads of its own; each keeps its connection (peewee's are one a thread)."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="roster")
        self._own = threading.local()
        self._opening = threading.Lock()
        self._place: tuple[str, Path] | None = None
        self._roster: Roster | None = None

    async def read(self, place: tuple[str, Path], query: Callable[[Roster], T]) -> T:
        """Runs a query.

        Args:
            place: the database's url, and the folder it is relative to.

        Raises:
            NoRoster: there is none yet.
            RosterError: it cannot be opened or read.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, place, query)

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """While the block lasts nobody opens the roster: for whoever may have to make it."""
        with self._opening:
            yield

    def close(self) -> None:
        """Closes every thread's connection and ends the threads; waits for the queries under way."""
        together = threading.Barrier(THREADS)

        def leave() -> None:
            with contextlib.suppress(threading.BrokenBarrierError):
                together.wait(2)  # so that each thread takes one of these
            self._let_go()

        for _ in range(THREADS):
            self._threads.submit(leave)
        self._threads.shutdown()

    def _run(self, place: tuple[str, Path], query: Callable[[Roster], T]) -> T:
        """Runs a query on this thread."""
        return query(self._mine(place))

    def _mine(self, place: tuple[str, Path]) -> Roster:
        """The roster, with this thread's connection ready."""
        from oneroster_tui.roster.database import open_roster

        with self._opening:
            if self._roster is None or self._place != place:
                self._roster = open_roster(*place, create=False)
                self._place = place
            roster = self._roster
        if getattr(self._own, "roster", None) is not roster:
            self._let_go()
            self._own.roster = roster
            with roster.explained():
                roster.engine.forbid_writing(roster.database.execute_sql)
        return roster

    def _let_go(self) -> None:
        """Closes this thread's connection."""
        mine: Roster | None = getattr(self._own, "roster", None)
        if mine is not None:
            mine.close()
            self._own.roster = None
