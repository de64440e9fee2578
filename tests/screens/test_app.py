"""The app: no terminal, leaving, a config that is edited meanwhile, copying, any size."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.color import Color
from textual.pilot import Pilot

from oneroster_tui.errors import ExitCode
from oneroster_tui.sync.events import Note, RunEnded
from screens import memory
from screens.clipboard import LIMIT, copy, sequence
from screens.modes import MODES
from screens.thrifty_sheet import ThriftySheet
from tests.screens.conftest import Drive, drag, make_app, press, resize, screen_text, settle, write_config

ROOT = Path(__file__).parent.parent.parent


def test_without_a_terminal_it_says_what_to_do(tmp_path: Path) -> None:
    code = "from oneroster_tui.cli import main; main()"
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "oneroster-tui --sync" in ended.stderr
    assert not ended.stdout


@pytest.mark.parametrize("term", ["", "dumb"])
def test_a_dumb_terminal_is_none(term: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from oneroster_tui.app import why_no_terminal

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert "TERM" in (why_no_terminal({"TERM": term}) or "")
    assert why_no_terminal({"TERM": "xterm"}) is None


def test_q_leaves(drive: Drive, demo_folder: Path) -> None:
    app = make_app(demo_folder)

    async def steps(pilot: Pilot[Any]) -> None:
        await pilot.press("q")

    drive(app, steps)
    assert app.return_code == 0


def test_q_asks_while_a_sync_runs(drive: Drive, demo_folder: Path) -> None:
    app = make_app(demo_folder)

    def wait(settings: object, roster: object, client: object, emit: Any, stopping: Any) -> RunEnded:
        emit(Note("waiting"))
        while not stopping():
            pass
        return RunEnded(9, "stopped", ExitCode.INTERRUPTED, "stopped")

    async def steps(pilot: Pilot[Any]) -> None:
        app.desk.runs.start("full", wait)
        await press(pilot, "q")
        assert "Stop it and leave" in screen_text(app)
        await press(pilot, "enter")  # rests on the safe side
        assert app.desk.runs.active
        await press(pilot, "q")
        await pilot.press("y")
        await app.desk.runs.finished()

    drive(app, steps)
    assert app.return_code == 0


def test_an_edited_config_is_read_again(drive: Drive, demo_folder: Path) -> None:
    app = make_app(demo_folder)

    async def steps(pilot: Pilot[Any]) -> None:
        write_config(demo_folder, source="shelbyville")
        await app.watch_outside()
        await settle(pilot)
        assert "shelbyville" in screen_text(app).splitlines()[0]
        (demo_folder / "config.toml").write_text("source = ", encoding="utf-8")
        await app.watch_outside()
        await settle(pilot)
        assert "! tells why" in screen_text(app)
        assert app.desk.source == "shelbyville"
        await press(pilot, "exclamation_mark")
        assert "not valid TOML" in screen_text(app)
        await press(pilot, "escape")
        write_config_anew(demo_folder)
        await app.watch_outside()
        await settle(pilot)
        assert "! tells why" not in screen_text(app)

    drive(app, steps)


def write_config_anew(folder: Path) -> None:
    """A good file in the place of a broken one."""
    (folder / "config.toml").unlink()
    write_config(folder)


def test_a_save_keeps_comments_and_announces(drive: Drive, demo_folder: Path) -> None:
    path = demo_folder / "config.toml"
    path.write_text("# mine\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    app = make_app(demo_folder)

    async def steps(pilot: Pilot[Any]) -> None:
        heard: list[object] = []
        app.desk.settings_changed.subscribe(app, heard.append)
        await app.desk.save({"schools.sync": ["school-02"]})
        await settle(pilot)
        assert path.read_text(encoding="utf-8").startswith("# mine\n")
        assert app.desk.settings.schools.sync == ("school-02",)
        assert heard

    drive(app, steps)


def test_any_size_breaks_nothing(drive: Drive, demo_folder: Path) -> None:
    app = make_app(demo_folder)

    async def steps(pilot: Pilot[Any]) -> None:
        for mode in MODES:
            await press(pilot, mode.key)
            before = screen_text(app)
            for size in ((200, 60), (100, 30), (60, 18), (30, 8), (80, 24)):
                await resize(pilot, size)
                wide = [line for line in screen_text(app).splitlines() if cell_len(line) > size[0]]
                assert (mode.id, size, wide) == (mode.id, size, [])
            assert screen_text(app) == before
            await resize(pilot, (30, 8))
            await drag(pilot, (60, 18), (30, 8), (200, 60), (80, 24))
            assert screen_text(app) == before

    drive(app, steps)


def test_copying(tmp_path: Path) -> None:
    written: list[str] = []
    assert copy("one\ntwo\nthree", written.append, tmp_path, {}) == "Copied: one and 2 lines more"
    assert written == ["\x1b]52;c;b25lCnR3bwp0aHJlZQ==\x07"]
    told = copy("x" * (LIMIT + 1), written.append, tmp_path, {})
    assert told.endswith(str(tmp_path / "copied.txt"))
    assert (tmp_path / "copied.txt").stat().st_mode & 0o777 == 0o600
    assert copy("x", None, tmp_path, {}).endswith("copied-2.txt")


def test_copying_out_of_tmux_and_screen() -> None:
    plain = "\x1b]52;c;eA==\x07"
    assert sequence("x", {"TMUX": "/tmp/tmux"}) == f"{plain}\x1bPtmux;\x1b{plain}\x1b\\"
    assert sequence("x", {"STY": "1.pts"}) == f"\x1bP{plain}\x1b\\"
    assert sequence("x", {"TERM": "linux"}) is None


def test_the_style_sheet_is_parsed_again_for_other_colours_only() -> None:
    """The same variables keep the rules as they are; others give them their colours."""
    sheet = ThriftySheet(variables={"ink": "red"})
    sheet.add_source("Screen { color: $ink; }")
    before = sheet.rules
    sheet.set_variables({"ink": "red"})
    sheet.reparse()
    assert sheet.rules is before
    sheet.set_variables({"ink": "blue"})
    sheet.reparse()
    assert [rule.styles.color for rule in sheet.rules] == [Color.parse("blue")]
    sheet.add_source("Input { color: $ink; }", ("", "more"))
    sheet.reparse()
    assert len(sheet.rules) == 2


def test_messages_do_not_pile_up_and_esc_puts_them_away(drive: Drive, demo_folder: Path) -> None:
    """Two at a time, the newest; esc dismisses them at the top, and below it goes back as well."""

    async def steps(pilot: Pilot[Any]) -> None:
        app = pilot.app
        for number in (1, 2, 3, 3):
            app.notify(f"message {number}")
        await pilot.pause()
        assert [one.message for one in app._notifications] == ["message 2", "message 3"]
        await press(pilot, "escape")
        assert not app._notifications
        await press(pilot, "escape")
        assert ["This is the top" in one.message for one in app._notifications] == [True]
        await press(pilot, "8", "enter")
        app.notify("message 4")
        await press(pilot, "escape")
        assert not app._notifications
        assert len(app.screen_stack) == 1

    drive(make_app(demo_folder, "overview"), steps)


def test_what_is_remembered_is_for_its_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "state_folder", lambda: tmp_path)
    memory.remember(mode="sync")
    assert (tmp_path / memory.FILE).stat().st_mode & 0o777 == 0o600
    assert memory.recall() == {"mode": "sync"}
