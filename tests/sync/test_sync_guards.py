"""[guards]: percent and count, over the source and over each school; holds, freezes and blackouts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from oneroster_tui.config import Period
from oneroster_tui.errors import BlackoutPeriod, ExitCode
from tests.lab import Lab, Provider, ref

SUMMER = (Period(date(2026, 8, 1), date(2026, 8, 20)),)


def limits(percent: float | None, count: int | None) -> dict[str, Any]:
    """The two limits, as `Lab.sync` takes them; None is "off"."""
    return {"guards": {"max_remove_percent": percent, "max_remove_count": count}}


def crowd(students: int, elsewhere: int) -> Provider:
    """One class a school; so many students in s1, and so many in s2."""
    p = Provider()
    p.session("t1")
    for school, number in (("s1", students), ("s2", elsewhere)):
        p.org(school)
        p.course(f"c{school[1]}", school)
        p.class_(f"{school}-a", school, f"c{school[1]}")
        for n in range(number):
            p.user(f"{school}-{n}", orgs=(school,))
    p.enroll("e", "s1-0", "s1-a")
    return p


def leave(lab: Lab, number: int, school: str = "s1") -> None:
    """So many students of a school are listed no longer."""
    lab.provider.drop("users", *[f"{school}-{n}" for n in range(1, number + 1)])


def suspended(lab: Lab) -> int:
    """How many users are suspended."""
    return list(lab.statuses("users").values()).count("suspended")


@pytest.mark.parametrize(
    ("percent", "count", "leaving", "held"),
    [
        (10, 10, 10, False),  # at both limits of the school
        (10, 10, 11, True),  # above both
        (10, 20, 15, False),  # above the percentage only
        (10, 20, 20, False),
        (10, 20, 21, True),
        (20, 10, 15, False),  # above the number only
        (20, 10, 20, False),
        (20, 10, 21, True),
        (10, None, 10, False),
        (10, None, 11, True),
        (None, 10, 10, False),
        (None, 10, 11, True),
        (None, None, 90, False),
        (0, None, 1, True),
        (None, 0, 1, True),
        (0, 10, 1, True),
        (10, 0, 1, True),
        (0, 0, 0, False),
        (2.5, None, 2, False),
        (2.5, None, 3, True),
    ],
)
def test_removals_are_held_when_the_limits_are_exceeded(
    lab: Lab, percent: float | None, count: int | None, leaving: int, *, held: bool
) -> None:
    lab.provider = crowd(100, 5)
    lab.sync()
    leave(lab, leaving)
    ended = lab.sync(**limits(percent, count))
    assert ended.exit_code == (ExitCode.HELD if held else ExitCode.DONE)
    assert ended.outcome == ("held" if held else "done")
    assert suspended(lab) == (0 if held else leaving)


def test_each_school_is_guarded_by_itself(lab: Lab) -> None:
    lab.provider = crowd(20, 80)
    lab.sync()
    leave(lab, 5)  # 25 % of the school, 5 % of the source
    ended = lab.sync(**limits(10, 4))
    assert ended.exit_code == ExitCode.HELD
    assert "5 of 20 users would go (school s1)" in lab.log()
    assert "all schools" not in lab.log()


def test_the_source_is_guarded_as_a_whole(lab: Lab) -> None:
    lab.provider = crowd(20, 80)
    lab.sync()
    leave(lab, 6)
    leave(lab, 6, "s2")
    ended = lab.sync(**limits(None, 10))  # six at each school, twelve together
    assert ended.exit_code == ExitCode.HELD
    assert "12 of 100 users would go (all schools)" in lab.log()


@pytest.mark.parametrize(
    ("collection", "names"),
    [
        ("users", ["s1-st1"]),
        ("classes", ["s1-a"]),
        ("enrollments", ["s1-a-1"]),
    ],
)
@pytest.mark.parametrize("status", ["tobedeleted", None])
def test_every_guarded_table_counts_whatever_the_reason(
    lab: Lab, collection: str, names: list[str], status: str | None
) -> None:
    lab.sync()
    before = lab.content()
    if status:
        lab.provider.mark(collection, *names)
    else:
        lab.provider.drop(collection, *names)
    ended = lab.sync(**limits(0, 0))
    assert ended.exit_code == ExitCode.HELD
    assert lab.content() == before


def test_relationships_are_guarded_too(lab: Lab) -> None:
    lab.sync()
    lab.provider.records["users"]["s1-st1"]["agents"] = []
    ended = lab.sync(**limits(None, 0))
    assert ended.exit_code == ExitCode.HELD
    assert lab.outcome_of("s1-st1 s1-pa1", "relationships") == ("held", "link_gone")
    assert lab.statuses("relationships")["s1-st1 s1-pa1"] == "active"


def test_courses_orgs_and_sessions_are_not_counted(lab: Lab) -> None:
    lab.provider.org("x9", "department")
    lab.provider.course("c9", "s1")
    lab.provider.session("t0")
    lab.sync()
    lab.provider.drop("orgs", "x9")
    lab.provider.drop("courses", "c9")
    lab.provider.drop("academicSessions", "t0")
    assert lab.sync(**limits(0, 0)).exit_code == ExitCode.DONE
    assert lab.statuses("courses")["c9"] == "suspended"


def test_a_hold_removes_nothing_at_all_and_applies_the_rest(lab: Lab) -> None:
    lab.provider.course("c9", "s1")
    lab.sync()
    gone = lab.picture()
    lab.provider.drop("users", "s1-st1", "s1-st2")
    lab.provider.drop("classes", "s2-a")
    lab.provider.drop("courses", "c9")
    lab.provider.user("newcomer")
    lab.provider.enroll("e-new", "newcomer", "s1-a")
    lab.provider.records["users"]["s1-st3"]["familyName"] = "Changed"
    ended = lab.sync(**limits(None, 1))
    assert (ended.outcome, ended.exit_code) == ("held", ExitCode.HELD)
    assert lab.last_run()[:2] == ("held", 4)
    assert "newcomer" in lab.active("users")
    assert "e-new" in lab.active("enrollments")
    assert lab.rows("SELECT family_name FROM users WHERE sourced_id = 's1-st3'") == [("Changed",)]
    assert {row[0] for row in gone["users"]} <= lab.active("users")
    assert gone["classes"] <= lab.picture()["classes"]
    assert gone["courses"] <= lab.picture()["courses"]
    assert gone["enrollments"] <= lab.picture()["enrollments"]
    assert gone["relationships"] <= lab.picture()["relationships"]


def test_a_hold_is_audited_row_by_row_and_told(lab: Lab) -> None:
    lab.sync()
    lab.provider.drop("users", "s1-st1")
    ended = lab.sync(**limits(None, 0))
    held = {(row[0], row[1], row[3]) for row in lab.audit() if row[2] == "held"}
    assert held == {
        ("users", "s1-st1", "absent"),
        ("enrollments", "s1-a-1", "user_removed"),
        ("enrollments", "s1-b-1", "user_removed"),
        ("relationships", "s1-st1 s1-pa1", "user_removed"),
    }
    row = next(row for row in lab.audit() if row[1] == "s1-st1")
    assert row[4]["status"] == "active"
    assert row[5] is None
    assert ended.counts["users"]["held"] == 1
    assert "4 removals are held" in ended.message
    assert "Holding the removal of user user.s1-st1" in lab.log()


def test_repeated_nights_keep_it_held(lab: Lab) -> None:
    lab.sync()
    lab.provider.drop("users", "s1-st1")
    for _ in range(3):
        assert lab.sync(**limits(None, 0)).exit_code == ExitCode.HELD
    assert lab.statuses("users")["s1-st1"] == "active"
    lab.sync()
    assert lab.statuses("users")["s1-st1"] == "suspended"


def test_a_hold_with_record_problems_is_a_hold(lab: Lab) -> None:
    lab.sync()
    lab.provider.drop("users", "s1-st1")
    lab.provider.enroll("ghost", "nobody", "s1-a")
    assert lab.sync(**limits(None, 0)).exit_code == ExitCode.HELD


@pytest.mark.parametrize("policy", ["suspend", "delete"])
def test_rows_that_are_suspended_already_are_not_counted(lab: Lab, policy: str) -> None:
    lab.provider = crowd(20, 80)
    for n in range(10):
        lab.provider.enroll(f"x{n}", "s1-1", "s1-a", role="teacher" if n % 2 else "student")
    for n in range(2, 20):
        lab.provider.enroll(f"y{n}", f"s1-{n}", "s1-a")
    lab.sync()
    lab.provider.drop("enrollments", *[f"x{n}" for n in range(10)])
    lab.sync()
    leave(lab, 2)  # one with ten suspended enrollments and none besides, one with a single active one
    ended = lab.sync(sync={"on_removed": policy}, **limits(None, 2))
    assert ended.exit_code == ExitCode.DONE
    assert lab.statuses("users").get("s1-1") == (None if policy == "delete" else "suspended")


def test_what_grace_delays_is_not_counted_until_it_goes(lab: Lab) -> None:
    lab.sync()
    lab.provider.drop("users", "s1-st1")
    assert lab.sync(sync={"grace_runs": 1}, **limits(0, 0)).exit_code == ExitCode.DONE
    assert lab.sync(sync={"grace_runs": 1}, **limits(0, 0)).exit_code == ExitCode.HELD


def test_keep_holds_nothing(lab: Lab) -> None:
    lab.sync()
    lab.provider.drop("users", "s1-st1")
    assert lab.sync(sync={"on_removed": "keep"}, **limits(0, 0)).exit_code == ExitCode.DONE


@pytest.mark.parametrize("policy", ["suspend", "unenrol", "delete"])
def test_a_freeze_waits_with_removals_and_says_so(lab: Lab, policy: str) -> None:
    lab.sync()
    lab.provider.drop("users", "s1-st1")
    lab.provider.user("newcomer")
    settings: dict[str, Any] = {"sync": {"on_removed": policy}, "guards": {"freeze_removals": SUMMER}}
    ended = lab.sync(today=date(2026, 8, 20), **settings)
    assert (ended.outcome, ended.exit_code) == ("done", ExitCode.DONE)
    assert lab.statuses("users")["s1-st1"] == "active"
    assert "newcomer" in lab.active("users")
    assert lab.outcome_of("s1-st1") == ("waiting", "absent")
    assert "Waiting to remove user user.s1-st1" in lab.log()
    assert "4 removals" in ended.message
    lab.sync(today=date(2026, 8, 21), **settings)
    assert lab.statuses("users").get("s1-st1") == ENDS[policy]


ENDS = {"suspend": "suspended", "unenrol": "suspended", "delete": None}


def test_a_freeze_comes_before_a_guard(lab: Lab) -> None:
    lab.sync()
    lab.provider.drop("users", "s1-st1")
    guards = limits(0, 0)["guards"] | {"freeze_removals": SUMMER}
    assert lab.sync(today=date(2026, 8, 1), guards=guards).exit_code == ExitCode.DONE
    assert lab.statuses("users")["s1-st1"] == "active"


@pytest.mark.parametrize(
    ("day", "refused"), [("2026-07-31", False), ("2026-08-01", True), ("2026-08-20", True), ("2026-08-21", False)]
)
def test_a_blackout_does_nothing_on_its_days_both_included(lab: Lab, day: str, *, refused: bool) -> None:
    today = date.fromisoformat(day)
    if not refused:
        assert lab.sync(today=today, guards={"blackout": SUMMER}).exit_code == ExitCode.DONE
        return
    with pytest.raises(BlackoutPeriod) as caught:
        lab.sync(today=today, guards={"blackout": SUMMER})
    assert caught.value.exit_code == ExitCode.BLACKOUT
    assert lab.provider.requests == 0
    assert lab.rows("SELECT * FROM sync_runs") == []


def test_a_plan_may_be_made_in_a_blackout(lab: Lab) -> None:
    assert lab.sync(mode="plan", today=date(2026, 8, 5), guards={"blackout": SUMMER}).outcome == "planned"


def test_a_plan_shows_a_hold_and_writes_nothing(lab: Lab) -> None:
    lab.sync()
    before = lab.content()
    lab.provider.drop("users", "s1-st1")
    ended = lab.sync(mode="plan", **limits(0, 0))
    assert (ended.outcome, ended.exit_code) == ("planned", ExitCode.HELD)
    assert lab.content() == before
    assert lab.audit() == []


def test_moving_a_school_out_is_guarded(lab: Lab) -> None:
    lab.provider = crowd(20, 80)
    lab.sync()
    for n in range(1, 20):
        lab.provider.records["users"][f"s1-{n}"]["orgs"] = [ref("s9", "org")]
    assert lab.sync(**limits(10, 10)).exit_code == ExitCode.HELD
    assert suspended(lab) == 0
