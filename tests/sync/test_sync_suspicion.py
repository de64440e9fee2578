"""The finer guards: slow loss, emptied classes, mass edits, new ids, protected roles, and one more look before deleting."""

from __future__ import annotations

import pytest

from oneroster_tui.errors import ExitCode, Unreachable
from oneroster_tui.sync import decisions
from tests.lab import Lab, ref

DEFAULT = {"max_remove_percent": 10.0, "max_remove_count": 10}


def crowd(lab: Lab, people: int = 200, class_size: int = 20) -> None:
    """Adds people to school s1, in classes of some size."""
    for number in range(people):
        class_ = f"big-{number // class_size}"
        lab.provider.user(f"p{number:03}", "student")
        if class_ not in lab.provider.records["classes"]:
            lab.provider.class_(class_, "s1")
        lab.provider.enroll(f"e{number:03}", f"p{number:03}", class_)


def take_away(lab: Lab, first: int, last: int) -> None:
    """Lets people vanish, with their enrollments."""
    for number in range(first, last):
        lab.provider.records["users"].pop(f"p{number:03}")
        lab.provider.records["enrollments"].pop(f"e{number:03}")


def test_five_percent_a_night_are_noticed_on_the_third(lab: Lab) -> None:
    crowd(lab, class_size=1)
    lab.sync()
    codes = []
    for night in range(4):
        take_away(lab, night * 11, night * 11 + 11)
        for number in range(night * 11, night * 11 + 11):
            lab.provider.records["classes"].pop(f"big-{number}")
        codes.append(lab.sync(guards=DEFAULT).exit_code)
    assert codes == [ExitCode.DONE, ExitCode.HELD, ExitCode.HELD, ExitCode.HELD]
    assert "since the highest of 7 days" in lab.log()


def test_an_approval_starts_the_counting_anew(lab: Lab) -> None:
    crowd(lab, class_size=1)
    lab.sync()
    take_away(lab, 0, 60)
    held = lab.sync(guards=DEFAULT)
    assert held.exit_code == ExitCode.HELD
    settings = lab.configured(guards=DEFAULT)
    done = decisions.approve(settings, lab.roster, lab.provider, lab.events.append, held.run_id)  # type: ignore[arg-type]
    assert done.exit_code == ExitCode.DONE
    take_away(lab, 60, 61)
    assert lab.sync(guards=DEFAULT).exit_code == ExitCode.DONE


def test_a_ceiling_that_is_exceeded_holds_everything_again(lab: Lab) -> None:
    crowd(lab, class_size=1)
    lab.sync()
    take_away(lab, 0, 60)
    held = lab.sync(guards=DEFAULT)
    count = decisions.hold_of(lab.roster, "default", held.run_id).removals
    assert count == 120
    take_away(lab, 60, 61)
    settings = lab.configured(guards=DEFAULT)
    again = decisions.approve(settings, lab.roster, lab.provider, lab.events.append, held.run_id)  # type: ignore[arg-type]
    assert again.exit_code == ExitCode.HELD
    assert len(lab.active("users")) == 214
    enough = decisions.approve(  # type: ignore[arg-type]
        settings, lab.roster, lab.provider, lab.events.append, again.run_id, maximum=122
    )
    assert enough.exit_code == ExitCode.DONE
    assert len(lab.active("users")) == 214 - 61


def test_a_class_that_loses_over_half_is_held(lab: Lab) -> None:
    crowd(lab, people=400)
    lab.sync()
    for number in range(10):
        lab.provider.records["enrollments"].pop(f"e{number:03}")
    assert lab.sync(guards=DEFAULT).exit_code == ExitCode.DONE
    lab.provider.records["enrollments"].pop("e010")
    for number in range(20, 31):
        lab.provider.records["enrollments"].pop(f"e{number:03}", None)
    ended = lab.sync(guards={"max_remove_percent": 50.0, "max_remove_count": 50})
    assert ended.exit_code == ExitCode.HELD
    assert "class Class big-1" in lab.log()


def test_a_small_class_may_empty(lab: Lab) -> None:
    crowd(lab, people=9)
    lab.sync()
    for number in range(9):
        lab.provider.records["enrollments"].pop(f"e{number:03}")
    assert lab.sync(guards={"max_remove_percent": 90.0, "max_remove_count": 50}).exit_code == ExitCode.DONE


def rekey(lab: Lab, people: int) -> None:
    """Gives people new ids, as a change of the SIS does."""
    users, enrollments = lab.provider.records["users"], lab.provider.records["enrollments"]
    for number in range(people):
        old = users.pop(f"p{number:03}")
        lab.provider.user(f"new{number:03}", "student", username=old["username"], email=old["email"])
        enrollments[f"e{number:03}"]["user"] = ref(f"new{number:03}")


def test_people_under_new_ids_are_held_and_not_doubled(lab: Lab) -> None:
    crowd(lab)
    lab.sync()
    before = lab.content()
    rekey(lab, 15)
    ended = lab.sync(guards={"max_remove_percent": 50.0, "max_remove_count": 50})
    assert ended.exit_code == ExitCode.HELD
    assert "looks like new ids" in lab.log()
    assert lab.content() == before


def test_a_mass_edit_is_held_only_where_a_limit_is_set(lab: Lab) -> None:
    crowd(lab)
    lab.sync()
    for number in range(100):
        lab.provider.records["users"][f"p{number:03}"]["familyName"] = "X"
    lab.provider.user("newcomer")
    held = lab.sync(guards=DEFAULT | {"max_change_percent": 30.0})
    assert held.exit_code == ExitCode.HELD
    assert lab.rows("SELECT COUNT(*) FROM users WHERE family_name = 'X'") == [(0,)]
    assert "newcomer" in lab.active("users")
    assert lab.sync(guards=DEFAULT).exit_code == ExitCode.DONE
    assert lab.rows("SELECT COUNT(*) FROM users WHERE family_name = 'X'") == [(100,)]


def test_new_modification_times_alone_are_no_mass_edit(lab: Lab) -> None:
    crowd(lab)
    lab.sync()
    for record in lab.provider.records["users"].values():
        record["dateLastModified"] = "2026-11-01T00:00:00.000Z"
    assert lab.sync(guards=DEFAULT | {"max_change_percent": 30.0}).exit_code == ExitCode.DONE


def test_protected_roles_are_never_removed(lab: Lab) -> None:
    lab.sync()
    lab.provider.records["users"].pop("s1-teacher")
    lab.provider.records["users"].pop("s1-st1")
    for key in ("s1-a-teacher", "s1-b-teacher"):
        lab.provider.records["enrollments"].pop(key)
    lab.sync(guards={"protected_roles": ("Teacher",)})
    assert "s1-teacher" in lab.active("users")
    assert "s1-st1" not in lab.active("users")
    assert {"s1-a-teacher", "s1-b-teacher"} <= lab.active("enrollments")


def test_before_a_deletion_the_record_is_asked_for_again(lab: Lab) -> None:
    lab.sync()
    users = lab.provider.records["users"]
    listed = {key: record for key, record in users.items() if key not in ("s1-st1", "s1-st2")}
    gone = users.pop("s1-st2")
    whole, lab.provider.get = lab.provider.get, None  # type: ignore[method-assign]

    def get(path, params={}, *, tries=5):  # type: ignore[no-untyped-def]  # noqa: B006
        if path.strip("/") != "users":
            return whole(path, params, tries=tries)
        lab.provider.records["users"] = listed
        try:
            return whole(path, params, tries=tries)
        finally:
            lab.provider.records["users"] = users

    lab.provider.get = get  # type: ignore[method-assign]
    lab.sync(sync={"on_removed": "delete"})
    assert gone
    assert "s1-st1" in lab.active("users"), "the list forgot it, but the provider still has it"
    assert "s1-st2" not in lab.statuses("users")
    assert "asked for by itself, the provider still has it" in lab.log()


@pytest.mark.parametrize("status", [500, 403])
def test_who_cannot_be_asked_for_is_not_deleted(lab: Lab, status: int) -> None:
    lab.sync()
    lab.provider.records["users"].pop("s1-st1")

    def refuse(_: object) -> None:
        raise Unreachable("no", status=status)

    lab.provider.faults["users/s1-st1"] = refuse  # type: ignore[assignment]
    lab.sync(sync={"on_removed": "delete"})
    assert "s1-st1" in lab.active("users")


def test_an_approval_of_edits_lets_no_removals_pass(lab: Lab) -> None:
    guards = {"max_change_percent": 10.0, "max_remove_percent": 5.0, "max_remove_count": 3}
    people = [f"x{number}" for number in range(20)]
    for person in people:
        lab.provider.user(person)
    lab.sync()
    for person in people:
        lab.provider.records["users"][person]["givenName"] = "Other"
    held = lab.sync(guards=guards)
    lab.provider.drop("users", *people[:15])
    configured = lab.configured(guards=guards)
    ended = decisions.approve(configured, lab.roster, lab.provider, lab.events.append, held.run_id)  # type: ignore[arg-type]
    assert ended.exit_code == ExitCode.HELD
    assert lab.active("users") >= set(people)
