"""The counter: what is sent, retries, refusals and limits, on made-up transports; nothing here sleeps."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qsl

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

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
from tests.provider.counter import BASE, SECRET, TOKEN, Clock, client, connection, fails, raw

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
