"""The demo room, oauth: lets in whoever knows the client secret, by OAuth 2.0 bearer token or OAuth 1.0a signature.

Written after RFC 6749 (client credentials) and RFC 5849, apart from the client's own signing, so that each checks the
other. Knows nothing of HTTP libraries: strings in, a verdict out.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urlsplit

TOKEN_SECONDS = 3600
OLDEST_SECONDS, NEWEST_SECONDS = 600, 300
"""How far an OAuth 1.0a timestamp may lie in the past and in the future."""

_DIGESTS = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
_PARAMETER = re.compile(r'\s*([^=\s,]+)="([^"]*)"\s*')


@dataclass(frozen=True)
class Credentials:
    """The one client this server knows."""

    client_id: str
    client_secret: str = field(repr=False)

    def match(self, client_id: str, client_secret: str) -> bool:
        """Whether both are right; in a time that tells nothing."""
        right_id = hmac.compare_digest(client_id.encode(), self.client_id.encode())
        return hmac.compare_digest(client_secret.encode(), self.client_secret.encode()) and right_id


@dataclass(frozen=True)
class TokenAnswer:
    """What the token endpoint says: an HTTP status and a JSON object (RFC 6749 sections 5.1 and 5.2)."""

    status: int
    body: dict[str, str | int]


@dataclass
class Gate:
    """Issues tokens and checks requests. `clock` gives Unix seconds."""

    credentials: Credentials
    scopes: tuple[str, ...]
    clock: Callable[[], float] = time.time
    _tokens: dict[str, float] = field(default_factory=dict, repr=False)
    _nonces: dict[tuple[int, str], float] = field(default_factory=dict, repr=False)

    def issue(self, authorization: str, form: Mapping[str, str]) -> TokenAnswer:
        """Answer a token request: its Authorization header ("" for none) and its decoded form."""
        if not self._knows_client(authorization, form):
            return _refused(401, "invalid_client", "The client id or the client secret is wrong.")
        grant = form.get("grant_type", "")
        if not grant:
            return _refused(400, "invalid_request", "grant_type is missing.")
        if grant != "client_credentials":
            return _refused(400, "unsupported_grant_type", "Only client_credentials is supported.")
        asked = form.get("scope", "").split()
        granted = [scope for scope in self.scopes if not asked or scope in asked]
        if self.scopes and not granted:  # OneRoster 1.0 has none
            return _refused(400, "invalid_scope", "None of the scopes asked for exists here.")
        now = self.clock()
        self._tokens = {token: end for token, end in self._tokens.items() if end > now}
        token = secrets.token_urlsafe(32)
        self._tokens[token] = now + TOKEN_SECONDS
        answer: dict[str, str | int] = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "scope": " ".join(granted),
        }
        return TokenAnswer(200, answer)

    def refusal(self, method: str, url: str, authorization: str) -> str:
        """Why a request may not pass, "" when it may. `url` is the whole address as the client sent it."""
        scheme, _, rest = authorization.partition(" ")
        if scheme.lower() == "bearer":
            known = self._tokens.get(rest.strip(), 0.0) > self.clock()
            return "" if known else "The access token is unknown or has expired."
        if scheme.lower() == "oauth":
            return self._bad_signature(method, url, rest)
        return "There is no Authorization header with a Bearer token or an OAuth 1.0a signature."

    def _knows_client(self, authorization: str, form: Mapping[str, str]) -> bool:
        scheme, _, rest = authorization.partition(" ")
        if scheme.lower() != "basic":
            return self.credentials.match(form.get("client_id", ""), form.get("client_secret", ""))
        try:
            name, _, secret = base64.b64decode(rest, validate=True).decode().partition(":")
        except ValueError:  # not base64, or not UTF-8 in it
            return False
        # RFC 6749 section 2.3.1 wants both form-encoded; many clients send them as they are.
        return self.credentials.match(name, secret) or self.credentials.match(unquote_plus(name), unquote_plus(secret))

    def _bad_signature(self, method: str, url: str, header: str) -> str:
        given = {unquote(name): unquote(value) for name, value in _PARAMETER.findall(header)}
        digest = _DIGESTS.get(given.get("oauth_signature_method", ""))
        if digest is None:
            return f"oauth_signature_method must be one of {', '.join(_DIGESTS)}."
        stamp, nonce, now = given.get("oauth_timestamp", ""), given.get("oauth_nonce", ""), self.clock()
        is_number = stamp.isascii() and stamp.isdigit() and len(stamp) < 12
        if not is_number or not now - OLDEST_SECONDS <= int(stamp) <= now + NEWEST_SECONDS:
            return "oauth_timestamp is missing or too far from this server's clock."
        if given.get("oauth_version", "1.0") != "1.0":
            return "oauth_version must be 1.0."
        base = signature_base_string(method, url, given.items())
        key = f"{_escape(self.credentials.client_secret)}&".encode()
        wanted = base64.b64encode(hmac.new(key, base.encode(), digest).digest())
        signature = given.get("oauth_signature", "").encode()
        same_client = hmac.compare_digest(
            given.get("oauth_consumer_key", "").encode(), self.credentials.client_id.encode()
        )
        if not (hmac.compare_digest(signature, wanted) and same_client):
            return "The consumer key or the signature is wrong."
        # Only a request with the right signature may use a nonce up: nobody else can spoil one.
        self._nonces = {used: end for used, end in self._nonces.items() if end > now}
        if not nonce or (int(stamp), nonce) in self._nonces:
            return "oauth_nonce is missing or was used before."
        self._nonces[int(stamp), nonce] = int(stamp) + OLDEST_SECONDS
        return ""


def signature_base_string(method: str, url: str, parameters: Iterable[tuple[str, str]]) -> str:
    """What an OAuth 1.0a client signs (RFC 5849 section 3.4.1); `parameters` are those of the header, decoded."""
    parts = urlsplit(url)
    host = parts.netloc.lower()
    default_port = {"http": ":80", "https": ":443"}.get(parts.scheme.lower(), "")
    if default_port and host.endswith(default_port):
        host = host.removesuffix(default_port)
    pairs = [pair for pair in parameters if pair[0] not in ("oauth_signature", "realm")]
    pairs += parse_qsl(parts.query, keep_blank_values=True)
    encoded = sorted((_escape(name), _escape(value)) for name, value in pairs)
    normalised = "&".join(f"{name}={value}" for name, value in encoded)
    address = f"{parts.scheme.lower()}://{host}{parts.path or '/'}"
    return "&".join((method.upper(), _escape(address), _escape(normalised)))


def _escape(text: str) -> str:
    """RFC 5849 section 3.6: everything but letters, digits and `-._~`."""
    return quote(text, safe="~")


def _refused(status: int, error: str, description: str) -> TokenAnswer:
    return TokenAnswer(status, {"error": error, "error_description": description})
