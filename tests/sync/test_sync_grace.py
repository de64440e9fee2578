"""`grace_runs`: how many complete runs a row may be missing before it is removed; 0 = at once, 2 = on the third."""

from __future__ import annotations

import pytest

from tests.lab import Lab, answer, ref


@pytest.mark.parametrize("grace", [0, 1, 2, 5])
@pytest.mark.parametrize(
    ("collection", "sourced_id"),
    [("users", "s1-st1"), ("classes", "s1-a"), ("enrollments", "s1-a-1"), ("courses", "c9")],
)
def test_a_row_is_removed_in_the_run_after_its_grace(lab: Lab, collection: str, sourced_id: str, grace: int) -> None:
    lab.provider.course("c9", "s1")
    lab.sync()
    lab.provider.drop(collection, sourced_id)
    for _ in range(grace):
        lab.sync(sync={"grace_runs": grace})
        assert lab.statuses(collection)[sourced_id] == "active"
        assert lab.audit() == []
    lab.sync(sync={"grace_runs": grace})
    assert lab.outcome_of(sourced_id, collection) == ("suspended", "absent")


def test_what_hangs_on_a_missing_row_goes_with_it_and_not_before(lab: Lab) -> None:
    lab.sync()
    lab.provider.drop("users", "s1-st1")
    before = lab.picture()
    for _ in range(2):
        lab.sync(sync={"grace_runs": 2})
        assert lab.picture() == before
    lab.sync(sync={"grace_runs": 2})
    assert {(row[1], row[3]) for row in lab.audit()} == {
        ("s1-st1", "absent"),
        ("s1-a-1", "user_removed"),
        ("s1-b-1", "user_removed"),
        ("s1-st1 s1-pa1", "user_removed"),
    }


def test_the_enrollments_of_a_missing_class_and_who_is_kept_only_by_them_wait_with_it(lab: Lab) -> None:
    lab.provider.user("guest", "student", ())
    lab.provider.enroll("e-guest", "guest", "s1-a")
    lab.sync()
    lab.provider.drop("classes", "s1-a")
    before = lab.picture()
    for _ in range(2):
        lab.sync(sync={"grace_runs": 2})
        assert lab.picture() == before
    lab.sync(sync={"grace_runs": 2})
    assert lab.outcome_of("s1-a", "classes") == ("suspended", "absent")
    assert lab.statuses("enrollments")["e-guest"] == "suspended"
    assert lab.outcome_of("guest") == ("suspended", "out_of_scope")


def test_a_return_within_the_grace_starts_the_count_again(lab: Lab) -> None:
    lab.sync()
    for _ in range(3):
        gone = lab.provider.drop("users", "s1-st1")
        lab.sync(sync={"grace_runs": 2})
        lab.sync(sync={"grace_runs": 2})
        lab.provider.back("users", gone)
        lab.sync(sync={"grace_runs": 2})
        assert lab.audit() == []
    assert lab.statuses("users")["s1-st1"] == "active"


def test_who_is_out_of_scope_has_the_same_grace(lab: Lab) -> None:
    lab.provider.records["users"]["s1-pa1"]["orgs"] = []
    lab.sync()
    lab.provider.records["users"]["s1-st1"]["agents"] = []
    before = lab.picture()
    lab.sync(sync={"grace_runs": 1})
    assert lab.picture()["relationships"] == before["relationships"]
    assert lab.statuses("users")["s1-pa1"] == "active"
    lab.sync(sync={"grace_runs": 1})
    assert lab.statuses("users")["s1-pa1"] == "suspended"
    assert lab.statuses("relationships")["s1-st1 s1-pa1"] == "suspended"


def test_a_relationship_that_is_named_no_longer_has_the_same_grace(lab: Lab) -> None:
    lab.sync()
    lab.provider.records["users"]["s1-st1"]["agents"] = []
    for _ in range(2):
        lab.sync(sync={"grace_runs": 2})
        assert lab.statuses("relationships")["s1-st1 s1-pa1"] == "active"
    lab.sync(sync={"grace_runs": 2})
    assert lab.outcome_of("s1-st1 s1-pa1", "relationships") == ("suspended", "link_gone")


def test_tobedeleted_goes_at_once_and_takes_along_what_is_missing(lab: Lab) -> None:
    lab.sync()
    lab.provider.mark("users", "s1-st1")
    lab.provider.drop("enrollments", "s1-a-1")
    lab.sync(sync={"grace_runs": 2})
    assert lab.outcome_of("s1-st1") == ("suspended", "tobedeleted")
    assert lab.outcome_of("s1-a-1", "enrollments") == ("suspended", "user_removed")
    assert lab.outcome_of("s1-b-1", "enrollments") == ("suspended", "user_removed")


def test_a_deletion_audits_also_what_was_only_missing(lab: Lab) -> None:
    lab.sync()
    lab.provider.mark("users", "s1-st1")
    lab.provider.drop("enrollments", "s1-a-1", "s1-b-1")
    lab.provider.records["users"]["s1-st1"]["agents"] = []
    lab.sync(sync={"grace_runs": 2, "on_removed": "delete"})
    assert {row[1] for row in lab.audit()} == {"s1-st1", "s1-a-1", "s1-b-1", "s1-st1 s1-pa1"}
    assert all(row[2] == "deleted" for row in lab.audit())


def test_incomplete_runs_do_not_count(lab: Lab) -> None:
    lab.sync()
    lab.provider.drop("users", "s1-st1")
    lab.sync(sync={"grace_runs": 1})
    lab.provider.faults["enrollments"] = lambda _: answer({"enrollments": []})
    for _ in range(3):
        lab.sync(sync={"grace_runs": 1})
        assert lab.statuses("users")["s1-st1"] == "active"
    lab.provider.faults.clear()
    lab.sync(sync={"grace_runs": 1})
    assert lab.statuses("users")["s1-st1"] == "suspended"


def test_plans_do_not_count(lab: Lab) -> None:
    lab.sync()
    lab.provider.drop("users", "s1-st1")
    for _ in range(3):
        lab.sync(mode="plan", sync={"grace_runs": 1})
    lab.sync(sync={"grace_runs": 1})
    assert lab.statuses("users")["s1-st1"] == "active"


def test_an_enrollment_missing_before_its_user_keeps_its_own_count(lab: Lab) -> None:
    lab.sync()
    lab.provider.drop("enrollments", "s1-a-1")
    lab.sync(sync={"grace_runs": 2})
    lab.provider.drop("users", "s1-st1")
    lab.sync(sync={"grace_runs": 2})
    lab.sync(sync={"grace_runs": 2})
    assert lab.outcome_of("s1-a-1", "enrollments") == ("suspended", "absent")
    assert lab.statuses("enrollments")["s1-b-1"] == "active"
    assert lab.statuses("users")["s1-st1"] == "active"
    lab.sync(sync={"grace_runs": 2})
    assert lab.statuses("users")["s1-st1"] == "suspended"


def test_a_moved_user_is_missing_as_long_as_another(lab: Lab) -> None:
    lab.sync()
    lab.provider.records["users"]["s1-teacher"]["orgs"] = [ref("s9", "org")]
    lab.provider.drop("enrollments", "s1-a-teacher", "s1-b-teacher")
    lab.sync(sync={"grace_runs": 1})
    assert lab.statuses("users")["s1-teacher"] == "active"
    lab.sync(sync={"grace_runs": 1})
    assert lab.outcome_of("s1-teacher") == ("suspended", "out_of_scope")
    assert lab.outcome_of("s1-a-teacher", "enrollments") == ("suspended", "absent")
