"""What can go wrong, as a small family, and the exit code each kind ends with.

* RosterSyncError
  · ConfigError                 config.toml cannot be used (exit 2)
  · BlackoutPeriod              today lies in a blackout, nothing was done (exit 8)
  · RunLocked                   another run holds the lock of this source (exit 5)
  · RosterError                 the database cannot be opened, read or written (exit 1)
    · NoRoster                  there is none yet: nothing was synced so far
  · Held                        a guard refuses what would remove too much; nothing was changed (exit 4)
  · ExportError                 an export could not be written; what was there before is there still (exit 1)
  · Stopped                     SIGINT, SIGTERM or the person at the screen ended the run (exit 130 / 143)
  · ProviderError               (exit 7)
    · Unreachable               no connection, a TLS failure, a time-out, 5xx or 429 after all retries
    · Unauthorized              the credentials were refused (exit 6)
    · Forbidden                 the credentials are good but may not read this (exit 6)
    · NotFound                  404
    · Rejected                  another 4xx: the provider did not accept the request
    · Unreadable                the answer is not OneRoster JSON
      · WebPage                 it is a web page

Each error carries three plain sentences: what happened, where, and what to do next. None of them ever holds a secret.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Self


class ExitCode(IntEnum):
    """How a command ended; the numbers are promised to cron jobs and monitors, `meaning` says each in a sentence."""

    meaning: str

    def __new__(cls, number: int, meaning: str = "") -> Self:
        code = int.__new__(cls, number)
        code._value_ = number
        code.meaning = meaning
        return code

    DONE = 0, "done"
    INTERNAL = 1, "internal error, or the database could not be used; `status`: the last good run is too old"
    USAGE = 2, "wrong usage or configuration"
    RECORD_PROBLEMS = 3, "done, with records that could not be used"
    HELD = 4, "removals are held by a guard; the rest was applied"
    LOCKED = 5, "another run holds the lock"
    UNAUTHORIZED = 6, "authentication or authorisation failed"
    INCOMPLETE = 7, "provider unreachable, or a pull was incomplete; nothing was removed"
    BLACKOUT = 8, "a blackout period, nothing was done"
    CHANGES_PENDING = 10, "`sync --plan --detailed-exitcode`: changes are pending"
    INTERRUPTED = 130, "stopped by SIGINT; the roster is as before or as after, never between"
    TERMINATED = 143, "stopped by SIGTERM; the roster is as before or as after, never between"


PRECEDENCE = (
    ExitCode.USAGE,
    ExitCode.LOCKED,
    ExitCode.BLACKOUT,
    ExitCode.UNAUTHORIZED,
    ExitCode.INCOMPLETE,
    ExitCode.HELD,
    ExitCode.RECORD_PROBLEMS,
    ExitCode.DONE,
)
"""Where several codes apply to a run, the first of these is the one."""


_QUOTED = re.compile(r"( It said|(?<= answered)): .*", re.DOTALL)


def public(sentence: str) -> str:
    """A sentence that may leave this machine: cut off where somebody else's words begin."""
    return _QUOTED.sub(".", sentence).replace("..", ".")


class RosterSyncError(Exception):
    """The base of everything this program raises on purpose.

    Args:
        what: what happened, one sentence for a person.
        where: the file, address, collection or table it happened at.
        do: what to do next.
    """

    exit_code = ExitCode.INTERNAL

    def __init__(self, what: str, *, where: str = "", do: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.do = do

    @property
    def public(self) -> str:
        """What happened, without what a server or a driver said in its own words: those may name people or records."""
        return public(self.what)

    def __str__(self) -> str:
        return "\n".join(
            line for line in (self.what, self.where and f"  at: {self.where}", self.do and f"  do: {self.do}") if line
        )


class ConfigError(RosterSyncError):
    """config.toml cannot be used; `problems` names every mistake at once."""

    exit_code = ExitCode.USAGE

    def __init__(self, what: str, *, where: str = "", do: str = "", problems: tuple[str, ...] = ()) -> None:
        super().__init__(what, where=where, do=do)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"  - {problem}" for problem in self.problems)])


class BlackoutPeriod(RosterSyncError):
    """Today lies in a blackout period: no run applies."""

    exit_code = ExitCode.BLACKOUT


class RunLocked(RosterSyncError):
    """Another run of the same source is under way."""

    exit_code = ExitCode.LOCKED


class RosterError(RosterSyncError):
    """The database cannot be opened, read or written."""


class NoRoster(RosterError):
    """There is no database yet, and the command is not one that makes it."""


class Held(RosterSyncError):
    """A guard refuses what would remove too much at once; nothing was changed."""

    exit_code = ExitCode.HELD


class ExportError(RosterSyncError):
    """An export could not be written; what was at its place before is there still."""


class Stopped(RosterSyncError):
    """The run was asked to stop; nothing half-done remains."""

    exit_code = ExitCode.INTERRUPTED

    def __init__(
        self,
        exit_code: ExitCode = ExitCode.INTERRUPTED,
        what: str = "The run was stopped before it changed the roster.",
    ) -> None:
        super().__init__(what)
        self.exit_code = exit_code


class ProviderError(RosterSyncError):
    """The provider could not be read; nothing was removed.

    Args:
        status: the HTTP status of the last answer, or None when there was none.
        collection: the collection asked for, where there was one.
    """

    exit_code = ExitCode.INCOMPLETE

    def __init__(
        self, what: str, *, where: str = "", do: str = "", status: int | None = None, collection: str = ""
    ) -> None:
        super().__init__(what, where=where, do=do)
        self.status = status
        self.collection = collection


class Unreachable(ProviderError):
    """No connection, a TLS failure, a time-out, or 5xx/429 until the retries were used up."""


class Unauthorized(ProviderError):
    """The credentials were refused: by the token endpoint, or by a 401 that a new token did not cure."""

    exit_code = ExitCode.UNAUTHORIZED


class Forbidden(ProviderError):
    """The credentials are good, but may not read what was asked for (403)."""

    exit_code = ExitCode.UNAUTHORIZED


class NotFound(ProviderError):
    """The provider does not know the address or the record (404)."""


class Rejected(ProviderError):
    """The provider did not accept the request (another 4xx)."""


class Unreadable(ProviderError):
    """The answer was not OneRoster JSON: HTML, cut off, or another shape altogether."""


class WebPage(Unreadable):
    """The answer was a web page: a log-in, a proxy, or a site that shows its own page at every address."""
