"""The signpost: where the service really starts, when it is not where the version has it (spec 1.1; quirk 14)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from oneroster_tui.errors import ProviderError
from oneroster_tui.provider.dialects import decode
from oneroster_tui.records import Collection


class Answer(Protocol):
    """What a search needs of the client's `Reply`."""

    @property
    def body(self) -> bytes:
        """The JSON."""


Get = Callable[[str, Mapping[str, str]], Answer]


def find_base(get: Get, candidates: Iterable[str]) -> str:
    """The first of some base addresses at which a list of orgs is; "" when there is none.

    Orgs are what every provider has, and lets everybody read who may read anything.

    Args:
        get: asks a whole address; raises ProviderError when it does not get a good answer.
        candidates: base addresses, the likeliest first.
    """
    for base in candidates:
        try:
            decode(Collection.ORGS, get(f"{base}/{Collection.ORGS}", {"limit": "1"}).body)
        except ProviderError:
            continue
        return base
    return ""


class Base:
    """The base address of one client: the likeliest, until its first answer is that nothing is there.

    Then the others are tried, once. Whatever comes of it, there is no second search: an address that has answered is
    right, and where none did, the settings are wrong. Threads may share it.

    Args:
        candidates: from `endpoints.base_urls`.
        remembered: the one that was right before; ignored when it is none of the candidates (other settings).
    """

    def __init__(self, candidates: Iterable[str], remembered: str = "") -> None:
        known = tuple(candidates)
        self._candidates = tuple(dict.fromkeys((remembered, *known))) if remembered in known else known
        self._lock = threading.Lock()
        self._settled = False
        self.url = self._candidates[0]

    def settle(self) -> None:
        """An answer came from here: this is it."""
        self._settled = True

    def moves(self, refused: str, get: Get) -> bool:
        """Whether there is another address to ask, now that nothing was found at `refused`; looks for it, once."""
        with self._lock:
            if not self._settled:
                self._settled = True
                self.url = find_base(get, self._candidates[1:]) or self.url
            return self.url != refused
