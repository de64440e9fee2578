"""A first sync, the same again, and the smallest changes."""

from __future__ import annotations

import re

from oneroster_tui.errors import ExitCode
from tests.lab import Lab, ref


def test_a_first_sync_keeps_the_selected_schools(lab: Lab) -> None:
    ended = lab.sync(schools=("s1",))
    assert ended.exit_code == ExitCode.DONE
    assert lab.active("orgs") == {"d1", "s1", "s2"}
    assert lab.active("classes") == {"s1-a", "s1-b"}
    assert lab.active("courses") == {"c1"}
    assert lab.active("users") == {"s1-teacher", *(f"s1-{who}{n}" for who in ("st", "pa") for n in (1, 2, 3))}
    assert len(lab.active("enrollments")) == 8
    assert len(lab.active("relationships")) == 3
    assert lab.rows("SELECT start_date, end_date FROM classes WHERE sourced_id = 's1-a'") == [
        ("2026-08-17", "2027-06-11")
    ]


def test_the_same_again_changes_nothing(lab: Lab) -> None:
    lab.sync()
    before = lab.content()
    ended = lab.sync()
    assert lab.content() == before
    assert all(set(actions) == {"unchanged", "problems"} for actions in ended.counts.values())
    lines = [line for line in lab.log().splitlines() if " user " in line and "roster" not in line]
    assert lines
    assert all(line.startswith("    Skipping update of existing user user.") for line in lines)


def test_a_changed_record_is_updated_with_both_times(lab: Lab) -> None:
    lab.sync()
    local_id = lab.rows("SELECT id FROM users WHERE sourced_id = 's1-st1'")[0][0]
    lab.provider.records["users"]["s1-st1"] |= {
        "email": "new@example.org",
        "dateLastModified": "2026-10-01T06:00:00.000Z",
    }
    lab.sync()
    line = f"Updating existing user user.s1-st1 with id {local_id} \\(s1-st1\\) 1788242400 < 1790834400"
    assert re.search(line, lab.log())
    assert lab.rows("SELECT id, email FROM users WHERE sourced_id = 's1-st1'") == [(local_id, "new@example.org")]


def test_content_counts_more_than_the_modification_time(lab: Lab) -> None:
    lab.sync()
    lab.provider.records["users"]["s1-st1"]["familyName"] = "Other"
    del lab.provider.records["users"]["s1-st2"]["dateLastModified"]
    ended = lab.sync()
    assert ended.counts["users"]["updated"] == 2


def test_roles_follow_their_person_and_those_that_stay_are_not_written_anew(lab: Lab, engine: str) -> None:
    lab.sync()
    place = "rowid" if engine == "sqlite" else "ctid"
    of = "FROM user_roles r JOIN users u ON u.id = r.user_id WHERE u.sourced_id = 's1-st1' ORDER BY 1"
    kept = lab.rows(f"SELECT r.org_sourced_id, r.role, r.role_type, r.{place} {of}")
    assert [row[:3] for row in kept] == [("s1", "student", "primary")]
    student = lab.provider.records["users"]["s1-st1"]
    student |= {"orgs": [ref("s1", "org"), ref("s2", "org")], "email": "new@example.org"}
    lab.sync()
    assert lab.rows(f"SELECT r.org_sourced_id, r.role, r.role_type, r.{place} {of}")[:1] == kept
    assert lab.rows(f"SELECT r.org_sourced_id, r.role_type {of}") == [("s1", "primary"), ("s2", "secondary")]
    student |= {"orgs": [ref("s2", "org")], "role": "teacher"}
    lab.sync()
    assert lab.rows(f"SELECT r.org_sourced_id, r.role, r.role_type {of}") == [("s2", "teacher", "primary")]


def test_what_comes_back_keeps_its_local_id(lab: Lab) -> None:
    lab.sync()
    before = lab.rows("SELECT id FROM users WHERE sourced_id = 's1-st1'")
    gone = lab.provider.records["users"].pop("s1-st1")
    lab.sync()
    assert lab.statuses("users")["s1-st1"] == "suspended"
    assert lab.outcome_of("s1-st1") == ("suspended", "absent")
    assert lab.outcome_of("s1-a-1", "enrollments") == ("suspended", "user_removed")
    assert lab.outcome_of("s1-st1 s1-pa1", "relationships") == ("suspended", "user_removed")
    lab.provider.records["users"]["s1-st1"] = gone
    lab.sync()
    assert lab.rows("SELECT id FROM users WHERE sourced_id = 's1-st1'") == before
    assert lab.outcome_of("s1-st1") == ("reactivated", "")
    assert {"s1-a-1", "s1-b-1"} <= lab.active("enrollments")
    assert "s1-st1 s1-pa1" in lab.active("relationships")


def test_a_plan_writes_nothing_to_the_roster(lab: Lab) -> None:
    lab.sync()
    before = lab.content()
    lab.provider.records["users"].pop("s1-st1")
    lab.provider.user("s1-new")
    ended = lab.sync(mode="plan")
    assert lab.content() == before
    assert ended.outcome == "planned"
    assert "Suspending user user.s1-st1" in lab.log()
    assert "Creating new user user.s1-new" in lab.log()
    assert "suspended 1 users: no longer listed by the provider" in lab.log()
