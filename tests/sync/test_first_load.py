"""The first load: indexes that come late are all there in the end, and come back when the run does not."""

from __future__ import annotations

import pytest

from oneroster_tui.errors import Stopped
from oneroster_tui.sync import apply as applying
from tests.lab import Lab

INDEXES = "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index' ORDER BY name"


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
