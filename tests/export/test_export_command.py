"""`oneroster-tui export` as an administrator runs it: what it says, its JSON, its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from oneroster_tui.cli import cli
from oneroster_tui.export.moodle import client
from tests.export.bundles import tables
from tests.lab import lab_in, ref


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a config and a synced roster, as the current one."""
    (tmp_path / "config.toml").write_text('[database]\nurl = "sqlite:///roster.db"\n')
    with lab_in(tmp_path) as lab:
        lab.sync()
        lab.provider.class_("s1-a", "s1", terms=())
        lab.provider.enroll("late", "s1-st1", "s2-a", school="s2")
        lab.provider.user("s1-st2", agents=[ref("s1-pa2")], email="new@example.org")
        lab.sync()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    """The command."""
    return CliRunner().invoke(cli, ["export", *arguments])


def facts(result: Result) -> dict[str, Any]:
    """Its JSON."""
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_what_was_written_is_said(place: Path) -> None:
    result = run("csv", "out.zip")
    assert result.exit_code == 3
    assert "Written: out.zip (bulk), 41 rows" in result.stdout
    assert "--since 2" in result.stdout
    assert "classes: 1 row with termSourcedIds blank, which OneRoster requires (first: s1-a)" in result.stderr
    assert len(tables(place / "out.zip")["users"]) == 14


def test_json_tells_the_same(place: Path) -> None:
    result = run("csv", "delta", "--since", "1", "--oneroster-version", "1.2", "--json")
    found = facts(result)
    assert found["mode"] == "delta"
    assert found["files"] == {"classes": 1, "users": 1, "roles": 1, "enrollments": 1}
    assert found["gaps"][0]["first"] == "s1-a"
    assert found["exit_code"] == result.exit_code == 3
    assert found["newest_run"] == 2


def test_options_that_take_several_words(place: Path) -> None:
    found = facts(run("csv", "out", "--school", "s2", "--columns", "users.email,users.identifier", "--json"))
    assert found["files"]["classes"] == 2
    assert found["exit_code"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("csv", "out", "--since", "7"), 2, "There is no run 7"),
        (("csv", "out", "--since", "1", "--school", "s1"), 2, "people move"),
        (("csv", "out", "--school", "\x1b[31mx"), 2, "no org"),
        (("csv", "out", "--oneroster-version", "2.0"), 2, "Invalid value"),
        (("csv", "missing/out"), 2, "does not exist"),
        (("csv", "."), 2, "no export of this kind"),
        (("csv",), 2, "PATH"),
        (("moodle",), 2, "Name the folder, or push"),
        (("moodle", "out", "--push"), 2, "Name the folder, or push"),
        (("moodle", "out", "--plan"), 2, "go with --push"),
        (("moodle", "--push", "--school", "s1"), 2, "whole roster"),
        (("moodle", "--push", "--plan", "--allow-removals"), 2, "suspends nobody"),
        (("moodle", "--push"), 2, "No Moodle is named"),
        (("moodle", "out", "--columns", "users.email"), 2, "no optional column"),
        (("json", "missing/out.json"), 2, "does not exist"),
        (("csv-tables", "out", "--columns", "users.shoe"), 2, "users.shoe"),
    ],
)
def test_what_does_not_work_is_said_and_nothing_written(
    place: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    before = sorted(place.iterdir())
    result = run(*arguments)
    assert result.exit_code == code
    assert words in result.stderr
    assert "\x1b" not in result.stderr
    assert sorted(place.iterdir()) == before


def test_the_other_formats(place: Path) -> None:
    assert facts(run("moodle", "m", "--json"))["files"]["enrolments"] == 17
    assert facts(run("json", "out.json", "--json"))["files"]["users"] == 14
    assert facts(run("csv-tables", "t.zip", "--json", "--raw"))["files"]["users"] == 14
    assert sorted(one.name for one in place.iterdir() if one.suffix in (".json", ".zip") or one.is_dir()) == [
        "m",
        "out.json",
        "t.zip",
    ]


def test_a_plan_of_a_push_asks_nobody(place: Path) -> None:
    with (place / "config.toml").open("a") as config:
        config.write('[moodle]\nurl = "https://moodle.invalid"\ntoken = "s3cret-token"\n')
    result = run("moodle", "--push", "--plan", "--json")
    assert facts(result)["counts"]["user"] == {"create": 14, "update": 0, "suspend": 0}
    assert facts(result)["planned"] is True
    assert "nothing was sent" in result.stderr
    assert "s3cret" not in result.output


def test_a_moodle_that_does_not_answer(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "backoff", lambda attempt: 0.0)
    with (place / "config.toml").open("a") as config:
        config.write('[moodle]\nurl = "http://127.0.0.1:9"\ntoken = "s3cret-token"\n')
    result = run("moodle", "--push")
    assert result.exit_code == 7
    assert "Moodle does not answer" in result.stderr
    assert "s3cret" not in result.output


def test_without_a_roster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text("")
    result = run("csv", "out")
    assert result.exit_code == 1
    assert "no roster yet" in result.stderr
