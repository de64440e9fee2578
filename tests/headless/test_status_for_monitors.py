"""`status`: its exit code, what it says of failures in a row, and that it tells people of an old roster, once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from oneroster_tui.cli import cli
from oneroster_tui.errors import Stopped, Unreachable
from tests.headless.conftest import Hook, Night
from tests.headless.test_who_is_told_when import GUARDED, age, fail
from tests.lab import Lab


def status(lab: Lab, *arguments: str, hook: str = "", more: str = "") -> tuple[int, str]:
    """Exit code and output of `status` on the lab's roster."""
    path = lab.folder / "config.toml"
    path.write_text(f'[notify]\nwebhook = "{hook}"\n{more}')
    done = CliRunner().invoke(cli, ["status", "--config", str(path), *arguments])
    return done.exit_code, done.stdout


def facts(lab: Lab) -> dict[str, Any]:
    code, text = status(lab, "--json")
    found: dict[str, Any] = json.loads(text)
    assert found["exit_code"] == code
    return found


def test_fresh_and_stale(lab: Lab, night: Night) -> None:
    night()
    assert status(lab)[0] == 0
    age(lab, 25.9 / 24)
    assert status(lab)[0] == 0
    age(lab, 26.1 / 24)
    code, text = status(lab)
    assert code == 1
    assert "STALE" in text
    assert status(lab, more="[sync]\nmax_age_hours = 27\n")[0] == 0


def test_failures_in_a_row_are_said_in_one_line(lab: Lab, night: Night) -> None:
    night()
    assert "Failing" not in status(lab)[1]
    fail(lab, Unreachable("The provider did not answer: timed out."))
    night()
    (line,) = [line for line in status(lab)[1].splitlines() if line.startswith("Failing:")]
    assert line.startswith("Failing:   the last run, since 20")
    night()
    fail(lab, Unreachable("The provider did not answer: connection refused."))
    night()
    (line,) = [line for line in status(lab)[1].splitlines() if line.startswith("Failing:")]
    assert line.startswith("Failing:   the last 3 runs, since 20")
    assert line.endswith("connection refused.")
    found = facts(lab)
    assert (found["fresh"], found["failing_runs"]) == (True, 3)
    assert found["failing_since"] == lab.rows("SELECT started_at FROM sync_runs WHERE id = 2")[0][0]
    assert found["last_good_run"] == 1
    lab.provider.faults.clear()
    night()
    assert facts(lab)["failing_runs"] == 0


def test_a_stop_is_no_failure_and_ends_none(lab: Lab, night: Night) -> None:
    night()
    fail(lab, Stopped())
    night()
    assert facts(lab)["failing_runs"] == 0
    fail(lab, Unreachable("No answer."))
    night()
    fail(lab, Stopped())
    night()
    assert facts(lab)["failing_runs"] == 1


def test_a_bug_is_a_failure_with_a_reason(lab: Lab, night: Night) -> None:
    fail(lab, ValueError("Zebulon"))
    night()
    found = facts(lab)
    assert found["failing_why"] == "Nothing was applied. Nobody foresaw this error: ValueError."


def test_a_hold_is_said(lab: Lab, night: Night) -> None:
    night()
    lab.provider.drop("users", "s1-st1", "s1-st2", "s1-st3")
    night(guards=GUARDED)
    found = facts(lab)
    assert found["held_run"] == 2
    assert found["held"] >= 3
    assert found["exit_code"] == 0
    assert f"oneroster-tui --config {lab.folder}/config.toml approve 2" in status(lab)[1]


def test_a_roster_that_is_missing_is_stale_and_said_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("")
    done = CliRunner().invoke(cli, ["status", "--config", str(path), "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["roster_missing"] is True
    done = CliRunner().invoke(cli, ["status", "--config", str(path)])
    assert f"there is none at {tmp_path / 'roster.db'}" in done.stdout
    assert not (tmp_path / "roster.db").exists()


@pytest.mark.parametrize("text", [None, "nonsense", "[sync]\nmax_age_hours = -1\n"])
def test_a_config_that_cannot_be_used_is_2(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "config.toml").write_text(text)
    done = CliRunner().invoke(cli, ["status", "--config", str(tmp_path / "config.toml"), "--json"])
    assert done.exit_code == 2
    assert json.loads(done.stdout)["exit_code"] == 2


def test_a_damaged_roster_is_1(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")
    (tmp_path / "roster.db").write_bytes(b"This is no database. " * 500)
    done = CliRunner().invoke(cli, ["status", "--config", str(tmp_path / "config.toml")])
    assert done.exit_code == 1
    assert "not a roster database" in done.stderr


def test_an_old_roster_is_told_once_and_its_recovery_once(lab: Lab, night: Night, hook: Hook) -> None:
    night()
    assert status(lab, hook=hook.url)[0] == 0
    assert hook.raw == []
    age(lab, 2)
    for _ in range(3):
        assert status(lab, hook=hook.url)[0] == 1
    assert hook.kinds == ["stale"]
    assert "48 hours ago" in hook.news[0]["text"]
    night()  # by somebody who tells nobody
    for _ in range(2):
        assert status(lab, hook=hook.url)[0] == 0
    assert hook.kinds == ["stale", "recovery"]


def test_a_dead_webhook_does_not_change_the_exit_code(lab: Lab, night: Night) -> None:
    night()
    age(lab, 2)
    path = lab.folder / "config.toml"
    path.write_text('[notify]\nwebhook = "http://127.0.0.1:9/x"\n')
    done = CliRunner().invoke(cli, ["status", "--config", str(path), "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["fresh"] is False
    assert "did not take the notification" in done.stderr


def test_notify_says_who_and_sends_a_test(lab: Lab, night: Night, hook: Hook) -> None:
    path = lab.folder / "config.toml"
    path.write_text(f'[notify]\nwebhook = "{hook.url}"\n')
    path.chmod(0o600)
    done = CliRunner().invoke(cli, ["notify", "--config", str(path)])
    assert (done.exit_code, hook.raw) == (0, [])
    assert "hook-s3cret" not in done.output
    done = CliRunner().invoke(cli, ["notify", "--test", "--config", str(path), "--json"])
    assert done.exit_code == 0
    assert hook.kinds == ["test"]
    hook.answers = [500]
    done = CliRunner().invoke(cli, ["notify", "--test", "--config", str(path)])
    assert done.exit_code == 1
    assert "it answered 500, 3 times" in done.stdout


@pytest.mark.parametrize("text", ["", '[notify]\nsmtp_host = "mail.example.org"\n'])
def test_nobody_to_tell_is_2(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.toml").write_text(text)
    done = CliRunner().invoke(cli, ["notify", "--test", "--config", str(tmp_path / "config.toml")])
    assert done.exit_code == 2
    assert ("mail_to is not set" in done.stderr) == bool(text)
