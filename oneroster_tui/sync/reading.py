"""Reads one collection until it is proved, or until there is no hope: again where its rows moved meanwhile (quirk 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from oneroster_tui.errors import NotFound, ProviderError, Rejected, Unreachable
from oneroster_tui.provider.protocols import CollectionWalk
from oneroster_tui.records import Collection

AGAIN: Final = 3
"""How often at most a collection is read again."""

SORTED: Final = {"sort": "sourcedId", "orderBy": "asc"}
"""Asks for an order that new and removed rows disturb least; the order of a server is its own affair otherwise."""

OpenWalk = Callable[[Collection, Mapping[str, str]], CollectionWalk]
ReadPages = Callable[[CollectionWalk], int]
Doubt = Callable[[Collection], bool]


@dataclass(frozen=True, slots=True)
class Reading:
    """One walk that came to its end.

    `repeated`: rows that had come before, on another page. The walk itself sees them on neighbouring pages only, for it
    does not remember a million ids; without an order, pages overlap anywhere, and what they leave out is never shown.
    """

    walk: CollectionWalk
    repeated: int

    @property
    def doubtful(self) -> bool:
        """Whether another reading may do better."""
        return self.walk.drifted or (self.walk.complete and self.repeated > 0 and not self.walk.fixed)

    @property
    def why(self) -> str:
        """Why this may not be all, without a full stop; "" when it is."""
        if not self.walk.complete or self.walk.fixed:
            return self.walk.why.rstrip(".")
        many = f"{self.repeated:,} of {self.walk.received:,} records came a second time, on another page"
        return f"{self.walk.collection}: {many}, so others may have been missed" if self.repeated else ""


class Reader:
    """Opens collections and reads them, as often as it takes.

    Args:
        open_walk: opens a walk with further query parameters.
        doubt: told of a collection that was refused, opens it without what made it cheaper from then on; False when there
            was nothing of the kind.
    """

    def __init__(self, open_walk: OpenWalk, doubt: Doubt = lambda _: False) -> None:
        self._open = open_walk
        self._doubt = doubt
        self._sort = True

    def read(self, collection: Collection, read_pages: ReadPages, start_over: Callable[[str], None]) -> tuple[int, str]:
        """Reads a collection.

        Args:
            collection: which.
            read_pages: takes the pages of one walk; says how many rows had come before, on another page.
            start_over: forgets what the pages so far left behind; is told why.

        Returns:
            How many rows the last reading brought, and why they may not be all; "" when they are.

        Raises:
            ProviderError: it cannot be read.
            Stopped: the run was asked to stop.
        """
        reading = self._read(collection, read_pages, {})
        for turn in range(1, AGAIN + 1):
            if not reading.doubtful:
                break
            start_over(f"{reading.why}. Reading it again ({turn} of {AGAIN}).")
            before, reading = reading, self._read_sorted(collection, read_pages)
            if reading.doubtful and reading.walk.same_as(before.walk):  # nothing moves: rows are listed twice
                return reading.walk.received, "" if reading.walk.only_duplicates() else reading.why
        return reading.walk.received, reading.why

    def _read_sorted(self, collection: Collection, read_pages: ReadPages) -> Reading:
        """A reading in the order of sourcedIds; in the provider's own where it does not sort by them (quirk 4)."""
        if self._sort:
            try:
                return self._read(collection, read_pages, SORTED)
            except ProviderError as error:
                if error.status is None:
                    raise
                self._sort = False
        return self._read(collection, read_pages, {})

    def _read(self, collection: Collection, read_pages: ReadPages, params: Mapping[str, str]) -> Reading:
        walk = self._open(collection, params)
        try:
            return Reading(walk, read_pages(walk))
        except (Rejected, NotFound, Unreachable) as error:
            if walk.received or error.status is None or not self._doubt(collection):
                raise
        walk = self._open(collection, params)
        return Reading(walk, read_pages(walk))
