"""The key room: OAuth 2.0 client credentials and OAuth 1.0a signatures as httpx.Auth classes; threads may share them.

OAuth 1.0a stands on Authlib's RFC 5849 functions, not on its ClientAuth: that one refuses http to any host but this
computer, and decodes a consumer key twice. For OAuth 2.0 Authlib's Basic header does not form-encode id and secret, and
its token class fails on an odd `expires_in`; what is left of it is too little to import.
"""

from __future__ import annotations

import copy
import hmac
import secrets
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import httpx
from authlib.oauth1.rfc5849.parameters import prepare_headers
from authlib.oauth1.rfc5849.signature import construct_base_string
from authlib.oauth1.rfc5849.util import escape

from oneroster_tui.errors import ProviderError
from oneroster_tui.provider.answers import Reply, safe_url
from oneroster_tui.provider.endpoints import scopes_for
from oneroster_tui.provider.token import Token, TokenFacts, conceal, json_object, read_token, token_request

if TYPE_CHECKING:
    from oneroster_tui.config import Connection

_DIGESTS = {"HMAC-SHA256": "sha256", "HMAC-SHA1": "sha1"}


class OAuth2ClientCredentials(httpx.Auth):
    """Bearer tokens by the client credentials grant (RFC 6749 4.4; spec 3.3).

    One token serves all threads; one thread at a time asks for a new one, and the others wait for what it gets. They
    share its failure too, so that a wrong secret is tried once and not once a thread.

    Args:
        connection: the settings; the secret is resolved anew for each token request and never kept.
        fetch: sends a token request, with the retries that are due, and returns the answer whatever its status.
        clock: seconds that only go up.
    """

    def __init__(
        self,
        connection: Connection,
        fetch: Callable[[httpx.Request], Reply],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = connection
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._failure: ProviderError | None = None
        self._failed_ahead: ProviderError | None = None
        self._rounds = 0
        self.refused = 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}(token_url={safe_url(self._connection.token_url)!r})"

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the request with a token; on a 401 once more with a new one (quirk 12).

        Raises:
            Unauthorized: when the token endpoint refuses the client.
            ProviderError: when it cannot be reached or understood.
        """
        token = self._good_token()
        request.headers["Authorization"] = f"Bearer {token.value}"
        response = yield request
        if response.status_code == 401:
            self.refused += 1
            _drop_unread(response)
            token = self._good_token(refused=token)
            request.headers["Authorization"] = f"Bearer {token.value}"
            yield request

    def renew(self) -> TokenFacts:
        """Ask for a new token now, whatever is at hand, and say what came; raises as the flow does."""
        return self._good_token(refused=self._token).facts

    def ask_ahead(self) -> None:
        """Ask for a token on a thread of its own; the first request gets what comes of it, a failure too."""
        begun = threading.Event()

        def ask() -> None:
            with self._lock:
                begun.set()
                try:
                    self._token = self._request_token()
                except ProviderError as failure:
                    self._failed_ahead = failure
                except Exception:  # noqa: S110 -- nothing was sent; the first request meets the same, and tells it
                    pass

        threading.Thread(target=ask, name="token", daemon=True).start()
        begun.wait()  # so that no request comes in between

    def conceal(self, text: str) -> str:
        """Take the token out of a provider's words."""
        return conceal(text, self._token.value if self._token else "")

    def _good_token(self, refused: Token | None = None) -> Token:
        """The token at hand, or a new one when that is missing, old, or the one that was `refused`."""
        rounds = self._rounds
        with self._lock:
            token = self._token
            if token is not None and token is not refused and self._clock() < token.good_until:
                return token
            if self._rounds != rounds and self._failure is not None:  # it failed while this thread was waiting
                raise copy.copy(self._failure)
            failed_ahead, self._failed_ahead = self._failed_ahead, None
            try:
                self._failure = None
                if failed_ahead is not None:
                    raise failed_ahead
                self._token = self._request_token()
            except ProviderError as failure:
                self._failure = failure
                raise
            finally:
                self._rounds += 1
            return self._token

    def _request_token(self) -> Token:
        connection = self._connection
        scopes = connection.scopes or scopes_for(connection.oneroster_version)
        secret = connection.secret()
        reply = self._fetch(token_request(connection, secret, scopes))
        if reply.status == 400 and not connection.scopes and json_object(reply).get("error") == "invalid_scope":
            # The scopes were our guess; without any the server grants its own default (RFC 6749 3.3; spec 3.3).
            reply = self._fetch(token_request(connection, secret, ()))
        return read_token(reply, secret, self._clock())


def _drop_unread(response: httpx.Response) -> None:
    """Close a refusal without reading it: httpx would read all of it, however long, before the next request."""
    stream = response.stream
    response.stream = httpx.ByteStream(b"")
    if isinstance(stream, httpx.SyncByteStream):
        stream.close()


class OAuth1(httpx.Auth):
    """Two-legged OAuth 1.0a: every request signed in its Authorization header (RFC 5849; spec 3.2).

    Each try gets a new nonce and timestamp, for httpx asks for the flow anew. The secret is resolved at the first
    request and kept in memory only: a command cannot be run for each page.
    """

    def __init__(self, connection: Connection, *, now: Callable[[], float] = time.time) -> None:
        self._connection = connection
        self._now = now
        self._lock = threading.Lock()
        self._secret: str | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._connection.oauth1_signature})"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign the request; raises ConfigError when the secret cannot be resolved."""
        with self._lock:
            if self._secret is None:
                self._secret = self._connection.secret()
        protocol = [
            ("oauth_consumer_key", self._connection.client_id),
            ("oauth_nonce", secrets.token_hex(16)),
            ("oauth_signature_method", self._connection.oauth1_signature),
            ("oauth_timestamp", str(int(self._now()))),
            ("oauth_version", "1.0"),
        ]
        signed = sign(request.method, request.url, protocol, self._secret, self._connection.oauth1_signature)
        request.headers.update(prepare_headers([*protocol, ("oauth_signature", signed)]))
        yield request

    def conceal(self, text: str) -> str:
        """Take the secret out of a provider's words."""
        return conceal(text, self._secret or "")


def sign(method: str, url: httpx.URL, protocol: Iterable[tuple[str, str]], secret: str, signature_method: str) -> str:
    """The `oauth_signature` of a request without a token (RFC 5849 3.4.2), with HMAC-SHA256 or HMAC-SHA1."""
    text = base_string(method, url, protocol)
    key = f"{escape(secret)}&"
    return b64encode(hmac.digest(key.encode(), text.encode(), _DIGESTS[signature_method])).decode()


def base_string(method: str, url: httpx.URL, parameters: Iterable[tuple[str, str]]) -> str:
    """The signature base string (RFC 5849 3.4.1): method, address, and every parameter, of the query too.

    Args:
        method: GET, as a rule.
        url: as it goes over the wire; its query counts form-decoded.
        parameters: the protocol's own (and a form's), not encoded.
    """
    query = parse_qsl(url.query.decode("ascii"), keep_blank_values=True)
    # Authlib decodes oauth_ values once more than it should: what looks encoded in a consumer key would be lost.
    own = [(key, escape(value) if key.startswith("oauth_") else value) for key, value in [*query, *parameters]]
    address = f"{url.scheme}://{url.netloc.decode('ascii')}{url.raw_path.decode('ascii').partition('?')[0]}"
    return str(construct_base_string(method, address, own))
