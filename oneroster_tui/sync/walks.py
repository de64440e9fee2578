"""Opens the collections of one run the cheapest way that is known to be complete, and learns from how that went."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import TYPE_CHECKING

from oneroster_tui.config import Settings
from oneroster_tui.errors import ProviderError
from oneroster_tui.provider.client import Client
from oneroster_tui.provider.dialects import Page, open_sealed, read_single
from oneroster_tui.provider.dialects.fields import USER_FIELDS
from oneroster_tui.provider.dialects.sealed import SEALABLE, Sealed
from oneroster_tui.provider.endpoints import SINGLE
from oneroster_tui.provider.paging import Walk
from oneroster_tui.provider.profile import Learner, Profile
from oneroster_tui.provider.proving import DELTAS, prove_filter, since
from oneroster_tui.records import Collection
from oneroster_tui.sync import recognise

if TYPE_CHECKING:
    from oneroster_tui.provider.bundle.bundle import Bundle
    from oneroster_tui.provider.bundle.walks import BundleWalks


def open_walks(
    settings: Settings, provider: Client | Bundle, profile: Profile, stopping: Callable[[], bool]
) -> Walks | BundleWalks:
    """The way one run reads a provider, whichever kind it is."""
    if provider.kind == "bundle":
        from oneroster_tui.provider.bundle.walks import BundleWalks  # late: most have no bundle, and would wait for it

        return BundleWalks(provider, profile, recognise.salt(settings))
    return Walks(settings, provider, profile, stopping, recognise.salt(settings))


class Walks:
    """How one run reads a provider over REST (`protocols.ProviderWalks`).

    Args:
        profile: what is known of the provider; brought up to date by `learned`.
        stopping: asked often while pages are waited for.
        salt: goes into the fingerprints of records.
    """

    mark = ""

    def __init__(
        self,
        settings: Settings,
        client: Client,
        profile: Profile,
        stopping: Callable[[], bool],
        salt: int | None = None,
    ) -> None:
        self.profile = profile
        self.sealing: set[Collection] = set()
        """Collections whose pages come sealed, as far as they can: with fingerprints, but not decoded."""
        self.learner = Learner(profile)
        self.since: dict[Collection, str] = {}
        """Collections of which only what changed since a time (UTC, ISO 8601) is asked for."""
        self._connection = settings.connection
        self._client = client
        self._stopping = stopping
        self._salt = salt

    @property
    def partial(self) -> Set[Collection]:
        """The collections of which only what changed comes."""
        return self.since.keys()

    @property
    def first_date(self) -> str:
        """The provider's clock at the first answer; "" where it has none."""
        return self.learner.first_date

    def open(self, collection: Collection, params: Mapping[str, str]) -> Walk:
        """Opens a collection, with further query parameters."""
        connection = self._connection
        return self.learner.walk(
            self._client.get,
            collection,
            page_size=connection.page_size,
            concurrency=self.profile.concurrency(collection, connection.concurrency),
            first_size=self.profile.first_size(collection),
            clamp=self.profile.of(collection).clamp,
            params={**self._cheaper(collection), **params},
            salt=self._salt if collection in SEALABLE else None,
            sealing=collection in self.sealing,
            stopping=self._stopping,
        )

    def _cheaper(self, collection: Collection) -> dict[str, str]:
        """Parameters that make the answer smaller, as far as they were proved."""
        asked = {}
        if collection is Collection.USERS and self.profile.of(collection).fields:
            asked["fields"] = USER_FIELDS[self._connection.oneroster_version]
        if collection in self.since:
            asked |= since(self.since[collection])
        return asked

    def unseal(self, collection: Collection, sealed: Sealed, places: Sequence[int]) -> Page:
        """Decodes some rows of a sealed page, given by their places."""
        return open_sealed(collection, sealed, places)

    def doubt(self, collection: Collection) -> bool:
        """Forgets what makes a collection cheaper, after it was refused; False when there was nothing of the kind."""
        asked = self._cheaper(collection)
        known = self.profile.of(collection)
        if "fields" in asked:
            known.fields = False
        if "filter" in asked:
            known.filter = False
            del self.since[collection]
        return bool(asked)

    def single(self, collection: Collection, sourced_id: str) -> Page:
        """Asks for one record by itself: a page of one row, or of none.

        Raises:
            NotFound: the provider does not know it.
            ProviderError: it could not be asked for, or not be read.
        """
        path = SINGLE[collection].url_path(sourced_id)
        return read_single(collection, self._client.get(path, tries=2).body)

    def prove_filters(self) -> None:
        """Finds out of which collections what changed can be asked for; a refusal is an answer, too."""
        for collection in DELTAS:
            try:
                proved, _ = prove_filter(self._client.get, collection)
            except ProviderError:
                proved = False
            self.profile.of(collection).filter = proved

    def learned(self, moment: str) -> Profile:
        """What is known now.

        Args:
            moment: now (UTC, ISO 8601).
        """
        return self.learner.conclude(moment, self._client.base_url)
