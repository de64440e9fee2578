"""Random districts, changes, faults, stops and commands, in any order: what holds whatever happens.

No row is lost that the provider still lists; no removal without a complete pull; undo returns the previous state exactly;
local ids never change; the audit explains every difference.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from oneroster_tui.errors import ConfigError, ExitCode, Forbidden, RosterSyncError, Stopped, Unreachable
from oneroster_tui.sync import decisions
from oneroster_tui.sync.undo import undo
from tests.lab import COLLECTIONS, Lab, answer, new_lab
from tests.sync.test_sync_properties import (
    assert_audited,
    assert_whole,
    changes,
    district,
    expected,
    has_errors,
    mutate,
    state,
)

SELECTED = ("s1", "s2")
TIGHT = {"max_remove_percent": 20.0, "max_remove_count": 1}
REMOVED = ("suspended", "removed", "deleted")


class Nights(RuleBasedStateMachine):
    """A roster through many nights: the district changes, the provider fails, people decide."""

    @initialize()
    def open(self) -> None:
        self.stack = ExitStack()
        self.lab: Lab = self.stack.enter_context(new_lab(district()))
        self.ids: dict[tuple[str, str], int] = {}
        self.applied: list[int] = []

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    def run(self, work: Any, *, may_remove: bool = True) -> Any:
        """Lets a command work and checks that its audit explains every difference."""
        before = state(self.lab)
        runs = self.lab.rows("SELECT COUNT(*) FROM sync_runs")
        ended = work()
        after = state(self.lab)
        if self.lab.rows("SELECT COUNT(*) FROM sync_runs") != runs:
            assert_audited(self.lab, before, after)
        else:
            assert after == before
        assert may_remove or not [row for row in self.lab.audit() if row[2] in REMOVED]
        return ended

    @rule(steps=changes)
    def a_day_passes(self, steps: list[Any]) -> None:
        mutate(self.lab.provider, steps)

    @rule(policy=st.sampled_from(["suspend", "unenrol"]))
    def a_night(self, policy: str) -> None:
        ended = self.run(lambda: self.lab.sync(sync={"on_removed": policy}))
        assert ended.exit_code in (ExitCode.DONE, ExitCode.RECORD_PROBLEMS)
        for table, names in expected(self.lab.provider, SELECTED).items():
            assert names <= self.lab.active(table)
            assert has_errors(self.lab) or names == self.lab.active(table)
        self.applied = [ended.run_id]

    @rule()
    def a_guarded_night(self) -> None:
        ended = self.lab_sync_guarded()
        for table, names in expected(self.lab.provider, SELECTED).items():
            assert ended.outcome == "held" or names <= self.lab.active(table)
        self.applied = [ended.run_id]

    def lab_sync_guarded(self) -> Any:
        before = {table: self.lab.active(table) for table in ("users", "classes", "enrollments", "relationships")}
        ended = self.lab.sync(guards=TIGHT)
        if ended.outcome == "held":
            assert all(rows <= self.lab.active(table) for table, rows in before.items())
        return ended

    @rule(collection=st.sampled_from(COLLECTIONS), error=st.sampled_from([Unreachable, Forbidden]))
    def a_collection_fails(self, collection: str, error: type[Exception]) -> None:
        def fail(_: Any) -> Any:
            raise error("no")

        before = state(self.lab)
        self.lab.provider.faults[collection] = fail
        with pytest.raises(RosterSyncError) as caught:
            self.lab.sync()
        del self.lab.provider.faults[collection]
        assert caught.value.exit_code in (ExitCode.INCOMPLETE, ExitCode.UNAUTHORIZED)
        assert state(self.lab) == before

    @rule(collection=st.sampled_from(("classes", "users", "enrollments")))
    def a_collection_comes_empty(self, collection: str) -> None:
        held = self.lab.rows(f"SELECT COUNT(*) FROM {collection} WHERE status = 'active'")[0][0]
        self.lab.provider.faults[collection] = lambda _: answer({collection: []})
        try:
            ended = self.run(self.lab.sync, may_remove=not held)  # where none are held, that there are none may be true
        finally:
            del self.lab.provider.faults[collection]
        assert not held or ended.exit_code == ExitCode.INCOMPLETE
        self.applied = []

    @rule(after=st.integers(1, 60))
    def somebody_stops_it(self, after: int) -> None:
        asked = iter(range(10_000))
        before = state(self.lab)
        try:
            ended = self.lab.sync(stopping=lambda: next(asked) > after)
            self.applied = [ended.run_id]
        except Stopped:
            assert state(self.lab) == before

    @rule()
    def a_plan(self) -> None:
        before = state(self.lab)
        self.lab.sync(mode="plan")
        assert state(self.lab) == before

    @rule(maximum=st.sampled_from([None, 0, 2, 100]))
    def somebody_approves(self, maximum: int | None) -> None:
        held = self.lab.rows(
            "SELECT id FROM sync_runs WHERE outcome = 'held' AND decision = '' ORDER BY id DESC LIMIT 1"
        )
        if not held:
            return
        lab, run_id = self.lab, held[0][0]
        settings_ = lab.configured(guards=TIGHT)
        ended = self.run(
            lambda: decisions.approve(settings_, lab.roster, lab.provider, lab.events.append, run_id, maximum=maximum)  # type: ignore[arg-type]
        )
        removed = [row for row in lab.audit() if row[2] in REMOVED]
        assert maximum is None or len(removed) <= maximum
        self.applied = [ended.run_id]

    @rule()
    def somebody_discards(self) -> None:
        held = self.lab.rows(
            "SELECT id FROM sync_runs WHERE outcome = 'held' AND decision = '' ORDER BY id DESC LIMIT 1"
        )
        before = state(self.lab)
        for (run_id,) in held:
            decisions.discard(self.lab.roster, "default", run_id)
        assert state(self.lab) == before

    @rule()
    def the_last_run_is_taken_back(self) -> None:
        if not self.applied:
            return
        (run_id,) = self.applied
        earlier = {(row[0], row[1]): row[4] for row in self.lab.audit(run_id)}
        try:
            undo(self.lab.settings, self.lab.roster, self.lab.events.append, run_id)
        except ConfigError:
            return  # it changed nothing
        for (table, key), was in earlier.items():
            stored = self.lab.rows(f"SELECT status FROM {table} WHERE sourced_id = ?", key)
            assert stored == ([(was["status"],)] if was else [])
            if was is None:
                self.ids.pop((table, key), None)  # whoever comes again is a new row
        self.applied = []

    @invariant()
    def the_roster_is_whole_and_ids_stay(self) -> None:
        if not hasattr(self, "lab"):
            return
        assert_whole(self.lab)
        for table in ("orgs", "classes", "users", "enrollments"):
            for key, local_id in self.lab.rows(f"SELECT sourced_id, id FROM {table}"):
                assert self.ids.setdefault((table, str(key)), int(local_id)) == local_id


Nights.TestCase.settings = settings(deadline=None, max_examples=25, stateful_step_count=14)
TestNights = Nights.TestCase
