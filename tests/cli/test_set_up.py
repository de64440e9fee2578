"""What helps somebody new: completions, the sample, the config in force, and a first start without one."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from oneroster_tui import config
from oneroster_tui.cli import cli


def run(*words: str, env: dict[str, str] | None = None) -> Result:
    """Runs a command in this process."""
    return CliRunner().invoke(cli, words, prog_name="oneroster-tui", env=env)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_asks_the_program(shell: str) -> None:
    done = run("completion", shell)
    assert done.exit_code == 0
    assert f"_ONEROSTER_TUI_COMPLETE={shell}_complete" in done.stdout
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=done.stdout, text=True, check=True)


def test_the_program_answers_the_script() -> None:
    asked = {"_ONEROSTER_TUI_COMPLETE": "bash_complete", "COMP_WORDS": "oneroster-tui sy", "COMP_CWORD": "1"}
    assert run(env=asked).stdout.split() == ["plain,sync"]


def test_the_sample_is_the_one_beside_the_code(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(run("config", "--sample").stdout, encoding="utf-8")
    assert config.load(tmp_path / "config.toml").missing() == ("schools.sync",)


def test_the_config_in_force_is_shown_without_its_secrets(tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    config.save(
        file,
        {
            "source": "springfield",
            "connection.client_secret": "hunter2",
            "connection.timeout": 60,
            "notify.webhook": "https://hooks.example.org/hunter2",
            "database.url": "postgresql://roster:hunter2@db.example.org/roster?sslpassword=hunter2",
            "role_mapping.teacher": 'The "teacher"',
        },
    )
    shown = run("config", "--config", str(file))
    assert shown.exit_code == 0
    assert "hunter2" not in shown.output
    assert shown.stdout.splitlines()[0] == f"# {file}"
    said = tomllib.loads(shown.stdout)
    assert said["source"] == "springfield"
    assert said["connection"]["timeout"] == 60
    assert said["role_mapping"] == {"student": "Student", "teacher": 'The "teacher"'}
    assert said["database"]["url"] == "postgresql://roster@db.example.org/roster"
    assert json.loads(run("config", "--config", str(file), "--json").stdout)["values"]["connection.timeout"] == 60


def test_a_first_start_without_a_config_explains_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for command in (["--sync"], ["sync", "--plan"], ["check"], ["status"], ["schools"], ["config"]):
        done = run(*command)
        assert done.exit_code == 2, command
        assert done.stderr.startswith("There is no config file.\n  at: ")
        assert "oneroster-tui --demo" in done.stderr
        assert "oneroster-tui config --sample" in done.stderr
        assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []
