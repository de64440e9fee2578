"""The first load: its late indexes are all there in the end, or back; what is all new ends as if planned row by row."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oneroster_tui.errors import Stopped
from oneroster_tui.sync import apply as applying
from oneroster_tui.sync import plan
from tests.lab import Lab, new_lab
from tests.sync.test_sync_delta_property import alter, night, three_schools
from tests.sync.test_sync_properties import AUDITED

INDEXES = "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index' ORDER BY name"
TIMES = ("created_at", "updated_at", "synced_at")


def test_a_first_load_leaves_every_index(lab: Lab) -> None:
    before = lab.rows(INDEXES)
    lab.sync()
    assert lab.rows(INDEXES) == before
    assert lab.rows("PRAGMA integrity_check") == [("ok",)]


def test_a_first_load_that_fails_leaves_every_index(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    before = lab.rows(INDEXES)
    during = []

    def fail(*_: object) -> None:
        during.extend(lab.rows(INDEXES))
        raise Stopped

    monkeypatch.setattr(applying, "audit_after", fail)
    with pytest.raises(Stopped):
        lab.sync()
    assert len(during) < len(before)
    assert lab.rows(INDEXES) == before
    assert lab.rows("SELECT COUNT(*) FROM users") == [(0,)]


def test_a_second_load_leaves_indexes_alone(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.sync()
    before = lab.rows(INDEXES)
    during = []
    monkeypatch.setattr(applying, "audit_after", lambda *_: during.append(lab.rows(INDEXES)))
    lab.provider.user("s1-new", "student", ("s1",))
    lab.sync()
    assert during
    assert all(indexes == before for indexes in during)


def left(lab: Lab) -> dict[str, Any]:
    """Every row, its local id too, and the whole audit in its order; but for the times of writing."""
    found: dict[str, Any] = {}
    for table in (*AUDITED, "user_ids", "class_sessions", "user_roles"):
        columns = [column.name for column in lab.roster.database.get_columns(table)]
        told = [name for name in columns if name not in TIMES]
        found[table] = sorted(lab.rows(f"SELECT {', '.join(told)} FROM {table}"), key=repr)
    for *change, before, after in lab.audit():
        assert before is None
        found.setdefault("audit", []).append((*change, {key: after[key] for key in after if key not in TIMES}))
    return found


@settings(deadline=None, max_examples=20)
@given(changes=night, merging=st.sampled_from(["none", "username"]), mode=st.sampled_from(["full", "plan"]))
def test_what_is_all_new_ends_as_if_it_were_planned_row_by_row(changes: list[Any], merging: str, mode: str) -> None:
    provider = three_schools()
    for kind, name, what in changes:
        alter(provider, kind, name, what)
    rule = {"merge_users": merging}
    with new_lab(provider) as quick, new_lab(provider) as plain:
        with patch.object(plan, "SHOWN_ROWS", 0):
            ended = quick.sync(mode=mode, sync=rule)
        expected = plain.sync(mode=mode, sync=rule)
        assert (ended.exit_code, ended.message, ended.counts) == (expected.exit_code, expected.message, expected.counts)
        assert left(quick) == left(plain)
        assert quick.problems() == plain.problems()
        quick.sync(sync=rule)
        assert mode == "plan" or quick.audit() == []


def test_many_new_rows_of_a_source_that_is_known_are_planned_one_by_one(lab: Lab) -> None:
    lab.sync()
    with patch.object(plan, "SHOWN_ROWS", 0):
        lab.provider.enroll("new", "s1-st1", "s1-a")
        lab.sync()
    assert [row[:3] for row in lab.audit()] == [("enrollments", "new", "created")]
