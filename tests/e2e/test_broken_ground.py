"""A disk that fills up and a file that is damaged, through the installed command: said plainly, and nothing is lost."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.test_demo_nights import DATABASE, command

KIB = 1024


def people(folder: Path) -> list[tuple[str, str]]:
    """Everybody, and how they stand; the file has to be whole."""
    with closing(sqlite3.connect(folder / DATABASE)) as roster:
        assert roster.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return roster.execute("SELECT sourced_id, status FROM users ORDER BY sourced_id").fetchall()


def on_a_full_disk(folder: Path, room: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs oneroster-tui where no file may grow beyond `room` bytes."""
    return command(folder, *arguments, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)))


def assert_said(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """One message that says what, where and what to do; exit 1; no traceback."""
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "do: " in done.stderr
    for word in words:
        assert word in done.stderr


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ground")
    assert command(folder, "--demo", "--sync").returncode == 0
    return folder


def test_a_disk_that_fills_up_loses_nothing_and_the_next_run_completes(synced: Path) -> None:
    before = people(synced)
    assert_said(on_a_full_disk(synced, 40 * KIB, "--demo-day", "2", "--sync"), "disk", "nothing was changed")
    assert people(synced) == before
    assert command(synced, "--demo-day", "2", "--sync").returncode == 0
    assert people(synced) != before


def test_a_damaged_file_is_named_and_left_alone(synced: Path, tmp_path: Path) -> None:
    place = tmp_path / DATABASE
    place.parent.mkdir()
    damaged = bytearray((synced / DATABASE).read_bytes())
    damaged[4096 * 3 : 4096 * 60] = b"\xff" * (4096 * 57)
    place.write_bytes(damaged)
    assert_said(command(tmp_path, "--demo", "--sync"), "The roster is damaged.", "restore a backup", "roster.db")
    place.write_bytes(b"not a database at all" * 400)
    assert_said(command(tmp_path, "--demo", "--sync"), "not a roster database")
    assert place.read_bytes().startswith(b"not a database")
