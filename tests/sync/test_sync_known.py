"""Records that are recognised by their bytes: that they are, and what makes them be looked at again."""

from __future__ import annotations

from typing import Any

import pytest

from oneroster_tui.records import Enrollment, User
from oneroster_tui.sync import taking
from tests.lab import Lab, ref


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sourcedIds of people and enrollments that the sync got to see decoded, in order."""
    seen: list[str] = []
    original = taking.prints_of

    def prints_of(page: Any) -> Any:
        seen.extend(record.sourced_id for record in page.records if isinstance(record, (User, Enrollment)))
        return original(page)

    monkeypatch.setattr(taking, "prints_of", prints_of)
    return seen


def nightly(lab: Lab, decoded: list[str], **changes: Any) -> set[str]:
    """One sync; what it decoded."""
    decoded.clear()
    lab.sync(**changes)
    return set(decoded)


def test_what_did_not_change_is_not_decoded(lab: Lab, decoded: list[str]) -> None:
    assert len(nightly(lab, decoded)) == 30
    assert nightly(lab, decoded) == set()
    lab.provider.records["users"]["s1-st1"]["email"] = "other@example.org"
    lab.provider.records["enrollments"]["s1-a-2"]["beginDate"] = "2026-09-01"
    assert nightly(lab, decoded) == {"s1-st1", "s1-a-2"}
    assert [row[:3] for row in lab.audit()] == [
        ("users", "s1-st1", "updated"),
        ("enrollments", "s1-a-2", "updated"),
    ]
    assert nightly(lab, decoded) == set()


def test_every_user_is_said_and_counted_all_the_same(lab: Lab) -> None:
    lab.sync()
    before = lab.log()
    ended = lab.sync()
    assert lab.log().count("Skipping update of existing user") == before.count("Creating new user") == 14
    assert {table: actions["unchanged"] for table, actions in ended.counts.items()} == {
        "orgs": 3,
        "academic_sessions": 1,
        "courses": 2,
        "classes": 4,
        "users": 14,
        "enrollments": 16,
        "relationships": 6,
    }


def test_what_was_not_listed_is_absent(lab: Lab, decoded: list[str]) -> None:
    lab.sync()
    lab.provider.drop("users", "s1-st1")
    lab.provider.drop("enrollments", "s1-a-1", "s1-b-1", "s2-a-1")
    assert nightly(lab, decoded) == set()
    assert {row[1] for row in lab.audit() if row[0] != "relationships"} == {"s1-st1", "s1-a-1", "s1-b-1", "s2-a-1"}
    assert {row[2] for row in lab.audit()} == {"suspended"}


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE users SET given_name = 'Else' WHERE sourced_id = 's1-st1'",
        "UPDATE enrollments SET role = 'teacher' WHERE sourced_id = 's1-a-1'",
        "DELETE FROM enrollments WHERE sourced_id = 's1-a-1'",
        "DELETE FROM relationships WHERE student_id = (SELECT id FROM users WHERE sourced_id = 's1-st1')",
    ],
)
def test_what_somebody_changed_in_the_roster_is_put_right(lab: Lab, edit: str) -> None:
    lab.sync()
    before = lab.picture()
    lab.roster.execute(edit)
    assert lab.picture() != before
    lab.sync()
    assert lab.picture() == before


@pytest.mark.parametrize(
    "rules",
    [
        {"schools": ("s1",)},
        {"role_mapping": {"student": "Learner"}},
        {"sync": {"username": "{email}"}},
        {"sync": {"merge_users": "username"}},
    ],
)
def test_other_rules_make_everything_be_decoded(lab: Lab, decoded: list[str], rules: dict[str, Any]) -> None:
    lab.sync()
    assert len(nightly(lab, decoded, **rules)) == 30


def test_after_a_run_that_left_something_undone_everything_is_decoded(lab: Lab, decoded: list[str]) -> None:
    lab.sync()
    lab.provider.drop("users", "s1-st1", "s1-st2")
    held = lab.sync(guards={"max_remove_percent": 1.0, "max_remove_count": 0})
    assert held.outcome == "held"
    assert len(nightly(lab, decoded)) == 28


def test_a_record_with_a_problem_is_told_every_night(lab: Lab, decoded: list[str]) -> None:
    lab.provider.records["users"]["s1-st1"]["agents"] = [ref("nobody")]
    lab.sync()
    problems = lab.problems()
    assert ("users", "s1-st1", "warning", "unknown_agent") in problems
    assert nightly(lab, decoded) == {"s1-st1"}
    assert lab.problems() == problems


def test_a_record_that_comes_twice_makes_the_collection_be_read_again(lab: Lab, decoded: list[str]) -> None:
    lab.sync()
    lab.provider.extra["users"] = [dict(lab.provider.records["users"]["s1-st1"]) | {"status": "tobedeleted"}]
    assert "s1-teacher" in nightly(lab, decoded)
    assert lab.statuses("users")["s1-st1"] == "active"


def test_pages_in_another_order_are_recognised(lab: Lab, decoded: list[str]) -> None:
    lab.sync()
    lab.provider.order = lambda rows: sorted(rows, key=lambda row: str(row["sourcedId"]), reverse=True)
    assert nightly(lab, decoded) == set()


def test_a_plan_recognises_and_writes_nothing(lab: Lab, decoded: list[str]) -> None:
    lab.sync()
    lab.provider.records["users"]["s1-st1"]["email"] = "other@example.org"
    assert nightly(lab, decoded, mode="plan") == {"s1-st1"}
    assert lab.rows("SELECT email FROM users WHERE sourced_id = 's1-st1'") == [("s1-st1@example.org",)]
