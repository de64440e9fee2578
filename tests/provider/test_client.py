"""The counter: retries, refusals and limits, on made-up transports and on a real socket; nothing here sleeps."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from oneroster_tui.config import Connection
from oneroster_tui.errors import (
    ConfigError,
    Forbidden,
    NotFound,
    ProviderError,
    Rejected,
    Stopped,
    Unauthorized,
    Unreachable,
    Unreadable,
)
from oneroster_tui.provider import client as counter
from oneroster_tui.provider.answers import safe_url
from oneroster_tui.provider.client import Client
from oneroster_tui.provider.retry import LONGEST_RETRY_AFTER, LONGEST_WAIT, backoff, retry_after
from oneroster_tui.provider.statusinfo import provider_words, read_status

BASE = "https://sis.example/ims/oneroster/v1p1"
TOKEN = "https://sis.example/token"
SECRET = "hush-hush"


def connection(**changes: Any) -> Connection:
    values: dict[str, Any] = {
        "bundle": "",
        "oneroster_version": "1.1",
        "oauth_version": "2.0",
        "token_url": TOKEN,
        "root_url": "https://sis.example/",
        "client_id": "id",
        "client_secret": SECRET,
        "client_secret_env": "",
        "client_secret_file": "",
        "client_secret_command": "",
        "page_size": "auto",
        "concurrency": 4,
        "timeout": 30,
        "oauth1_signature": "HMAC-SHA256",
        "scopes": (),
        "client_auth": "basic",
    }
    return Connection(**(values | changes))


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> respx.MockRouter:
    router = respx.MockRouter(assert_all_called=False)
    router.post(TOKEN, name="token").respond(json={"access_token": "T0ken", "expires_in": 3600, "scope": "a b"})
    router.get(url__regex=r"/orgs\?limit=1$").respond(404)  # the search for another base path finds nothing
    return router


def client(server: respx.MockRouter, clock: Clock, settings: Connection | None = None, **more: Any) -> Client:
    return Client(
        settings or connection(),
        transport=httpx.MockTransport(server.handler),
        sleep=clock.sleep,
        clock=clock,
        jitter=lambda low, high: high,
        **more,
    )


def fails(server: respx.MockRouter, clock: Clock, *answers: httpx.Response | Exception, **more: Any) -> ProviderError:
    """What `get("/users")` raises when the provider answers like that (the last answer again and again)."""
    rest = list(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        now = rest.pop(0) if len(rest) > 1 else rest[0]
        if isinstance(now, Exception):
            raise now
        return now

    server.get(f"{BASE}/users").mock(side_effect=answer)
    with client(server, clock, **more) as subject, pytest.raises(ProviderError) as caught:
        subject.get("/users", {"limit": "2"})
    assert caught.value.do
    assert SECRET not in str(caught.value)
    assert "T0ken" not in str(caught.value)
    return caught.value


def raw(content: bytes, **headers: str) -> httpx.Response:
    return httpx.Response(200, stream=httpx.ByteStream(content), headers=headers)


# -- what is sent ----------------------------------------------------------------------------------------------------


def test_a_get_carries_token_and_headers(server: respx.MockRouter, clock: Clock) -> None:
    route = server.get(f"{BASE}/users").respond(json={"users": []}, headers={"X-Total-Count": "0"})
    with client(server, clock) as subject:
        reply = subject.get("/users", {"limit": "2"})
        subject.get("users")
        assert (subject.base_url, subject.requests, subject.retries) == (BASE, 3, 0)
    assert json.loads(reply.body) == {"users": []}
    assert reply.headers["x-total-count"] == "0"
    assert reply.url == f"{BASE}/users?limit=2"
    assert reply.seconds >= 0
    sent = route.calls[0].request
    assert sent.headers["Authorization"] == "Bearer T0ken"
    assert sent.headers["Accept"] == "application/json"
    assert sent.headers["User-Agent"].startswith("oneroster-tui/")
    assert server["token"].calls[0].request.headers["User-Agent"].startswith("oneroster-tui/")


@pytest.mark.parametrize("path", ["/users?filter=a%3D'b+c'&limit=9", f"{BASE}/users?filter=a%3D'b%20c'&limit=9#x"])
def test_queries_go_out_in_rfc_3986s_encoding(server: respx.MockRouter, clock: Clock, path: str) -> None:
    route = server.get(url__startswith=f"{BASE}/users").respond(json={})
    with client(server, clock) as subject:
        subject.get(path, {"limit": "3", "sort": "ä~+ &="})
    assert route.calls[0].request.url.query == b"filter=a%3D%27b%20c%27&limit=3&sort=%C3%A4~%2B%20%26%3D"


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=4))
def test_any_parameters_arrive_as_they_were_given(params: dict[str, str]) -> None:
    seen: list[httpx.URL] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url)
        return httpx.Response(200, json={})

    with Client(connection(oauth_version="1.0a"), transport=httpx.MockTransport(handler)) as subject:
        subject.get("/users", params)
    assert dict(parse_qsl(seen[0].query.decode(), keep_blank_values=True)) == params
    assert b"+" not in seen[0].query


def test_oauth1_signs_every_try_anew_and_asks_for_no_token(server: respx.MockRouter, clock: Clock) -> None:
    headers: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        headers.append(request.headers["Authorization"])
        return httpx.Response(503 if len(headers) == 1 else 200, json={})

    server.get(f"{BASE}/users").mock(side_effect=answer)
    with client(server, clock, connection(oauth_version="1.0a", token_url="")) as subject:
        subject.get("/users")
        assert subject.token() is None
    assert all(header.startswith("OAuth ") for header in headers)
    assert headers[0] != headers[1]


def test_token_facts(server: respx.MockRouter, clock: Clock) -> None:
    with client(server, clock) as subject:
        for _ in range(2):  # forced, whatever is at hand
            facts = subject.token()
            assert facts is not None
            assert (facts.scopes, facts.expires_in) == (("a", "b"), 3600)
        assert server["token"].call_count == 2
        assert SECRET not in repr(subject)


def test_no_cookies_are_kept(server: respx.MockRouter, clock: Clock) -> None:
    route = server.get(f"{BASE}/users").respond(json={}, headers={"Set-Cookie": "a=b; Path=/"})
    with client(server, clock) as subject:
        subject.get("/users")
        subject.get("/users")
    assert "Cookie" not in route.calls[1].request.headers


# -- retries ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_passing_troubles_are_tried_again(server: respx.MockRouter, clock: Clock, status: int) -> None:
    good = httpx.Response(200, json={})
    server.get(f"{BASE}/users").mock(side_effect=[httpx.Response(status)] * 4 + [good])
    with client(server, clock) as subject:
        assert subject.get("/users").status == 200
        assert (subject.requests, subject.retries) == (6, 4)
    assert sum(clock.slept) == pytest.approx(0.5 + 1 + 2 + 4)


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("x"),
        httpx.ReadTimeout("x"),
        httpx.ReadError("x"),
        httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
        httpx.Response(200, text='{"users": [{"sourcedId": "1"'),
        raw(b"not gzip", **{"Content-Encoding": "gzip"}),
    ],
)
def test_broken_answers_are_tried_again(
    server: respx.MockRouter, clock: Clock, trouble: httpx.Response | Exception
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if clock.slept:
            return httpx.Response(200, json={})
        if isinstance(trouble, Exception):
            raise trouble
        return httpx.Response(200, headers=trouble.headers, stream=trouble.stream)

    server.get(f"{BASE}/users").mock(side_effect=answer)
    with client(server, clock) as subject:
        assert subject.get("/users").body == b"{}"
        assert subject.retries == 1


def test_after_five_tries_a_person_is_told(server: respx.MockRouter, clock: Clock) -> None:
    error = fails(server, clock, httpx.Response(503, json={"imsx_description": "x", "imsx_severity": "error"}))
    assert isinstance(error, Unreachable)
    assert error.what == "The provider did not answer: it said 503 Service Unavailable five times. It said: x"
    assert error.where == f"GET {BASE}/users?limit=2"
    assert (error.status, error.collection) == (503, "users")


def test_tries_can_be_fewer(server: respx.MockRouter, clock: Clock) -> None:
    route = server.get(f"{BASE}/users").respond(504)
    with client(server, clock) as subject, pytest.raises(Unreachable, match="once"):
        subject.get("/users", tries=1)
    assert route.call_count == 1
    assert not clock.slept


@pytest.mark.parametrize(
    ("value", "slept"), [("7", 7), ("9999999", LONGEST_RETRY_AFTER), ("0", 0.5), ("soon", 0.5), ("-3", 0.5), ("", 0.5)]
)
def test_retry_after_is_honoured_and_capped(server: respx.MockRouter, clock: Clock, value: str, slept: float) -> None:
    answers = [httpx.Response(429, headers={"Retry-After": value}), httpx.Response(200, json={})]
    server.get(f"{BASE}/users").mock(side_effect=answers)
    with client(server, clock) as subject:
        subject.get("/users")
    assert sum(clock.slept) == pytest.approx(slept)
    assert max(clock.slept) <= 0.2


@given(st.text())
def test_any_retry_after_is_a_bounded_number(value: str) -> None:
    header = httpx.Headers([(b"Retry-After", value.encode("utf-8", "replace"))])
    assert 0 <= retry_after(header) <= LONGEST_RETRY_AFTER


@given(st.integers(-500, 500), st.booleans())
def test_a_retry_after_date_is_measured_by_the_servers_clock(seconds: int, own_date: bool) -> None:
    now = datetime(2026, 2, 1, 12, tzinfo=UTC)
    until = now + timedelta(seconds=seconds)
    headers = httpx.Headers({"Retry-After": format_datetime(until, usegmt=True)})
    if own_date:
        headers["Date"] = format_datetime(now, usegmt=True)
    asked = retry_after(headers, now + timedelta(hours=3) if own_date else now)
    assert asked == min(max(seconds, 0), LONGEST_RETRY_AFTER)


@given(st.integers(1, 60))
def test_backoff_is_jittered_and_capped(attempt: int) -> None:
    assert 0 <= backoff(attempt) <= min(LONGEST_WAIT, 0.5 * 2 ** (attempt - 1))


def test_stopping_ends_a_wait_within_a_slice(server: respx.MockRouter, clock: Clock) -> None:
    server.get(f"{BASE}/users").respond(429, headers={"Retry-After": "60"})
    with (
        client(server, clock, stopping=lambda: clock.now > 1010) as subject,
        pytest.raises(Stopped),
    ):
        subject.get("/users")
    assert clock.now <= 1010.2


def test_stopping_prevents_the_first_request(server: respx.MockRouter, clock: Clock) -> None:
    with client(server, clock, stopping=lambda: True) as subject:
        with pytest.raises(Stopped):
            subject.get("/users")
        assert subject.requests == 0


def test_stopping_ends_a_long_answer(server: respx.MockRouter, clock: Clock) -> None:
    read: list[int] = []

    def endless() -> Iterator[bytes]:
        while True:
            read.append(1)
            yield b"{" * 1000

    class Endless(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            return endless()

    transport = httpx.MockTransport(lambda request: httpx.Response(200, stream=Endless()))
    settings = connection(oauth_version="1.0a")
    with Client(settings, transport=transport, stopping=lambda: len(read) > 3) as subject, pytest.raises(Stopped):
        subject.get("/users")
    assert len(read) == 4


def test_no_retry_starts_after_the_budget(server: respx.MockRouter, clock: Clock) -> None:
    answer = httpx.Response(503, headers={"Retry-After": "100"})
    error = fails(server, clock, answer, budget_seconds=250)
    assert isinstance(error, Unreachable)
    assert "three times" in error.what
    assert clock.now <= 1250


def test_no_retry_of_a_broken_connection_starts_after_the_budget(server: respx.MockRouter, clock: Clock) -> None:
    error = fails(server, clock, httpx.ConnectError("x"), budget_seconds=3)
    assert "tried three times" in error.what
    assert clock.now <= 1003


def test_a_used_up_budget_is_said(server: respx.MockRouter, clock: Clock) -> None:
    with client(server, clock, budget_seconds=120) as subject:
        clock.now += 121
        with pytest.raises(Unreachable, match="used up its time: 2 minutes"):
            subject.get("/users")


def test_the_token_request_is_retried_too(server: respx.MockRouter, clock: Clock) -> None:
    server["token"].mock(side_effect=[httpx.Response(503), httpx.Response(200, json={"access_token": "t"})])
    server.get(f"{BASE}/users").respond(json={})
    with client(server, clock) as subject:
        subject.get("/users")
        assert subject.retries == 1


def test_a_dead_token_endpoint_is_named(server: respx.MockRouter, clock: Clock) -> None:
    server["token"].mock(side_effect=httpx.ConnectTimeout("x"))
    with (
        client(server, clock) as subject,
        pytest.raises(Unreachable, match="timed out after 10 s while connecting") as caught,
    ):
        subject.get("/users")
    assert caught.value.where == f"POST {TOKEN}"
    assert server["token"].call_count == 5


# -- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (400, Rejected),
        (405, Rejected),
        (413, Rejected),
        (422, Rejected),
        (501, Rejected),
        (304, Rejected),
        (507, Unreachable),
        (520, Unreachable),
    ],
)
def test_refusals_are_told_apart_and_not_retried(
    server: respx.MockRouter, clock: Clock, status: int, kind: type[ProviderError]
) -> None:
    error = fails(server, clock, httpx.Response(status, json={"errors": [{"codeMinor": "x y", "description": "why"}]}))
    assert type(error) is kind
    assert (error.status, error.collection) == (status, "users")
    assert str(status) in error.what
    assert error.what.endswith("It said: x_y: why")
    assert not clock.slept


def test_a_second_401_is_a_permission(server: respx.MockRouter, clock: Clock) -> None:
    error = fails(server, clock, httpx.Response(401, content=b"x" * 3_000_000))
    assert "a fresh token too" in error.what
    assert server["token"].call_count == 2


def test_a_401_under_oauth1_speaks_of_the_clock(server: respx.MockRouter, clock: Clock) -> None:
    late = format_datetime(datetime.now(UTC) - timedelta(minutes=12), usegmt=True)
    settings = connection(oauth_version="1.0a")
    error = fails(server, clock, httpx.Response(401, headers={"Date": late}), settings=settings)
    assert "signed request" in error.what
    assert "12 minutes" in error.do


def test_a_provider_that_echoes_credentials_is_not_repeated(server: respx.MockRouter, clock: Clock) -> None:
    error = fails(server, clock, httpx.Response(403, json={"message": "Token T0ken (Bearer T0ken-xyz) may not"}))
    assert error.what.endswith("It said: Token … (Bearer …-xyz) may not")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, html="<html>log in</html>"),
        httpx.Response(200, text=" \n<!doctype html>", headers={"Content-Type": "application/json"}),
        httpx.Response(200, content=b"\xef\xbb\xbf<x/>"),
    ],
)
def test_a_web_page_is_unreadable(server: respx.MockRouter, clock: Clock, answer: httpx.Response) -> None:
    error = fails(server, clock, answer)
    assert isinstance(error, Unreadable)
    assert error.what == "The provider answered with a web page instead of JSON."
    assert "root_url" in error.do


def test_a_huge_answer_is_not_read_to_its_end(
    server: respx.MockRouter, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counter, "MAX_BODY", 1024**2)
    bomb = gzip.compress(b"[" + b" " * 3 * 1024**2 + b"]")
    error = fails(server, clock, raw(bomb, **{"Content-Encoding": "gzip"}))
    assert isinstance(error, Unreadable)
    assert "larger than 1 MiB" in error.what


def test_a_huge_token_answer_is_not_read_to_its_end(server: respx.MockRouter, clock: Clock) -> None:
    server["token"].respond(content=b" " * 2 * 1024**2)
    with client(server, clock) as subject, pytest.raises(Unreadable, match="larger than 1 MiB") as caught:
        subject.token()
    assert caught.value.where == f"POST {TOKEN}"


def test_redirects_on_the_same_server_are_followed_with_credentials(server: respx.MockRouter, clock: Clock) -> None:
    server.get(f"{BASE}/users").respond(307, headers={"Location": "/ims/oneroster/v1p1/people?x=a%20b"})
    route = server.get(f"{BASE}/people", params={"x": "a b"}).respond(json={})
    with client(server, clock) as subject:
        assert subject.get("/users").url == f"{BASE}/people?x=a%20b"
    assert route.calls[0].request.headers["Authorization"] == "Bearer T0ken"


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/users", "https://sis.example:8443/users", "//evil.example/", "https://sis.example@e/"],
)
def test_credentials_never_follow_a_redirect_elsewhere(server: respx.MockRouter, clock: Clock, target: str) -> None:
    elsewhere = server.route(host__regex=r"^(evil\.example|e)$").respond(json={})
    error = fails(server, clock, httpx.Response(302, headers={"Location": target}))
    assert isinstance(error, Rejected)
    assert "sends this request elsewhere (302): to https://" in error.what
    assert not elsewhere.called


def test_a_redirect_circle_ends(server: respx.MockRouter, clock: Clock) -> None:
    error = fails(server, clock, httpx.Response(302, headers={"Location": f"{BASE}/users?limit=2"}))
    assert isinstance(error, Rejected)
    assert server.calls.call_count == 1 + 6


def test_a_redirected_token_request_is_not_followed(server: respx.MockRouter, clock: Clock) -> None:
    server["token"].respond(302, headers={"Location": "https://sis.example/login"})
    with client(server, clock) as subject, pytest.raises(ProviderError, match="no token endpoint"):
        subject.token()
    assert server.calls.call_count == 1


@pytest.mark.parametrize(
    "link", ["https://evil.example/users", "http://sis.example:81/users", "https://sis.example:1/"]
)
def test_links_to_another_server_are_refused(server: respx.MockRouter, clock: Clock, link: str) -> None:
    with client(server, clock) as subject:
        with pytest.raises(Rejected, match="another server"):
            subject.get(link)
        assert subject.requests == 0


def test_a_plain_link_of_a_server_behind_a_proxy_is_taken_home(server: respx.MockRouter, clock: Clock) -> None:
    route = server.get(f"{BASE}/users").respond(json={})
    with client(server, clock) as subject:
        subject.get(BASE.replace("https", "http") + "/users?offset=2")
    assert route.calls[0].request.url.scheme == "https"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("root_url", ""),
        ("root_url", "sis.example"),
        ("root_url", "https://" + "a" * 64 + ".example"),
        ("root_url", "https://h:99999"),
        ("root_url", "https://h:port"),
        ("token_url", ""),
        ("token_url", "ftp://h/token"),
    ],
)
def test_addresses_that_cannot_be_called(setting: str, value: str) -> None:
    with pytest.raises(ConfigError, match=setting):
        Client(connection(**{setting: value}))


def test_a_bad_proxy_or_certificate_file_is_a_config_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://x")
    with pytest.raises(ConfigError, match="proxy"):
        Client(connection())
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    with pytest.raises(ConfigError, match="certificates"):
        Client(connection())


def test_addresses_are_shown_without_secrets() -> None:
    assert (
        safe_url("https://u:p@h:8/a?limit=1&filter=x%3D'1'&apikey=k") == "https://h:8/a?limit=1&filter=x='1'&apikey=…"
    )


# -- the provider's words --------------------------------------------------------------------------------------------

SHAPES: dict[str, object] = {
    "1.2": {
        "imsx_codeMajor": "failure",
        "imsx_severity": "error",
        "imsx_description": "bad filter",
        "imsx_CodeMinor": {
            "imsx_codeMinorField": [
                {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": "invalid_filter_field"}
            ]
        },
    },
    "Ed-Fi": {
        "imsx_codeMajor": "failure",
        "imsx_severity": "error",
        "imsx_codeMinor": "invalid_filter_field",
        "imsx_description": "bad filter",
    },
    "1.1 statusInfoSet": {
        "statusInfoSet": [
            {
                "imsx_codeMajor": "failure",
                "imsx_severity": "error",
                "imsx_codeMinor": "invalid_filter_field",
                "imsx_description": "bad filter",
            }
        ]
    },
    "1.1 errors": {
        "errors": [
            {
                "codeMajor": "FAILURE",
                "severity": "Error",
                "codeMinor": "Invalid filter field",
                "description": "bad filter",
            }
        ]
    },
    "1.0 errors": {
        "errors": {
            "codeMajor": "FAILURE",
            "severity": "ERROR",
            "codeMinor": "INVALID_FILTER_FIELD",
            "description": "bad filter",
        }
    },
    "warnings": {
        "users": [],
        "warnings": [
            {
                "codeMajor": "failure",
                "severity": "error",
                "codeMinor": ["invalid_filter_field"],
                "description": "bad filter",
            }
        ],
    },
}
SHAPES["wrapped"] = {"imsx_StatusInfo": SHAPES["1.2"]}
SHAPES["wrapped twice"] = {"errors": [{"imsx_StatusInfo": SHAPES["1.2"]}]}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_every_shape_of_a_status_object_is_read(shape: object) -> None:
    (status,) = read_status(shape)
    assert (status.code_major, status.severity) == ("failure", "error")
    assert status.code_minor == ("invalid_filter_field",)
    assert status.description == "bad filter"
    assert provider_words(json.dumps(shape).encode()) == "invalid_filter_field: bad filter"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"message":"no"}', "no"),
        (b'{"Message":"no"}', "no"),
        (b'{"title":"Bad","detail":"no"}', "no"),
        (b'{"error":"x","error_description":"no"}', "no"),
        (b'"no"', "no"),
        (b"no \x1b[31mred\xff", "no red\ufffd"),
        (b"<p>no</p>", ""),
        (b"", ""),
        (b"[1]", ""),
        (b'{"users":[]}', ""),
        (b'{"error":{"message":"deep"}}', ""),
        (b"[" * 5000, "[" * 299 + "…"),
    ],
)
def test_other_words(body: bytes, words: str) -> None:
    assert provider_words(body) == words


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["imsx_StatusInfo", "errors", "codeMinor", "imsx_description", "x"]), inner
            )
        ),
    )
)
def test_any_payload_is_survived(payload: object) -> None:
    assert len(provider_words(json.dumps(payload).encode())) <= 300


# -- on a real socket ------------------------------------------------------------------------------------------------


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server on this computer that hands each connection, its request read, to `serve`."""
    listener = socket.create_server(("127.0.0.1", 0))

    def loop() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                if peer.recv(65536):
                    serve(peer)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def real(root: str, clock: Clock, timeout: float = 5) -> Client:
    settings = connection(root_url=root, token_url="", oauth_version="1.0a", timeout=timeout)
    return Client(settings, sleep=clock.sleep, clock=clock)


def test_connection_refused(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # not for this computer
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with real(f"http://127.0.0.1:{port}", clock) as subject, pytest.raises(Unreachable) as caught:
        subject.get("/users")
    assert caught.value.what == "The provider did not answer: connection refused (tried five times)."
    assert caught.value.where == f"GET http://127.0.0.1:{port}/ims/oneroster/v1p1/users"
    assert caught.value.status is None
    assert subject.requests == 5


def test_no_proxy_stands_between_this_computer_and_itself(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    body = b'{"access_token":"t"}'
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with listening(lambda peer: peer.sendall(answer)) as root:
        settings = connection(token_url=f"{root}/token")  # the root is elsewhere
        with Client(settings, sleep=clock.sleep, clock=clock) as subject:
            assert subject.token() is not None
    monkeypatch.setenv("HTTP_PROXY", "gopher://broken")
    real(root, clock).close()


def test_an_answer_dropped_in_its_middle_is_asked_for_again(clock: Clock) -> None:
    heads = [b"Content-Length: 99\r\n\r\n", b"\r\n", b"Transfer-Encoding: chunked\r\n\r\n1\r\n"]
    served: list[bytes] = []

    def serve(peer: socket.socket) -> None:
        served.append(b"")
        head, body = (heads.pop(0), b"{") if heads else (b"Content-Length: 2\r\n\r\n", b"{}")
        peer.sendall(b"HTTP/1.1 200 OK\r\n" + head + body)

    with listening(serve) as root, real(root, clock) as subject:
        assert subject.get("/users").body == b"{}"
        assert subject.retries == 3
    assert len(served) == 4


def test_a_hanging_provider(clock: Clock) -> None:
    released = threading.Event()
    with listening(lambda _: (released.wait(5), None)[1]) as root, real(root, clock, timeout=0.05) as subject:
        with pytest.raises(Unreachable) as caught:
            subject.get("/users", tries=2)
        released.set()
    assert caught.value.what == "The provider did not answer: timed out after 0.05 s (tried twice)."
    assert isinstance(caught.value.__cause__, httpx.TimeoutException)


def test_speaking_tls_to_a_plain_server(clock: Clock) -> None:
    with (
        listening(lambda peer: peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as root,
        real(root.replace("http:", "https:"), clock) as subject,
        pytest.raises(Unreachable, match="TLS: "),
    ):
        subject.get("/users", tries=1)


@pytest.mark.parametrize(
    ("cause", "words", "tries"),
    [
        (socket.gaierror(-2, "Name or service not known"), "unknown host sis.example (tried five times)", 5),
        (ssl.SSLCertVerificationError(1, "x"), "TLS: certificate verify failed", 1),
        (OSError(113, "x"), "no route to host (tried five times)", 5),
    ],
)
def test_reasons_from_the_system(clock: Clock, cause: Exception, words: str, tries: int) -> None:
    if isinstance(cause, ssl.SSLCertVerificationError):
        cause.verify_message = "self-signed certificate"

    def handler(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno] x") from cause

    settings = connection(oauth_version="1.0a")
    with (
        Client(settings, transport=httpx.MockTransport(handler), sleep=clock.sleep, clock=clock) as subject,
        pytest.raises(Unreachable) as caught,
    ):
        subject.get("/users")
    assert words in caught.value.what
    assert subject.requests == tries


def test_importing_the_counter_is_quiet_and_leaves_the_faces_out() -> None:
    code = (
        "import sys, oneroster_tui.provider.client;"
        "print([name for name in sys.modules if name.startswith(('authlib.integrations', 'textual'))])"
    )
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert (run.stdout.strip(), run.stderr) == ("[]", "")
