"""From nothing to a person's details, by keyboard alone at 80x24: what an administrator does on the first day."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from oneroster_tui import config, demo
from oneroster_tui.app import InterfaceApp
from oneroster_tui.headless.workplace import Options
from tests.screens.conftest import NOW, Drive, make_app, press, resize, screen_text, write_config


async def seen(pilot: Pilot[Any], *words: str, seconds: float = 60) -> str:
    """Waits until the screen shows all the words; gives its text."""
    app = pilot.app
    assert isinstance(app, InterfaceApp)
    async with asyncio.timeout(seconds):
        while True:
            text = screen_text(app)
            if all(word in text for word in words):
                return text
            await pilot.pause(0.05)


async def first_day(pilot: Pilot[Any]) -> None:
    """Tests, ticks, maps, plans, syncs, and looks at a participant."""
    await press(pilot, "2", "t")
    await seen(pilot, "The connection works: 14 schools")
    await press(pilot, "3")
    await seen(pilot, "student", "● Student")
    await press(pilot, "4")
    if "No school is known yet" in screen_text(pilot.app):  # type: ignore[arg-type]
        await press(pilot, "r")
    await seen(pilot, "Cedar Ridge Middle School")
    await press(pilot, "n", "j", "space", "j", "space")
    await seen(pilot, "2 of 14 selected")
    await press(pilot, "ctrl+s", "5", "p")
    await seen(pilot, "A plan only: nothing was written.")
    await press(pilot, "s")
    await seen(pilot, "All decisions were applied.")
    await press(pilot, "6")
    await seen(pilot, "Cedar Ridge")
    await press(pilot, "enter")
    await seen(pilot, "participants")
    await press(pilot, "enter")
    await seen(
        pilot,
        "Full name",
        "Course",
        "Enrolment method  OneRoster",
        "Status",
        "Enrolment starts",
        "Enrolment ends",
        "Enrolment created",
    )


def test_the_first_day_with_a_config_of_ones_own(drive: Drive, tmp_path: Path) -> None:
    with demo.running() as provider:
        write_config(tmp_path, provider.root_url, provider.token_url, schools__sync=[])
        drive(make_app(tmp_path), first_day)
    assert len(config.load(tmp_path / "config.toml").schools.sync) == 2


def test_the_first_day_with_the_demo_in_an_empty_folder(
    drive: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    drive(InterfaceApp(Options(demo=True), now=lambda: NOW, watch=False), first_day)
    assert len(config.load(tmp_path / "oneroster-demo" / "config.toml").schools.sync) == 2


def test_any_size_shows_every_mode(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        for key in "12345678":
            await press(pilot, key)
            await resize(pilot, (200, 60), (60, 18), (80, 24))
            assert "OneRoster" in screen_text(pilot.app)  # type: ignore[arg-type]

    drive(make_app(demo_folder), steps)
