"""Export: a key in Courses, Participants and People, a dialog, a file; and what is said where it cannot be written."""

from __future__ import annotations

import contextlib
import csv
import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from oneroster_tui.app import InterfaceApp
from screens.exporting import ExportAsk
from screens.widgets.lazy_table import LazyTable
from tests.screens.conftest import SIZES, Drive, make_app, press, screen_text, settle, type_words

Snap = Callable[..., bool]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where names without a folder go."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def table(path: Path) -> list[dict[str, str]]:
    """A written list."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def told(app: InterfaceApp) -> list[str]:
    """What was said."""
    return [f"{note.title}: {note.message}" for note in app._notifications]


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_dialog(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(demo_folder, "courses"), "e", size=size)


def test_dialog_asks_before_it_replaces(snap: Snap, demo_folder: Path, here: Path) -> None:
    (here / "people-2026-03-03.json").write_text("old")
    assert snap(make_app(demo_folder, "people"), "e", "down", "enter")


def test_the_classes_in_view(drive: Drive, demo_folder: Path, here: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "slash")
        await type_words(pilot, "mathematics")
        await press(pilot, "enter", "e", "enter")
        rows = table(here / "classes-2026-03-03.csv")
        assert len(rows) == pilot.app.screen.query_one(LazyTable).count > 0
        assert all("Mathematics" in row["course"] for row in rows)
        assert f"Written: {len(rows):,} rows: {here / 'classes-2026-03-03.csv'}" in told(pilot.app)
        assert (here / "classes-2026-03-03.csv").stat().st_mode & 0o777 == 0o600

    drive(make_app(demo_folder, "courses"), steps)


def test_a_bundle_of_the_school_shown(drive: Drive, demo_folder: Path, here: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "s", "e", "down", "down", "enter")
        with zipfile.ZipFile(here / "classes-2026-03-03.zip") as archive:
            classes = archive.read("classes.csv").decode().splitlines()
        assert len(classes) == pilot.app.screen.query_one(LazyTable).count + 1

    drive(make_app(demo_folder, "courses"), steps)


def test_files_for_moodle(drive: Drive, demo_folder: Path, here: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "e", "up", "enter")
        assert (here / "people-2026-03-03" / "users.csv").exists()

    drive(make_app(demo_folder, "people"), steps)


def test_ticked_participants(drive: Drive, demo_folder: Path, here: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "enter", "space", "space", "r", "e")
        assert "2 ticked" in screen_text(pilot.app)
        await press(pilot, "down", "enter")
        rows = json.loads((here / "participants-2026-03-03.json").read_text())
        assert len(rows) == 2  # though the filter shows others now
        assert set(rows[0]) >= {"family_name", "email", "role", "status"}
        await press(pilot, "u", "e", "enter")
        assert len(table(here / "participants-2026-03-03.csv")) == pilot.app.screen.query_one(LazyTable).count

    drive(make_app(demo_folder, "courses"), steps)


def test_a_name_is_typed_and_an_existing_file_is_asked_about(drive: Drive, demo_folder: Path, here: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        (here / "mine.csv").write_text("old")
        await press(pilot, "e")
        pilot.app.screen.query_one(Input).value = "mine.csv"
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, ExportAsk)
        assert "Enter again replaces it" in screen_text(pilot.app)
        assert (here / "mine.csv").read_text() == "old"
        await press(pilot, "enter")
        assert len(table(here / "mine.csv")) > 100

    drive(make_app(demo_folder, "people"), steps)


def test_leaving_the_dialog_writes_nothing(drive: Drive, demo_folder: Path, here: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "e", "escape")
        assert not isinstance(pilot.app.screen, ExportAsk)
        await press(pilot, "e")
        pilot.app.screen.query_one(Input).value = " "
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, ExportAsk)
        assert "Type where" in screen_text(pilot.app)
        assert list(here.iterdir()) == []

    drive(make_app(demo_folder, "people"), steps)


def test_what_cannot_be_written_is_said(drive: Drive, demo_folder: Path, here: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "e")
        pilot.app.screen.query_one(Input).value = "missing/out.csv"
        await press(pilot, "enter")
        await settle(pilot)
        assert any("cannot be written" in text for text in told(pilot.app))
        assert list(here.iterdir()) == []

    drive(make_app(demo_folder, "people"), steps)


def test_a_formula_in_a_name_is_defused(drive: Drive, demo_folder: Path, here: Path) -> None:
    with contextlib.closing(sqlite3.connect(demo_folder / "roster.db")) as database, database:
        database.execute("UPDATE users SET family_name = '=cmd()' WHERE id = 1")

    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "e", "enter")
        assert "'=cmd()" in {row["family_name"] for row in table(here / "people-2026-03-03.csv")}

    drive(make_app(demo_folder, "people"), steps)
