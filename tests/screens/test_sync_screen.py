"""Sync: start, plan, watch, stop; what other processes do; what goes wrong."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot

from oneroster_tui.errors import ExitCode, RosterError, RunLocked, Stopped, Unreachable
from oneroster_tui.records import Problem
from oneroster_tui.sync.events import (
    CollectionEnded,
    CollectionStarted,
    Decision,
    Event,
    Many,
    Note,
    PageTaken,
    ProblemFound,
    RunEnded,
    RunStarted,
)
from screens.plan_review import PlanReviewScreen
from screens.run_screen import RunScreen
from screens.sync import SyncScreen
from screens.widgets.confirm import Confirm
from screens.widgets.log_view import LogView
from tests.screens.conftest import SIZES, Drive, make_app, press, resize, screen_text, settle, type_words, write_config

Snap = Callable[..., bool]
BY_SIZE = pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])

HALFWAY: tuple[Event, ...] = (
    RunStarted(4, "full", "springfield", 14),
    CollectionStarted("orgs"),
    PageTaken("orgs", 15, 15),
    CollectionEnded("orgs", 15, True),
    CollectionStarted("academic_sessions"),
    PageTaken("academic_sessions", 8, None),
    CollectionEnded("academic_sessions", 8, True),
    CollectionStarted("users"),
    *(
        Decision("users", "user", "unchanged", f"0_pat_{number}", 18800 + number, f"PAT_{number}")
        for number in range(60)
    ),
    Decision("users", "user", "updated", "pat.adams", 3, "PAT_1", "", "2020-09-09T00:00:00Z", "2020-12-03T00:00:00Z"),
    Decision("users", "user", "created", "pat.new", 4, "PAT_2"),
    ProblemFound(
        Problem(entity="users", sourced_id="PAT_9", severity="error", code="no_name", message="it has no name")
    ),
    PageTaken("users", 9400, 23114),
)
ENDED = RunEnded(
    4,
    "done",
    ExitCode.RECORD_PROBLEMS,
    "All decisions were applied.",
    {"orgs": {"unchanged": 15}, "users": {"created": 1, "updated": 1, "unchanged": 9398, "problems": 1}},
    192.0,
)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The run's clock: it stands until a test moves it."""
    now = [100.0]
    monkeypatch.setattr("screens.feed.time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Opens at the end of the test: then scripted runs end."""
    event = threading.Event()
    yield event
    event.set()


def script(events: tuple[Event, ...], end: RunEnded | Exception, gate: threading.Event | None = None) -> Any:
    """What conducts a run that only tells these events, waits for the gate, and ends so."""

    def conduct(
        settings: object, roster: object, client: object, emit: Callable[[Event], None], stopping: Any
    ) -> RunEnded:
        for event in events:
            emit(event)
        while gate is not None and not gate.wait(0.01):
            if stopping():
                raise Stopped
        if isinstance(end, Exception):
            raise end
        emit(end)
        return end

    return conduct


async def tick(pilot: Pilot[Any]) -> None:
    """Lets the run's thread come to its gate, and takes a tick."""
    runs = pilot.app.desk.runs  # type: ignore[attr-defined]
    seen = -1
    while runs.book.end != seen or seen <= 0:
        seen = runs.book.end
        await pilot.pause(0.15)
    await settle(pilot)


def start(mode: str, conduct: Any, clock: list[float], after: float = 3.0) -> Callable[[Pilot[Any]], Any]:
    """Steps that start a scripted run and watch its first tick."""

    async def steps(pilot: Pilot[Any]) -> None:
        pilot.app.desk.runs.start(mode, conduct)  # type: ignore[attr-defined]
        await pilot.pause(0.3)
        clock[0] += after
        await tick(pilot)

    return steps


@pytest.fixture(autouse=True)
def other_pid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripted runs leave no lock behind; nothing of the machine's processes reaches a picture."""
    monkeypatch.setattr("screens.desk.alive", lambda pid, host: pid is not None)


def run_elsewhere(folder: Path) -> None:
    """Another process begins a run."""
    with closing(sqlite3.connect(folder / "roster.db")) as database, database:
        database.execute(
            "INSERT INTO sync_runs (source_id, started_at, mode, outcome, counts, message, decision, pid, host) "
            "VALUES (1, '2026-03-03T17:05:00Z', 'full', 'running', ?, '', '', 4711, 'cron-host')",
            ('{"orgs": {"received": 15}, "users": {"received": 9400, "total": 23114}}',),
        )


def end_elsewhere(folder: Path) -> None:
    """That run ends."""
    with closing(sqlite3.connect(folder / "roster.db")) as database, database:
        database.execute(
            "UPDATE sync_runs SET outcome = 'done', finished_at = '2026-03-03T17:09:00Z', exit_code = 0, "
            "message = 'All decisions were applied.', counts = '{\"users\": {\"created\": 5}}' WHERE outcome = 'running'"
        )


# Pictures


@BY_SIZE
def test_empty(snap: Snap, live_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(live_folder, "sync"), size=size)


def test_nothing_configured(snap: Snap, tmp_path: Path) -> None:
    assert snap(make_app(tmp_path, "sync"), "5")


@BY_SIZE
def test_held_before(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(demo_folder, "sync"), size=size)


@BY_SIZE
def test_busy(snap: Snap, demo_folder: Path, clock: list[float], gate: threading.Event, size: tuple[int, int]) -> None:
    steps = start("full", script(HALFWAY, ENDED, gate), clock)
    assert snap(make_app(demo_folder, "sync"), size=size, steps=steps)


@BY_SIZE
def test_full(snap: Snap, demo_folder: Path, clock: list[float], size: tuple[int, int]) -> None:
    steps = start("full", script(HALFWAY, ENDED), clock)
    assert snap(make_app(demo_folder, "sync"), size=size, steps=steps)


@BY_SIZE
def test_error(snap: Snap, demo_folder: Path, clock: list[float], size: tuple[int, int]) -> None:
    error = Unreachable(
        "sis.example.org stopped answering.",
        where="https://sis.example.org/users",
        do="look at the provider, then run again",
    )
    assert snap(make_app(demo_folder, "sync"), size=size, steps=start("full", script(HALFWAY, error), clock))


@BY_SIZE
def test_another_process(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    run_elsewhere(demo_folder)
    assert snap(make_app(demo_folder, "sync"), size=size)


@BY_SIZE
def test_plan(snap: Snap, demo_folder: Path, clock: list[float], size: tuple[int, int]) -> None:
    plan = RunEnded(4, "planned", ExitCode.DONE, "A plan only: nothing was written.", {"users": {"held": 2}}, 2.0)
    events = (
        *HALFWAY,
        Decision("users", "user", "held", "pat.gone", 5, "PAT_5", "absent"),
        Decision("users", "user", "held", "pat.left", 6, "PAT_6", "absent"),
        Note("held 2 users: no longer listed by the provider"),
        Note("Held by a guard: 2 of 9 users would go (all schools)", "warning"),
    )

    async def steps(pilot: Pilot[Any]) -> None:
        await start("plan", script(events, plan), clock)(pilot)
        await press(pilot, "v")
        assert isinstance(pilot.app.screen, PlanReviewScreen)

    assert snap(make_app(demo_folder, "sync"), size=size, steps=steps)


# Keys


def test_a_whole_sync_watched_to_its_end(drive: Drive, live_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        await pilot.press("s")
        assert app.desk.runs.active
        await pilot.press("s")  # a second one: said, not done
        assert any("A sync is under way." in note.message for note in app._notifications)
        snapshot = await app.desk.runs.finished()
        await settle(pilot)
        assert snapshot.ended is not None
        assert snapshot.ended.outcome == "done"
        shown = screen_text(app)
        assert "✓ ok  run 1" in shown
        assert "created" in shown
        assert "o shows each change" in shown
        assert app.desk.runs.book.counts["update"] > 3000
        await press(pilot, "o")
        assert isinstance(app.screen, RunScreen)
        await press(pilot, "escape", "p")
        await app.desk.runs.finished()
        await settle(pilot)
        assert "◇ plan  run 2" in screen_text(app)
        await press(pilot, "v")
        assert "nothing was written" in screen_text(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, SyncScreen)

    drive(make_app(live_folder, "sync"), steps)


def test_stop_asks_and_leaves_nothing(drive: Drive, demo_folder: Path, gate: threading.Event) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        await press(pilot, "x")
        assert any("No sync of this session" in note.message for note in app._notifications)
        app.desk.runs.start("full", script(HALFWAY, ENDED, gate))
        await tick(pilot)
        await press(pilot, "x")
        assert isinstance(app.screen, Confirm)
        await press(pilot, "n")
        assert app.desk.runs.active
        await press(pilot, "x", "y")
        await app.desk.runs.finished()
        await settle(pilot)
        assert "nothing half-done remains" in screen_text(app)

    drive(make_app(demo_folder, "sync"), steps)


def test_the_question_goes_when_the_run_ends(drive: Drive, demo_folder: Path, gate: threading.Event) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        app.desk.runs.start("full", script(HALFWAY, ENDED, gate))
        await tick(pilot)
        await press(pilot, "x")
        gate.set()
        await app.desk.runs.finished()
        await settle(pilot)
        assert isinstance(app.screen, SyncScreen)

    drive(make_app(demo_folder, "sync"), steps)


def test_the_log_is_filtered_found_paused_and_zoomed(drive: Drive, demo_folder: Path, gate: threading.Event) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        app.desk.runs.start("full", script(HALFWAY, ENDED, gate))
        await tick(pilot)
        view = app.screen.query_one(LogView)
        assert view.has_focus
        await press(pilot, "right")
        assert view.kind == "update"
        await press(pilot, "left", "slash")
        await type_words(pilot, "pat.adams")
        assert "1599609600 < 1606953600" in view.current().text
        await press(pilot, "enter", "y")
        assert "pat.adams" in app.clipboard
        await press(pilot, "f")
        assert view.following
        await press(pilot, "f")
        assert not view.following
        await press(pilot, "z")
        assert not app.screen.query_one("#run").display
        await press(pilot, "z", "w")
        assert view.wrapping

    drive(make_app(demo_folder, "sync"), steps)


def test_a_run_elsewhere_is_watched_to_its_end(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        run_elsewhere(demo_folder)
        await app.desk.refresh()
        await settle(pilot)
        shown = screen_text(app)
        assert "Another process syncs  run 4" in shown
        assert "process 4711 on cron-host" in shown
        assert "✓ orgs" in shown
        assert "▶ users" in shown
        assert "9,400/23,114" in shown
        await press(pilot, "s", "x")
        told = "\n".join(note.message for note in app._notifications)
        assert "Another process is syncing (run 4)." in told
        assert "it can be watched here" in told
        end_elsewhere(demo_folder)
        await app.desk.refresh()
        await settle(pilot)
        shown = screen_text(app)
        assert "run 4 ended in another process" in shown
        assert "9,400" not in shown
        assert "All decisions were applied." in shown

    drive(make_app(demo_folder, "sync"), steps)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RunLocked("Another run of 'springfield' is under way.", do="wait for it to end"), "Two never run at once"),
        (RosterError("The roster is locked by another process.", do="close it there"), "Next: close it there"),
        (RosterError("The disk is full.", do="free some room"), "Nothing was changed in the roster."),
    ],
)
def test_what_goes_wrong_has_a_way_on(drive: Drive, demo_folder: Path, error: Exception, words: str) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        app.desk.runs.start("full", script((), error))
        await app.desk.runs.finished()
        await settle(pilot)
        assert words in " ".join(screen_text(app).split())

    drive(make_app(demo_folder, "sync"), steps)


def test_a_lost_provider_is_a_message(drive: Drive, demo_folder: Path) -> None:
    write_config(demo_folder, "http://127.0.0.1:9", connection__timeout=1)

    async def steps(pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        assert os.getpid() != 4711
        await pilot.press("s")
        await pilot.pause(0.5)
        await press(pilot, "x", "y")
        await app.desk.runs.finished()
        await settle(pilot)
        assert "s syncs from the start" in screen_text(app) or "tries again" in screen_text(app)

    drive(make_app(demo_folder, "sync"), steps)


HOSTILE = ("\x1b[31mred\x1b]0;title\x07", "[red]no markup[/red] [/]", "👩‍👧 crèche 🏫", "مدرسة \u202eabc", "long " * 60)


def test_hostile_names_and_resizing_break_nothing(drive: Drive, demo_folder: Path, gate: threading.Event) -> None:
    events = (
        RunStarted(4, "full", "springfield", 2),
        CollectionStarted("users"),
        *(Decision("users", "user", "created", name, 7, name) for name in HOSTILE),
        *(Many("enrollments", "created", 3, name) for name in HOSTILE),
        *(Note(f"Held by a guard: {name}", "warning") for name in HOSTILE),
    )

    async def steps(pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        app.desk.runs.start("full", script(events, ENDED, gate))
        await tick(pilot)
        for width, height in ((200, 60), (60, 18), (200, 60), (80, 24)):
            await resize(pilot, (width, height))
            shown = screen_text(app)
            assert "\x1b" not in shown
            assert len(shown.splitlines()) <= height
        gate.set()
        await app.desk.runs.finished()
        await resize(pilot, (60, 18), (80, 24))
        assert "Held by a guard" in screen_text(app)

    drive(make_app(demo_folder, "sync"), steps)
