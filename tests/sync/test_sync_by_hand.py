"""Rows made by hand (`origin` local) are nobody's to change or remove."""

from __future__ import annotations

from typing import Any

import pytest

from oneroster_tui.errors import ExitCode
from tests.lab import Lab, ref

POLICIES = ["keep", "suspend", "unenrol", "delete"]
TIMES = ("2026-09-01T00:00:00Z", "2026-09-01T00:00:00Z")


def make_by_hand(lab: Lab) -> None:
    """A local user in a local class and in a provider's class, a provider's user in the local class, a local parent."""
    source = lab.rows("SELECT id FROM sources")[0][0]
    common = "source_id, sourced_id, status, missing_runs, created_at, updated_at, origin"
    marks = "?, ?, 'active', 0, ?, ?, 'local'"
    execute = lab.roster.execute
    for name in ("local-user", "local-parent"):
        extra = "username, identifier, given_name, family_name, middle_name, email, enabled, roles, agents"
        values = "?, '', '', '', '', '', TRUE, '[]', '[]'"
        execute(f"INSERT INTO users ({common}, {extra}) VALUES ({marks}, {values})", (source, name, *TIMES, name))
    school = "class_code, class_type, school_sourced_id, terms, title"
    execute(
        f"INSERT INTO classes ({common}, {school}) VALUES ({marks}, '', '', 's1', '[]', 'Club')",
        (source, "local-class", *TIMES),
    )
    for name, user, class_ in (
        ("local-1", "local-user", "local-class"),
        ("local-2", "local-user", "s1-a"),
        ("local-3", "s1-st1", "local-class"),
    ):
        execute(
            f"INSERT INTO enrollments ({common}, class_id, user_id, role, local_role, is_primary) "
            f"VALUES ({marks}, ?, ?, 'student', 'Student', FALSE)",
            (source, name, *TIMES, lab.local_id(class_, "classes"), lab.local_id(user)),
        )
    execute(
        f"INSERT INTO relationships ({common}, student_id, agent_id, role, local_role) VALUES ({marks}, ?, ?, 'aunt', 'Aunt')",
        (source, "local-rel", *TIMES, lab.local_id("s1-st1"), lab.local_id("local-parent")),
    )


def by_hand(lab: Lab) -> dict[str, list[tuple[Any, ...]]]:
    """Every row made by hand, whole."""
    tables = ("users", "classes", "enrollments", "relationships")
    return {table: lab.rows(f"SELECT * FROM {table} WHERE origin = 'local' ORDER BY id") for table in tables}


@pytest.mark.parametrize("policy", POLICIES)
def test_an_ordinary_sync_touches_nothing_made_by_hand(lab: Lab, policy: str) -> None:
    lab.sync()
    make_by_hand(lab)
    before = by_hand(lab)
    ended = lab.sync(sync={"on_removed": policy})
    assert ended.exit_code == ExitCode.DONE
    assert by_hand(lab) == before
    assert lab.audit() == []


@pytest.mark.parametrize("policy", POLICIES)
def test_rows_made_by_hand_outlive_what_they_hang_on(lab: Lab, policy: str) -> None:
    lab.sync()
    make_by_hand(lab)
    before = by_hand(lab)
    lab.provider.drop("users", "s1-st1")
    lab.provider.mark("classes", "s1-a")
    lab.sync(sync={"on_removed": policy})
    assert by_hand(lab) == before
    assert lab.dangling() == []
    if policy != "keep":
        assert lab.statuses("users")["s1-st1"] == "suspended"
        assert lab.statuses("classes")["s1-a"] == "suspended"
    if policy == "delete":
        assert "s1-a-1" not in lab.statuses("enrollments")
        assert "s1-st1 s1-pa1" not in lab.statuses("relationships")


def test_a_relationship_made_by_hand_stands_for_the_providers(lab: Lab) -> None:
    lab.sync()
    lab.roster.execute(
        "UPDATE relationships SET origin = 'local', sourced_id = 'by-hand', role = 'aunt' WHERE sourced_id = 's1-st1 s1-pa1'"
    )
    before = by_hand(lab)
    for _ in range(2):
        assert lab.sync().exit_code == ExitCode.DONE
        assert by_hand(lab) == before
    lab.provider.records["users"]["s1-st1"]["agents"] = []
    lab.sync()
    assert by_hand(lab) == before


def test_a_provider_that_lists_the_id_of_a_row_made_by_hand_does_not_change_it(lab: Lab) -> None:
    lab.sync()
    make_by_hand(lab)
    before = by_hand(lab)
    lab.provider.user("local-user", familyName="Impostor")
    lab.provider.class_("local-class", "s1", title="Impostor")
    lab.provider.enroll("e-new", "local-user", "s1-b")
    ended = lab.sync()
    assert ended.exit_code == ExitCode.DONE
    assert by_hand(lab) == before
    assert lab.rows("SELECT user_id FROM enrollments WHERE sourced_id = 'e-new'") == [(lab.local_id("local-user"),)]


def test_rows_made_by_hand_do_not_loosen_a_guard_on_their_removal(lab: Lab) -> None:
    lab.sync()
    make_by_hand(lab)
    lab.provider.records["users"]["s1-st1"]["orgs"] = [ref("s9", "org")]
    lab.provider.drop("enrollments", "s1-a-1", "s1-b-1")
    lab.sync()
    assert lab.outcome_of("local-3", "enrollments") is None
    assert by_hand(lab)["enrollments"][2][2] == "local-3"
