"""One sync against the lab's provider over real HTTP, and what came of it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from oneroster_tui import config
from oneroster_tui.errors import RosterSyncError
from oneroster_tui.provider.client import Client
from oneroster_tui.roster.database import open_roster
from oneroster_tui.sync.core import sync
from tests.e2e.roster_check import QUERIES
from tests.lab import Lab, Provider, empty_roster
from tests.provider_lab.district import Version
from tests.provider_lab.server import CLIENT_ID, CLIENT_SECRET, LabProvider
from tests.provider_lab.table import MAPPED, Quirk


class FastClock:
    """Seconds that pass when somebody sleeps, and as time passes: waiting costs nothing, the budget is still kept."""

    def __init__(self) -> None:
        self.slept = 0.0
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return time.monotonic() + self.slept

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self.slept += seconds


@dataclass
class Outcome:
    """How a sync ended: its exit code, what the roster holds after it, its problems, all that the operator saw."""

    code: int
    roster: dict[str, set[tuple[Any, ...]]]
    problems: set[tuple[str, str, str, str]]
    said: str
    slept: float = 0.0
    requests: int = 0
    base_url: str = ""


@dataclass(frozen=True)
class Setup:
    """What a sync is set up with besides the provider."""

    version: Version = "1.1"
    base: str = ""
    token: str = "/token"
    schools: tuple[str, ...] = ("s1", "s2")
    mapped: tuple[str, ...] = MAPPED
    connection: Mapping[str, Any] = field(default_factory=dict)
    sync: Mapping[str, Any] = field(default_factory=dict)


def setup_of(quirk: Quirk) -> Setup:
    """The set-up that a quirk names."""
    return Setup(quirk.version, quirk.base, quirk.token, quirk.schools, quirk.mapped, quirk.connection, quirk.sync)


def run(provider: LabProvider, setup: Setup, folder: Path, database: bytes = b"") -> Outcome:
    """One sync into an empty roster, or into one that is given as the bytes of its file."""
    (folder / "roster.db").write_bytes(database or empty_roster())
    roster = open_roster("sqlite:///roster.db", folder)
    roster.execute("PRAGMA synchronous = OFF")
    plain = config.defaults(folder / "config.toml")
    unguarded = replace(plain, guards=replace(plain.guards, max_remove_percent=None, max_remove_count=None))
    try:
        with provider.serving() as root:
            return _run(provider, setup, root, Lab(folder, Provider(), unguarded, roster))
    finally:
        roster.close()


def _run(provider: LabProvider, setup: Setup, root: str, lab: Lab) -> Outcome:
    usual: dict[str, Any] = {
        "root_url": root + setup.base,
        "token_url": root + setup.token,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "oneroster_version": setup.version,
        "page_size": 5,
        "concurrency": 2,
        "timeout": 2,
    }
    settings = lab.configured(
        connection=usual | dict(setup.connection),
        schools=setup.schools,
        role_mapping={role: role.title() for role in setup.mapped},
        sync=dict(setup.sync),
    )
    clock = FastClock()
    said = ""
    with Client(settings.connection, sleep=clock.sleep, clock=clock) as client:
        lab.events.clear()
        try:
            ended = sync(settings, lab.roster, client, lab.events.append)
            code = int(ended.exit_code)
        except RosterSyncError as error:
            code, said = int(error.exit_code), str(error)
        lab.roster.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return Outcome(
            code,
            holds(lab.folder / "roster.db"),
            set(lab.problems()),
            f"{lab.log()}\n{said}",
            clock.slept,
            client.requests,
            client.base_url,
        )


def holds(database: Path) -> dict[str, set[tuple[Any, ...]]]:
    """What is active, read by other code than the product's."""
    connection = sqlite3.connect(database)
    try:
        return {table: set(connection.execute(query)) for table, query in QUERIES.items()}
    finally:
        connection.close()


@cache
def good_database(version: Version, mapped: tuple[str, ...] = MAPPED, schools: tuple[str, ...] = ("s1", "s2")) -> bytes:
    """The roster file after one sync of the good district."""
    with TemporaryDirectory() as folder:
        outcome = run(LabProvider(version), Setup(version, schools=schools, mapped=mapped), Path(folder))
        assert outcome.code == 0, outcome.said
        return (Path(folder) / "roster.db").read_bytes()
