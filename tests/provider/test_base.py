"""Where the service starts: root_url as people write it, and the one search where that is not it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import httpx
import pytest
import respx

from oneroster_tui.errors import Forbidden, NotFound, ProviderError, Unreachable, WebPage
from oneroster_tui.provider.base import Base, Get, find_base
from oneroster_tui.provider.client import Client, Reply
from oneroster_tui.provider.endpoints import base_urls
from tests.lab import answer
from tests.provider.counter import Clock, connection

OTHERS = ("/api/ims/oneroster/v1p1", "/v1p1")
ROSTERING = "/ims/oneroster/rostering/v1p2"


@pytest.mark.parametrize(
    ("root", "version", "expected"),
    [
        ("https://h/ims/oneroster/v1p1/", "1.1", ["https://h/ims/oneroster/v1p1"]),
        ("https://h/x/learningdata/v1", "1.0", ["https://h/x/learningdata/v1"]),
        ("https://h/my/v1p1", "1.1", ["https://h/my/v1p1"]),
        (f"https://h{ROSTERING}", "1.2", [f"https://h{ROSTERING}"]),
        ("https://h/a/ims/oneroster/gradebook/v1p2//", "1.2", [f"https://h/a{ROSTERING}"]),
        ("https://h/ims/oneroster/resources/v1p2", "1.2", [f"https://h{ROSTERING}"]),
        ("https://h/x", "1.1", [f"https://h/x{path}" for path in ("/ims/oneroster/v1p1", "", *OTHERS)]),
        ("https://h/x/ims/oneroster", "1.1", [f"https://h/x{path}" for path in ("/ims/oneroster", "/ims/oneroster/v1p1", *OTHERS)]),
    ],
)  # fmt: skip
def test_candidates(root: str, version: str, expected: list[str]) -> None:
    assert list(base_urls(root, version)) == expected


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_candidates_stay_on_the_server_and_in_the_version(version: str) -> None:
    others = {"1.0": ("v1p1", "v1p2"), "1.1": ("v1p0", "v1p2"), "1.2": ("v1p0", "v1p1")}[version]
    for base in base_urls("https://h:8443/p", version):
        assert base.startswith("https://h:8443/p")
        assert not base.endswith(others)


def orgs_at(*good: str, error: ProviderError | None = None) -> tuple[list[str], Get]:
    """A provider with orgs at some base addresses, and what it was asked."""
    asked: list[str] = []

    def get(address: str, params: Mapping[str, str]) -> Reply:
        asked.append(address)
        if address.removesuffix("/orgs") in good:
            return answer({"orgs": []})
        raise error or NotFound("no")

    return asked, get


@pytest.mark.parametrize("error", [NotFound("x"), WebPage("x"), Forbidden("x"), Unreachable("x")])
def test_the_first_address_with_orgs_is_the_one(error: ProviderError) -> None:
    asked, get = orgs_at("b", "c", error=error)
    assert find_base(get, ["a", "b", "c"]) == "b"
    assert asked == ["a/orgs", "b/orgs"]
    assert find_base(get, ["a"]) == ""


def test_there_is_one_search_and_no_second() -> None:
    asked, get = orgs_at("c")
    base = Base(["a", "b", "c"])
    assert base.moves("a", get)
    assert base.url == "c"
    assert base.moves("a", get)  # another thread, which had asked the first one too
    assert not base.moves("c", get)  # a 404 at the right base is a 404
    assert asked == ["b/orgs", "c/orgs"]


def test_an_address_that_answered_is_right() -> None:
    asked, get = orgs_at("b")
    base = Base(["a", "b"])
    base.settle()
    assert not base.moves("a", get)
    assert (base.url, asked) == ("a", [])


def test_what_was_right_before_comes_first() -> None:
    asked, get = orgs_at("b")
    base = Base(["a", "b", "c"], "c")
    assert base.url == "c"
    assert base.moves("c", get)  # it moved meanwhile
    assert asked == ["a/orgs", "b/orgs"]
    assert Base(["a"], "https://elsewhere").url == "a"


@pytest.mark.parametrize(
    "elsewhere", [httpx.Response(404), httpx.Response(200, html="<html>our school</html>")], ids=["404", "web page"]
)
def test_a_client_finds_the_service_below_the_given_root(elsewhere: httpx.Response) -> None:
    server = respx.MockRouter(assert_all_called=False)
    server.post("https://sis.example/token").respond(json={"access_token": "T", "expires_in": 3600})
    wrong = server.get(url__startswith="https://sis.example/roster/app7/ims/").mock(return_value=elsewhere)
    right = server.get(url__startswith="https://sis.example/roster/app7/").respond(json={"users": [], "orgs": []})
    settings = replace(connection(), root_url="https://sis.example/roster/app7")
    clock = Clock()
    with Client(settings, transport=httpx.MockTransport(server.handler), sleep=clock.sleep, clock=clock) as client:
        assert client.get("/users").status == 200
        assert client.base_url == "https://sis.example/roster/app7"
        client.get("/users")
        found = client.base_url
    assert (wrong.call_count, right.call_count) == (1, 3)
    with Client(settings, transport=httpx.MockTransport(server.handler), base_url=found) as client:
        client.get("/users")
    assert (wrong.call_count, right.call_count) == (1, 4)  # remembered: never guessed twice
