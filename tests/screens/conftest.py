"""What tests of the screens share: a frozen clock, a filled roster, pictures that come out alike everywhere."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest
import pytest_textual_snapshot
import textual
from filelock import FileLock
from textual import _wait
from textual.events import Resize
from textual.geometry import Size
from textual.notifications import Notification
from textual.pilot import Pilot
from textual.widgets import Input
from textual.worker import WorkerCancelled

from oneroster_tui import config, demo
from oneroster_tui.app import InterfaceApp
from oneroster_tui.headless.workplace import DEMO_ROLES, Options
from screens import dates

TEXTUAL = "8.2.8"
"""The version the pictures are of: another draws a border or a scroll bar differently."""

TODAY = date(2026, 3, 3)
NOW = datetime(2026, 3, 3, 17, 10, tzinfo=UTC)
"""What the time is in every test: 14 h after the last run of `demo_folder`."""

SIZES = ((80, 24), (120, 40))
Steps = Callable[[Pilot[Any]], Awaitable[None]]


class Pictures(pytest_textual_snapshot.SVGImageExtension):  # type: ignore[misc]
    """Puts snapshots into the top-level folder, one folder for each test file."""

    @classmethod
    def dirname(cls, *, test_location: Any) -> str:
        # Not resolved on purpose: syrupy finds unused snapshots by comparing paths as text, and `pytest file::test`
        # would take all the others for unused.
        return str(Path(test_location.filepath).parent / ".." / ".." / "snapshots" / Path(test_location.filepath).stem)


@pytest.fixture(autouse=True, scope="session")
def same_textual(request: pytest.FixtureRequest) -> None:
    """Refuses to record pictures with another Textual than the one they are compared with."""
    if request.config.option.update_snapshots and textual.__version__ != TEXTUAL:
        pytest.exit(f"Snapshots are recorded with Textual {TEXTUAL} only; this is {textual.__version__}.", returncode=2)


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes away what makes two pictures of the same thing differ: colours of the terminal, blinking, the session."""
    for name in ("NO_COLOR", "TEXTUAL_THEME", "TEXTUAL_ANIMATIONS", "SSH_CONNECTION", "TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C")
    dates.date_format.cache_clear()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _: None)
    monkeypatch.setattr(Notification, "time_left", 600.0)  # a message stands as long as it is looked at
    monkeypatch.setattr(pytest_textual_snapshot, "SVGImageExtension", Pictures)


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks five times as often whether the app has come to rest: most of a test's time went into these naps."""
    monkeypatch.setattr(_wait, "SLEEP_GRANULARITY", 1 / 250)
    monkeypatch.setattr(_wait, "SLEEP_IDLE", 1 / 500)


# Rosters


def write_config(folder: Path, root_url: str = "https://sis.example.org", token_url: str = "", **more: object) -> Path:
    """A finished config.toml; `more` are further keys, a double underscore for the dot."""
    path = folder / "config.toml"
    schools = [f"school-{number:02}" for number in range(1, 15)]
    values: dict[str, object] = {
        "source": "springfield",
        "connection.root_url": root_url,
        "connection.token_url": token_url or f"{root_url}/token",
        "connection.client_id": demo.CLIENT_ID,
        "connection.client_secret": demo.CLIENT_SECRET,
        "schools.sync": schools,
        **{f"role_mapping.{role}": local for role, local in DEMO_ROLES.items()},
        **{name.replace("__", "."): value for name, value in more.items()},
    }
    config.save(path, values)
    return path


def sync_day(folder: Path, day: int) -> None:
    """Syncs a day of the demo district into the folder's roster."""
    from oneroster_tui.provider.client import Client
    from oneroster_tui.roster.database import open_roster
    from oneroster_tui.sync.core import sync

    with demo.running(day=day, today=TODAY) as provider:
        settings = config.load(write_config(folder, provider.root_url, provider.token_url))
        roster = open_roster(settings.database.url, folder)
        try:
            with Client(settings.connection) as client:
                sync(settings, roster, client, lambda _: None, today=TODAY)
        finally:
            roster.close()


def at_fixed_times(folder: Path) -> None:
    """Gives every run its night, and every row the time of the first: so that pictures do not depend on the day."""
    with contextlib.closing(sqlite3.connect(folder / "roster.db")) as database, database:
        for (run,) in database.execute("SELECT id FROM sync_runs").fetchall():
            times = (f"2026-03-{run:02}T03:09:48Z", f"2026-03-{run:02}T03:10:00Z")
            database.execute(
                "UPDATE sync_runs SET started_at = ?, finished_at = ?, host = 'lab' WHERE id = ?", (*times, run)
            )
        moment = "2026-03-01T03:10:00Z"
        for table in ("orgs", "users", "classes", "enrollments", "courses", "academic_sessions", "relationships"):
            database.execute(f"UPDATE {table} SET created_at = ?, updated_at = ?", (moment, moment))
        for column in ("before", "after"):
            database.execute(
                f"UPDATE sync_changes SET {column} = json_set({column}, '$.created_at', ?, '$.updated_at', ?) "
                f"WHERE {column} IS NOT NULL",
                (moment, moment),
            )


@pytest.fixture(scope="session")
def district(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo district after two nights that went well and one that is held; made once for all workers, to be copied."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder = shared / "district"
    with FileLock(shared / "district.lock"):
        if not folder.exists():
            made = shared / "district.part"
            made.mkdir()
            for day in (1, 2, 60):
                sync_day(made, day)
            at_fixed_times(made)
            write_config(made)
            made.rename(folder)
    return folder


@pytest.fixture
def demo_folder(district: Path, tmp_path: Path) -> Path:
    """A folder with config.toml and the synced demo roster in roster.db; the provider is not running."""
    for name in ("config.toml", "roster.db"):
        shutil.copy2(district / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def live_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a config for a running demo provider, and no roster yet."""
    with demo.running(today=TODAY) as provider:
        write_config(tmp_path, provider.root_url, provider.token_url)
        yield tmp_path


# Driving the app


def make_app(folder: Path, mode: str = "overview", **options: Any) -> InterfaceApp:
    """The app on a folder's config.toml, its clock stopped, opened in a mode."""
    from screens import memory

    memory.remember(mode=mode)
    given = Options(config=folder / "config.toml")
    return InterfaceApp(given, now=lambda: NOW, **({"watch": False} | options))


async def settle(pilot: Pilot[Any]) -> None:
    """Waits until everything that was begun is done and drawn; a run or a test under way is not waited for."""
    app = pilot.app
    assert isinstance(app, InterfaceApp)
    quiet = 0
    async with asyncio.timeout(20):
        while quiet < 3:
            await pilot.pause()
            busy = [worker for worker in app.workers if not worker.is_finished and worker.group not in ("run", "test")]
            if busy:
                with contextlib.suppress(WorkerCancelled):  # one list took another's place: its count is not wanted
                    await app.workers.wait_for_complete(busy)
            quiet = 0 if busy or not app.desk.is_open else quiet + 1


class Drive(Protocol):
    """Runs an app, lets it settle, and does the steps."""

    def __call__(self, app: InterfaceApp, steps: Steps, size: tuple[int, int] = (80, 24)) -> None: ...


@pytest.fixture
def drive() -> Drive:
    """Drives an app from an ordinary test function."""

    def run(app: InterfaceApp, steps: Steps, size: tuple[int, int] = (80, 24)) -> None:
        async def whole() -> None:
            async with app.run_test(size=size) as pilot:
                await settle(pilot)
                await steps(pilot)

        asyncio.run(whole())

    return run


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Presses keys, and waits after each until all is drawn."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def until(pilot: Pilot[Any], holds: Callable[[], bool], seconds: float = 60) -> None:
    """Waits until something holds, and all is drawn; says what the screen shows where it never does."""
    app = pilot.app
    assert isinstance(app, InterfaceApp)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not holds():
                await pilot.pause(0.01)
    assert holds(), screen_text(app)
    await settle(pilot)


async def resize(pilot: Pilot[Any], *sizes: tuple[int, int]) -> None:
    """Gives the terminal one size after the other, and waits after each until all is drawn."""
    for size in sizes:
        await pilot.resize_terminal(*size)
        await until(pilot, lambda size=size: pilot.app.screen._compositor.size == size)  # type: ignore[misc]


async def drag(pilot: Pilot[Any], *sizes: tuple[int, int]) -> None:
    """Gives the terminal one size after the other, each before the last is drawn: a dragged window, or a busy machine."""
    app = pilot.app
    for size in sizes:
        app._driver._size = app._size = Size(*size)  # type: ignore[union-attr]  # as `resize_terminal` does
        app.screen.post_message(Resize(app.size, app.size))
    await settle(pilot)


async def type_words(pilot: Pilot[Any], words: str) -> None:
    """Types words into the field in focus, and waits for the search that follows the pause."""
    await pilot.press(*("space" if letter == " " else letter for letter in words))
    await pilot.pause(0.2)
    await settle(pilot)


def screen_text(app: InterfaceApp) -> str:
    """What the screen shows, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


@pytest.fixture
def snap(snap_compare: Callable[..., bool]) -> Callable[..., bool]:
    """Compares a picture of an app, after keys and steps, with the one recorded."""

    def compare(app: InterfaceApp, *keys: str, size: tuple[int, int] = (80, 24), steps: Steps | None = None) -> bool:
        async def before(pilot: Pilot[Any]) -> None:
            await settle(pilot)
            await press(pilot, *keys)
            if steps is not None:
                await steps(pilot)
            await settle(pilot)

        return snap_compare(app, terminal_size=size, run_before=before)

    return compare


def no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a person who set NO_COLOR."""
    monkeypatch.setenv("NO_COLOR", "1")
    assert os.environ["NO_COLOR"]
