"""When another reading may do better, and when two that agree prove that only duplicates are in the way."""

from __future__ import annotations

from oneroster_tui.provider.dialects import Page
from oneroster_tui.provider.proof import Proof
from oneroster_tui.records import Org


def page(ids: str) -> Page:
    """A page of orgs whose sourcedIds are letters."""
    return Page([Org(sourced_id=letter, name=letter, type="school") for letter in ids], [], len(ids))


def read(*pages: str, total: int | None = None) -> Proof:
    proof = Proof("orgs")
    for ids in pages:
        proof.take(page(ids), total)
    return proof


def test_a_walk_without_doubts_did_not_drift() -> None:
    proof = read("abc", "def", "", total=6)
    assert (proof.verdict(), proof.drifted, proof.only_duplicates()) == ("", False, True)
    assert not read("bca", "fed", "", total=6).only_duplicates()  # not sorted: what repeats elsewhere would not show


def test_rows_on_two_pages_are_drift_or_duplicates() -> None:
    proof = read("abc", "cde", "", total=6)
    assert proof.drifted
    assert proof.only_duplicates()
    assert not read("cab", "bde", "", total=6).only_duplicates()


def test_a_row_that_is_not_where_it_was_is_never_a_duplicate() -> None:
    proof = read("abc", "def", "")  # without a total, the second page should have begun with c
    assert proof.drifted
    assert not proof.only_duplicates()
    assert "rows moved" in proof.verdict()


def test_a_total_that_changed_is_never_a_duplicate() -> None:
    proof = Proof("orgs")
    for ids, total in (("abc", 6), ("def", 7), ("g", 7), ("", 7)):
        proof.take(page(ids), total)
    assert proof.drifted
    assert not proof.only_duplicates()
    assert "changed from 6 to 7" in proof.verdict()


def test_fewer_rows_than_the_total_are_not_complete_however_often_they_come() -> None:
    proof = read("abc", "cde", "", total=7)
    assert proof.drifted
    assert not proof.only_duplicates()


def test_a_page_that_begins_anew_after_others_is_drift_and_no_end() -> None:
    proof = read("abc", "cde", "abc")
    assert proof.drifted
    assert not proof.only_duplicates()
    assert "rows moved" in proof.verdict()
    assert not read("abc", "def", "abc", total=6).drifted  # the total was reached: some go round
    assert read("abc", "def", "abc", total=6).verdict() == ""


def test_readings_are_the_same_in_whatever_order() -> None:
    first = read("abc", "def", "", total=6)
    assert first.same_as(read("fed", "cba", "", total=6))
    assert not first.same_as(read("abc", "deg", "", total=6))
    assert not first.same_as(read("abc", "de", "", total=6))


def test_the_last_page_again_is_the_end() -> None:
    proof = read("abcde", "fghij", "kl", "hijkl", total=12)
    assert (proof.verdict(), proof.rows) == ("", 12)
