"""The whole way, as cron walks it: the installed command, the demo provider over real HTTP, SQLite on disk."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from oneroster_tui import demo
from tests.e2e.roster_check import compare, expected, fetch

DATABASE = Path("oneroster-demo") / "roster.db"


def command(
    folder: Path, *arguments: str, before: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs oneroster-tui in a folder; whatever it says on stderr must be meant. `before`: done in its process first."""
    code = "import sys; from oneroster_tui.cli import main; sys.argv[0] = 'oneroster-tui'; main()"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
        timeout=120,
        preexec_fn=before,
    )


def same_as_provider(folder: Path, day: int) -> list[str]:
    """Where the roster differs from the demo district of a day, computed by other code."""
    with demo.running(day=day) as provider:
        found = fetch(provider.root_url, provider.client_id, provider.client_secret)
    mapped = {"student", "teacher", "aide", "parent", "guardian", "relative"}
    return compare(str(folder / DATABASE), expected(found, set(provider.school_ids), mapped))


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[subprocess.CompletedProcess[str]]]:
    """Three nights: the first, the same again, and the second day of the district."""
    folder = tmp_path_factory.mktemp("nights")
    first = command(folder, "--demo", "--sync")
    assert same_as_provider(folder, 1) == []
    again = command(folder, "--sync", "--demo")
    second = command(folder, "sync", "--demo-day", "2")
    return folder, [first, again, second]


def test_the_first_night_creates_everybody(nights: tuple[Path, list[subprocess.CompletedProcess[str]]]) -> None:
    done = nights[1][0]
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Processing 14 schools\n")
    assert re.search(r"^    Creating new user [\w.]+ with id 1 \([\w-]+\)$", done.stdout, re.MULTILINE)
    assert "All decisions were applied." in done.stdout


def test_the_same_again_only_skips(nights: tuple[Path, list[subprocess.CompletedProcess[str]]]) -> None:
    done = nights[1][1]
    assert (done.returncode, done.stderr) == (0, "")
    assert "Skipping update of existing user" in done.stdout
    assert not re.search(r"^    (Creating|Updating existing|Suspending|Reactivating)", done.stdout, re.MULTILINE)


def test_the_second_day_updates(nights: tuple[Path, list[subprocess.CompletedProcess[str]]]) -> None:
    done = nights[1][2]
    assert (done.returncode, done.stderr) == (0, "")
    times = re.findall(r"Updating existing user \S+ with id \d+ \(\S+\) (\d+) < (\d+)", done.stdout)
    assert times
    assert all(int(local) < int(remote) for local, remote in times)
    assert same_as_provider(nights[0], 2) == []


def test_status_and_history_know_the_nights(nights: tuple[Path, list[subprocess.CompletedProcess[str]]]) -> None:
    status = command(nights[0], "status", "--demo", "--json")
    assert status.returncode == 0
    assert json.loads(status.stdout)["fresh"] is True
    history = json.loads(command(nights[0], "--json", "history", "--demo").stdout)
    assert [run["outcome"] for run in history["runs"]] == ["done"] * 3


def test_json_owns_stdout(tmp_path: Path) -> None:
    done = command(tmp_path, "sync", "--plan", "--demo", "--json", "--detailed-exitcode")
    facts = json.loads(done.stdout)
    assert done.returncode == 10
    assert facts["outcome"] == "planned"
    assert facts["counts"]["users"]["created"] > 2_800
    assert done.stderr.startswith("Processing 14 schools (plan only")
