"""The waiting room: when a request is tried again, how long it waits, and that a stop ends the waiting at once."""

from __future__ import annotations

import random
import re
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from oneroster_tui.errors import Stopped, Unreachable

RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be different next time; ClassLink asks for back-off on 429 and 5xx (quirk 15)."""

TRIES = 5
FIRST_WAIT, LONGEST_WAIT, LONGEST_RETRY_AFTER = 0.5, 30.0, 120.0
SLICE = 0.1
"""Seconds between two looks at whether the run is to stop."""

_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?", re.ASCII)


def backoff(attempt: int, jitter: Callable[[float, float], float] = random.uniform) -> float:
    """Seconds to wait after the failed try number `attempt` (from 1): exponential, with full jitter.

    The jitter spreads the threads of one run, and the many consumers of one provider, over time.
    """
    return jitter(0.0, min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1)))


def retry_after(headers: httpx.Headers, now: datetime | None = None) -> float:
    """The seconds a `Retry-After` header asks for (RFC 9110 10.2.3), at most two minutes; 0 for none or nonsense.

    A date is measured against the server's own `Date` where there is one, so that a skewed clock does no harm.
    """
    value = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), LONGEST_RETRY_AFTER)
    until = http_date(value)
    if until is None:
        return 0.0
    here = http_date(headers.get("Date", "")) or now or datetime.now(UTC)
    return min(max((until - here).total_seconds(), 0.0), LONGEST_RETRY_AFTER)


def http_date(value: str) -> datetime | None:
    """An HTTP date as an aware time, or None when it cannot be read."""
    try:
        moment = parsedate_to_datetime(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what lies under it: httpx wraps httpcore's, which wraps the operating system's."""
    passed: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in passed:  # an error raised again can lie under itself
        yield cause
        passed.append(cause)
        cause = cause.__cause__ or cause.__context__


def worth_a_retry(error: httpx.RequestError) -> bool:
    """Whether another try may go better: not when the request is at fault, or the certificate is not trusted."""
    if isinstance(error, (httpx.LocalProtocolError, httpx.UnsupportedProtocol)):
        return False
    return not any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes(error))


class Patience:
    """How long a run may still wait; shared by its threads.

    Args:
        stopping: asked often; True ends all waiting with `Stopped`.
        budget_seconds: what the whole run may take, from now.
        sleep, clock: replaced by tests.
    """

    def __init__(
        self,
        stopping: Callable[[], bool],
        budget_seconds: float,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._budget_seconds = budget_seconds
        self._stopping = stopping
        self._sleep = sleep
        self._deadline = clock() + budget_seconds

    def check(self, where: str | Callable[[], str] = "") -> None:
        """Raise `Stopped` when the run is to end, and `Unreachable` when its time is used up.

        Args:
            where: what is being asked for, or what says so: of thousands of requests hardly one has to be told.
        """
        if self._stopping():
            raise Stopped
        if self.left() <= 0:
            raise Unreachable(
                f"The run used up its time: {self._budget_seconds / 60:g} minutes.",
                where=where() if callable(where) else where,
                do="The provider is slow: raise concurrency or page_size in [connection], or sync at another hour.",
            )

    def left(self) -> float:
        """Seconds left of the budget; not above 0 when it is used up."""
        return self._deadline - self._clock()

    def wait(self, seconds: float) -> None:
        """Sleep in slices; raises `Stopped` within a slice of being asked to stop."""
        until = self._clock() + seconds
        self.check()
        while (rest := until - self._clock()) > 0:
            self._sleep(min(SLICE, rest))
            self.check()
