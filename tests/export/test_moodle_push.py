"""The push into a running Moodle: what is told, told once, told again after a crash, and what is never touched."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from oneroster_tui.errors import (
    ConfigError,
    ExitCode,
    ExportError,
    Forbidden,
    ProviderError,
    RosterSyncError,
    RunLocked,
    Stopped,
    Unauthorized,
    Unreachable,
    Unreadable,
)
from oneroster_tui.export.moodle.client import MoodleClient
from oneroster_tui.export.moodle.push import Outcome, push
from tests.export.moodle_standin import TOKEN, URL, Moodle
from tests.lab import Lab, lab_in, ref


class Crash(BaseException):
    """The process dies."""


@pytest.fixture
def moodle() -> Moodle:
    """A Moodle with somebody and something of its own."""
    made = Moodle()
    made.state.new(made.state.categories, {"name": "Own", "parent": 0, "idnumber": ""})
    made.state.new(made.state.courses, {"fullname": "Own", "shortname": "own", "idnumber": "", "visible": 1})
    made.state.new(
        made.state.users,
        {
            "username": "admin",
            "firstname": "A",
            "lastname": "B",
            "email": "admin@example.org",
            "idnumber": "",
            "suspended": 0,
        },
    )
    return made


@pytest.fixture
def lab(tmp_path: Path, engine: str) -> Iterator[Lab]:
    """A synced district and a config that names the Moodle."""
    with lab_in(tmp_path) as made:
        made.settings = made.configured(
            moodle={
                "url": f"{URL}/",
                "token": TOKEN,
                "roles": {"student": "student", "teacher": "editingteacher", "parent": "parent"},
                "role_ids": {"parent": 9},
            }
        )
        made.sync()
        yield made


def run(lab: Lab, moodle: Moodle, **options: Any) -> Outcome:
    """One push."""
    stopping = options.pop("stopping", lambda: False)
    settings = lab.configured(moodle=options.pop("asked", {}))
    settings = replace(settings, sync=replace(settings.sync, **options.pop("sync", {})))
    waited: list[float] = []
    with MoodleClient(
        URL,
        settings.moodle.token,
        5,
        transport=httpx.MockTransport(moodle),
        sleep=waited.append,
        clock=lambda: sum(waited),
        stopping=stopping,
    ) as client:
        return push(lab.roster, settings, client, lambda line: None, **options)


def plan(lab: Lab) -> Outcome:
    """What a push would do."""
    return push(lab.roster, lab.settings, None, lambda line: None)


def own(moodle: Moodle) -> list[dict[str, Any]]:
    """What was there before."""
    state = moodle.state
    return [
        row for rows in (state.categories, state.courses, state.users) for row in rows.values() if not row["idnumber"]
    ]


def test_everything_is_told(lab: Lab, moodle: Moodle) -> None:
    before = copy.deepcopy(own(moodle))
    lab.provider.user("s1-st2", enabledUser="false", givenName="Zoë <b>", middleName="M", agents=[ref("s1-pa2")])
    lab.sync()
    outcome = run(lab, moodle)
    assert outcome.problems == []
    assert outcome.exit_code == ExitCode.DONE
    assert outcome.counts["user"]["created"] == len(moodle.people()) - 1 == 14
    person = moodle.people()["default:s1-st2"]
    assert person | {"id": 0} == {
        "id": 0,
        "username": "user.s1-st2",
        "firstname": "Zoë b",
        "lastname": "Family",
        "middlename": "M",
        "email": "s1-st2@example.org",
        "auth": "manual",
        "idnumber": "default:s1-st2",
        "createpassword": 1,
        "suspended": 1,
    }
    names = {row["id"]: row for row in moodle.state.categories.values()}
    course = moodle.course_ids()["default:s1-a"]
    assert (course["fullname"], course["shortname"], course["visible"]) == ("Class s1-a", "s1-a", 1)
    school = names[course["categoryid"]]
    assert (school["name"], names[school["parent"]]["name"], names[school["parent"]]["parent"]) == (
        "Org s1",
        "Org d1",
        0,
    )
    assert len(moodle.state.enrolments) == 16
    assert moodle.enrolled()["default:s1-a", "default:s1-teacher"]["roles"] == {3}
    assert moodle.enrolled()["default:s1-a", "default:s1-st1"]["suspended"] == 0
    ids = {key: row["id"] for key, row in moodle.people().items()}
    assert len(moodle.state.parents) == 6
    assert (9, ids["default:s1-pa1"], ids["default:s1-st1"]) in moodle.state.parents
    assert own(moodle) == before


def test_a_second_push_tells_nothing(lab: Lab, moodle: Moodle) -> None:
    run(lab, moodle)
    before = copy.deepcopy(moodle.state)
    moodle.calls.clear()
    outcome = run(lab, moodle)
    assert moodle.calls == ["core_webservice_get_site_info"]
    assert outcome.counts == {}
    assert moodle.state == before


def test_only_what_changed_is_told(lab: Lab, moodle: Moodle) -> None:
    run(lab, moodle)
    lab.provider.user("s1-st1", givenName="New", agents=[ref("s1-pa1")])
    lab.provider.org("s1", name="Renamed", parent=ref("d1", "org"))
    lab.provider.class_("s1-a", "s1", title="Renamed", classCode="R")
    lab.provider.enroll("s1-a-1", "s1-st1", "s1-a", endDate="2027-01-01")
    lab.provider.user("late")
    lab.sync()
    assert {kind: counts for kind, counts in plan(lab).counts.items() if any(counts.values())} == {
        "category": {"create": 0, "update": 1, "suspend": 0},
        "course": {"create": 0, "update": 1, "suspend": 0},
        "user": {"create": 1, "update": 1, "suspend": 0},
        "enrolment": {"create": 0, "update": 1, "suspend": 0},
    }
    before = moodle.enrolled()["default:s1-a", "default:s1-st1"]["end"]
    outcome = run(lab, moodle)
    assert outcome.counts == {
        "category": {"updated": 1},
        "course": {"updated": 1},
        "user": {"found": 0, "created": 1, "updated": 1},
        "enrolment": {"updated": 1},
    }
    assert moodle.people()["default:s1-st1"]["firstname"] == "New"
    assert moodle.course_ids()["default:s1-a"]["shortname"] == "R"
    assert moodle.enrolled()["default:s1-a", "default:s1-st1"]["end"] < before
    assert "Renamed" in {row["name"] for row in moodle.state.categories.values()}


def test_a_plan_sends_nothing_and_remembers_nothing(lab: Lab, moodle: Moodle) -> None:
    first, second = plan(lab), plan(lab)
    assert first.counts == second.counts
    assert first.counts["user"] == {"create": 14, "update": 0, "suspend": 0}
    assert lab.rows("SELECT COUNT(*) FROM moodle_links") == [(0,)]


@pytest.mark.parametrize("on_removed", ["suspend", "unenrol", "delete"])
def test_who_left_is_suspended_and_nobody_deleted(lab: Lab, moodle: Moodle, on_removed: str) -> None:
    rules = {"sync": {"on_removed": on_removed}}
    lab.sync(**rules)
    run(lab, moodle, **rules)
    lab.provider.drop("users", "s1-st1")
    lab.provider.drop("classes", "s2-b")
    lab.provider.drop("enrollments", "s1-b-2")
    lab.provider.user("s2-st1", agents=[])
    lab.sync(**rules)
    outcome = run(lab, moodle, allow_removals=True, **rules)
    assert outcome.problems == []
    assert len(moodle.state.users) == 15
    assert {key for key, row in moodle.people().items() if row["suspended"]} == {"default:s1-st1"}
    assert {key for key, row in moodle.course_ids().items() if not row["visible"]} == {"default:s2-b"}
    left = {("default:s1-a", "default:s1-st1"), ("default:s1-b", "default:s1-st2"), ("default:s2-b", "default:s2-st3")}
    if on_removed == "suspend":
        assert all(moodle.enrolled()[one]["suspended"] for one in left)
        assert len(moodle.enrolled()) == 16
    else:
        assert not left & set(moodle.enrolled())
    assert len(moodle.state.parents) == 4
    moodle.calls.clear()
    run(lab, moodle, **rules)
    assert moodle.calls == ["core_webservice_get_site_info"]


def test_who_comes_back_is_there_again(lab: Lab, moodle: Moodle) -> None:
    run(lab, moodle)
    gone = {name: lab.provider.drop(name, one) for name, one in (("users", "s1-st1"), ("classes", "s2-b"))}
    lab.sync()
    run(lab, moodle, allow_removals=True)
    for name, rows in gone.items():
        lab.provider.back(name, rows)
    lab.sync()
    assert run(lab, moodle).problems == []
    assert not any(row["suspended"] for row in moodle.people().values())
    assert all(row["visible"] for row in moodle.course_ids().values())
    assert not any(row["suspended"] for row in moodle.enrolled().values())
    assert len(moodle.state.parents) == 6


def test_one_role_of_two_is_taken_away_and_the_enrolment_stays(lab: Lab, moodle: Moodle) -> None:
    lab.provider.enroll("second", "s1-teacher", "s1-a", "student")
    lab.sync()
    run(lab, moodle)
    assert moodle.enrolled()["default:s1-a", "default:s1-teacher"]["roles"] == {3, 5}
    lab.provider.drop("enrollments", "second")
    lab.sync()
    run(lab, moodle, allow_removals=True)
    assert moodle.enrolled()["default:s1-a", "default:s1-teacher"]["roles"] == {3}
    assert not moodle.enrolled()["default:s1-a", "default:s1-teacher"]["suspended"]


def test_many_suspensions_at_once_are_held(lab: Lab, moodle: Moodle) -> None:
    lab.settings = lab.configured(guards={"max_remove_percent": 10.0, "max_remove_count": 2})
    run(lab, moodle)
    lab.settings = lab.configured(moodle={"roles": {"student": "student"}})  # a mapping is lost: teachers would go
    outcome = run(lab, moodle)
    assert outcome.held == {"enrolment": 4, "parent": 6}
    assert outcome.exit_code == ExitCode.HELD
    assert not any(row["suspended"] for row in moodle.enrolled().values())
    assert len(moodle.state.parents) == 6
    assert plan(lab).held == outcome.held
    outcome = run(lab, moodle, allow_removals=True)
    assert outcome.problems == []
    assert outcome.counts == {"enrolment": {"suspended": 4}, "parent": {"role taken": 6}}
    assert moodle.state.parents == set()


def test_who_cannot_be_told_any_more_keeps_what_they_have(lab: Lab, moodle: Moodle) -> None:
    run(lab, moodle)
    lab.provider.user("s1-st1", email="", agents=[ref("s1-pa1")])
    lab.provider.enroll("s1-a-2", "s1-st2", "s1-a", beginDate="2027-05-01", endDate="2027-01-01")
    lab.sync()
    before = copy.deepcopy(moodle.state)
    outcome = run(lab, moodle)
    assert outcome.exit_code == ExitCode.RECORD_PROBLEMS
    assert moodle.state == before


def test_the_same_names_elsewhere_are_not_touched(lab: Lab, moodle: Moodle) -> None:
    foreign = {"username": "user.s1-st1", "firstname": "X", "lastname": "Y", "email": "x@example.org", "idnumber": ""}
    moodle.state.new(moodle.state.users, foreign | {"suspended": 0})
    moodle.state.new(moodle.state.courses, {"fullname": "Z", "shortname": "s1-a", "idnumber": "", "visible": 1})
    before = copy.deepcopy(own(moodle))
    outcome = run(lab, moodle)
    assert own(moodle) == before
    assert len(outcome.problems) == 2
    assert outcome.exit_code == ExitCode.RECORD_PROBLEMS
    assert outcome.counts["user"]["created"] == 13
    assert outcome.counts["enrolment"]["waiting"] == 5
    assert len(moodle.state.enrolments) == 11
    del moodle.state.users[next(one for one, row in moodle.state.users.items() if row["username"] == "user.s1-st1")]
    assert len(run(lab, moodle).problems) == 1
    assert "default:s1-st1" in moodle.people()


def test_what_carries_our_number_already_is_ours(lab: Lab, moodle: Moodle) -> None:
    """As the file import left it, or a push whose answer was lost."""
    moodle.state.new(moodle.state.categories, {"name": "Old", "parent": 0, "idnumber": "default:d1"})
    moodle.state.new(
        moodle.state.courses, {"fullname": "Z", "shortname": "old", "idnumber": "default:s1-a", "visible": 1}
    )
    row = {"username": "old", "firstname": "X", "lastname": "Y", "email": "x@example.org", "idnumber": "default:s1-st1"}
    moodle.state.new(moodle.state.users, row | {"suspended": 0})
    outcome = run(lab, moodle)
    assert outcome.problems == []
    assert moodle.people()["default:s1-st1"]["username"] == "user.s1-st1"
    assert moodle.course_ids()["default:s1-a"]["shortname"] == "s1-a"
    assert [row["name"] for row in moodle.state.categories.values() if row["idnumber"] == "default:d1"] == ["Org d1"]
    assert len(moodle.state.users) == 15
    assert len(moodle.state.courses) == 5


def test_somebody_deleted_there_is_said_and_not_made_again(lab: Lab, moodle: Moodle) -> None:
    run(lab, moodle)
    del moodle.state.users[moodle.people()["default:s1-st1"]["id"]]
    lab.provider.user("s1-st1", givenName="New", agents=[ref("s1-pa1")])
    lab.sync()
    outcome = run(lab, moodle)
    assert "nobody under this idnumber" in outcome.problems[0]
    assert "default:s1-st1" not in moodle.people()


def test_somebody_who_was_taken_over_there_is_left_alone(lab: Lab, moodle: Moodle) -> None:
    """An administrator of Moodle took our number away from them: they are not ours any more."""
    run(lab, moodle)
    for sourced_id in ("s1-st1", "s1-st2"):
        moodle.people()[f"default:{sourced_id}"]["idnumber"] = ""
    before = copy.deepcopy(own(moodle))
    lab.provider.user("s1-st1", givenName="New", agents=[ref("s1-pa1")])
    lab.provider.drop("users", "s1-st2")
    lab.sync()
    assert len(run(lab, moodle, allow_removals=True).problems) == 2
    assert own(moodle) == before


@pytest.mark.parametrize("number", range(2, 16))
def test_a_push_that_breaks_off_goes_on_where_it_was(lab: Lab, moodle: Moodle, number: int) -> None:
    """Killed before or after any call: the next push makes the rest, and nothing twice."""

    def die(function: str, call: int) -> httpx.Response | None:
        if call == number:
            raise Crash
        return None

    moodle.fault = die
    batch = {"batch": 4}
    with pytest.raises(Crash):
        run(lab, moodle, asked=batch)
    moodle.fault = lambda function, call: None
    moodle.lost = {len(moodle.calls) + 2}
    assert run(lab, moodle, asked=batch).problems == []
    assert len(moodle.state.users) == 15
    assert len(moodle.state.courses) == 5
    assert len(moodle.state.categories) == 4
    assert len(moodle.state.enrolments) == 16
    moodle.calls.clear()
    run(lab, moodle)
    assert moodle.calls == ["core_webservice_get_site_info"]


def test_lost_answers_make_nothing_twice(lab: Lab, moodle: Moodle) -> None:
    moodle.lost = set(range(2, 40, 2))
    assert run(lab, moodle).problems == []
    assert len(moodle.state.users) == 15
    assert len(moodle.state.courses) == 5
    assert len(moodle.state.categories) == 4


def test_a_busy_moodle_is_asked_again_but_not_for_ever(lab: Lab, moodle: Moodle) -> None:
    moodle.fault = lambda function, call: httpx.Response(503) if call % 2 else None
    assert run(lab, moodle).problems == []
    assert len(moodle.state.users) == 15
    moodle.fault = lambda function, call: httpx.Response(503)
    moodle.calls.clear()
    with pytest.raises(Unreachable):
        run(lab, moodle)
    assert len(moodle.calls) == 5


def test_one_bad_record_does_not_keep_the_others(lab: Lab, moodle: Moodle) -> None:
    lab.provider.user("s1-st1", email="admin@example.org", agents=[ref("s1-pa1")])
    lab.sync()
    outcome = run(lab, moodle)
    assert len(outcome.problems) == 1
    assert "default:s1-st1" in outcome.problems[0]
    assert len(moodle.state.users) == 14
    assert len(moodle.state.enrolments) == 14


def test_variables_that_php_drops_are_noticed(lab: Lab, moodle: Moodle) -> None:
    moodle.max_input_vars = 3 + 8 * 5
    with pytest.raises(ExportError, match="told of 14 records and made 5"):
        run(lab, moodle)
    assert run(lab, moodle, asked={"batch": 4}).problems == []
    assert len(moodle.state.users) == 15


def test_another_authentication_method_gets_no_password(lab: Lab, moodle: Moodle) -> None:
    run(lab, moodle, asked={"auth": "oidc"})
    assert {row.get("auth") for row in moodle.people().values()} == {"oidc", None}
    assert not any("createpassword" in row for row in moodle.people().values())


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ({"exception": "moodle_exception", "errorcode": "invalidtoken", "message": "x"}, Unauthorized, "token"),
        (
            {"exception": "required_capability_exception", "errorcode": "nopermissions", "message": "x"},
            Forbidden,
            "may not",
        ),
        (httpx.Response(200, text="<html>"), Unreadable, "not JSON"),
        (httpx.Response(404, text="{}"), Unreadable, "404"),
    ],
)
def test_what_is_wrong_with_the_moodle_is_said(
    lab: Lab, moodle: Moodle, answer: Any, kind: type[ProviderError], words: str
) -> None:
    reply = answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)
    moodle.fault = lambda function, call: reply
    with pytest.raises(kind, match=words) as caught:
        run(lab, moodle)
    assert TOKEN not in str(caught.value)
    assert caught.value.exit_code in (ExitCode.UNAUTHORIZED, ExitCode.INCOMPLETE)


def test_a_wrong_token_shows_nowhere(lab: Lab, moodle: Moodle) -> None:
    with pytest.raises(Unauthorized) as caught:
        run(lab, moodle, asked={"token": "another-s3cret"})
    assert "s3cret" not in f"{caught.value}{caught.value.__cause__}{caught.value.__context__}"


def test_a_service_without_the_functions_is_said_first(lab: Lab, moodle: Moodle) -> None:
    moodle.functions -= {"core_role_assign_roles", "enrol_manual_enrol_users"}
    with pytest.raises(ConfigError) as caught:
        run(lab, moodle)
    assert caught.value.problems == ("core_role_assign_roles", "enrol_manual_enrol_users")
    assert len(moodle.calls) == 1


def test_what_is_not_finished_is_said(lab: Lab, moodle: Moodle) -> None:
    for changes, words in (
        ({"url": ""}, "No Moodle"),
        ({"roles": {"student": "learner"}}, "learner has none"),
    ):
        with pytest.raises(ConfigError, match=words):
            run(lab, moodle, asked=changes)
    assert moodle.calls == []


def test_two_pushes_never_work_at_once(lab: Lab, moodle: Moodle) -> None:
    errors: list[RosterSyncError] = []

    def again(function: str, call: int) -> httpx.Response | None:
        if call == 1:
            try:
                plan(lab)
            except RunLocked as error:
                errors.append(error)
        return None

    moodle.fault = again
    run(lab, moodle)
    assert len(errors) == 1


def test_a_stop_is_heard(lab: Lab, moodle: Moodle) -> None:
    with pytest.raises(Stopped):
        run(lab, moodle, stopping=lambda: len(moodle.calls) >= 4)
    assert len(moodle.calls) == 4
    assert run(lab, moodle).problems == []
    assert len(moodle.state.users) == 15


def test_another_site_is_another_matter(lab: Lab, moodle: Moodle) -> None:
    run(lab, moodle)
    other = Moodle()
    lab.settings = lab.configured(moodle={"url": "https://other.example.org"})
    assert run(lab, other).problems == []
    assert len(other.state.users) == 14
