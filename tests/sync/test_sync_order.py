"""Neither the order of records and pages, nor their size, nor a record sent twice makes a difference."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oneroster_tui.errors import ExitCode
from tests.lab import Lab, Provider, new_lab, ref, small_district


def odd_district() -> Provider:
    """A district in which what is kept depends on what comes elsewhere, and some of it is broken."""
    p = small_district()
    p.course("of-district", "d1")
    p.records["classes"]["s1-b"]["course"] = ref("of-district", "course")
    p.user("mother", "parent", ())
    p.user("guest", "student", (), agents=[ref("mother"), ref("nobody")])
    p.enroll("e-guest", "guest", "s1-a")
    p.user("gone", "student")
    p.mark("users", "gone")
    p.enroll("e-gone", "gone", "s1-a")
    p.enroll("e-ghost", "ghost", "s1-a")
    p.enroll("e-nowhere", "s1-st1", "nothing")
    p.user("twin1", username="same", identifier="same")
    p.user("twin2", "teacher", ("s2",), username="SAME", identifier="same")
    p.enroll("e-twin1", "twin1", "s1-a")
    p.enroll("e-twin2", "twin2", "s1-a", "teacher")
    p.class_("old", "s1", terms=("t0",))
    p.session("t0", "2019-01-01", "2019-12-31")
    p.enroll("e-old", "s1-st1", "old")
    return p


def synced(provider: Provider, **changes: Any) -> tuple[dict[str, Any], set[tuple[Any, ...]]]:
    """The roster and the problems of a first sync."""
    with new_lab(provider) as lab:
        lab.sync(**changes)
        return lab.picture(), set(lab.problems())


@pytest.mark.parametrize("page_size", range(1, 8))
def test_the_size_of_pages_makes_no_difference(page_size: int) -> None:
    assert synced(odd_district(), connection={"page_size": page_size}) == synced(odd_district())


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("total", [True, False], ids=["total", "no total"])
def test_neither_do_totals_nor_concurrency(concurrency: int, *, total: bool) -> None:
    provider = odd_district()
    if not total:
        provider.totals = dict.fromkeys(provider.records)
    changes: dict[str, Any] = {"connection": {"page_size": 3, "concurrency": concurrency}}
    assert synced(provider, **changes) == synced(odd_district())


RULES: tuple[dict[str, Any], ...] = ({}, {"terms": "current"}, {"merge_users": "username"})


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32), page_size=st.integers(1, 40), rule=st.sampled_from(RULES))
def test_any_order_of_records_gives_the_same_roster(seed: int, page_size: int, rule: dict[str, Any]) -> None:
    provider = odd_district()
    orders: dict[int, list[Any]] = {}

    def shuffled(rows: list[Any]) -> list[Any]:
        key = hash(tuple(sorted(row["sourcedId"] for row in rows)))
        if key not in orders:  # one order a collection, the same for all of its pages
            orders[key] = random.Random(seed).sample(rows, len(rows))
        return orders[key]

    provider.order = shuffled
    mixed = synced(provider, connection={"page_size": page_size}, sync=rule)
    plain = synced(odd_district(), sync=rule)
    assert mixed == plain


@pytest.mark.parametrize("collection", ["orgs", "academicSessions", "courses", "classes", "users", "enrollments"])
def test_a_record_sent_twice_is_one_record(lab: Lab, collection: str) -> None:
    once = synced(small_district())
    lab.provider.extra[collection] = list(lab.provider.records[collection].values())[:2]
    ended = lab.sync()
    assert (lab.picture(), set(lab.problems())) == once
    assert ended.exit_code == ExitCode.DONE
    lab.sync()
    assert lab.audit() == []
    assert len(lab.active("users")) == 14


@pytest.mark.parametrize("living_first", [True, False])
@pytest.mark.parametrize(
    ("collection", "sourced_id"),
    [("users", "s1-st1"), ("classes", "s1-a"), ("enrollments", "s1-a-1"), ("courses", "c1")],
)
def test_a_record_sent_both_living_and_deleted_is_not_removed(
    lab: Lab, collection: str, sourced_id: str, *, living_first: bool
) -> None:
    lab.sync()
    before = lab.picture()
    record = lab.provider.records[collection][sourced_id]
    lab.provider.extra[collection] = [record | {"status": "tobedeleted"}]
    if not living_first:
        lab.provider.order = lambda rows: rows[::-1]
    lab.sync()
    assert lab.picture() == before
