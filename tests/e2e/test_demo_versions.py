"""The whole way in each version: the installed command against the demo provider, the roster against its raw JSON."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest

from oneroster_tui import demo
from oneroster_tui.demo import Version
from tests.e2e.roster_check import MAPPED, compare, expected, fetch
from tests.e2e.test_demo_nights import DATABASE, command

VERSIONS: tuple[Version, ...] = ("1.0", "1.1", "1.2")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_district_of_each_version_arrives_whole(version: Version, tmp_path: Path) -> None:
    done = command(tmp_path, "sync", "--demo-version", version, "--json")
    assert done.returncode == 0, done.stderr
    with demo.running(version=version) as provider:
        found = fetch(provider.root_url, provider.client_id, provider.client_secret, version)
    wanted = expected(found, set(provider.school_ids), set(MAPPED))
    assert compare(str(tmp_path / DATABASE), wanted) == []
    assert min(len(rows) for rows in wanted.values()) > 5  # nothing equal to nothing
    assert json.loads(done.stdout)["counts"]["enrollments"]["created"] == len(wanted["enrollments"])


def columns(folder: Path) -> dict[str, set[tuple[object, ...]]]:
    """What the versions say differently."""
    with contextlib.closing(sqlite3.connect(folder / DATABASE)) as database:
        queries = {
            "orgs": "SELECT DISTINCT type FROM orgs",
            "years": "SELECT DISTINCT school_year <> '' FROM academic_sessions",
            "enrollments": "SELECT DISTINCT role, local_role, begin_date IS NOT NULL FROM enrollments",
            "staff": "SELECT DISTINCT role, role_type FROM user_roles JOIN users ON id = user_id WHERE identifier LIKE 'E%'",
            "disabled": "SELECT COUNT(*) FROM users WHERE NOT enabled",
        }
        found = {name: set(database.execute(sql)) for name, sql in queries.items()}
    database.close()
    return found


def test_one_roster_can_go_from_version_to_version(tmp_path: Path) -> None:
    """The same people: nothing is removed, and what a version cannot say changes."""
    pictures = {}
    for version in VERSIONS:
        done = command(tmp_path, "sync", "--demo-version", version, "--json")
        assert done.returncode == 0, done.stderr
        counts = json.loads(done.stdout)["counts"]
        assert version == "1.0" or not any(
            actions.get("created") or actions.get("suspended") for actions in counts.values()
        )
        pictures[version] = columns(tmp_path)
    assert pictures["1.0"] == {
        "orgs": {("local",), ("school",)},
        "years": {(0,)},
        "enrollments": {("student", "Student", 0), ("teacher", "Teacher", 0), ("aide", "Aide", 0)},
        "staff": {("teacher", "primary"), ("teacher", "secondary"), ("aide", "primary"), ("administrator", "primary")},
        "disabled": {(0,)},
    }
    assert pictures["1.1"] == pictures["1.0"] | {
        "orgs": {("district",), ("school",)},
        "years": {(1,)},
        "enrollments": {("student", "Student", 1), ("teacher", "Teacher", 1), ("aide", "Aide", 1)},
    }
    assert pictures["1.2"] == pictures["1.1"] | {
        "enrollments": {("student", "Student", 1), ("teacher", "Teacher", 1), ("ext:aide", "Aide", 1)},
        "staff": {("teacher", "primary"), ("aide", "primary"), ("principal", "primary")},  # one for each org
    }
