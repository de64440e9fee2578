"""The lock that keeps two runs of one source apart: a file beside SQLite's, the server's own lock elsewhere.

Either is free as soon as its process is gone, however it went.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from oneroster_tui.errors import RosterError


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


class AdvisoryLocks:
    """PostgreSQL's advisory locks, on the connection that the run itself works on: who loses one loses both.

    Args:
        value: runs a statement and gives the first column of its first row.
    """

    KEY = "hashtextextended('oneroster-tui ' || current_schema() || ' ' || ?, 0)"

    def __init__(self, value: Callable[..., Any]) -> None:
        self.value = value
        self.held: set[str] = set()  # the server counts a second time on one connection, and lets it pass

    @contextlib.contextmanager
    def hold(self, source: str) -> Iterator[None]:
        """See `Locks`."""
        if source in self.held or not self.value(f"SELECT pg_try_advisory_lock({self.KEY})", (source,)):
            raise Taken
        self.held.add(source)
        try:
            yield
        finally:
            self.held.discard(source)
            with contextlib.suppress(RosterError):  # where the connection is gone, so is the lock
                self.value(f"SELECT pg_advisory_unlock({self.KEY})", (source,))
