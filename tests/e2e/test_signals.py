"""Real signals to a real process: it ends at once, cleanly, at any moment; and what a dead process leaves behind."""

from __future__ import annotations

import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oneroster_tui.errors import ExitCode
from oneroster_tui.roster.database import open_roster
from oneroster_tui.sync.runs import hold_lock
from tests.lab import empty_roster
from tests.provider_lab.running import good_database
from tests.provider_lab.server import CLIENT_ID, CLIENT_SECRET, Answer, LabProvider, Request

PROMPT = 1.5
"""Seconds within which a run that is pulling has ended after a signal."""

MAIN = "import sys; from oneroster_tui.cli import main; sys.argv[0] = 'oneroster-tui'; "
APPLYING = (
    MAIN + "import oneroster_tui.sync.core as core, time; plain = core.apply\n"
    "def slow(*a): plain(*a); print('APPLYING', flush=True); time.sleep(0.3); time.sleep(0.3)\n"
    "core.apply = slow; main()"
)
PLANNING = (
    MAIN + "import oneroster_tui.sync.plan as plan, time; plain = plan.counts\n"
    "def slow(*a): print('APPLYING', flush=True); time.sleep(0.3); time.sleep(0.3); return plain(*a)\n"
    "plan.counts = slow; main()"
)


class Site:
    """A provider, a config and a roster, and the processes that sync it."""

    def __init__(self, folder: Path, provider: LabProvider, root: str) -> None:
        self.folder = folder
        self.provider = provider
        self.reached = threading.Event()
        path = folder / "config.toml"
        path.write_text(
            f'[connection]\nroot_url = "{root}"\ntoken_url = "{root}/token"\nclient_id = "{CLIENT_ID}"\n'
            f'client_secret = "{CLIENT_SECRET}"\n[schools]\nsync = ["s1", "s2"]\n'
        )
        path.chmod(0o600)
        (folder / "roster.db").write_bytes(empty_roster())
        (folder / "roster.db").chmod(0o600)

    def hang_at(self, collection: str) -> None:
        """From now on the provider never answers for a collection."""

        def before(asked: Request) -> Answer | None:
            if asked.collection != collection:
                return None
            self.reached.set()
            return Answer(fault="hang")

        self.provider.before = before

    def start(self, code: str = MAIN + "main()", *, arguments: tuple[str, ...] = ("--sync",), **more: Any) -> Any:
        streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            [sys.executable, "-u", "-W", "error", "-c", code, *arguments],
            text=True,
            cwd=self.folder,
            **(streams | more),
        )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query, by a reader of its own."""
        connection = sqlite3.connect(self.folder / "roster.db")
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def last_run(self) -> tuple[Any, ...]:
        return self.rows("SELECT outcome, exit_code FROM sync_runs ORDER BY id DESC LIMIT 1")[0]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    provider = LabProvider()
    with provider.serving() as root:
        yield Site(tmp_path, provider, root)


def wait_for(process: Any, word: str) -> None:
    """Reads a process's output up to a line."""
    for line in process.stdout:
        if word in line:
            return
    raise AssertionError(f"{word} was not said")


CASES = [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 143)]


@pytest.mark.parametrize(("number", "code"), CASES, ids=lambda value: str(value))
def test_while_a_page_hangs(site: Site, number: signal.Signals, code: int) -> None:
    site.hang_at("users")
    process = site.start()
    assert site.reached.wait(120)
    began = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert time.monotonic() - began < PROMPT
    assert process.returncode == code
    assert "Traceback" not in out + err
    assert "The run was stopped before it changed the roster." in err
    assert site.last_run() == ("stopped", code)
    assert site.rows("SELECT COUNT(*) FROM orgs") == [(0,)]


@pytest.mark.parametrize("code", [PLANNING, APPLYING], ids=["planning", "applying"])
def test_while_it_plans_and_while_it_applies(site: Site, code: str) -> None:
    (site.folder / "roster.db").write_bytes(good_database("1.1"))
    people = "SELECT sourced_id, family_name, status, updated_at FROM users ORDER BY id"
    before = site.rows(people)
    site.provider.of("users")["s1-st1"]["familyName"] = "Changed"
    site.provider.rows["users"] = [row for row in site.provider.rows["users"] if row["sourcedId"] != "s2-st1"]
    process = site.start(code)
    wait_for(process, "APPLYING")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    assert process.returncode == 143
    assert site.last_run() == ("stopped", 143)
    assert site.rows(people) == before
    again = site.start()
    again.communicate(timeout=120)
    assert again.returncode == 0
    changed = {row[0] for row in set(site.rows(people)) ^ set(before)}
    assert {"s1-st1", "s2-st1"} <= changed


def test_a_second_and_a_third_signal_do_no_harm(site: Site) -> None:
    process = site.start(APPLYING)
    wait_for(process, "APPLYING")
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
        process.send_signal(number)
        time.sleep(0.02)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in out + err
    assert site.last_run() == ("stopped", 130)


def test_a_terminal_that_goes_away(site: Site) -> None:
    """As when SSH drops: SIGHUP, and every write to the terminal fails."""
    site.hang_at("users")
    master, slave = pty.openpty()
    process = site.start(stdout=slave, stderr=slave, stdin=slave, start_new_session=True)
    os.close(slave)
    assert site.reached.wait(120)
    os.close(master)  # the terminal is gone; without a controlling process the signal is sent by hand
    process.send_signal(signal.SIGHUP)
    assert process.wait(120) == 143
    assert site.last_run() == ("stopped", 143)


def test_nohup_is_respected(site: Site) -> None:
    site.hang_at("users")
    process = site.start("import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); " + MAIN + "main()")
    assert site.reached.wait(120)
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 143
    process.communicate()


def test_a_killed_process_blocks_nobody(site: Site) -> None:
    site.hang_at("users")
    process = site.start()
    assert site.reached.wait(120)
    process.kill()
    process.communicate(timeout=120)
    assert site.last_run() == ("running", None)
    site.provider.before = lambda _: None
    again = site.start()
    again.communicate(timeout=120)
    assert again.returncode == 0
    assert site.rows("SELECT outcome, exit_code FROM sync_runs ORDER BY id") == [("interrupted", 1), ("done", 0)]


def test_a_living_process_is_named(site: Site) -> None:
    site.hang_at("users")
    process = site.start()
    assert site.reached.wait(120)
    second = site.start(arguments=("--sync", "--json"))
    out, err = second.communicate(timeout=120)
    assert second.returncode == ExitCode.LOCKED == json.loads(out)["exit_code"]
    (started,) = site.rows("SELECT started_at FROM sync_runs WHERE outcome = 'running'")
    assert f"(process {process.pid} on {os.uname().nodename}, since {started[0]})" in err
    assert site.rows("SELECT COUNT(*) FROM sync_runs") == [(1,)]
    process.terminate()
    process.communicate(timeout=120)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_anything_began(site: Site, number: signal.Signals) -> None:
    """While a secret's command is still waited for."""
    text = (site.folder / "config.toml").read_text()
    slow = "client_secret_command = \"sh -c 'echo x > reached; sleep 20; echo s3cret'\""
    (site.folder / "config.toml").write_text(text.replace(f'client_secret = "{CLIENT_SECRET}"', slow))
    process = site.start()
    deadline = time.monotonic() + 20
    while not (site.folder / "reached").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    began = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert time.monotonic() - began < PROMPT
    assert process.returncode == (130 if number == signal.SIGINT else 143)
    assert "Traceback" not in out + err


def test_a_lock_file_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "roster.db").write_bytes(empty_roster())
    roster = open_roster("sqlite:///roster.db", tmp_path)
    (tmp_path / "roster.db-oak.lock").mkdir()
    from oneroster_tui.errors import RosterError

    try:
        with pytest.raises(RosterError) as caught, hold_lock(roster, "oak"):
            pass
    finally:
        roster.close()
    assert "The lock file cannot be made: Is a directory." in str(caught.value)
    assert str(tmp_path / "roster.db-oak.lock") in caught.value.where
    assert "local disk" in caught.value.do
