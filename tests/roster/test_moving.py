"""migrate-db: a roster moves between engines, whole and under its own ids, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from oneroster_tui.cli import cli
from oneroster_tui.errors import ConfigError, RosterError, RunLocked
from oneroster_tui.roster.database import Roster, open_roster
from oneroster_tui.roster.moving import move, tables_of
from oneroster_tui.sync.undo import undo
from tests import server
from tests.lab import Lab, lab_in, ref


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A roster with a past: a first sync, changes, something suspended, and a hold."""
    with lab_in(tmp_path) as made:
        made.sync()
        made.provider.drop("users", "s1-st1")
        made.provider.records["users"]["s1-st2"]["email"] = "new\\x00\t'\"%?@example.org"
        made.provider.enroll("broken", "nobody", "s1-a")
        made.sync()
        made.provider.drop("enrollments", "s1-a-2")
        made.sync(guards={"max_remove_percent": 0.0, "max_remove_count": 0})
        yield made


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=server.needs_server)])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Roster]:
    """An empty roster to move to."""
    if request.param == "sqlite":
        roster = open_roster("sqlite:///moved/r.db", tmp_path)
        yield roster
        roster.close()
    else:
        with server.empty_roster() as roster:
            yield roster


def everything(roster: Roster, tables: list[str]) -> dict[str, list[str]]:
    """Every row of every table, true and false as 1 and 0."""
    found = {}
    for table in tables:
        columns = ", ".join(sorted(column.name for column in roster.database.get_columns(table)))
        rows = roster.execute(f"SELECT {columns} FROM {table}").fetchall()
        found[table] = sorted(repr([int(one) if isinstance(one, bool) else one for one in row]) for row in rows)
    return found


def test_every_row_arrives_and_goes_back(lab: Lab, target: Roster) -> None:
    tables = tables_of(lab.roster, target)
    before = everything(lab.roster, tables)
    counts = move(lab.roster, target, lambda *_: None)
    assert everything(target, tables) == before
    assert counts == {table: len(rows) for table, rows in before.items()}
    assert all(counts[table] for table in ("users", "sync_changes", "sync_problems", "loose_ends"))
    back = open_roster("sqlite:///back/r.db", lab.folder)
    assert move(target, back, lambda *_: None) == counts
    assert everything(back, tables) == before
    back.close()


def test_what_was_moved_is_synced_and_undone_as_before(lab: Lab, target: Roster) -> None:
    move(lab.roster, target, lambda *_: None)
    moved = Lab(lab.folder, lab.provider, lab.settings, target)
    highest = moved.rows("SELECT MAX(id) FROM users")[0][0]
    suspended = moved.local_id("s1-st1")
    moved.provider.user("s1-st1")
    moved.provider.user("later")
    ended = moved.sync()
    assert ended.counts["users"]["reactivated"] == ended.counts["users"]["created"] == 1
    assert moved.local_id("s1-st1") == suspended
    assert moved.local_id("later") > highest
    run = moved.rows("SELECT MIN(run_id) FROM sync_changes WHERE action = 'updated'")[0][0]
    undo(lab.settings, target, moved.events.append, run)
    assert moved.rows("SELECT email FROM users WHERE sourced_id = 's1-st2'") == [("s1-st2@example.org",)]


def test_ids_of_deleted_rows_are_given_to_nobody_after_a_move(lab: Lab, target: Roster) -> None:
    """Nor after the way back: an undo looks for rows by them."""
    late = {"enrollments": "late", "relationships": "s1-st2 s1-pa3"}
    back = open_roster("sqlite:///back/r.db", lab.folder)
    for source, next_ in ((lab.roster, target), (target, back)):
        here, there = (Lab(lab.folder, lab.provider, lab.settings, roster) for roster in (source, next_))
        lab.provider.enroll("late", "s1-st2", "s2-a")
        lab.provider.records["users"]["s1-st2"]["agents"] = [ref("s1-pa2"), ref("s1-pa3")]
        here.sync()
        deleted = {table: here.local_id(name, table) for table, name in late.items()}
        lab.provider.drop("enrollments", "late")
        lab.provider.records["users"]["s1-st2"]["agents"].pop()
        ended = here.sync(sync={"on_removed": "delete"})
        move(source, next_, lambda *_: None)
        lab.provider.enroll("later", "s1-st3", "s2-a")
        lab.provider.records["users"]["s1-st2"]["agents"] = [ref("s1-pa2"), ref("s2-pa3")]
        there.sync()
        assert there.local_id("later", "enrollments") > deleted["enrollments"]
        assert there.local_id("s1-st2 s2-pa3", "relationships") > deleted["relationships"]
        undo(lab.settings, next_, lab.events.append, ended.run_id)
        assert {table: there.local_id(name, table) for table, name in late.items()} == deleted
        lab.provider.drop("enrollments", "later")
    back.close()


def test_a_database_with_rows_is_refused(lab: Lab, target: Roster) -> None:
    move(lab.roster, target, lambda *_: None)
    with pytest.raises(ConfigError, match="not empty"):
        move(lab.roster, target, lambda *_: None)


def test_not_while_a_run_is_under_way(lab: Lab, target: Roster) -> None:
    with lab.roster.locks.hold("default"), pytest.raises(RunLocked):
        move(lab.roster, target, lambda *_: None)
    assert target.value("SELECT COUNT(*) FROM sources") == 0


def test_rows_that_do_not_arrive_undo_the_move(lab: Lab, target: Roster, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = target.load
    monkeypatch.setattr(
        target, "load", lambda table, columns, rows: whole(table, columns, rows[1:] if table == "user_roles" else rows)
    )
    with pytest.raises(RosterError, match="user_roles"):
        move(lab.roster, target, lambda *_: None)
    assert target.value("SELECT COUNT(*) FROM sources") == 0


def test_the_command(
    lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text("")
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.main(list(words), standalone_mode=False)
        return (code or 0, *capsys.readouterr())

    code, out, _ = run("migrate-db", "sqlite:///new.db")
    assert code == 0
    assert "  users: 14 rows\n" in out
    assert 'Next: set [database] url = "sqlite:///new.db"' in out
    code, _, err = run("migrate-db", "sqlite:///new.db")
    assert code == 2
    assert "not empty" in err
    Path("letter.txt").write_text("Dear Ann, " * 100)
    code, _, err = run("migrate-db", "sqlite:///letter.txt")
    assert code == 2
    assert "name a file that is not there yet" in err
    for url in ("postgresql://ann:hush@h/d", "postgresql://ann@h/d?password=hush"):
        code, out, err = run("migrate-db", url)
        assert code == 2
        assert "PGPASSWORD" in err
        assert "hush" not in out + err
