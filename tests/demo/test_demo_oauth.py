"""The server side of OAuth, without a server: token answers, signatures after RFC 5849, clock and nonces."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import quote_plus

import pytest

from oneroster_tui.demo.oauth import TOKEN_SECONDS, Credentials, Gate, signature_base_string

ODD = Credentials("client id+1", "s:e%c&r e/t")


class Clock:
    now = 1_000_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(clock: Clock) -> Gate:
    return Gate(ODD, ("scope-a", "scope-b"), clock)


GRANT = {"grant_type": "client_credentials"}


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def test_basic_is_taken_form_encoded_as_the_rfc_wants_and_plain_as_many_send_it(gate: Gate):
    encoded = basic(quote_plus(ODD.client_id), quote_plus(ODD.client_secret))
    assert gate.issue(encoded, GRANT).status == 200
    assert gate.issue(basic(ODD.client_id, ODD.client_secret), GRANT).status == 200
    assert gate.issue(basic(ODD.client_id, "wrong"), GRANT).status == 401
    assert gate.issue("Basic not-base64!", GRANT).body["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({**GRANT, "scope": "scope-z"}, "invalid_scope"),
    ],
)
def test_a_bad_request_is_400_with_the_rfc_word(gate: Gate, form: dict[str, str], error: str):
    answer = gate.issue(basic(ODD.client_id, ODD.client_secret), form)
    assert (answer.status, answer.body["error"]) == (400, error)


def test_only_the_scopes_asked_for_are_granted(gate: Gate):
    answer = gate.issue(
        "", {**GRANT, "client_id": ODD.client_id, "client_secret": ODD.client_secret, "scope": "scope-b x"}
    )
    assert answer.body["scope"] == "scope-b"


def test_a_token_ends(gate: Gate, clock: Clock):
    token = gate.issue(basic(ODD.client_id, ODD.client_secret), GRANT).body["access_token"]
    assert gate.refusal("GET", "http://h/x", f"Bearer {token}") == ""
    assert gate.refusal("GET", "http://h/x", f"bearer {token}") == ""
    clock.now += TOKEN_SECONDS
    assert "expired" in gate.refusal("GET", "http://h/x", f"Bearer {token}")


def test_base_string_of_the_rfc():
    """The example of RFC 5849 section 3.4.1.1, its body parameters given in the query."""
    header = [
        ("realm", "Example"),
        ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131201"),
        ("oauth_nonce", "7d8f3e4a"),
        ("oauth_signature", "bYT5CMsGcbgUdFHObYMEfcx6bsw="),
    ]
    url = "HTTP://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b&c2=&a3=2+q"
    assert signature_base_string("post", url, header) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26"
        "c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26"
        "oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )


def signed(clock: Clock, **changes: str) -> str:
    given = {
        "oauth_consumer_key": "client id+1",
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": str(int(clock.now)),
        "oauth_nonce": "n1",
        **changes,
    }
    base = signature_base_string("GET", "http://h/x", given.items())
    mac = hmac.new(b"s%3Ae%25c%26r%20e%2Ft&", base.encode(), hashlib.sha256).digest()
    given["oauth_signature"] = base64.b64encode(mac).decode()
    return "OAuth " + ", ".join(f'{name}="{quote_plus(value).replace("+", "%20")}"' for name, value in given.items())


def test_a_nonce_works_once(gate: Gate, clock: Clock):
    header = signed(clock)
    assert gate.refusal("GET", "http://h/x", header) == ""
    assert "nonce" in gate.refusal("GET", "http://h/x", header)
    assert gate.refusal("GET", "http://h/x", signed(clock, oauth_nonce="n2")) == ""


@pytest.mark.parametrize(("seconds", "passes"), [(-601, False), (-599, True), (299, True), (301, False)])
def test_the_timestamp_may_lie_ten_minutes_back_and_five_ahead(gate: Gate, clock: Clock, seconds: int, passes: bool):
    header = signed(clock, oauth_timestamp=str(int(clock.now) + seconds))
    assert (gate.refusal("GET", "http://h/x", header) == "") is passes


@pytest.mark.parametrize(
    "changes",
    [
        {"oauth_timestamp": ""},
        {"oauth_timestamp": "9" * 5000},
        {"oauth_nonce": ""},
        {"oauth_version": "2.0"},
        {"oauth_signature_method": "PLAINTEXT"},
        {"oauth_consumer_key": "somebody"},
    ],
)
def test_other_faults_are_refused(gate: Gate, clock: Clock, changes: dict[str, str]):
    assert gate.refusal("GET", "http://h/x", signed(clock, **changes))


def test_no_credentials_no_entry(gate: Gate):
    assert gate.refusal("GET", "http://h/x", "")
    assert gate.refusal("GET", "http://h/x", "Basic abc")
    assert gate.refusal("GET", "http://h/x", "OAuth nonsense")


def test_the_secret_is_not_shown():
    assert "s:e%c" not in repr(ODD)
