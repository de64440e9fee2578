"""The scouts: what else can this provider do? Small requests beyond the check's ladder, each written into the profile.

None of this is needed for a sync, only for a cheaper one: a rung that fails here deviates, and the check goes well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial

from oneroster_tui.errors import Forbidden, NotFound, ProviderError, Rejected
from oneroster_tui.provider.client import Client
from oneroster_tui.provider.dialects import decode
from oneroster_tui.provider.dialects.fields import USER_FIELDS
from oneroster_tui.provider.endpoints import BY_NAME
from oneroster_tui.provider.paging import Answer, Get
from oneroster_tui.provider.probe import Rung
from oneroster_tui.provider.profile import Profile, date_forms
from oneroster_tui.provider.proving import DELTAS, Verdict, prove_fields, prove_filter, prove_sort, total_of
from oneroster_tui.records import Collection, Org

LARGE_PAGE = 1000
"""Rows asked for at once, to see whether they come."""

NESTED = (
    ("getClassesForSchool", Collection.ORGS),
    ("getEnrollmentsForClassInSchool", Collection.CLASSES),
    ("getStudentsForClass", Collection.CLASSES),
    ("getUser", Collection.USERS),
    ("getClassesForUser", Collection.USERS),
    ("getEnrollment", Collection.ENROLLMENTS),
)
"""Operations below a record, and of which collection that record is."""


def explore(client: Client, profile: Profile, version: str) -> Iterator[Rung]:
    """Climbs on where the check's ladder ends; about 20 requests of a few rows, and one of a thousand.

    Args:
        profile: what is known; changed by what is found.
        version: "1.0", "1.1" or "1.2".
    """
    get = patient(client)
    yield tried("large pages", partial(large_page, get, profile))
    yield tried("totals", partial(totals, get, profile))
    for collection in DELTAS:
        yield tried(f"sort {collection}", partial(sort, get, profile, collection))
        yield tried(f"filter {collection}", partial(changes, get, profile, collection))
    yield tried("fields", partial(fields, get, profile, version))
    yield tried("nested paths", partial(nested, get, profile))
    profile.base_url = client.base_url
    profile.learned_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def patient(client: Client) -> Get:
    """GETs that are sent twice at most: nothing here is worth a long wait."""

    def get(path: str, params: Mapping[str, str]) -> Answer:
        return client.get(path, params, tries=2)

    return get


def tried(name: str, find: Callable[[], Verdict]) -> Rung:
    """A rung: what was found out, or what stood in the way."""
    began = time.monotonic()
    try:
        good, text = find()
    except ProviderError as error:
        return Rung(name, False, error.status, time.monotonic() - began, error.what, deviates=True)
    return Rung(name, good is not False, 200, time.monotonic() - began, text, deviates=good is False)


def large_page(get: Get, profile: Profile) -> Verdict:
    """Asks for many rows at once, of the collection that has most: do they come, or how many do?"""
    answer = get("/enrollments", {"limit": str(LARGE_PAGE), "offset": "0"})
    page = decode(Collection.ENROLLMENTS, answer.body)
    known, total = profile.of(Collection.ENROLLMENTS), total_of(answer, page)
    known.dates = date_forms(answer.body) or known.dates
    if page.count == LARGE_PAGE:
        known.largest_page = max(known.largest_page, LARGE_PAGE)
        for other in profile.collections.values():
            other.clamp = None if (other.clamp or 0) < LARGE_PAGE else other.clamp
        return True, f"{LARGE_PAGE:,} rows come at once"
    if total is None or page.count >= total:
        return None, f"{page.count:,} rows are all there are" if total else f"{page.count:,} rows came"
    for collection in Collection:
        profile.of(collection).clamp = page.count
    return True, f"{page.count:,} rows at most come at once"


def totals(get: Get, profile: Profile) -> Verdict:
    """Asks for the last row that the total promises, and one more."""
    answer = get("/users", {"limit": "2", "offset": "0"})
    total = total_of(answer, decode(Collection.USERS, answer.body))
    known = profile.of(Collection.USERS)
    known.totals, known.link = total is not None, "rel=" in answer.headers.get("Link", "")
    link = ", with Link" if known.link else ", without Link"
    if not total:
        return (None if total == 0 else False), "no total is said: pages are read one after another" + link
    last = decode(Collection.USERS, get("/users", {"limit": "2", "offset": str(total - 1)}).body)
    known.honest = last.count == 1
    return known.honest, (f"the total is true: {total:,}" if known.honest else f"the total, {total:,}, is wrong") + link


def sort(get: Get, profile: Profile, collection: Collection) -> Verdict:
    """Tries `sort`."""
    known = profile.of(collection)
    known.sort = False  # a refusal is an answer, too
    known.sort, text = prove_sort(get, collection)
    return known.sort, text


def changes(get: Get, profile: Profile, collection: Collection) -> Verdict:
    """Tries the filter that a delta lives on."""
    known = profile.of(collection)
    known.filter = False
    known.filter, text = prove_filter(get, collection)
    return known.filter, f"changes since a date: {text}"


def fields(get: Get, profile: Profile, version: str) -> Verdict:
    """Tries `fields`."""
    known = profile.of(Collection.USERS)
    known.fields = False
    known.fields, text = prove_fields(get, USER_FIELDS[version])
    return known.fields, text


def nested(get: Get, profile: Profile) -> Verdict:
    """Tries paths below a record."""
    firsts = {collection: first_ids(get, collection) for collection in dict.fromkeys(found for _, found in NESTED)}
    for name, collection in NESTED:
        ids, operation = firsts[collection], BY_NAME[name]
        if len(ids) < operation.path.count("{"):
            continue
        try:
            get(
                operation.url_path(*ids[-operation.path.count("{") :]),
                {"limit": "1"} if operation.is_collection else {},
            )
            profile.nested[operation.path] = True
        except (NotFound, Rejected, Forbidden):
            profile.nested[operation.path] = False
    there = [path for path, good in profile.nested.items() if good]
    return len(there) == len(profile.nested), f"{len(there)} of {len(profile.nested)} are there"


def first_ids(get: Get, collection: Collection) -> tuple[str, ...]:
    """The id of some record, for a path; a class's after its school's, a school's own among orgs."""
    page = decode(collection, get(f"/{collection}", {"limit": "25", "offset": "0"}).body)
    for record in page.records:
        if isinstance(record, Org) and record.type != "school":
            continue
        school = getattr(record, "school_sourced_id", None)
        return (*([school] if school else ()), record.sourced_id)
    return ()
