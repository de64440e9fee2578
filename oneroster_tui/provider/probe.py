"""What can this provider do? A ladder of small requests (token, collections, paging), in a person's words."""

from __future__ import annotations

import time
from collections.abc import Iterator

from oneroster_tui.errors import ProviderError
from oneroster_tui.provider.bundle import probe as bundle_probe
from oneroster_tui.provider.bundle.bundle import Bundle
from oneroster_tui.provider.client import Client
from oneroster_tui.provider.dialects import decode
from oneroster_tui.provider.paging import Walk
from oneroster_tui.provider.rungs import Rung
from oneroster_tui.records import Collection, Org

__all__ = ["Rung", "all_orgs", "failed", "ladder"]

SAMPLE = 2
"""Rows a rung asks for: enough to see whether `limit` and `offset` are honoured."""


def failed(name: str, error: ProviderError, began: float) -> Rung:
    """A rung that broke."""
    text = f"{error.what} {error.do}".strip() if error.do else error.what
    return Rung(name, False, error.status, time.monotonic() - began, text, error.exit_code)


def ladder(client: Client | Bundle) -> Iterator[Rung]:
    """Climbs the check; ends early where nothing above could hold. A bundle has a ladder of its own."""
    if isinstance(client, Bundle):
        yield from bundle_probe.ladder(client)
        return
    token = token_rung(client)
    yield token
    if not token.good:
        return
    for collection in Collection:
        rung = collection_rung(client, collection)
        yield rung
        if collection is Collection.ORGS and not rung.good:
            return
    yield paging_rung(client)


def token_rung(client: Client) -> Rung:
    """Asks for a token; OAuth 1.0a has none."""
    began = time.monotonic()
    try:
        facts = client.token()
    except ProviderError as error:
        return failed("token", error, began)
    if facts is None:
        return Rung("token", True, None, 0.0, "OAuth 1.0a: every request is signed, there is no token")
    scopes = " ".join(scope.rsplit("/", 1)[-1] for scope in facts.scopes) or "scope not said"
    life = f"expires in {facts.expires_in:.0f} s" if facts.expires_in else "expiry not said"
    return Rung("token", True, 200, facts.seconds, f"{scopes}, {life}")


def collection_rung(client: Client, collection: Collection) -> Rung:
    """Asks a collection for a few rows."""
    began = time.monotonic()
    try:
        reply = client.get(collection, {"limit": str(SAMPLE), "offset": "0"}, tries=2)
        page = decode(collection, reply.body)
    except ProviderError as error:
        return failed(collection, error, began)
    total = reply.headers.get("x-total-count", "")
    count = f"{int(total):,} records" if total.isdigit() else f"{page.count} records on the first page, total not said"
    odd = f", {len(page.problems)} oddities" if page.problems else ""
    return Rung(collection, True, 200, reply.seconds, count + odd)


def paging_rung(client: Client) -> Rung:
    """Sees whether `offset` moves and `limit` holds, on the collection that every provider fills."""
    began = time.monotonic()
    try:
        first = decode(Collection.ORGS, client.get("orgs", {"limit": "2", "offset": "0"}, tries=2).body)
        second = decode(Collection.ORGS, client.get("orgs", {"limit": "1", "offset": "1"}, tries=2).body)
    except ProviderError as error:
        return failed("paging", error, began)
    seconds = time.monotonic() - began
    if first.count < SAMPLE:
        return Rung("paging", True, 200, seconds, "too few orgs to tell")
    if second.records and first.records[1:2] == second.records[:1]:
        return Rung("paging", True, 200, seconds, "limit and offset are honoured")
    text = "offset is not honoured: a sync will prove each collection by other means, or not remove anything"
    return Rung("paging", True, 200, seconds, text)


def all_orgs(client: Client | Bundle) -> list[Org]:
    """Every org the provider lists, for choosing schools.

    Raises:
        ProviderError: they cannot be read.
    """
    if isinstance(client, Bundle):
        return bundle_probe.all_orgs(client)
    walk = Walk(client.get, Collection.ORGS, page_size=200, concurrency=1)
    return [record for page in walk for record in page.records if isinstance(record, Org) and record.status == "active"]
