"""Overview: fresh, stale, held, unreadable; the checklist of a first start."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.screens.conftest import SIZES, Drive, make_app, no_colour, press, screen_text, settle, write_config

Snap = Callable[..., bool]


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_full(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(demo_folder), size=size)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_first_start(snap: Snap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    monkeypatch.chdir(tmp_path)
    assert snap(make_app(Path("/nowhere")), size=size)


def test_without_colour(snap: Snap, demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_colour(monkeypatch)
    assert snap(make_app(demo_folder))


def test_sixteen_colours(snap: Snap, demo_folder: Path) -> None:
    from screens import memory

    memory.remember(theme="ansi-dark")
    assert snap(make_app(demo_folder))


def test_broken_config_keeps_a_banner(snap: Snap, demo_folder: Path) -> None:
    (demo_folder / "config.toml").write_text('source = "springfield"\nconection = 3\n', encoding="utf-8")
    assert snap(make_app(demo_folder))


def test_unreadable_roster_says_what_to_do(drive: Drive, demo_folder: Path) -> None:
    (demo_folder / "roster.db").write_bytes(b"not a database at all" * 100)

    async def steps(pilot: Pilot[Any]) -> None:
        shown = screen_text(pilot.app)
        assert "The file is not a roster database." in shown
        assert "check [database] url" in shown

    drive(make_app(demo_folder), steps)


def test_a_fresh_roster_is_said_to_be(drive: Drive, demo_folder: Path) -> None:
    with closing(sqlite3.connect(demo_folder / "roster.db")) as database, database:
        database.execute("UPDATE sync_runs SET outcome = 'done', counts = '{}' WHERE id = 3")

    async def steps(pilot: Pilot[Any]) -> None:
        shown = screen_text(pilot.app)
        assert "✓ The roster is fresh." in shown
        assert "✓ ok 03:10, 14 h ago" in shown.splitlines()[0]

    drive(make_app(demo_folder), steps)


def test_a_stale_roster_is_said_to_be(drive: Drive, demo_folder: Path) -> None:
    write_config(demo_folder, sync__max_age_hours=12)
    with closing(sqlite3.connect(demo_folder / "roster.db")) as database, database:
        database.execute("UPDATE sync_runs SET outcome = 'done' WHERE id = 3")

    async def steps(pilot: Pilot[Any]) -> None:
        assert "▲ The roster is stale: the last good run was 14 h ago." in screen_text(pilot.app)
        await press(pilot, "enter")
        assert pilot.app.current_mode == "sync"

    drive(make_app(demo_folder), steps)


def test_the_checklist_leads_to_the_connection(drive: Drive, tmp_path: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        assert "▸ 1. Connection" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert pilot.app.current_mode == "connection"

    drive(make_app(tmp_path), steps)


def test_refresh_reads_what_changed(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        with closing(sqlite3.connect(demo_folder / "roster.db")) as database, database:
            database.execute("UPDATE orgs SET name = 'Aardvark School' WHERE sourced_id = 'school-01'")
        await press(pilot, "r")
        await settle(pilot)
        assert "Aardvark School" in screen_text(pilot.app)

    drive(make_app(demo_folder), steps)
