"""Runs: their record, the lock, what interrupts them; and two sources in one database."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oneroster_tui.errors import ExitCode, RunLocked, Stopped
from oneroster_tui.roster.database import open_roster
from oneroster_tui.sync.core import sync
from oneroster_tui.sync.events import Event, RunEnded, RunStarted
from tests.lab import Lab, new_lab, small_district


def test_a_run_leaves_a_row_with_its_times_and_counts(lab: Lab) -> None:
    ended = lab.sync()
    rows = lab.rows("SELECT id, mode, outcome, exit_code, started_at <= finished_at, counts FROM sync_runs")
    assert len(rows) == 1
    assert rows[0][:5] == (ended.run_id, "full", "done", 0, 1)
    assert '"users":{"created":14' in rows[0][5]


def test_counts_of_a_first_sync_and_of_an_unchanged_one(lab: Lab) -> None:
    first = lab.sync().counts
    assert {table: actions.get("created", 0) for table, actions in first.items()} == {
        "orgs": 3,
        "academic_sessions": 1,
        "courses": 2,
        "classes": 4,
        "users": 14,
        "enrollments": 16,
        "relationships": 6,
    }
    second = lab.sync().counts
    assert {table: actions["unchanged"] for table, actions in second.items()} == {
        table: actions["created"] for table, actions in first.items()
    }


def test_the_first_and_the_last_event_are_the_runs(lab: Lab) -> None:
    lab.sync()
    assert isinstance(lab.events[0], RunStarted)
    assert isinstance(lab.events[-1], RunEnded)
    assert lab.log().startswith("Processing 2 schools\n")


def test_an_interrupted_run_is_marked_at_the_next_start(lab: Lab) -> None:
    lab.sync()
    lab.roster.execute("UPDATE sync_runs SET outcome = 'running', finished_at = NULL, exit_code = NULL")
    lab.sync()
    rows = lab.rows("SELECT outcome, exit_code, finished_at IS NOT NULL FROM sync_runs ORDER BY id")
    assert rows == [("interrupted", 1, 1), ("done", 0, 1)]


def test_a_run_of_another_source_is_not_marked(lab: Lab) -> None:
    lab.sync(source="a")
    lab.roster.execute("UPDATE sync_runs SET outcome = 'running'")
    lab.sync(source="b")
    assert [row[0] for row in lab.rows("SELECT outcome FROM sync_runs ORDER BY id")] == ["running", "done"]


def test_a_second_sync_while_one_runs_is_refused_and_does_nothing(lab: Lab) -> None:
    caught: list[RunLocked] = []
    plain = lab.provider.get

    def get(path: str, params: Any = None, *, tries: int = 5) -> Any:
        if not caught:
            with pytest.raises(RunLocked) as refused:
                with_same_roster(lab)
            caught.append(refused.value)
        return plain(path, params or {}, tries=tries)

    lab.provider.get = get  # type: ignore[method-assign]
    ended = lab.sync()
    assert ended.exit_code == ExitCode.DONE
    assert caught[0].exit_code == ExitCode.LOCKED == 5
    assert "process" in caught[0].what
    assert len(lab.rows("SELECT * FROM sync_runs")) == 1
    lab.provider.get = plain  # type: ignore[method-assign]
    assert lab.sync().exit_code == ExitCode.DONE


def with_same_roster(lab: Lab) -> None:
    """A second sync into the same database, on the thread that asks the first one's provider."""
    second = Lab(lab.folder, small_district(), lab.settings, lab.roster)
    try:
        second.sync()
    finally:
        lab.roster.close()  # this thread's connection


def test_a_run_that_comes_to_the_roster_by_a_link_is_kept_away_too(lab: Lab) -> None:
    (lab.folder / "link.db").symlink_to(lab.folder / "roster.db")
    roster = open_roster("sqlite:///link.db", lab.folder)
    try:
        with lab.roster.locks.hold("default"), pytest.raises(RunLocked):
            sync(lab.settings, roster, lab.provider, lab.events.append)  # type: ignore[arg-type]
    finally:
        roster.close()


def test_another_source_may_run_meanwhile(lab: Lab) -> None:
    plain = lab.provider.get
    ran: list[ExitCode] = []

    def get(path: str, params: Any = None, *, tries: int = 5) -> Any:
        if not ran:
            ran.append(ExitCode.HELD)
            with new_lab() as elsewhere:  # a database of its own, the lock of a source of the same name
                ran.append(elsewhere.sync().exit_code)
        return plain(path, params or {}, tries=tries)

    lab.provider.get = get  # type: ignore[method-assign]
    assert lab.sync().exit_code == ExitCode.DONE
    assert ran[1] == ExitCode.DONE


def test_two_sources_in_one_database_do_not_see_each_other(lab: Lab) -> None:
    lab.sync(source="a")
    first = {table: rows[:] for table, rows in lab.content().items()}
    lab.provider = small_district()
    lab.sync(source="b")
    both = lab.content()
    for table in ("users", "enrollments", "relationships", "classes", "courses", "orgs", "user_ids"):
        assert len(both[table]) == 2 * len(first[table])
        assert set(first[table]) < set(both[table])


@pytest.mark.parametrize("policy", ["suspend", "unenrol", "delete"])
@pytest.mark.parametrize("merging", ["none", "username"])
def test_what_one_source_removes_and_changes_leaves_the_other_alone(lab: Lab, policy: str, merging: str) -> None:
    rule = {"on_removed": policy, "merge_users": merging}
    lab.sync(source="a", sync=rule)
    kept = lab.content()
    lab.provider = small_district()
    lab.sync(source="b", sync=rule)
    lab.provider.drop("users", "s1-st1", "s1-pa2")
    lab.provider.mark("classes", "s1-a")
    lab.provider.records["users"]["s1-st2"]["familyName"] = "Changed"
    lab.provider.drop("courses", "c2")
    lab.sync(source="b", sync=rule, schools=("s1",))
    lab.sync(source="b", sync=rule, schools=("s2",))
    after = lab.content()
    for table, rows in kept.items():
        assert set(rows) <= set(after[table]), table


def test_local_ids_are_not_given_out_twice(lab: Lab) -> None:
    lab.sync(source="a")
    lab.provider.drop("users", "s1-st1")
    lab.sync(source="a", sync={"on_removed": "delete"})
    lab.sync(source="b")
    ids = [row[0] for row in lab.rows("SELECT id FROM users")]
    assert len(ids) == len(set(ids)) == 26


@settings(deadline=None, max_examples=20)
@given(when=st.integers(0, 60), policy=st.sampled_from(["suspend", "unenrol", "delete"]))
def test_a_stop_at_any_moment_leaves_the_roster_as_before_or_as_after(when: int, policy: str) -> None:
    with new_lab() as lab:
        lab.sync()
        before = lab.content()
        lab.provider.drop("users", "s1-st1")
        lab.provider.user("newcomer")
        lab.provider.records["users"]["s1-st2"]["familyName"] = "Changed"
        asked = iter(range(10_000))
        stopped = False
        try:
            lab.sync(stopping=lambda: next(asked) >= when, sync={"on_removed": policy}, connection={"page_size": 5})
        except Stopped:
            stopped = True
        if stopped:
            assert lab.content() == before
            assert lab.last_run()[:2] == ("stopped", ExitCode.INTERRUPTED)
            assert "None of these decisions was applied" in lab.log()
        else:
            assert "newcomer" in lab.active("users")
            assert lab.last_run()[0] == "done"
        lab.sync(sync={"on_removed": policy})
        assert lab.statuses("users").get("s1-st1") == (None if policy == "delete" else "suspended")
        assert "newcomer" in lab.active("users")


def test_a_stop_is_noticed_before_and_after_applying(lab: Lab) -> None:
    asked: list[int] = []
    lab.sync(stopping=lambda: asked.append(0) is not None)
    total = len(asked)
    assert total > 2
    lab.provider.drop("users", "s1-st1")
    before = lab.content()
    countdown = iter(range(total))
    with pytest.raises(Stopped):
        lab.sync(
            stopping=lambda: next(countdown) == total - 1
        )  # the very last moment: everything is written but not committed
    assert lab.content() == before


def test_whatever_takes_the_events_may_fail_and_nothing_is_changed(lab: Lab) -> None:
    lab.sync()
    before = lab.content()
    lab.provider.drop("users", "s1-st1")

    def broken(event: Event) -> None:
        if type(event).__name__ == "Decision":
            raise OSError("broken pipe")

    plain = lab.events
    lab.events = type("Sink", (list,), {"append": staticmethod(broken)})()  # type: ignore[assignment]
    with pytest.raises(OSError, match="broken pipe"):
        lab.sync()
    lab.events = plain
    assert lab.content() == before
    assert lab.last_run()[:2] == ("failed", 1)
    lab.sync()
    assert lab.statuses("users")["s1-st1"] == "suspended"
