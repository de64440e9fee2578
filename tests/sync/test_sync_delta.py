"""Deltas: what a change touches, what only a full run can tell, and when a delta must be a full run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from oneroster_tui.config import Period
from oneroster_tui.errors import ExitCode, Rejected, RosterSyncError, Unreachable
from oneroster_tui.provider.client import Reply
from oneroster_tui.sync import delta, delta_pull, undo
from oneroster_tui.sync.core import Mode
from tests.lab import Lab, answer, ref

LONG = {"full_every_days": 100_000}
OUTSIDER = "s3-st1"


@pytest.fixture
def lab(lab: Lab) -> Lab:
    """The small district after two full runs, with a third school that is not selected; parents have no org.

    A student of the third school, with a parent, takes part in a class of the first.
    """
    p = lab.provider
    p.clock = "2026-10-01T06:00:00.000Z"
    p.org("s3")
    p.course("c3", "s3")
    p.class_("s3-a", "s3", "c3")
    for n in (1, 2):
        p.user(f"s3-pa{n}", "parent", ())
        p.user(f"s3-st{n}", "student", ("s3",), agents=[ref(f"s3-pa{n}")])
        p.enroll(f"s3-a-{n}", f"s3-st{n}", "s3-a", "student", "s3")
    for n in (1, 2, 3):
        p.records["users"][f"s1-pa{n}"]["orgs"] = []
    p.enroll("guest", OUTSIDER, "s1-a")
    lab.sync(mode="delta")
    next_day(lab)
    return lab


def next_day(lab: Lab) -> None:
    """A day passes at the provider."""
    tomorrow = datetime.fromisoformat(lab.provider.clock) + timedelta(days=1)
    lab.provider.clock = tomorrow.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sync_changes(lab: Lab, **changes: Any) -> None:
    """A delta, and then a full run that has to find nothing left to do."""
    ended = lab.sync(mode="delta", **{"sync": LONG} | changes)
    assert lab.rows("SELECT mode FROM sync_runs ORDER BY id DESC LIMIT 1") == [("delta",)], lab.log()
    assert ended.exit_code == ExitCode.DONE
    after, log = lab.content(), lab.log()
    lab.sync(**changes)
    assert lab.content() == after, log


def mode_of(lab: Lab, **changes: Any) -> str:
    """How a delta that is asked for is run."""
    lab.sync(mode="delta", **{"sync": LONG} | changes)
    return str(lab.rows("SELECT mode FROM sync_runs ORDER BY id DESC LIMIT 1")[0][0])


def asked(lab: Lab, collection: str) -> list[dict[str, str]]:
    """Lets a collection note what it is asked, from now on."""
    seen: list[dict[str, str]] = []
    get = lab.provider.get

    def noting(path: str, params: Mapping[str, str] = {}, *, tries: int = 5) -> Reply:
        if path.strip("/") == collection:
            seen.append(dict(params))
        return get(path, params, tries=tries)

    lab.provider.get = noting  # type: ignore[method-assign]
    return seen


def readings(seen: list[dict[str, str]]) -> str:
    """The readings among what a collection was asked: `d` for what changed, `w` for the whole."""
    return "".join("d" if "filter" in params else "w" for params in seen if params["offset"] == "0")


def test_only_what_changed_is_asked_for_and_applied(lab: Lab) -> None:
    names = ("academicSessions", "classes", "users", "enrollments")
    sessions, classes, users, enrollments = (asked(lab, name) for name in names)
    lab.provider.touch("users", "s1-st1", email="new@example.org")
    lab.provider.touch("enrollments", "s1-a-2", status="tobedeleted")
    ended = lab.sync(mode="delta", sync=LONG)
    for first in (classes[0], users[0], enrollments[0]):
        assert first["filter"] == "dateLastModified>'2026-10-01T05:45:00.000Z'"
    assert "filter" not in sessions[0]
    assert ended.counts["users"] == {"updated": 1, "unchanged": 0, "problems": 0}
    assert ended.counts["enrollments"] == {"suspended": 1, "unchanged": 0, "problems": 0}
    assert lab.rows("SELECT email FROM users WHERE sourced_id = 's1-st1'") == [("new@example.org",)]
    assert "existing user user.s1-st2" not in lab.log()


def test_where_something_else_decides_about_classes_all_of_them_are_read(lab: Lab) -> None:
    p, classes = lab.provider, asked(lab, "classes")

    def are_whole(**changes: Any) -> bool:
        classes.clear()
        next_day(lab)
        sync_changes(lab, **changes)
        return readings(classes) == "ww"

    assert not are_whole()
    p.touch("academicSessions", "t1", endDate="2027-07-01")
    assert are_whole()
    assert lab.rows("SELECT DISTINCT end_date FROM classes") == [("2027-07-01",)]
    assert not are_whole()
    lab.sync(sync={"terms": "current"})
    assert are_whole(sync={"terms": "current"} | LONG)
    lab.sync()
    lab.roster.execute("UPDATE classes SET origin = 'local' WHERE sourced_id = 's1-b'")
    assert are_whole()
    lab.roster.execute("UPDATE classes SET origin = 'provider', missing_runs = 1 WHERE sourced_id = 's1-b'")
    assert are_whole()


def test_classes_with_a_problem_are_read_until_it_is_gone(lab: Lab) -> None:
    classes = asked(lab, "classes")
    lab.provider.touch("classes", "s1-b", school=None)
    for _ in "abc":
        next_day(lab)
        assert lab.sync(mode="delta", sync=LONG).exit_code == ExitCode.RECORD_PROBLEMS
        assert ("classes", "s1-b", "error", "missing_school") in lab.problems()
    lab.provider.touch("classes", "s1-b", school=ref("s1", "org"))
    for _ in "abc":
        next_day(lab)
        sync_changes(lab)
    assert readings(classes) == "dww" + "ww" + "dw" + "dw"


def test_an_enrollment_that_moves_into_a_class_that_is_not_kept_goes_for_its_reason(lab: Lab) -> None:
    p, classes = lab.provider, asked(lab, "classes")
    p.touch("classes", "s1-b", status="tobedeleted")
    lab.sync(mode="delta", sync=LONG)
    for _ in "ab":
        next_day(lab)
        sync_changes(lab)
    p.touch("enrollments", "s1-a-1", **{"class": ref("s3-a", "class")})
    p.touch("enrollments", "s1-a-2", **{"class": ref("s1-b", "class")})
    classes.clear()
    sync_changes(lab)
    assert readings(classes) == "dw"
    assert lab.outcome_of("s1-a-1", "enrollments") == ("suspended", "out_of_scope")
    assert lab.outcome_of("s1-a-2", "enrollments") == ("suspended", "class_removed")


def test_a_class_that_nobody_knows_is_looked_for_once(lab: Lab) -> None:
    p, classes = lab.provider, asked(lab, "classes")
    p.class_("hidden", "s1", "c3")  # with a dateLastModified of long ago
    p.enroll("new", "s1-st1", "hidden", dateLastModified=p.clock)
    sync_changes(lab)
    assert "new" in lab.active("enrollments")
    assert "c3" in lab.active("courses")
    assert readings(classes) == "dww"
    next_day(lab)
    p.enroll("lost", "s1-st1", "nowhere", dateLastModified=p.clock)
    classes.clear()
    for _ in "ab":
        assert lab.sync(mode="delta", sync=LONG).exit_code == ExitCode.RECORD_PROBLEMS
        assert ("enrollments", "lost", "error", "unknown_class") in lab.problems()
    assert readings(classes) == "dwd"


def test_a_course_that_only_classes_name_which_did_not_change_is_kept_up(lab: Lab) -> None:
    lab.provider.touch("classes", "s1-a", course=ref("c3", "course"))
    sync_changes(lab)
    next_day(lab)
    next_day(lab)
    lab.provider.touch("courses", "c3", title="Anew")
    sync_changes(lab)
    assert lab.rows("SELECT title, status FROM courses WHERE sourced_id = 'c3'") == [("Anew", "active")]


def test_classes_follow_their_terms(lab: Lab) -> None:
    def terms() -> set[tuple[Any, ...]]:
        ends = "JOIN classes c ON c.id = x.class_id JOIN academic_sessions t ON t.id = x.session_id"
        return set(lab.rows(f"SELECT c.sourced_id, t.sourced_id FROM class_sessions x {ends}"))

    p, before = lab.provider, terms()
    p.session("t2", dateLastModified=p.clock)
    p.class_("s1-c", "s1", dateLastModified=p.clock)
    sync_changes(lab)
    assert terms() == before | {("s1-c", "t1")}
    next_day(lab)
    p.touch("classes", "s1-a", terms=[ref("t2", "academicSession")])
    sync_changes(lab)
    assert terms() == (before | {("s1-c", "t1"), ("s1-a", "t2")}) - {("s1-a", "t1")}


def test_a_class_that_is_gone_but_kept_gets_nobody_new(lab: Lab) -> None:
    keep = {"sync": LONG | {"on_removed": "keep"}}
    p = lab.provider
    p.drop("classes", "s1-b")
    p.touch("classes", "s2-b", status="tobedeleted")
    lab.sync(**keep)
    for _ in "ab":
        next_day(lab)
        lab.sync(mode="delta", **keep)
    p.enroll("late", "s1-st1", "s1-b", dateLastModified=p.clock)
    p.enroll("later", "s2-st1", "s2-b", "student", "s2", dateLastModified=p.clock)
    lab.sync(mode="delta", **keep)
    assert {"s1-b", "s2-b"} <= lab.active("classes")
    assert not {"late", "later"} & lab.active("enrollments")


def test_a_deleted_person_who_changes_needs_no_reading_of_all_enrollments(lab: Lab) -> None:
    p, enrollments = lab.provider, asked(lab, "enrollments")
    p.user("gone", status="tobedeleted")
    p.enroll("of-gone", "gone", "s1-a")
    lab.sync()
    next_day(lab)
    p.touch("users", "gone", email="new@example.org")
    enrollments.clear()
    sync_changes(lab)
    assert readings(enrollments) == "dw"


def test_an_enrollment_of_somebody_who_is_known_for_deleted_goes(lab: Lab) -> None:
    p = lab.provider
    p.user("gone", status="tobedeleted", dateLastModified=p.clock)
    for _ in "ab":
        lab.sync(mode="delta", sync=LONG)
        next_day(lab)
    p.touch("enrollments", "s1-a-1", user=ref("gone"))
    sync_changes(lab)
    assert lab.outcome_of("s1-a-1", "enrollments") == ("suspended", "user_removed")


def test_nothing_is_removed_by_absence(lab: Lab) -> None:
    lab.provider.drop("users", "s1-st1")
    lab.provider.drop("enrollments", "s1-a-2")
    lab.provider.drop("classes", "s1-b")
    lab.provider.drop("orgs", "d1")
    before = lab.content()
    assert mode_of(lab) == "delta"
    assert lab.content() == before
    lab.sync()
    assert lab.outcome_of("s1-st1") == ("suspended", "absent")


def test_nothing_at_all_may_have_changed(lab: Lab) -> None:
    before = lab.content()
    sync_changes(lab)
    assert lab.content() == before


def test_somebody_of_another_school_is_asked_for_when_enrolled(lab: Lab) -> None:
    lab.provider.enroll("new", "s3-st2", "s1-b", dateLastModified=lab.provider.clock)
    sync_changes(lab)
    assert {"s3-st2", "s3-pa2"} <= lab.active("users")
    assert "s3-st2 s3-pa2" in lab.active("relationships")


def test_somebody_whom_the_provider_does_not_know_is_a_problem_and_asked_for_once(lab: Lab) -> None:
    single = asked(lab, "users/nobody")
    lab.provider.enroll("new", "nobody", "s1-b", dateLastModified=lab.provider.clock)
    lab.sync(mode="delta", sync=LONG)
    assert ("enrollments", "new", "error", "unknown_user") in lab.problems()
    assert len(single) == 1
    next_day(lab)
    lab.provider.touch("enrollments", "new")
    lab.sync(mode="delta", sync=LONG)
    assert len(single) == 1


@pytest.mark.parametrize("mode", ["delta", "full"])
def test_who_was_unknown_and_came_without_being_of_use_is_asked_for_when_enrolled(lab: Lab, mode: Mode) -> None:
    lab.provider.enroll("early", "newcomer", "s1-a")
    lab.sync()
    lab.provider.touch("enrollments", "early", status="tobedeleted")
    lab.provider.user("newcomer", "student", ("s3",))
    lab.provider.touch("users", "newcomer")
    lab.sync(mode=mode, sync=LONG)
    next_day(lab)
    lab.sync(mode="delta", sync=LONG)
    next_day(lab)
    lab.provider.enroll("late", "newcomer", "s1-a")
    lab.provider.touch("enrollments", "late")
    sync_changes(lab)
    assert lab.rows("SELECT status FROM enrollments WHERE sourced_id = 'late'") == [("active",)]


@pytest.mark.parametrize("way", ["deleted", "of_another", "class_deleted", "class_moved"])
def test_who_loses_the_only_enrollment_goes_with_the_parent(lab: Lab, way: str) -> None:
    p = lab.provider
    assert {OUTSIDER, "s3-pa1"} <= lab.active("users")
    if way == "deleted":
        p.touch("enrollments", "guest", status="tobedeleted")
    elif way == "of_another":
        p.touch("enrollments", "guest", user=ref("s1-st1"))
    elif way == "class_deleted":
        p.touch("classes", "s1-a", status="tobedeleted")
    else:
        p.touch("classes", "s1-a", school=ref("s3", "org"))
    sync_changes(lab)
    assert lab.outcome_of(OUTSIDER) == lab.outcome_of("s3-pa1") == ("suspended", "out_of_scope")


def test_who_leaves_the_school_stays_while_enrolled(lab: Lab) -> None:
    lab.provider.touch("users", "s1-st1", orgs=[ref("s3", "org")], email="moved@example.org")
    sync_changes(lab)
    assert lab.rows("SELECT status, email FROM users WHERE sourced_id = 's1-st1'") == [("active", "moved@example.org")]


def test_who_leaves_the_school_without_an_enrollment_goes(lab: Lab) -> None:
    lab.provider.touch("enrollments", "s1-a-1", "s1-b-1", status="tobedeleted")
    lab.provider.touch("users", "s1-st1", orgs=[ref("s3", "org")])
    sync_changes(lab)
    assert lab.outcome_of("s1-st1") == lab.outcome_of("s1-pa1") == ("suspended", "out_of_scope")
    assert lab.outcome_of("s1-st1 s1-pa1", "relationships") == ("suspended", "user_removed")


def test_a_student_who_names_another_parent(lab: Lab) -> None:
    lab.provider.touch("users", "s1-st1", agents=[ref("s1-pa2")])
    sync_changes(lab)
    assert lab.outcome_of("s1-pa1") == ("suspended", "out_of_scope")
    assert lab.outcome_of("s1-st1 s1-pa1", "relationships") is not None
    assert "s1-st1 s1-pa2" in lab.active("relationships")
    assert "s1-st2 s1-pa2" in lab.active("relationships")


def test_a_deleted_student_takes_the_parent_along(lab: Lab) -> None:
    lab.provider.touch("users", "s1-st1", status="tobedeleted")
    sync_changes(lab)
    assert lab.outcome_of("s1-pa1") == ("suspended", "out_of_scope")
    assert lab.outcome_of("s1-a-1", "enrollments") == ("suspended", "user_removed")


def test_a_parent_becomes_a_guardian(lab: Lab) -> None:
    lab.provider.touch("users", "s1-pa1", role="guardian")
    sync_changes(lab)
    assert lab.rows("SELECT role FROM relationships WHERE sourced_id = 's1-st1 s1-pa1'") == [("guardian",)]


def test_a_parent_who_came_back_is_linked_again(lab: Lab) -> None:
    lab.provider.touch("users", "s1-pa1", status="tobedeleted")
    sync_changes(lab)
    next_day(lab)
    lab.provider.touch("users", "s1-pa1", status="active")
    sync_changes(lab)
    assert "s1-st1 s1-pa1" in lab.active("relationships")


def test_a_parent_who_comes_later_than_the_child_that_names_them(lab: Lab) -> None:
    lab.provider.touch("users", "s1-st1", agents=[ref("later")])
    lab.sync(mode="delta", sync=LONG)
    next_day(lab)
    lab.provider.user("later", "parent", (), dateLastModified=lab.provider.clock)
    sync_changes(lab)
    assert "s1-st1 later" in lab.active("relationships")


def test_a_parent_whose_role_becomes_a_mapped_one(lab: Lab) -> None:
    lab.provider.touch("users", "s1-pa1", role="proctor")
    sync_changes(lab)
    assert "s1-st1 s1-pa1" not in lab.active("relationships")
    assert "s1-pa1" in lab.active("users")
    next_day(lab)
    lab.provider.touch("users", "s1-pa1", role="parent")
    sync_changes(lab)
    assert "s1-st1 s1-pa1" in lab.active("relationships")


def test_who_comes_back_gets_the_enrollments_back_that_did_not_change(lab: Lab) -> None:
    lab.provider.touch("users", "s1-st1", status="tobedeleted")
    lab.sync(mode="delta", sync=LONG)
    next_day(lab)
    lab.provider.touch("users", "s1-st1", status="active")
    sync_changes(lab)
    assert {"s1-a-1", "s1-b-1"} <= lab.active("enrollments")


@pytest.mark.parametrize("way", ["user", "class", "school"])
def test_an_enrollment_whose_new_end_was_unknown_goes_once_that_turns_out_to_be_gone(lab: Lab, way: str) -> None:
    p = lab.provider
    p.touch("enrollments", "s1-a-1", **({"user": ref("later")} if way == "user" else {"class": ref("later", "class")}))
    for _ in "ab":  # the second delta does not see that enrollment any more
        assert mode_of(lab) == "delta"
        assert lab.statuses("enrollments")["s1-a-1"] == "active"
        next_day(lab)
    gone = {"dateLastModified": p.clock} | ({} if way == "school" else {"status": "tobedeleted"})
    if way == "user":
        p.user("later", **gone)
    else:
        p.class_("later", "s3" if way == "school" else "s1", **gone)
    sync_changes(lab)
    assert lab.statuses("enrollments")["s1-a-1"] == "suspended"


@pytest.mark.parametrize("way", ["moved", "undeleted"])
def test_a_class_that_is_of_use_now_brings_its_enrollments(lab: Lab, way: str) -> None:
    p = lab.provider
    if way == "moved":
        p.touch("classes", "s3-a", school=ref("s1", "org"))
    else:
        p.touch("classes", "s1-a", status="tobedeleted")
        lab.sync(mode="delta", sync=LONG)
        next_day(lab)
        p.touch("classes", "s1-a", status="active")
    sync_changes(lab)
    assert ("s3-a-1" if way == "moved" else "s1-a-1") in lab.active("enrollments")


def test_a_class_whose_term_begins_brings_its_enrollments(lab: Lab) -> None:
    p, rules = lab.provider, {"terms": "current", **LONG}
    p.session("t2", "2026-11-01", "2027-01-31")
    p.class_("later", "s1", terms=("t2",))
    p.enroll("later-1", "s1-st1", "later")
    lab.sync(mode="delta", sync=rules, today=date(2026, 10, 2))
    assert "later-1" not in lab.statuses("enrollments")
    ended = lab.sync(mode="delta", sync=rules, today=date(2026, 11, 2))
    assert "later-1" in lab.active("enrollments")
    assert "Reading all enrollments: 1 classes" in lab.log()
    assert ended.counts["users"]["unchanged"] == 0


def test_more_people_than_can_be_asked_for_are_read_at_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta_pull, "MOST_FETCHED", 0)
    lab.provider.enroll("new", "s3-st2", "s1-b", dateLastModified=lab.provider.clock)
    sync_changes(lab)
    assert {"s3-st2", "s3-pa2"} <= lab.active("users")


def test_people_who_cannot_be_asked_for_by_themselves_are_read_at_once(lab: Lab) -> None:
    def refuse(_: Mapping[str, str]) -> Reply:
        raise Rejected("Not supported.", status=400)

    lab.provider.faults["users/s3-st2"] = refuse
    lab.provider.enroll("new", "s3-st2", "s1-b", dateLastModified=lab.provider.clock)
    sync_changes(lab)
    assert {"s3-st2", "s3-pa2"} <= lab.active("users")


def test_a_filter_that_is_refused_is_not_asked_for_again(lab: Lab) -> None:
    get = lab.provider.get

    def refuse(path: str, params: Mapping[str, str] = {}, *, tries: int = 5) -> Reply:
        if "filter" in params:
            raise Rejected("No filters today.", status=400)
        return get(path, params, tries=tries)

    lab.provider.get = refuse  # type: ignore[method-assign]
    lab.provider.touch("users", "s1-st1", email="new@example.org")
    assert mode_of(lab) == "delta"
    assert lab.rows("SELECT email FROM users WHERE sourced_id = 's1-st1'") == [("new@example.org",)]
    assert mode_of(lab) == "full"


def test_a_filter_that_is_ignored_is_noticed(lab: Lab) -> None:
    lab.provider.filtering = False
    lab.provider.touch("users", "s1-st1", email="new@example.org")
    assert mode_of(lab) == "delta"
    assert "did not change since" in lab.log()
    assert lab.rows("SELECT email FROM users WHERE sourced_id = 's1-st1'") == [("new@example.org",)]
    assert mode_of(lab) == "full"
    assert "the provider's filter for changes is not proved" in lab.log()


def test_a_filter_that_works_again_is_proved_again(lab: Lab) -> None:
    lab.provider.filtering = False
    lab.sync(mode="delta", sync=LONG)
    assert mode_of(lab) == "full"
    lab.provider.filtering = True
    assert mode_of(lab) == "full"
    assert mode_of(lab) == "delta"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"sync": {"full_every_days": 0}}, "0 days old"),
        ({"schools": ("s1",)}, "settings"),
        ({"role_mapping": {"student": "Student"}}, "settings"),
        ({"sync": {"terms": "current", **LONG}}, "settings"),
        ({"sync": {"merge_users": "username", **LONG}}, "settings"),
        ({"source": "another"}, "no full run yet"),
        ({"connection": {"root_url": "https://other.example"}}, "no full run yet"),
    ],
)
def test_why_a_run_is_full(lab: Lab, changes: dict[str, Any], why: str) -> None:
    assert mode_of(lab) == "delta"
    assert mode_of(lab, **changes) == "full"
    assert f"A full run in place of a delta: {why}" in lab.log() or why in lab.log()


def test_merged_people_need_full_runs(lab: Lab) -> None:
    rules = {"merge_users": "username", **LONG}
    lab.sync(mode="delta", sync=rules)
    assert mode_of(lab, sync=rules) == "full"
    assert "people are merged" in lab.log()


def test_a_full_run_is_due_after_some_days(lab: Lab) -> None:
    lab.roster.execute("UPDATE sources SET delta_state = REPLACE(delta_state, '2026-10-01', '2000-01-01')")
    assert mode_of(lab, sync={"full_every_days": 7}) == "full"
    assert "7 days old or older" in lab.log()


@pytest.mark.parametrize("end", ["failed", "incomplete", "held", "undone"])
def test_after_a_run_that_did_not_end_well_a_full_one_is_due(lab: Lab, end: str) -> None:
    p = lab.provider
    if end == "failed":

        def unreachable(_: Mapping[str, str]) -> Reply:
            raise Unreachable("down", status=503)

        p.faults["users"] = unreachable
        with pytest.raises(RosterSyncError):
            lab.sync()
        p.faults.clear()
    elif end == "incomplete":
        p.totals["users"] = 99
        lab.sync()
        p.totals.clear()
    elif end == "held":
        p.touch("users", "s1-st1", status="tobedeleted")
        lab.sync(mode="delta", sync=LONG, guards={"max_remove_count": 0})
    else:
        p.touch("users", "s1-st1", email="new@example.org")
        lab.sync(mode="delta", sync=LONG)
        undo.undo(lab.settings, lab.roster, lab.events.append, 2)
    assert mode_of(lab) == "full"


def test_removals_that_wait_for_the_end_of_a_freeze_come_with_a_full_run(lab: Lab) -> None:
    freeze = {"freeze_removals": (Period(date(2026, 10, 1), date(2026, 10, 5)),)}
    lab.provider.touch("users", "s1-st1", status="tobedeleted")
    next_day(lab)
    lab.sync(sync=LONG, guards=freeze, today=date(2026, 10, 2))
    for _ in "ab":  # neither sees the person any more
        next_day(lab)
        assert mode_of(lab, guards=freeze, today=date(2026, 10, 3)) == "delta"
    assert "s1-st1" in lab.active("users")
    assert mode_of(lab, guards=freeze, today=date(2026, 10, 6)) == "full"
    assert "s1-st1" not in lab.active("users")


def test_a_delta_that_leaves_something_to_do_does_not_move_the_cursor(lab: Lab) -> None:
    before = delta.read_state(lab.roster, "default").cursors
    lab.provider.touch("users", "s1-st1", status="tobedeleted")
    freeze = {"freeze_removals": (Period(date(2026, 10, 1), date(2026, 10, 5)),)}
    lab.sync(mode="delta", sync=LONG, guards=freeze, today=date(2026, 10, 2))
    assert delta.read_state(lab.roster, "default").cursors == before
    lab.sync(mode="delta", sync=LONG, today=date(2026, 10, 6))
    assert "s1-st1" not in lab.active("users")
    assert delta.read_state(lab.roster, "default").cursors == {
        "classes": "2026-10-02T06:00:00.000Z",
        "users": "2026-10-02T06:00:00.000Z",
        "enrollments": "2026-10-02T06:00:00.000Z",
    }


def test_a_providers_clock_that_was_ahead_for_a_night_hides_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    right, lab.provider.clock = lab.provider.clock, "2098-01-01T06:00:00.000Z"
    monkeypatch.setattr(delta, "present", lambda: datetime.fromisoformat(right))
    assert mode_of(lab) == "delta"
    lab.provider.clock = right
    next_day(lab)
    lab.provider.touch("users", "s1-st1", familyName="Renamed")
    sync_changes(lab)
    assert lab.rows("SELECT family_name FROM users WHERE sourced_id = 's1-st1'") == [("Renamed",)]


@pytest.mark.parametrize("date_header", [True, False])
def test_an_own_clock_that_was_ahead_for_a_night_makes_the_next_run_full(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, *, date_header: bool
) -> None:
    right = delta.present()
    lab.provider.clock = "2098-01-01T06:00:00.000Z" if date_header else ""
    monkeypatch.setattr(delta, "present", lambda: datetime(2099, 1, 1, tzinfo=UTC))
    assert mode_of(lab) == "delta"
    monkeypatch.setattr(delta, "present", lambda: right)
    assert mode_of(lab) == "full"
    assert "the clock was put back" in lab.log()
    assert mode_of(lab) == "delta"


def test_a_plan_moves_no_cursor(lab: Lab) -> None:
    before = delta.read_state(lab.roster, "default")
    lab.sync(mode="plan")
    assert delta.read_state(lab.roster, "default") == before


def test_a_delta_does_not_count_as_a_run_that_misses_a_row(lab: Lab) -> None:
    rules = {"grace_runs": 2, **LONG}
    lab.provider.touch("enrollments", "guest", status="tobedeleted")
    for _ in range(3):
        lab.sync(mode="delta", sync=rules)
        lab.provider.touch("enrollments", "guest", status="tobedeleted")
        next_day(lab)
    assert OUTSIDER in lab.active("users")
    assert lab.rows("SELECT missing_runs FROM users WHERE sourced_id = ?", OUTSIDER) == [(0,)]


def test_the_guards_judge_a_delta_by_the_whole_roster(lab: Lab) -> None:
    lab.provider.touch("users", "s1-st1", status="tobedeleted")
    ended = lab.sync(mode="delta", sync=LONG, guards={"max_remove_percent": 30, "max_remove_count": 1})
    assert ended.exit_code == ExitCode.DONE, lab.log()
    assert "s1-st1" not in lab.active("users")


def test_incomplete_changes_remove_nothing(lab: Lab) -> None:
    lab.provider.touch("users", "s1-st1", status="tobedeleted")
    lab.provider.faults["enrollments"] = lambda params: answer({"enrollments": []}, {"X-Total-Count": "5"})
    ended = lab.sync(mode="delta", sync=LONG)
    assert ended.exit_code == ExitCode.INCOMPLETE
    assert "s1-st1" in lab.active("users")
