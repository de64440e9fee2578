"""What a removal is, why it happened, and what each `on_removed` makes of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from oneroster_tui.errors import ExitCode
from tests.lab import Lab, Provider, ref

POLICIES = ("keep", "suspend", "unenrol", "delete")

ENDS = {
    "keep": ("active", "active", "active"),
    "suspend": ("suspended", "suspended", "suspended"),
    "unenrol": ("suspended", "removed", "removed"),
    "delete": (None, None, None),
}
"""What becomes of users and classes, of enrollments, of relationships."""


def move_user(provider: Provider) -> None:
    """A student leaves for a school that is not selected."""
    provider.records["users"]["s1-st1"]["orgs"] = [ref("s9", "org")]
    provider.drop("enrollments", "s1-a-1", "s1-b-1")


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("status", ["tobedeleted", "inactive", None])
def test_a_user_that_goes_takes_enrollments_and_relationships_along(lab: Lab, policy: str, status: str | None) -> None:
    lab.sync()
    if status:
        lab.provider.mark("users", "s1-st1", status=status)
    else:
        lab.provider.drop("users", "s1-st1")
    ended = lab.sync(sync={"on_removed": policy})
    user, enrollment, relationship = ENDS[policy]
    assert ended.exit_code == ExitCode.DONE
    assert lab.statuses("users").get("s1-st1") == user
    assert lab.statuses("enrollments").get("s1-a-1") == enrollment
    assert lab.statuses("relationships").get("s1-st1 s1-pa1") == relationship
    assert lab.statuses("users")["s1-pa1"] == "active"
    assert len(lab.active("enrollments")) == (16 if policy == "keep" else 14)
    assert lab.dangling() == []
    if policy != "keep":
        reason = "tobedeleted" if status else "absent"
        reasons = {(entity, sourced_id): reason for entity, sourced_id, _, reason, _, _ in lab.audit()}
        assert reasons == {
            ("users", "s1-st1"): reason,
            ("enrollments", "s1-a-1"): "user_removed",
            ("enrollments", "s1-b-1"): "user_removed",
            ("relationships", "s1-st1 s1-pa1"): "user_removed",
        }


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("how", ["tobedeleted", "absent", "out_of_scope"])
def test_a_class_that_goes_takes_its_enrollments_along(lab: Lab, policy: str, how: str) -> None:
    lab.sync()
    if how == "tobedeleted":
        lab.provider.mark("classes", "s1-a")
    elif how == "absent":
        lab.provider.drop("classes", "s1-a")
    else:
        lab.provider.records["classes"]["s1-a"]["school"] = ref("s9", "org")
    ended = lab.sync(sync={"on_removed": policy})
    assert ended.exit_code == ExitCode.DONE
    assert lab.statuses("classes").get("s1-a") == ENDS[policy][0]
    assert lab.statuses("enrollments").get("s1-a-1") == ENDS[policy][1]
    assert len(lab.active("users")) == 14
    assert lab.dangling() == []
    if policy != "keep":
        assert lab.outcome_of("s1-a", "classes") == (lab.audit()[0][2], how)
        assert {row[3] for row in lab.audit() if row[0] == "enrollments"} == {"class_removed"}
        assert len([row for row in lab.audit() if row[0] == "enrollments"]) == 4


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("status", ["tobedeleted", None])
def test_an_enrollment_goes_alone(lab: Lab, policy: str, status: str | None) -> None:
    lab.sync()
    if status:
        lab.provider.mark("enrollments", "s1-a-1")
    else:
        lab.provider.drop("enrollments", "s1-a-1")
    lab.sync(sync={"on_removed": policy})
    assert lab.statuses("enrollments").get("s1-a-1") == ENDS[policy][1]
    assert len(lab.active("users")) == 14
    if policy != "keep":
        assert [row[:2] + row[3:4] for row in lab.audit()] == [("enrollments", "s1-a-1", status or "absent")]


def test_a_user_moved_to_a_school_that_is_not_selected_is_out_of_scope(lab: Lab) -> None:
    lab.sync()
    move_user(lab.provider)
    lab.sync()
    assert lab.outcome_of("s1-st1") == ("suspended", "out_of_scope")
    assert "no longer in a selected school" in lab.log()


def test_an_enrollment_moved_to_a_class_that_is_not_kept_is_out_of_scope(lab: Lab) -> None:
    lab.sync(schools=("s1",))
    lab.provider.records["enrollments"]["s1-a-1"]["class"] = ref("s2-a", "class")
    ended = lab.sync(schools=("s1",))
    assert ended.exit_code == ExitCode.DONE
    assert lab.outcome_of("s1-a-1", "enrollments") == ("suspended", "out_of_scope")


def test_an_enrollment_handed_to_another_user_is_an_update(lab: Lab) -> None:
    lab.sync()
    local_id = lab.local_id("s1-a-1", "enrollments")
    lab.provider.records["enrollments"]["s1-a-1"]["user"] = ref("s1-st2")
    lab.provider.drop("users", "s1-st1")
    lab.sync()
    rows = lab.rows("SELECT id, user_id, status FROM enrollments WHERE sourced_id = 's1-a-1'")
    assert rows == [(local_id, lab.local_id("s1-st2"), "active")]


def test_an_enrollment_handed_to_a_removed_user_goes(lab: Lab) -> None:
    lab.sync()
    lab.provider.mark("users", "s1-st2")
    lab.provider.records["enrollments"]["s1-a-1"]["user"] = ref("s1-st2")
    lab.sync()
    assert lab.outcome_of("s1-a-1", "enrollments") == ("suspended", "user_removed")


def test_the_last_agent_link_gone_takes_the_agent_along(lab: Lab) -> None:
    lab.provider.records["users"]["s1-pa1"]["orgs"] = []
    lab.sync()
    lab.provider.records["users"]["s1-st1"]["agents"] = []
    lab.sync()
    assert lab.outcome_of("s1-pa1") == ("suspended", "out_of_scope")
    assert lab.statuses("relationships")["s1-st1 s1-pa1"] == "suspended"


def test_one_of_two_agent_links_gone_leaves_the_agent(lab: Lab) -> None:
    lab.provider.records["users"]["s1-pa1"]["orgs"] = []
    lab.provider.records["users"]["s1-st2"]["agents"].append(ref("s1-pa1"))
    lab.sync()
    lab.provider.records["users"]["s1-st1"]["agents"] = []
    lab.sync()
    assert lab.statuses("users")["s1-pa1"] == "active"
    assert lab.outcome_of("s1-st1 s1-pa1", "relationships") == ("suspended", "link_gone")
    assert "s1-st2 s1-pa1" in lab.active("relationships")


def test_an_agent_who_is_removed_is_the_reason_for_the_relationship(lab: Lab) -> None:
    lab.sync()
    lab.provider.mark("users", "s1-pa1")
    lab.sync()
    assert lab.outcome_of("s1-st1 s1-pa1", "relationships") == ("suspended", "user_removed")
    assert lab.statuses("users")["s1-st1"] == "active"


def test_a_role_that_is_mapped_no_longer_removes_what_rests_on_it(lab: Lab) -> None:
    lab.sync()
    mapping = {"student": "Student", "parent": "", "teacher": ""}
    lab.sync(role_mapping=mapping)
    assert lab.outcome_of("s1-a-teacher", "enrollments") == ("suspended", "role_not_mapped")
    assert lab.outcome_of("s1-st1 s1-pa1", "relationships") == ("suspended", "role_not_mapped")
    assert len(lab.active("users")) == 14
    lab.sync()
    assert len(lab.active("enrollments")) == 16
    assert len(lab.active("relationships")) == 6


def test_a_role_mapped_to_another_word_is_an_update(lab: Lab) -> None:
    lab.sync()
    ended = lab.sync(role_mapping={"student": "Pupil", "teacher": "Teacher", "parent": "Parent"})
    assert ended.counts["enrollments"]["updated"] == 12
    assert lab.rows("SELECT DISTINCT local_role FROM enrollments WHERE role = 'student'") == [("Pupil",)]


def test_who_is_no_student_any_more_has_no_agents(lab: Lab) -> None:
    lab.sync()
    lab.provider.records["users"]["s1-st1"]["role"] = "teacher"
    lab.sync()
    assert lab.statuses("relationships")["s1-st1 s1-pa1"] == "suspended"


def test_courses_orgs_and_sessions_follow_on_removed_too(lab: Lab) -> None:
    lab.provider.org("x9", "department")
    lab.provider.session("t0")
    lab.provider.course("c9", "s1")
    lab.sync()
    lab.provider.drop("orgs", "x9")
    lab.provider.mark("academicSessions", "t0")
    lab.provider.drop("courses", "c9")
    lab.sync()
    assert lab.statuses("orgs")["x9"] == "suspended"
    assert lab.statuses("academic_sessions")["t0"] == "suspended"
    assert lab.statuses("courses")["c9"] == "suspended"
    lab.provider.org("x9", "department")
    lab.sync()
    assert lab.statuses("orgs")["x9"] == "active"


@pytest.mark.parametrize("policy", ["suspend", "unenrol"])
@pytest.mark.parametrize("how", ["absent", "tobedeleted", "moved"])
def test_what_comes_back_is_reactivated_with_its_old_id_and_new_content(lab: Lab, policy: str, how: str) -> None:
    lab.sync()
    ids = {
        table: dict(lab.rows(f"SELECT sourced_id, id FROM {table}"))
        for table in ("users", "enrollments", "relationships")
    }  # type: ignore[arg-type]
    record = lab.provider.records["users"]["s1-st1"]
    saved = dict(record)
    if how == "absent":
        lab.provider.drop("users", "s1-st1")
    elif how == "tobedeleted":
        lab.provider.mark("users", "s1-st1")
    else:
        record["orgs"] = [ref("s9", "org")]
        enrollments = lab.provider.drop("enrollments", "s1-a-1", "s1-b-1")
    lab.sync(sync={"on_removed": policy})
    assert lab.statuses("users")["s1-st1"] == "suspended"
    assert lab.statuses("enrollments")["s1-a-1"] != "active"
    lab.provider.records["users"]["s1-st1"] = saved | {"familyName": "Changed", "status": "active"}
    if how == "moved":
        lab.provider.back("enrollments", enrollments)
    lab.provider.records["enrollments"]["s1-a-1"]["endDate"] = "2027-01-31"
    lab.sync(sync={"on_removed": policy})
    for table, before in ids.items():
        assert dict(lab.rows(f"SELECT sourced_id, id FROM {table} WHERE status = 'active'")) == before  # type: ignore[arg-type]
    assert lab.rows("SELECT family_name FROM users WHERE sourced_id = 's1-st1'") == [("Changed",)]
    assert lab.rows("SELECT end_date FROM enrollments WHERE sourced_id = 's1-a-1'") == [("2027-01-31",)]
    assert {row[2] for row in lab.audit()} == {"reactivated"}


def test_what_comes_back_after_a_deletion_is_created_anew(lab: Lab) -> None:
    lab.sync()
    highest = lab.rows("SELECT MAX(id) FROM users")[0][0]
    gone = lab.provider.drop("users", "s1-st1")
    lab.sync(sync={"on_removed": "delete"})
    before = lab.picture()
    lab.provider.back("users", gone)
    lab.sync(sync={"on_removed": "delete"})
    assert lab.local_id("s1-st1") > highest
    assert {"s1-a-1", "s1-b-1"} <= lab.active("enrollments")
    assert lab.picture() != before


def test_a_removed_row_is_not_removed_again(lab: Lab) -> None:
    lab.sync()
    lab.provider.drop("users", "s1-st1")
    lab.sync()
    before = lab.content()
    ended = lab.sync()
    assert lab.audit() == []
    assert lab.content() == before
    assert "suspended" not in ended.counts["users"]


def test_the_audit_holds_each_row_before_and_after(lab: Lab) -> None:
    lab.sync()
    created = next(row for row in lab.audit() if row[1] == "s1-st1")
    assert created[2] == "created"
    assert created[4] is None
    assert created[5]["email"] == "s1-st1@example.org"
    lab.provider.records["users"]["s1-st1"]["email"] = "new@example.org"
    lab.provider.drop("users", "s1-st2")
    lab.sync(sync={"on_removed": "delete"})
    rows = {row[1]: row for row in lab.audit()}
    assert rows["s1-st1"][4]["email"] == "s1-st1@example.org"
    assert rows["s1-st1"][5]["email"] == "new@example.org"
    assert rows["s1-st2"][4]["username"] == "user.s1-st2"
    assert rows["s1-st2"][5] is None
    assert rows["s1-a-2"][4]["role"] == "student"
    assert rows["s1-st2 s1-pa2"][4]["role"] == "parent"


def test_delete_audits_what_was_suspended_before_and_hangs_on_the_row(lab: Lab) -> None:
    lab.sync()
    lab.provider.drop("enrollments", "s1-a-1")
    lab.sync()
    assert lab.statuses("enrollments")["s1-a-1"] == "suspended"
    lab.provider.drop("users", "s1-st1")
    lab.sync(sync={"on_removed": "delete"})
    assert {row[1] for row in lab.audit()} == {"s1-st1", "s1-a-1", "s1-b-1", "s1-st1 s1-pa1"}
    assert lab.dangling() == []


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    "mutate",
    [
        lambda p: p.drop("users", "s1-st1", "s1-pa2", "s2-teacher"),
        lambda p: p.drop("classes", "s1-a", "s2-b"),
        lambda p: p.drop("courses", "c1"),
        lambda p: p.drop("academicSessions", "t1"),
        move_user,
    ],
    ids=["users", "classes", "course", "session", "moved"],
)
def test_no_removal_leaves_anything_hanging(lab: Lab, policy: str, mutate: Callable[[Provider], object]) -> None:
    lab.provider.session("t2")
    lab.provider.course("c3", "s1")
    lab.sync()
    mutate(lab.provider)
    lab.sync(sync={"on_removed": policy})
    assert lab.dangling() == []
    for table, column, parent in (
        ("enrollments", "user_id", "users"),
        ("enrollments", "class_id", "classes"),
        ("relationships", "student_id", "users"),
        ("relationships", "agent_id", "users"),
    ):
        hanging = lab.rows(
            f"SELECT x.sourced_id FROM {table} x JOIN {parent} p ON p.id = x.{column} "
            "WHERE x.status = 'active' AND p.status <> 'active'"
        )
        assert hanging == []


def test_keep_says_what_it_keeps_and_writes_nothing(lab: Lab) -> None:
    lab.sync()
    before = lab.content()
    lab.provider.drop("users", "s1-st1")
    ended = lab.sync(sync={"on_removed": "keep"})
    assert ended.exit_code == ExitCode.DONE
    assert lab.content() == before
    assert lab.audit() == []
    assert "Keeping user user.s1-st1" in lab.log()


def test_a_course_of_elsewhere_goes_when_no_class_names_it_any_more(lab: Lab) -> None:
    lab.provider.course("of-district", "d1")
    lab.provider.records["classes"]["s1-b"]["course"] = ref("of-district", "course")
    lab.sync()
    lab.provider.records["classes"]["s1-b"]["course"] = ref("c1", "course")
    lab.sync()
    assert lab.outcome_of("of-district", "courses") == ("suspended", "out_of_scope")
