"""The pull of a full run over a roster that is well known: everything is listed, and only what is new or changed is decoded.

What was recognised stands in the roster as it stands, as with a delta; but all of it was listed, so what was not is absent.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from oneroster_tui.config import Settings
from oneroster_tui.provider.dialects import Page
from oneroster_tui.records import Collection
from oneroster_tui.sync import merge
from oneroster_tui.sync.delta_pull import DeltaPull
from oneroster_tui.sync.entities import BY_COLLECTION, CLASSES, ENROLLMENTS, USERS, Entity
from oneroster_tui.sync.events import Decision, Emit
from oneroster_tui.sync.recognise import Recogniser, mark_absent
from oneroster_tui.sync.stage import Stage
from oneroster_tui.sync.walks import Walks

if TYPE_CHECKING:
    from oneroster_tui.provider.bundle.walks import BundleWalks


class KnownPull(DeltaPull):
    """One reading of everything, of which nothing is decoded that is known."""

    walks: Walks | BundleWalks

    def __init__(self, settings: Settings, stage: Stage, walks: Walks | BundleWalks, emit: Emit, today: date) -> None:
        super().__init__(settings, stage, walks, emit, today)
        self.sealing = walks.sealing
        self.known = {entity: Recogniser(stage, entity) for entity in (USERS, ENROLLMENTS)}
        self.sealing |= {Collection.USERS, Collection.ENROLLMENTS}
        stage.recognised = {entity.table: 0 for entity in self.known}

    def opened(self, entity: Entity, page: Page) -> Page:
        """A page with its unknown rows decoded; the known ones are said."""
        if page.sealed is None:
            return page
        found = self.known[entity].recognise(page.sealed.prints)
        if entity is USERS:
            self.announce([known for known in found if known is not None])
        unknown = [place for place, known in enumerate(found) if known is None]
        return self.walks.unseal(BY_ENTITY[entity], page.sealed, unknown)

    def announce(self, users: list[tuple[int, str, str, str | None]]) -> None:
        """Says that users are as they were, as is said of every user."""
        for local_id, name, sourced_id, modified in sorted(users, key=lambda user: user[2]):
            self.emit(
                Decision(USERS.table, USERS.noun, "unchanged", name, local_id, sourced_id, "", modified, modified)
            )

    def repeats(self, entity: Entity) -> int:
        """Rows of the present reading that had come before, on another page."""
        known = self.known.get(entity)
        return super().repeats(entity) + (known.conclude() if known else 0)

    def start_over(self, collection: Collection, why: str) -> None:
        """Forgets a collection that is read again, this time without recognising anything."""
        super().start_over(collection, why)
        self.sealing.discard(collection)
        if BY_COLLECTION[collection] in self.known:
            self.known[BY_COLLECTION[collection]].forget()

    def mind_loose_ends(self) -> None:
        """Nothing to mind: an enrollment that was of no use has no fingerprint, so each is decoded."""

    def finish(self, entity: Entity) -> None:
        """What can be decided once a collection was read; what was not listed counts as gone from here on."""
        super().finish(entity)
        if not self.pulled.proves_absence(entity):
            return
        if entity in self.known:
            self.known[entity].mark_absent()
        elif entity is CLASSES:
            mark_absent(self.stage, entity)

    def keep_people(self) -> None:
        """Keeps and decides people until nobody new is touched; then counts those who stand."""
        super().keep_people()
        for entity, known in self.known.items():
            self.stage.recognised[entity.table] = known.matched
        merge.report_twins(self.stage, self.problem)


BY_ENTITY = {entity: collection for collection, entity in BY_COLLECTION.items()}
