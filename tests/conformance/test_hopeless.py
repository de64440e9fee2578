"""Providers with which nothing can be done: the examination ends within its bounds, with a card that can be read."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import httpx
import pytest

from oneroster_tui.errors import ExitCode, Stopped
from oneroster_tui.provider.conformance.card import Card, Outcome
from oneroster_tui.provider.conformance.examine import Bounds, Examination
from oneroster_tui.provider.conformance.junit import junit
from oneroster_tui.provider.conformance.page import page
from oneroster_tui.provider.conformance.text import lines
from tests.conformance.examining import connection, examined
from tests.provider_lab.running import FastClock
from tests.provider_lab.whole import LabTransport, WholeProvider

TIMEOUT = 20.0


class Hopeless(httpx.BaseTransport):
    """Gives a token where `token` is set; answers everything else with `answer`, and takes `seconds` over it."""

    def __init__(
        self,
        answer: Callable[[httpx.Request], httpx.Response],
        clock: FastClock,
        seconds: float = 0.0,
        token: bool = True,
    ) -> None:
        self.answer, self.clock, self.seconds, self.token = answer, clock, seconds, token
        self.requests = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        if self.token and request.url.path == "/token":
            return httpx.Response(200, json={"access_token": "T", "token_type": "bearer", "expires_in": 3600})
        self.clock.sleep(self.seconds)
        return self.answer(request)


def timed_out(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("", request=request)


def trickle(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, stream=Drops())


class Drops(httpx.SyncByteStream):
    """A body without an end, a blank at a time."""

    clock = FastClock()

    def __iter__(self) -> Iterator[bytes]:
        for _ in itertools.count():
            self.clock.sleep(1)
            yield b" "


def status(code: int) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(code, text="no")


def lie(body: str) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(200, text=body, headers={"X-Total-Count": "99999999", "Link": '</x>; rel="next"'})


LIES = [
    "",
    "null",
    "7",
    "[]",
    "{}",
    '"text"',
    '{"users": {"a": [1, null]}}',
    '{"orgs": [null, 1, [], "x", {"sourcedId": {}, "type": [], "parent": {"sourcedId": []}}]}',
    '{"orgs": [{"sourcedId": "a", "roles": [null, {"org": 7}], "role": [], "terms": [null], "status": 1, "primary": {}}]}',
    "[" * 5000 + "]" * 5000,
    '{"statusInfoSet": [{"imsx_codeMajor": {"x": 1}}], "error": [7]}',
    "<html><body>Log in</body></html>",
    '{"' + "k" * 10_000 + '": 1}',
    '{"\\u001b[31mred\\u001b[0m": [], "<script>alert(1)</script>": []}',
]


def readable(card: Card) -> None:
    """The card is whole in every form."""
    told = "\n".join(lines(card))
    assert told.count(" grade ") == 4
    assert told.splitlines()[-1].startswith("conformance version=1.1 grades=")
    assert "\x1b" not in told + page(card) + junit(card)
    assert "<script" not in page(card)
    assert all(f'name="{check.name}"' in junit(card) for check in card.checks)


@pytest.mark.parametrize("token", [True, False], ids=["token", "no-token"])
@pytest.mark.parametrize("kind", ["timeouts", "500", "503", "429", "404", "401", "403", "302", "418"])
def test_refused_every_time(kind: str, token: bool) -> None:
    clock = FastClock()
    answer = timed_out if kind == "timeouts" else status(int(kind))
    transport = Hopeless(answer, clock, TIMEOUT if kind == "timeouts" else 0.1, token)
    card = examined(connection(timeout=TIMEOUT), transport, Bounds(100, 120), clock)
    readable(card)
    assert card.requests == transport.requests <= 100
    assert card.seconds <= 120 + TIMEOUT + 1
    assert card.count(Outcome.FAILED)
    assert len(card.checks) == len(Examination(connection()).steps)
    refused_as_odd = kind == "418" and token  # an answer, though none that anybody foresaw
    expected = (ExitCode.RECORD_PROBLEMS,) if refused_as_odd else (ExitCode.UNAUTHORIZED, ExitCode.INCOMPLETE)
    assert card.exit_code in expected


@pytest.mark.parametrize("body", LIES, ids=range(len(LIES)))
def test_lies(body: str) -> None:
    clock = FastClock()
    card = examined(connection(), Hopeless(lie(body), clock), clock=clock)
    readable(card)
    assert card.count(Outcome.FAILED)
    assert card.exit_code is not ExitCode.DONE


def test_answers_that_never_end() -> None:
    clock = Drops.clock
    card = examined(connection(timeout=TIMEOUT), Hopeless(trickle, clock), Bounds(100, 60), clock)
    readable(card)
    assert card.seconds <= 60 + TIMEOUT
    assert "60 seconds have passed" in card.ended_early
    assert card.exit_code is ExitCode.INCOMPLETE


def test_no_more_requests_than_allowed() -> None:
    provider = WholeProvider()
    card = examined(connection(), LabTransport(provider), Bounds(requests=30))
    assert len(provider.asked) == card.requests == 30
    assert "30 requests were sent" in card.ended_early
    assert card.exit_code is ExitCode.INCOMPLETE
    assert {check.untested for check in card.checks if check.name == "sort_ascending"} == {card.ended_early}
    readable(card)


def test_it_can_be_stopped() -> None:
    provider = WholeProvider()
    examination = Examination(
        connection(), transport=LabTransport(provider), stopping=lambda: len(provider.asked) >= 12, clock=FastClock()
    )
    with pytest.raises(Stopped):
        list(examination)
    assert len(provider.asked) == examination.card.requests == 12
    assert 0 < len(examination.card.checks) < len(examination.steps)
    readable(examination.card)
