"""The interpreters' office: JSON of OneRoster 1.0, 1.1, 1.2, and what real servers send -> records.

All tolerance for versions and quirks lives in this package; nobody above asks which version a provider speaks.
`fast` reads pages that are as they should be, `rows` reads one object whatever is wrong with it, `values` weighs single
values for both, and `sealed` keeps pages undecoded whose rows may be known already.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn, cast

import msgspec

from oneroster_tui.errors import Unreadable
from oneroster_tui.provider.dialects.fast import read_page
from oneroster_tui.provider.dialects.rows import read_row
from oneroster_tui.provider.dialects.sealed import Sealed, fingerprints, seal, split
from oneroster_tui.provider.statusinfo import provider_words, read_status
from oneroster_tui.records import Collection, Problem, Record
from oneroster_tui.text import sanitise

__all__ = ["Page", "decode", "decode_sealed", "open_sealed", "read_row", "read_single", "read_total", "single"]

_WORDS: dict[Collection, tuple[str, ...]] = {
    Collection.ORGS: ("orgs", "schools"),
    Collection.ACADEMIC_SESSIONS: ("academicSessions", "terms", "gradingPeriods"),
    Collection.COURSES: ("courses",),
    Collection.CLASSES: ("classes",),
    Collection.USERS: ("users", "students", "teachers"),
    Collection.ENROLLMENTS: ("enrollments",),
}
_SINGULAR: dict[Collection, str] = {
    Collection.ORGS: "org",
    Collection.ACADEMIC_SESSIONS: "academicSession",
    Collection.COURSES: "course",
    Collection.CLASSES: "class",
    Collection.USERS: "user",
    Collection.ENROLLMENTS: "enrollment",
}
_TOTALS = ("total", "totalCount")
_BESIDE = frozenset({*_TOTALS, "limit", "offset", "count", "warnings", "statusInfoSet"})
_REPORTS = frozenset({"warnings", "errors", "error", "statusInfoSet", "imsx_StatusInfo"})


class Page(msgspec.Struct):
    """What one answer held. `count` is the rows of its list, usable or not: `len(records)` and one error each.

    A sealed page has `sealed` in place of records and problems: what it says is not decoded yet.
    """

    records: list[Record]
    problems: list[Problem]
    count: int
    total: int | None = None
    """The collection's size as the body claims it (TimeBack's way), where it does."""
    prints: list[int] = []
    """The fingerprint of each record, in step with them; empty where nobody asked for them."""
    sealed: Sealed | None = None

    def ids(self) -> list[str]:
        """The sourcedIds of the rows in order; those of rows that could not be used stand behind the others."""
        if self.sealed is not None:
            return self.sealed.ids
        ids = [record.sourced_id for record in self.records]
        if self.problems:
            ids += [found.sourced_id for found in self.problems if found.severity == "error" and found.sourced_id]
        return ids

    def first_id(self) -> str:
        """The sourcedId of the first row that could be used; "" without one."""
        if self.sealed is not None:
            return self.sealed.ids[0]
        return self.records[0].sourced_id if self.records else ""

    def last_id(self) -> str:
        """The sourcedId of the last row; "" where a row could not be used, so that nobody knows which was the last."""
        if self.sealed is not None:
            return self.sealed.ids[-1]
        return self.records[-1].sourced_id if self.records and len(self.records) == self.count else ""

    def without_first(self) -> Page:
        """The page without its first record, which was handed out before, and without what was said about it."""
        if self.sealed is not None:
            return Page([], [], self.count - 1, self.total, [], self.sealed.without_first())
        first = self.records[0].sourced_id
        problems = [problem for problem in self.problems if problem.sourced_id != first]
        return Page(self.records[1:], problems, self.count - 1, self.total, self.prints[1:])


def decode(collection: Collection, body: bytes, salt: int | None = None) -> Page:
    """Read one page of a collection.

    One bad row never spoils its page: it becomes a problem, and the rest are records. The wrapper is 1.2's plural key,
    or the single list there is, or a bare list (spec 1.2, quirk 16); `{}` is an empty page.

    Args:
        collection: what the rows are.
        body: the answer.
        salt: makes fingerprints of the rows, where they are wanted.

    Raises:
        Unreadable: not JSON, not a list of objects in any of those forms, or a failure sent with status 200 (quirk 24).
    """
    body = body.removeprefix(b"\xef\xbb\xbf")
    prints = _prints(collection, body, salt)
    fast = read_page(collection, body)
    if fast is None:
        return _tolerant(collection, body, [], prints)
    records, totals = fast
    if records and all(records):
        return Page(cast("list[Record]", records), [], len(records), _first_total(totals), prints)
    return _tolerant(collection, body, records, prints)  # no rows may be a failure that also shows an empty list


def decode_sealed(collection: Collection, body: bytes, salt: int) -> Page:
    """Read one page without decoding its rows, where it is well-formed enough for that; else as `decode` does.

    Raises:
        Unreadable: as `decode`.
    """
    sealed = seal(collection, body.removeprefix(b"\xef\xbb\xbf"), salt)
    if sealed is None:
        return decode(collection, body, salt)
    rows, total = sealed
    return Page([], [], len(rows.ids), read_total(total), [], rows)


def open_sealed(collection: Collection, sealed: Sealed, places: Sequence[int]) -> Page:
    """Decode some rows of a sealed page, given by their places."""
    if not places:
        return Page([], [], 0)
    prints = [sealed.prints[place] for place in places]
    body = sealed.body(collection, places)
    fast = read_page(collection, body)
    if fast is not None and all(fast[0]):
        return Page(cast("list[Record]", fast[0]), [], len(places), None, prints)
    return _tolerant(collection, body, fast[0] if fast else [], prints)


def _prints(collection: Collection, body: bytes, salt: int | None) -> list[int]:
    """The fingerprint of each row; none where nobody wants them, or the page is not well-formed."""
    found = split(collection, body) if salt is not None else None
    return fingerprints(found[0], salt) if found is not None and salt is not None else []


def single(collection: Collection, body: bytes) -> Record | None:
    """The record of `read_single`; None when there is none in it, or none that can be used.

    Raises:
        Unreadable: not JSON, or a failure sent with status 200.
    """
    records = read_single(collection, body).records
    return records[0] if records else None


def read_single(collection: Collection, body: bytes) -> Page:
    """Read the answer to a request by id: `{"user": {…}}`, the bare object, or a list of one (spec 1.2).

    Returns a page of one row, or of none.

    Raises:
        Unreadable: not JSON, or a failure sent with status 200.
    """
    document, problems = _parse(collection, body)
    inner = document.get(_SINGULAR[collection]) if isinstance(document, Mapping) else None
    if isinstance(document, Mapping) and "sourcedId" in document:
        row: object = document
    elif isinstance(inner, Mapping):
        row = inner
    else:
        rows = _rows(collection, document, body)
        if not rows:
            return Page([], problems, 0)
        row = rows[0]
    record, found = read_row(collection, row)
    return Page([record] if record else [], problems + found, 1)


def read_total(claim: object) -> int | None:
    """A collection's size as a header or a body claims it; None for nonsense (quirk 2)."""
    if isinstance(claim, str) and claim.isascii() and claim.strip().isdecimal() and len(claim) < 16:
        return int(claim)
    return claim if isinstance(claim, int) and not isinstance(claim, bool) and claim >= 0 else None


def _first_total(claims: Iterable[object]) -> int | None:
    return next((total for total in map(read_total, claims) if total is not None), None)


def _tolerant(collection: Collection, body: bytes, known: list[Record | None], prints: Sequence[int] = ()) -> Page:
    """Read a page row by row; `known` are the records that the fast path already has, None for each odd row."""
    document, problems = _parse(collection, body)
    rows = _rows(collection, document, body)
    page = Page([], problems, len(rows))
    if isinstance(document, Mapping):
        page.total = _first_total(map(document.get, _TOTALS))
    if len(known) != len(rows):
        known = [None] * len(rows)
    if len(prints) != len(rows):
        prints = ()
    for place, (record, raw) in enumerate(zip(known, rows, strict=True)):
        if record is None:
            record, found = read_row(collection, raw)
            page.problems += found
        if record is not None:
            page.records.append(record)
            if prints:
                page.prints.append(prints[place])
    return page


def _parse(collection: Collection, body: bytes) -> tuple[object, list[Problem]]:
    """The body as plain objects; forgives a byte order mark, bytes that are not UTF-8, bare controls, lone surrogates.

    Raises:
        Unreadable: when it is not JSON for all that.
    """
    try:
        return msgspec.json.decode(body), []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    text = body.decode("utf-8-sig", "replace")
    try:
        document = json.loads(text, strict=False, parse_int=_integer, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        _refuse(collection, body, "is not JSON" if body.strip() else "is empty")
    if "\ufffd" not in text:
        return document, []
    message = "the answer holds bytes that are not UTF-8; the characters they stood for are lost"
    return document, [
        Problem(entity=collection.value, sourced_id="", severity="warning", code="bad_encoding", message=message)
    ]


def _integer(digits: str) -> int | str:
    """A number of more digits than Python converts stays text."""
    return int(digits) if len(digits) < 1000 else digits


def _rows(collection: Collection, document: object, body: bytes) -> list[object]:
    """The list of an answer, under whatever key it came."""
    if isinstance(document, list):
        return document
    if not isinstance(document, Mapping):
        _refuse(collection, body, "is not a list of records")
    found = _listed(collection, document)
    failed = not found and _is_failure(document)
    if found is not None and not failed:
        return found
    if failed or not document.keys() <= _BESIDE:
        _refuse(collection, body, "is a failure" if failed else f"has no list of {collection.value}")
    return []


def _is_failure(document: Mapping[str, object]) -> bool:
    """Whether the answer reports a failure: as a status object, or as `error` or `errors` of some other kind."""
    statuses = read_status(document)
    if statuses:
        return any(status.code_major == "failure" or status.severity == "error" for status in statuses)
    return bool(document.get("error") or document.get("errors"))


def _listed(collection: Collection, document: Mapping[str, object]) -> list[object] | None:
    """The value of the collection's key, of an endpoint's own word, or of the only key that holds a list."""
    for word in _WORDS[collection]:
        if word in document:
            found = document[word]
            if found is None or isinstance(found, (list, Mapping)):
                return found if isinstance(found, list) else [found] if found else []
    lists = [value for key, value in document.items() if isinstance(value, list) and key not in _REPORTS]
    return lists[0] if len(lists) == 1 else None


def _refuse(collection: Collection, body: bytes, why: str) -> NoReturn:
    begins = sanitise(body[:200].decode("utf-8", "replace"), 80)
    said = provider_words(body) or (f"it begins with “{begins}”" if begins else "")
    raise Unreadable(
        f"{collection.value}: the provider's answer {why}" + (f": {said}" if said else "."),
        do="Check root_url and oneroster_version; a web page in place of JSON often means a wrong path, or a login.",
        collection=collection.value,
    )
