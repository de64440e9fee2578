"""`merge_users`: several provider records of one person become one local user; without it, likely twins are reported."""

from __future__ import annotations

from typing import Any

import pytest

from oneroster_tui.errors import ExitCode
from tests.lab import Lab, answer, new_lab, ref

BY_NAME: dict[str, Any] = {"merge_users": "username"}
BY_ID: dict[str, Any] = {"merge_users": "identifier"}


def twins(lab: Lab, *names: str, school: str = "s1") -> None:
    """Some records of one person, with the same username and identifier, each enrolled once and with an agent."""
    for n, name in enumerate(names):
        lab.provider.user(f"{name}-pa", "parent", ())
        agents = [ref(f"{name}-pa")]
        lab.provider.user(name, "student", (f"s{n % 2 + 1}",), username="Same.Name", identifier="SAME-1", agents=agents)
        lab.provider.enroll(f"e-{name}", name, f"s{n % 2 + 1}-a", school=f"s{n % 2 + 1}")


def means(lab: Lab) -> dict[str, int]:
    """sourcedId -> local id, by `user_ids`, of the active users."""
    sql = "SELECT i.sourced_id, i.user_id FROM user_ids i JOIN users u ON u.id = i.user_id WHERE u.status = 'active'"
    return dict(lab.rows(sql))  # type: ignore[arg-type]


def unchanged(lab: Lab, **settings: Any) -> None:
    """The same sync once more changes nothing."""
    before = lab.content()
    lab.sync(**settings)
    assert lab.audit() == []
    assert lab.content() == before


@pytest.mark.parametrize("rule", [BY_NAME, BY_ID], ids=["username", "identifier"])
def test_records_of_one_person_become_one_user_with_all_that_is_theirs(lab: Lab, rule: dict[str, Any]) -> None:
    twins(lab, "x1", "x2", "x3")
    ended = lab.sync(sync=rule)
    assert ended.exit_code == ExitCode.DONE
    assert len(lab.active("users")) == 14 + 3 + 1
    ids = means(lab)
    assert ids["x1"] == ids["x2"] == ids["x3"]
    orgs = lab.rows("SELECT org_sourced_id FROM user_roles WHERE user_id = ? ORDER BY 1", ids["x1"])
    assert orgs == [("s1",), ("s2",)]
    enrolled = lab.rows("SELECT sourced_id FROM enrollments WHERE user_id = ? ORDER BY 1", ids["x1"])
    assert enrolled == [("e-x1",), ("e-x2",), ("e-x3",)]
    agents = lab.rows("SELECT agent_id FROM relationships WHERE student_id = ? ORDER BY 1", ids["x1"])
    assert [row[0] for row in agents] == sorted(ids[f"x{n}-pa"] for n in (1, 2, 3))
    assert "Merging x2 into user same.name" in lab.log()
    assert "Merging x3 into user same.name" in lab.log()
    assert ended.counts["users"]["created"] == 18
    unchanged(lab, sync=rule)


def test_usernames_are_compared_in_any_case_and_blank_ones_never(lab: Lab) -> None:
    lab.provider.user("x1", username="Pat.Q")
    lab.provider.user("x2", username="pat.q")
    lab.provider.user("y1", username="", identifier="")
    lab.provider.user("y2", username="", identifier="")
    lab.sync(sync=BY_NAME)
    ids = means(lab)
    assert ids["x1"] == ids["x2"]
    assert ids["y1"] != ids["y2"]


def test_merged_agents_are_one_agent(lab: Lab) -> None:
    lab.provider.records["users"]["s1-pa2"]["username"] = lab.provider.records["users"]["s1-pa1"]["username"]
    lab.sync(sync=BY_NAME)
    ids = means(lab)
    rows = lab.rows("SELECT student_id FROM relationships WHERE agent_id = ? AND status = 'active'", ids["s1-pa1"])
    assert sorted(rows) == sorted([(ids["s1-st1"],), (ids["s1-st2"],)])
    unchanged(lab, sync=BY_NAME)


def test_who_would_be_their_own_agent_is_not(lab: Lab) -> None:
    lab.provider.records["users"]["s1-pa1"]["username"] = lab.provider.records["users"]["s1-st1"]["username"]
    lab.sync(sync=BY_NAME)
    assert lab.rows("SELECT * FROM relationships WHERE student_id = agent_id") == []


@pytest.mark.parametrize("gone", ["x1", "x2"])
def test_one_record_vanishing_keeps_the_person_and_the_local_id(lab: Lab, gone: str) -> None:
    twins(lab, "x1", "x2")
    lab.sync(sync=BY_NAME)
    person = means(lab)["x1"]
    lab.provider.drop("users", gone)
    left = "x2" if gone == "x1" else "x1"
    lab.sync(sync=BY_NAME)
    assert means(lab)[left] == person
    assert lab.rows("SELECT status FROM users WHERE id = ?", person) == [("active",)]
    assert lab.statuses("enrollments") | {f"e-{gone}": "suspended", f"e-{left}": "active"} == lab.statuses(
        "enrollments"
    )
    school = "s2" if left == "x2" else "s1"
    assert lab.rows("SELECT org_sourced_id FROM user_roles WHERE user_id = ?", person) == [(school,)]
    unchanged(lab, sync=BY_NAME)
    unchanged(lab)  # nor does turning the rule off make somebody else of them


def test_a_vanished_record_that_comes_back_finds_its_person(lab: Lab) -> None:
    twins(lab, "x1", "x2")
    lab.sync(sync=BY_NAME)
    before = lab.picture()
    person = means(lab)["x1"]
    gone = lab.provider.drop("users", "x1")
    lab.sync(sync=BY_NAME)
    lab.provider.back("users", gone)
    lab.sync(sync=BY_NAME)
    assert means(lab)["x1"] == means(lab)["x2"] == person
    assert lab.picture() == before


def test_all_records_vanishing_suspend_the_person(lab: Lab) -> None:
    twins(lab, "x1", "x2")
    lab.sync(sync=BY_NAME)
    person = means(lab)["x1"]
    lab.provider.drop("users", "x1", "x2")
    lab.sync(sync=BY_NAME)
    assert lab.rows("SELECT status FROM users WHERE id = ?", person) == [("suspended",)]
    assert not {"e-x1", "e-x2"} & lab.active("enrollments")


@pytest.mark.parametrize("policy", ["keep", "suspend", "unenrol", "delete"])
def test_merging_people_who_were_separate_keeps_the_lowest_id_and_every_enrollment(lab: Lab, policy: str) -> None:
    twins(lab, "x1", "x2")
    lab.sync()
    first, second = means(lab)["x1"], means(lab)["x2"]
    enrollments = lab.rows("SELECT sourced_id, id FROM enrollments ORDER BY 1")
    rule = BY_NAME | {"on_removed": policy}
    lab.sync(sync=rule)
    assert means(lab)["x1"] == means(lab)["x2"] == min(first, second)
    assert lab.rows("SELECT sourced_id, id FROM enrollments ORDER BY 1") == enrollments
    assert {"e-x1", "e-x2"} <= lab.active("enrollments")
    agents = lab.rows(
        "SELECT agent_id FROM relationships WHERE student_id = ? AND status = 'active'", min(first, second)
    )
    assert len(agents) == 2
    if policy != "keep":
        assert lab.outcome_of("x2") == ("deleted" if policy == "delete" else "suspended", "merged")
        assert "merged into another record" in lab.log()
    unchanged(lab, sync=rule)


@pytest.mark.parametrize("policy", ["keep", "suspend", "unenrol"])
def test_turning_merging_off_again_parts_them_under_their_old_ids(lab: Lab, policy: str) -> None:
    twins(lab, "x1", "x2")
    lab.sync()
    ids, picture = means(lab), lab.picture()
    lab.sync(sync=BY_NAME | {"on_removed": policy})
    lab.sync(sync={"on_removed": policy})
    assert means(lab) == ids
    after = lab.picture()
    if policy == "keep":  # the relationships of the merged person are kept as well
        assert picture.pop("relationships") < after.pop("relationships")
    assert after == picture
    unchanged(lab, sync={"on_removed": policy})


@pytest.mark.parametrize("policy", ["keep", "suspend", "unenrol", "delete"])
def test_turning_merging_on_and_off_and_on_while_records_come_and_go(lab: Lab, policy: str) -> None:
    twins(lab, "x1", "x2", "x3")
    plain: dict[str, Any] = {"on_removed": policy}
    for step in range(12):
        rule = BY_NAME if step % 3 else {}
        gone = lab.provider.drop("users", f"x{step % 4}") if step % 4 else []
        ended = lab.sync(sync=plain | rule)
        assert ended.exit_code in (ExitCode.DONE, ExitCode.RECORD_PROBLEMS)
        listed = [name for name in ("x1", "x2", "x3") if name in lab.provider.records["users"]]
        ids = means(lab)
        assert len({ids[name] for name in listed}) == (1 if rule else len(listed))
        for name in listed:
            assert f"e-{name}" in lab.active("enrollments")
        assert lab.dangling() == []
        lab.provider.back("users", gone)


def test_people_who_swap_partners_stay_who_they_are(lab: Lab) -> None:
    for name, username in (("a", "one"), ("b", "one"), ("c", "two"), ("d", "two")):
        lab.provider.user(name, username=username)
    lab.sync(sync=BY_NAME)
    ids = means(lab)
    assert ids["a"] == ids["b"] != ids["c"] == ids["d"]
    lab.provider.records["users"]["b"]["username"] = "two"
    lab.provider.records["users"]["d"]["username"] = "one"
    lab.sync(sync=BY_NAME)
    after = means(lab)
    assert (after["a"], after["d"]) == (ids["a"], ids["a"])
    assert (after["c"], after["b"]) == (ids["c"], ids["c"])
    unchanged(lab, sync=BY_NAME)


def test_a_merged_record_that_parts_is_a_person_of_its_own(lab: Lab) -> None:
    twins(lab, "x1", "x2")
    lab.sync(sync=BY_NAME)
    person = means(lab)["x1"]
    lab.provider.records["users"]["x2"]["username"] = "another"
    lab.sync(sync=BY_NAME)
    ids = means(lab)
    assert ids["x1"] == person
    assert ids["x2"] != person
    assert lab.rows("SELECT user_id FROM enrollments WHERE sourced_id = 'e-x2'") == [(ids["x2"],)]
    unchanged(lab, sync=BY_NAME)


def test_two_who_were_one_with_a_third_part_without_losing_either(lab: Lab) -> None:
    twins(lab, "x1", "x2", "x3")
    lab.sync(sync=BY_NAME)
    person = means(lab)["x1"]
    lab.provider.drop("users", "x1")
    lab.provider.records["users"]["x2"]["username"] = "second"
    lab.provider.records["users"]["x3"]["username"] = "third"
    lab.sync(sync=BY_NAME)
    ids = means(lab)
    assert ids["x2"] == person
    assert ids["x3"] not in (person, None)
    assert {"e-x2", "e-x3"} <= lab.active("enrollments")
    unchanged(lab, sync=BY_NAME)


def test_a_twin_at_a_school_that_is_not_selected_is_no_concern(lab: Lab) -> None:
    twins(lab, "x1", "x2")
    lab.sync(schools=("s1",), sync=BY_NAME)
    assert "x2" not in means(lab)
    assert lab.rows("SELECT org_sourced_id FROM user_roles WHERE user_id = ?", means(lab)["x1"]) == [("s1",)]


def test_what_a_deselected_school_holds_of_a_merged_person_stays(lab: Lab) -> None:
    twins(lab, "x1", "x2")
    lab.sync()
    before = lab.rows("SELECT sourced_id, status FROM enrollments WHERE sourced_id LIKE '%x2'")
    lab.sync(schools=("s1",), sync=BY_NAME | {"on_removed": "delete"})
    assert lab.rows("SELECT sourced_id, status FROM enrollments WHERE sourced_id LIKE '%x2'") == before


def test_a_person_whose_records_did_not_all_come_stays_as_stored(lab: Lab) -> None:
    twins(lab, "x1", "x2")
    lab.sync(sync=BY_NAME)
    before = lab.picture()
    lab.provider.drop("users", "x1")
    lab.provider.totals["users"] = 99
    ended = lab.sync(sync=BY_NAME)
    assert ended.exit_code == ExitCode.INCOMPLETE
    assert lab.picture() == before
    lab.provider.totals.clear()
    lab.provider.faults["users"] = lambda _: answer({"users": []})
    lab.sync(sync=BY_NAME)
    assert lab.picture() == before


def test_a_merged_person_with_a_broken_record_stays(lab: Lab) -> None:
    twins(lab, "x1", "x2")
    lab.sync(sync=BY_NAME)
    lab.provider.records["users"]["x2"] = {"sourcedId": "x2", "roles": 7, "orgs": 7, "status": "active"}
    lab.provider.drop("users", "x1")
    lab.provider.drop("enrollments", "e-x1", "e-x2")
    person = lab.local_id("x1")
    lab.sync(sync=BY_NAME)
    listed = "x2" in {row[1] for row in lab.problems() if row[2] == "error"}
    expected = "active" if listed else "suspended"
    assert lab.rows("SELECT status FROM users WHERE id = ?", person) == [(expected,)]


def test_a_held_merge_leaves_both_rows(lab: Lab) -> None:
    twins(lab, "x1", "x2")
    lab.sync()
    for _ in range(2):
        ended = lab.sync(sync=BY_NAME, guards={"max_remove_count": 0})
        assert ended.exit_code == ExitCode.HELD
        assert {"x1", "x2"} <= lab.active("users")
    lab.provider.drop("users", "x1")
    ended = lab.sync(sync=BY_NAME, guards={"max_remove_count": 0})
    assert ended.exit_code == ExitCode.HELD
    assert "e-x2" in lab.active("enrollments")


def test_likely_twins_are_reported_and_stay_two(lab: Lab) -> None:
    twins(lab, "x1", "x2")
    ended = lab.sync()
    assert ended.exit_code == ExitCode.DONE
    assert {row for row in lab.problems() if row[3] == "likely_twins"} == {("users", "x1", "warning", "likely_twins")}
    assert means(lab)["x1"] != means(lab)["x2"]
    assert 'merge_users = "username"' in lab.log()
    assert 'merge_users = "identifier"' in lab.log()


def test_no_twins_are_reported_where_there_are_none(lab: Lab) -> None:
    lab.sync()
    assert lab.problems() == []


def test_a_merged_roster_is_the_same_in_any_order(lab: Lab) -> None:
    twins(lab, "x1", "x2", "x3")
    lab.sync(sync=BY_NAME)
    lab.provider.order = lambda rows: rows[::-1]
    with new_lab(lab.provider) as other:
        other.sync(sync=BY_NAME, connection={"page_size": 2})
        assert other.picture() == lab.picture()
