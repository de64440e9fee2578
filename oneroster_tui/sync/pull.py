"""The pull: every collection, page by page, into the stage, and what is decided once a collection was read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from oneroster_tui.config import Settings
from oneroster_tui.provider.dialects import Page
from oneroster_tui.provider.protocols import CollectionWalk, ProviderWalks
from oneroster_tui.records import Collection
from oneroster_tui.sync import duplicates, merge, plan
from oneroster_tui.sync.entities import (
    ACADEMIC_SESSIONS,
    BY_COLLECTION,
    CLASSES,
    COURSES,
    ENROLLMENTS,
    ORGS,
    RELATIONSHIPS,
    USERS,
    Entity,
)
from oneroster_tui.sync.events import CollectionEnded, CollectionStarted, Emit, Note, PageTaken
from oneroster_tui.sync.reading import Reader
from oneroster_tui.sync.stage import Stage
from oneroster_tui.sync.taking import Pulled, Taking

Take = Callable[[Page], None]
"""Takes the records of a page."""


class Pull(Taking):
    """One reading of a provider into a stage.

    Args:
        walks: opens the collections.
        today: the date by which `terms = "current"` judges.
    """

    def __init__(self, settings: Settings, stage: Stage, walks: ProviderWalks, emit: Emit, today: date) -> None:
        super().__init__(settings, stage, emit, today)
        self.walks = walks
        self.reader = Reader(walks.open, walks.doubt)

    def run(self) -> Pulled:
        """Reads everything, in the order that satisfies references, and plans what is new or changed.

        Raises:
            ProviderError: a collection cannot be read at all.
            Stopped: the run was asked to stop.
        """
        for collection, take in (
            (Collection.ORGS, self.take_orgs),
            (Collection.ACADEMIC_SESSIONS, self.take_sessions),
            (Collection.COURSES, self.take_courses),
            (Collection.CLASSES, self.take_classes),
            (Collection.USERS, self.take_users),
            (Collection.ENROLLMENTS, self.take_enrollments),
        ):
            entity = BY_COLLECTION[collection]
            self.emit(CollectionStarted(entity.table))
            self.read(collection, entity, take)
            self.finish(entity)
        self.finish_people()
        self.report_unmapped()
        self.report_hidden_problems()
        return self.pulled

    def read(self, collection: Collection, entity: Entity, take: Take) -> None:
        """Reads one collection to its end and judges whether it was all of it."""

        def read_pages(walk: CollectionWalk) -> int:
            received, self.repeated, self.waiting = 0, 0, []
            for page in walk:
                received += page.count
                page = self.opened(entity, page)
                self.take_problems(entity, page.problems)
                take(page)
                self.emit(PageTaken(entity.table, received, walk.total))
            self.file_waiting()
            return self.repeats(entity)

        received, why = self.reader.read(collection, read_pages, lambda why: self.start_over(collection, why))
        for problem in duplicates.contradicted(self.stage, entity):
            self.problem(problem)
        if received == 0 and not why and collection not in self.walks.partial:
            stored = self.stage.value(
                f"SELECT COUNT(*) FROM {entity.table} WHERE source_id = ? AND status = 'active'",
                (self.stage.source_id,),
            )
            why = f"{entity.table}: the provider sent none, the roster holds {stored:,}" if stored else ""
        if why:
            self.pulled.incomplete[entity.table] = why
        self.emit(CollectionEnded(entity.table, received, not why, why))

    def opened(self, entity: Entity, page: Page) -> Page:  # noqa: ARG002 -- a pull that knows records asks
        """A page as it is to be taken."""
        return page

    def repeats(self, entity: Entity) -> int:  # noqa: ARG002 -- the same
        """How many rows of the present reading had come before, on another page."""
        return self.repeated

    def start_over(self, collection: Collection, why: str) -> None:
        """Forgets a collection that is read again: what was staged, decided and remembered of it."""
        entity = BY_COLLECTION[collection]
        self.emit(Note(f"{why} What was said of it so far does not count.", "warning"))
        if collection is Collection.ENROLLMENTS:
            self.unmapped.clear()
        self.stage.clear(entity)
        self.pulled.unidentified.discard(entity.table)
        self.problem_kinds = {kind: count for kind, count in self.problem_kinds.items() if kind[0] != entity.table}
        if collection is Collection.ACADEMIC_SESSIONS:
            self.sessions.clear()
        elif collection is Collection.CLASSES:
            self.classes.clear()

    def finish(self, entity: Entity) -> None:
        """What can be decided once a collection was read."""
        self.stage.measure(entity.stage, "dropped", *(("stage_agents",) if entity is USERS else ()))
        if entity is ORGS:
            self.check_schools()
        if entity is ACADEMIC_SESSIONS:
            self.remember_sessions()
        if entity is CLASSES:
            plan.keep_named_courses(self.stage)
            plan.decide(self.stage, COURSES, 1, self.emit)
            plan.decide(self.stage, CLASSES, 1, self.emit)
            self.remember_class_ids()
        elif entity not in (COURSES, USERS, ENROLLMENTS):
            plan.decide(self.stage, entity, 1, self.emit)
        elif entity is USERS:
            self.keep_more_users(plan.keep_agents)

    def check_schools(self) -> None:
        """A selected school that the provider does not list makes the pull incomplete: its rows stay."""
        missing = self.stage.execute(
            "SELECT sourced_id FROM selected WHERE sourced_id NOT IN (SELECT sourced_id FROM stage_orgs) ORDER BY sourced_id"
        ).fetchall()
        if missing:
            names = ", ".join(school for (school,) in missing)
            why = f"orgs: the provider does not list the selected school {names}"
            self.pulled.incomplete.setdefault("orgs", why)
            self.emit(CollectionEnded("orgs", 0, complete=False, why=why))

    def remember_sessions(self) -> None:
        """Stored sessions that may be listed, although they were not read, count with the dates they had."""
        broken = (
            "sourced_id IN (SELECT d.sourced_id FROM dropped d WHERE d.entity = 'academic_sessions' "
            "AND d.reason = 'broken')"
        )
        stored = self.stage.execute(
            "SELECT sourced_id, start_date, end_date FROM academic_sessions WHERE source_id = ? AND status = 'active' "
            f"AND {broken if self.pulled.proves_absence(ACADEMIC_SESSIONS) else '1 = 1'}",
            (self.stage.source_id,),
        )
        for sourced_id, start, end in stored.fetchall():
            self.sessions.setdefault(sourced_id, (start, end))

    def remember_class_ids(self) -> None:
        """Learns the local ids of the kept classes; stored ones that may be listed, although not read, count as kept."""
        self.class_ids = dict(self.stage.execute("SELECT sourced_id, local_id FROM stage_classes").fetchall())
        if not self.pulled.proves_absence(CLASSES):
            stored = self.stage.execute(
                "SELECT sourced_id, id FROM classes WHERE source_id = ? AND status = 'active' "
                "AND school_sourced_id IN (SELECT sourced_id FROM selected)",
                (self.stage.source_id,),
            )
            for sourced_id, local_id in stored.fetchall():
                if self.classes.setdefault(sourced_id, "kept") == "kept":
                    self.class_ids.setdefault(sourced_id, local_id)

    def keep_more_users(self, keep: Callable[[Stage, int], None]) -> None:
        """Keeps users for another reason than their org, and decides them."""
        self.stage.round += 1
        keep(self.stage, self.stage.round)
        if not self.deciding_late:
            plan.decide(self.stage, USERS, self.stage.round, self.emit)

    def finish_people(self) -> None:
        """Decides what needs everybody known: late users, merges, enrollments, relationships."""
        self.keep_people()
        users_known = self.pulled.proves_absence(USERS)
        plan.resolve_enrollments(self.stage, users_known=users_known)
        plan.decide(self.stage, ENROLLMENTS, 1, self.emit)
        self.emit(CollectionStarted(RELATIONSHIPS.table))
        plan.stage_relationships(self.stage, users_known=users_known)
        plan.decide(self.stage, RELATIONSHIPS, 1, self.emit)
        unknown = [(sourced_id, "") for sourced_id, fate in self.classes.items() if fate == "unknown"]
        passed_over = [end for end in self.classes.items() if end[1] not in ("kept", "unknown")]
        self.stage.add_loose_ends("classes", "enrollments", unknown)
        self.stage.add_loose_ends("classes", "classes", passed_over)

    def keep_people(self) -> None:
        """Keeps and decides the people who are wanted for what names them, and merges those who are one person."""
        self.keep_more_users(plan.keep_enrolled)
        self.keep_more_users(plan.keep_agents)
        if self.merging == "none":
            merge.report_twins(self.stage, self.problem)
        if self.deciding_late:
            users_known = self.pulled.proves_absence(USERS)
            merge.merge_users(self.stage, self.merging, self.emit, users_known=users_known)
