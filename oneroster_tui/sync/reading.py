"""Reads one collection until it is proved, or until there is no hope: again where its rows moved meanwhile (quirk 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from oneroster_tui.errors import ProviderError
from oneroster_tui.provider.paging import Walk
from oneroster_tui.records import Collection

AGAIN: Final = 3
"""How often at most a collection is read again."""

SORTED: Final = {"sort": "sourcedId", "orderBy": "asc"}
"""Asks for an order that new and removed rows disturb least; the order of a server is its own affair otherwise."""

OpenWalk = Callable[[Collection, Mapping[str, str]], Walk]
ReadPages = Callable[[Walk], None]


class Reader:
    """Opens collections and reads them, as often as it takes.

    Args:
        open_walk: opens a walk with further query parameters.
    """

    def __init__(self, open_walk: OpenWalk) -> None:
        self._open = open_walk
        self._sort = True

    def read(self, collection: Collection, read_pages: ReadPages, start_over: Callable[[str], None]) -> tuple[int, str]:
        """Reads a collection.

        Args:
            collection: which.
            read_pages: takes the pages of one walk.
            start_over: forgets what the pages so far left behind; is told why.

        Returns:
            How many rows the last reading brought, and why they may not be all; "" when they are.

        Raises:
            ProviderError: it cannot be read.
            Stopped: the run was asked to stop.
        """
        walk = self._open(collection, {})
        read_pages(walk)
        for turn in range(1, AGAIN + 1):
            if not walk.drifted:
                break
            start_over(f"{walk.why} Reading it again ({turn} of {AGAIN}).")
            before, walk = walk, self._read_sorted(collection, read_pages)
            if walk.drifted and walk.same_as(before):  # nothing moves: the provider itself lists rows twice
                return walk.received, "" if walk.only_duplicates() else walk.why
        return walk.received, "" if walk.complete else walk.why

    def _read_sorted(self, collection: Collection, read_pages: ReadPages) -> Walk:
        """A reading in the order of sourcedIds; in the provider's own where it does not sort by them (quirk 4)."""
        if self._sort:
            walk = self._open(collection, SORTED)
            try:
                read_pages(walk)
            except ProviderError as error:
                if walk.received or error.status is None:
                    raise
                self._sort = False
            else:
                return walk
        walk = self._open(collection, {})
        read_pages(walk)
        return walk
