"""A collection that is read again: nothing of the reading that was given up counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from oneroster_tui.provider.client import Reply
from oneroster_tui.sync.events import Note
from tests.lab import Json, Lab, Provider, answer, ref


def first_reading(provider: Provider, collection: str, change: Callable[[dict[str, Json]], None]) -> list[int]:
    """In the first reading a collection shows something else, and its total changes at the end; gives the offsets asked for."""
    shown = {sourced_id: dict(row) for sourced_id, row in provider.records[collection].items()}
    change(shown)
    rows = list(shown.values())
    asked: list[int] = []

    def reply(params: Mapping[str, str]) -> Reply:
        offset, limit = int(params["offset"]), int(params["limit"])
        asked.append(offset)
        if asked.count(0) > 1:
            del provider.faults[collection]
            return provider.get(collection, params)
        page = rows[offset : offset + limit]
        return answer({collection: page}, {"X-Total-Count": str(len(rows) + (not page))})

    provider.faults[collection] = reply
    return asked


def again(lab: Lab) -> list[str]:
    return [event.text for event in lab.events if isinstance(event, Note) and "Reading it again" in event.text]


def test_what_was_staged_and_decided_is_forgotten(lab: Lab) -> None:
    asked = first_reading(
        lab.provider, "users", lambda rows: rows.update(ghost={**rows["s1-st1"], "sourcedId": "ghost"})
    )
    ended = lab.sync()
    assert ended.exit_code == 0
    assert "ghost" not in lab.statuses("users")
    assert ended.counts["users"]["created"] == 14
    assert len(again(lab)) == 1
    assert asked.count(0) == 2


def test_problems_of_the_first_reading_are_forgotten(lab: Lab) -> None:
    first_reading(lab.provider, "users", lambda rows: rows["s1-st1"].update(enabledUser="perhaps", sourcedId="s1-st1"))
    assert lab.sync().exit_code == 0
    assert again(lab)
    assert lab.problems() == []


@pytest.mark.parametrize("collection", ["users", "classes", "enrollments", "courses"])
def test_what_the_first_reading_marked_is_absent_where_the_second_lacks_it(lab: Lab, collection: str) -> None:
    lab.sync()
    gone = {"users": "s1-pa1", "classes": "s1-a", "enrollments": "s1-a-1", "courses": "c1"}[collection]
    first_reading(lab.provider, collection, lambda rows: rows[gone].update(status="tobedeleted"))
    lab.provider.drop(collection, gone)
    lab.sync()
    assert again(lab)
    assert gone not in lab.active(collection)
    outcome = lab.outcome_of(gone, collection)
    assert outcome is not None
    assert outcome[1] == "absent"


def test_a_record_without_an_id_in_the_first_reading_protects_nobody(lab: Lab) -> None:
    lab.sync()
    first_reading(lab.provider, "users", lambda rows: rows["s1-pa1"].pop("sourcedId"))
    lab.provider.drop("users", "s1-pa1")
    lab.sync()
    assert "s1-pa1" not in lab.active("users")


def test_terms_of_the_first_reading_are_forgotten(lab: Lab) -> None:
    lab.provider.class_("s1-a", "s1", terms=("t1", "t2"))
    first_reading(
        lab.provider,
        "academicSessions",
        lambda rows: rows.update(t2={**rows["t1"], "sourcedId": "t2", "endDate": "2030-01-01"}),
    )
    lab.sync()
    assert lab.rows("SELECT end_date FROM classes WHERE sourced_id = 's1-a'") == [("2027-06-11",)]
    assert ("classes", "s1-a", "warning", "unknown_term") in lab.problems()


def test_classes_of_the_first_reading_are_forgotten(lab: Lab) -> None:
    first_reading(lab.provider, "classes", lambda rows: rows.update(ghost={**rows["s1-a"], "sourcedId": "ghost"}))
    lab.provider.enroll("lost", "s1-st1", "ghost")
    assert lab.sync().exit_code == 3
    assert lab.problems() == [("enrollments", "lost", "error", "unknown_class")]


def test_agents_of_the_first_reading_are_forgotten(lab: Lab) -> None:
    first_reading(lab.provider, "users", lambda rows: rows["s1-st1"].update(agents=[ref("s2-pa1")]))
    lab.sync()
    assert ("s1-st1", "s2-pa1", "parent", "Parent") not in lab.picture()["relationships"]
    assert ("s1-st1", "s1-pa1", "parent", "Parent") in lab.picture()["relationships"]


def test_many_problems_are_counted_in_the_last_reading_only(lab: Lab) -> None:
    """Ten of a kind are shown, whatever the reading before had."""

    def spoil(rows: dict[str, Json]) -> None:
        for row in rows.values():
            row["enabledUser"] = "perhaps"

    first_reading(lab.provider, "users", spoil)
    spoil(lab.provider.records["users"])
    lab.sync()
    assert lab.log().count("bad_boolean: 4 more") == 1


@pytest.mark.parametrize("change", [{}, {"status": "tobedeleted"}], ids=["kept", "not kept"])
def test_an_enrollment_that_comes_again_pages_later_is_a_reason(lab: Lab, change: Json) -> None:
    """Also where the pages between are few enough to be staged together; on one page it is no reason."""
    first = next(iter(lab.provider.records["enrollments"].values()))
    first.update(change)
    lab.provider.extra["enrollments"] = [first]
    lab.sync(connection={"page_size": 3})
    assert again(lab)[0].startswith("enrollments: 1 of ")
    lab.events.clear()
    lab.sync(connection={"page_size": 200})
    assert not again(lab)
