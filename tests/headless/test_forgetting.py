"""The history is pruned: old runs go with all they changed; what still matters stays."""

from __future__ import annotations

from oneroster_tui.errors import Unreachable
from tests.headless.conftest import Night
from tests.headless.test_who_is_told_when import GUARDED, fail
from tests.lab import Lab

KEEP = {"keep_runs": 3}


def runs(lab: Lab) -> list[int]:
    return [int(row[0]) for row in lab.rows("SELECT id FROM sync_runs ORDER BY id")]


def test_only_the_newest_runs_stay_with_their_changes_and_problems(lab: Lab, night: Night) -> None:
    lab.provider.enroll("broken", "nobody", "s1-a")
    for number in range(6):
        lab.provider.records["users"]["s1-st1"]["familyName"] = f"Name{number}"
        night(history=KEEP)
    assert runs(lab) == [4, 5, 6]
    for table in ("sync_changes", "sync_problems"):
        assert lab.rows(f"SELECT DISTINCT run_id FROM {table} ORDER BY 1") == [(4,), (5,), (6,)]
    assert len(lab.active("users")) == 14


def test_nothing_is_forgotten_below_the_limit(lab: Lab, night: Night) -> None:
    for _ in range(3):
        night(history=KEEP)
    assert runs(lab) == [1, 2, 3]


def test_a_hold_that_waits_and_the_newest_good_run_stay(lab: Lab, night: Night) -> None:
    night()  # 1: good
    lab.provider.drop("users", "s1-st1", "s1-st2", "s1-st3")
    night(guards=GUARDED)  # 2: held
    lab.roster.execute("UPDATE sync_runs SET outcome = 'done', decision = '' WHERE id = 2")
    night(guards=GUARDED)  # 3: held, and waits
    lab.roster.execute("UPDATE sync_runs SET decision = 'discarded' WHERE id = 3")
    lab.roster.execute("UPDATE sync_runs SET outcome = 'held', decision = '' WHERE id = 2")
    for _ in range(4):  # 4 to 7: plans, which supersede nothing
        night("nothing", mode="plan", history=KEEP)
    assert runs(lab) == [2, 3, 5, 6, 7]  # 2 waits for a decision, 3 is the newest good one


def test_another_source_keeps_its_own(lab: Lab, night: Night) -> None:
    for source in ("a", "a", "b", "b", "b", "b"):
        night(source=source, history={"keep_runs": 2})
    assert runs(lab) == [1, 2, 5, 6]


def test_failures_are_pruned_by_the_next_good_run(lab: Lab, night: Night) -> None:
    fail(lab, Unreachable("No answer."))
    for _ in range(5):
        night(history=KEEP)
    lab.provider.faults.clear()
    night(history=KEEP)
    assert runs(lab) == [4, 5, 6]
