"""The examination: all checks in order, one request at a time, to the end or to where the provider stops answering."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx

from oneroster_tui.provider.answers import safe_url
from oneroster_tui.provider.conformance import access, choosing, connections, filtering, operations, paging
from oneroster_tui.provider.conformance.card import Card, Check, Section
from oneroster_tui.provider.conformance.trial import Known, Step
from oneroster_tui.provider.conformance.wire import Bounds, Wire

if TYPE_CHECKING:
    from oneroster_tui.config import Connection

__all__ = ["Bounds", "Examination", "plan"]


def plan(connection: Connection) -> list[Step]:
    """The checks to come, in the order they are tried."""
    return [
        *access.steps(oauth1=connection.oauth_version == "1.0a"),
        *operations.steps(),
        *paging.steps(),
        *filtering.steps(),
        *choosing.steps(),
        *connections.steps(),
    ]


class Examination:
    """One examination of a provider; iterate over it, then read `card`.

    Args:
        connection: the [connection] settings.
        bounds: how many requests it may send, and how long it may take.
        stopping: asked often; True ends it with `Stopped`.
        transport, sleep, clock, now: replaced by tests.

    Raises:
        ConfigError: the addresses or the secret cannot be used.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        bounds: Bounds | None = None,
        stopping: Callable[[], bool] = lambda: False,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.steps = plan(connection)
        self._wire = Wire(connection, bounds or Bounds(), stopping, transport, sleep, clock)
        began = now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.card = Card(connection.oneroster_version, safe_url(self._wire.base_url), began)

    def __iter__(self) -> Iterator[Check]:
        """The checks as they are done.

        Raises:
            Stopped: it was asked to stop; `card` holds what was done until then.
        """
        known = Known(self.card.version)
        try:
            for step in self.steps:
                if self.card.ended_early:
                    check, ended = step.check(untested=self.card.ended_early), ""
                else:
                    check, ended = step.take(self._wire, known)
                self._add(check, ended or known.wanted)
                yield check
        finally:
            self._measure()
            self._wire.close()
            self.card.checks.sort(key=lambda check: list(Section).index(check.section))

    def _add(self, check: Check, ended: str) -> None:
        self.card.checks.append(check)
        self.card.ended_early = self.card.ended_early or ended
        self._measure()

    def _measure(self) -> None:
        card, wire = self.card, self._wire
        card.address, card.latencies = safe_url(wire.base_url), wire.latencies
        card.requests, card.seconds = wire.requests, wire.seconds
