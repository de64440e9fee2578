"""The wire: asks one request at a time, within bounds, and notes what every answer shows whatever it is about."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec

from oneroster_tui.errors import NotFound, ProviderError, Rejected, WebPage
from oneroster_tui.provider.answers import Reply, safe_url
from oneroster_tui.provider.client import Client
from oneroster_tui.provider.retry import RETRIED_STATUSES, Patience, backoff, retry_after
from oneroster_tui.provider.statusinfo import StatusInfo, read_status
from oneroster_tui.text import sanitise

if TYPE_CHECKING:
    from oneroster_tui.config import Connection

TRIES: Final = 2
"""How often a request is sent at most: what fails once may be a gateway, what fails twice is the answer."""
SILENCES, FAILURES = 4, 24
"""After so many requests in a row without an answer, or with nothing but 429 and 5xx, the provider is left alone."""
LONGEST_TIMEOUT: Final = 20.0
"""Seconds: a report card asks for little at a time."""

_PEOPLE: Final = re.compile(r"(/(?:users|students|teachers|demographics|enrollments))/[^/?]+")
_VALUE: Final = re.compile(r"([\w.]+)(!=|>=|<=|=|>|<|~)'(.*?)'(?= AND | OR |$)")
_OPEN_FIELDS: Final = frozenset(("status", "role", "type", "dateLastModified", "roles.role", "class.sourcedId"))
_SHOWN: Final = ("limit", "offset", "sort", "orderBy", "fields", "filter")


class GaveUp(Exception):
    """Nothing more is asked; the text says why."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an examination may take at most. `seconds` is exceeded by one time-out at most (20 s)."""

    requests: int = 250
    seconds: float = 300.0


@dataclass(slots=True)
class Manner:
    """Something that answers show whatever was asked: how often, and where first."""

    count: int
    first: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of one request.

    Attributes:
        asked: method, path and parameters, without secrets and personal data.
        reply: the answer; None where none came.
        silence: why none came.
        document: its JSON; None where it is none.
    """

    asked: str
    reply: Reply | None = None
    silence: str = ""
    document: Any = None

    @property
    def status(self) -> int | None:
        """The HTTP status."""
        return self.reply.status if self.reply else None

    @property
    def good(self) -> bool:
        """Whether the status says that all went well."""
        return self.reply is not None and 200 <= self.reply.status < 300

    @property
    def words(self) -> tuple[StatusInfo, ...]:
        """The status information in it."""
        return read_status(self.document)

    def header(self, name: str) -> str:
        """A header; "" where it was not sent."""
        return self.reply.headers.get(name, "") if self.reply else ""


def masked(path: str, params: Mapping[str, str] = {}) -> str:
    """A request that may be shown: ids of people and values of filters are covered.

    Ids of orgs, sessions, courses and classes stay: a provider needs something to look for.
    """
    shown = [
        f"{name}={_filter(params[name]) if name == 'filter' else params[name]}" for name in _SHOWN if name in params
    ]
    text = _PEOPLE.sub(r"\1/•••", "/" + path.lstrip("/")) + ("?" + "&".join(shown) if shown else "")
    return sanitise(f"GET {text}", 300)


def _filter(text: str) -> str:
    return _VALUE.sub(lambda m: m[0] if m[1] in _OPEN_FIELDS else f"{m[1]}{m[2]}'•••'", text)


@dataclass
class Wire:
    """Asks a provider, with `connection`, until the bounds are reached.

    Attributes:
        transport: stands in for the network in tests; `sleep` and `clock` too.
        latencies: seconds of every answer.
        manners: by a rule's code.
    """

    connection: Connection
    bounds: Bounds
    stopping: Callable[[], bool] = lambda: False
    transport: httpx.BaseTransport | None = None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    latencies: list[float] = field(default_factory=list)
    manners: dict[str, Manner] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.began = self.clock()
        self.client = self._client()
        self._before, self._silences, self._failures = 0, 0, 0
        self._patience = Patience(self.stopping, self.bounds.seconds + 60, sleep=self.sleep, clock=self.clock)

    def _client(self) -> Client:
        patient = replace(self.connection, timeout=min(self.connection.timeout, LONGEST_TIMEOUT))
        return Client(
            patient,
            stopping=self.stopping,
            budget_seconds=max(0.0, self.bounds.seconds - self.seconds),
            transport=self.transport,
            sleep=self.sleep,
            clock=self.clock,
        )

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return self.clock() - self.began

    @property
    def requests(self) -> int:
        """How many requests were sent so far, retries and token requests included."""
        return self._before + self.client.requests

    @property
    def base_url(self) -> str:
        """Where the service is."""
        return self.client.base_url

    def use(self, connection: Connection) -> None:
        """Goes on with other settings."""
        self.close()
        self._before += self.client.requests
        self.connection = connection
        self.client = self._client()

    def close(self) -> None:
        """Closes the connections."""
        self.client.close()

    def find_service(self) -> ProviderError | None:
        """Looks where the service is; why it is nowhere, where it is nowhere."""
        self._check()
        try:
            self.client.get("orgs", {"limit": "1"}, tries=TRIES)
        except (NotFound, WebPage) as error:
            return error
        except ProviderError:
            pass  # it is there, and says something: the checks will see what
        return None

    def ask_token(self, request: httpx.Request) -> Heard:
        """Sends a token request."""
        self._check()
        asked = f"POST {safe_url(request.url)}"
        try:
            reply = self.client.ask_token(request)
        except ProviderError as error:
            return Heard(asked, silence=error.what)
        self.latencies.append(reply.seconds)
        return Heard(asked, reply, document=_decoded(reply.body)[0])

    def get(
        self, path: str, params: Mapping[str, str] = {}, *, auth: httpx.Auth | None = None, wrong: bool = False
    ) -> Heard:
        """GET an address of the service.

        Args:
            path: below the base path, or a whole address.
            auth: other credentials than the client's own.
            wrong: whether the request is one that a provider should complain about.

        Raises:
            GaveUp: the bounds are reached, or the provider does not answer any more.
            Stopped: the examination was asked to stop.
        """
        asked = masked(path.removeprefix(self.base_url).partition("?")[0], _params(path, params))
        redirects, refused = self.client.redirects, self.client.refused_tokens
        reply, failed, silence = self._twice(path, params, auth)
        if reply is None:
            return Heard(asked, silence=silence)
        document, oddity = _decoded(reply.body)
        heard = Heard(asked, reply, document=document)
        manners = {
            oddity: bool(oddity) and heard.good,
            "server_errors": failed and reply.status < 500,
            "token_refused_early": self.client.refused_tokens > refused and reply.status != 401,
            "redirected": self.client.redirects > redirects,
            "needless_warning": heard.good and not wrong and any(word.severity == "warning" for word in heard.words),
        }
        for code, shows in manners.items():
            if shows:
                self._note(code, asked)
        return heard

    def _twice(self, path: str, params: Mapping[str, str], auth: httpx.Auth | None) -> tuple[Reply | None, bool, str]:
        """An answer, or why none came, and whether the server failed before; what may be different next time is asked again.

        A 429 is no failure: the specification has it, and a provider may defend itself.
        """
        failed, silence = False, ""
        for attempt in range(1, TRIES + 1):
            self._check()
            try:
                reply = self.client.ask(path, params, auth=auth, tries=1)
            except Rejected as error:  # a link to another server
                return None, failed, error.what
            except ProviderError as error:
                failed, silence, wait = True, error.what, backoff(attempt)
                self._silences += 1
                if self._silences >= SILENCES:
                    raise GaveUp(f"the provider did not answer {SILENCES} times in a row: {error.what}") from None
            else:
                self._silences = 0
                self.latencies.append(reply.seconds)
                if reply.status not in RETRIED_STATUSES:
                    self._failures = 0
                    return reply, failed, ""
                self._failures += 1
                if self._failures >= FAILURES:
                    raise GaveUp(f"the provider answered {FAILURES} times in a row that it cannot: {reply.status}")
                if attempt == TRIES:
                    return reply, failed, ""
                failed = failed or reply.status != 429
                wait = max(backoff(attempt), retry_after(reply.headers))
            self._patience.wait(min(wait, max(0.0, self.bounds.seconds - self.seconds)))
        return None, failed, silence

    def _note(self, code: str, asked: str) -> None:
        self.manners.setdefault(code, Manner(0, asked)).count += 1

    def _check(self) -> None:
        if self.requests >= self.bounds.requests:
            raise GaveUp(f"{self.bounds.requests} requests were sent, the most that were allowed")
        if self.seconds >= self.bounds.seconds:
            raise GaveUp(f"{self.bounds.seconds:g} seconds have passed, the most that were allowed")


def _params(path: str, params: Mapping[str, str]) -> Mapping[str, str]:
    return dict(httpx.QueryParams(urlsplit(path).query)) | dict(params) if "?" in path else params


def _decoded(body: bytes) -> tuple[Any, str]:
    """The JSON of a body, and the code of what is odd about its bytes; None where it is no JSON."""
    oddity = ""
    if body.startswith(b"\xef\xbb\xbf"):
        body, oddity = body[3:], "byte_order_mark"
    try:
        body.decode()
    except UnicodeDecodeError:
        body, oddity = body.decode("utf-8", "replace").encode(), "bad_encoding"
    try:
        return msgspec.json.decode(body), oddity
    except (msgspec.DecodeError, RecursionError):
        return None, ""
