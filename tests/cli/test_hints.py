"""What a message tells to do next: the command as the person has to give it, and an exit code that fits."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from oneroster_tui.cli import cli


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_hints_repeat_which_roster_is_meant(folder: Path) -> None:
    (folder / "my own.toml").write_text("")
    mine = "oneroster-tui --config 'my own.toml'"
    assert f"run {mine} --sync" in run("status", "--config", "my own.toml").stdout
    assert f"run a sync first: {mine} --sync" in run("--config", "my own.toml", "history").stderr
    assert f"There is no roster yet: {mine} --sync" in run("explain", "x", "--config", "my own.toml").stdout
    assert "run a sync first: oneroster-tui --demo --sync" in run("--demo", "history").stderr


def test_explain_tells_by_its_exit_code_that_nobody_was_asked(folder: Path) -> None:
    (folder / "config.toml").write_text("")
    done = run("explain", "x")
    assert (done.exit_code, "Here:" in done.stdout) == (2, True)
    done = run("--json", "explain", "x")
    assert '"exit_code": 2' in done.stdout
    (folder / "config.toml").write_text('[connection]\nbundle = "nope.zip"\n')
    done = run("explain", "x")
    assert (done.exit_code, "The provider cannot be asked: There is no bundle" in done.stdout) == (7, True)


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"a\r,b\x00"])
def test_an_id_map_that_cannot_be_read_is_said_plainly(folder: Path, content: bytes | None) -> None:
    (folder / "config.toml").write_text("")
    if content is not None:
        (folder / "map.csv").write_bytes(content)
    done = run("sync", "--import-id-map", "map.csv")
    assert done.exit_code == 2
    assert "id map" in done.stderr
    assert "Errno" not in done.stderr
    assert "codec" not in done.stderr
