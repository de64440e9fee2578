"""The seam: what a sync needs of whatever it reads from, so that a REST service and a CSV bundle are the same to it. Pure.

`walks.Walks` in `sync` is the way through a REST service; a bundle has a way of its own. Both hand out `Page`s of records.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Protocol

from oneroster_tui.provider.dialects import Page
from oneroster_tui.provider.profile import Profile
from oneroster_tui.records import Collection


class CollectionWalk(Protocol):
    """One reading of a collection from beginning to end, for one use.

    `complete` and `why` (a sentence; "" when complete) hold from the end on; `drifted`: rows moved meanwhile, so that
    another reading may do better.
    """

    @property
    def collection(self) -> Collection:
        """What the rows are."""

    @property
    def complete(self) -> bool:
        """Whether these were all rows: a removal from the roster rests on it."""

    @property
    def why(self) -> str:
        """Why not."""

    @property
    def fixed(self) -> bool:
        """Whether the rows stand still, so that another reading would show the same."""

    @property
    def drifted(self) -> bool:
        """Whether rows moved while they were read."""

    @property
    def total(self) -> int | None:
        """How many rows there are, as far as that is known before the end."""

    @property
    def received(self) -> int:
        """How many rows came, usable or not."""

    def __iter__(self) -> Iterator[Page]: ...

    def same_as(self, other: CollectionWalk, /) -> bool:
        """Whether another reading brought the same rows."""

    def only_duplicates(self) -> bool:
        """Whether only rows that came twice can speak against this reading."""


class ProviderWalks(Protocol):
    """How one run reads a provider.

    Attributes:
        profile: what is known of the provider.
        since: collections of which only what changed since a time (UTC, ISO 8601) is asked for.
        mark: which of several deliveries this is, for the next one to begin behind it; "" for a service, which can be asked
            for what changed since a time.
    """

    profile: Profile
    since: dict[Collection, str]
    mark: str

    @property
    def partial(self) -> Set[Collection]:
        """The collections of which not everything comes: what does not is as it was, and absence means nothing."""

    @property
    def first_date(self) -> str:
        """The provider's clock at the first answer, as a `Date` header has it; "" where it has none."""

    def open(self, collection: Collection, params: Mapping[str, str]) -> CollectionWalk:
        """Opens a collection; `params` are wishes (`sort`), and whoever cannot fulfil them does not."""

    def doubt(self, collection: Collection) -> bool:
        """Forgets what makes a collection cheaper, after it was refused; False when there was nothing of the kind."""

    def single(self, collection: Collection, sourced_id: str) -> Page:
        """Asks for one record by itself: a page of one row, or of none.

        Raises:
            NotFound: the provider does not know it.
            ProviderError: it could not be asked for, or not be read.
        """

    def prove_filters(self) -> None:
        """Finds out of which collections what changed can be asked for."""

    def learned(self, moment: str) -> Profile:
        """What is known now; `moment` is now (UTC, ISO 8601)."""
