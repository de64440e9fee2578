"""The command table: docs that match it, a footer that fits, a palette and a help that say why not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from screens.commands import all_commands, keys_page, offers
from screens.modes import MODES
from screens.widgets.bars import FooterBar
from tests.screens.conftest import Drive, make_app, press, screen_text, type_words

DOCS = Path(__file__).parent.parent.parent / "docs" / "keys.md"


def test_docs_match_the_table() -> None:
    assert DOCS.read_text(encoding="utf-8") == keys_page(), "run: python -m screens.commands > docs/keys.md"


def test_ids_are_unique_and_sentences_are_sentences() -> None:
    commands = all_commands()
    assert max(Counter(command.id for command in commands).values()) == 1
    for command in commands:
        assert command.help.endswith("."), command.id
        assert len(command.label.split()) <= 3, command.id


def test_number_keys_lead_to_every_mode(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        for mode in MODES:
            await press(pilot, mode.key)
            assert pilot.app.current_mode == mode.id
            assert f"[{mode.key} {mode.title}]" in screen_text(pilot.app)

    drive(make_app(demo_folder), steps)


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_footers_fit_whole(drive: Drive, demo_folder: Path, width: int) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        for mode in MODES:
            await press(pilot, mode.key)
            footer = pilot.app.screen.query_one(FooterBar)
            texts = [part.text for part in footer.parts_now(footer.size.width)]
            assert len("".join(texts).rstrip()) <= width - 2
            assert len(texts) // 2 <= (6 if width < 100 else 9)
            assert texts[-1].strip() == "Keys"

    drive(make_app(demo_folder), steps, (width, 24))


def test_the_last_mode_is_remembered(drive: Drive, demo_folder: Path) -> None:
    async def go(pilot: Pilot[Any]) -> None:
        await press(pilot, "7")

    async def look(pilot: Pilot[Any]) -> None:
        assert pilot.app.current_mode == "people"

    drive(make_app(demo_folder), go)
    from oneroster_tui.app import InterfaceApp
    from oneroster_tui.headless.workplace import Options

    drive(InterfaceApp(Options(config=demo_folder / "config.toml"), watch=False), look)


def test_help_lists_what_works_here_and_does_it(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "question_mark")
        await type_words(pilot, "mistake")
        assert "Not now: config.toml is" in screen_text(pilot.app)
        await press(pilot, "escape", "question_mark")
        await type_words(pilot, "go to people")
        await press(pilot, "enter")
        assert pilot.app.current_mode == "people"

    drive(make_app(demo_folder), steps, (120, 40))


def test_the_palette_finds_other_modes_commands(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "ctrl+p")
        await type_words(pilot, "history undo")
        assert "choosing it goes to History" in " ".join(screen_text(pilot.app).split())
        await press(pilot, "down", "enter")
        assert pilot.app.current_mode == "history"

    drive(make_app(demo_folder), steps, (120, 40))


def test_a_command_that_does_not_apply_says_why(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "escape")
        assert [note.message for note in pilot.app._notifications] == [
            "This is the top: a number key goes elsewhere, q leaves."
        ]

    drive(make_app(demo_folder), steps)


def test_keys_that_a_field_takes_as_text_are_not_offered(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "slash")
        keys = {key for offer in offers(pilot.app) for key in offer.keys}
        assert keys.isdisjoint({"q", "1", "slash", "question_mark"})
        assert {"escape", "ctrl+p", "f1", "ctrl+q"} <= keys
        await type_words(pilot, "18q")
        assert pilot.app.current_mode == "history"

    drive(make_app(demo_folder, "history"), steps)
