"""Faults on real sockets: a run completes or ends with 7, and the roster is right either way."""

from __future__ import annotations

import gc
import random
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.provider_lab.district import district, roster_of
from tests.provider_lab.running import Outcome, Setup, good_database, holds, run
from tests.provider_lab.server import Answer, Fault, LabProvider, Request, said, web_page
from tests.provider_lab.table import MAPPED

RIGHT = roster_of(district(), "1.1", ("s1", "s2"), MAPPED)
EMPTY: dict[str, set[object]] = {table: set() for table in RIGHT}
Judge = Callable[[Request, int], Answer | None]
"""(request, how often the same one came before) -> a failure, or None."""


@pytest.fixture(autouse=True)
def broken_connections() -> Iterator[None]:
    """Collects what a run left behind that gave up while threads were still waiting: sockets of theirs, which warn.

    Not before the run's end: in the middle of it the warning would strike whoever is at work.
    """
    gc.disable()
    try:
        yield
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
    finally:
        gc.enable()


def failing(judge: Judge) -> LabProvider:
    """A good provider but for what `judge` says."""
    provider = LabProvider()
    before: Counter[str] = Counter()

    def after(asked: Request, answer: Answer) -> Answer:
        key = f"{asked.path}?{sorted(asked.params.items())}"
        with provider.gate:
            count = before[key]
            before[key] += 1
        failure = judge(asked, count)
        if failure is None:
            return answer
        return Answer(answer.status, answer.body, answer.headers, failure.fault) if failure.fault else failure

    provider.after = after
    return provider


def both(judge: Judge, folder: Path, setup: Setup | None = None) -> tuple[Outcome, Outcome]:
    """A first sync, and one of a roster that was held."""
    outcomes = []
    for name, database in (("first", b""), ("held", good_database("1.1"))):
        (folder / name).mkdir()
        outcomes.append(run(failing(judge), setup or Setup(), folder / name, database))
    return outcomes[0], outcomes[1]


def assert_right(first: Outcome, held: Outcome) -> None:
    """Everything, or nothing."""
    assert first.code in (0, 7), first.said
    assert first.roster == (RIGHT if first.code == 0 else EMPTY), first.said
    assert held.code in (0, 7), held.said
    assert held.roster == RIGHT


@pytest.mark.parametrize("fault", ["drop", "cut", "short"])
def test_broken_answers_are_asked_for_again(fault: Fault, tmp_path: Path) -> None:
    """Every second page breaks off the first time."""
    first, held = both(lambda asked, count: Answer(fault=fault) if not count and asked.offset % 2 else None, tmp_path)
    assert_right(first, held)
    assert (first.code, held.code) == (0, 0)


@pytest.mark.parametrize("fault", ["drop", "cut", "short"])
def test_answers_that_break_again_and_again_end_the_run(fault: Fault, tmp_path: Path) -> None:
    first, held = both(lambda asked, _: Answer(fault=fault) if asked.collection == "users" else None, tmp_path)
    assert_right(first, held)
    assert (first.code, held.code) == (7, 7)
    assert "the answer broke off (tried five times)" in first.said


def test_json_that_was_cut_before_it_was_sent(tmp_path: Path) -> None:
    """The length is right, so only the JSON tells."""
    for name, end, said_so in (
        ("torn", b'{"users": [{"sourcedId": "s1-', "broke off"),
        ("odd", b'{"users": [}', "is not JSON"),
    ):
        (tmp_path / name).mkdir()
        first, held = both(
            lambda asked, _, end=end: Answer(200, end) if asked.collection == "users" else None, tmp_path / name
        )  # type: ignore[misc]
        assert_right(first, held)
        assert (first.code, held.code) == (7, 7)
        assert said_so in held.said


def test_hanging_pages(tmp_path: Path) -> None:
    """One page of each collection hangs once; then the users hang for good."""
    setup = Setup(connection={"timeout": 0.2})
    first, held = both(
        lambda asked, count: Answer(fault="hang") if count == 0 and asked.offset == 0 else None, tmp_path, setup
    )
    assert_right(first, held)
    assert (first.code, held.code) == (0, 0)
    (tmp_path / "more").mkdir()
    first, held = both(
        lambda asked, _: Answer(fault="hang") if asked.collection == "users" else None, tmp_path / "more", setup
    )
    assert_right(first, held)
    assert "timed out after 0.2 s (tried five times)" in held.said


def test_tokens_that_die_all_the_time(tmp_path: Path) -> None:
    """Each token is good for four requests, whatever it said."""
    for name, database in (("first", b""), ("held", good_database("1.1"))):
        provider = LabProvider()
        uses: Counter[str] = Counter()

        def allows(asked: Request, provider: LabProvider = provider, uses: Counter[str] = uses) -> bool:
            token = asked.headers.get("Authorization", "")
            with provider.gate:
                uses[token] += 1
                return provider.knows_token(asked) and uses[token] <= 4

        provider.allows = allows
        (tmp_path / name).mkdir()
        setup = Setup(connection={"concurrency": 1})  # two threads could wear out a token between refusal and retry
        outcome = run(provider, setup, tmp_path / name, database)
        assert (outcome.code, outcome.roster) == (0, RIGHT), outcome.said
        assert len(provider.tokens) >= 5


def test_a_token_endpoint_that_goes_away(tmp_path: Path) -> None:
    """The first token dies in mid-run, and there is no other."""
    provider = LabProvider()
    given: list[Request] = []

    def token(asked: Request) -> Answer:
        given.append(asked)
        return provider.good_token(asked) if len(given) == 1 else web_page(503)

    provider.token = token
    provider.allows = lambda asked: provider.knows_token(asked) and asked.collection != "users"
    outcome = run(provider, Setup(), tmp_path, good_database("1.1"))
    assert (outcome.code, outcome.roster) == (7, RIGHT)
    assert "The token endpoint did not answer: it said 503" in outcome.said


@pytest.mark.parametrize(("length", "code"), [(4, 0), (5, 7)])
def test_bursts_of_503(length: int, code: int, tmp_path: Path) -> None:
    first, held = both(lambda _, count: web_page(503) if count < length else None, tmp_path)
    assert_right(first, held)
    assert (first.code, held.code) == (code, code)
    assert first.slept > 1


def test_a_provider_that_dies_in_mid_run(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()

    def judge(asked: Request, _: int) -> Answer | None:
        seen["requests"] += 1
        return Answer(fault="drop") if seen["requests"] > 8 else None

    outcome = run(failing(judge), Setup(), tmp_path, good_database("1.1"))
    assert (outcome.code, outcome.roster) == (7, RIGHT)


KINDS: tuple[Callable[[], Answer], ...] = (
    lambda: Answer(fault="drop"),
    lambda: Answer(fault="cut"),
    lambda: Answer(fault="short"),
    lambda: web_page(502),
    lambda: said({}, 500),
    lambda: said({}, 429, Retry_After="3"),
)


def unlucky(seed: int, share: float) -> Judge:
    """Fails a share of all requests, in all ways; the same ones in each run, whatever the order of threads."""

    def judge(asked: Request, count: int) -> Answer | None:
        dice = random.Random(f"{seed} {asked.path} {sorted(asked.params.items())} {count}")
        return dice.choice(KINDS)() if dice.random() < share else None

    return judge


@pytest.mark.parametrize(("share", "codes"), [(0.3, {0}), (0.6, {0, 7})])
def test_a_share_of_requests_fails(share: float, codes: set[int], tmp_path: Path) -> None:
    """Where 30 % fail, five tries are nearly always enough; where 60 % do, they often are not."""
    found = set()
    for seed in range(8):
        (tmp_path / str(seed)).mkdir()
        first, held = both(unlucky(seed, share), tmp_path / str(seed))
        assert_right(first, held)
        found |= {first.code, held.code}
    assert found >= codes


def test_what_the_provider_lost_is_removed_all_the_same(tmp_path: Path) -> None:
    """A run that completes under failures also removes: it is a complete run."""
    provider = failing(unlucky(1, 0.3))
    provider.rows["enrollments"] = [row for row in provider.rows["enrollments"] if row["sourcedId"] != "s1-a-1"]
    outcome = run(provider, Setup(), tmp_path, good_database("1.1"))
    assert outcome.code == 0, outcome.said
    assert {row[0] for row in RIGHT["enrollments"]} - {row[0] for row in outcome.roster["enrollments"]} == {"s1-a-1"}
    assert holds(tmp_path / "roster.db")["users"] == RIGHT["users"]
