"""The demo provider over real HTTP, as a consumer sees it."""

from __future__ import annotations

import hashlib
import hmac
import re
import socket
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from authlib.oauth1 import ClientAuth
from authlib.oauth1.rfc5849.signature import generate_signature_base_string
from authlib.oauth1.rfc5849.util import escape

import oneroster_tui
from oneroster_tui.demo import DemoProvider, running
from oneroster_tui.demo.district import District, district
from oneroster_tui.demo.store import FAMILIES, NESTED
from oneroster_tui.records import Collection

BASE = "/ims/oneroster/v1p1"


@pytest.fixture(scope="module")
def provider() -> Iterator[DemoProvider]:
    with running() as made:
        yield made


@pytest.fixture(scope="module")
def client(provider: DemoProvider) -> Iterator[httpx.Client]:
    grant = {"grant_type": "client_credentials"}
    login = (provider.client_id, provider.client_secret)
    with httpx.Client(base_url=provider.root_url + BASE, trust_env=False) as made:
        token = made.post(provider.token_url, data=grant, auth=login).json()["access_token"]
        made.headers["Authorization"] = f"Bearer {token}"
        yield made


@pytest.fixture(scope="module")
def anonymous(provider: DemoProvider) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=provider.root_url + BASE, trust_env=False) as made:
        yield made


@lru_cache(maxsize=1)
def shown() -> District:
    """The district that the provider serves."""
    return district()


def minor(answer: httpx.Response) -> str:
    return answer.json()["statusInfoSet"][0]["imsx_codeMinor"]


# Letting in


def test_token_by_basic_and_by_body(provider: DemoProvider, anonymous: httpx.Client):
    grant = {
        "grant_type": "client_credentials",
        "scope": "https://purl.imsglobal.org/spec/or/v1p1/scope/roster.readonly",
    }
    login = {"client_id": provider.client_id, "client_secret": provider.client_secret}
    for answer in (
        anonymous.post(provider.token_url, data=grant, auth=tuple(login.values())),
        anonymous.post(provider.token_url, data=grant | login),
    ):
        body = answer.json()
        assert answer.status_code == 200
        assert body["token_type"].lower() == "bearer"
        assert body["expires_in"] > 60
        assert body["scope"] == grant["scope"]
        token = {"Authorization": f"Bearer {body['access_token']}"}
        assert anonymous.get("/orgs", headers=token).status_code == 200


def test_wrong_secret(provider: DemoProvider, anonymous: httpx.Client):
    answer = anonymous.post(
        provider.token_url, data={"grant_type": "client_credentials"}, auth=(provider.client_id, "no")
    )
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer made-up"}])
def test_without_a_good_token(anonymous: httpx.Client, header: dict[str, str]):
    answer = anonymous.get("/users", headers=header)
    assert answer.status_code == 401
    assert minor(answer) == "unauthorized"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def hmac_sha256(client: ClientAuth, request: Any) -> str:
    key = f"{escape(client.client_secret)}&".encode()
    base = generate_signature_base_string(request)
    return b64encode(hmac.new(key, base.encode(), hashlib.sha256).digest()).decode()


class Sha256ClientAuth(ClientAuth):
    SIGNATURE_METHODS = {**ClientAuth.SIGNATURE_METHODS, "HMAC-SHA256": hmac_sha256}  # noqa: RUF012


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?limit=3&offset=2",
        "?filter=givenName%3D%27Mary%20Ann%27",
        "?filter=familyName%3D%27O%27Brien%27&sort=email",
    ],
)
def test_oauth1(provider: DemoProvider, anonymous: httpx.Client, method: str, query: str):
    signer = Sha256ClientAuth(provider.client_id, provider.client_secret, signature_method=method)
    # What the client's library shows is what it sends, and that is what must be signed.
    url = str(anonymous.build_request("GET", f"{provider.root_url}{BASE}/users{query}").url)
    _, headers, _ = signer.sign("GET", url, {}, "")
    assert anonymous.get(url, headers=headers).status_code == 200
    assert anonymous.get(url, headers=headers).status_code == 401, "the same nonce again"
    wrong = Sha256ClientAuth(provider.client_id, "no", signature_method=method)
    assert anonymous.get(url, headers=wrong.sign("GET", url, {}, "")[1]).status_code == 401
    _, headers, _ = signer.sign("GET", url, {}, "")
    assert anonymous.get(f"{provider.root_url}{BASE}/orgs{query}", headers=headers).status_code == 401


# Collections


def walk(client: httpx.Client, url: str, key: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    while url:
        answer = client.get(url)
        rows += answer.json()[key]
        url = str(answer.links.get("next", {}).get("url", ""))
    return rows


@pytest.mark.parametrize("family", list(FAMILIES))
def test_every_family_as_collection_and_by_id(client: httpx.Client, provider: DemoProvider, family: str):
    collection = FAMILIES[family].collection
    answer = client.get(f"/{family}", params={"limit": 10000})
    rows = answer.json()[collection]
    assert len(rows) == int(answer.headers["X-Total-Count"]) > 0
    single = client.get(f"/{family}/{rows[-1]['sourcedId']}").json()
    assert list(single.values()) == [rows[-1]]
    missing = client.get(f"/{family}/no-such-id")
    assert (missing.status_code, minor(missing)) == (404, "unknown object")
    if family == "schools":
        assert tuple(row["sourcedId"] for row in rows) == provider.school_ids


@pytest.mark.parametrize("name", list(Collection))
def test_collections_are_the_district(client: httpx.Client, name: Collection):
    rows = walk(client, f"/{name}?limit=997", name)
    assert [row["sourcedId"] for row in rows] == list(shown().collection(name))
    assert all(value not in (None, "", []) for row in rows for value in row.values())


def test_a_family_holds_only_its_kind(client: httpx.Client):
    assert client.get("/schools/district-01").status_code == 404
    assert client.get("/students/teacher-00001").status_code == 404
    assert client.get("/terms/session-gp-1").status_code == 404
    assert {row["role"] for row in walk(client, "/teachers?limit=1000", "users")} == {"teacher"}


def test_paging_to_the_end(client: httpx.Client):
    first = client.get("/users")
    assert len(first.json()["users"]) == 100
    total = int(first.headers["X-Total-Count"])
    assert set(first.links) == {"first", "next", "last"}
    rows = walk(client, "/users?limit=700&filter=status%21%3D%27x%27", "users")
    assert len({row["sourcedId"] for row in rows}) == len(rows) == total
    last = client.get(first.links["last"]["url"])
    assert set(last.links) == {"first", "prev", "last"}
    assert 0 < len(last.json()["users"]) <= 100
    beyond = client.get("/users", params={"offset": total})
    assert beyond.json() == {"users": []}


def test_links_keep_the_other_parameters(client: httpx.Client):
    answer = client.get("/users", params={"filter": "role='student'", "fields": "sourcedId", "limit": 2, "offset": 4})
    assert client.get(answer.links["prev"]["url"]).json()["users"][0].keys() == {"sourcedId"}
    assert client.get(answer.links["next"]["url"]).headers["X-Total-Count"] == answer.headers["X-Total-Count"]
    assert re.search(r'limit=2&offset=2>; rel="prev"', answer.headers["Link"])


def test_limit_is_clamped(client: httpx.Client):
    assert len(client.get("/enrollments", params={"limit": 99999}).json()["enrollments"]) > 6000


# Parameters


def test_filter_with_blanks_and_quotes(client: httpx.Client):
    people = shown().users.values()
    for text, wanted in [
        ("givenName='Mary Ann'", {u.sourced_id for u in people if u.given_name == "Mary Ann"}),
        ("familyName='O'Brien'", {u.sourced_id for u in people if u.family_name == "O'Brien"}),
        (
            "familyName='O''Brien' OR familyName='De la Cruz'",
            {u.sourced_id for u in people if u.family_name in ("O'Brien", "De la Cruz")},
        ),
        (
            "role='teacher' AND orgs.sourcedId='school-03'",
            {
                u.sourced_id
                for u in people
                if u.roles[0].role == "teacher" and "school-03" in {r.org_sourced_id for r in u.roles}
            },
        ),
    ]:
        answer = client.get("/users", params={"filter": text, "limit": 1000})
        assert {row["sourcedId"] for row in answer.json()["users"]} == wanted != set()
        assert answer.headers["X-Total-Count"] == str(len(wanted))


def test_filter_by_time_and_by_reference(client: httpx.Client):
    times = sorted(user.date_last_modified or "" for user in shown().users.values())
    answer = client.get("/users", params={"filter": f"dateLastModified>'{times[-11]}'"})
    assert len(answer.json()["users"]) == 10
    answer = client.get("/enrollments", params={"filter": "class.sourcedId='class-03-017'"})
    assert {row["class"]["sourcedId"] for row in answer.json()["enrollments"]} == {"class-03-017"}


@pytest.mark.parametrize("text", ["shoeSize='42'", "givenName=Mary", "role='a' AND role='b' AND role='c'"])
def test_bad_filter(client: httpx.Client, text: str):
    answer = client.get("/users", params={"filter": text})
    assert (answer.status_code, minor(answer)) == (400, "invalid_filter_field")
    assert "users" not in answer.json()


def test_sort(client: httpx.Client):
    names = [user.family_name for user in shown().users.values()]
    for order, wanted in (("asc", sorted(names)), ("desc", sorted(names, reverse=True))):
        url = f"/users?limit=1500&sort=familyName&orderBy={order}"
        assert [row["familyName"] for row in walk(client, url, "users")] == wanted


def test_fields(client: httpx.Client):
    for row in client.get("/users", params={"fields": "sourcedId, email"}).json()["users"]:
        assert row.keys() == {"sourcedId", "email"}
    assert client.get("/orgs/school-01?fields=name").json() == {"org": {"name": "Maple Hollow Elementary School"}}


def test_unknown_sort_and_fields_are_warnings_beside_the_data(client: httpx.Client):
    answer = client.get("/orgs", params={"sort": "shoeSize", "fields": "name,hairColour"})
    assert answer.status_code == 200
    assert len(answer.json()["orgs"]) == 17
    notes = answer.json()["statusInfoSet"]
    assert [note["imsx_codeMinor"] for note in notes] == ["invalid_sort_field", "invalid_selection_field"]
    assert {(note["imsx_codeMajor"], note["imsx_severity"]) for note in notes} == {("success", "warning")}
    assert "sourcedId" in answer.json()["orgs"][0]


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("fields=", "invalid_blank_selection_field"),
        ("fields=name,", "invalid_blank_selection_field"),
        ("limit=0", "invalid data"),
        ("limit=ten", "invalid data"),
        ("offset=-1", "invalid data"),
        ("orderBy=up", "invalid data"),
    ],
)
def test_bad_parameters(client: httpx.Client, query: str, word: str):
    answer = client.get(f"/orgs?{query}")
    assert (answer.status_code, minor(answer)) == (400, word)
    assert answer.json()["statusInfoSet"][0]["imsx_severity"] == "error"


# Relationships


def sourced_ids(client: httpx.Client, path: str) -> set[str]:
    answer = client.get(path, params={"limit": 10000})
    assert answer.status_code == 200, answer.text
    (rows,) = answer.json().values()
    return {row["sourcedId"] for row in rows}


OWNERS = {
    "schools": "school-12",
    "classes": "class-12-001",
    "courses": "course-math-10",
    "students": "student-00001",
    "teachers": "teacher-00100",
    "users": "student-00001",
    "terms": "session-term-2",
}


@pytest.mark.parametrize("path", list(NESTED))
def test_every_relationship_lists_something_and_knows_its_owner(client: httpx.Client, path: tuple[str, ...]):
    *owners, last = path
    address = "".join(f"/{family}/{OWNERS[family]}" for family in owners) + f"/{last}"
    found = sourced_ids(client, address)
    assert found
    assert found <= sourced_ids(client, f"/{last}")
    assert client.get(address.replace(OWNERS[owners[0]], "no-such-id", 1)).status_code == 404


def test_relationships_agree_with_the_district(client: httpx.Client):
    made = shown()
    rows = [e for e in made.enrollments.values() if e.class_sourced_id == "class-12-001"]
    school = "/schools/school-12"
    students = {e.user_sourced_id for e in rows if e.role == "student" and e.status == "active"}
    assert sourced_ids(client, "/classes/class-12-001/students") == students
    assert sourced_ids(client, f"{school}/classes/class-12-001/students") == students
    assert sourced_ids(client, f"{school}/classes/class-12-001/enrollments") == {e.sourced_id for e in rows}
    assert sourced_ids(client, f"{school}/terms") == {"session-term-1", "session-term-2"}
    assert "course-elective-studio-12" in sourced_ids(client, f"{school}/courses")
    assert sourced_ids(client, "/users/student-00001/classes") == {
        e.class_sourced_id for e in made.enrollments.values() if e.user_sourced_id == "student-00001"
    }
    assert client.get("/schools/school-11/classes/class-12-001/students").status_code == 404


def test_who_has_left_is_in_no_class(client: httpx.Client):
    gone = next(e for e in shown().enrollments.values() if e.status == "tobedeleted" and e.role == "student")
    assert sourced_ids(client, f"/users/{gone.user_sourced_id}/classes") == set()
    assert gone.user_sourced_id not in sourced_ids(client, f"/classes/{gone.class_sourced_id}/students")


def test_a_relationship_takes_all_parameters(client: httpx.Client):
    url = "/schools/school-12/students?filter=grades%3D%2709%27&sort=username&fields=username,grades&limit=5"
    rows = walk(client, url, "users")
    assert len(rows) > 5
    assert all(row["grades"] == ["09"] for row in rows)
    assert rows == sorted(rows, key=lambda row: row["username"])


# Other addresses, and the provider itself


def test_unknown_address_and_method(client: httpx.Client):
    answer = client.get("/demographics")
    assert (answer.status_code, minor(answer)) == (404, "unknown object")
    assert client.post("/users").status_code == 405
    assert client.get("/../../../token").status_code == 405


def test_references_are_addresses_that_work(client: httpx.Client):
    row = client.get("/enrollments/enrollment-000001").json()["enrollment"]
    for name in ("user", "class", "school"):
        answer = client.get(row[name]["href"])
        assert next(iter(answer.json().values()))["sourcedId"] == row[name]["sourcedId"]


def test_nothing_is_left_when_it_ends_and_nothing_is_printed(provider: DemoProvider, capfd: pytest.CaptureFixture[str]):
    with running(day=2) as made, httpx.Client(trust_env=False) as client:
        assert client.get(made.root_url).status_code == 404
        port = int(made.root_url.rsplit(":", 1)[1])
        assert made.client_secret not in repr(made)
    # The module's shared provider has the one that is left.
    assert [thread.name for thread in threading.enumerate()].count("oneroster-demo") == 1
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert capfd.readouterr() == ("", "")


def test_a_wrong_day_and_a_taken_port_are_told_at_once(provider: DemoProvider):
    with pytest.raises(ValueError, match="from 1 on"), running(day=0):
        pass
    with pytest.raises(OSError, match="in use"), running(port=int(provider.root_url.rsplit(":", 1)[1])):
        pass


SCRIPT = """
import sys
from oneroster_tui.demo import running, serve
assert not {"starlette", "uvicorn", "msgspec", "authlib"} & set(sys.modules), "the import must be cheap"
import signal, threading, time, urllib.request
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job in the background ignores it from the start
before = signal.getsignal(signal.SIGINT)
with running() as provider:
    assert signal.getsignal(signal.SIGINT) is before
    try:
        urllib.request.urlopen(provider.root_url)
    except urllib.error.HTTPError as answer:
        with answer:
            assert answer.code == 404

def answered_then_interrupted(url):
    try:
        urllib.request.urlopen(url)
    except urllib.error.HTTPError as answer:
        answer.close()
    signal.raise_signal(signal.SIGINT)

def interrupt(provider):
    threading.Thread(target=answered_then_interrupted, args=[provider.root_url]).start()

try:
    serve(ready=interrupt)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_a_program_that_is_strict_about_warnings_can_embed_it():
    # From the folder of the package, so that it is found without being installed.
    home = Path(oneroster_tui.__file__).parents[1]
    command = [sys.executable, "-W", "error", "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=home)
    assert (done.stdout, done.stderr, done.returncode) == ("interrupted\n", "", 0)
