"""What the commands load: cron pays for every import, and a warning on stderr is a mail at 3 am."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("textual", "rich.console", "screens", "authlib.integrations")


def loaded(code: str, folder: Path) -> set[str]:
    """The modules that are loaded after some code ran in an interpreter of its own, warnings being errors."""
    report = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", report], capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.stderr == ""
    assert done.returncode == 0
    return set(done.stdout.splitlines())


def run_command(*arguments: str) -> str:
    """Code that runs a command and swallows its exit."""
    return (
        "import sys, io, contextlib\n"
        "from oneroster_tui.cli import cli\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        f"    try: cli({list(arguments)!r})\n"
        "    except SystemExit as end: assert end.code in (0, None), end.code"
    )


def test_help_loads_hardly_anything(tmp_path: Path) -> None:
    modules = loaded(run_command("--help"), tmp_path)
    assert not modules.intersection((*HEAVY, "httpx", "authlib", "peewee", "msgspec", "tomlkit"))


@pytest.mark.parametrize("command", [("--sync",), ("check",), ("schools",), ("conformance",)])
def test_headless_commands_never_load_the_interface(tmp_path: Path, command: tuple[str, ...]) -> None:
    modules = loaded(run_command("--demo", *command), tmp_path)
    assert "httpx" in modules
    assert not modules.intersection(HEAVY)


def test_the_past_needs_no_network_library(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[database]\nurl = "sqlite:///roster.db"\n')
    code = run_command("status", "--config", "config.toml").replace("in (0, None)", "in (0, 1)")
    assert not loaded(code, tmp_path).intersection((*HEAVY, "httpx", "authlib"))
