"""The sealed envelope: a page whose rows are told apart by their bytes, before anything of them is decoded.

A row's fingerprint stands for its bytes and for whatever else decides what becomes of it (the salt). Where the same
fingerprint is on file, the row says what it said when it was last decoded, and need not be decoded again.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import xxhash

from oneroster_tui.records import Collection

SEALABLE: Final = frozenset({Collection.USERS, Collection.ENROLLMENTS})
"""The collections that are worth it: they grow with the number of people."""


class _Ref(msgspec.Struct, gc=False, rename="camel"):
    sourced_id: str


class Sealed(msgspec.Struct, gc=False):
    """A page's rows as they came: their bytes, sourcedIds and fingerprints, in step."""

    rows: list[msgspec.Raw]
    ids: list[str]
    prints: list[int]

    def without_first(self) -> Sealed:
        """The same rows but for the first."""
        return Sealed(self.rows[1:], self.ids[1:], self.prints[1:])

    def body(self, collection: Collection, places: Sequence[int]) -> bytes:
        """Some of the rows as a page of their own, in the provider's JSON."""
        some = b",".join([bytes(self.rows[place]) for place in places])
        return b'{"%s":[%s]}' % (collection.value.encode(), some)


def fingerprints(rows: Sequence[msgspec.Raw], salt: int) -> list[int]:
    """The fingerprint of each row: 64 bits with a sign, as databases have them."""
    digest = xxhash.xxh3_64_digest
    return list(struct.unpack(f">{len(rows)}q", b"".join([digest(row, salt) for row in rows])))


def split(collection: Collection, body: bytes) -> tuple[list[msgspec.Raw], object] | None:
    """The rows of a well-formed page as bytes, and the total it claims; None for a page that is not, or has no rows."""
    decode = _SPLIT.get(collection)
    if decode is None:
        return None
    try:
        page = decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return (page.rows, page.total if page.total is not None else page.total_count) if page.rows else None


def seal(collection: Collection, body: bytes, salt: int) -> tuple[Sealed, object] | None:
    """A page's rows, undecoded, and the total it claims; None where that is not to be had, and it has to be decoded."""
    found = split(collection, body)
    if found is None:
        return None
    rows, total = found
    try:
        refs = _IDS[collection](body).rows
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return Sealed(rows, [ref.sourced_id for ref in refs], fingerprints(rows, salt)), total


def _decoder(collection: Collection, row: Any) -> Callable[[bytes], Any]:
    fields = [
        ("rows", list[row], msgspec.field(name=collection.value)),
        ("total", Any, None),
        ("total_count", Any, msgspec.field(default=None, name="totalCount")),
    ]
    return msgspec.json.Decoder(msgspec.defstruct("_Page", fields)).decode


_SPLIT: Final = {collection: _decoder(collection, msgspec.Raw) for collection in SEALABLE}
_IDS: Final = {collection: _decoder(collection, _Ref) for collection in SEALABLE}
