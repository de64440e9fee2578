"""A school that is deselected never removes its rows by itself; reselected, it goes on where it stopped."""

from __future__ import annotations

from typing import Any

import pytest

from oneroster_tui.errors import ExitCode
from tests.lab import Lab, ref

BOTH = ("s1", "s2")
ONE = ("s1",)


def of_school(lab: Lab, prefix: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row whose sourcedId begins so, whole."""
    tables = ("classes", "users", "enrollments", "relationships")
    return {table: lab.rows(f"SELECT * FROM {table} WHERE sourced_id LIKE ?", f"{prefix}%") for table in tables}


@pytest.mark.parametrize("policy", ["suspend", "unenrol", "delete"])
def test_nothing_of_a_deselected_school_is_touched(lab: Lab, policy: str) -> None:
    lab.sync()
    before = lab.content()
    ended = lab.sync(schools=ONE, sync={"on_removed": policy})
    assert ended.exit_code == ExitCode.DONE
    assert lab.content() == before
    assert lab.audit() == []


@pytest.mark.parametrize("policy", ["suspend", "delete"])
def test_what_happens_at_a_deselected_school_waits(lab: Lab, policy: str) -> None:
    lab.sync()
    before = of_school(lab, "s2")
    lab.provider.drop("users", "s2-st1")
    lab.provider.mark("users", "s2-st2", "s2-pa2", "s2-teacher")
    lab.provider.drop("classes", "s2-a")
    lab.provider.mark("classes", "s2-b")
    lab.provider.drop("enrollments", "s2-a-3")
    lab.provider.records["users"]["s2-st3"]["agents"] = []
    lab.provider.drop("courses", "c2")
    lab.provider.user("s2-new")
    lab.provider.records["users"]["s2-new"]["orgs"] = [ref("s2", "org")]
    lab.sync(schools=ONE, sync={"on_removed": policy})
    assert of_school(lab, "s2") == before
    assert lab.statuses("courses")["c2"] == "active"
    assert "s2-new" not in lab.statuses("users")
    lab.sync(schools=BOTH, sync={"on_removed": policy})
    assert lab.statuses("users").get("s2-st1") == (None if policy == "delete" else "suspended")
    assert "s2-new" in lab.active("users")


def test_a_deselected_school_that_the_provider_lists_no_longer_keeps_its_rows_for_ever(lab: Lab) -> None:
    lab.sync()
    before = of_school(lab, "s2")
    lab.provider.drop("orgs", "s2")
    for name in ("users", "classes", "enrollments"):
        lab.provider.drop(name, *[key for key in lab.provider.records[name] if key.startswith("s2")])
    for _ in range(3):
        assert lab.sync(schools=ONE, sync={"on_removed": "delete"}).exit_code == ExitCode.DONE
    assert of_school(lab, "s2") == before


def test_a_deselected_school_that_the_provider_never_listed_keeps_its_rows(lab: Lab) -> None:
    lab.provider.drop("orgs", "s2")
    assert lab.sync().exit_code == ExitCode.INCOMPLETE
    before = of_school(lab, "s2")
    assert len(before["users"]) == 7
    assert lab.sync(schools=ONE).exit_code == ExitCode.DONE
    assert of_school(lab, "s2") == before


def test_people_with_ties_to_both_schools_stay_for_the_deselected_one(lab: Lab) -> None:
    p = lab.provider
    p.user("parent-of-both", "parent", ())
    p.records["users"]["s1-st1"]["agents"].append(ref("parent-of-both"))
    p.records["users"]["s2-st1"]["agents"].append(ref("parent-of-both"))
    p.user("teacher-of-both", "teacher", ("s1", "s2"))
    p.enroll("tb-s1", "teacher-of-both", "s1-a", "teacher")
    p.enroll("tb-s2", "teacher-of-both", "s2-a", "teacher", "s2")
    p.user("guest-of-both", "student", ())
    p.enroll("gb-s1", "guest-of-both", "s1-a")
    p.enroll("gb-s2", "guest-of-both", "s2-a", school="s2")
    lab.sync()
    before = lab.picture()
    lab.sync(schools=ONE)
    assert lab.picture() == before
    p.drop("enrollments", "tb-s1", "gb-s1")
    p.records["users"]["teacher-of-both"]["orgs"] = [ref("s2", "org")]
    p.records["users"]["s1-st1"]["agents"] = [ref("s1-pa1")]
    lab.sync(schools=ONE)
    assert {"parent-of-both", "teacher-of-both", "guest-of-both"} <= lab.active("users")
    assert {"tb-s2", "gb-s2"} <= lab.active("enrollments")
    assert lab.outcome_of("tb-s1", "enrollments") == ("suspended", "absent")
    assert lab.outcome_of("gb-s1", "enrollments") == ("suspended", "absent")
    assert lab.outcome_of("s1-st1 parent-of-both", "relationships") == ("suspended", "link_gone")
    assert "s2-st1 parent-of-both" in lab.active("relationships")


def test_a_class_shared_by_people_of_both_schools_stays_with_its_own_school(lab: Lab) -> None:
    lab.provider.enroll("visit", "s2-st1", "s1-a")
    lab.provider.enroll("visit-back", "s1-st1", "s2-a", school="s2")
    lab.sync()
    before = lab.picture()
    lab.sync(schools=ONE)
    assert lab.picture() == before
    lab.provider.drop("enrollments", "visit", "visit-back")
    lab.sync(schools=ONE)
    assert lab.statuses("enrollments")["visit"] == "suspended"
    assert lab.statuses("enrollments")["visit-back"] == "active"
    assert lab.statuses("users")["s2-st1"] == "active"


def test_a_class_that_moved_to_a_deselected_school_leaves_the_selected_one(lab: Lab) -> None:
    lab.sync()
    lab.provider.records["classes"]["s1-a"]["school"] = ref("s2", "org")
    lab.sync(schools=ONE)
    assert lab.outcome_of("s1-a", "classes") == ("suspended", "out_of_scope")
    lab.sync(schools=BOTH)
    assert lab.statuses("classes")["s1-a"] == "active"
    assert lab.statuses("enrollments")["s1-a-1"] == "active"


def test_a_course_that_only_a_deselected_schools_class_names_stays(lab: Lab) -> None:
    lab.provider.course("of-district", "d1")
    lab.provider.records["classes"]["s2-a"]["course"] = ref("of-district", "course")
    lab.sync()
    lab.sync(schools=ONE)
    assert lab.statuses("courses")["of-district"] == "active"
    lab.provider.drop("courses", "of-district")
    lab.sync(schools=ONE)
    assert lab.statuses("courses")["of-district"] == "active"


def test_a_reselected_school_is_picked_up_with_its_old_ids(lab: Lab) -> None:
    lab.sync()
    ids = lab.rows("SELECT sourced_id, id FROM users ORDER BY 1")
    lab.sync(schools=ONE)
    lab.provider.records["users"]["s2-st1"]["familyName"] = "Meanwhile"
    lab.provider.drop("users", "s2-st2")
    lab.sync(schools=ONE)
    assert lab.rows("SELECT family_name FROM users WHERE sourced_id = 's2-st1'") == [("Family",)]
    lab.sync(schools=BOTH)
    assert lab.rows("SELECT family_name FROM users WHERE sourced_id = 's2-st1'") == [("Meanwhile",)]
    assert lab.outcome_of("s2-st2") == ("suspended", "absent")
    assert lab.rows("SELECT sourced_id, id FROM users ORDER BY 1") == ids


def test_who_leaves_the_provider_altogether_leaves_the_selected_school(lab: Lab) -> None:
    lab.provider.user("teacher-of-both", "teacher", ("s1", "s2"))
    lab.sync()
    lab.provider.drop("users", "teacher-of-both")
    lab.sync(schools=ONE)
    assert lab.outcome_of("teacher-of-both") == ("suspended", "absent")


def family(lab: Lab, orgs: tuple[str, ...]) -> None:
    """A child whose agents have agents, none of whom has a school of their own."""
    lab.provider.user("parent", "parent", ())
    lab.provider.user("eldest", "student", (), agents=[ref("parent")])
    lab.provider.user("elder", "student", (), agents=[ref("eldest")])
    lab.provider.user("child", "student", orgs, agents=[ref("elder")])


def test_a_child_of_a_deselected_school_holds_its_family_to_the_last(lab: Lab) -> None:
    family(lab, ("s2",))
    lab.sync()
    lab.sync(schools=ONE)
    assert lab.audit() == []


def test_a_family_leaves_with_a_child_that_leaves_while_a_school_is_deselected(lab: Lab) -> None:
    family(lab, BOTH)
    lab.sync()
    lab.provider.drop("users", "child")
    lab.sync(schools=ONE)
    assert {lab.statuses("users")[who] for who in ("child", "elder", "eldest", "parent")} == {"suspended"}
    lab.sync(schools=ONE)
    assert lab.audit() == []
