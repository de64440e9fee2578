"""`terms = "current"`: only classes with a term that is running today, or with none; what ended is not removed."""

from __future__ import annotations

from datetime import date

import pytest

from oneroster_tui.errors import ExitCode
from tests.lab import Lab, ref

CURRENT = {"terms": "current"}


def running(lab: Lab, day: str, end_date: str = "exclusive") -> bool:
    """Whether the class `x` is kept on a day."""
    lab.sync(today=date.fromisoformat(day), sync={"terms": "current", "end_date": end_date})
    return "x" in lab.statuses("classes")


@pytest.mark.parametrize(
    ("day", "exclusive", "inclusive"),
    [
        ("2026-08-16", False, False),
        ("2026-08-17", True, True),
        ("2027-06-10", True, True),
        ("2027-06-11", False, True),
        ("2027-06-12", False, False),
    ],
)
def test_a_term_runs_from_its_first_day_to_its_end(lab: Lab, day: str, *, exclusive: bool, inclusive: bool) -> None:
    lab.provider.class_("x", "s1")
    assert running(lab, day, "exclusive") is exclusive
    assert running(lab, day, "inclusive") is inclusive


def test_all_terms_are_kept_unless_asked_otherwise(lab: Lab) -> None:
    lab.sync(today=date(2031, 1, 1))
    assert len(lab.active("classes")) == 4


def test_an_ended_class_is_not_created_nor_are_its_enrollments(lab: Lab) -> None:
    lab.provider.session("old", "2020-08-01", "2021-06-30")
    lab.provider.class_("x", "s1", terms=("old",))
    lab.provider.enroll("ex", "s1-st1", "x")
    lab.provider.user("guest", "student", ())
    lab.provider.enroll("eg", "guest", "x")
    ended = lab.sync(today=date(2026, 10, 1), sync=CURRENT)
    assert ended.exit_code == ExitCode.DONE
    assert "x" not in lab.statuses("classes")
    assert not {"ex", "eg"} & set(lab.statuses("enrollments"))
    assert "guest" not in lab.statuses("users")
    assert lab.problems() == []


def test_a_class_without_terms_is_current(lab: Lab) -> None:
    lab.provider.class_("x", "s1", terms=())
    assert running(lab, "2031-01-01")


def test_a_class_between_two_of_its_terms_has_none_that_is_running(lab: Lab) -> None:
    lab.provider.session("autumn", "2026-08-17", "2026-12-18")
    lab.provider.session("spring", "2027-01-11", "2027-06-11")
    lab.provider.class_("x", "s1", terms=("autumn", "spring"))
    assert not running(lab, "2026-12-28")
    assert running(lab, "2027-01-11")


def test_a_term_without_an_end_goes_on(lab: Lab) -> None:
    lab.provider.session("open", "2020-01-01", "")
    lab.provider.class_("x", "s1", terms=("open",))
    assert running(lab, "2031-01-01")


@pytest.mark.parametrize("policy", ["suspend", "unenrol", "delete"])
def test_a_held_class_that_ended_is_not_removed_nor_is_what_hangs_on_it(lab: Lab, policy: str) -> None:
    p = lab.provider
    p.user("mother", "parent", ())
    p.user("guest", "student", (), agents=[ref("mother")])
    p.enroll("e-guest", "guest", "s1-a")
    p.course("of-district", "d1")
    p.records["classes"]["s1-a"]["course"] = ref("of-district", "course")
    lab.sync(today=date(2026, 10, 1), sync=CURRENT)
    before = lab.picture()
    assert "e-guest" in lab.active("enrollments")
    ended = lab.sync(today=date(2027, 7, 1), sync=CURRENT | {"on_removed": policy})
    assert ended.exit_code == ExitCode.DONE
    assert lab.picture() == before
    assert lab.audit() == []


def test_the_enrollments_that_a_provider_drops_at_the_end_of_a_term_stay(lab: Lab) -> None:
    lab.sync(today=date(2026, 10, 1), sync=CURRENT)
    before = lab.picture()
    kept = lab.provider.records["enrollments"].pop("s1-a-1")
    lab.provider.records["enrollments"] = {}
    lab.provider.class_("y", "s1", terms=())
    lab.provider.enroll("ey", "s1-st1", "y")
    lab.sync(today=date(2027, 7, 1), sync=CURRENT)
    assert kept["sourcedId"] in lab.active("enrollments")
    assert before["enrollments"] < lab.picture()["enrollments"]


def test_people_of_a_held_class_that_ended_are_still_updated(lab: Lab) -> None:
    lab.provider.user("guest", "student", ())
    lab.provider.enroll("e-guest", "guest", "s1-a")
    lab.sync(today=date(2026, 10, 1), sync=CURRENT)
    lab.provider.records["users"]["guest"]["familyName"] = "Married"
    lab.sync(today=date(2027, 7, 1), sync=CURRENT)
    assert lab.rows("SELECT family_name FROM users WHERE sourced_id = 'guest'") == [("Married",)]


def test_a_held_class_that_ended_and_is_tobedeleted_goes(lab: Lab) -> None:
    lab.sync(today=date(2026, 10, 1), sync=CURRENT)
    lab.provider.mark("classes", "s1-a")
    lab.sync(today=date(2027, 7, 1), sync=CURRENT)
    assert lab.outcome_of("s1-a", "classes") == ("suspended", "tobedeleted")
    assert lab.outcome_of("s1-a-1", "enrollments") == ("suspended", "class_removed")


def test_a_user_who_goes_leaves_ended_classes_too(lab: Lab) -> None:
    lab.sync(today=date(2026, 10, 1), sync=CURRENT)
    lab.provider.drop("users", "s1-st1")
    lab.sync(today=date(2027, 7, 1), sync=CURRENT)
    assert lab.outcome_of("s1-a-1", "enrollments") == ("suspended", "user_removed")


def test_the_same_day_twice_changes_nothing(lab: Lab) -> None:
    for _ in range(2):
        lab.sync(today=date(2027, 7, 1), sync=CURRENT)
    assert lab.audit() == []
