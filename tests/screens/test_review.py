"""Review: what is held, by reason and school; approving, discarding, leaving."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from oneroster_tui import demo
from screens.review import ReviewScreen
from screens.sync import SyncScreen
from screens.widgets.confirm import Confirm
from screens.widgets.notice import Notice
from tests.screens.conftest import (
    SIZES,
    TODAY,
    Drive,
    make_app,
    press,
    resize,
    screen_text,
    settle,
    type_words,
    write_config,
)

Snap = Callable[..., bool]
BY_SIZE = pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])


def decision(folder: Path) -> str:
    """What was decided of run 3."""
    with closing(sqlite3.connect(folder / "roster.db")) as database:
        return str(database.execute("SELECT decision FROM sync_runs WHERE id = 3").fetchone()[0])


@BY_SIZE
def test_held(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(demo_folder, "sync"), "v", size=size)


@BY_SIZE
def test_held_group(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(demo_folder, "sync"), "v", "j", "j", "tab", "j", size=size)


@BY_SIZE
def test_approving(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(demo_folder, "sync"), "v", "a", size=size)


@BY_SIZE
def test_decided_elsewhere(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        with closing(sqlite3.connect(demo_folder / "roster.db")) as database, database:
            database.execute("UPDATE sync_runs SET decision = 'discarded' WHERE id = 3")
        await pilot.app.desk.refresh()  # type: ignore[attr-defined]
        await settle(pilot)
        assert "Decided: discarded." in screen_text(pilot.app)

    assert snap(make_app(demo_folder, "sync"), "v", size=size, steps=steps)


def test_groups_lists_search_and_before_and_after(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        await press(pilot, "v")
        assert isinstance(app.screen, ReviewScreen)
        assert "~ updated" not in screen_text(app)
        await press(pilot, "j")
        assert "~ updated" in screen_text(app)
        await press(pilot, "k", "tab", "enter")
        assert isinstance(app.screen, Notice)
        assert "It is still there" in screen_text(app)
        await press(pilot, "escape", "slash")
        await type_words(pilot, "enrollment-000133")
        assert "1 of 2,019" in screen_text(app) or "1 of" in screen_text(app)
        await press(pilot, "escape", "escape")
        assert isinstance(app.screen, SyncScreen)

    drive(make_app(demo_folder, "sync"), steps, (120, 40))


def test_discard(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        await press(pilot, "v", "d", "n")
        assert decision(demo_folder) == ""
        await press(pilot, "d", "y")
        assert decision(demo_folder) == "discarded"
        assert isinstance(app.screen, SyncScreen)
        await press(pilot, "v")
        assert any("Nothing is held" in note.message for note in app._notifications)

    drive(make_app(demo_folder, "sync"), steps)


def test_discarding_a_locked_roster_is_a_message(
    drive: Drive, demo_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from oneroster_tui.errors import RosterError

    def locked(*_: object) -> int:
        raise RosterError("The roster is locked by another process.", do="close it there, and try again")

    monkeypatch.setattr("screens.review.close_hold", locked)

    async def steps(pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        await press(pilot, "v", "d", "y")
        assert any("close it there" in note.message for note in app._notifications)
        assert isinstance(app.screen, ReviewScreen)

    drive(make_app(demo_folder, "sync"), steps)


def test_approve_is_typed_and_watched(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        await press(pilot, "v", "a")
        assert isinstance(app.screen, Confirm)
        held = str(app.screen.number)
        await press(pilot, "enter")
        assert isinstance(app.screen, Confirm)
        await press(pilot, *held, "enter")
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, SyncScreen)
        ended = await app.desk.runs.finished()
        await settle(pilot)
        assert ended.mode == "approve"
        assert ended.ended is not None
        assert ended.ended.outcome == "done"
        assert decision(demo_folder) == "approved by run 4"
        assert "removed" in screen_text(app)

    with demo.running(day=60, today=TODAY) as provider:
        write_config(demo_folder, provider.root_url, provider.token_url)
        drive(make_app(demo_folder, "sync"), steps)


def test_a_run_that_is_held_opens_its_review(drive: Drive, demo_folder: Path, tmp_path: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        await pilot.press("s")
        ended = await app.desk.runs.finished()
        assert ended.ended is not None
        assert ended.ended.outcome == "held"
        await settle(pilot)
        assert isinstance(app.screen, ReviewScreen)
        assert "held by a guard" in screen_text(app)
        await press(pilot, "escape")
        assert "v reviews what is held" in screen_text(app)

    with demo.running(day=60, today=TODAY) as provider:
        write_config(demo_folder, provider.root_url, provider.token_url)
        drive(make_app(demo_folder, "sync"), steps)


def test_hostile_values_and_resizing_break_nothing(drive: Drive, demo_folder: Path) -> None:
    with closing(sqlite3.connect(demo_folder / "roster.db")) as database, database:
        database.execute(
            "UPDATE users SET given_name = '[red]' || char(27) || '[31m', family_name = '👩‍👧 ' || char(8238)"
        )
        database.execute("UPDATE orgs SET name = '[bold]' || char(27) || ']0;x' || char(7) || 'مدرسة'")

    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "v", "j", "j")
        for width, height in ((200, 60), (60, 18), (80, 24)):
            await resize(pilot, (width, height))
            shown = screen_text(pilot.app)
            assert "\x1b" not in shown
            assert "\u202e" not in shown
        assert "[red]" in shown

    drive(make_app(demo_folder, "sync"), steps)
