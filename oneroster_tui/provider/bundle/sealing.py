"""The wax: rows of a bundle told apart by their cells, before anything of them is read (see `dialects.sealed`).

A row's fingerprint stands for its cells, for where the columns stand, for the roles that stand elsewhere, and for whatever else
decides what becomes of it (the salt). A row that refers to something that is no longer there has none: that has to be said.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Final

import xxhash

from oneroster_tui.provider.bundle.header import Layout
from oneroster_tui.provider.bundle.reading import Batch
from oneroster_tui.provider.dialects.flat import Known
from oneroster_tui.provider.dialects.sealed import Sealed
from oneroster_tui.records import Collection

BETWEEN: Final = "\x1f"
"""Stands between cells; a row that holds it itself has no fingerprint."""

REFERENCES: Final = {
    Collection.ENROLLMENTS: (("classSourcedId", "classes"), ("userSourcedId", "users"), ("schoolSourcedId", "schools")),
    Collection.USERS: (("orgSourcedIds", "orgs"), ("primaryOrgSourcedId", "orgs")),
}
"""What has to be there still, column by column, for a row to be as it was."""


class SealedBatch(Sealed, gc=False):
    """A batch of rows whose fingerprints are known."""

    batch: Batch


class Sealer:
    """Makes the fingerprints of one file's rows.

    Args:
        edition: the version, and how the file is read.
        roles: what a file of their own says of a person's roles, by the person's sourcedId; None where there is none.
        salt: what else decides what becomes of a row.
    """

    def __init__(
        self,
        collection: Collection,
        layout: Layout,
        known: Known,
        edition: str,
        roles: Callable[[str], str] | None,
        salt: int,
    ) -> None:
        places = BETWEEN.join([edition, *(f"{name}={place}" for name, place in sorted(layout.at.items()))])
        self._seed = xxhash.xxh3_64_intdigest(places.encode("utf-8", "surrogatepass"), salt)
        self._width = layout.width
        self._id = layout.at["sourcedId"]
        self._roles = roles
        found = [
            (layout.at[column], ids)
            for column, file in REFERENCES[collection]
            if column in layout.at and (ids := known.ids.get(file)) is not None
        ]
        is_list = collection is Collection.USERS
        self._references = [] if is_list else found
        self._lists = [(place, _Lists(ids)) for place, ids in found] if is_list else []

    def prints(self, rows: list[list[str]]) -> list[int | None]:
        """The fingerprint of each row: 64 bits with a sign, as databases have them; None for one that has to be read."""
        found: list[int | None] = []
        add, digest, seed, width = found.append, xxhash.xxh3_64_intdigest, self._seed, self._width
        for row in rows:
            text = BETWEEN.join(row)
            sound = len(row) == width and text.count(BETWEEN) == width - 1
            if sound:
                for place, ids in self._references:
                    if hash(row[place]) not in ids:
                        sound = False
                for place, lists in self._lists:
                    if not lists[row[place]]:
                        sound = False
            if not sound:
                add(None)
                continue
            if self._roles is not None:
                text += self._roles(row[self._id])
            value = digest(text.encode("utf-8", "surrogatepass"), seed)
            add(value - (1 << 64) if value >> 63 else value)
        return found


class _Lists(dict[str, bool]):
    """Whether all ids of a cell are known; a district has few different cells of orgs."""

    def __init__(self, ids: Set[int]) -> None:
        super().__init__()
        self._ids = ids

    def __missing__(self, cell: str) -> bool:
        known = all(hash(one) in self._ids for one in cell.split(",") if one)
        if len(self) < 100_000:
            self[cell] = known
        return known
