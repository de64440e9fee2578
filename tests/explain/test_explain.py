"""Why is this person or class not here? Each reason there is, told from the roster, its audit and the provider."""

from __future__ import annotations

from typing import Any

import pytest

from oneroster_tui.errors import ExitCode, Unreachable
from oneroster_tui.explain import from_provider, from_roster, single_of
from oneroster_tui.provider.dialects import Page
from oneroster_tui.records import Collection
from tests.lab import Lab, Provider


def asked(lab: Lab, text: str, **changes: Any) -> tuple[str, str]:
    """What is said here and at the provider, each as one text."""
    settings = lab.configured(**changes)
    here = from_roster(lab.roster, settings, text)
    there = from_provider(settings, single_of(lab.provider), here.ids)  # type: ignore[arg-type]
    return "\n".join(here.said), "\n".join(there.said)


def test_somebody_who_is_here(lab: Lab) -> None:
    lab.sync()
    here, there = asked(lab, "s1-st1")
    assert "is here, and active. Last change: created by run 1" in here
    assert "Takes part in 2 classes." in here
    assert "The provider has the user s1-st1. It is kept for student at s1" in there


@pytest.mark.parametrize("text", ["user.s1-st1", "S1-ST1@example.org", "ID-s1-st1", "given family"])
def test_found_by_whatever_is_known(lab: Lab, text: str) -> None:
    lab.provider.records["users"]["s1-st1"] |= {"givenName": "Given", "familyName": "Family"}
    for name, record in lab.provider.records["users"].items():
        record["familyName"] = "Family" if name == "s1-st1" else "Other"
    lab.sync()
    assert "s1-st1) is here" in asked(lab, text)[0]


def of_school(p: Provider) -> None:
    p.org("s3")
    p.user("x", "student", ("s3",))


def deleted(p: Provider) -> None:
    p.user("x", status="tobedeleted")


def without_org(p: Provider) -> None:
    p.user("x", orgs=())


def not_mapped(p: Provider) -> None:
    p.user("x", "proctor")


def broken(p: Provider) -> None:
    p.enroll("x", "s1-st1", "s1-a", role="")


WHYS = {
    "a school that is not selected": (of_school, "Its orgs are not among the selected schools: s3."),
    "marked for deletion": (deleted, "The provider has the user x. It is marked tobedeleted"),
    "no org": (without_org, "It names no org: kept only where an enrollment"),
    "role not mapped": (not_mapped, "Not mapped, so leading into no class: proctor."),
    "an enrollment that is broken": (broken, "The provider has the enrollment x, but not usable: role"),
    "never sent": (lambda p: None, "the provider has no user, class or enrollment with the id x."),
}


@pytest.mark.parametrize("case", WHYS)
def test_the_provider_tells_the_reason(lab: Lab, case: str) -> None:
    change, answer = WHYS[case]
    lab.sync()
    change(lab.provider)
    assert answer in asked(lab, "x")[1]


def test_the_audit_knows_who_was_here(lab: Lab) -> None:
    lab.sync()
    lab.provider.mark("users", "s1-st2")
    lab.sync(sync={"on_removed": "delete"})
    here, there = asked(lab, "s1-st2")
    assert "The audit knows the id (users): deleted by run 2" in here
    assert "marked tobedeleted by the provider" in here
    assert "It is marked tobedeleted" in there


def test_a_record_that_could_not_be_used_is_quoted(lab: Lab) -> None:
    lab.provider.enroll("e-x", "s1-st1", "s1-a", role="")
    lab.sync()
    here, _ = asked(lab, "e-x")
    assert "Run 1 could not use the record (enrollments): role" in here


def test_an_id_that_is_only_named(lab: Lab) -> None:
    lab.provider.enroll("e-x", "ghost", "s1-a")
    lab.sync()
    here, there = asked(lab, "ghost")
    assert "Records of the provider (enrollments) name the id" in here
    assert "has no user, class or enrollment with the id ghost" in there


@pytest.mark.parametrize("text", ["s1-a", "class S1-A"])
def test_a_class_that_is_here(lab: Lab, text: str) -> None:
    lab.sync()
    here, there = asked(lab, text)
    assert "The class Class s1-a (s1-a, s1-a) is here, and active." in here
    assert "It is at Org s1." in here
    assert "4 people take part, 2026-08-17 to 2027-06-11." in here
    assert "The provider has the class s1-a. Its school is selected" in there


def test_a_class_of_a_school_that_is_not_selected(lab: Lab) -> None:
    lab.sync(schools=("s1",))
    here, there = asked(lab, "s2-a", schools=("s1",))
    assert "Nobody here has the id" in here
    assert "Its school s2 is not selected." in there
    lab.sync()
    assert (
        "It is at Org s2: that school is not selected (s2 in [schools] sync)." in asked(lab, "s2-a", schools=("s1",))[0]
    )


def test_a_class_without_a_school_and_one_of_another_term(lab: Lab) -> None:
    lab.provider.class_("k", "s1")["school"] = None
    assert "It names no school" in asked(lab, "k")[1]
    lab.provider.class_("k", "s1")
    assert "while one of its terms runs" in asked(lab, "k", sync={"terms": "current"})[1]


def test_an_enrollment_says_whom_it_joins_and_whether_its_role_is_mapped(lab: Lab) -> None:
    assert "It names the user s1-st1 and the class s1-a; role student, here Student." in asked(lab, "s1-a-1")[1]
    lab.provider.enroll("e", "s1-st1", "s1-a", "proctor")
    assert "its role proctor is not mapped: it is not kept" in asked(lab, "e")[1]


def test_a_provider_that_does_not_answer_is_asked_once(lab: Lab) -> None:
    times = 0

    def ask(collection: Collection, sourced_id: str) -> Page:
        nonlocal times
        times += 1
        raise Unreachable("The provider did not answer: timed out.")

    reply = from_provider(lab.settings, ask, ["x"])
    assert reply.said == ["Asked for the user x: The provider did not answer: timed out."]
    assert reply.exit_code == ExitCode.INCOMPLETE
    assert times == 1


def test_merged_people_are_asked_for_by_every_id(lab: Lab) -> None:
    lab.provider.user("twin", "teacher", username="user.s1-teacher")
    lab.sync(sync={"merge_users": "username"})
    here, there = asked(lab, "user.s1-teacher")
    assert "is here, and active" in here
    assert "The provider has the user twin." in there
    assert "The provider has the user s1-teacher." in there


def test_hostile_names_are_not_asked_as_paths(lab: Lab) -> None:
    lab.sync()
    _, there = asked(lab, "../orgs?x=1#\x1b[31m")
    assert "has no user, class or enrollment" in there
