"""The parcel, opened: a bundle's files, what its manifest says of them, and what was found while they were read."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Set
from pathlib import Path
from typing import Literal, Self

from oneroster_tui.provider.bundle.file import FileReader
from oneroster_tui.provider.bundle.findings import Findings
from oneroster_tui.provider.bundle.header import Layout, match
from oneroster_tui.provider.bundle.manifest import read_manifest
from oneroster_tui.provider.bundle.newest import mark_of
from oneroster_tui.provider.bundle.package import Package
from oneroster_tui.provider.bundle.reading import Broken, Table
from oneroster_tui.provider.bundle.schemas import READ
from oneroster_tui.provider.dialects.flat import Known
from oneroster_tui.records import Collection, Org


class Bundle:
    """A OneRoster CSV bundle, to be read once.

    Args:
        path: the zip, or the folder of CSV files; see `newest.due` for a folder of zips.
        more: how many bundles are to be read after this one.
        stopping: asked between batches of rows.

    Attributes:
        mark: tells this bundle from those that come later.
        findings: what there is to say so far; complete when every file was read.
        known: the ids that were read.
        later: references (file, column, target, hashes) whose target was not read yet.
        imported, rejected: the files that were read to their end, and those that were not, with the reason.
        orgs: the living orgs, once a check has read them.

    Raises:
        Unreadable: it cannot be opened at all.
    """

    kind: Literal["bundle"] = "bundle"
    """Tells it from a `Client`, without loading either."""

    def __init__(self, path: Path, *, stopping: Callable[[], bool] = lambda: False, more: int = 0) -> None:
        self.path = path
        self.more = more
        self.stopping = stopping
        self.requests = 0  # files opened; a REST service counts requests here
        self.findings = Findings()
        self.known = Known()
        self.later: list[tuple[str, str, str, set[int]]] = []
        self.imported: dict[str, int] = {}
        self.rejected: dict[str, str] = {}
        self.orgs: list[Org] | None = None
        self.package = Package(path, self.findings)
        self.mark = mark_of(path)
        try:
            self.manifest = read_manifest(self.package, self.findings)
        except BaseException:
            self.package.close()
            raise
        for name in self.package.entries.keys() - {"manifest", *READ}:
            text = "A sync does not need this file; it was not read."
            self.findings("unread_file", "note", text, file=f"{name}.csv")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the zip."""
        self.package.close()

    @property
    def base_url(self) -> str:
        """Where it is: what an address is to a service."""
        return str(self.path)

    @property
    def partial(self) -> Set[Collection]:
        """The collections of which not everything is in the bundle: what is not stays as it was."""
        found = {collection for collection in Collection if self.manifest.mode(collection.value) != "bulk"}
        if self.has_role_book and self.manifest.mode("roles") != "bulk":
            found.add(Collection.USERS)
        return found

    @property
    def is_whole(self) -> bool:
        """Whether everything a sync needs is in it, so that no earlier bundle matters."""
        return not self.partial and not self.manifest.doubts

    @property
    def has_role_book(self) -> bool:
        """Whether roles stand in a file of their own, as since 1.2."""
        return self.manifest.version == "1.2" and not self._has_role_columns()

    def _has_role_columns(self) -> bool:
        """Whether users.csv has the roles itself, in a bundle that calls itself 1.2 and has no roles.csv."""
        if "roles" in self.package.entries or "users" not in self.package.entries:
            return False
        try:
            table = Table(self.package.entries["users"], Findings())
            table.close()
        except Broken:
            return False
        return {"role", "orgSourcedIds"} <= set(table.header)

    def reader(self, name: str) -> FileReader:
        """Begins to read a file."""
        self.requests += 1
        return FileReader(self, name)

    def ended(self, reader: FileReader) -> None:
        """Notes how the reading of a file ended."""
        if reader.complete:
            if reader.name in self.package.entries:
                self.imported[reader.name] = reader.rows
        else:
            self.rejected[reader.name] = reader.why

    def cells(self, name: str, column: str) -> Iterator[tuple[int, str]]:
        """The cells of one column, with their rows' numbers: a second look, where the first has shown that it is needed."""
        for layout, number, row in self._again(name):
            place = layout.at.get(column, -1)
            if place < 0:
                return
            if len(row) > place:
                yield number, row[place]

    def rows_where(self, name: str, column: str, cell: str) -> Generator[dict[str, str], None, None]:
        """The rows of a file that have something in a column: column -> cell, without blanks."""
        with contextlib.closing(self._again(name)) as rows:
            for layout, _, row in rows:
                place = layout.at.get(column, -1)
                if len(row) == layout.width and place >= 0 and row[place] == cell:
                    yield {word: row[at] for word, at in layout.at.items() if row[at].strip()}

    def _again(self, name: str) -> Generator[tuple[Layout, int, list[str]], None, None]:
        """The rows of a file once more, with nothing said; none where it cannot be read."""
        quiet = Findings()
        table = None
        try:
            table = Table(self.package.entries[name], quiet)
            layout = match(self.manifest.version, name, self.manifest.mode(name), table.header, quiet)
            if not isinstance(layout, str):
                for batch in table.batches():
                    for number, row in zip(batch.numbers, batch.rows, strict=True):
                        yield layout, number, row
        except (Broken, KeyError):
            return
        finally:
            if table is not None:
                table.close()
