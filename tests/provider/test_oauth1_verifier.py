"""OAuth 1.0a as another implementation sees it: oauthlib's verifier judges what the client sends (RFC 5849 3.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oneroster_tui.provider.client import Client
from tests.provider.counter import connection
from tests.provider.verifier import Verifier

SECRET = "kd94hf93 k423kf44&%ü"
CLIENT_ID = "dpf43f3p2l4k3l03@example"
QUERIES = (
    "filter=givenName%3D%27Colin%20Robert%27",
    "filter=familyName%3D%27O%27%27Brien%27",
    "filter=familyName%3D%27Zo%C3%AB%20%E7%8E%8B%20%F0%9F%8E%93%27",
    "a=1&a=2&a=1&a=&b",
    "filter=dateLastModified%3E%3D%272024-01-31T00%3A00%3A00.000Z%27%20AND%20status%3D%27active%27",
    "x=%2B&y=a+b&z=%25%32%30&~=~*()!",
    "limit=100&offset=0&sort=sourcedId&orderBy=asc&fields=sourcedId,email",
    "",
)


class Sent(NamedTuple):
    """A request as it went out; httpx signs the same object anew for each try."""

    url: str
    authorization: str


def sent(path: str, params: dict[str, str], method: str, secret: str = SECRET) -> list[Sent]:
    """What the client sends for a GET: a first try that is told to come back, and the second one."""
    requests: list[Sent] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(Sent(str(request.url), request.headers["Authorization"]))
        return httpx.Response(503 if len(requests) == 1 else 200, json={})

    settings_of = replace(
        connection(),
        oauth_version="1.0a",
        oauth1_signature=method,  # type: ignore[arg-type]
        client_id=CLIENT_ID,
        client_secret=secret,
        client_secret_env="",
    )
    with Client(settings_of, transport=httpx.MockTransport(answer), jitter=lambda _, __: 0.0) as client:
        client.get(path, params)
    return requests


@pytest.mark.parametrize("method", ["HMAC-SHA256", "HMAC-SHA1"])
@pytest.mark.parametrize("query", QUERIES)
def test_another_implementation_accepts_what_is_sent(query: str, method: str) -> None:
    verifier = Verifier(CLIENT_ID, SECRET)
    first, again = sent(f"/users?{query}", {"limit": "7"}, method)
    assert verifier.accepts(*first)
    assert verifier.accepts(*again)  # a retry has a nonce of its own
    assert not verifier.accepts(*first)
    assert not Verifier(CLIENT_ID, "another secret").accepts(*first)
    assert not Verifier(CLIENT_ID, SECRET).accepts(f"{first.url}&more=1", first.authorization)


@given(
    pairs=st.lists(st.tuples(st.text(min_size=1, max_size=8), st.text(max_size=12)), max_size=4),
    params=st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=12), max_size=3),
    secret=st.text(min_size=1, max_size=12).filter(lambda text: text.isprintable() and text == text.strip()),
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_query_holds(pairs: list[tuple[str, str]], params: dict[str, str], secret: str) -> None:
    query = str(httpx.QueryParams(pairs))
    first, _ = sent(f"/users?{query}", params, "HMAC-SHA256", secret)
    assert Verifier(CLIENT_ID, secret).accepts(*first)
