"""Roles: mapping, adding, renaming, unmapping, counting."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from oneroster_tui import config
from oneroster_tui.errors import ConfigError
from screens.roles import RolesScreen
from screens.roles_dialogs import NameAsk, RolePicker
from screens.widgets.confirm import Confirm
from tests.screens.conftest import SIZES, Drive, make_app, press, resize, screen_text, type_words, write_config

Snap = Callable[..., bool]
IDS = ["80x24", "120x40"]
HOSTILE = "\x1b[31mred\x1b[0m [red]x[/red] [/] 👩‍👩‍👧 \u202eيمين " + "y" * 300


def send_role(folder: Path, role: str, people: int = 3) -> None:
    """As if the provider had sent a role for some people."""
    with closing(sqlite3.connect(folder / "roster.db")) as database, database:
        database.execute(
            "INSERT INTO user_roles (user_id, org_sourced_id, role, role_type) "
            "SELECT id, 'school-01', ?, 'primary' FROM users WHERE status = 'active' ORDER BY id LIMIT ?",
            (role, people),
        )


def mapping(folder: Path) -> dict[str, str]:
    return dict(config.load(folder / "config.toml").role_mapping)


def toasts(pilot: Pilot[Any]) -> str:
    return "\n".join(f"{note.title} {note.message}" for note in pilot.app._notifications)


def flat(pilot: Pilot[Any]) -> str:
    """What the screen shows, the frames of dialogs and line breaks left out."""
    return " ".join(screen_text(pilot.app).replace("│", " ").split())


async def to(pilot: Pilot[Any], role: str) -> None:
    """Moves the cursor to a role."""
    screen = pilot.app.screen
    assert isinstance(screen, RolesScreen)
    await press(pilot, "g")
    while screen.row is not None and screen.row.role != role:
        await press(pilot, "j")


def line_of(pilot: Pilot[Any], role: str) -> str:
    return next(line for line in screen_text(pilot.app).splitlines() if f" {role} " in line)


# Pictures


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_full(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(demo_folder, "roles"), size=size)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_new_roles(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    send_role(demo_folder, "ext:librarian", 12)
    send_role(demo_folder, "Proctor", 2)
    assert snap(make_app(demo_folder, "roles"), size=size)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_empty(snap: Snap, live_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(live_folder, "roles"), size=size)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_error(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    (demo_folder / "roster.db").write_bytes(b"not a database at all" * 100)
    assert snap(make_app(demo_folder, "roles"), size=size)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_picking(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(demo_folder, "roles"), "j", "enter", size=size)


def test_unmapping_is_explained(snap: Snap, demo_folder: Path) -> None:
    assert snap(make_app(demo_folder, "roles"), "j", "x")


def test_naming(snap: Snap, demo_folder: Path) -> None:
    assert snap(make_app(demo_folder, "roles"), "j", "r")


# Choosing


def test_choosing_saves_at_once(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await to(pilot, "proctor")
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, RolePicker)
        await press(pilot, "j", "j", "k", "down", "enter")
        assert mapping(demo_folder)["proctor"] == "Teacher"
        assert "Saved: proctor becomes Teacher" in toasts(pilot)
        assert "● Teacher" in line_of(pilot, "proctor")

    drive(make_app(demo_folder, "roles"), steps)


@pytest.mark.parametrize("key", ["escape", "q"])
def test_leaving_the_list_changes_nothing(drive: Drive, demo_folder: Path, key: str) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        before = (demo_folder / "config.toml").read_bytes()
        await press(pilot, "enter", "up", key)
        assert isinstance(pilot.app.screen, RolesScreen)
        assert (demo_folder / "config.toml").read_bytes() == before

    drive(make_app(demo_folder, "roles"), steps)


def test_unmapping_says_what_it_means_and_rests_on_keeping(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await to(pilot, "student")
        await press(pilot, "enter", "home", "enter")
        assert isinstance(pilot.app.screen, Confirm)
        assert "will be removals at the next sync" in flat(pilot)
        assert "the guard holds them until you approve" in flat(pilot)
        await press(pilot, "enter")
        assert mapping(demo_folder)["student"] == "Student"
        await press(pilot, "x", "y")
        assert mapping(demo_folder)["student"] == ""
        assert "Saved: student: not mapped" in toasts(pilot)
        await press(pilot, "x")
        assert "This role is not mapped." in toasts(pilot)

    drive(make_app(demo_folder, "roles"), steps)


def test_new_roles_stand_on_top_until_decided(drive: Drive, demo_folder: Path) -> None:
    send_role(demo_folder, "ext:librarian", 12)

    async def steps(pilot: Pilot[Any]) -> None:
        shown = screen_text(pilot.app)
        assert "▲ 2 roles nobody decided about: 26 people left out so far." in shown
        assert shown.index("ext:librarian") < shown.index("student")
        for role in ("ext:librarian", "administrator"):
            await to(pilot, role)
            await press(pilot, "x")
            assert mapping(demo_folder)[role] == ""
        assert "nobody decided" not in screen_text(pilot.app)

    drive(make_app(demo_folder, "roles"), steps, (120, 40))


def test_counts_are_the_last_pulls(drive: Drive, demo_folder: Path) -> None:
    send_role(demo_folder, "counselor", 7)

    async def steps(pilot: Pilot[Any]) -> None:
        assert " 7 " in line_of(pilot, "counselor")

    drive(make_app(demo_folder, "roles"), steps)


# Adding, renaming, filtering


def test_an_added_role_can_be_chosen(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "a", "enter")
        assert "Type a name first" in screen_text(pilot.app)
        await type_words(pilot, "Coach 2")
        await press(pilot, "enter")
        assert "Coach 2 can be chosen now" in toasts(pilot)
        await to(pilot, "proctor")
        await press(pilot, "enter")
        assert "Coach 2" in screen_text(pilot.app)
        await press(pilot, "end", "escape", "a")
        await type_words(pilot, "Coach 2")
        await press(pilot, "enter")
        assert "Coach 2 is there already" in toasts(pilot)

    drive(make_app(demo_folder, "roles"), steps)


def test_a_rename_changes_every_mapping(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await to(pilot, "aide")
        await press(pilot, "r")
        assert isinstance(pilot.app.screen, NameAsk)
        assert "Used for aide, ext:aide." in flat(pilot)
        await type_words(pilot, "s")
        await press(pilot, "enter")
        assert "Aide becomes Aides for aide, ext:aide." in flat(pilot)
        await press(pilot, "y")
        assert (mapping(demo_folder)["aide"], mapping(demo_folder)["ext:aide"]) == ("Aides", "Aides")

    drive(make_app(demo_folder, "roles"), steps)


def test_a_rename_into_a_role_in_use_warns(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await to(pilot, "student")
        await press(pilot, "r", "ctrl+u")
        await type_words(pilot, "Teacher")
        await press(pilot, "enter")
        assert "Teacher is in use already" in flat(pilot)
        await press(pilot, "n")
        assert mapping(demo_folder)["student"] == "Student"
        await to(pilot, "proctor")
        await press(pilot, "r")
        assert "This role is not mapped; Enter maps it." in toasts(pilot)

    drive(make_app(demo_folder, "roles"), steps)


def test_filter(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "slash")
        await type_words(pilot, "aide")
        shown = screen_text(pilot.app)
        assert "2 of 14" in shown
        assert "proctor" not in shown

    drive(make_app(demo_folder, "roles"), steps)


# Trouble


def test_somebody_elses_edit_survives(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        write_config(demo_folder, role_mapping__proctor="Watcher")
        await to(pilot, "student")
        await press(pilot, "enter", "end", "enter")
        assert "changed by somebody else" in toasts(pilot)
        assert "Watcher" in screen_text(pilot.app)
        assert mapping(demo_folder)["student"] == "Student"

    drive(make_app(demo_folder, "roles"), steps)


def test_a_full_disk_is_said(drive: Drive, demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise ConfigError("The config file cannot be written: No space left on device.", do="free some space")

    async def steps(pilot: Pilot[Any]) -> None:
        monkeypatch.setattr(config, "save", full)
        await press(pilot, "enter", "end", "enter")
        assert "No space left on device. free some space" in toasts(pilot)

    drive(make_app(demo_folder, "roles"), steps)


def test_a_broken_file_is_not_saved_over(drive: Drive, demo_folder: Path) -> None:
    (demo_folder / "config.toml").write_text("source = 3\n", encoding="utf-8")

    async def steps(pilot: Pilot[Any]) -> None:
        for key in ("enter", "a", "x"):
            pilot.app.clear_notifications()
            await press(pilot, key)
            assert "config.toml has a mistake: press ! to read it" in toasts(pilot)

    drive(make_app(demo_folder, "roles"), steps)


@pytest.mark.parametrize("size", [*SIZES, (60, 18)], ids=[*IDS, "60x18"])
def test_hostile_texts_are_harmless(drive: Drive, demo_folder: Path, size: tuple[int, int]) -> None:
    visible = "".join(one for one in HOSTILE if one >= " ")
    write_config(demo_folder, role_mapping__student=visible)
    send_role(demo_folder, HOSTILE)

    async def steps(pilot: Pilot[Any]) -> None:
        seen = [screen_text(pilot.app)]
        for keys in (["enter"], ["escape", "x"], ["j", "enter"], ["escape", "r"], ["x", "enter"], ["n", "x"]):
            await press(pilot, *keys)
            seen.append(screen_text(pilot.app))
        for shown in seen:
            assert "\x1b" not in shown
            assert "\u202e" not in shown
            assert all(len(line) <= size[0] for line in shown.splitlines())

    drive(make_app(demo_folder, "roles"), steps, size)


def test_resizing_breaks_nothing(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        before = screen_text(pilot.app)
        await resize(pilot, (60, 18), (30, 8), (200, 60))
        assert screen_text(pilot.app) == before

    drive(make_app(demo_folder, "roles"), steps, (200, 60))
