"""How far a run is, as others can see it while it runs; nothing waits for that."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from oneroster_tui.roster import queries
from oneroster_tui.sync import beacon, core
from oneroster_tui.sync.events import Event, PageTaken
from tests.lab import Lab


@pytest.fixture(autouse=True)
def at_each_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sign at each page."""
    monkeypatch.setattr(core, "Beacon", lambda roster, run, emit: beacon.Beacon(roster, run, emit, every=0.0))


def watched(lab: Lab, seen: list[Any]) -> Any:
    """Takes a run's events, and at each page looks what the run's record says of the page before."""

    def take(event: Event) -> None:
        if isinstance(event, PageTaken):
            seen.append(queries.pages_so_far(lab.roster, run_of(lab)))

    return take


def run_of(lab: Lab) -> int:
    return int(lab.rows("SELECT MAX(id) FROM sync_runs")[0][0])


def test_a_run_says_how_far_it_is_until_its_end_says_more(lab: Lab) -> None:
    seen: list[Any] = []
    ended = core.sync(lab.settings, lab.roster, lab.provider, watched(lab, seen))  # type: ignore[arg-type]
    assert seen[0] == {}
    assert seen[-1]["orgs"] == (3, 3)
    assert seen[-1]["users"] == (14, 14)
    assert queries.pages_so_far(lab.roster, ended.run_id) == {}
    last = queries.run(lab.roster, ended.run_id)
    assert last is not None
    assert last.counts == ended.counts


def test_where_another_program_writes_a_sign_is_left_out_and_nothing_waits(lab: Lab) -> None:
    if lab.roster.engine.name != "sqlite":
        pytest.skip("writers of PostgreSQL meet at rows only")
    seen: list[Any] = []
    with closing(sqlite3.connect(lab.folder / "roster.db", isolation_level=None)) as other:

        def take(event: Event) -> None:
            if other.in_transaction:
                other.execute("ROLLBACK")
                seen.append(queries.pages_so_far(lab.roster, run_of(lab)))
            if isinstance(event, PageTaken) and event.entity == "classes":
                other.execute("BEGIN IMMEDIATE")  # the sign of this page comes next

        ended = core.sync(lab.settings, lab.roster, lab.provider, take)  # type: ignore[arg-type]
    assert ended.outcome == "done"
    assert seen[0].keys() == {"orgs", "academic_sessions", "courses"}
    assert lab.rows("PRAGMA busy_timeout") == [(30_000,)]


def test_an_interrupted_run_keeps_no_half_counts(lab: Lab) -> None:
    lab.sync()
    lab.roster.execute(
        'UPDATE sync_runs SET outcome = \'running\', counts = \'{"users": {"received": 5, "total": 9}}\''
    )
    lab.sync()
    assert lab.rows("SELECT outcome, counts FROM sync_runs WHERE id = 1") == [("interrupted", "{}")]
