"""The reading room: a bundle's files as the walks of a sync. Each file is read once, in constant memory."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from operator import itemgetter
from typing import Final, cast

import msgspec

from oneroster_tui.errors import NotFound, Stopped, Unreadable
from oneroster_tui.provider.bundle.bundle import Bundle
from oneroster_tui.provider.bundle.file import FileReader
from oneroster_tui.provider.bundle.reading import Batch
from oneroster_tui.provider.bundle.roles import RoleBook, read_roles
from oneroster_tui.provider.bundle.rules import Remark
from oneroster_tui.provider.bundle.schemas import words
from oneroster_tui.provider.bundle.sealing import REFERENCES, SealedBatch, Sealer
from oneroster_tui.provider.dialects import Page, read_row
from oneroster_tui.provider.dialects.flat import Lane, Rules, lane
from oneroster_tui.provider.dialects.sealed import Sealed
from oneroster_tui.provider.profile import Profile
from oneroster_tui.records import Collection, Enrollment, Org, Problem, Record, User

MOST_ROLES: Final = 40


class BundleWalk:
    """The reading of one file (`protocols.CollectionWalk`).

    A file does not move while it is read, and a second reading would show nothing new.

    Args:
        book: the roles of 1.2.
        seen: counts role words.
        salt: goes into the fingerprints of the rows, where those are wanted.
        sealing: whether pages are to come sealed: with fingerprints, but not read.
    """

    drifted = False
    total: int | None = None

    def __init__(
        self,
        bundle: Bundle,
        collection: Collection,
        book: RoleBook | None,
        seen: Counter[str],
        *,
        salt: int | None = None,
        sealing: bool = False,
    ) -> None:
        self.collection = collection
        self.sealing = sealing
        self._salt = salt
        self._read: Lane | None = None
        self._sealer: Sealer | None = None
        self._bundle = bundle
        self._book = book
        self._seen = seen
        self._reader = bundle.reader(collection.value)
        self._incomplete = ""
        self._schools: set[int] = set()
        self._filled = False

    @property
    def fixed(self) -> bool:
        """Whether another reading would show the same; not where rows were not read, of which another one may be said twice."""
        return not self.sealing

    @property
    def received(self) -> int:
        """How many rows came, usable or not."""
        return self._reader.rows

    @property
    def complete(self) -> bool:
        """Whether the file, and what belongs to it, was read to its end."""
        return self._reader.complete and not self._incomplete

    @property
    def why(self) -> str:
        """Why not."""
        if self.complete:
            return ""
        return self._incomplete or f"{self._reader.file}: {self._reader.why or 'not read yet'}."

    def same_as(self, other: object) -> bool:
        """A file stays as it is."""
        return isinstance(other, BundleWalk) and other.received == self.received

    def only_duplicates(self) -> bool:
        """Nothing else can happen to a file."""
        return True

    def __iter__(self) -> Iterator[Page]:
        """The rows as records, a batch a page; what is wrong with the file as a whole comes with the last."""
        reader = self._reader
        before = len(self._bundle.findings.listed)
        book = self._book
        if book is not None and not book.complete:
            reader.why = "it was not read, for nobody can tell who is what"
            self._incomplete = f"roles.csv: {book.why}."
        elif book is not None and book.lost:
            self._incomplete = f"roles.csv: {book.lost:,} rows are lost, and nobody can tell whose they are."
        if (book is None or book.complete) and reader.open():
            self._prepare(reader)
            for batch in reader.batches():
                if self._bundle.stopping():
                    raise Stopped
                if not self._filled:
                    self._see_filled(batch)
                prints = self._sealer.prints(batch.rows) if self._sealer else None
                if self.sealing and prints is not None:
                    count = len(batch.rows) + len(batch.lost)
                    sealed = SealedBatch([], [], cast("list[int]", prints), batch)
                    yield Page([], [], count, None, [], sealed)
                else:
                    yield self._page(batch, prints)
            if reader.complete and reader.mode == "bulk" and self.collection is Collection.ORGS:
                self._bundle.known.ids["schools"] = self._schools
        self._bundle.ended(reader)
        self._read = self._sealer = self._book = None  # they hold what was read, and a run goes on for long
        yield Page([], self._about_file(before), 0)

    def _about_file(self, before: int) -> list[Problem]:
        """What was said of the file as a whole, for the run's record."""
        return [
            Problem(
                entity=self.collection.value, sourced_id="", severity="warning", code=found.code, message=str(found)
            )
            for found in self._bundle.findings.listed[before:]
            if found.file == self._reader.file and (found.row is None or found.row == 1) and found.severity != "note"
        ]

    def unseal(self, sealed: SealedBatch, places: Sequence[int]) -> Page:
        """Reads some rows of a sealed page, given by their places."""
        batch, prints = sealed.batch, cast("list[int | None]", sealed.prints)
        some = Batch([batch.rows[place] for place in places], [batch.numbers[place] for place in places], batch.lost)
        return self._page(some, [prints[place] for place in places])

    def _prepare(self, reader: FileReader) -> None:
        """Makes the readers of rows, now that it is known where the columns stand."""
        assert reader.layout is not None  # noqa: S101 -- it is open
        roles = words(reader.version, self.collection.value, "role")
        rules = Rules(
            at=reader.layout.at,
            width=reader.layout.width,
            delta=reader.is_delta,
            roles=roles,
            known=self._bundle.known,
            roles_of=self._book.sure if self._book is not None else None,
        )
        self._read = lane(self.collection, rules)
        if self._salt is not None and self.collection in REFERENCES:
            edition = f"{reader.version} {reader.is_delta}"
            text = self._book.text if self._book is not None else None
            self._sealer = Sealer(self.collection, reader.layout, self._bundle.known, edition, text, self._salt)

    def _page(self, batch: Batch, prints: Sequence[int | None] | None) -> Page:
        page = Page([], [self._lost(number, cells) for number, cells in batch.lost.items()], len(batch.lost))
        known = self._read(batch.rows) if self._read else [None] * len(batch.rows)
        kept: list[int | None] = []
        for place, record in enumerate(known):
            fingerprint = (
                prints[place] if prints is not None and record is not None else None
            )  # what is odd is said again
            if record is None:
                record = self._odd(batch.numbers[place], batch.rows[place], page)
            if record is not None:
                page.records.append(record)
                kept.append(fingerprint)
        if prints is not None:
            page.prints = cast("list[int]", kept)
        page.count += len(page.records)
        self._count(page.records)
        return page

    def _count(self, records: list[Record]) -> None:
        """Counts role words, for the roles screen; notes which orgs are schools."""
        if self.collection is Collection.ENROLLMENTS:
            self._seen.update(record.role for record in records if isinstance(record, Enrollment))
        elif self.collection is Collection.USERS:
            self._seen.update(role.role for record in records if isinstance(record, User) for role in record.roles)
        elif self.collection is Collection.ORGS:
            self._schools.update(
                hash(record.sourced_id) for record in records if isinstance(record, Org) and record.type == "school"
            )

    def _see_filled(self, batch: Batch) -> None:
        """Says, once, that a bulk file has what only a delta should have."""
        reader = self._reader
        assert reader.layout is not None  # noqa: S101
        if reader.mode != "bulk" or reader.version == "1.0":
            self._filled = True
            return
        places = [reader.layout.at[name] for name in ("status", "dateLastModified") if name in reader.layout.at]
        with contextlib.suppress(IndexError):  # a row that is too short: then each is looked at
            if not any(any(map(itemgetter(place), batch.rows)) for place in places):
                return
        for number, row in zip(batch.numbers, batch.rows, strict=True):
            if any(place < len(row) and row[place].strip() for place in places):
                text = "status and dateLastModified belong in a delta; they were read nonetheless."
                reader.find("status_in_bulk", "warning", text, file=reader.file, row=number, column="status")
                self._filled = True
                return

    def _lost(self, number: int, cells: list[str]) -> Problem:
        """A line that could not be read; what is wrong with it was said already."""
        return self._problem(self._reader.id_of(cells), "unreadable_row", f"row {number}: it cannot be read")

    def _odd(self, number: int, row: list[str], page: Page) -> Record | None:
        """A row that the lane has no place for: read with patience, and what is wrong with it said."""
        reader = self._reader
        cells = reader.fit(number, row)
        if not cells:
            if cells is None:
                page.count += 1
                text = f"row {number}: it has {len(row)} cells, which is not what the header has"
                page.problems.append(self._problem(reader.id_of(row), "cell_count", text))
            return None
        assert reader.layout is not None  # noqa: S101
        raw = {name: cells[place] for name, place in reader.layout.at.items() if cells[place].strip()}
        record, problems = read_row(self.collection, raw)
        found = reader.remarks(cells)
        if isinstance(record, User) and self._book is not None:
            record = self._with_roles(record, self._book, number, found, page)
            if record is None:
                return None
        sourced_id = record.sourced_id if record else reader.id_of(cells)
        if record is None:
            page.count += 1
            found = found or [("bad_id", "", problems[-1].message)]
        reader.say(found, number, sourced_id, used=record is not None)
        page.problems += [
            msgspec.structs.replace(problem, message=f"{reader.file}, row {number}: {problem.message}")
            for problem in problems
        ]
        return record

    def _with_roles(self, user: User, book: RoleBook, number: int, found: list[Remark], page: Page) -> User | None:
        """A person with the roles that stand elsewhere; None where those cannot be relied on: the person stays as stored."""
        roles = book.of(user.sourced_id)
        if user.sourced_id in book.broken or (book.lost and not roles):
            text = f"row {number}: what roles.csv says of this person cannot be read"
            page.problems.append(self._problem(user.sourced_id, "unreadable_roles", text))
            page.count += 1
            self._reader.say(
                [*found, ("no_role", "", "roles.csv cannot be read here.")], number, user.sourced_id, used=False
            )
            return None
        if not roles and book.mode == "bulk":
            found.append(("no_role", "", "roles.csv has no row of this person."))
        return msgspec.structs.replace(user, roles=roles or user.roles)

    def _problem(self, sourced_id: str, code: str, text: str) -> Problem:
        return Problem(
            entity=self.collection.value,
            sourced_id=sourced_id,
            severity="error",
            code=code,
            message=f"{self._reader.file}, {text}",
        )


class BundleWalks:
    """How one run reads a bundle (`protocols.ProviderWalks`).

    Attributes:
        book: the roles of 1.2, once the users were opened; None where they stand in users.csv.
        sealing: collections whose pages come sealed.
    """

    first_date = ""

    def __init__(self, bundle: Bundle, profile: Profile | None = None, salt: int | None = None) -> None:
        self.bundle = bundle
        self.mark = bundle.mark
        self.sealing: set[Collection] = set()
        self._salt = salt
        self.profile = profile or Profile()
        self.since: dict[Collection, str] = {}
        self.partial: Set[Collection] = bundle.partial
        self.book: RoleBook | None = None
        self._seen: Counter[str] = Counter()
        self._walks: list[BundleWalk] = []
        self._before = bundle.findings.mark(), [*bundle.later]

    def open(self, collection: Collection, params: Mapping[str, str]) -> BundleWalk:  # noqa: ARG002 -- a file has its order
        """Opens a file; before the users, the file of their roles is read. Of a second reading only what it finds counts."""
        findings, later = self.bundle.findings, self.bundle.later
        if self._walks and self._walks[-1].collection is collection:
            findings.back_to(self._before[0])
            later[:] = self._before[1]
        else:
            self._before = findings.mark(), [*later]
            self.book = None
        if collection is Collection.USERS and self.bundle.has_role_book:
            self.book = read_roles(self.bundle)
        book = self.book if collection is Collection.USERS else None
        walk = BundleWalk(
            self.bundle, collection, book, self._seen, salt=self._salt, sealing=collection in self.sealing
        )
        self._walks.append(walk)
        return walk

    def unseal(self, collection: Collection, sealed: Sealed, places: Sequence[int]) -> Page:  # noqa: ARG002
        """Reads some rows of a sealed page of the file that is open."""
        assert isinstance(sealed, SealedBatch)  # noqa: S101 -- no other comes from here
        return self._walks[-1].unseal(sealed, places)

    def doubt(self, collection: Collection) -> bool:  # noqa: ARG002
        """A file cannot be read more cheaply, so there is nothing to forget."""
        return False

    def single(self, collection: Collection, sourced_id: str) -> Page:  # noqa: ARG002
        """Nothing more can be asked of a bundle: what a whole file does not hold is not there.

        Raises:
            NotFound: the file was read whole.
            Unreadable: it was not.
        """
        walk = next((walk for walk in reversed(self._walks) if walk.collection is collection), None)
        if walk is not None and walk.complete and collection not in self.partial:
            raise NotFound("The bundle does not hold it.", collection=collection.value)
        raise Unreadable("The bundle does not hold everything.", collection=collection.value)

    def prove_filters(self) -> None:
        """A bundle says itself what it is."""

    def learned(self, moment: str) -> Profile:
        """What is known of the provider: how much came, and in which roles."""
        for walk in self._walks:
            if walk.complete and walk.collection not in self.partial:
                self.profile.of(walk.collection).rows = walk.received
        if self._seen and not any(walk.sealing for walk in self._walks):
            self.profile.roles = dict(sorted(self._seen.most_common(MOST_ROLES)))
        self.profile.learned_at = moment
        return self.profile


def single(bundle: Bundle, collection: Collection, sourced_id: str) -> Page:
    """One record of a bundle by itself, looked for from the first row on.

    Raises:
        NotFound: the bundle does not hold it.
        Unreadable: the bundle says nothing of such records, or only what changed.
    """
    name = collection.value
    raw: dict[str, object] = {}
    with contextlib.closing(bundle.rows_where(name, "sourcedId", sourced_id)) as rows:
        raw |= next(rows, {})
    if not raw:
        if collection in bundle.partial or name in bundle.manifest.doubts:
            raise Unreadable(f"The bundle does not hold all of {name}.csv.", collection=name)
        raise NotFound("The bundle does not hold it.", collection=name)
    if collection is Collection.USERS and bundle.has_role_book:
        raw["roles"] = list(bundle.rows_where("roles", "userSourcedId", sourced_id))
    record, problems = read_row(collection, raw)
    return Page([record] if record else [], problems, 1)
