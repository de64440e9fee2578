"""Removals happen only after complete pulls; a provider that cannot be read changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from oneroster_tui.errors import ExitCode, Forbidden, ProviderError, Unauthorized, Unreachable
from tests.lab import COLLECTIONS, Lab, Provider, answer, ref


def change_much(provider: Provider) -> None:
    """Something goes, something comes, something is renamed."""
    provider.drop("users", "s1-st1", "s2-pa2")
    provider.drop("enrollments", "s2-a-1")
    provider.drop("classes", "s2-b")
    provider.user("newcomer")
    provider.enroll("e-new", "newcomer", "s1-a")
    provider.records["users"]["s1-st2"]["familyName"] = "Changed"


def refuse(error: ProviderError, after: int = 0) -> Callable[[Mapping[str, str]], Any]:
    """A fault: the error for every offset from `after` on, pages of an empty shape never come."""

    def fault(_: Mapping[str, str]) -> Any:
        raise error

    return fault


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_an_empty_collection_where_rows_are_held_is_incomplete(lab: Lab, collection: str) -> None:
    lab.sync()
    before = lab.picture()
    change_much(lab.provider)
    lab.provider.faults[collection] = lambda _: answer({collection: []}, {"X-Total-Count": "0"})
    ended = lab.sync()
    assert (ended.outcome, ended.exit_code) == ("incomplete", ExitCode.INCOMPLETE)
    assert lab.last_run()[:2] == ("incomplete", 7)
    for table in ("orgs", "academic_sessions", "courses", "classes", "class_sessions", "relationships", "enrollments"):
        assert before[table] <= lab.picture()[table], table
    assert {row[0] for row in before["users"]} <= lab.active("users")
    if collection not in ("users", "enrollments", "classes"):
        assert "e-new" in lab.active("enrollments")
    if collection != "users":
        assert "newcomer" in lab.active("users")
        assert lab.rows("SELECT family_name FROM users WHERE sourced_id = 's1-st2'") == [("Changed",)]
    assert "Incomplete" in lab.log()
    assert "nothing was removed" in ended.message


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_total_larger_than_the_rows_is_incomplete(lab: Lab, collection: str) -> None:
    lab.sync()
    held = {table: lab.active(table) for table in ("classes", "users", "enrollments", "relationships", "courses")}
    change_much(lab.provider)
    lab.provider.totals[collection] = len(lab.provider.records[collection]) + 1
    ended = lab.sync()
    assert ended.exit_code == ExitCode.INCOMPLETE
    for table, names in held.items():
        assert names <= lab.active(table)
    assert "e-new" in lab.active("enrollments")
    assert lab.rows("SELECT family_name FROM users WHERE sourced_id = 's1-st2'") == [("Changed",)]
    lab.provider.totals.clear()
    lab.sync()
    assert lab.statuses("users")["s1-st1"] == "suspended"


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_an_empty_provider_on_the_first_run_is_no_catastrophe(lab: Lab, collection: str) -> None:
    lab.provider.records[collection].clear()
    ended = lab.sync()
    expected = ExitCode.INCOMPLETE if collection == "orgs" else None
    assert ended.exit_code in ({expected} if expected else {ExitCode.DONE, ExitCode.RECORD_PROBLEMS})


@pytest.mark.parametrize("how", ["absent", "tobedeleted"])
def test_a_selected_school_that_is_listed_no_longer_keeps_its_rows(lab: Lab, how: str) -> None:
    lab.sync()
    held = {table: lab.active(table) for table in ("orgs", "classes", "users", "enrollments", "relationships")}
    change_much(lab.provider)
    if how == "absent":
        lab.provider.drop("orgs", "s2")
    else:
        lab.provider.mark("orgs", "s2")
    ended = lab.sync()
    assert (ended.outcome, ended.exit_code) == ("incomplete", ExitCode.INCOMPLETE)
    assert "does not list the selected school s2" in lab.log()
    for table, names in held.items():
        assert names <= lab.active(table)
    assert "newcomer" in lab.active("users")


def test_incomplete_users_lose_no_enrollment_and_are_no_problem(lab: Lab) -> None:
    lab.sync()
    before = lab.picture()
    lab.provider.faults["users"] = lambda _: answer({"users": []})
    lab.provider.records["enrollments"]["s1-a-1"]["endDate"] = "2027-01-31"
    ended = lab.sync()
    assert ended.exit_code == ExitCode.INCOMPLETE
    assert lab.problems() == []
    after = lab.picture()
    assert after["users"] == before["users"]
    assert after["relationships"] == before["relationships"]
    assert {row[0] for row in after["enrollments"]} == {row[0] for row in before["enrollments"]}
    assert lab.rows("SELECT end_date FROM enrollments WHERE sourced_id = 's1-a-1'") == [("2027-01-31",)]


def test_a_part_of_the_users_reports_nobody_held_as_unknown(lab: Lab) -> None:
    lab.sync()
    before = lab.picture()
    lab.provider.drop("users", "s1-st1", "s1-pa2")
    lab.provider.totals["users"] = 14
    ended = lab.sync()
    assert ended.exit_code == ExitCode.INCOMPLETE
    assert lab.problems() == []
    assert lab.picture() == before


def test_incomplete_classes_lose_no_enrollment_and_take_new_ones(lab: Lab) -> None:
    lab.sync()
    lab.provider.faults["classes"] = lambda _: answer({"classes": []})
    lab.provider.enroll("e-new", "s1-teacher", "s1-a", "teacher")
    ended = lab.sync()
    assert ended.exit_code == ExitCode.INCOMPLETE
    assert lab.problems() == []
    assert len(lab.active("enrollments")) == 17


def test_incomplete_sessions_take_no_dates_from_classes(lab: Lab) -> None:
    lab.sync()
    before = lab.picture()["classes"]
    lab.provider.faults["academicSessions"] = lambda _: answer({"academicSessions": []})
    ended = lab.sync()
    assert ended.exit_code == ExitCode.INCOMPLETE
    assert lab.picture()["classes"] == before
    assert lab.problems() == []


def test_a_session_that_is_listed_but_broken_takes_no_dates_from_classes(lab: Lab) -> None:
    lab.provider.session("t2", "2027-01-01", "2027-12-31")
    lab.provider.class_("x", "s1", terms=("t1", "t2"))
    lab.sync()
    before = lab.picture()["classes"]
    lab.provider.records["academicSessions"]["t2"]["sourcedId"] = None
    lab.sync()
    assert lab.picture()["classes"] == before


def test_a_run_after_an_incomplete_one_catches_up(lab: Lab) -> None:
    lab.sync()
    change_much(lab.provider)
    lab.provider.faults["enrollments"] = lambda _: answer({"enrollments": []})
    lab.sync()
    lab.provider.faults.clear()
    ended = lab.sync()
    assert ended.exit_code == ExitCode.DONE
    assert lab.outcome_of("s1-st1") == ("suspended", "absent")
    assert lab.outcome_of("s2-b", "classes") == ("suspended", "absent")


@pytest.mark.parametrize("collection", COLLECTIONS)
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Forbidden("The provider refuses this.", status=403), ExitCode.UNAUTHORIZED),
        (Unauthorized("The credentials are refused.", status=401), ExitCode.UNAUTHORIZED),
        (Unreachable("The provider does not answer.", status=503), ExitCode.INCOMPLETE),
    ],
    ids=["403", "401", "503"],
)
def test_a_collection_that_cannot_be_read_changes_nothing_at_all(
    lab: Lab, collection: str, error: ProviderError, code: ExitCode
) -> None:
    lab.sync()
    before = lab.content()
    change_much(lab.provider)
    lab.provider.faults[collection] = refuse(error)
    with pytest.raises(type(error)) as caught:
        lab.sync()
    assert caught.value.exit_code == code
    assert lab.content() == before
    assert lab.audit() == []
    outcome, exit_code, message = lab.last_run()
    assert (outcome, exit_code) == ("failed", code)
    assert error.what in message
    assert "None of these decisions was applied" in lab.log()


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_an_error_in_the_middle_of_a_collection_changes_nothing_at_all(lab: Lab, collection: str) -> None:
    lab.sync()
    before = lab.content()
    change_much(lab.provider)
    whole = lab.provider.get

    def fault(params: Mapping[str, str]) -> Any:
        if int(params.get("offset", 0)) >= 1:
            raise Unreachable("The line is cut.", status=502)
        del lab.provider.faults[collection]
        try:
            return whole(collection, params)
        finally:
            lab.provider.faults[collection] = fault

    lab.provider.faults[collection] = fault
    with pytest.raises(Unreachable):
        lab.sync(connection={"page_size": 1})
    assert lab.content() == before
    assert lab.last_run()[0] == "failed"


def test_the_problems_of_a_failed_run_are_kept(lab: Lab) -> None:
    lab.provider.extra["classes"] = [{"sourcedId": "odd", "status": "active"}]
    lab.provider.faults["enrollments"] = refuse(Unreachable("The provider does not answer."))
    with pytest.raises(Unreachable):
        lab.sync()
    assert ("classes", "odd", "error") in {row[:3] for row in lab.problems()}


def test_the_first_run_that_fails_leaves_an_empty_roster(lab: Lab) -> None:
    lab.provider.faults["enrollments"] = refuse(Unreachable("The provider does not answer."))
    with pytest.raises(Unreachable):
        lab.sync()
    assert not any(lab.content().values())


def test_incomplete_outranks_held_and_problems(lab: Lab) -> None:
    lab.sync()
    lab.provider.drop("users", "s1-st1")
    lab.provider.enroll("ghost", "nobody", "s1-a")
    lab.provider.totals["courses"] = 99
    ended = lab.sync(guards={"max_remove_count": 0})
    assert ended.exit_code == ExitCode.INCOMPLETE
    assert lab.audit() == []


def test_a_new_student_with_agents_is_no_warning_while_users_are_incomplete(lab: Lab) -> None:
    lab.sync()
    lab.provider.user("s1-st4", "student", agents=[ref("s1-pa1")])
    lab.provider.drop("users", "s1-pa1")
    lab.provider.totals["users"] = 99
    lab.sync()
    assert lab.problems() == []
    assert "s1-st4" in lab.active("users")
