"""What the certification of a REST rostering consumer asks for: our client sends each request, and a strict provider takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs

import httpx
import msgspec
import pytest

from oneroster_tui import demo
from oneroster_tui.demo.oauth import Credentials
from oneroster_tui.demo.registry import District
from oneroster_tui.demo.server import TOKEN_PATH, application
from oneroster_tui.demo.versions import RENDERINGS
from oneroster_tui.provider.client import Client
from oneroster_tui.provider.endpoints import Operation
from tests.conformance import certification
from tests.conformance.certification import CSV, ENDPOINTS, PARAMETERS, REST, Item
from tests.conformance.examining import ROOT, AsgiTransport, connection, district_of_the_demo


class Listening(AsgiTransport):
    """The demo provider, and what it was asked."""

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self.asked: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return super().handle_request(request)


Ask = Callable[..., tuple[httpx.Request, Any]]


@pytest.fixture
def ask() -> Iterator[Ask]:
    """Asks the demo provider in 1.1 through the client; gives the request as it was sent, and the answer's JSON."""
    clients: list[Client] = []

    def work(path: str, params: Mapping[str, str] = {}, **settings: Any) -> tuple[httpx.Request, Any]:
        credentials = Credentials(demo.CLIENT_ID, demo.CLIENT_SECRET)
        transport = Listening(application(district_of_the_demo(), credentials, ROOT, RENDERINGS["1.1"]))
        given = connection(
            token=TOKEN_PATH,
            client_id=demo.CLIENT_ID,
            client_secret=demo.CLIENT_SECRET,
            **{"oauth_version": "1.0a"} | settings,
        )
        client = Client(given, transport=transport)
        clients.append(client)
        reply = client.get(path, params, tries=1)
        return transport.asked[-1], msgspec.json.decode(reply.body)

    yield work
    for client in clients:
        client.close()


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
def test_a_signed_request(ask: Ask, method: str) -> None:
    sent, answer = ask("/orgs", oauth1_signature=method)
    assert sent.headers["Authorization"].startswith("OAuth ")
    assert f'oauth_signature_method="{method}"' in sent.headers["Authorization"]
    assert answer["orgs"]


def test_a_request_with_a_token(ask: Ask) -> None:
    sent, answer = ask("/orgs", oauth_version="2.0")
    assert sent.headers["Authorization"].startswith("Bearer ")
    assert answer["orgs"]


@pytest.mark.parametrize("oauth", ["1.0a", "2.0"])
def test_blanks_in_a_parameter(ask: Ask, oauth: str) -> None:
    sent, answer = ask("/users", {"filter": "givenName='Colin Robert'"}, oauth_version=oauth)
    assert sent.url.query == b"filter=givenName%3D%27Colin%20Robert%27"
    assert answer["users"] == []


@cache
def ids() -> Mapping[str, str]:
    """A record of each kind that belongs together, by the word in the path."""
    found: District = district_of_the_demo()
    enrollment = next(one for one in found.enrollments.values() if one.role == "student" and one.status == "active")
    class_ = found.classes[enrollment.class_sourced_id]
    teacher = next(one for one in found.users.values() if one.roles[0].role == "teacher")
    term = next(one for one in class_.term_sourced_ids if found.academic_sessions[one].type == "term")
    period = next(one.sourced_id for one in found.academic_sessions.values() if one.type == "gradingPeriod")
    return {
        "orgs": "school-01",
        "schools": str(class_.school_sourced_id),
        "classes": class_.sourced_id,
        "courses": str(class_.course_sourced_id),
        "users": enrollment.user_sourced_id,
        "students": enrollment.user_sourced_id,
        "teachers": teacher.sourced_id,
        "enrollments": enrollment.sourced_id,
        "academicSessions": term,
        "terms": term,
        "gradingPeriods": period,
    }


@pytest.mark.parametrize("operation", ENDPOINTS, ids=lambda operation: operation.name)
def test_endpoint(ask: Ask, operation: Operation) -> None:
    words = operation.path.split("/")[1:]
    owners = [ids()[word] for word, after in pairwise(words) if after.startswith("{")]
    sent, answer = ask(operation.url_path(*owners))
    assert sent.method == "GET"
    assert sent.url.path == f"/ims/oneroster/v1p1{operation.url_path(*owners)}"
    if operation.is_collection:
        assert len(answer[operation.list_key]) >= 1
    else:
        assert answer[operation.single_key]["sourcedId"] == owners[-1]


WANTED = {
    "limit": {"limit": "3"},
    "offset": {"offset": "5", "limit": "3"},
    "filter": {"filter": "email='nobody@example.org'"},
    "sort": {"sort": "familyName", "orderBy": "asc", "limit": "20"},
    "orderBy": {"sort": "sourcedId", "orderBy": "desc", "limit": "20"},
    "fields": {"fields": "sourcedId,email", "limit": "2"},
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameter(ask: Ask, name: str) -> None:
    sent, answer = ask("/users", WANTED[name])
    assert {key: value[0] for key, value in parse_qs(sent.url.query.decode()).items()} == WANTED[name]
    users = answer["users"]
    match name:
        case "limit":
            assert len(users) == 3
        case "offset":
            assert users == ask("/users", {"limit": "10"})[1]["users"][5:8]
        case "filter":
            assert users == []
        case "sort":
            assert [one["familyName"] for one in users] == sorted(one["familyName"] for one in users)
        case "orderBy":
            assert [one["sourcedId"] for one in users] == sorted((one["sourcedId"] for one in users), reverse=True)
        case "fields":
            assert all(set(one) <= {"sourcedId", "email"} for one in users)


# The page


@pytest.mark.parametrize("item", [*REST, *CSV], ids=lambda item: item.text)
def test_the_tests_of_an_item_exist(item: Item) -> None:
    assert certification.missing(item) == []
    assert bool(item.tests) != bool(item.open)


def test_a_test_that_is_gone_would_be_noticed() -> None:
    gone = ("tests/conformance/test_certification.py::test_of_nothing", "tests/nowhere.py::test_endpoint")
    assert certification.missing(Item("0", "x", gone)) == list(gone)


def test_the_lists_are_whole() -> None:
    assert [sum(item.number.startswith(f"{part}.") for item in REST) for part in (1, 2, 3)] == [3, 39, 6]


def test_the_page_is_as_generated() -> None:
    assert certification.FILE.read_text(encoding="utf-8") == certification.page(), "make pages"
