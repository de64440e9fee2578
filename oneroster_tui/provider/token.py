"""The mint: what a token request looks like, and what its answer tells (RFC 6749; spec 3.3). No I/O."""

from __future__ import annotations

import math
import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, urlencode

import httpx
import msgspec

from oneroster_tui.errors import ProviderError, Unauthorized, Unreachable, Unreadable
from oneroster_tui.provider.answers import Reply, safe_url, status_words
from oneroster_tui.provider.retry import RETRIED_STATUSES
from oneroster_tui.text import sanitise

if TYPE_CHECKING:
    from oneroster_tui.config import Connection

_CREDENTIALS = re.compile(
    r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}|\b(oauth_signature|access_token|client_secret)([\"']?\s*[=:]\s*[\"']?)[^\s\"'&,]+"
)
_MARGIN_SECONDS, _MARGIN_SHARE = 60.0, 0.1


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What a token answer said, without the token: for `check`.

    `scopes` are those granted, empty when the answer does not say; `expires_in` is in seconds, None when unknown;
    `seconds` is how long the request took.
    """

    scopes: tuple[str, ...]
    expires_in: float | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, its facts, and when to stop using it, on the clock of its owner."""

    value: str = field(repr=False)
    facts: TokenFacts
    good_until: float


def conceal(text: str, *known: str) -> str:
    """Take secrets out of text a provider sent: the known ones, and whatever looks like a credential."""
    for secret in filter(None, known):
        for form in (secret, quote_plus(secret)):
            text = text.replace(form, "…")
    return _CREDENTIALS.sub(lambda match: (match[1] + " " if match[1] else match[2] + match[3]) + "…", text)


def token_request(connection: Connection, secret: str, scopes: Iterable[str]) -> httpx.Request:
    """The POST for a token (RFC 6749 4.4.2): Basic with id and secret form-encoded (2.3.1), or both in the body.

    A query string in token_url stays.
    """
    form = {"grant_type": "client_credentials"}
    if scope := " ".join(scopes):
        form["scope"] = scope
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    if connection.client_auth == "body":
        form |= {"client_id": connection.client_id, "client_secret": secret}
    else:
        pair = f"{quote_plus(connection.client_id)}:{quote_plus(secret)}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    return httpx.Request("POST", connection.token_url, headers=headers, content=urlencode(form))


def read_token(reply: Reply, secret: str, now: float) -> Token:
    """The token in an answer; tolerant of a missing or odd `expires_in`, `scope` and `token_type` (spec 3.3).

    Args:
        reply: the token endpoint's answer.
        secret: taken out of anything the provider says.
        now: the owner's clock.

    Raises:
        Unauthorized: the endpoint refused the client.
        Unreadable: the answer holds no token that can be sent.
        ProviderError: the address is wrong, or the endpoint is out of order.
    """
    answer = json_object(reply)
    value = answer.get("access_token")
    if not 200 <= reply.status < 300 or ("error" in answer and not value):
        raise _token_refusal(reply, answer, secret)
    where = f"POST {safe_url(reply.url)}"
    if not answer:
        page = "a web page" if reply.is_html() else "something else"
        raise Unreadable(
            f"The token endpoint answered with {page} instead of a token.",
            where=where,
            do="Check token_url in [connection].",
            status=reply.status,
        )
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]+", value):  # RFC 6750; anything else cannot be a header
        raise Unreadable(
            "The token endpoint's answer holds no usable access_token.",
            where=where,
            do="Check token_url in [connection]; if it is right, ask the provider for its OAuth 2 documentation.",
            status=reply.status,
        )
    lifetime = _lifetime(answer.get("expires_in"))
    margin = min(_MARGIN_SECONDS, _MARGIN_SHARE * lifetime) if lifetime else 0.0
    return Token(
        value=value,
        facts=TokenFacts(_granted(answer.get("scope")), lifetime, reply.seconds),
        good_until=now + lifetime - margin if lifetime else math.inf,  # unknown: until a 401 says otherwise
    )


def json_object(reply: Reply) -> dict[str, object]:
    """The answer as a JSON object; empty when it is anything else."""
    try:
        return msgspec.json.decode(reply.body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def _lifetime(value: object) -> float | None:
    """`expires_in` in seconds; None when it is absent, not above 0, or not a number (some send it as text)."""
    if not isinstance(value, int | float | str) or isinstance(value, bool):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds < math.inf else None


def _granted(value: object) -> tuple[str, ...]:
    words = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(sanitise(word, 200) for word in words if isinstance(word, str))


def _token_refusal(reply: Reply, answer: dict[str, object], secret: str) -> ProviderError:
    said = ": ".join(str(answer[key]) for key in ("error", "error_description") if isinstance(answer.get(key), str))
    words = sanitise(conceal(said, secret))
    said = f" It said: {words}" if words else ""
    kind: type[ProviderError] = ProviderError  # not NotFound or Rejected: those speak of a collection
    if reply.status in (200, 400, 401, 403):
        kind = Unauthorized
        what = f"The token endpoint refused this client ({reply.status})."
        do = 'Check client_id, client_secret and scopes in [connection]; some providers want client_auth = "body".'
    elif reply.status in RETRIED_STATUSES or reply.status >= 500:
        kind = Unreachable
        what = f"The token endpoint did not answer: it said {status_words(reply.status)}."
        do = "The fault lies with the provider: try again later, and tell its administrator if it stays."
    else:
        what = f"There is no token endpoint at this address: it said {status_words(reply.status)}."
        do = "Check token_url in [connection]."
    return kind(what + said, where=f"POST {safe_url(reply.url)}", do=do, status=reply.status)
