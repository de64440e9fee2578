"""Who and what is kept: contract section 4, "Orgs and academic sessions", "Users", "Enrollments", "Relationships"."""

from __future__ import annotations

import msgspec
import pytest

from oneroster_tui.errors import ExitCode
from tests.lab import Lab, ref


def test_orgs_and_sessions_are_kept_whether_selected_or_not(lab: Lab) -> None:
    lab.provider.org("x9", "department")
    lab.provider.session("t0", "2019-08-01", "2020-06-30")
    lab.sync(schools=("s1",))
    assert lab.active("orgs") == {"d1", "s1", "s2", "x9"}
    assert lab.active("academic_sessions") == {"t0", "t1"}


def test_a_user_with_any_org_among_the_selected_schools_is_kept_with_all_roles(lab: Lab) -> None:
    lab.provider.user("both", "teacher", ("s2", "s1"))
    lab.sync(schools=("s1",))
    assert "both" in lab.active("users")
    roles = lab.rows(
        "SELECT org_sourced_id, role, role_type FROM user_roles WHERE user_id = ? ORDER BY 1", lab.local_id("both")
    )
    assert roles == [("s1", "teacher", "secondary"), ("s2", "teacher", "primary")]


def test_a_user_of_1_2_is_kept_for_the_org_of_a_role(lab: Lab) -> None:
    roles = [
        {"roleType": "primary", "role": "siteAdministrator", "org": ref("d1", "org")},
        {"roleType": "secondary", "role": "Teacher", "org": ref("s1", "org")},
    ]
    user = lab.provider.user("modern", roles=roles)
    del user["role"], user["orgs"]
    lab.sync(schools=("s1",))
    stored = lab.rows(
        "SELECT org_sourced_id, role FROM user_roles WHERE user_id = ? ORDER BY 1", lab.local_id("modern")
    )
    assert stored == [("d1", "siteAdministrator"), ("s1", "teacher")]


def test_an_unmapped_role_does_not_keep_a_user_of_the_school_out(lab: Lab) -> None:
    lab.provider.user("cook", "aide", ("s1",))
    lab.sync(schools=("s1",))
    assert "cook" in lab.active("users")
    assert lab.rows("SELECT role FROM user_roles WHERE user_id = ?", lab.local_id("cook")) == [("aide",)]


def test_a_user_is_kept_for_an_enrollment_in_a_kept_class(lab: Lab) -> None:
    lab.provider.user("guest", "student", ("s2",))
    lab.provider.user("nowhere", "teacher", ())
    lab.provider.enroll("e-guest", "guest", "s1-a")
    lab.provider.enroll("e-nowhere", "nowhere", "s1-a", "teacher")
    ended = lab.sync(schools=("s1",))
    assert ended.exit_code == ExitCode.DONE
    assert {"guest", "nowhere"} <= lab.active("users")
    assert {"e-guest", "e-nowhere"} <= lab.active("enrollments")


def test_an_enrollment_with_an_unmapped_role_keeps_nobody(lab: Lab) -> None:
    lab.provider.user("helper", "aide", ("s2",))
    lab.provider.enroll("e-helper", "helper", "s1-a", "aide")
    ended = lab.sync(schools=("s1",))
    assert ended.exit_code == ExitCode.DONE
    assert "helper" not in lab.statuses("users")
    assert "e-helper" not in lab.statuses("enrollments")


@pytest.mark.parametrize("mapping", [{}, {"student": ""}], ids=["absent", "blank"])
def test_a_role_that_is_not_mapped_is_not_enrolled_at_all(lab: Lab, mapping: dict[str, str]) -> None:
    lab.sync(role_mapping=mapping)
    assert lab.statuses("enrollments") == {}
    assert lab.statuses("relationships") == {}
    assert len(lab.active("users")) == 14


def test_agents_of_kept_students_are_kept_without_any_org(lab: Lab) -> None:
    for number in (1, 2, 3):
        lab.provider.records["users"][f"s1-pa{number}"]["orgs"] = []
    lab.provider.user("stranger", "parent", ())
    lab.sync(schools=("s1",))
    assert {"s1-pa1", "s1-pa2", "s1-pa3"} <= lab.active("users")
    assert "stranger" not in lab.statuses("users")
    assert len(lab.active("relationships")) == 3


def test_agents_of_a_student_kept_only_by_an_enrollment_are_kept(lab: Lab) -> None:
    lab.provider.user("mother", "parent", ())
    lab.provider.user("guest", "student", ("s2",), agents=[ref("mother")])
    lab.provider.enroll("e-guest", "guest", "s1-a")
    lab.sync(schools=("s1",))
    assert {"guest", "mother"} <= lab.active("users")
    assert "guest mother" in lab.active("relationships")


def test_agents_of_a_kept_agent_who_is_a_student_are_kept_at_any_depth(lab: Lab) -> None:
    for depth in range(4):
        lab.provider.user(f"chain{depth}", "student", (), agents=[ref(f"chain{depth + 1}")])
    lab.provider.user("chain4", "parent", ())
    lab.provider.records["users"]["s1-st1"]["agents"] = [ref("chain0")]
    lab.sync(schools=("s1",))
    assert {f"chain{depth}" for depth in range(5)} <= lab.active("users")


def test_what_a_teacher_names_as_agents_makes_nobody_kept(lab: Lab) -> None:
    lab.provider.user("spouse", "relative", ())
    lab.provider.records["users"]["s1-teacher"]["agents"] = [ref("spouse")]
    lab.sync()
    assert "spouse" not in lab.statuses("users")


def test_nobody_else_is_kept(lab: Lab) -> None:
    lab.sync(schools=("s2",))
    assert {sourced_id[:2] for sourced_id in lab.statuses("users")} == {"s2"}
    assert {sourced_id[:2] for sourced_id in lab.statuses("enrollments")} == {"s2"}
    assert {sourced_id[:2] for sourced_id in lab.statuses("classes")} == {"s2"}


def test_an_agents_own_role_has_to_be_mapped_for_the_relationship(lab: Lab) -> None:
    lab.provider.records["users"]["s1-pa1"]["role"] = "proctor"
    lab.provider.records["users"]["s1-pa2"]["role"] = "guardian"
    lab.sync(schools=("s1",))
    assert lab.active("relationships") == {"s1-st2 s1-pa2", "s1-st3 s1-pa3"}
    assert "s1-pa1" in lab.active("users")
    relation = lab.rows("SELECT role, local_role FROM relationships WHERE sourced_id = 's1-st2 s1-pa2'")
    assert relation == [("guardian", "Guardian")]


def test_role_words_match_in_any_case(lab: Lab) -> None:
    lab.provider.records["users"]["s1-st1"]["role"] = "STUDENT"
    lab.provider.records["users"]["s1-pa1"]["role"] = "Parent"
    lab.provider.records["enrollments"]["s1-a-1"]["role"] = "Student"
    lab.sync(schools=("s1",))
    assert "s1-st1 s1-pa1" in lab.active("relationships")
    assert lab.rows("SELECT local_role FROM enrollments WHERE sourced_id = 's1-a-1'") == [("Student",)]


def test_a_family_role_counts_before_another_role_of_the_same_agent(lab: Lab) -> None:
    roles = [
        {"roleType": "primary", "role": "teacher", "org": ref("s1", "org")},
        {"roleType": "secondary", "role": "parent", "org": ref("s1", "org")},
    ]
    lab.provider.records["users"]["s1-pa1"] |= {"role": None, "orgs": None, "roles": roles}
    lab.sync(schools=("s1",))
    assert lab.rows("SELECT role FROM relationships WHERE sourced_id = 's1-st1 s1-pa1'") == [("parent",)]


def test_courses_are_kept_by_their_org_and_by_the_class_that_names_them(lab: Lab) -> None:
    lab.provider.course("of-district", "d1")
    lab.provider.course("of-s2", "s2")
    lab.provider.course("of-s1", "s1")
    lab.provider.records["classes"]["s1-b"]["course"] = ref("of-district", "course")
    lab.sync(schools=("s1",))
    assert lab.active("courses") == {"c1", "of-s1", "of-district"}


def test_a_class_lasts_from_the_first_start_to_the_last_end_of_its_terms(lab: Lab) -> None:
    lab.provider.session("q1", "2026-08-17", "2026-10-31")
    lab.provider.session("q2", "2026-11-01", "2027-01-31")
    lab.provider.class_("two", "s1", terms=("q2", "q1"))
    lab.provider.class_("none", "s1", terms=())
    lab.sync()
    dates = {row[0]: row[1:] for row in lab.rows("SELECT sourced_id, start_date, end_date FROM classes")}
    assert dates["two"] == ("2026-08-17", "2027-01-31")
    assert dates["none"] == (None, None)
    sessions = lab.rows(
        "SELECT t.sourced_id FROM class_sessions x JOIN academic_sessions t ON t.id = x.session_id WHERE x.class_id = ? "
        "ORDER BY 1",
        lab.local_id("two", "classes"),
    )
    assert sessions == [("q1",), ("q2",)]


def test_a_class_follows_its_terms_when_they_move(lab: Lab) -> None:
    lab.sync()
    lab.provider.session("t1", "2026-09-01", "2027-07-01")
    lab.sync()
    assert lab.rows("SELECT DISTINCT start_date, end_date FROM classes") == [("2026-09-01", "2027-07-01")]


def test_a_term_that_nobody_lists_is_a_warning_and_is_linked_once_it_comes(lab: Lab) -> None:
    lab.provider.class_("late", "s1", terms=("t1", "t9"))
    ended = lab.sync()
    assert ended.exit_code == ExitCode.DONE
    assert lab.problems() == [("classes", "late", "warning", "unknown_term")]
    lab.provider.session("t9", "", "")
    lab.sync()
    linked = lab.rows("SELECT COUNT(*) FROM class_sessions WHERE class_id = ?", lab.local_id("late", "classes"))
    assert linked == [(2,)]


def test_every_user_has_an_id_row_of_its_own(lab: Lab) -> None:
    lab.sync()
    rows = lab.rows("SELECT i.sourced_id, u.sourced_id FROM user_ids i JOIN users u ON u.id = i.user_id")
    assert len(rows) == 14
    assert all(left == right for left, right in rows)


def test_roles_follow_their_user(lab: Lab) -> None:
    lab.sync()
    lab.provider.records["users"]["s1-teacher"]["orgs"] = [ref("s2", "org"), ref("s1", "org")]
    ended = lab.sync()
    assert ended.counts["users"]["updated"] == 1
    roles = lab.rows("SELECT org_sourced_id FROM user_roles WHERE user_id = ? ORDER BY 1", lab.local_id("s1-teacher"))
    assert roles == [("s1",), ("s2",)]
    text = lab.rows("SELECT roles FROM users WHERE sourced_id = 's1-teacher'")[0][0]
    assert {role["org_sourced_id"] for role in msgspec.json.decode(text)} == {"s1", "s2"}


def test_passwords_and_demographics_are_stored_nowhere(lab: Lab) -> None:
    lab.provider.records["users"]["s1-st1"] |= {
        "password": "hunter2-plain",
        "sex": "undisclosed-x",
        "birthDate": "2015-05-05",
    }
    lab.sync()
    tables = lab.roster.database.get_tables()
    stored = repr([lab.rows(f"SELECT * FROM {table}") for table in tables])
    assert "hunter2-plain" not in stored
    assert "undisclosed-x" not in stored
    assert "2015-05-05" not in stored
