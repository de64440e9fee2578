"""The commands with a bundle, as a person types them: check, schools, sync, approve; reports; folders; wrong inputs."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from oneroster_tui.cli import cli
from oneroster_tui.errors import ExitCode
from tests.bundles import texts_of, unzipped, write, zipped
from tests.lab import Lab, Provider, small_district

CONFIG = """
[connection]
bundle = "{bundle}"
[role_mapping]
student = "Student"
teacher = "Teacher"
parent = "Parent"
[schools]
sync = ["s1", "s2"]
[guards]
max_remove_percent = 10
max_remove_count = 1
"""


def run(lab: Lab, *arguments: str, bundle: str = "") -> Result:
    """A command in the lab's folder."""
    path = lab.folder / "config.toml"
    path.write_text(CONFIG.format(bundle=bundle))
    return CliRunner().invoke(cli, [*arguments, "--config", str(path)])


def facts(done: Result) -> dict[str, Any]:
    """What --json says."""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def good(lab: Lab) -> Path:
    """A bundle without fault."""
    return write(lab.folder / "good.zip", small_district())


def test_check(lab: Lab, good: Path) -> None:
    done = run(lab, "check", "--bundle", str(good))
    assert done.exit_code == 0, done.stderr
    assert "enrollments" in done.stdout
    assert "16 rows, bulk" in done.stdout
    assert "Status              Success" in done.stdout
    assert "2 of 2 schools selected" in done.stdout


def test_check_of_a_bundle_that_lacks_a_file(lab: Lab) -> None:
    texts = texts_of(small_district())
    del texts["users.csv"]
    done = run(lab, "check", "--json", bundle=str(zipped(lab.folder / "b.zip", texts)))
    found = facts(done)
    assert done.exit_code == found["exit_code"] == ExitCode.INCOMPLETE
    assert found["report"]["CSV Files Rejected"] == ["users.csv"]
    assert [org["sourced_id"] for org in found["schools"]] == ["d1", "s1", "s2"]


def test_check_of_a_bundle_with_a_row_that_cannot_be_used(lab: Lab) -> None:
    texts = texts_of(small_district())
    texts["users.csv"] = str(texts["users.csv"]).replace("s1-teacher,", ",", 1)
    done = run(lab, "check", "--bundle", str(zipped(lab.folder / "b.zip", texts)))
    assert done.exit_code == ExitCode.RECORD_PROBLEMS
    assert "users.csv, row 2, sourcedId" in done.stdout


def test_schools(lab: Lab, good: Path) -> None:
    done = run(lab, "schools", "--bundle", str(good), "--json")
    assert [one["sourced_id"] for one in facts(done)["schools"] if one["selected"]] == ["s1", "s2"]


@pytest.mark.parametrize("name", ["report.csv", "report.JSON"])
def test_sync_with_a_report(lab: Lab, good: Path, name: str) -> None:
    done = run(lab, "sync", "--bundle", str(good), "--report", str(lab.folder / name))
    assert done.exit_code == 0, done.stderr
    report = lab.folder / name
    assert report.stat().st_mode & 0o777 == 0o600
    text = report.read_text()
    found = json.loads(text) if name.endswith("JSON") else next(csv.DictReader(text.splitlines()))
    assert (found["Test Identifier"], found["Status"]) == ("good.zip", "Success")
    assert len(lab.active("enrollments")) == 16


def test_the_short_form(lab: Lab, good: Path) -> None:
    assert run(lab, "--sync", "--bundle", str(good)).exit_code == 0
    assert len(lab.active("users")) == 14


def test_a_bundle_that_cannot_be_opened_has_a_report_too(lab: Lab, good: Path) -> None:
    half = lab.folder / "half.zip"
    half.write_bytes(good.read_bytes()[:500])
    done = run(lab, "sync", "--bundle", str(half), "--report", str(lab.folder / "r.json"))
    assert done.exit_code == ExitCode.INCOMPLETE
    assert "only a part of one" in done.stderr
    found = json.loads((lab.folder / "r.json").read_text())
    assert found["Status"] == "Fail"
    assert "only a part of one" in found["Comment"]


def test_removals_of_a_bundle_are_held_and_approved(lab: Lab, good: Path) -> None:
    assert run(lab, "sync", bundle=str(good)).exit_code == 0
    p = small_district()
    p.drop("enrollments", "s1-a-1", "s1-a-2", "s1-b-1", "s1-b-2")
    write(good, p)
    done = run(lab, "sync", "--json", bundle=str(good))
    assert done.exit_code == ExitCode.HELD
    done = run(lab, "approve", str(facts(done)["run"]), bundle=str(good))
    assert done.exit_code == 0, done.stderr
    assert len(lab.active("enrollments")) == 12


def test_deltas_in_a_folder_are_read_one_after_another(lab: Lab) -> None:
    inbox = lab.folder / "inbox"
    inbox.mkdir()
    few = dict.fromkeys(("orgs", "academicSessions", "courses", "classes", "enrollments"), "absent") | {
        "users": "delta"
    }
    write(inbox / "1.zip", small_district())
    for number in (2, 3):
        change = Provider()
        change.user(f"new{number}", "student", ("s1",))
        write(inbox / f"{number}.zip", change, **few)
    for number in (1, 2, 3):
        os.utime(inbox / f"{number}.zip", (number, number))
    done = run(lab, "sync", "--report", str(lab.folder / "r.csv"), bundle=str(inbox))
    assert done.exit_code == 0, done.stderr
    assert "Taking 1.zip; 2 newer to be read after it" in done.stdout
    assert {"new2", "new3"} <= lab.active("users")
    names = [
        next(csv.DictReader(path.read_text().splitlines()))["Test Identifier"]
        for path in sorted(lab.folder.glob("r*.csv"))
    ]
    assert sorted(names) == ["1.zip", "2.zip", "3.zip"]
    again = run(lab, "sync", bundle=str(inbox))
    assert "nothing newer has come" in again.stdout


def test_what_a_bundle_left_out_is_not_decided_by_asking_the_service(lab: Lab, good: Path) -> None:
    run(lab, "sync", "--bundle", str(good))
    p = small_district()
    p.drop("enrollments", "s1-a-1", "s1-a-2", "s1-b-1", "s1-b-2")
    write(good, p)
    held = str(facts(run(lab, "sync", "--json", "--bundle", str(good)))["run"])
    done = run(lab, "approve", held)
    assert done.exit_code == 2
    assert f"approve {held} --bundle {good};" in done.stderr
    assert f"Run {held} read a bundle" in done.stderr
    assert run(lab, "approve", held, "--bundle", str(good)).exit_code == 0


def test_explain_looks_into_the_bundle(lab: Lab, good: Path) -> None:
    done = run(lab, "explain", "s1-st1", bundle=str(good))
    assert "The provider has the user s1-st1" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sync", "--bundle", "nowhere.zip"], "There is no bundle"),
        (["sync", "--bundle", "x", "--demo"], "cannot be read at once"),
        (["sync", "--bundle", "good.zip", "--report", "r.txt"], "CSV or JSON"),
        (["sync", "--bundle", "good.zip", "--report", "no/such/r.csv"], "no such folder"),
        (["sync", "--report", "r.csv"], "tells of a bundle"),
    ],
)
def test_wrong_inputs(lab: Lab, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str) -> None:
    write(lab.folder / "good.zip", small_district())
    monkeypatch.chdir(lab.folder)
    done = run(lab, *arguments)
    assert done.exit_code in (ExitCode.USAGE, ExitCode.INCOMPLETE)
    assert said in done.stderr + done.stdout or "is not set" in done.stderr
    assert "Traceback" not in done.stderr
    assert lab.active("users") == set()


def test_a_folder_of_csv_files(lab: Lab) -> None:
    unzipped(lab.folder / "files", texts_of(small_district()))
    assert run(lab, "sync", bundle="files").exit_code == 0  # from the config file's folder on
    assert len(lab.active("users")) == 14
