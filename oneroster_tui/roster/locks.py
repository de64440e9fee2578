"""The lock that keeps two runs of one source apart: a file beside SQLite's, the server's own lock elsewhere.

Either is free as soon as its process is gone, however it went.
"""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from oneroster_tui.errors import RosterError, RosterSyncError


class Taken(Exception):
    """Somebody else holds the lock."""


class Locks(Protocol):
    """The locks of a roster's sources."""

    def hold(self, source: str) -> contextlib.AbstractContextManager[None]:
        """Holds a source's lock while the block lasts.

        Raises:
            Taken: somebody else does, be it in this very process.
            RosterError: there can be no lock.
        """

    def assure(self, source: str) -> None:
        """Makes sure within a transaction that the lock is still held until that ends.

        Raises:
            RosterError: it was lost.
        """


class FileLocks:
    """Lock files beside an SQLite file.

    Args:
        path: what their names begin with.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextlib.contextmanager
    def hold(self, source: str) -> Iterator[None]:
        """See `Locks`."""
        import filelock

        name = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in source)
        path = self.path.with_name(f"{self.path.stem}-{name}.lock")
        lock = filelock.FileLock(path, mode=0o600)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise Taken from None
        except (OSError, NotImplementedError) as error:
            reason = getattr(error, "strerror", None) or "the file system has no locks"
            raise RosterError(
                f"The lock file cannot be made: {reason}. Without it two runs could write at once, so nothing was done.",
                where=str(path),
                do="check the owner and mode of the file and its folder; on a network file system, keep the roster on a local disk",
            ) from error
        try:
            yield
        finally:
            lock.release()

    def assure(self, source: str) -> None:
        """Nothing: the operating system takes no lock away."""


class AdvisoryLocks:
    """PostgreSQL's advisory locks, on the connection that the run itself works on: who loses one loses both.

    Args:
        execute: the roster's.
    """

    KEY = "hashtextextended('oneroster-tui ' || current_schema() || ' ' || ?, 0)"

    def __init__(self, execute: Callable[..., Any]) -> None:
        self.execute = execute
        self.held: set[str] = set()  # the server counts a second time on one connection, and lets it pass

    @contextlib.contextmanager
    def hold(self, source: str) -> Iterator[None]:
        """See `Locks`."""
        if source in self.held:
            raise Taken
        if not self.execute(f"SELECT pg_try_advisory_lock({self.KEY})", (source,)).fetchone()[0]:
            raise Taken
        self.held.add(source)
        try:
            yield
        finally:
            self.held.discard(source)
            with contextlib.suppress(RosterError):  # where the connection is gone, so is the lock
                self.execute(f"SELECT pg_advisory_unlock({self.KEY})", (source,))

    def assure(self, source: str) -> None:
        """Nothing: the lock is lost with the connection only, and then there is no transaction either."""


class LeaseLocks:
    """A row for each source, whose holder renews it as long as it lives; for CockroachDB, which has no other locks.

    Who dies without a word holds others up for a minute. A holder that could not renew in time finds out before it writes.

    Args:
        execute: the roster's.
        close: closes the calling thread's connection.
    """

    TABLE = "CREATE TABLE IF NOT EXISTS run_locks (source TEXT PRIMARY KEY, holder TEXT NOT NULL, until TIMESTAMPTZ NOT NULL)"
    UNTIL = "now() + INTERVAL '60 seconds'"
    EVERY = 15.0
    """Seconds between two renewals."""

    def __init__(self, execute: Callable[..., Any], close: Callable[[], None]) -> None:
        self.execute = execute
        self.close = close
        self.held: dict[str, str] = {}

    @contextlib.contextmanager
    def hold(self, source: str) -> Iterator[None]:
        """See `Locks`."""
        token = uuid.uuid4().hex
        self.execute(self.TABLE)
        taken = self.execute(
            f"INSERT INTO run_locks (source, holder, until) VALUES (?, ?, {self.UNTIL}) ON CONFLICT (source) DO UPDATE SET "
            "holder = excluded.holder, until = excluded.until WHERE run_locks.until < now()",
            (source, token),
        )
        if taken.rowcount < 1:
            raise Taken
        self.held[source] = token
        over = threading.Event()
        renewing = threading.Thread(target=self._renew, args=(source, token, over), daemon=True)
        renewing.start()
        try:
            yield
        finally:
            over.set()
            renewing.join()
            del self.held[source]
            with contextlib.suppress(RosterError):
                self.execute("DELETE FROM run_locks WHERE source = ? AND holder = ?", (source, token))

    def assure(self, source: str) -> None:
        """See `Locks`."""
        row = self.execute("SELECT holder FROM run_locks WHERE source = ? FOR UPDATE", (source,)).fetchone()
        if row is None or row[0] != self.held[source]:
            raise RosterError(
                "This run could not renew its lock in time, and another run took it: nothing was changed.",
                where="run_locks",
                do="look for a slow or broken connection to the database server, and run again",
            )

    def _renew(self, source: str, token: str, over: threading.Event) -> None:
        """Renews a lease until it is over; where that fails, `assure` will notice."""
        while not over.wait(self.EVERY):
            with contextlib.suppress(RosterSyncError):
                self.execute(
                    f"UPDATE run_locks SET until = {self.UNTIL} WHERE source = ? AND holder = ?", (source, token)
                )
        self.close()
