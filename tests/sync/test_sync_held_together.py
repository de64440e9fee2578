"""What is held is held whole: nobody is half merged or half parted, and nothing hangs on somebody who has gone."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oneroster_tui.errors import ExitCode
from oneroster_tui.sync import suspicion
from oneroster_tui.sync.undo import undo
from tests.lab import Lab, new_lab, ref
from tests.sync.test_sync_properties import Change, assert_whole, changes, district, expected, has_errors, mutate

BY_NAME = {"merge_users": "username"}
NO_EDITS = {"max_change_percent": 10.0}
NO_REMOVALS = {"max_remove_percent": 0.0, "max_remove_count": 0}
PAIRS = 12


def pairs(lab: Lab) -> None:
    """Adds people two and two, each with an enrollment and a parent of its own."""
    for number in range(2 * PAIRS):
        lab.provider.user(f"p{number:02}-pa", "parent")
        lab.provider.user(f"p{number:02}", agents=[ref(f"p{number:02}-pa")])
        lab.provider.enroll(f"e{number:02}", f"p{number:02}", "s1-a")


def name_alike(lab: Lab) -> None:
    """Gives the two of each pair one username."""
    for number in range(2 * PAIRS):
        lab.provider.records["users"][f"p{number:02}"]["username"] = f"pair{number // 2}"


def held(lab: Lab, **settings: Any) -> None:
    """A sync that is held, and leaves all as it was."""
    before = lab.content()
    ended = lab.sync(**settings)
    assert ended.exit_code == ExitCode.HELD
    assert_whole(lab)
    assert lab.content() == before


@pytest.mark.parametrize("policy", ["suspend", "delete"])
@pytest.mark.parametrize("guards", [NO_EDITS, NO_REMOVALS], ids=["edits", "removals"])
def test_a_held_merge_moves_nothing(lab: Lab, policy: str, guards: dict[str, float]) -> None:
    pairs(lab)
    lab.sync()
    name_alike(lab)
    rule = BY_NAME | {"on_removed": policy}
    if guards is NO_REMOVALS:  # which lets names change
        lab.sync(sync={"on_removed": policy})
    held(lab, sync=rule, guards=guards)
    held(lab, sync=rule, guards=guards)
    assert "goes together with something that is held" in lab.log()
    assert lab.sync(sync=rule).exit_code == ExitCode.DONE
    assert len(lab.active("users")) == 14 + 3 * PAIRS
    assert len(lab.rows("SELECT DISTINCT user_id FROM enrollments WHERE sourced_id LIKE 'e%'")) == PAIRS
    assert_whole(lab)


@pytest.mark.parametrize("policy", ["suspend", "delete"])
def test_a_held_parting_moves_nothing(lab: Lab, policy: str) -> None:
    pairs(lab)
    lab.sync()
    names = {key: record["username"] for key, record in lab.provider.records["users"].items()}
    name_alike(lab)
    rule = {"on_removed": policy}
    lab.sync(sync=rule | BY_NAME)
    for key, name in names.items():
        lab.provider.records["users"][key]["username"] = name
    held(lab, sync=rule | BY_NAME, guards=NO_EDITS)
    held(lab, sync=rule, guards=NO_EDITS)
    assert lab.sync(sync=rule).exit_code == ExitCode.DONE
    assert len(lab.active("users")) == 14 + 4 * PAIRS
    assert_whole(lab)


@pytest.mark.parametrize("policy", ["suspend", "delete"])
def test_what_held_classes_still_name_stays(lab: Lab, policy: str) -> None:
    p = lab.provider
    p.course("old", "s1")
    p.session("last")
    for number in range(PAIRS):
        p.class_(f"k{number:02}", "s1", "old", ("last",))
    lab.sync()
    p.drop("courses", "old")
    p.drop("academicSessions", "last")
    for number in range(PAIRS):
        p.class_(f"k{number:02}", "s1", "c1", ("t1",))
    held(lab, sync={"on_removed": policy}, guards=NO_EDITS)
    assert lab.sync(sync={"on_removed": policy}).exit_code == ExitCode.DONE
    assert "old" not in lab.active("courses")
    assert "last" not in lab.active("academic_sessions")


def test_others_are_brought_up_to_date_beside_a_held_merge(lab: Lab) -> None:
    pairs(lab)
    lab.sync()
    name_alike(lab)
    lab.provider.user("new", agents=[ref("s1-pa1")])
    lab.provider.enroll("new", "new", "s1-a")
    before = lab.content()
    ended = lab.sync(sync=BY_NAME, guards=NO_EDITS)
    assert ended.exit_code == ExitCode.HELD
    assert ended.message.startswith("The rest was applied; ")
    assert ended.message.endswith(" changes are held.")
    assert {"new"} <= lab.active("users") & lab.active("enrollments")
    assert "new s1-pa1" in lab.active("relationships")
    undo(lab.settings, lab.roster, lab.events.append, ended.run_id)
    assert lab.content() == before


@pytest.mark.parametrize("policy", ["suspend", "delete"])
@pytest.mark.parametrize("gone", ["users", "classes"])
def test_whoever_a_held_enrollment_hangs_on_stays(lab: Lab, policy: str, gone: str) -> None:
    """Enrollments move to other people, or another class, and what they leave goes."""
    pairs(lab)
    lab.provider.class_("old", "s1")
    for number in range(2 * PAIRS):
        lab.provider.enroll(f"e{number:02}", f"p{number:02}", "old")
    lab.sync()
    for number in range(2 * PAIRS):
        enrollment = lab.provider.records["enrollments"][f"e{number:02}"]
        if gone == "classes":
            enrollment["class"] = ref("s1-a", "class")
        else:
            lab.provider.drop("users", f"p{number:02}")
            enrollment["user"] = ref("s1-st1")
    if gone == "classes":
        lab.provider.drop("classes", "old")
    held(lab, sync={"on_removed": policy}, guards=NO_EDITS)


@pytest.mark.parametrize("orgs", [("s1",), ()], ids=["who would stay", "who would go"])
@pytest.mark.parametrize("policy", ["suspend", "delete"])
def test_nobody_is_linked_to_agents_whom_a_held_edit_names(lab: Lab, orgs: tuple[str, ...], policy: str) -> None:
    pairs(lab)
    for number in range(2 * PAIRS):
        lab.provider.user(f"p{number:02}-pa", "parent", orgs)
    lab.sync()
    for number in range(2 * PAIRS):
        lab.provider.records["users"][f"p{number:02}"]["agents"] = [ref("s1-pa1")]
    held(lab, sync={"on_removed": policy}, guards=NO_EDITS)


def test_people_who_live_on_in_another_records_row_count_as_edited_too(lab: Lab) -> None:
    pairs(lab)
    name_alike(lab)
    lab.sync(sync=BY_NAME)
    for number in range(0, 2 * PAIRS, 2):
        lab.provider.drop("users", f"p{number:02}")
        lab.provider.records["users"][f"p{number + 1:02}"]["familyName"] = "Changed"
    assert lab.sync(sync=BY_NAME, guards=NO_EDITS).exit_code == ExitCode.HELD
    assert lab.rows("SELECT 1 FROM users WHERE family_name = 'Changed'") == []


LIMITS: tuple[dict[str, Any], ...] = (
    {},
    {"max_change_percent": 0.0},
    NO_REMOVALS,
    NO_REMOVALS | {"max_change_percent": 0.0},
)
days = st.tuples(changes, st.sampled_from(["none", "username"]), st.sampled_from(LIMITS))


@settings(deadline=None, max_examples=25)
@given(history=st.lists(days, min_size=2, max_size=5), policy=st.sampled_from(["suspend", "unenrol", "delete"]))
def test_whatever_is_held_nothing_is_half_done_and_every_run_can_be_taken_back(
    history: list[tuple[list[Change], str, dict[str, Any]]], policy: str
) -> None:
    with new_lab(district()) as lab, mock.patch.object(suspicion, "REKEYED_AT_LEAST", 1):
        for steps, merging, limits in history:
            mutate(lab.provider, steps)
            before = lab.content()
            ended = lab.sync(sync={"on_removed": policy, "merge_users": merging}, guards=limits)
            assert ended.exit_code in (ExitCode.DONE, ExitCode.RECORD_PROBLEMS, ExitCode.HELD)
            assert_whole(lab)
            after = lab.content()
            if after != before:
                back = undo(lab.settings, lab.roster, lab.events.append, ended.run_id)
                assert (back.exit_code, lab.content()) == (ExitCode.DONE, before)
                forth = undo(lab.settings, lab.roster, lab.events.append, back.run_id)
                assert (forth.exit_code, lab.content()) == (ExitCode.DONE, after)
        rule = {"on_removed": policy, "merge_users": merging}
        lab.sync(sync=rule)
        assert_whole(lab)
        wanted = expected(lab.provider, ("s1", "s2"))
        assert wanted["enrollments"] <= lab.active("enrollments")
        if not has_errors(lab):
            with new_lab(lab.provider) as fresh:
                fresh.sync(sync=rule)
                for table in ("users", "relationships"):
                    assert len(fresh.active(table)) == len(lab.active(table))
                assert fresh.active("enrollments") == lab.active("enrollments")
