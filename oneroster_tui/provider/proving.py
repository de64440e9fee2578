"""The touchstone: is what a provider offers to make a walk cheaper really so? A few small requests each, and nothing on trust."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from oneroster_tui.provider.dialects import Page, decode, read_total
from oneroster_tui.provider.paging import TOTAL_HEADERS, Answer, Get
from oneroster_tui.records import Collection, Record, User

SAMPLE: Final = 25
"""Rows asked for at most."""
LONG_AGO: Final = "1970-01-01T00:00:00.000Z"
FAR_AHEAD: Final = "2999-01-01T00:00:00.000Z"
TOLERANCE: Final = timedelta(hours=36)
"""How much older than asked for a record may be: some compare days only, in a time zone of their own."""

DELTAS: Final = (Collection.CLASSES, Collection.USERS, Collection.ENROLLMENTS)
"""The collections of which a delta reads only what changed. The others are small, and all rules need them whole."""

Verdict = tuple[bool | None, str]
"""Whether it is so, None where nobody can tell, and why in a person's words."""


def since(moment: str) -> dict[str, str]:
    """The filter for what changed after a moment (spec 2.3)."""
    return {"filter": f"dateLastModified>'{moment}'"}


def earlier(moment: str, by: timedelta) -> str:
    """A moment some time before another (both UTC, ISO 8601 with milliseconds)."""
    before = datetime.fromisoformat(moment) - by
    return before.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def prove_filter(get: Get, collection: Collection) -> Verdict:
    """Whether `filter=dateLastModified>'…'` gives what changed since: all of it, and nothing else (quirks 8 and 22).

    Everything changed since 1970, nothing will have by 2999, and what changed last did so after the second before: that
    fails where a server reads the time in another zone, or leaves out records without a date.

    Raises:
        ProviderError: the filter was refused.
    """
    plain, size = _ask(get, collection, {})
    if not plain.count:
        return None, "there is no record to try it on"
    dates = [record.date_last_modified for record in plain.records if record.date_last_modified]
    if not dates:
        return False, "the records have no dateLastModified"
    all_since, count = _ask(get, collection, since(LONG_AGO))
    if (count, all_since.count) != (size, plain.count):
        asked, said = (all_since.count, plain.count) if count == size else (count, size)
        return False, f"of everything since 1970 it gives {asked} of {said}"
    none, count = _ask(get, collection, since(FAR_AHEAD))
    if none.count or count:
        return False, "it gives records of the future: the filter is ignored"
    edge = earlier(max(dates), timedelta(seconds=1))
    late, _ = _ask(get, collection, since(edge))
    if not late.count:
        return False, "what changed last is not found by it: is its time in another zone?"
    if too_old(late.records, edge):
        return False, "it gives older records, too"
    return True, "everything, nothing, and what changed last are told apart"


def too_old(records: Iterable[Record], edge: str) -> int:
    """How many records are older than was asked for; those without a date are not."""
    oldest = earlier(edge, TOLERANCE)
    return sum(1 for record in records if record.date_last_modified and record.date_last_modified < oldest)


def prove_fields(get: Get, fields: str) -> Verdict:
    """Whether `fields` leaves out what a sync does not need of a person, and nothing else (spec 2.5).

    Raises:
        ProviderError: it was refused.
    """
    params = {"limit": str(SAMPLE), "offset": "0"}
    whole = decode(Collection.USERS, get("/users", params).body)
    if not whole.count:
        return None, "there is nobody to try it on"
    body = get("/users", {**params, "fields": fields}).body
    extra = sorted(keys_of(body) - set(fields.split(",")))
    if extra:
        return False, f"it gives {extra[0]} unasked" + (f", and {len(extra) - 1} more" if extra[1:] else "")
    if _needed(decode(Collection.USERS, body)) != _needed(whole):
        return False, "people are not the same with it"
    return True, "people come with what a sync needs, and no more"


def keys_of(body: bytes) -> set[str]:
    """The keys of all rows of a page, whatever the page is wrapped in; warnings beside them have no sourcedId."""
    document: Any = msgspec.json.decode(body)
    found = document.values() if isinstance(document, Mapping) else [document]
    rows = (row for value in found if isinstance(value, list) for row in value)
    return {key for row in rows if isinstance(row, Mapping) and "sourcedId" in row for key in row}


def _needed(page: Page) -> list[User]:
    """The people of a page, without what no sync uses."""
    people = [record for record in page.records if isinstance(record, User)]
    return sorted((msgspec.structs.replace(user, grades=()) for user in people), key=lambda user: user.sourced_id)


def prove_sort(get: Get, collection: Collection) -> Verdict:
    """Whether `sort=sourcedId&orderBy=desc` turns the order round (spec 2.1).

    Raises:
        ProviderError: it was refused.
    """
    page, _ = _ask(get, collection, {"sort": "sourcedId", "orderBy": "desc"})
    ids = [record.sourced_id for record in page.records]
    if len(ids) < 2:
        return None, "there are too few records to tell"
    good = ids == sorted(ids, reverse=True)
    return good, "in the order asked for" if good else "the order is another than asked for"


def _ask(get: Get, collection: Collection, params: Mapping[str, str]) -> tuple[Page, int | None]:
    answer = get(f"/{collection}", {**params, "limit": str(SAMPLE), "offset": "0"})
    page = decode(collection, answer.body)
    return page, total_of(answer, page)


def total_of(answer: Answer, page: Page) -> int | None:
    """The collection's size as an answer claims it, in a header or in its body."""
    claims = (read_total(answer.headers.get(name)) for name in TOTAL_HEADERS)
    return next((total for total in claims if total is not None), page.total)
