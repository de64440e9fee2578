"""What stays although it is not listed (protected roles, a record that is there when asked for) keeps what hangs on it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.lab import Json, Lab, answer, ref

POLICIES = ["suspend", "unenrol", "delete"]


def leave_out(lab: Lab, collection: str, names: Iterable[str]) -> None:
    """The collection lists some records no longer, but each is there when asked for by its id."""
    hidden = set(names)

    def without(rows: list[Json]) -> list[Json]:
        return [row for row in rows if row["sourcedId"] not in hidden]

    rows = list(lab.provider.records[collection].values())
    shown = without(rows)

    def fault(params: object) -> object:
        offset, limit = int(params["offset"]), int(params["limit"])  # type: ignore[index]
        return answer({collection: shown[offset : offset + limit]}, {"X-Total-Count": str(len(shown))})

    lab.provider.faults[collection] = fault  # type: ignore[assignment]


def test_a_user_who_is_there_when_asked_for_keeps_enrollments_and_relationships(lab: Lab) -> None:
    lab.sync()
    before = lab.picture()
    leave_out(lab, "users", ["s1-st1", "s1-pa2"])
    lab.sync(sync={"on_removed": "delete"})
    assert lab.picture() == before
    assert lab.audit() == []


def test_a_class_that_is_there_when_asked_for_keeps_its_enrollments_and_who_is_kept_by_them(lab: Lab) -> None:
    lab.provider.user("guest", "student", ())
    lab.provider.enroll("e-guest", "guest", "s1-a")
    lab.provider.course("of-district", "d1")
    lab.provider.records["classes"]["s1-a"]["course"] = ref("of-district", "course")
    lab.sync()
    before = lab.picture()
    leave_out(lab, "classes", ["s1-a"])
    lab.sync(sync={"on_removed": "delete"})
    assert lab.picture() == before
    assert lab.audit() == []


def test_an_enrollment_that_is_there_when_asked_for_keeps_its_user(lab: Lab) -> None:
    lab.provider.user("guest", "student", ())
    lab.provider.enroll("e-guest", "guest", "s1-a")
    lab.sync()
    before = lab.picture()
    leave_out(lab, "enrollments", ["e-guest"])
    lab.sync(sync={"on_removed": "delete"})
    assert lab.picture() == before
    assert lab.audit() == []


@pytest.mark.parametrize("policy", POLICIES)
def test_a_protected_enrollment_keeps_its_user(lab: Lab, policy: str) -> None:
    lab.provider.user("guest", "aide", ())
    lab.provider.enroll("e-guest", "guest", "s1-a", "teacher")
    lab.sync()
    lab.provider.drop("enrollments", "e-guest")
    before = lab.picture()
    lab.sync(sync={"on_removed": policy}, guards={"protected_roles": ("teacher",)})
    assert lab.picture() == before


@pytest.mark.parametrize("policy", POLICIES)
def test_a_protected_user_keeps_enrollments_in_other_roles(lab: Lab, policy: str) -> None:
    lab.provider.enroll("e-course", "s1-teacher", "s1-a", "student")
    lab.sync()
    before = lab.picture()
    lab.provider.drop("users", "s1-teacher")
    lab.sync(sync={"on_removed": policy}, guards={"protected_roles": ("teacher",)})
    assert lab.picture() == before


@pytest.mark.parametrize("policy", POLICIES)
def test_a_removed_class_takes_protected_enrollments_along(lab: Lab, policy: str) -> None:
    lab.sync()
    lab.provider.mark("classes", "s1-a")
    lab.provider.mark("enrollments", *[f"s1-a-{who}" for who in ("teacher", 1, 2, 3)])
    lab.sync(sync={"on_removed": policy}, guards={"protected_roles": ("teacher",)})
    assert lab.statuses("classes").get("s1-a") == (None if policy == "delete" else "suspended")
    assert not [name for name in lab.active("enrollments") if name.startswith("s1-a")]
    assert "s1-teacher" in lab.active("users")
    assert lab.dangling() == []
