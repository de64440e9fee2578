"""The lazy table: long lists, keys, ticks, sorting, and text that wants to break out of its column."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import ComposeResult
from textual.pilot import Pilot

from oneroster_tui.app import InterfaceApp
from oneroster_tui.headless.workplace import Options
from oneroster_tui.roster.queries import Listing, Row
from screens.fitting import clean, fit
from screens.frame import FramedScreen
from screens.widgets.columns import Cell, Column, layout
from screens.widgets.lazy_table import LazyTable
from screens.widgets.lazy_view import Sort
from screens.widgets.list_pane import ListPane
from screens.widgets.pages import PAGE, Pages, Rows, Source
from tests.screens.conftest import Drive, press, screen_text, settle, type_words

COUNT = 120_000
WILD = [
    "[red]markup[/red] [@click=app.quit]x[/]",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 bell",
    "日本語の名前がとても長い場合の表示テスト",
    "👩‍👩‍👧‍👦 family 👍🏽 🇩🇪",
    "محمد بن عبد الله",
    "e\u0301 combined, \u202eright to left override",
    "x" * 300,
    "line\nbreak\ttab",
]


class ListScreen(FramedScreen):
    """A screen with one list."""

    def __init__(self, make: Callable[[ListPane], Source], **options: Any) -> None:
        super().__init__()
        columns = (
            Column("Number", 9, align="right", sort="id"),
            Column("Name", least=20, sort="name"),
            Column("End", 5),
        )
        self.pane = ListPane(columns, cells, make, search="name", **options)
        self.opened: list[Row] = []

    def body(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        self.pane.reload()

    def on_lazy_view_opened(self, event: LazyTable.Opened) -> None:
        self.opened.append(event.row)


def cells(row: Row) -> list[str | Cell]:
    return [str(row.values[0]), str(row.values[1]), Cell("● on", "success")]


class ListApp(InterfaceApp):
    """The app with only this screen."""

    def __init__(self, folder: Path, make: Callable[[ListPane], Source], **options: Any) -> None:
        self.list_screen = ListScreen(make, **options)
        super().__init__(Options(config=folder / "config.toml"), watch=False)

    def get_default_screen(self) -> ListScreen:
        return self.list_screen


def app_with(folder: Path, make: Callable[[ListPane], Source], **options: Any) -> ListApp:
    app = ListApp(folder, make, **options)
    app._modes = {"overview": lambda: app.list_screen}
    return app


@pytest.fixture
def big_folder(demo_folder: Path) -> Path:
    """A roster with a table of 120,000 rows."""
    with closing(sqlite3.connect(demo_folder / "roster.db")) as database, database:
        database.execute("CREATE TABLE big (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        database.executemany(
            "INSERT INTO big VALUES (?, ?)", ((n, f"name {COUNT - n:06}") for n in range(1, COUNT + 1))
        )
        database.execute("CREATE INDEX big_name ON big (name, id)")
    return demo_folder


def big(pane: ListPane) -> Listing:
    order = ("name", "id") if pane.sort and pane.sort.by == "name" else ("id",)
    where, parameters = (("name LIKE ?",), (f"%{pane.text}%",)) if pane.text else ((), ())
    return Listing(("id", "name"), "big", order, where, parameters, bool(pane.sort and pane.sort.descending))


def test_keys_move_through_a_long_list(drive: Drive, big_folder: Path) -> None:
    app = app_with(big_folder, big)

    async def steps(pilot: Pilot[Any]) -> None:
        table = app.list_screen.pane.table
        assert table.count == COUNT
        for keys, row in (
            (("j", "down", "k"), 1),
            (("G",), COUNT - 1),
            (("k", "up"), COUNT - 3),
            (("g",), 0),
            (("pagedown",), table.size.height - 2),
            (("pageup",), 0),
            (("end",), COUNT - 1),
            (("home",), 0),
        ):
            await press(pilot, *keys)
            assert table.cursor == row
            assert table.current is not None
            assert table.current.values[0] == row + 1
            assert f"▸    {row + 1:>6}" in screen_text(app)
        table.go_to(COUNT // 2)
        await settle(pilot)
        assert table.current is not None
        assert table.current.values[0] == COUNT // 2 + 1
        await press(pilot, "enter")
        assert [opened.id for opened in app.list_screen.opened] == [COUNT // 2 + 1]

    drive(app, steps)


def test_a_long_list_is_not_all_in_memory(drive: Drive, big_folder: Path) -> None:
    app = app_with(big_folder, big)

    async def steps(pilot: Pilot[Any]) -> None:
        for place in range(0, COUNT, COUNT // 60):
            app.list_screen.pane.table.go_to(place)
            await pilot.pause()
        await settle(pilot)
        assert len(app.list_screen.pane.table._pages._pages) <= 32

    drive(app, steps)


def test_sorting_and_filtering(drive: Drive, big_folder: Path) -> None:
    app = app_with(big_folder, big, sort=Sort("id"))

    async def steps(pilot: Pilot[Any]) -> None:
        table = app.list_screen.pane.table
        await press(pilot, "o")
        assert "Name▲" in screen_text(app)
        assert table.current is not None
        assert table.current.values == (COUNT, "name 000000")
        await press(pilot, "O")
        assert "Name▼" in screen_text(app)
        assert table.current.values[0] == 1
        await press(pilot, "slash")
        await type_words(pilot, "0777")
        assert f"of {COUNT:,}" in screen_text(app)
        assert all("0777" in table.row_at(row).values[1] for row in range(10))
        await press(pilot, "escape")
        assert table.count == COUNT

    drive(app, steps)


def test_ticks_survive_moving_and_filtering(drive: Drive, big_folder: Path) -> None:
    app = app_with(big_folder, big, ticks=True, why_not_tick=lambda row: "Not this one." if row.id == 2 else None)

    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "space", "space", "j", "space")
        assert app.list_screen.pane.table.ticked == {1, 3}
        assert screen_text(app).count("[x]") == 2
        assert "Not this one." in [note.message for note in app._notifications]
        await press(pilot, "G", "g", "space")
        assert app.list_screen.pane.table.ticked == {3}

    drive(app, steps)


def test_wild_text_stays_in_its_column(drive: Drive, demo_folder: Path) -> None:
    app = app_with(demo_folder, lambda _: Rows([(number, text) for number, text in enumerate(WILD)]))

    async def steps(pilot: Pilot[Any]) -> None:
        shown = screen_text(app)
        assert "[red]markup[/red]" in shown
        assert "\x1b" not in shown
        rows = [line for line in shown.splitlines() if "● on" in line]
        assert len(rows) == len(WILD)
        assert {cell_len(row[: row.index("● on")]) for row in rows} == {74}

    drive(app, steps)


def test_an_empty_list_says_so(drive: Drive, demo_folder: Path) -> None:
    app = app_with(demo_folder, lambda _: Rows(()))

    async def steps(pilot: Pilot[Any]) -> None:
        assert "Nothing here." in screen_text(app)

    drive(app, steps)


def test_a_failing_list_says_why(drive: Drive, demo_folder: Path) -> None:
    app = app_with(demo_folder, lambda _: Listing(("id",), "nowhere", ("id",)))

    async def steps(pilot: Pilot[Any]) -> None:
        assert "The roster lacks a table." in screen_text(app)

    drive(app, steps)


def test_pages_are_reached_from_the_nearest_key() -> None:
    pages = Pages()
    pages.count = 10_000
    pages.keep(3, [Row((n,), (n,)) for n in range(3 * PAGE, 4 * PAGE)])
    assert pages.way_to(4) == (PAGE, 0, (4 * PAGE - 1,), False)
    assert pages.way_to(2) == (PAGE, 0, (3 * PAGE,), True)
    assert pages.way_to(99) == (PAGE, 0, None, True)
    assert pages.way_to(0) == (PAGE, 0, None, False)
    assert pages.way_to(6).skip == 2 * PAGE


@pytest.mark.parametrize("text", WILD)
@pytest.mark.parametrize("width", [1, 2, 7, 40])
def test_fit_is_exact(text: str, width: int) -> None:
    assert cell_len(fit(clean(text), width)) == width


def test_columns_share_the_room() -> None:
    columns = (Column("a", 10), Column("b", share=1), Column("c", share=2), Column("d", 8, spare=1))
    assert layout(columns, 80) == [10, 18, 38, 8]
    assert sum(layout(columns, 80)) + 6 == 80
    assert layout(columns, 40)[3] == 0
