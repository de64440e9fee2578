"""Moodle's web services over REST: one call at a time, tried again where that may help; errors in a person's words.

Moodle answers 200 also when it refuses: the body then is an object with `exception`, `errorcode` and `message`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import httpx
import msgspec

from oneroster_tui.errors import ConfigError, ExportError, Forbidden, Unauthorized, Unreachable, Unreadable
from oneroster_tui.provider.retry import RETRIED_STATUSES, TRIES, Patience, backoff, retry_after, worth_a_retry
from oneroster_tui.provider.transport import CONNECT_SECONDS, USER_AGENT, trust
from oneroster_tui.text import sanitise

PATH = "/webservice/rest/server.php"
BUDGET = 6 * 3600.0
"""Seconds that a push may take in all; what is not done by then, the next one does."""

BAD_TOKEN = frozenset({"invalidtoken", "invalidtimedtoken", "forcepasswordchangenotice"})
NOT_ALLOWED = frozenset(
    {
        "accessexception",
        "nopermissions",
        "servicenotavailable",
        "requireloginerror",
        "usernotallowed",
        "restrictedcontextexception",
    }
)
"""Moodle's error codes for a token that may not do this at all: no other record would fare better."""

NOT_TAKEN = frozenset({429, 503})
"""Answers of a server that did not take the request: it is busy, or under maintenance."""

MOST_VARIABLES = 1000
"""PHP's `max_input_vars` by default: what is beyond is dropped without a word."""


class Refused(ExportError):
    """Moodle did not take a call; `code` is its own word for why."""

    def __init__(self, what: str, *, code: str, where: str) -> None:
        super().__init__(what, where=where, do="correct the record, or what Moodle allows")
        self.code = code


class MoodleClient:
    """Calls web-service functions.

    Args:
        url: the site's address.
        token: of a user who may call the functions.
        timeout: seconds for each answer.
        stopping: asked before each call and while waiting.
        transport: stands in for the network in tests.
        sleep, clock: the same for waiting.
    """

    def __init__(
        self,
        url: str,
        token: str,
        timeout: float,
        *,
        stopping: Callable[[], bool] = lambda: False,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = url.rstrip("/")
        self.calls = 0
        self._token = token
        self._patience = Patience(stopping, BUDGET, sleep=sleep, clock=clock)
        secure = self.url.startswith("https:") and transport is None
        try:
            self._http = httpx.Client(
                headers={"User-Agent": USER_AGENT},
                timeout=httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS)),
                verify=trust() if secure else False,  # plain http has nothing to verify
                transport=transport,
            )
        except (OSError, ImportError, ValueError, httpx.InvalidURL):
            raise ConfigError(
                "The trusted certificates, or the proxy that the environment names, cannot be used.",
                where="the environment variables SSL_CERT_FILE, SSL_CERT_DIR, HTTPS_PROXY, HTTP_PROXY, ALL_PROXY",
                do="correct or unset them",
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def call(self, function: str, parameters: Mapping[str, Any], *, once: bool = False) -> Any:
        """Calls a function; gives its decoded answer.

        Args:
            parameters: lists and objects as Python has them.
            once: for what creates: a lost answer may have been a yes, so it is sent again only where nobody took it.

        Raises:
            Refused: Moodle did not take it.
            Unauthorized, Forbidden: the token is not good, or not for this.
            Unreachable: no answer, or none of the kind that ends waiting.
            Unreadable: the answer is not JSON.
            Stopped: somebody asked for it.
        """
        form = {
            "wstoken": self._token,
            "wsfunction": function,
            "moodlewsrestformat": "json",
            **dict(flattened(parameters)),
        }
        for attempt in range(1, TRIES + 1):
            self._patience.check(self.url)
            self.calls += 1
            try:
                answer = self._http.post(f"{self.url}{PATH}", data=form)
            except httpx.RequestError as error:
                if once or attempt == TRIES or not worth_a_retry(error):
                    raise Unreachable(
                        f"Moodle does not answer ({type(error).__name__}).",
                        where=self.url,
                        do="check [moodle] url and the site; run again: the push goes on where it was",
                    ) from None  # httpx's error carries the request, token and all
                self._patience.wait(backoff(attempt))
                continue
            if answer.status_code in (NOT_TAKEN if once else RETRIED_STATUSES) and attempt < TRIES:
                self._patience.wait(max(backoff(attempt), retry_after(answer.headers)))
                continue
            return self._read(function, answer)
        raise AssertionError("unreachable")

    def pause(self, attempt: int) -> None:
        """Waits before another try of what must not be sent twice without a look; longer each time.

        Raises:
            Stopped, Unreachable: as for `call`.
        """
        self._patience.wait(backoff(attempt))

    def _read(self, function: str, answer: httpx.Response) -> Any:
        """The answer, or what it says is wrong.

        Raises:
            Refused, Unauthorized, Forbidden, Unreachable, Unreadable: as for `call`.
        """
        where = f"{self.url} {function}"
        if answer.status_code in RETRIED_STATUSES:
            raise Unreachable(
                f"Moodle answers {answer.status_code}.",
                where=where,
                do="wait, and run again: the push goes on where it was",
            )
        try:
            found = msgspec.json.decode(answer.content) if answer.content.strip() else None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Unreadable(
                f"Moodle's answer is not JSON (HTTP {answer.status_code}).",
                where=where,
                do="check [moodle] url, and that web services with the REST protocol are enabled there",
            ) from None
        if isinstance(found, dict) and ("exception" in found or "errorcode" in found):
            raise self._error(where, found)
        if answer.status_code >= 400:
            raise Unreadable(f"Moodle answers {answer.status_code}.", where=where, do="check [moodle] url")
        return found

    def _error(self, where: str, found: Mapping[str, Any]) -> Exception:
        """Moodle's refusal as an error. Its words may hold the token only where somebody else put it there."""
        code = sanitise(str(found.get("errorcode", "")), 60)
        told = " ".join(str(found[key]) for key in ("message", "debuginfo") if found.get(key))
        said = sanitise(told.replace(self._token, "…"), 300)
        if code in BAD_TOKEN:
            return Unauthorized(f"Moodle does not take the token ({code}).", where=where, do="set [moodle] token anew")
        if code in NOT_ALLOWED:
            return Forbidden(
                f"The token may not do this ({code}). It said: {said}",
                where=where,
                do="give its user the capabilities, and its service the functions, that docs/moodle.md lists",
            )
        return Refused(f"Moodle refused ({code}). It said: {said}", code=code, where=where)


def flattened(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Parameters as a form has them: `users[0][username]`."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from flattened(item, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield from flattened(item, f"{name}[{place}]")
    else:
        yield name, str(int(value)) if isinstance(value, bool) else str(value)
