"""Opening a roster: where, how private, how new, and what is said when it cannot be."""

from __future__ import annotations

import contextlib
import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import peewee as pw
import pytest
from playhouse.schema_diff import diff_models

from oneroster_tui.errors import ConfigError, NoRoster, RosterError
from oneroster_tui.roster import models
from oneroster_tui.roster.database import Roster, explain, migrate, open_roster, sqlite_path

PROMISED = {
    "sources": "id name root_url oneroster_version",
    "orgs": "id source_id sourced_id name type identifier parent_sourced_id status date_last_modified",
    "academic_sessions": (
        "id source_id sourced_id title type start_date end_date school_year parent_sourced_id status date_last_modified"
    ),
    "courses": "id source_id sourced_id title course_code org_sourced_id status date_last_modified",
    "classes": (
        "id source_id sourced_id title class_code class_type course_sourced_id school_sourced_id start_date end_date status "
        "date_last_modified"
    ),
    "class_sessions": "class_id session_id",
    "users": (
        "id source_id sourced_id username identifier given_name family_name email enabled status date_last_modified "
        "created_at updated_at"
    ),
    "user_roles": "user_id org_sourced_id role role_type",
    "user_ids": "user_id source_id sourced_id",
    "relationships": "student_id agent_id role local_role status",
    "enrollments": (
        "id source_id sourced_id class_id user_id school_sourced_id role local_role is_primary begin_date end_date status "
        "created_at updated_at"
    ),
    "sync_runs": "id source_id started_at finished_at mode outcome exit_code counts",
    "sync_changes": "run_id entity sourced_id action reason before after",
    "sync_problems": "run_id entity sourced_id severity code message",
}
"""The contract's section 3, word for word."""


@pytest.fixture
def roster(tmp_path: Path) -> Iterator[Roster]:
    opened = open_roster("sqlite:///roster.db", tmp_path)
    yield opened
    opened.close()


def test_the_promised_tables_and_columns_are_there(roster: Roster) -> None:
    for table, columns in PROMISED.items():
        found = {column.name for column in roster.database.get_columns(table)}
        assert found.issuperset(columns.split()), table
    roster.close()


def test_the_migrations_make_what_the_models_say(roster: Roster) -> None:
    difference = diff_models(roster.database, models.TABLES)
    assert not any(difference), difference
    roster.close()


def test_sourced_ids_are_unique_in_each_source(roster: Roster) -> None:
    for table in ("orgs", "academic_sessions", "courses", "classes", "users", "enrollments", "user_ids"):
        unique = [index.columns for index in roster.database.get_indexes(table) if index.unique]
        keys = [list(key) for key in unique] + [roster.database.get_primary_keys(table)]
        assert ["source_id", "sourced_id"] in keys, table
    roster.close()


def test_a_new_roster_is_private_and_in_wal_mode(roster: Roster, tmp_path: Path) -> None:
    roster.execute(
        "INSERT INTO sources (name, root_url, oneroster_version, profile, delta_state) VALUES ('x', '', '1.1', '', '')"
    )
    for path in tmp_path.glob("roster.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert roster.value("PRAGMA journal_mode") == "wal"
    assert roster.value("PRAGMA foreign_keys") == 1
    roster.close()


def test_a_missing_roster_is_only_made_where_it_may_be(tmp_path: Path) -> None:
    with pytest.raises(NoRoster, match="no roster yet"):
        open_roster("sqlite:///roster.db", tmp_path, create=False)
    assert not list(tmp_path.iterdir())


def test_a_roster_of_a_newer_version_is_left_alone(roster: Roster, tmp_path: Path) -> None:
    roster.execute("INSERT INTO schema_migration (name, applied) VALUES ('9999_future', '2030-01-01')")
    roster.close()
    with pytest.raises(RosterError, match=r"newer version of this program \(9999_future\)"):
        open_roster("sqlite:///roster.db", tmp_path)


def test_migrating_twice_changes_nothing(roster: Roster) -> None:
    before = roster.execute("SELECT sql FROM sqlite_master").fetchall()
    migrate(roster.database)
    assert roster.execute("SELECT sql FROM sqlite_master").fetchall() == before
    roster.close()


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///roster.db", "/base/roster.db"),
        ("sqlite:////else/r.db", "/else/r.db"),
        ("sqlite:///a%20b.db", "/base/a b.db"),
    ],
)
def test_urls_are_relative_to_the_config_or_absolute(url: str, path: str) -> None:
    assert sqlite_path(url, Path("/base")) == Path(path)


@pytest.mark.parametrize("url", ["sqlite://host/x.db", "sqlite:///", "mysql://x/y", "roster.db", ""])
def test_other_urls_are_refused_with_an_example(url: str) -> None:
    with pytest.raises(ConfigError, match="not understood") as caught:
        sqlite_path(url, Path("/base"))
    assert "sqlite:///roster.db" in caught.value.do


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "roster.db").write_text("<html>this is no database at all</html>" * 20)
    with pytest.raises(RosterError, match="not a roster database") as caught:
        open_roster("sqlite:///roster.db", tmp_path)
    assert caught.value.where == str(tmp_path / "roster.db")


def test_the_database_of_another_program_gets_no_table(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "roster.db")) as theirs, theirs:
        theirs.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(RosterError, match="has the table bookmarks"):
        open_roster("sqlite:///roster.db", tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "roster.db")) as theirs:
        assert theirs.execute("SELECT name FROM sqlite_master").fetchall() == [("bookmarks",)]


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RosterError, match="cannot be created"):
        open_roster("sqlite:///file/roster.db", tmp_path)


def test_a_locked_roster_is_said_and_nothing_is_lost(roster: Roster, tmp_path: Path) -> None:
    roster.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(tmp_path / "roster.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RosterError, match="being written by another program"), roster.transaction():
        pass
    other.close()
    with roster.transaction():
        roster.execute(
            "INSERT INTO sources (name, root_url, oneroster_version, profile, delta_state) VALUES ('x', '', '1.1', '', '')"
        )
    assert roster.value("SELECT COUNT(*) FROM sources") == 1
    roster.close()


def test_a_full_disk_is_said_and_nothing_is_half_written(roster: Roster) -> None:
    roster.execute("PRAGMA max_page_count = 1")  # the smallest it can be: what there is already
    insert = (
        "INSERT INTO sources (name, root_url, oneroster_version, profile, delta_state) VALUES (?, ?, '1.1', '', '')"
    )

    def fill() -> None:
        with roster.transaction():
            for number in range(1000):
                roster.execute(insert, (f"source {number}", "x" * 1000))

    with pytest.raises(RosterError, match="disk is full"):
        fill()
    assert roster.value("SELECT COUNT(*) FROM sources") == 0
    roster.close()


def test_readers_see_the_old_state_until_the_commit(roster: Roster) -> None:
    seen: list[int] = []

    def look() -> None:
        seen.append(roster.value("SELECT COUNT(*) FROM sources"))
        roster.close()

    with roster.transaction():
        roster.execute(
            "INSERT INTO sources (name, root_url, oneroster_version, profile, delta_state) VALUES ('x', '', '1.1', '', '')"
        )
        reader = threading.Thread(target=look)
        reader.start()
        reader.join()
    look()
    assert seen == [0, 1]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("attempt to write a readonly database", "cannot be written"),
        ("database disk image is malformed", "damaged"),
        ("disk I/O error", "disk refused"),
        ("no such table: users", "lacks a table"),
        ("something nobody foresaw", "answered: something nobody foresaw"),
    ],
)
def test_the_drivers_errors_become_sentences(text: str, what: str) -> None:
    error = explain(pw.OperationalError(text), "/r.db")
    assert what in error.what
    assert error.do
