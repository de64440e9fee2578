"""The key room: signatures against a base string written by hand from RFC 5849, tokens against RFC 6749."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneroster_tui.config import Connection
from oneroster_tui.errors import ConfigError, NotFound, ProviderError, Unauthorized, Unreachable, Unreadable
from oneroster_tui.provider.answers import Reply
from oneroster_tui.provider.auth import OAuth1, OAuth2ClientCredentials, base_string, sign
from oneroster_tui.provider.token import conceal, read_token, token_request
from tests.provider import counter

TOKEN_URL = "https://sis.example/token?tenant=7"


def connection(**changes: Any) -> Connection:
    mine = {
        "token_url": TOKEN_URL,
        "root_url": "https://sis.example",
        "client_id": "the id",
        "client_secret": "s3cr+t/ü:&",
    }
    return counter.connection(**(mine | changes))


def reply(body: bytes | str, status: int = 200, **headers: str) -> Reply:
    raw = body.encode() if isinstance(body, str) else body
    return Reply(raw, httpx.Headers(headers), 0.25, TOKEN_URL, status)


def granted_with(token: str, more: str) -> Reply:
    return reply(f'{{"access_token":"{token}",{more}}}')


# -- OAuth 1.0a ------------------------------------------------------------------------------------------------------

RFC_PARAMETERS = [
    ("oauth_consumer_key", "9djdj82h48djs9d2"),
    ("oauth_token", "kkk9d7dh3k39sjv7"),
    ("oauth_signature_method", "HMAC-SHA1"),
    ("oauth_timestamp", "137131201"),
    ("oauth_nonce", "7d8f3e4a"),
    ("c2", ""),
    ("a3", "2 q"),
]


def test_the_base_string_of_rfc_5849_section_3_4_1_1() -> None:
    url = httpx.URL("http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b")
    assert base_string("post", url, RFC_PARAMETERS) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2"
        "%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth"
        "_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )


def by_hand(method: str, address: str, parameters: list[tuple[str, str]], secret: str, digest: str) -> str:
    """RFC 5849 3.4 written down once more, with nothing of Authlib or of the code under test."""

    def enc(text: str) -> str:
        return quote(text, safe="-._~")

    pairs = sorted((enc(key), enc(value)) for key, value in parameters if key != "oauth_signature")
    text = "&".join(map(enc, (method, address, "&".join(f"{key}={value}" for key, value in pairs))))
    return base64.b64encode(hmac.new((enc(secret) + "&").encode(), text.encode(), digest).digest()).decode()


def header_parameters(request: httpx.Request) -> dict[str, str]:
    scheme, _, rest = request.headers["Authorization"].partition(" ")
    assert scheme == "OAuth"
    return {key: unquote(value.strip('"')) for key, value in (part.split("=", 1) for part in rest.split(", "))}


def signed(settings: Connection, url: httpx.URL) -> httpx.Request:
    return next(OAuth1(settings, now=lambda: 1_700_000_000.9).auth_flow(httpx.Request("GET", url)))


@pytest.mark.parametrize(("method", "digest"), [("HMAC-SHA256", "sha256"), ("HMAC-SHA1", "sha1")])
@pytest.mark.parametrize("client_id", ["key", "a b", "per%41cent", 'quo"te, and=comma', "ключ"])
@pytest.mark.parametrize(
    "url",
    [
        "https://sis.example/ims/oneroster/v1p1/users?limit=100&offset=0",
        "https://SIS.example:443/users?filter=dateLastModified%3E%272024-01-01%27%20AND%20status%3D%27active%27",
        "http://127.0.0.1:8080/a%20b/%C3%BC?blank=&twice=2&twice=1&plus=a+b&pct=%2541&tilde=~",
        "https://sis.example",
    ],
)
def test_the_header_carries_a_signature_made_by_hand(url: str, client_id: str, method: str, digest: str) -> None:
    settings = connection(oauth_version="1.0a", oauth1_signature=method, client_id=client_id)
    request = signed(settings, httpx.URL(url))
    sent = header_parameters(request)
    assert sent["oauth_consumer_key"] == client_id
    assert sent["oauth_timestamp"] == "1700000000"
    assert sent["oauth_version"] == "1.0"
    query = parse_qsl(request.url.query.decode(), keep_blank_values=True)
    port = f":{request.url.port}" if request.url.port else ""
    address = f"{request.url.scheme}://{request.url.host}{port}{request.url.raw_path.decode().split('?')[0]}"
    expected = by_hand("GET", address, [*sent.items(), *query], settings.client_secret, digest)
    assert sent["oauth_signature"] == expected


@given(st.dictionaries(st.text(min_size=1), st.text()), st.text())
def test_any_query_is_signed_as_it_is_decoded_by_the_server(params: dict[str, str], secret: str) -> None:
    params = {key: value for key, value in params.items() if not key.startswith("oauth_") and key != "realm"}
    url = httpx.URL("https://sis.example/users").copy_with(
        query="&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in params.items()).encode()
    )
    protocol = [("oauth_nonce", "n")]
    expected = by_hand("GET", "https://sis.example/users", [*protocol, *params.items()], secret, "sha256")
    assert sign("GET", url, protocol, secret, "HMAC-SHA256") == expected


def test_every_try_has_a_new_nonce_and_the_secret_is_fetched_once() -> None:
    asked = []

    class Asked(Connection):
        def secret(self) -> str:
            asked.append(1)
            return "x"

    values = {name: getattr(connection(), name) for name in Connection.__dataclass_fields__}
    auth = OAuth1(Asked(**values))
    request = httpx.Request("GET", "https://sis.example/users")
    nonces = {header_parameters(next(auth.auth_flow(request)))["oauth_nonce"] for _ in range(20)}
    assert len(nonces) == 20
    assert len(asked) == 1
    assert len(request.headers.get_list("Authorization")) == 1


# -- OAuth 2.0 -------------------------------------------------------------------------------------------------------


def test_the_token_request_form_encodes_id_and_secret_into_basic() -> None:
    request = token_request(connection(), "s3cr+t/ü:&", ["one", "two"])
    assert str(request.url) == TOKEN_URL
    pair = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode("ascii")
    assert pair == "the+id:s3cr%2Bt%2F%C3%BC%3A%26"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.content == b"grant_type=client_credentials&scope=one+two"


def test_the_token_request_in_the_body() -> None:
    request = token_request(connection(client_auth="body"), "s&", [])
    assert "Authorization" not in request.headers
    assert request.content == b"grant_type=client_credentials&client_id=the+id&client_secret=s%26"


@given(st.text(), st.text())
def test_basic_round_trip(client_id: str, secret: str) -> None:
    request = token_request(connection(client_id=client_id), secret, [])
    encoded = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode("ascii").split(":")
    assert [parse_qsl(f"x={part}", keep_blank_values=True)[0][1] for part in encoded] == [client_id, secret]


@pytest.mark.parametrize(
    ("expires_in", "lifetime", "good_until"),
    [
        ("3600", 3600, 3540),
        ('"600"', 600, 540),
        ("100", 100, 90),
        ("1.5", 1.5, 1.35),
        ("0", None, None),
        ("-5", None, None),
        ('"soon"', None, None),
        ('"nan"', None, None),
        ('"inf"', None, None),
        ("1e300", 1e300, 1e300),
        ("true", None, None),
        ("null", None, None),
        ("[3600]", None, None),
    ],
)
def test_odd_lifetimes_are_survived(expires_in: str, lifetime: float | None, good_until: float | None) -> None:
    token = read_token(granted_with("t", f'"token_type":"BEARER","expires_in":{expires_in}'), "", 0.0)
    assert token.facts.expires_in == lifetime
    assert token.good_until == (pytest.approx(good_until) if good_until else float("inf"))


@pytest.mark.parametrize(
    ("scope", "granted"),
    [('"a  b"', ("a", "b")), ('["a","b"]', ("a", "b")), ("null", ()), ("7", ()), ('"a\\u001b[31m b"', ("a", "b"))],
)
def test_granted_scopes(scope: str, granted: tuple[str, ...]) -> None:
    assert read_token(granted_with("t", f'"scope":{scope}'), "", 0.0).facts.scopes == granted


@pytest.mark.parametrize(
    ("body", "status", "kind", "words"),
    [
        (
            '{"error":"invalid_client","error_description":"no\\u001b[2J such client"}',
            401,
            Unauthorized,
            "no such client",
        ),
        ('{"error":"invalid_client"}', 400, Unauthorized, "invalid_client"),
        ('{"error":"invalid_client"}', 200, Unauthorized, "invalid_client"),
        ("<html>log in</html>", 401, Unauthorized, "(401)"),
        ("<html>log in</html>", 200, Unreadable, "web page"),
        ("token=abc", 200, Unreadable, "something else"),
        ("[]", 200, Unreadable, "something else"),
        (b"\xff{", 200, Unreadable, "something else"),
        ("", 200, Unreadable, "something else"),
        ('{"token":"abc"}', 200, Unreadable, "no usable access_token"),
        ('{"access_token":""}', 200, Unreadable, "no usable access_token"),
        ('{"access_token":7}', 200, Unreadable, "no usable access_token"),
        ('{"access_token":"a\\nb"}', 200, Unreadable, "no usable access_token"),
        ("nothing here", 404, ProviderError, "404 Not Found"),
        ("", 405, ProviderError, "405"),
        ("", 302, ProviderError, "302"),
        ("", 503, Unreachable, "503"),
        ("", 599, Unreachable, "599"),
    ],
)
def test_token_refusals(body: str | bytes, status: int, kind: type[ProviderError], words: str) -> None:
    with pytest.raises(kind) as caught:
        read_token(reply(body, status), "hush", 0.0)
    error = caught.value
    assert type(error) is kind
    assert not isinstance(error, NotFound)
    assert words in error.what
    assert error.status == status
    assert error.do
    assert error.where == "POST https://sis.example/token?tenant=…"
    assert "\x1b" not in str(error)


def test_a_provider_that_echoes_the_secret_is_not_repeated() -> None:
    body = (
        '{"error":"invalid_client","error_description":"bad secret hush%2Fhush for client x, hush/hush'
        + "!" * 500
        + '"}'
    )
    with pytest.raises(Unauthorized) as caught:
        read_token(reply(body, 401), "hush/hush", 0.0)
    assert "hush" not in str(caught.value)
    assert len(caught.value.what) < 400
    assert conceal("with Bearer abc.def-123 and Basic dXNlcjpwYXNz") == "with Bearer … and Basic …"
    assert conceal('oauth_signature="abc%3D", x') == 'oauth_signature="…", x'
    assert conceal("token T0k", "T0k", "") == "token …"


class Endpoint:
    """Stands in for the client: answers token requests from a list, the last one again and again."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> Reply:
        self.requests.append(request)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


def tokens(*values: str) -> Endpoint:
    return Endpoint(*(granted_with(value, '"expires_in":3600') for value in values))


def roster_client(auth: httpx.Auth, accepts: Callable[[str], bool]) -> httpx.Client:
    def handler(request: httpx.Request) -> httpx.Response:
        good = accepts(request.headers["Authorization"].removeprefix("Bearer "))
        return httpx.Response(200 if good else 401, text="{}")

    return httpx.Client(transport=httpx.MockTransport(handler), auth=auth)


def test_a_token_serves_until_its_margin_and_is_renewed_after() -> None:
    now = [0.0]
    endpoint = tokens("one", "two")
    auth = OAuth2ClientCredentials(connection(), endpoint, clock=lambda: now[0])
    with roster_client(auth, lambda token: True) as client:
        client.get("https://sis.example/users")
        now[0] = 3539
        client.get("https://sis.example/users")
        assert len(endpoint.requests) == 1
        now[0] = 3541
        client.get("https://sis.example/users")
        assert len(endpoint.requests) == 2


def test_a_401_is_cured_by_one_renewal() -> None:
    endpoint = tokens("one", "two")
    with roster_client(OAuth2ClientCredentials(connection(), endpoint), lambda token: token == "two") as client:
        assert client.get("https://sis.example/users").status_code == 200
        assert client.get("https://sis.example/users").status_code == 200
    assert len(endpoint.requests) == 2


def test_a_refusal_that_is_renewed_is_not_read() -> None:
    read: list[int] = []

    class Body(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            read.append(1)
            yield b"{}"

    def handler(request: httpx.Request) -> httpx.Response:
        good = request.headers["Authorization"] == "Bearer two"
        return httpx.Response(200, text="{}") if good else httpx.Response(401, stream=Body())

    auth = OAuth2ClientCredentials(connection(), tokens("one", "two"))
    with httpx.Client(transport=httpx.MockTransport(handler), auth=auth) as client:
        assert client.get("https://sis.example/users").status_code == 200
    assert not read


def test_a_second_401_is_left_to_the_client() -> None:
    endpoint = tokens("one", "two", "three")
    with roster_client(OAuth2ClientCredentials(connection(), endpoint), lambda token: False) as client:
        assert client.get("https://sis.example/users").status_code == 401
    assert len(endpoint.requests) == 2


def test_unwelcome_scopes_are_left_out_when_they_were_our_guess() -> None:
    refused = reply('{"error":"invalid_scope"}', 400)
    endpoint = Endpoint(refused, reply('{"access_token":"t"}'))
    assert OAuth2ClientCredentials(connection(), endpoint).renew().scopes == ()
    assert [b"scope=" in request.content for request in endpoint.requests] == [True, False]
    endpoint = Endpoint(refused)
    with pytest.raises(Unauthorized, match="invalid_scope"):
        OAuth2ClientCredentials(connection(scopes=("mine",)), endpoint).renew()
    assert len(endpoint.requests) == 1


def in_threads(count: int, work: Callable[[], object]) -> list[object]:
    results: list[object] = []

    def run() -> None:
        try:
            results.append(work())
        except ProviderError as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    return results


class Slow(Endpoint):
    """Answers only after all other threads have come to wait; notes how many ask at once."""

    def __init__(self, *replies: Reply) -> None:
        super().__init__(*replies)
        self.inside = self.most = 0

    def __call__(self, request: httpx.Request) -> Reply:
        self.inside += 1
        self.most = max(self.most, self.inside)
        threading.Event().wait(0.05)
        self.inside -= 1
        return super().__call__(request)


def test_threads_share_one_token_request() -> None:
    endpoint = Slow(*tokens("one").replies)
    with roster_client(OAuth2ClientCredentials(connection(), endpoint), lambda token: True) as client:
        results = in_threads(8, lambda: client.get("https://sis.example/users").status_code)
    assert results == [200] * 8
    assert len(endpoint.requests) == endpoint.most == 1


def test_threads_share_one_renewal() -> None:
    endpoint = Slow(*tokens("one", "two", "three").replies)
    auth = OAuth2ClientCredentials(connection(), endpoint)
    auth.renew()
    with roster_client(auth, lambda token: token == "two") as client:
        results = in_threads(8, lambda: client.get("https://sis.example/users").status_code)
    assert results == [200] * 8
    assert len(endpoint.requests) == 2


def test_threads_share_one_failure_and_the_next_request_tries_again() -> None:
    endpoint = Slow(reply('{"error":"invalid_client"}', 401))
    auth = OAuth2ClientCredentials(connection(), endpoint)
    with roster_client(auth, lambda token: True) as client:
        results = in_threads(4, lambda: client.get("https://sis.example/users"))
        assert [type(result) for result in results] == [Unauthorized] * 4
        assert {str(result) for result in results} == {str(results[0])}
        assert "client_auth" in str(results[0])
        assert len(endpoint.requests) == 1
        endpoint.replies = tokens("one").replies
        assert client.get("https://sis.example/users").status_code == 200


def test_a_token_that_was_asked_for_ahead_serves_the_first_request() -> None:
    endpoint = Slow(*tokens("one", "two").replies)
    auth = OAuth2ClientCredentials(connection(), endpoint)
    auth.ask_ahead()
    with roster_client(auth, lambda token: token == "one") as client:
        assert client.get("https://sis.example/users").status_code == 200
    assert len(endpoint.requests) == 1


def test_a_failure_ahead_is_the_first_requests_and_is_not_tried_twice() -> None:
    endpoint = Slow(reply('{"error":"invalid_client"}', 401))
    auth = OAuth2ClientCredentials(connection(), endpoint)
    auth.ask_ahead()
    with roster_client(auth, lambda token: True) as client:
        with pytest.raises(Unauthorized, match="client_auth"):
            client.get("https://sis.example/users")
        assert len(endpoint.requests) == 1
        endpoint.replies = tokens("one").replies
        assert client.get("https://sis.example/users").status_code == 200


def test_a_secret_that_cannot_be_had_is_told_by_the_first_request() -> None:
    settings = connection(client_secret="", client_secret_env="ONEROSTER_TUI_NOBODY_SET_THIS")
    auth = OAuth2ClientCredentials(settings, tokens("one"))
    auth.ask_ahead()
    with roster_client(auth, lambda token: True) as client, pytest.raises(ConfigError):
        client.get("https://sis.example/users")


def test_nothing_shows_the_secret_or_the_token() -> None:
    secret, value = "s3cr+t/ü:&", hashlib.sha1(b"token").hexdigest()
    endpoint = tokens(value)
    oauth2 = OAuth2ClientCredentials(connection(), endpoint)
    oauth2.renew()
    oauth1 = OAuth1(connection())
    next(oauth1.auth_flow(httpx.Request("GET", "https://sis.example/")))
    shown = f"{oauth2!r} {oauth1!r} {oauth2.renew()!r} {read_token(endpoint.replies[0], '', 0.0)!r}"
    assert secret not in shown
    assert value not in shown
    assert "tenant=7" not in shown
    assert oauth2.conceal(f"bad {value}") == "bad …"
    assert oauth1.conceal(f"bad {secret}") == "bad …"
