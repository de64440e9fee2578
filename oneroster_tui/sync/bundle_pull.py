"""The pull of a bundle that leaves something out: a file that is a delta, or absent, is completed from the roster.

What does not come counts as if it had come as it is stored. So every rule sees all it has to see, and files may be whole,
deltas and absent in any mixture; absence means something only where a file is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any, Final, cast

import msgspec

from oneroster_tui.config import Settings
from oneroster_tui.errors import ConfigError
from oneroster_tui.provider.bundle.roles import RoleBook
from oneroster_tui.provider.bundle.walks import BundleWalks
from oneroster_tui.provider.dialects import Page
from oneroster_tui.records import AcademicSession, Class, Collection, Course, Org, Record, Role, User
from oneroster_tui.sync import carry, delta, plan
from oneroster_tui.sync.entities import BY_COLLECTION, ENROLLMENTS, USERS, Entity, partial_tables
from oneroster_tui.sync.events import Emit, Note
from oneroster_tui.sync.pull import Pull, Take
from oneroster_tui.sync.stage import CARRIED, Stage
from oneroster_tui.sync.taking import roles_text

CHUNK: Final = 2000
"""Stored rows taken at a time."""

CHUNK_OF_IDS: Final = 500
"""Ids asked for at a time: SQLite takes 999 parameters at least."""

RECORDS: Final[dict[Collection, type[Record]]] = {
    Collection.ORGS: Org,
    Collection.ACADEMIC_SESSIONS: AcademicSession,
    Collection.COURSES: Course,
    Collection.CLASSES: Class,
}
"""The collections that are few enough to be read from the roster as records; their columns have the records' names."""

OTHER_NAMES: Final = {"terms": "term_sourced_ids"}
LEFT_OUT: Final = ("start_date", "end_date")
"""Columns of a class that follow from its terms."""


class BundlePull(Pull):
    """One reading of a bundle of which some files are deltas, or absent."""

    walks: BundleWalks

    def __init__(self, settings: Settings, stage: Stage, walks: BundleWalks, emit: Emit, today: date) -> None:
        super().__init__(settings, stage, walks, emit, today)
        self.carrier = carry.Carrier(stage, self.own_columns)
        if self.deciding_late and walks.partial & {Collection.USERS, Collection.ENROLLMENTS}:
            raise ConfigError(
                "People are merged here, and a person is only known from all their records: this bundle has only some.",
                where="[sync] merge_users",
                do="have the users and enrollments sent whole (bulk), or set merge_users to none",
            )
        state = delta.read_state(stage.roster, settings.source)
        if state.rules and state.rules != delta.fingerprint(settings):
            text = (
                "The settings that decide what is kept changed since a whole bundle was read; what was not kept before"
            )
            emit(Note(f"  {text} comes with the next whole one.", "warning"))
        for collection in Collection:
            mode = walks.bundle.manifest.mode(collection.value)
            if mode != "bulk":
                what = "what changed" if mode == "delta" else "absent: all of it stays as it is"
                emit(Note(f"  {collection.value}.csv: {what}"))
            self.pulled.unidentified |= partial_tables(walks.partial & {collection})

    def finish(self, entity: Entity) -> None:
        """Completes what came from the roster, then decides."""
        for collection in self.walks.partial:
            if BY_COLLECTION[collection] is entity:
                self.complete(collection)
        super().finish(entity)

    def complete(self, collection: Collection) -> None:
        """Stages the stored rows of a collection of which the bundle says nothing."""
        if collection is Collection.USERS:
            self.complete_users()
        elif collection is Collection.ENROLLMENTS:
            complete_enrollments(self.stage)
        else:
            entity, kind = BY_COLLECTION[collection], RECORDS[collection]
            takes: dict[Collection, Take] = {
                Collection.ORGS: self.take_orgs,
                Collection.ACADEMIC_SESSIONS: self.take_sessions,
                Collection.COURSES: self.take_courses,
                Collection.CLASSES: self.take_classes,
            }
            take = takes[collection]
            for rows in self.stored(entity):
                take(Page([as_record(kind, entity, row) for row in rows], [], len(rows)))

    def stored(self, entity: Entity) -> Iterator[list[tuple[Any, ...]]]:
        """Stored rows of which nothing came: (id, sourced_id, *columns), some at a time."""
        columns = ", ".join(f"r.{column}" for column in entity.columns)
        last = 0
        while True:
            rows = self.stage.execute(
                f"SELECT r.id, r.sourced_id, {columns} FROM {entity.table} r WHERE r.source_id = ? AND r.id > ? "
                f"AND {unmentioned(entity)} ORDER BY r.id LIMIT {CHUNK}",
                (self.stage.source_id, last),
            ).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield rows

    def take_users(self, page: Page) -> None:
        """Users; what the bundle does not say of their roles is as stored."""
        book = self.walks.book
        records = cast("list[User]", page.records)
        if book is not None and book.mode != "bulk":
            stored = self.stored_roles([user.sourced_id for user in records])
            records = [
                msgspec.structs.replace(user, roles=book.of(user.sourced_id, stored[user.sourced_id]))
                if user.sourced_id in stored
                else user
                for user in records
            ]
        super().take_users(Page([*records], [], page.count))

    def stored_roles(self, sourced_ids: list[str]) -> dict[str, tuple[Role, ...]]:
        """The roles of stored people."""
        found: dict[str, tuple[Role, ...]] = {}
        for start in range(0, len(sourced_ids), CHUNK_OF_IDS):
            some = sourced_ids[start : start + CHUNK_OF_IDS]
            rows = self.stage.execute(
                f"SELECT sourced_id, roles FROM users WHERE source_id = ? AND sourced_id IN ({', '.join('?' * len(some))})",
                (self.stage.source_id, *some),
            )
            found |= {key: tuple(msgspec.json.decode(roles, type=list[Role])) for key, roles in rows.fetchall()}
        return found

    def complete_users(self) -> None:
        """Stages the stored people of whom users.csv says nothing."""
        book = self.walks.book
        if book is not None:
            named = sorted(book.people())
            for start in range(0, len(named), CHUNK_OF_IDS):
                self.change_roles(book, named[start : start + CHUNK_OF_IDS])
        source, last = self.stage.source_id, 0
        while True:
            until = self.stage.value(
                f"SELECT MAX(id) FROM (SELECT id FROM users WHERE source_id = ? AND id > ? ORDER BY id LIMIT {CHUNK}) AS t",
                (source, last),
            )
            if until is None:
                return
            self.carrier.carry(
                f"SELECT sourced_id FROM users WHERE source_id = {source} AND id > {int(last)} AND id <= {int(until)}"
            )
            last = until

    def change_roles(self, book: RoleBook, sourced_ids: list[str]) -> None:
        """Stages stored people of whom only roles came: as they are, but for those."""
        columns = ", ".join(f"r.{column}" for column in USERS.columns)
        found = self.stage.execute(
            f"SELECT r.sourced_id, {columns} FROM users r WHERE r.source_id = ? AND {unmentioned(USERS)} "
            f"AND r.sourced_id IN ({', '.join('?' * len(sourced_ids))})",
            (self.stage.source_id, *sourced_ids),
        ).fetchall()
        self.stage.round += 1
        rows, agents = [], []
        for sourced_id, *cells in found:
            said = dict(zip(USERS.columns, cells, strict=True))
            roles = book.of(sourced_id, tuple(msgspec.json.decode(said["roles"], type=list[Role])))
            said["roles"] = roles_text(roles)
            wanted, is_student, own = self.own_columns(list(roles))
            rows.append((sourced_id, *said.values(), *own, self.stage.round if wanted else 0))
            if is_student:
                agents += [(sourced_id, agent) for agent in msgspec.json.decode(said["agents"], type=list[str])]
        self.file(USERS, (rows, []))
        self.stage.add_agents(agents)
        plan.decide(self.stage, USERS, self.stage.round, self.emit)

    def finish_people(self) -> None:
        """Decides people and enrollments; says what a delta leaves out that was suspended with whoever came back."""
        super().finish_people()
        if Collection.ENROLLMENTS not in self.walks.partial:
            return
        back = "SELECT local_id FROM changes WHERE action = 'reactivated' AND entity ="
        count = self.stage.value(
            "SELECT COUNT(*) FROM enrollments r WHERE r.source_id = ? AND r.status <> 'active' AND r.origin = 'provider' "
            f"AND (r.user_id IN ({back} 'users') OR r.class_id IN ({back} 'classes')) "
            "AND r.sourced_id NOT IN (SELECT sourced_id FROM stage_enrollments) "
            "AND r.sourced_id NOT IN (SELECT sourced_id FROM dropped WHERE entity = 'enrollments')",
            (self.stage.source_id,),
        )
        if count:
            text = f"{count:,} enrollments of people and classes that came back did not come with them"
            self.emit(Note(f"  {text}: those still listed come with the next whole bundle.", "warning"))

    def keep_more_users(self, keep: Callable[[Stage, int], None]) -> None:
        """Keeps users for another reason than their org; of those of whom nothing came there is nothing to say."""

        def keeping(stage: Stage, round_: int) -> None:
            keep(stage, round_)
            stage.execute(
                f"UPDATE stage_users SET kept = {CARRIED} WHERE kept = ? AND sourced_id IN (SELECT sourced_id FROM carried)",
                (round_,),
            )

        super().keep_more_users(keeping)


def unmentioned(entity: Entity) -> str:
    """SQL: whether a stored row `r` counts, and nothing of it came. What is being waited out stays as it is."""
    provider = "AND r.origin = 'provider' " if entity.guarded else ""
    return (
        f"r.status = 'active' AND r.missing_runs = 0 {provider}"
        f"AND NOT EXISTS (SELECT 1 FROM {entity.stage} t WHERE t.sourced_id = r.sourced_id) "
        f"AND NOT EXISTS (SELECT 1 FROM dropped d WHERE d.entity = '{entity.table}' AND d.sourced_id = r.sourced_id)"
    )


def as_record(kind: type[Record], entity: Entity, row: Sequence[Any]) -> Record:
    """A stored row as the record it was made of."""
    said = dict(zip(entity.columns, row[2:], strict=True))
    if kind is Class:
        said = {name: value for name, value in said.items() if name not in LEFT_OUT}
        said["terms"] = tuple(msgspec.json.decode(said["terms"], type=list[str]))
    return kind(sourced_id=row[1], **{OTHER_NAMES.get(name, name): value for name, value in said.items()})


def complete_enrollments(stage: Stage) -> None:
    """Stages the stored enrollments, in kept classes, of which nothing came; their users are found like the others'."""
    own = {"class_id": "r.class_id", "user_id": "NULL"}
    columns = ", ".join(ENROLLMENTS.columns)
    values = ", ".join(own.get(column, f"r.{column}") for column in ENROLLMENTS.columns)
    stage.execute(
        f"INSERT INTO stage_enrollments (sourced_id, {columns}, user_sourced_id, kept) "
        f"SELECT r.sourced_id, {values}, u.sourced_id, {CARRIED} FROM enrollments r "
        "JOIN stage_classes c ON c.local_id = r.class_id AND c.kept > 0 JOIN users u ON u.id = r.user_id "
        f"WHERE r.source_id = ? AND {unmentioned(ENROLLMENTS)}",
        (stage.source_id,),
    )
