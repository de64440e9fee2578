"""Schools: the tree, ticking, saving, asking the provider."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from oneroster_tui import config, demo
from oneroster_tui.errors import Unreachable
from oneroster_tui.records import Org
from screens.connection_leave import Unsaved
from screens.school_tree import Node, arranged, found_in
from screens.schools import SchoolsScreen
from screens.widgets.confirm import Confirm
from screens.widgets.lazy_table import LazyTable
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


def saved(folder: Path) -> list[str]:
    """The selection in config.toml."""
    return list(config.load(folder / "config.toml").schools.sync)


def told(pilot: Pilot[Any]) -> str:
    """What toasts say."""
    return "\n".join(note.message for note in pilot.app._notifications)


def tree_screen(pilot: Pilot[Any]) -> SchoolsScreen:
    """The screen."""
    assert isinstance(pilot.app.screen, SchoolsScreen)
    return pilot.app.screen


@BY_SIZE
def test_full(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(demo_folder, "schools"), "j", "space", size=size)


@BY_SIZE
def test_empty(snap: Snap, live_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(live_folder, "schools"), size=size)


def test_empty_without_a_connection(snap: Snap, tmp_path: Path) -> None:
    assert snap(make_app(tmp_path, "schools"), "4")


@BY_SIZE
def test_error(snap: Snap, demo_folder: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> list[Org]:
        raise Unreachable("sis.example.org does not answer.", where="https://sis.example.org", do="Try again later.")

    monkeypatch.setattr("oneroster_tui.provider.probe.all_orgs", refuse)
    assert snap(make_app(demo_folder, "schools"), "r", size=size)


@BY_SIZE
def test_busy(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        screen = tree_screen(pilot)
        screen.asking = True
        screen.draw()

    assert snap(make_app(demo_folder, "schools"), size=size, steps=steps)


@BY_SIZE
def test_deselecting_a_school_that_holds_rows(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(demo_folder, "schools"), "j", "space", "space", "ctrl+s", size=size)


def test_filter_keeps_what_is_above(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "slash")
        await type_words(pilot, "high")
        shown = screen_text(pilot.app)
        assert "District" in shown
        assert "High School" in shown
        assert "Elementary" not in shown
        await press(pilot, "enter", "n")
        assert len(tree_screen(pilot).ticked) == 14 - shown.count("High School")
        await press(pilot, "escape")
        assert "Elementary" in screen_text(pilot.app)

    drive(make_app(demo_folder, "schools"), steps)


def test_what_is_no_school_says_why_it_cannot_be_ticked(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "space")
        assert "of type district: only schools are synced" in told(pilot)
        assert len(tree_screen(pilot).ticked) == 14

    drive(make_app(demo_folder, "schools"), steps)


def test_tick_all_and_none_count_live(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        assert "14 of 14 selected · about" in screen_text(pilot.app)
        await press(pilot, "n")
        assert "0 of 14 selected" in screen_text(pilot.app)
        assert "not saved" in screen_text(pilot.app)
        await press(pilot, "j", "space")
        assert "1 of 14 selected · about" in screen_text(pilot.app)
        await press(pilot, "a")
        assert "14 of 14 selected" in screen_text(pilot.app)
        assert "not saved" not in screen_text(pilot.app)
        await press(pilot, "n", "u")
        assert "14 of 14 selected" in screen_text(pilot.app)

    drive(make_app(demo_folder, "schools"), steps)


def test_edits_elsewhere_and_edits_here_go_together(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "j", "space")
        write_config(demo_folder, schools__sync=["school-01", "school-02", "school-03"])
        await pilot.app.watch_outside()  # type: ignore[attr-defined]
        await settle(pilot)
        screen = tree_screen(pilot)
        assert screen.saved == {"school-01", "school-02", "school-03"}
        assert len(screen.ticked ^ screen.saved) <= 1

    drive(make_app(demo_folder, "schools"), steps)


def test_save_asks_before_a_school_with_rows_goes(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "j", "space", "ctrl+s")
        assert isinstance(pilot.app.screen, Confirm)
        assert "Nothing happens to its rows" in screen_text(pilot.app)
        await press(pilot, "n")
        assert len(saved(demo_folder)) == 14
        await press(pilot, "ctrl+s", "y")
        assert len(saved(demo_folder)) == 13
        assert "not saved" not in screen_text(pilot.app)

    drive(make_app(demo_folder, "schools"), steps)


def test_leaving_asks_and_may_save(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "j", "space", "5")
        assert isinstance(pilot.app.screen, Unsaved)
        await press(pilot, "n")
        assert pilot.app.current_mode == "schools"
        await press(pilot, "5", "s", "y")
        assert pilot.app.current_mode == "sync"
        assert len(saved(demo_folder)) == 13
        await press(pilot, "4", "a", "5", "d")
        assert pilot.app.current_mode == "sync"
        assert len(saved(demo_folder)) == 13

    drive(make_app(demo_folder, "schools"), steps)


def test_refresh_asks_the_provider(drive: Drive, tmp_path: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        assert "asks the provider which there are" in screen_text(pilot.app)
        await press(pilot, "r")
        assert "The provider lists 14 schools." in told(pilot)
        assert "1 of 14 selected · users are known" in screen_text(pilot.app)
        await press(pilot, "a", "ctrl+s")
        assert len(saved(tmp_path)) == 14
        assert saved(tmp_path)[0] == "school-03"

    with demo.running(today=TODAY) as provider:
        write_config(tmp_path, provider.root_url, provider.token_url, schools__sync=["school-03"])
        drive(make_app(tmp_path, "schools"), steps)


def test_a_lost_provider_leaves_what_was_known(drive: Drive, demo_folder: Path) -> None:
    write_config(demo_folder, "http://127.0.0.1:9", connection__timeout=1)

    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "r")
        shown = screen_text(pilot.app)
        assert "✗" in shown
        assert "tries again" in shown
        assert "Elementary School" in shown

    drive(make_app(demo_folder, "schools"), steps)


def test_a_selected_school_that_is_gone_is_shown(drive: Drive, demo_folder: Path) -> None:
    write_config(demo_folder, schools__sync=["school-01", "closed-school"])

    async def steps(pilot: Pilot[Any]) -> None:
        assert "closed-school ▲ no longer listed" in screen_text(pilot.app)
        screen = tree_screen(pilot)
        screen.query_one(LazyTable).go_to([*screen.nodes].index("closed-school"))
        await press(pilot, "space", "ctrl+s")
        assert saved(demo_folder) == ["school-01"]

    drive(make_app(demo_folder, "schools"), steps)


HOSTILE = ("\x1b[31mred\x1b]0;title\x07", "[red]no markup[/red] [/]", "👩‍👧 crèche 🏫", "مدرسة \u202eabc", "long " * 60)


def test_hostile_names_and_circles_break_nothing(
    drive: Drive, demo_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orgs = [
        Org(sourced_id=f"s{place}", name=name, type="school", parent_sourced_id=f"s{(place + 1) % len(HOSTILE)}")
        for place, name in enumerate(HOSTILE)
    ]
    monkeypatch.setattr("oneroster_tui.provider.probe.all_orgs", lambda _: orgs)

    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "r")
        shown = screen_text(pilot.app)
        assert "[red]no markup[/red] [/]" in shown
        assert "\x1b" not in shown
        for width, height in ((200, 60), (60, 18), (80, 24)):
            await resize(pilot, (width, height))
            assert max(map(len, screen_text(pilot.app).splitlines())) <= width
        await press(pilot, "G", "space", "ctrl+s", "escape", "g", "y")

    drive(make_app(demo_folder, "schools"), steps)


def test_thousands_of_orgs_are_quick(drive: Drive, demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    orgs = [Org(sourced_id="d", name="State", type="state")]
    orgs += [
        Org(sourced_id=f"o{number}", name=f"School {number}", type="school", parent_sourced_id="d")
        for number in range(5000)
    ]
    monkeypatch.setattr("oneroster_tui.provider.probe.all_orgs", lambda _: orgs)

    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "r", "n", "a", "G", "space")
        assert len(tree_screen(pilot).ticked) >= 5000 - 1

    drive(make_app(demo_folder, "schools"), steps)


# The tree by itself


def test_a_deep_chain_is_one_branch() -> None:
    nodes = [Node(str(number), f"N{number}", "school", str(number - 1)) for number in range(5000)]
    assert [node.id for node in arranged(nodes)] == [str(number) for number in range(5000)]


def test_each_org_stands_once_whatever_the_parents_say() -> None:
    nodes = [
        Node("a", "A", "school", "b"),
        Node("b", "B", "school", "a"),
        Node("c", "C", "school", "c"),
        Node("d", "D", "school", "nowhere"),
        Node("e", "E", "school", "d"),
    ]
    assert sorted(node.id for node in arranged(nodes)) == ["a", "b", "c", "d", "e"]
    found, above = found_in(arranged(nodes), "a")
    assert {node.id for node in found} >= {"a"}
    assert "a" not in above
