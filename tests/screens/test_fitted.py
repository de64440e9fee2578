"""A text made to measure: as high as it needs at any width, drawn again only when it is another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.pilot import Pilot

from oneroster_tui.app import InterfaceApp
from oneroster_tui.headless.workplace import Options
from screens.frame import FramedScreen
from screens.widgets.fitted import Fitted, Make
from tests.screens.conftest import Drive, resize, settle


def rows(count: int, room: int = 10) -> Make:
    """Words in as many lines as they take, `room` cells each."""
    return lambda width: Content("\n".join("word" for _ in range(-(-count * room // max(room, width)))))


class FittedScreen(FramedScreen):
    """One text, as high as it needs, and as wide as the screen."""

    CSS = "FittedScreen { #body { padding: 0; } VerticalScroll, Fitted { height: auto; } }"

    def body(self) -> ComposeResult:
        """The text, where it can be scrolled."""
        with VerticalScroll():
            yield Fitted(least=2)


class FittedApp(InterfaceApp):
    """The app with only a text."""

    def __init__(self, folder: Path) -> None:
        super().__init__(Options(config=folder / "config.toml"), watch=False)
        self._modes = {"overview": FittedScreen}


def test_it_is_as_high_as_its_text_and_not_lower_than_the_least(drive: Drive, tmp_path: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        fitted = pilot.app.screen.query_one(Fitted)
        heights = []
        for count in (40, 8, 16, 0):
            fitted.tell(rows(count))
            await settle(pilot)
            heights.append(fitted.size.height)
        assert heights == [5, 2, 2, 2]

    drive(FittedApp(tmp_path), steps)


def test_a_longer_line_gets_the_lines_it_is_broken_into(drive: Drive, tmp_path: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        fitted = pilot.app.screen.query_one(Fitted)
        for words, height in ((2, 2), (100, 7), (40, 3)):
            fitted.tell(lambda _, words=words: Content(" ".join(["word"] * words)))  # type: ignore[misc]
            await settle(pilot)
            assert fitted.size.height == height

    drive(FittedApp(tmp_path), steps)


def test_another_width_is_laid_out_at_once(drive: Drive, tmp_path: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        fitted = pilot.app.screen.query_one(Fitted)
        fitted.tell(rows(40))
        await settle(pilot)
        for width, height in ((40, 10), (100, 4), (80, 5)):
            await resize(pilot, (width, 24))
            assert (fitted.size.width, fitted.size.height) == (width, height)
        fitted.display = False
        await settle(pilot)
        fitted.tell(rows(48))
        fitted.display = True
        await settle(pilot)
        assert fitted.size.height == 6

    drive(FittedApp(tmp_path), steps)


def test_a_text_told_amid_resizing_gets_its_lines(drive: Drive, tmp_path: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        fitted = pilot.app.screen.query_one(Fitted)
        fitted.tell(rows(80))
        pilot.app._size = Size(100, 24)
        pilot.app.screen._screen_resized(pilot.app.size)  # what is told is laid out before the text is at rest
        fitted.tell(rows(30))
        await settle(pilot)
        assert (fitted.size.width, fitted.size.height) == (100, 3)

    drive(FittedApp(tmp_path), steps)


def test_only_what_is_new_is_drawn(drive: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[bool] = []

    async def steps(pilot: Pilot[Any]) -> None:
        fitted = pilot.app.screen.query_one(Fitted)
        fitted.tell(rows(40))
        await settle(pilot)
        monkeypatch.setattr(fitted, "refresh", lambda *, layout: drawn.append(layout))
        fitted.tell(rows(40))
        assert drawn == []
        fitted.tell(lambda width: Content.styled(str(rows(40)(width)), "bold"))
        fitted.tell(rows(48))
        assert drawn == [False, True]

    drive(FittedApp(tmp_path), steps)
