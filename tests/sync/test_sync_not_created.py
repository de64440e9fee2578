"""What is never created, and what is a problem: contract section 4 (`tobedeleted`, unknown ends, broken records)."""

from __future__ import annotations

import pytest

from oneroster_tui.errors import ExitCode
from tests.lab import Lab, ref


def assert_stays(lab: Lab, table: str, sourced_id: str) -> None:
    """The row is active, and the audit has nothing on it but its creation."""
    assert lab.statuses(table)[sourced_id] == "active"
    assert lab.outcome_of(sourced_id, table) == ("created", "")


@pytest.mark.parametrize("status", ["tobedeleted", "inactive"])
@pytest.mark.parametrize(
    ("collection", "sourced_id"),
    [
        ("orgs", "d1"),
        ("academicSessions", "t1"),
        ("courses", "c1"),
        ("classes", "s1-a"),
        ("users", "s1-st1"),
        ("users", "s1-pa1"),
        ("enrollments", "s1-a-1"),
    ],
)
def test_what_was_never_held_and_is_tobedeleted_is_not_created(
    lab: Lab, collection: str, sourced_id: str, status: str
) -> None:
    lab.provider.mark(collection, sourced_id, status=status)
    ended = lab.sync(schools=("s1",))
    table = "academic_sessions" if collection == "academicSessions" else collection
    assert sourced_id not in lab.statuses(table)
    assert ended.exit_code == ExitCode.DONE
    assert not [problem for problem in lab.problems() if problem[2] == "error"]


def test_enrollments_of_a_tobedeleted_class_are_not_created_and_no_problem(lab: Lab) -> None:
    lab.provider.mark("classes", "s1-a")
    ended = lab.sync(schools=("s1",))
    assert ended.exit_code == ExitCode.DONE
    assert lab.problems() == []
    assert {sourced_id[:4] for sourced_id in lab.statuses("enrollments")} == {"s1-b"}


def test_enrollments_and_relationships_of_a_tobedeleted_user_are_not_created_and_no_problem(lab: Lab) -> None:
    lab.provider.mark("users", "s1-st1", "s1-pa2")
    ended = lab.sync(schools=("s1",))
    assert ended.exit_code == ExitCode.DONE
    assert lab.problems() == []
    assert not {"s1-a-1", "s1-b-1"} & set(lab.statuses("enrollments"))
    assert lab.active("relationships") == {"s1-st3 s1-pa3"}


def test_an_enrollment_of_an_unknown_user_is_a_problem_and_the_rest_is_synced(lab: Lab) -> None:
    lab.provider.enroll("ghost", "nobody", "s1-a")
    ended = lab.sync()
    assert ended.exit_code == ExitCode.RECORD_PROBLEMS
    assert ended.counts["enrollments"]["problems"] == 1
    assert lab.problems() == [("enrollments", "ghost", "error", "unknown_user")]
    assert len(lab.active("enrollments")) == 16
    assert lab.last_run()[:2] == ("done", 3)


def test_an_enrollment_of_an_unknown_class_is_a_problem_and_the_rest_is_synced(lab: Lab) -> None:
    lab.provider.enroll("ghost", "s1-st1", "nothing")
    ended = lab.sync()
    assert ended.exit_code == ExitCode.RECORD_PROBLEMS
    assert lab.problems() == [("enrollments", "ghost", "error", "unknown_class")]
    assert len(lab.active("enrollments")) == 16


def test_unknown_ends_in_schools_that_are_not_selected_are_nobodys_concern(lab: Lab) -> None:
    lab.provider.enroll("ghost", "nobody", "s2-a", school="s2")
    lab.provider.enroll("ghost2", "s2-st1", "nothing", school="s2")
    ended = lab.sync(schools=("s1",))
    assert ended.exit_code == ExitCode.DONE
    assert lab.problems() == []


def test_a_held_enrollment_whose_record_names_an_unknown_user_stays(lab: Lab) -> None:
    lab.sync()
    lab.provider.records["enrollments"]["s1-a-1"]["user"] = ref("nobody")
    ended = lab.sync()
    assert ended.exit_code == ExitCode.RECORD_PROBLEMS
    assert_stays(lab, "enrollments", "s1-a-1")


def test_a_held_enrollment_whose_record_names_an_unknown_class_stays(lab: Lab) -> None:
    lab.sync()
    lab.provider.records["enrollments"]["s1-a-1"]["class"] = ref("nothing", "class")
    ended = lab.sync()
    assert ended.exit_code == ExitCode.RECORD_PROBLEMS
    assert_stays(lab, "enrollments", "s1-a-1")


def test_a_role_that_nobody_mapped_is_said_with_its_number(lab: Lab) -> None:
    lab.sync(role_mapping={"stduent": "Student", "teacher": "Teacher"})
    assert "Not kept: 12 enrollments as student, a role that is not mapped" in lab.log()
    lab.sync()
    assert "Not kept" not in lab.log()


@pytest.mark.parametrize("field", ["user", "class", "role"])
def test_a_held_enrollment_whose_record_cannot_be_read_stays_and_so_does_its_user(lab: Lab, field: str) -> None:
    lab.provider.user("guest", "student", (), agents=[ref("s2-pa1")])
    lab.provider.records["users"]["s2-pa1"]["orgs"] = []
    lab.provider.enroll("e-guest", "guest", "s1-a")
    lab.sync(schools=("s1",))
    lab.provider.records["enrollments"]["e-guest"][field] = None
    ended = lab.sync(schools=("s1",))
    assert ended.exit_code == ExitCode.RECORD_PROBLEMS
    assert_stays(lab, "enrollments", "e-guest")
    assert_stays(lab, "users", "guest")
    assert_stays(lab, "users", "s2-pa1")
    assert_stays(lab, "relationships", "guest s2-pa1")


def test_a_class_without_a_school_is_a_problem_and_where_it_is_held_it_stays(lab: Lab) -> None:
    lab.sync()
    lab.provider.records["classes"]["s1-a"]["school"] = None
    lab.provider.class_("new", "s1")["school"] = None
    ended = lab.sync()
    assert ended.exit_code == ExitCode.RECORD_PROBLEMS
    assert [problem[:3] for problem in lab.problems()] == [("classes", "new", "error"), ("classes", "s1-a", "error")]
    assert_stays(lab, "classes", "s1-a")
    assert_stays(lab, "enrollments", "s1-a-1")
    assert "new" not in lab.statuses("classes")


def test_a_broken_class_of_a_deselected_school_keeps_nobody_new(lab: Lab) -> None:
    lab.sync()
    lab.provider.records["classes"]["s2-a"]["school"] = None
    lab.provider.user("late", "student", ())
    lab.provider.enroll("e-late", "late", "s2-a", school="s2")
    before = lab.picture()
    lab.sync(schools=("s1",))
    assert "late" not in lab.statuses("users")
    assert lab.picture() == before


@pytest.mark.parametrize(
    ("collection", "sourced_id"),
    [
        ("users", "s1-st1"),
        ("classes", "s1-a"),
        ("enrollments", "s1-a-1"),
        ("courses", "c1"),
        ("academicSessions", "t1"),
    ],
)
def test_a_record_without_a_usable_id_proves_no_absence_in_its_collection(
    lab: Lab, collection: str, sourced_id: str
) -> None:
    lab.provider.user("guest", "student", ())
    lab.provider.enroll("e-guest", "guest", "s1-a")
    lab.sync()
    before = lab.picture()
    lab.provider.records[collection][sourced_id]["sourcedId"] = ""
    if collection == "enrollments":
        lab.provider.drop("enrollments", "e-guest")
    ended = lab.sync()
    assert ended.exit_code == ExitCode.RECORD_PROBLEMS
    after = lab.picture()
    assert after["users"] == before["users"]
    assert after["enrollments"] == before["enrollments"]
    assert {row[0] for row in after["classes"]} == {row[0] for row in before["classes"]}
    assert after["courses"] == before["courses"]


def test_an_unknown_agent_is_a_warning(lab: Lab) -> None:
    lab.provider.records["users"]["s1-st1"]["agents"].append(ref("nobody"))
    ended = lab.sync()
    assert ended.exit_code == ExitCode.DONE
    assert lab.problems() == [("users", "s1-st1", "warning", "unknown_agent")]
    assert "s1-st1 s1-pa1" in lab.active("relationships")


def test_one_bad_row_costs_only_itself(lab: Lab) -> None:
    lab.provider.extra["users"] = ["not an object", {"sourcedId": None, "username": "x"}, 7]  # type: ignore[list-item]
    lab.provider.extra["enrollments"] = [{"sourcedId": "half", "status": "active"}]
    ended = lab.sync()
    assert ended.exit_code == ExitCode.RECORD_PROBLEMS
    assert len(lab.active("users")) == 14
    assert len(lab.active("enrollments")) == 16


def test_an_unreadable_modification_time_still_updates(lab: Lab) -> None:
    lab.sync()
    lab.provider.records["users"]["s1-st1"] |= {"dateLastModified": "yesterday, I think", "email": "x@example.org"}
    lab.provider.records["users"]["s1-st2"] |= {"dateLastModified": None, "email": "y@example.org"}
    lab.sync()
    emails = lab.rows("SELECT email FROM users WHERE sourced_id IN ('s1-st1', 's1-st2') ORDER BY 1")
    assert emails == [("x@example.org",), ("y@example.org",)]


def test_an_older_modification_time_still_updates(lab: Lab) -> None:
    lab.sync()
    lab.provider.records["users"]["s1-st1"] |= {
        "dateLastModified": "2020-01-01T00:00:00.000Z",
        "email": "x@example.org",
    }
    ended = lab.sync()
    assert ended.counts["users"]["updated"] == 1
    assert "1788242400 > 1577836800" in lab.log()
