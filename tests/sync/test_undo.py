"""Undo: the state before a run comes back exactly; what changed since is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from oneroster_tui.errors import ConfigError, ExitCode, Held
from oneroster_tui.roster import queries
from oneroster_tui.sync.events import Event, RunEnded
from oneroster_tui.sync.undo import undo
from tests.lab import Lab, ref, small_district


def taken_back(lab: Lab, run_id: int, **options: Any) -> RunEnded:
    events: list[Event] = []
    return undo(lab.settings, lab.roster, events.append, run_id, **options)


def move_on(lab: Lab) -> None:
    """A night on which a bit of everything happens."""
    records = lab.provider.records
    records["users"].pop("s1-st1")
    records["users"]["s1-st2"]["familyName"] = "Changed"
    records["classes"].pop("s2-a")
    records["classes"]["s1-a"]["title"] = "Renamed"
    records["enrollments"]["s2-b-1"]["status"] = "tobedeleted"
    lab.provider.session("t2", "2027-01-04", "2027-07-01")
    records["classes"]["s1-b"]["terms"] = [{"sourcedId": "t2"}]
    lab.provider.user("s1-new", "parent")
    records["users"]["s1-st3"]["agents"] = [{"sourcedId": "s1-new"}]


def test_an_undo_that_would_empty_the_roster_is_refused_until_somebody_says_how_much(lab: Lab) -> None:
    ended = lab.sync()
    before = lab.content()
    guarded = lab.configured(guards={"max_remove_percent": 10.0, "max_remove_count": 5})
    for ceiling in (None, 3):
        with pytest.raises(Held, match=r"would delete .* rows that it created"):
            undo(guarded, lab.roster, lab.events.append, ended.run_id, ceiling=ceiling)
    assert lab.content() == before
    assert len(queries.runs(lab.roster, lab.settings.source)) == 1
    planned = undo(guarded, lab.roster, lab.events.append, ended.run_id, planning=True)
    deleting = sum(actions.get("deleted", 0) for actions in planned.counts.values())
    assert f"{deleting} that it created would be deleted" in planned.message
    undo(guarded, lab.roster, lab.events.append, ended.run_id, ceiling=deleting)
    assert lab.active("users") == set()
    assert queries.last_run(lab.roster, lab.settings.source, good=True) is None


@pytest.mark.parametrize("policy", ["suspend", "unenrol", "delete"])
def test_undo_returns_the_previous_state_exactly(lab: Lab, policy: str) -> None:
    lab.sync()
    before = lab.content()
    move_on(lab)
    ended = lab.sync(sync={"on_removed": policy})
    after = lab.content()
    assert after != before
    back = taken_back(lab, ended.run_id)
    assert back.exit_code == ExitCode.DONE
    assert lab.content() == before
    again = taken_back(lab, back.run_id)
    assert again.exit_code == ExitCode.DONE
    assert lab.content() == after


def test_a_first_sync_can_be_undone_to_nothing(lab: Lab) -> None:
    empty = lab.content()
    ended = lab.sync()
    taken_back(lab, ended.run_id)
    assert lab.content() == empty


def test_a_preview_changes_nothing(lab: Lab) -> None:
    ended = lab.sync()
    before = lab.content()
    preview = taken_back(lab, ended.run_id, planning=True)
    assert preview.outcome == "planned"
    assert preview.counts["users"] == {"deleted": 14}
    assert lab.content() == before
    assert [run.id for run in queries.runs(lab.roster, lab.settings.source)] == [ended.run_id]


def test_what_changed_since_is_left_alone_and_said(lab: Lab) -> None:
    lab.sync()
    lab.provider.records["users"]["s1-st1"]["familyName"] = "Second"
    lab.provider.records["users"]["s1-st2"]["familyName"] = "Second"
    second = lab.sync()
    lab.provider.records["users"]["s1-st1"]["familyName"] = "Third"
    lab.sync()
    back = taken_back(lab, second.run_id)
    assert back.exit_code == ExitCode.RECORD_PROBLEMS
    names = dict(lab.rows("SELECT sourced_id, family_name FROM users WHERE sourced_id IN ('s1-st1', 's1-st2')"))  # type: ignore[arg-type]
    assert names == {"s1-st1": "Third", "s1-st2": "Family"}
    assert lab.problems() == [("users", "s1-st1", "error", "changed_since")]


def test_who_was_deleted_and_came_back_as_another_row_stays_that_row(lab: Lab) -> None:
    lab.sync()
    gone = lab.provider.drop("enrollments", "s1-a-1")
    deleted = lab.sync(sync={"on_removed": "delete"})
    lab.provider.back("enrollments", gone)
    lab.sync()
    before = lab.content()
    assert taken_back(lab, deleted.run_id).exit_code == ExitCode.RECORD_PROBLEMS
    assert lab.content() == before
    assert lab.rows("SELECT message FROM sync_problems") == [("left alone: another row has the sourcedId s1-a-1",)]


def test_a_term_that_came_when_its_class_was_gone_is_the_same_after_undo_and_redo(lab: Lab) -> None:
    classes = lab.provider.records["classes"]
    classes["s1-a"]["terms"].append(ref("t9", "academicSession"))
    lab.sync()
    before = lab.content()
    lab.provider.drop("classes", "s1-a")
    lab.provider.session("t9")
    ended = lab.sync()
    after = lab.content()
    undone = taken_back(lab, ended.run_id)
    assert lab.content() == before
    taken_back(lab, undone.run_id)
    assert lab.content() == after


def test_a_row_that_others_need_by_now_stays(lab: Lab) -> None:
    enrollments = lab.provider.records["enrollments"]
    later = {key: enrollments.pop(key) for key in ("s1-a-1", "s1-b-1")}
    first = lab.sync()
    enrollments.update(later)
    lab.sync()
    taken_back(lab, first.run_id)
    assert {"s1-a", "s1-b"} <= set(lab.statuses("classes"))
    assert set(lab.statuses("enrollments")) == {"s1-a-1", "s1-b-1"}
    assert "s1-st1" in lab.statuses("users")


def test_a_held_run_gives_back_only_what_it_applied(lab: Lab) -> None:
    lab.sync()
    before = lab.content()
    for number in (1, 2, 3):
        lab.provider.records["users"].pop(f"s1-st{number}")
    lab.provider.user("s1-new")
    held = lab.sync(guards={"max_remove_percent": 10.0, "max_remove_count": 1})
    assert held.outcome == "held"
    taken_back(lab, held.run_id)
    assert lab.content() == before


def test_after_an_undo_the_next_sync_brings_the_roster_up_to_date_again(lab: Lab) -> None:
    lab.sync()
    move_on(lab)
    ended = lab.sync()
    taken_back(lab, ended.run_id)
    lab.sync()
    assert lab.active("users") == {sid for sid in small_district().records["users"] if sid != "s1-st1"} | {"s1-new"}


@pytest.mark.parametrize("run_id", [99, 2])
def test_runs_that_are_not_there_or_changed_nothing_are_refused(lab: Lab, run_id: int) -> None:
    lab.sync()
    lab.sync()
    with pytest.raises(ConfigError, match=f"Run {run_id}|run {run_id}"):
        taken_back(lab, run_id)


@pytest.mark.parametrize("policy", ["keep", "suspend", "delete"])
@pytest.mark.parametrize("first", ["none", "username"])
def test_undo_and_its_undo_bring_back_whom_provider_ids_mean(lab: Lab, policy: str, first: str) -> None:
    users = lab.provider.records["users"]
    users["s1-st2"]["username"] = users["s1-st1"]["username"]  # one person, or two
    then = {"none": "username", "username": "none"}[first]
    lab.sync(sync={"on_removed": policy, "merge_users": first})
    before = lab.content()
    ended = lab.sync(sync={"on_removed": policy, "merge_users": then})
    after = lab.content()
    assert after["user_ids"] != before["user_ids"]
    undone = taken_back(lab, ended.run_id)
    assert (undone.exit_code, lab.content()) == (ExitCode.DONE, before)
    assert (taken_back(lab, undone.run_id).exit_code, lab.content()) == (ExitCode.DONE, after)


def test_what_was_deleted_comes_back_although_others_came_since(lab: Lab) -> None:
    """The engine would give the newest rows' ids to the next ones, and who looks by them would find another row."""
    p = lab.provider
    p.user("late", "student", ("s1",), agents=[ref("s1-pa1")])
    lab.sync()
    p.enroll("late", "late", "s1-a")
    p.records["users"]["late"]["agents"].append(ref("s1-pa2"))
    lab.sync()
    newest = lab.local_id("late", "enrollments"), lab.local_id("late s1-pa2", "relationships")
    p.drop("enrollments", "late")
    p.records["users"]["late"]["agents"].pop()
    ended = lab.sync(sync={"on_removed": "delete"})
    p.enroll("other", "s1-st2", "s1-a")
    p.records["users"]["s1-st3"]["agents"].append(ref("s1-pa1"))
    lab.sync()
    assert taken_back(lab, ended.run_id).exit_code == ExitCode.DONE
    assert (lab.local_id("late", "enrollments"), lab.local_id("late s1-pa2", "relationships")) == newest
    assert not lab.rows("SELECT 1 FROM sync_problems")


def test_what_an_undo_deleted_comes_back_although_others_came_since(lab: Lab) -> None:
    lab.sync()
    lab.provider.enroll("late", "s1-st1", "s2-a")
    created = lab.sync()
    undone = taken_back(lab, created.run_id)
    lab.provider.drop("enrollments", "late")
    lab.provider.enroll("other", "s1-st2", "s2-a")
    lab.sync()
    assert taken_back(lab, undone.run_id).exit_code == ExitCode.DONE
    assert {"late", "other"} <= lab.active("enrollments")
