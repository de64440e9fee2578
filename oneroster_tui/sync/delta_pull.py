"""The pull of a delta: classes, people and enrollments by what changed, the rest whole; and what changes touch of the roster."""

from __future__ import annotations

from datetime import date
from typing import Final

from oneroster_tui.config import Settings
from oneroster_tui.errors import NotFound, ProviderError
from oneroster_tui.provider.dialects import Page
from oneroster_tui.provider.protocols import ProviderWalks
from oneroster_tui.provider.proving import too_old
from oneroster_tui.records import Collection
from oneroster_tui.sync import carry, delta
from oneroster_tui.sync.entities import CLASSES, COURSES, USERS, Entity
from oneroster_tui.sync.events import Emit, Note
from oneroster_tui.sync.pull import Pull, Take
from oneroster_tui.sync.stage import Stage

MOST_FETCHED: Final = 200
"""People who are asked for one by one, at most; where there are more, all users are read."""


class DeltaPull(Pull):
    """One reading of what changed.

    What did not come counts as it stands in the roster, and nothing is removed for not coming. A person or class that a
    record names and nobody here knows is asked for by itself. What cannot be told so is read in full, and said.
    """

    def __init__(self, settings: Settings, stage: Stage, walks: ProviderWalks, emit: Emit, today: date) -> None:
        super().__init__(settings, stage, walks, emit, today)
        self.carrier = carry.Carrier(stage, self.own_columns)
        self.asked: set[str] = set()
        self.strange_classes: set[str] = set()  # named, and known neither to this run nor to the roster
        self.enrolled_asked = False

    def has_merged(self) -> bool:
        """No: then nothing would be sure but a full run (`delta.why_doubtful`), and this were none."""
        return False

    def read(self, collection: Collection, entity: Entity, take: Take) -> None:
        """Reads a collection, or what changed of it."""
        if collection is Collection.CLASSES and collection in self.walks.since:
            self.mind_classes()
        if collection is Collection.ENROLLMENTS:
            self.mind_loose_ends()
        self.read_changes(collection, entity, take)
        if collection is Collection.ENROLLMENTS and self.strange_classes:
            self.read_all_classes()
            self.start_over(collection, "enrollments: read again, now that all classes are known.")
            self.read(collection, entity, take)

    def read_changes(self, collection: Collection, entity: Entity, take: Take) -> None:
        """Reads what changed of a collection; all of it where nobody can be asked for what changed."""
        edge = self.walks.since.get(collection)
        if edge is None:
            super().read(collection, entity, take)
            return
        old = 0

        def taking(page: Page) -> None:
            nonlocal old
            old += too_old(page.records, edge)
            take(page)

        super().read(collection, entity, taking)
        if old:  # harmless: they are compared like the others
            self.walks.profile.of(collection).filter = False
            text = f"{collection}: {old:,} records came that did not change since {edge}; the filter is not used again"
            self.emit(Note(f"{text} before it is proved again.", "warning"))

    def mind_loose_ends(self) -> None:
        """Reads the enrollments in full where somebody or a class is of use now whom older enrollments may name."""
        classes, people = delta.tied_up(self.stage, "classes"), delta.tied_up(self.stage, "users")
        if (classes or people) and self.walks.since.pop(Collection.ENROLLMENTS, ""):
            text = f"{classes:,} classes and {people:,} people are of use now that were not before"
            self.emit(Note(f"  Reading all enrollments: {text}, and what names them need not have changed."))

    def mind_classes(self) -> None:
        """Reads the classes in full where something else than their own records decides about them now."""
        why = delta.why_all_classes(self.settings, self.stage)
        if why:
            del self.walks.since[Collection.CLASSES]
            self.emit(Note(f"  Reading all classes: {why}."))

    def finish(self, entity: Entity) -> None:
        """What can be decided once a collection was read; classes that did not come are there as they stand."""
        if entity is CLASSES and Collection.CLASSES in self.walks.since:
            self.classes |= dict.fromkeys(carry.carry_classes(self.stage), "kept")
        super().finish(entity)

    def fate_of_unlisted_class(self, sourced_id: str) -> str:
        """A class that did not come: what it was when it last came, or was last looked for."""
        if Collection.CLASSES not in self.walks.since:
            return super().fate_of_unlisted_class(sourced_id)
        reason = self.stage.value(
            "SELECT MAX(reason) FROM loose_ends WHERE source_id = ? AND entity = 'classes' AND sourced_id = ?",
            (self.stage.source_id, sourced_id),
        )
        if reason:
            self.classes[sourced_id] = str(reason)
            return str(reason)
        fate = super().fate_of_unlisted_class(sourced_id)
        if fate == "unknown" and reason is None:
            self.strange_classes.add(sourced_id)
        return fate

    def read_all_classes(self) -> None:
        """Reads all classes, in place of what changed."""
        many, self.strange_classes = len(self.strange_classes), set()
        del self.walks.since[Collection.CLASSES]
        self.start_over(Collection.CLASSES, f"classes: {many:,} are named that nobody here knows. Reading all of them.")
        # What courses are kept is to be decided once more, with the classes that name them.
        self.stage.execute("DELETE FROM changes WHERE entity = ?", (COURSES.table,))
        self.read(Collection.CLASSES, CLASSES, self.take_classes)
        self.finish(CLASSES)

    def start_over(self, collection: Collection, why: str) -> None:
        """Forgets a collection that is read again, and who was staged beside it."""
        super().start_over(collection, why)
        if collection is Collection.USERS:
            self.carrier.clear()

    def keep_people(self) -> None:
        """Keeps and decides people until nobody new is touched: who came, who was asked for, and who was stored."""
        while True:
            self.keep_more_users(self.carrier.keep)
            if not self.fetch_people() + self.carrier.carry_all():
                return

    def fetch_people(self) -> int:
        """Asks for the people whom kept records name and nobody here knows; says how many were asked for."""
        if Collection.USERS not in self.walks.since:
            return 0
        enrolled, self.enrolled_asked = not self.enrolled_asked, True
        unheard_of = carry.unheard_of(self.stage, enrolled=enrolled)
        wanted = [sourced_id for sourced_id in unheard_of if sourced_id not in self.asked]
        if len(self.asked) + len(wanted) > MOST_FETCHED:
            return self.read_everybody(f"{len(wanted):,} people are named whom nobody here knows")
        for sourced_id in wanted:
            self.asked.add(sourced_id)
            try:
                page = self.walks.single(Collection.USERS, sourced_id)
            except NotFound:
                continue
            except ProviderError as error:
                return self.read_everybody(f"one of the users could not be asked for by itself ({error.what})")
            self.take_problems(USERS, page.problems)
            self.take_users(page)
        return len(wanted)

    def read_everybody(self, why: str) -> int:
        """Reads all users, in place of what changed."""
        del self.walks.since[Collection.USERS]
        self.start_over(Collection.USERS, f"users: {why}. Reading all of them.")
        self.read(Collection.USERS, USERS, self.take_users)
        self.finish(USERS)
        return 1
