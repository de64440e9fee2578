"""Walks over an in-memory collection whose server can be honest, odd, or wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field

import httpx
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from oneroster_tui.errors import NotFound, Rejected, Stopped, Unauthorized, Unreachable
from oneroster_tui.provider import paging, proof
from oneroster_tui.provider.dialects import Page
from oneroster_tui.provider.paging import Walk
from oneroster_tui.provider.proof import Proof
from oneroster_tui.records import Collection, Org, Problem

settings.register_profile("walks", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("walks")


@dataclass
class Reply:
    body: bytes
    headers: httpx.Headers
    seconds: float = 0.0


@dataclass
class Server:
    """A provider of `rows`; `claim` gives the total that it sends with a page, as header text."""

    rows: list[str]
    claim: Callable[[Server, list[str]], str | None] = lambda server, page: str(len(server.rows))
    clamp: int = 10**9
    offset: Callable[[int, int], int] = lambda offset, limit: offset
    ignores_limit: bool = False
    header: str = "X-Total-Count"
    before: Callable[[Server, int], None] = lambda server, number: None
    seconds: float = 0.0
    asked: list[tuple[int, int]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, path: str, params: Mapping[str, str]) -> Reply:
        offset, limit = int(params["offset"]), int(params["limit"])
        with self.lock:
            self.asked.append((offset, limit))
            self.before(self, len(self.asked))
            start = self.offset(offset, limit)
            end = len(self.rows) if self.ignores_limit else start + min(limit, self.clamp)
            page = self.rows[start:end]
            claim = self.claim(self, page)
        headers = httpx.Headers({} if claim is None else {self.header: claim})
        return Reply(json.dumps({"orgs": [{"sourcedId": row} for row in page]}).encode(), headers, self.seconds)

    def walk(self, page_size: int | str = 10, concurrency: int = 3, **options: object) -> Walk:
        return Walk(self.get, Collection.ORGS, page_size=page_size, concurrency=concurrency, **options)  # type: ignore[arg-type]


def ids(count: int) -> list[str]:
    return [f"r{number}" for number in range(count)]


def read(walk: Walk) -> list[str]:
    return [record.sourced_id for page in walk for record in page.records]


def no_total(server: Server, page: list[str]) -> str | None:
    return None


def page_total(server: Server, page: list[str]) -> str | None:
    return str(len(page))


def always(total: object) -> Callable[[Server, list[str]], str]:
    return lambda server, page: str(total)


honest_claims = st.sampled_from([Server.claim, no_total, page_total, always("many"), always(-1), always("1,000")])


@given(
    count=st.integers(0, 60),
    claim=honest_claims,
    clamp=st.integers(1, 30),
    page_size=st.integers(1, 25) | st.just("auto"),
    concurrency=st.integers(1, 5),
    ignores_limit=st.booleans(),
    seconds=st.sampled_from([0.0, 5.0]),
)
@settings(max_examples=100)
def test_every_row_comes_once_in_order_and_the_walk_is_proved(
    count: int,
    claim: Callable[[Server, list[str]], str | None],
    clamp: int,
    page_size: int | str,
    concurrency: int,
    ignores_limit: bool,
    seconds: float,
) -> None:
    server = Server(ids(count), claim, clamp, ignores_limit=ignores_limit, seconds=seconds)
    walk = server.walk(page_size, concurrency)

    assert read(walk) == server.rows
    assert (walk.complete, walk.why, walk.received) == (True, "", count)


LIES = {
    "too high": lambda server, page: str(len(server.rows) + 3),
    "far too high": lambda server, page: str(10 * len(server.rows) + 100),
    "too low": lambda server, page: str(max(len(server.rows) - 3, 0)),
    "far too low": lambda server, page: "2",
    "of the page": page_total,
    "none": no_total,
    "right": Server.claim,
}
OFFSETS = {
    "honoured": Server.offset,
    "ignored": lambda offset, limit: 0,
    "counted from one": lambda offset, limit: max(offset - 1, 0),
    "a page number": lambda offset, limit: offset * limit,
    "whole pages only": lambda offset, limit: offset // limit * limit,
    "kept below 20": lambda offset, limit: min(offset, 20),
    "skipping one": lambda offset, limit: offset + (offset > 0),
}


@given(
    count=st.integers(0, 60),
    lie=st.sampled_from(sorted(LIES)),
    offset=st.sampled_from(sorted(OFFSETS)),
    clamp=st.integers(1, 30),
    page_size=st.integers(1, 25) | st.just("auto"),
    concurrency=st.integers(1, 5),
)
@settings(max_examples=200)
def test_a_walk_that_lost_a_row_is_never_complete(
    count: int, lie: str, offset: str, clamp: int, page_size: int | str, concurrency: int
) -> None:
    assume(offset == "honoured" or lie in ("none", "right", "far too high"))  # two lies can agree
    assume(offset == "honoured" or (clamp > 1 and page_size != 1))  # a lone row says nothing about offsets
    server = Server(ids(count), LIES[lie], clamp, OFFSETS[offset])
    walk = server.walk(page_size, concurrency)

    rows = read(walk)

    assert not walk.complete or sorted(set(rows)) == sorted(server.rows)
    assert walk.complete == (walk.why == "")


@given(
    count=st.integers(1, 50),
    total=st.booleans(),
    page_size=st.integers(2, 12),
    moment=st.integers(2, 8),
    place=st.integers(0, 50),
    how_many=st.integers(1, 4),
    removing=st.booleans(),
)
@settings(max_examples=150)
def test_rows_that_move_during_a_walk_are_never_lost_unnoticed(
    count: int, total: bool, page_size: int, moment: int, place: int, how_many: int, removing: bool
) -> None:
    place = min(place, count)

    def shift(server: Server, number: int) -> None:
        if number == moment and removing:
            del server.rows[place : place + how_many]
        elif number == moment:
            server.rows[place:place] = [f"new{number}" for number in range(how_many)]

    server = Server(ids(count), Server.claim if total else no_total, before=shift)
    walk = server.walk(page_size, concurrency=2)

    rows = read(walk)

    stayed = {row for row in server.rows if not row.startswith("new")}
    assert not walk.complete or stayed <= set(rows)


def test_a_removal_behind_the_reader_is_noticed_without_a_total() -> None:
    def remove(server: Server, number: int) -> None:
        if number == 3:
            server.rows.remove("r0")

    walk = Server(ids(50), no_total, before=remove).walk()
    read(walk)

    assert walk.why == "orgs: rows moved while they were read, so some may have been missed."


def test_a_total_that_changes_is_noticed() -> None:
    def grow(server: Server, number: int) -> None:
        if number < 4:
            server.rows.append(f"new{number}")

    walk = Server(ids(30), before=grow).walk(concurrency=1)
    read(walk)

    assert "the provider's total changed from 31 to 32" in walk.why


def test_fewer_rows_than_the_total_is_said_in_numbers() -> None:
    walk = Server(ids(998), always(1000)).walk(100)
    read(walk)

    assert (walk.complete, walk.total, walk.received) == (False, 1000, 998)
    assert walk.why == "orgs: the provider says 1,000 records, 998 came."


@pytest.mark.parametrize("claim", [no_total, always(500)])
def test_an_ignored_offset_ends_the_walk_incomplete(claim: Callable[[Server, list[str]], str | None]) -> None:
    server = Server(ids(100), claim, offset=OFFSETS["ignored"])
    walk = server.walk()

    assert read(walk) == ids(10)
    assert not walk.complete
    assert len(server.asked) < 10


def test_an_ignored_offset_does_not_matter_where_the_total_came_at_once() -> None:
    walk = Server(ids(7), offset=OFFSETS["ignored"]).walk()

    assert read(walk) == ids(7)
    assert walk.complete


def test_one_empty_page_past_the_total_and_no_request_more() -> None:
    server = Server(ids(40))
    read(server.walk(10, concurrency=4))

    assert sorted(server.asked) == [(0, 10), (10, 10), (20, 10), (30, 10), (40, 10)]


def test_the_empty_page_is_asked_for_beside_the_last_ones() -> None:
    plan = paging._Plan(lambda offset, limit: Future(), window=6)
    plan.head(10, 40, 10)
    assert [ask.offset for ask in plan.pending] == [10, 20, 30, 40]

    plan = paging._Plan(lambda offset, limit: Future(), window=3)
    plan.head(10, 35, 10)
    assert [ask.offset for ask in plan.pending] == [10, 20, 30]


def test_pages_of_one_row_do_not_end_at_the_row_before() -> None:
    server = Server(ids(9), no_total)

    def get(path: str, params: Mapping[str, str]) -> Reply:
        return server.get(path, params if server.asked else {**params, "limit": "4"})

    assert read(Walk(get, Collection.ORGS, page_size=1, concurrency=1)) == ids(9)


def test_without_a_total_each_page_begins_with_the_row_before() -> None:
    server = Server(ids(15), no_total)

    assert read(server.walk(10)) == ids(15)
    assert server.asked == [(0, 10), (9, 10), (14, 10)]


def test_the_gap_behind_a_short_page_is_asked_for() -> None:
    def clamp_once(server: Server, number: int) -> None:
        server.clamp = 4 if server.asked[-1] == (20, 20) else 10**9

    server = Server(ids(100), before=clamp_once)
    walk = server.walk(20, concurrency=3)

    assert read(walk) == ids(100)
    assert walk.complete
    assert (24, 10) in server.asked


@pytest.mark.parametrize("total_in", ["X-Total-Count", "x-count"])
def test_totals_come_in_headers(total_in: str) -> None:
    walk = Server(ids(25), header=total_in).walk()
    read(walk)

    assert walk.total == 25


def test_totals_come_in_bodies() -> None:
    def get(path: str, params: Mapping[str, str]) -> Reply:
        start = int(params["offset"])
        rows = [{"sourcedId": row} for row in ids(5)[start : start + 2]]
        return Reply(json.dumps({"orgs": rows, "total": 5, "limit": 2, "offset": start}).encode(), httpx.Headers())

    walk = Walk(get, Collection.ORGS, page_size=2, concurrency=2)

    assert read(walk) == ids(5)
    assert (walk.total, walk.complete) == (5, True)


@pytest.mark.parametrize(("claim", "error"), [(Server.claim, Rejected("no", status=400)), (no_total, NotFound("no"))])
def test_a_refusal_past_the_last_row_is_an_empty_page(
    claim: Callable[[Server, list[str]], str | None], error: Exception
) -> None:
    def refuse(server: Server, number: int) -> None:
        if server.asked[-1][0] >= 20:
            raise error

    walk = Server(ids(20), claim, clamp=1, before=refuse).walk()

    assert read(walk) == ids(20)
    assert walk.complete


@pytest.mark.parametrize(("start", "error"), [(0, NotFound("no")), (10, Rejected("no", status=400))])
def test_a_refusal_where_rows_should_be_is_an_error(start: int, error: Exception) -> None:
    def refuse(server: Server, number: int) -> None:
        if server.asked[-1][0] == start:
            raise error

    with pytest.raises(type(error)):
        read(Server(ids(20), before=refuse).walk(5))


def test_an_error_reaches_the_caller_after_the_pages_before_it() -> None:
    def refuse(server: Server, number: int) -> None:
        if server.asked[-1][0] >= 30:
            raise Unauthorized("The token was refused.")

    walk = Server(ids(100), before=refuse).walk(concurrency=4)
    rows = []
    with pytest.raises(Unauthorized):
        rows += [page.count for page in walk]

    assert walk.received == 30
    assert walk.why == "orgs: the reading was broken off after 30 records: The token was refused."


def test_auto_grows_while_pages_come_whole_and_fast() -> None:
    server = Server(ids(20_000), no_total)
    walk = server.walk("auto")

    assert len(read(walk)) == 20_000
    assert [limit for _, limit in server.asked][:7] == [200, 400, 800, 1600, 2000, 2000, 2000]
    assert max(limit for _, limit in server.asked) == 2000


def test_auto_stays_where_pages_are_slow() -> None:
    server = Server(ids(2000), seconds=1.5)
    read(server.walk("auto"))

    assert {limit for _, limit in server.asked} == {200}


@pytest.mark.parametrize("error", [Unreachable("Timed out."), Rejected("Too large.", status=413)])
@pytest.mark.parametrize("page_size", ["auto", 800])
def test_a_page_that_does_not_come_is_asked_for_at_half_the_size(error: Exception, page_size: int | str) -> None:
    def fail(server: Server, number: int) -> None:
        if server.asked[-1][1] > 400:
            raise error

    server = Server(ids(5000), before=fail)
    walk = server.walk(page_size)

    assert read(walk) == ids(5000)
    assert walk.complete
    assert [limit for _, limit in server.asked][-3:] == [400, 400, 400]


@pytest.mark.parametrize(("size", "tries"), [(50, 1), (51, 2), (1000, 2)])
def test_a_page_is_halved_once_and_small_ones_not_at_all(size: int, tries: int) -> None:
    def fail(server: Server, number: int) -> None:
        raise Unreachable("Timed out.", status=503)

    server = Server(ids(10), before=fail)
    with pytest.raises(Unreachable):
        read(server.walk(size))

    assert len(server.asked) == tries


def test_a_refusal_of_another_kind_is_not_tried_at_half_the_size() -> None:
    def fail(server: Server, number: int) -> None:
        raise Rejected("Bad filter.", status=400)

    server = Server(ids(10), before=fail)
    with pytest.raises(Rejected):
        read(server.walk(1000))

    assert server.asked == [(0, 1000)]


def test_stopping_is_noticed_while_a_request_hangs() -> None:
    hanging, released = threading.Event(), threading.Event()

    def hang(server: Server, number: int) -> None:
        hanging.set()
        released.wait(10)

    walk = Server(ids(10), before=hang).walk(stopping=hanging.is_set)
    with pytest.raises(Stopped):
        read(walk)

    assert not released.is_set()
    assert not walk.complete
    released.set()


def test_pages_under_way_and_waiting_are_bounded() -> None:
    server = Server(ids(500))
    walk = server.walk(10, concurrency=2)
    for number, _ in enumerate(walk):
        assert len(server.asked) <= number + 1 + 4


def test_an_abandoned_walk_sends_its_threads_home() -> None:
    walk = Server(ids(500)).walk(10, concurrency=4)
    pages = iter(walk)
    next(pages)
    next(pages)
    crew = [thread for thread in threading.enumerate() if thread.name.startswith("walk-orgs")]
    pages.close()  # type: ignore[attr-defined]
    for thread in crew:
        thread.join(5)

    assert crew
    assert not any(thread.is_alive() for thread in crew)
    assert not walk.complete
    assert walk.why == "orgs: the reading was broken off after 20 records: by the reader."


def test_a_walk_is_for_one_use() -> None:
    walk = Server(ids(3)).walk()
    read(walk)
    with pytest.raises(RuntimeError):
        read(walk)


def test_parameters_are_sent_and_the_path_is_the_callers() -> None:
    seen = []

    def get(path: str, params: Mapping[str, str]) -> Reply:
        seen.append((path, dict(params)))
        return Reply(b'{"orgs": []}', httpx.Headers())

    read(Walk(get, Collection.ORGS, path="/schools", page_size=5, concurrency=1, params={"sort": "sourcedId"}))
    read(Walk(get, Collection.ORGS, page_size=5, concurrency=1))

    assert seen == [
        ("/schools", {"sort": "sourcedId", "limit": "5", "offset": "0"}),
        ("/orgs", {"limit": "5", "offset": "0"}),
    ]


def test_a_server_that_invents_rows_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "MAX_PAGES", 20)

    def invent(server: Server, number: int) -> None:
        server.rows += [f"{number}-{row}" for row in range(10)]

    walk = Server([], no_total, before=invent).walk(5)
    read(walk)

    assert walk.why == "orgs: the provider sends page after page, and 20 were enough."


# The proof by itself


def page(*rows: str, bad: int = 0) -> Page:
    problems = [Problem(entity="orgs", sourced_id="", severity="error", code="x", message="") for _ in range(bad)]
    return Page([Org(sourced_id=row, name="", type="") for row in rows], problems, len(rows) + bad)


def verdict(*answers: tuple[Page, int | None]) -> str:
    proof = Proof("orgs")
    for answer, claim in answers:
        proof.take(answer, claim)
    return proof.verdict()


def test_proof_needs_an_end() -> None:
    assert verdict((page("a", "b"), 2)) == "orgs: the reading was broken off after 2 records."
    assert verdict((page("a", "b"), 2), (page(), 2)) == ""


def test_proof_counts_rows_that_could_not_be_used() -> None:
    assert verdict((page("a", bad=1), 2), (page(), 2)) == ""
    assert verdict((page("a", bad=1), None), (page(), None)) == ""


def test_proof_does_not_take_a_lone_doubled_id_for_an_ignored_offset() -> None:
    assert verdict((page("a", "b"), 6), (page("c", "d"), 6), (page("a", "e"), 6), (page(), 6)) == ""


def test_proof_ignores_a_zero_on_the_empty_page() -> None:
    assert verdict((page("a", "b"), 2), (page(), 0)) == ""


def test_proof_sees_a_row_on_two_pages() -> None:
    assert "rows moved" in verdict((page("a", "b"), 4), (page("b", "c"), 4), (page(), 4))


def test_proof_hands_out_the_joining_row_once() -> None:
    proof = Proof("orgs")
    proof.take(page("a", "b"), None)

    assert proof.offset == 1
    assert proof.take(page("b", "c"), None) == page("c")
    assert proof.take(page("c"), None) is None
    assert (proof.rows, proof.verdict()) == (3, "")


def test_poll_is_short_enough_to_be_felt() -> None:
    assert paging._POLL <= 0.2
