"""Log files: one a run, the owner's alone, the same words as on stdout, gone when old."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from oneroster_tui.errors import Unreachable
from oneroster_tui.headless.log_file import STAMP
from tests.headless.conftest import Night
from tests.headless.test_who_is_told_when import fail
from tests.lab import Lab


def logs(lab: Lab) -> list[Path]:
    return sorted((lab.folder / "logs").iterdir())


def test_each_run_leaves_a_file_that_says_what_stdout_said(lab: Lab, night: Night, capsys: Any) -> None:
    night(log={"folder": "logs"})
    first = capsys.readouterr().out
    night(log={"folder": "logs"})
    one, two = logs(lab)
    assert one.read_text() == first
    assert first.startswith("Processing 2 schools\n")
    assert "Creating new user user.s1-teacher with id" in first
    assert two.read_text() == capsys.readouterr().out
    assert one.name.startswith("default-20")
    assert (one.name[-9:], two.name[-9:]) == ("-run1.log", "-run2.log")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (one, two)} == {0o600}
    assert stat.S_IMODE((lab.folder / "logs").stat().st_mode) == 0o700


def test_a_failure_is_in_its_file(lab: Lab, night: Night) -> None:
    fail(lab, Unreachable("The provider did not answer.", where="GET https://sis.example/users", do="wait"))
    night(log={"folder": "logs"})
    text = logs(lab)[0].read_text()
    assert "None of these decisions was applied." in text
    assert "at: GET https://sis.example/users\n  do: wait\n" in text


def test_a_bug_is_in_its_file_without_its_values(lab: Lab, night: Night) -> None:
    fail(lab, ValueError("Zebulon"))
    night(log={"folder": "logs"})
    text = logs(lab)[0].read_text()
    assert "ValueError in oneroster_tui/" in text
    assert "Zebulon" not in text


def test_old_files_of_this_source_go_and_nothing_else(lab: Lab, night: Night) -> None:
    folder = lab.folder / "logs"
    folder.mkdir()
    old, young = ((datetime.now(UTC) - timedelta(days=days)).strftime(STAMP) for days in (31, 29))
    stay = [f"default-{young}-run4.log", f"other-{old}-run3.log", f"default-{old}-run3.log.gz", "notes.txt"]
    for name in (f"default-{old}-run3.log", *stay):
        (folder / name).write_text("")
    night(log={"folder": "logs"})
    assert sorted(path.name for path in logs(lab) if not path.name.endswith("-run1.log")) == sorted(stay)


def test_a_folder_that_cannot_be_made_is_one_warning(lab: Lab, night: Night, capsys: Any) -> None:
    (lab.folder / "logs").write_text("a file")
    assert night(log={"folder": "logs"}) is None
    said = capsys.readouterr().err
    assert said.count("Warning: The log file cannot be written") == 1


def test_a_source_cannot_lead_out_of_the_folder(lab: Lab, night: Night) -> None:
    night(source="../x/ä", log={"folder": "logs"})
    assert logs(lab)[0].name.startswith("___x_ä-20")


def test_without_a_folder_there_are_no_files(lab: Lab, night: Night) -> None:
    before = set(lab.folder.iterdir())
    night()
    assert {path.name for path in set(lab.folder.iterdir()) - before} <= {"roster.db.lock", "roster.db-default.lock"}
