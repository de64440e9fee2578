"""History and a run opened from it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from screens.run_screen import RunScreen
from screens.widgets.confirm import Confirm
from screens.widgets.notice import Notice
from tests.screens.conftest import SIZES, Drive, make_app, press, screen_text, type_words

Snap = Callable[..., bool]


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_full(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(demo_folder, "history"), size=size)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_empty(snap: Snap, live_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(live_folder, "history"), size=size)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_run_with_changes(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(demo_folder, "history"), "enter", size=size)


def test_run_with_problems(snap: Snap, demo_folder: Path) -> None:
    assert snap(make_app(demo_folder, "history"), "G", "enter", "p")


def test_change_before_and_after(snap: Snap, demo_folder: Path) -> None:
    assert snap(make_app(demo_folder, "history"), "enter", "enter")


def test_filter_of_changes(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "enter", "slash")
        await type_words(pilot, "held users")
        shown = screen_text(pilot.app)
        assert "▲ held" in shown
        assert "~ updated" not in shown
        await press(pilot, "escape")
        assert "~ updated" in screen_text(pilot.app)
        await press(pilot, "escape")
        assert not isinstance(pilot.app.screen, RunScreen)

    drive(make_app(demo_folder, "history"), steps)


def test_filter_of_runs(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "slash")
        await type_words(pilot, "held")
        shown = screen_text(pilot.app)
        assert "1 of 3" in shown
        assert "✓ ok" not in shown
        await press(pilot, "enter", "y")
        assert "held" in pilot.app.clipboard

    drive(make_app(demo_folder, "history"), steps)


def test_log_is_there_only_for_a_run_of_this_session(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "enter", "l")
        assert any("only as long as this session" in note.message for note in pilot.app._notifications)

    drive(make_app(demo_folder, "history"), steps)


def test_a_run_of_this_session_has_its_log(drive: Drive, live_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        app = pilot.app
        app.desk.runs.start("full")
        ended = await app.desk.runs.finished()
        assert ended.ended is not None
        assert ended.ended.outcome == "done"
        await press(pilot, "8", "enter", "l")
        assert "All decisions were applied." in screen_text(app)

    drive(make_app(live_folder), steps, (120, 40))


def test_undo_shows_what_it_does_and_asks(drive: Drive, demo_folder: Path) -> None:
    async def until(pilot: Pilot[Any], kind: type[Screen[Any]]) -> None:
        async with asyncio.timeout(30):
            while not isinstance(pilot.app.screen, kind):
                await pilot.pause(0.05)
        await pilot.pause()

    async def steps(pilot: Pilot[Any]) -> None:
        app = pilot.app
        await press(pilot, "enter")
        await pilot.press("u")
        await until(pilot, Confirm)
        assert "would be put back" in screen_text(app)
        assert app.desk.runs.snapshot is None
        await press(pilot, "n")
        assert app.desk.state.last.mode == "full"
        assert app.desk.state.newest.id == app.desk.state.last.id
        await pilot.press("u")
        await until(pilot, Confirm)
        await pilot.press("y")
        await until(pilot, Notice)
        assert "Run 3 was taken back" in screen_text(app)
        await press(pilot, "escape")
        await app.desk.refresh()
        assert app.desk.state.last.mode == "undo"

    drive(make_app(demo_folder, "history"), steps)


def test_a_run_that_changed_nothing_offers_no_undo(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        app = pilot.app
        await press(pilot, "enter")
        assert app.screen.why_no_undo() is None
        quiet = {"users": {"unchanged": 9, "kept": 1, "held": 2, "problems": 1}}
        app.screen.looking = True
        assert "nothing is changed" in app.screen.why_no_undo()
        app.screen.looking = False
        app.screen.run = replace(app.screen.run, counts=quiet)
        assert app.screen.why_no_undo() == "This run changed nothing."

    drive(make_app(demo_folder, "history"), steps)
