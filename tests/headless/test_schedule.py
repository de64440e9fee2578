"""`oneroster-tui schedule`: units that systemd takes, crontab lines that a shell takes, and nothing is written."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from oneroster_tui.cli import cli
from oneroster_tui.headless import schedule

CONFIG = 'source = "{source}"\n[connection]\nclient_secret_env = "ONEROSTER_SECRET"\n'


def asked(folder: Path, *arguments: str, source: str = "oak", more: str = "", name: str = "config.toml") -> str:
    """What the command prints for a config in a folder."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(CONFIG.format(source=source) + more)
    before = set(folder.iterdir())
    done = CliRunner().invoke(cli, ["schedule", "--config", str(path), *arguments])
    assert done.exit_code == 0, done.output
    assert set(folder.iterdir()) == before
    return done.output


def units(text: str) -> dict[str, str]:
    """The unit files in the text, by name."""
    parts = re.split(r"^# /etc/systemd/system/(.*)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_service_starts_this_program_with_this_config(tmp_path: Path) -> None:
    made = units(asked(tmp_path))
    service, timer = made["oneroster-oak.service"], made["oneroster-oak.timer"]
    (start,) = re.findall("^ExecStart=(.*)$", service, re.MULTILINE)
    words = shlex.split(start)
    assert words[-3:] == ["--sync", "--config", str(tmp_path / "config.toml")]
    assert Path(words[0]).is_absolute()
    assert Path(words[0]).exists()
    assert Path(words[0]).parent == Path(sys.executable).parent
    for line in ("Type=oneshot", "SuccessExitStatus=3 8", "NoNewPrivileges=yes", "ProtectSystem=strict", "UMask=0077"):
        assert f"\n{line}\n" in service
    assert "\n# 4 (removals are held)" in service
    assert f"\nReadWritePaths={tmp_path}\n" in service
    assert "ONEROSTER_SECRET has to be set" in service
    assert "\nPersistent=true\n" in timer
    assert re.search(r"\nOnCalendar=\*-\*-\* 0[34]:[0-5][0-9]:00\n", timer)


def test_every_folder_that_a_run_writes_to_may_be_written(tmp_path: Path) -> None:
    more = '[log]\nfolder = "/var/log/oneroster"\n[monitoring]\ntextfile = "/var/lib/node/o.prom"\n[database]\nurl = "sqlite:///db/r.db"\n'
    text = asked(tmp_path, more=more)
    assert re.findall("^ReadWritePaths=(.*)$", text, re.MULTILINE) == [
        str(tmp_path / "db"),
        "/var/log/oneroster",
        "/var/lib/node",
    ]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not here")
@pytest.mark.parametrize("source", ["oak", "50% oak $HOME"])
def test_systemd_takes_the_units(tmp_path: Path, source: str) -> None:
    folder = tmp_path / "a 100% b"
    for name, text in units(asked(folder, source=source, name="c $x.toml")).items():
        (folder / name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, sorted(folder.glob("oneroster-*")))],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "oneroster" in line]
    assert ours == []
    assert done.returncode == 0 or "oneroster" not in done.stderr


def test_words_for_systemd() -> None:
    assert schedule.systemd_words(["/a", "b c", "50%", "$HOME", 'q"q', "back\\slash"]) == (
        '/a "b c" 50%% $$HOME "q\\"q" "back\\\\slash"'
    )


def test_the_crontab_line_runs_as_it_stands(tmp_path: Path) -> None:
    folder = tmp_path / "a 100% 'b'"
    text = asked(folder, "--cron")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(lines) == 2
    match = re.fullmatch(r"([0-9]+) ([0-9]+) \* \* \* (.*)", lines[0])
    assert match
    assert int(match[1]) in range(60)
    assert int(match[2]) in (3, 4)
    assert re.search(r"(?<!\\)%", match[3]) is None
    as_the_shell_sees_it = match[3].replace("\\%", "%")
    done = subprocess.run(["/bin/sh", "-c", as_the_shell_sees_it], capture_output=True, text=True, check=False)
    assert done.returncode == 2  # the config is not finished, which it can only know if it was found
    assert str(folder / "config.toml") in done.stderr
    assert " status --config " in lines[1]


def test_the_log_goes_where_the_config_says(tmp_path: Path) -> None:
    assert ">/dev/null" in asked(tmp_path, "--cron", more='[log]\nfolder = "logs"\n').splitlines()[-3]
    assert f">>{tmp_path}/oneroster.log" in asked(tmp_path, "--cron").splitlines()[-3]


def test_the_minute_is_the_machines_own_and_stays() -> None:
    drawn = {schedule.when(f"server-{number}", "oak") for number in range(400)}
    assert len(drawn) > 100
    assert {hour for hour, _ in drawn} == {3, 4}
    assert schedule.when("a", "b") == schedule.when("a", "b") != schedule.when("a", "c")


def test_json(tmp_path: Path) -> None:
    facts = json.loads(asked(tmp_path, "--json", "--cron"))
    assert facts["kind"] == "cron"
    assert facts["text"].startswith("# oneroster-tui")


def test_the_demo_has_no_schedule() -> None:
    done: Any = CliRunner().invoke(cli, ["schedule", "--demo"])
    assert done.exit_code == 2


def test_the_package_starts_as_a_module(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "oneroster_tui", "--version"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.stdout.startswith("oneroster-tui, version ")
