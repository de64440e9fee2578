"""The counter: one HTTP client for a run, shared by its threads; it sends, waits, tries again, and only ever reads."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, Self
from urllib.parse import parse_qsl, quote, urlencode

import httpx

from oneroster_tui.errors import NotFound, Rejected, Unreadable, WebPage
from oneroster_tui.provider.answers import Reply, no_answer, refusal, safe_url
from oneroster_tui.provider.auth import OAuth1, OAuth2ClientCredentials
from oneroster_tui.provider.base import Base
from oneroster_tui.provider.endpoints import base_urls
from oneroster_tui.provider.retry import RETRIED_STATUSES, TRIES, Patience, backoff, retry_after, worth_a_retry
from oneroster_tui.provider.token import TokenFacts
from oneroster_tui.provider.transport import USER_AGENT, checked_url, http_client
from oneroster_tui.text import sanitise

if TYPE_CHECKING:
    from oneroster_tui.config import Connection

__all__ = ["Client", "Reply", "TokenFacts"]

MAX_BODY: Final = 256 * 1024 * 1024
"""Bytes of one unzipped answer that are read; ten times the largest page seen, and less than would hurt a server."""
MAX_OTHER: Final = 1024 * 1024
"""The same for token answers and for everything that is not a 2xx."""
MAX_REDIRECTS: Final = 5


class Client:
    """Reads a OneRoster provider.

    Args:
        connection: the [connection] settings.
        stopping: asked before each request, between the pieces of an answer and while waiting.
        budget_seconds: what the whole run may take; no retry starts after it.
        base_url: where the service was found before (`base_url` of an earlier client); tried first.
        transport: stands in for the network in tests.
        sleep, clock, jitter: replaced by tests.

    Raises:
        ConfigError: root_url, token_url or the environment's proxy cannot be used.
    """

    kind: Literal["service"] = "service"
    """Tells it from a `Bundle`, without loading either."""

    def __init__(
        self,
        connection: Connection,
        *,
        stopping: Callable[[], bool] = lambda: False,
        budget_seconds: float = 3600,
        base_url: str = "",
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._base = Base(base_urls(connection.root_url, connection.oneroster_version), base_url)
        self.requests = 0
        self.retries = 0
        self.redirects = 0
        self._connection = connection
        self._origin = _origin(checked_url(self.base_url, "root_url"))
        self._auth: OAuth1 | OAuth2ClientCredentials
        if connection.oauth_version == "1.0a":
            self._auth = OAuth1(connection)
        else:
            checked_url(connection.token_url, "token_url")
            self._auth = OAuth2ClientCredentials(connection, self._fetch_token, clock=clock)
        self._patience = Patience(stopping, budget_seconds, sleep=sleep, clock=clock)
        self._jitter = jitter
        self._clock = clock
        self._checked: dict[str, httpx.URL] = {}  # the last address that was asked for
        self._counting = threading.Lock()
        self._http = http_client(connection, transport, self._starting)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({safe_url(self.base_url)!r})"

    @property
    def base_url(self) -> str:
        """Where the service starts, without a slash at the end; another one once the first was found to be empty."""
        return self._base.url

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, params: Mapping[str, str] = {}, *, tries: int = TRIES) -> Reply:
        """GET one address of the service; where the first one asked for is not there, another base path may be.

        Args:
            path: below the base path, with ids percent-encoded, or a whole address on the same server (a `next` link).
            params: query parameters, not encoded; they replace those of the same name in `path`.
            tries: how often at most it is sent.

        Raises:
            Unreachable: no good answer after all tries (`__cause__` is httpx's error, for time-outs); 5xx, 429.
            Unauthorized, Forbidden, NotFound, Rejected: 401, 403, 404, and every other refusal, `status` telling which.
            Unreadable: a web page, or more than 256 MiB.
            Stopped: the run was asked to stop.
        """
        if path.startswith(("http://", "https://")):
            return self._get(path, params, tries)
        base, path = self._base.url, path.lstrip("/")
        try:
            reply = self._get(f"{base}/{path}", params, tries)
        except (NotFound, WebPage):
            if not self._base.moves(base, lambda address, few: self._get(address, few, 1)):
                raise
            return self._get(f"{self._base.url}/{path}", params, tries)
        self._base.settle()
        return reply

    def ask(
        self, path: str, params: Mapping[str, str] = {}, *, auth: httpx.Auth | None = None, tries: int = TRIES
    ) -> Reply:
        """GET one address of the service and give its answer whatever the status: for those who judge answers.

        Args:
            path: below the base path, with ids percent-encoded, or a whole address on the same server.
            auth: other credentials than this client's.

        Raises:
            Unreachable: no answer at all, after all tries.
            Unauthorized: the token endpoint refused the client.
            Rejected: a whole address on another server.
        """
        address = path if path.startswith(("http://", "https://")) else f"{self.base_url}/{path.lstrip('/')}"
        return self._send(self._get_request(self._address(address, params)), auth or self._auth, tries, "root_url")[0]

    def ask_ahead(self) -> None:
        """Have a token asked for while the caller does something else; under OAuth 1.0a there is nothing to ask for."""
        if isinstance(self._auth, OAuth2ClientCredentials):
            self._auth.ask_ahead()

    def remember(self, base_url: str) -> None:
        """Try first where the service was found before; for when that is known only after the client was opened."""
        self._base = Base(base_urls(self._connection.root_url, self._connection.oneroster_version), base_url)

    def ask_token(self, request: httpx.Request) -> Reply:
        """Send a token request and give its answer whatever the status; raises Unreachable when none comes."""
        return self._fetch_token(request)

    @property
    def refused_tokens(self) -> int:
        """How often a 401 made this client ask for another token."""
        return self._auth.refused if isinstance(self._auth, OAuth2ClientCredentials) else 0

    def _get(self, address: str, params: Mapping[str, str], tries: int) -> Reply:
        request = self._get_request(self._address(address, params))
        reply, tried = self._send(request, self._auth, tries, "root_url")
        error = refusal(
            reply,
            base_url=self.base_url,
            oauth1=isinstance(self._auth, OAuth1),
            tries=tried,
            clean=self._auth.conceal,
        )
        if error is not None:
            raise error
        return reply

    def token(self) -> TokenFacts | None:
        """Ask for a token now and say what came, for `check`; None under OAuth 1.0a, which has none.

        Raises:
            Unauthorized: the client was refused.
            ProviderError: token_url is wrong, out of order or out of reach.
        """
        return self._auth.renew() if isinstance(self._auth, OAuth2ClientCredentials) else None

    def _address(self, address: str, params: Mapping[str, str]) -> httpx.URL:
        """The whole address, its query in RFC 3986's encoding: what is sent decodes to what is signed (spec 2.3)."""
        url = self._checked.get(address) or self._check(address)
        pairs = [pair for pair in parse_qsl(url.query.decode(), keep_blank_values=True) if pair[0] not in params]
        query = urlencode([*pairs, *params.items()], quote_via=quote, safe="")
        return url.copy_with(query=query.encode() or None, fragment=None)

    def _check(self, address: str) -> httpx.URL:
        """An address on the provider's own server; kept at hand, as a collection's pages all have the same.

        Raises:
            Rejected: it cannot be read, or leads elsewhere.
        """
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL:
            raise Rejected(
                "The provider gave an address that cannot be read.", where=sanitise(address), do="Tell the provider."
            ) from None
        if _origin(url) == ("http", self._origin[1], None) and self._origin[0] == "https":
            url = url.copy_with(scheme="https", port=self._origin[2])  # behind a proxy, servers write http into links
        if _origin(url) != self._origin:
            raise Rejected(
                f"The provider's link leads to another server: {safe_url(url.copy_with(query=None))}.",
                where=f"GET {safe_url(self.base_url)}",
                do="Credentials are never sent to another server: put the right address into root_url.",
            )
        self._checked = {address: url}
        return url

    def _get_request(self, url: httpx.URL) -> httpx.Request:
        return self._http.build_request("GET", url, headers={"Accept": "application/json"})

    def _fetch_token(self, request: httpx.Request) -> Reply:
        request.headers["User-Agent"] = USER_AGENT
        return self._send(request, httpx.Auth(), TRIES, "token_url")[0]

    def _send(self, request: httpx.Request, auth: httpx.Auth, tries: int, setting: str) -> tuple[Reply, int]:
        """Send until an answer comes that would not be different next time; also how often it was sent."""
        where = partial(_place, request)
        attempt = 0
        while True:
            attempt += 1
            self._patience.check(where)
            wait = backoff(attempt, self._jitter)
            try:
                reply = self._exchange(request, auth)
            except (httpx.TransportError, httpx.DecodingError) as error:
                if attempt >= tries or not worth_a_retry(error) or wait >= self._patience.left():
                    timeout = self._connection.timeout
                    raise no_answer(error, where=where(), setting=setting, timeout=timeout, tries=attempt) from error
            else:
                wait = max(wait, retry_after(reply.headers))
                if reply.status not in RETRIED_STATUSES or attempt >= tries or wait >= self._patience.left():
                    return reply, attempt
            with self._counting:
                self.retries += 1
            self._patience.wait(wait)

    def _exchange(self, request: httpx.Request, auth: httpx.Auth) -> Reply:
        """One answer, read to its end; a GET follows redirects on the same server, each hop signed anew."""
        reply = self._once(request, auth)
        for _ in range(MAX_REDIRECTS):
            target = self._redirect(reply) if request.method == "GET" else None
            if target is None:
                break
            with self._counting:
                self.redirects += 1
            reply = self._once(self._get_request(target), auth)
        return reply

    def _redirect(self, reply: Reply) -> httpx.URL | None:
        if reply.status not in (301, 302, 303, 307, 308) or "Location" not in reply.headers:
            return None
        try:
            return self._address(str(httpx.URL(reply.url).join(reply.headers["Location"])), {})
        except (httpx.InvalidURL, Rejected):  # the answer itself says it better: `refusal` names the target
            return None

    def _once(self, request: httpx.Request, auth: httpx.Auth) -> Reply:
        response = self._http.send(request, auth=auth, stream=True)
        try:
            body = self._read(response)
        finally:
            response.close()
        if response.is_success and body[:1] in (b"{", b"[") and body[-64:].rstrip()[-1:] not in (b"}", b"]"):
            raise httpx.RemoteProtocolError("the JSON ends in the middle", request=request)  # no length was announced
        seconds = self._clock() - response.request.extensions["started"]
        return Reply(body, response.headers, seconds, str(response.url), response.status_code)

    def _read(self, response: httpx.Response) -> bytes:
        """The body, bounded: a server cannot fill the memory, nor hold up the run by sending a byte now and then."""
        limit = MAX_BODY if response.is_success and response.request.method == "GET" else MAX_OTHER
        where = partial(_place, response.request)
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > limit and response.is_success:
                raise Unreadable(
                    f"The answer is larger than {limit // 1024**2} MiB and was not read to its end.",
                    where=where(),
                    do="Set a smaller page_size in [connection].",
                    status=response.status_code,
                )
            chunks.append(chunk)
            if size > limit:  # of an error the beginning is enough
                break
            self._patience.check(where)
        return b"".join(chunks)

    def _starting(self, request: httpx.Request) -> None:
        request.extensions["started"] = self._clock()  # here, and not in `_once`, the token is already at hand
        with self._counting:
            self.requests += 1


def _place(request: httpx.Request) -> str:
    return f"{request.method} {safe_url(request.url)}"


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
