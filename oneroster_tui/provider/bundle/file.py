"""One file of a bundle, read from its header to its last row; what is odd is put into the findings, what is lost is counted."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Final

from oneroster_tui.provider.bundle.header import Layout, match
from oneroster_tui.provider.bundle.reading import Batch, Broken, Table
from oneroster_tui.provider.bundle.rules import Remark, remarks
from oneroster_tui.provider.dialects import values
from oneroster_tui.text import sanitise

if TYPE_CHECKING:
    from oneroster_tui.provider.bundle.bundle import Bundle

REFERS: Final[dict[str, dict[str, str]]] = {
    "orgs": {"parentSourcedId": "orgs"},
    "academicSessions": {"parentSourcedId": "academicSessions"},
    "courses": {"orgSourcedId": "orgs", "schoolYearSourcedId": "academicSessions"},
    "classes": {"courseSourcedId": "courses", "schoolSourcedId": "schools", "termSourcedIds": "academicSessions"},
    "users": {"orgSourcedIds": "orgs", "primaryOrgSourcedId": "orgs", "agentSourcedIds": "users"},
    "roles": {"userSourcedId": "users", "orgSourcedId": "orgs"},
    "enrollments": {"classSourcedId": "classes", "userSourcedId": "users", "schoolSourcedId": "schools"},
}
"""What a column's ids are the ids of: a file, or `schools`, the orgs of that type (spec 5.3, 5.6)."""

LATER: Final = frozenset(
    {("orgs", "orgs"), ("academicSessions", "academicSessions"), ("users", "users"), ("roles", "users")}
)
"""References (from, to) that can only be followed once the file they lead to was read."""

MOST_SUSPECTS: Final = 50_000
"""Ids that are looked at once more because they may stand there twice: a file of nothing else must not fill the memory."""

_PARTS: Final = 16


class Ids:
    """The sourcedIds of a file, as hashes: for what refers to them, and to see which stand there twice.

    Args:
        referred: whether other files refer to them; a million enrollments need not be looked up.
    """

    def __init__(self, *, referred: bool) -> None:
        self.known: set[int] | None = set() if referred else None
        self._twice: set[int] = set()
        self._parts = [array("q") for _ in range(_PARTS)]

    def add(self, ids: list[str]) -> None:
        """Takes the ids of some rows."""
        hashes = list(map(hash, ids))
        if self.known is None:
            parts = self._parts
            for one in hashes:
                parts[one % _PARTS].append(one)
            return
        before = len(self.known)
        self.known.update(hashes)
        if len(self.known) - before < len(hashes):
            self._twice.update(hashes)  # among these is one that came twice; which, a second look tells

    def suspects(self) -> set[int]:
        """Hashes of ids that may stand there twice, few; none where none does."""
        for part in self._parts:
            ordered = sorted(part)
            self._twice.update(one for one, two in pairwise(ordered) if one == two)
        return self._twice


class FileReader:
    """One reading of a file.

    Attributes:
        rows: how many rows came, usable or not.
        complete: whether they were all; holds from the end on.
        why: why not, as the end of a sentence that began with the file's name; "" when they were.
        is_delta: whether the manifest calls it a delta, so that every row needs status and dateLastModified.
        layout: where its columns stand; None where it could not be opened.
    """

    def __init__(self, bundle: Bundle, name: str) -> None:
        self.name, self.file = name, f"{name}.csv"
        self.bundle = bundle
        self.find = bundle.findings
        self.mode = bundle.manifest.mode(name)
        self.is_delta = self.mode == "delta" and name not in bundle.manifest.unsaid
        self.version = bundle.manifest.version
        self.rows = 0
        self.complete = False
        self.why = bundle.manifest.doubts.get(name, "")
        self.layout: Layout | None = None
        self._table: Table | None = None
        self._ids = Ids(referred=name in ("orgs", "academicSessions", "courses", "classes", "users"))
        self._later: dict[str, set[int]] = {}

    def open(self) -> bool:
        """Opens the file and reads its header; whether there are rows to be read."""
        entry = self.bundle.package.entries.get(self.name)
        if entry is None:
            self.complete = not self.why
            return False
        try:
            self._table = Table(entry, self.find)
        except Broken as broken:
            self._break(str(broken))
            return False
        found = match(self.version, self.name, self.mode, self._table.header, self.find)
        if isinstance(found, str):
            self.why = found
            self._table.close()
            return False
        self.layout = found
        self._later = {
            column: set()
            for column, target in REFERS.get(self.name, {}).items()
            if column in found.at and (self.name, target) in LATER
        }
        return True

    def batches(self) -> Iterator[Batch]:
        """The rows, as they stand in the file.

        `complete` and `why` hold from the end on; a file that breaks off ends, and says why.
        """
        assert self._table is not None and self.layout is not None  # noqa: S101, PT018 -- after `open` only
        place = self.layout.at.get("sourcedId", 0)
        try:
            for batch in self._table.batches():
                self.rows += len(batch.rows) + len(batch.lost)
                self._ids.add([row[place] for row in batch.rows if len(row) > place and row[place]])
                self._ids.add([found for cells in batch.lost.values() if (found := self.id_of(cells))])
                self._note_later(batch)
                yield batch
        except Broken as broken:
            self._break(str(broken))
        finally:
            self._table.close()
        if not self.rows and not self.why:
            self.find("no_rows", "error", "There are no rows; the manifest should call it absent.", file=self.file)
        self.complete = not self.why
        self._conclude()

    def _note_later(self, batch: Batch) -> None:
        """Notes references whose ends are not known yet."""
        assert self.layout is not None  # noqa: S101
        for column, named in self._later.items():
            place = self.layout.at[column]
            for row in batch.rows:
                if len(row) > place and (cell := row[place]):
                    named.update(map(hash, cell.split(",")) if "," in cell else (hash(cell),))

    def _conclude(self) -> None:
        """Says what only the end of a file shows: ids that stand there twice, references that lead nowhere."""
        bundle = self.bundle
        if self.complete and self.mode == "bulk" and self._ids.known is not None:
            bundle.known.ids[self.name] = self._ids.known
        suspects = self._ids.suspects()
        self._ids = Ids(referred=False)  # what is known of it stands in `bundle.known`
        if suspects:
            self._say_twice(set(islice(suspects, MOST_SUSPECTS)))
        while self._later:
            column, named = self._later.popitem()
            bundle.later.append((self.name, column, REFERS[self.name][column], named))
        for entry in [one for one in bundle.later if bundle.known.ids.get(one[2]) is not None]:
            bundle.later.remove(entry)
            file, column, target, named = entry
            known = bundle.known.ids[target]
            assert known is not None  # noqa: S101
            if missing := named - known:
                self._say_unknown(file, column, target, missing)

    def _say_twice(self, suspects: set[int]) -> None:
        first: dict[str, int] = {}
        for number, cells in self.bundle.cells(self.name, "sourcedId"):
            if cells and hash(cells) in suspects:
                if cells in first:
                    text = f"The id stands in row {first[cells]:,} already; the first counts."
                    self.find(
                        "duplicate_sourced_id",
                        "warning",
                        text,
                        file=self.file,
                        row=number,
                        column="sourcedId",
                        sourced_id=cells,
                    )
                first.setdefault(cells, number)

    def _say_unknown(self, file: str, column: str, target: str, missing: set[int]) -> None:
        for number, cells in self.bundle.cells(file, column):
            for one in cells.split(","):
                if one and hash(one) in missing:
                    text = f"{target}.csv does not hold “{sanitise(one, 60)}”."
                    self.find("unknown_reference", "warning", text, file=f"{file}.csv", row=number, column=column)

    def fit(self, number: int, row: list[str]) -> list[str] | None:
        """A row with as many cells as the header, where it can be given them without guessing; None where not, and said.

        A blank row gives [].
        """
        assert self.layout is not None  # noqa: S101
        width = self.layout.width
        if not any(cell.strip() for cell in row):
            self.find("empty_row", "warning", "The row is empty.", file=self.file, row=number)
            self.rows -= 1
            return []
        if len(row) == width:
            return row
        counted = f"The row has {len(row)} cells, the header {width}"
        optional = all(column.need == "" for column, place in self.layout.columns if place >= len(row))
        blank = not any(cell.strip() for cell in row[width:])
        if (len(row) < width and optional) or (len(row) > width and blank):
            what = "the missing ones were taken as blank" if len(row) < width else "the blank ones were left out"
            self.find("cell_count", "warning", f"{counted}; {what}.", file=self.file, row=number)
            return row[:width] + [""] * (width - len(row))
        text = f"{counted}; it was not used. A comma inside a cell needs quotation marks round the cell."
        self.find("cell_count", "error", text, file=self.file, row=number, sourced_id=self.id_of(row))
        return None

    def id_of(self, row: list[str]) -> str:
        """The sourcedId of a row that cannot be used, as far as one can tell; else ""."""
        assert self.layout is not None  # noqa: S101
        place = self.layout.at.get("sourcedId", 0)
        return (values.read_id(row[place]) or "") if len(row) > place else ""

    def remarks(self, row: list[str]) -> list[Remark]:
        """What the standard, and the rest of the bundle, have against a row of the right length."""
        assert self.layout is not None  # noqa: S101
        found = list(remarks(self.version, self.name, self.layout, row, delta=self.is_delta))
        for column, target in REFERS.get(self.name, {}).items():
            place = self.layout.at.get(column)
            if place is None or not row[place] or (self.name, target) in LATER:
                continue
            named = [one.strip() for one in (row[place].split(",") if column.endswith("s") else [row[place]])]
            known = self.bundle.known
            found += [self._reference(target, column, one) for one in named if one and not known.has(target, one)]
        return found

    def _reference(self, target: str, column: str, named: str) -> Remark:
        shown = sanitise(named, 60)
        if target == "schools" and self.bundle.known.has("orgs", named):
            return "not_a_school", column, f"The org “{shown}” is not of the type school."
        return "unknown_reference", column, f"{'orgs' if target == 'schools' else target}.csv does not hold “{shown}”."

    def say(self, found: list[Remark], number: int, sourced_id: str, *, used: bool) -> None:
        """Puts remarks on a row into the findings."""
        for code, column, message in found:
            self.find(
                code,
                "warning" if used else "error",
                message,
                file=self.file,
                row=number,
                column=column,
                sourced_id=sourced_id,
            )

    def _break(self, why: str) -> None:
        self.why = why
        self.find("unreadable", "error", f"The file cannot be read to its end: {why}.", file=self.file)
