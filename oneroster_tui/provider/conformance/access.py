"""Getting in: tokens, refusals of those who have none, signatures; the first two sections of the card."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx

from oneroster_tui.provider.auth import OAuth1
from oneroster_tui.provider.conformance.card import Section
from oneroster_tui.provider.conformance.errors import judge_error
from oneroster_tui.provider.conformance.trial import Step, Trial, Untested, accepted
from oneroster_tui.provider.conformance.wire import Heard
from oneroster_tui.provider.endpoints import BASE_PATHS, scopes_for
from oneroster_tui.provider.token import token_request
from oneroster_tui.text import sanitise

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def steps(*, oauth1: bool) -> Iterator[Step]:
    """The checks, in order."""
    here = Section.AUTHENTICATION
    if not oauth1:
        yield Step(
            here,
            "token",
            "A token by client credentials, with HTTP Basic",
            "200 with an access_token; client id and secret may come as HTTP Basic",
            "RFC 6749 sections 2.3.1, 4.4 and 5.1; OneRoster 1.2, security",
            token,
        )
    yield Step(
        here,
        "service",
        "The service is at the version's path",
        "orgs below " + ", ".join(f"{path} ({version})" for version, path in BASE_PATHS.items()),
        "OneRoster 1.1 and 1.2, REST binding: base URL",
        service,
    )
    for name, title, work in (
        ("no_credentials", "Without credentials nothing is given", no_credentials),
        ("bad_credentials", "With a wrong token or signature nothing is given", bad_credentials),
    ):
        yield Step(
            here, name, title, "401, with status information", "RFC 6750 section 3; OneRoster: HTTP status codes", work
        )
    there = Section.OAUTH
    yield Step(
        there,
        "oauth_version",
        "The OAuth version is one that this OneRoster version has",
        "1.0: OAuth 1.0a; 1.1: OAuth 1.0a or 2.0; 1.2: OAuth 2.0 client credentials",
        "OneRoster 1.1 and 1.2, security",
        oauth_version,
    )
    yield Step(there, "tls", "Requests go over TLS", "https", "OneRoster 1.1 and 1.2, security", tls)
    if not oauth1:
        yield Step(
            there,
            "scopes",
            "The specification's scopes are granted",
            "a token for roster-core.readonly and roster.readonly",
            "OneRoster 1.1 and 1.2, security: scopes",
            scopes,
        )
    yield Step(
        there,
        "parameters_with_blanks",
        "A request with blanks in a parameter is accepted" + (", signed" if oauth1 else ""),
        "GET /users?filter=givenName='Colin Robert' is answered",
        "OneRoster 1.1 conformance: sign a request with URL parameters with spaces in the value",
        blanks,
    )


def token(trial: Trial) -> None:
    """Asks for a token as the settings say; where that is refused, in the other way."""
    connection = trial.wire.connection
    scopes_asked = connection.scopes or scopes_for(connection.oneroster_version)
    secret = connection.secret()
    heard = trial.note(trial.wire.ask_token(token_request(connection, secret, scopes_asked)))
    if _error(heard) == "invalid_scope" and not connection.scopes:
        trial.find("scopes_refused", f"{heard.status} invalid_scope")
        heard = trial.note(trial.wire.ask_token(token_request(connection, secret, ())))
        scopes_asked = ()
    other = replace(connection, client_auth="body" if connection.client_auth == "basic" else "basic")
    if connection.client_auth == "basic" and heard.status in (400, 401, 403):
        again = trial.note(trial.wire.ask_token(token_request(other, secret, scopes_asked)))
        if _token(again):
            trial.find("basic_refused", f"{heard.status} {_error(heard)}")
            trial.wire.use(other)
            heard = again
    elif connection.client_auth == "body" and _token(heard):
        again = trial.note(trial.wire.ask_token(token_request(other, secret, scopes_asked)))
        if again.status in (400, 401, 403):
            trial.find("basic_refused", f"{again.status} {_error(again)}")
    if not _token(heard):
        came = heard.silence or f"{heard.status} {_error(heard) or 'without a token'}"
        trial.find(_no_token(heard), came)
        trial.known.wanted = f"there is no token ({came.rstrip('.')})"
        return
    _judge_token(trial, heard.document)


def _token(heard: Heard) -> str:
    """The access token of an answer; "" where it holds none."""
    value = heard.document.get("access_token") if heard.good and isinstance(heard.document, dict) else None
    return value if isinstance(value, str) else ""


def _error(heard: Heard) -> str:
    """OAuth's word for what went wrong."""
    word = heard.document.get("error") if isinstance(heard.document, dict) else None
    return sanitise(word, 60) if isinstance(word, str) else ""


def _no_token(heard: Heard) -> str:
    if heard.reply is None or heard.reply.status >= 500 or heard.reply.status == 429:
        return "token_unreachable"
    if heard.good:
        return "token_error_as_200" if _error(heard) else "token_unreadable"
    return "token_refused" if heard.reply.status in (400, 401, 403) else "token_unreadable"


def _judge_token(trial: Trial, answer: dict[str, Any]) -> None:
    kind = answer.get("token_type")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        trial.find("token_type", sanitise(f"“{kind}”", 40) if kind else "not there")
    if "expires_in" not in answer:
        trial.find("expiry_missing", "no expires_in")
    else:
        lasts = answer["expires_in"]
        if isinstance(lasts, bool) or not isinstance(lasts, int | float) or lasts <= 0:
            trial.find("expiry_malformed", sanitise(f"“{lasts}”", 40))
    if not isinstance(answer.get("scope", ""), str):
        trial.find("scope_malformed", "a list" if isinstance(answer["scope"], list) else "not text")


def service(trial: Trial) -> None:
    """Looks for the service; nothing else can be tried where it is nowhere."""
    _let_in(trial)
    missing = trial.wire.find_service()
    if missing is not None:
        trial.asked.append("GET /orgs?limit=1")
        trial.status = missing.status
        trial.find("service_not_found", f"{missing.status} at every known path")
        trial.known.wanted = "there is no rostering service at this address"
        return
    expected = BASE_PATHS[trial.version]
    trial.asked.append("GET /orgs?limit=1")
    if not trial.wire.base_url.endswith(expected):
        trial.find("other_base_path", urlsplit(trial.wire.base_url).path or "/")


def _let_in(trial: Trial) -> None:
    if trial.known.wanted:
        raise Untested(trial.known.wanted)


class _Nobody(httpx.Auth):
    """No credentials at all."""


class _Stranger(httpx.Auth):
    """A token that nobody gave out."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = "Bearer this-token-was-never-given-out"
        yield request


class _Forger(httpx.Auth):
    """The client's own OAuth 1.0a header, with another signature."""

    def __init__(self, own: OAuth1) -> None:
        self._own = own

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        signed = next(self._own.auth_flow(request))
        head, mark, _ = signed.headers["Authorization"].rpartition('oauth_signature="')
        signed.headers["Authorization"] = f'{head}{mark}AAAAAAAAAAAAAAAAAAAAAAAAAAA%3D"'
        yield signed


def no_credentials(trial: Trial) -> None:
    """Asks without an Authorization header."""
    _let_in(trial)
    _expect_401(trial, _Nobody())


def bad_credentials(trial: Trial) -> None:
    """Asks with a token, or a signature, that is none."""
    _let_in(trial)
    connection = trial.wire.connection
    _expect_401(trial, _Forger(OAuth1(connection)) if connection.oauth_version == "1.0a" else _Stranger())


def _expect_401(trial: Trial, auth: httpx.Auth) -> None:
    heard = trial.get("orgs", {"limit": "1"}, auth=auth, wrong=True)
    if heard.reply is None:
        trial.find("no_answer", heard.silence)
    elif heard.good and heard.document is not None and not any(w.code_major == "failure" for w in heard.words):
        trial.find("open_door", f"{heard.status}, and data")
    elif heard.status != 401:
        trial.find("wrong_refusal", f"{heard.status}")
    else:
        judge_error(trial, heard, ("unauthorized", "unauthorised", "unauthorisedrequest", "unauthorizedrequest"))


def oauth_version(trial: Trial) -> None:
    """Whether this version of OneRoster knows this version of OAuth; nothing is asked."""
    _let_in(trial)
    if trial.version == "1.2" and trial.wire.connection.oauth_version == "1.0a":
        trial.find("oauth1_in_1_2", "requests are signed with OAuth 1.0a")


def tls(trial: Trial) -> None:
    """Whether the addresses are https; nothing is asked, and this computer's own addresses are let be."""
    connection = trial.wire.connection
    for name, url in (("root_url", connection.root_url), ("token_url", connection.token_url)):
        parts = urlsplit(url)
        if parts.scheme == "http" and parts.hostname in _LOOPBACK:
            raise Untested("the provider is on this computer")
        if parts.scheme == "http":
            trial.find("plain_http", f"{name} begins with http://")


def scopes(trial: Trial) -> None:
    """Whether the specification's scopes are granted, where the settings ask for others."""
    _let_in(trial)
    connection = trial.wire.connection
    known = scopes_for(trial.version)
    if not known:
        raise Untested("OneRoster 1.0 has no scopes")
    if not connection.scopes:
        return  # the token was asked for with these already
    foreign = [scope for scope in connection.scopes if not scope.startswith(known[0].rpartition("/")[0])]
    if foreign:
        trial.find("own_scopes", sanitise(foreign[0], 80))
    heard = trial.note(trial.wire.ask_token(token_request(connection, connection.secret(), known)))
    if not _token(heard):
        trial.find("scopes_refused", f"{heard.status} {_error(heard)}")


def blanks(trial: Trial) -> None:
    """Filters for a name with a blank in it; whom that finds does not matter."""
    _let_in(trial)
    heard = trial.get("users", {"limit": "1", "filter": "givenName='Colin Robert'"})
    if heard.status == 401:
        if trial.get("users", {"limit": "1"}).status == 401:
            raise Untested("users are answered with 401, whatever the parameters")
        trial.find("spaces_refused", "401")
    elif heard.reply is not None and heard.reply.status in (400, 403, 404, 501):
        raise Untested(f"filters are answered with {heard.status}")
    else:
        accepted(trial, heard)
