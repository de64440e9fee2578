"""The report card: empty, under way, whole, amiss, out of reach; and each of its keys."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from textual.pilot import Pilot

from oneroster_tui.app import InterfaceApp
from oneroster_tui.errors import ConfigError
from oneroster_tui.headless.workplace import Options
from oneroster_tui.provider import client
from oneroster_tui.provider.conformance import examine, wire
from screens.conformance import ConformanceScreen
from screens.widgets.lazy_table import LazyTable
from screens.widgets.list_pane import ListPane
from screens.widgets.notice import Notice
from tests.conformance.examining import connection
from tests.provider_lab.docs import QUIRKS
from tests.provider_lab.whole import LabTransport, WholeProvider
from tests.screens.conftest import (
    NOW,
    SIZES,
    Drive,
    make_app,
    press,
    resize,
    screen_text,
    type_words,
    until,
    write_config,
)

Snap = Callable[..., bool]
IDS = ["80x24", "120x40"]


class Hanging(LabTransport):
    """Does not answer the request number `most` before the examination is stopped."""

    def __init__(self, provider: WholeProvider, most: int, stopping: Callable[[], bool]) -> None:
        super().__init__(provider)
        self.most, self.stopping = most, stopping

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        while len(self.provider.asked) >= self.most and not self.stopping():
            time.sleep(0.005)
        return super().handle_request(request)


class Away(httpx.BaseTransport):
    """A provider that is not there."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("", request=request)


class Standing:
    """A clock that only goes on while somebody sleeps."""

    slept = 0.0

    def __call__(self) -> float:
        return self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


def fake(monkeypatch: pytest.MonkeyPatch, *quirks: str, most: int = 10_000, away: bool = False) -> None:
    """A provider of the lab in the place of the real one, with a clock that stands."""
    real = examine.Examination

    def made(_: object, *, stopping: Callable[[], bool], now: Any) -> examine.Examination:
        provider = WholeProvider()
        for name in quirks:
            QUIRKS[name].wire(provider)
        clock = Standing()
        transport = Away() if away else Hanging(provider, most, stopping)
        return real(connection(), stopping=stopping, now=now, transport=transport, clock=clock, sleep=clock.sleep)

    monkeypatch.setattr(examine, "Examination", made)
    for module in (client, wire):
        monkeypatch.setattr(module, "backoff", lambda *_: 0.5)  # without jitter: the seconds are in a picture


AMISS = ("odd_booleans", "unknown_user", "forbidden_collection", "no_total_at_all")


def screen_of(pilot: Pilot[Any]) -> ConformanceScreen:
    screen = pilot.app.screen
    assert isinstance(screen, ConformanceScreen)
    return screen


async def opened(pilot: Pilot[Any]) -> None:
    """Opens it from Connection."""
    await press(pilot, "c")
    screen_of(pilot)


async def examined(pilot: Pilot[Any]) -> None:
    """Opens it, starts, and waits for the end."""
    await opened(pilot)
    await pilot.press("s")
    await until(pilot, lambda: screen_of(pilot).card is not None and screen_of(pilot).ticket is None)


def names(pilot: Pilot[Any]) -> list[str]:
    """The checks in the list."""
    return [row.values[0].name for row in screen_of(pilot).rows(screen_of(pilot).query_one(ListPane)).rows]


# Pictures


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_empty(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(demo_folder, "connection"), size=size, steps=opened)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_busy(snap: Snap, demo_folder: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    fake(monkeypatch, *AMISS, most=30)

    async def steps(pilot: Pilot[Any]) -> None:
        await opened(pilot)
        await pilot.press("s")
        await until(pilot, lambda: len(screen_of(pilot).checks) == 24)

    assert snap(make_app(demo_folder, "connection"), size=size, steps=steps)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_full(snap: Snap, demo_folder: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    fake(monkeypatch)
    assert snap(make_app(demo_folder, "connection"), size=size, steps=examined)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_amiss(snap: Snap, demo_folder: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    fake(monkeypatch, *AMISS)

    async def steps(pilot: Pilot[Any]) -> None:
        await examined(pilot)
        await press(pilot, "f")

    assert snap(make_app(demo_folder, "connection"), size=size, steps=steps)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_error(snap: Snap, demo_folder: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    fake(monkeypatch, away=True)
    assert snap(make_app(demo_folder, "connection"), size=size, steps=examined)


def test_one_check(snap: Snap, demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, *AMISS)

    async def steps(pilot: Pilot[Any]) -> None:
        await examined(pilot)
        await press(pilot, "f", "j", "j", "j", "enter")

    assert snap(make_app(demo_folder, "connection"), steps=steps)


# Keys


def test_a_real_provider_to_the_letter(drive: Drive, live_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await examined(pilot)
        assert "✓ To the letter: 79 passed" in screen_text(pilot.app)
        await press(pilot, "escape")
        assert pilot.app.current_mode == "connection"
        assert not isinstance(pilot.app.screen, ConformanceScreen)

    drive(make_app(live_folder, "connection"), steps)


def test_esc_stops_then_goes_back(drive: Drive, demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, most=20)

    async def steps(pilot: Pilot[Any]) -> None:
        await opened(pilot)
        await pilot.press("s")
        await until(pilot, lambda: len(screen_of(pilot).checks) >= 20)
        await press(pilot, "s")
        assert any("It is under way; esc stops it." in note.message for note in pilot.app._notifications)
        await press(pilot, "escape")
        assert "■ Stopped." in screen_text(pilot.app)
        await until(pilot, lambda: all(worker.is_finished for worker in pilot.app.workers if worker.group == "test"))
        assert "■ Stopped." in screen_text(pilot.app)
        await press(pilot, "escape")
        assert not isinstance(pilot.app.screen, ConformanceScreen)

    drive(make_app(demo_folder, "connection"), steps)


def test_filters(drive: Drive, demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, *AMISS)

    async def steps(pilot: Pilot[Any]) -> None:
        await examined(pilot)
        everything = names(pilot)
        await press(pilot, "f")
        assert 0 < len(names(pilot)) < len(everything)
        assert "token" not in names(pilot)
        await press(pilot, "f")
        assert names(pilot) == everything
        await press(pilot, "slash")
        await type_words(pilot, "forbidden courses")
        assert "getAllCourses" in names(pilot)
        assert "getAllUsers" not in names(pilot)

    drive(make_app(demo_folder, "connection"), steps)


def test_a_check_in_full_and_back(drive: Drive, demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, *AMISS)

    async def steps(pilot: Pilot[Any]) -> None:
        await examined(pilot)
        place = names(pilot).index("getAllUsers")
        pilot.app.screen.query_one(LazyTable).focus()
        await press(pilot, *(["j"] * place), "enter")
        assert isinstance(pilot.app.screen, Notice)
        shown = screen_text(pilot.app)
        assert "A boolean is written otherwise." in shown
        assert "asked: GET /users?limit=100&offset=0" in shown
        await press(pilot, "escape")
        assert screen_of(pilot).card is not None

    drive(make_app(demo_folder, "connection"), steps, (120, 40))


def test_the_page_is_written_beside_the_config(
    drive: Drive, demo_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(monkeypatch)
    file = demo_folder / "conformance-2026-03-03.html"

    async def steps(pilot: Pilot[Any]) -> None:
        await opened(pilot)
        await press(pilot, "w")
        assert any("There is no card yet" in note.message for note in pilot.app._notifications)
        await press(pilot, "escape")
        await examined(pilot)
        await press(pilot, "w")
        assert file.read_text(encoding="utf-8").startswith("<!doctype html>")
        await press(pilot, "w")  # an earlier report is written over
        file.write_text("mine", encoding="utf-8")
        await press(pilot, "w")
        assert file.read_text(encoding="utf-8") == "mine"
        assert any("is no earlier report" in note.title for note in pilot.app._notifications)

    drive(make_app(demo_folder, "connection"), steps)


def test_the_page_of_a_demo_that_has_no_folder_yet(
    drive: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(monkeypatch)
    monkeypatch.chdir(tmp_path)

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: not pilot.app.desk.demo_pending)
        await press(pilot, "2")
        await examined(pilot)
        await press(pilot, "w")
        assert (tmp_path / "conformance-2026-03-03.html").is_file()

    drive(InterfaceApp(Options(demo=True), now=lambda: NOW, watch=False), steps)


def test_what_cannot_begin_is_a_sentence(drive: Drive, demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ConfigError("The proxy that the environment names cannot be used.", do="Unset it.")

    monkeypatch.setattr(examine, "Examination", broken)

    async def steps(pilot: Pilot[Any]) -> None:
        await opened(pilot)
        await press(pilot, "s")
        assert "✗ The proxy that the environment names cannot be used. Unset it." in screen_text(pilot.app)

    drive(make_app(demo_folder, "connection"), steps)


def test_connection_says_why_not(drive: Drive, tmp_path: Path) -> None:
    async def unfinished(pilot: Pilot[Any]) -> None:
        await press(pilot, "2", "c")
        assert any("Still needed" in note.message for note in pilot.app._notifications)

    async def bundle(pilot: Pilot[Any]) -> None:
        await press(pilot, "c")
        assert any("CSV files are read here" in note.message for note in pilot.app._notifications)

    drive(make_app(tmp_path), unfinished)
    write_config(tmp_path, connection__bundle="roster.zip")
    drive(make_app(tmp_path, "connection"), bundle)


def test_leaving_the_app_stops_it(drive: Drive, demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, most=5)

    async def steps(pilot: Pilot[Any]) -> None:
        await opened(pilot)
        await pilot.press("s")
        await until(pilot, lambda: len(screen_of(pilot).checks) >= 4)

    drive(make_app(demo_folder, "connection"), steps)


def test_resizing_and_hostile_words(drive: Drive, demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "\x1b[31m[red]x[/red] \u202e 👩‍👩‍👧" + "x" * 300
    write_config(demo_folder, root_url="https://sis.example/" + "y" * 200)
    fake(monkeypatch)
    real = WholeProvider.__init__

    def init(self: WholeProvider, *given: Any) -> None:
        real(self, *given)
        self.rows["users"][0][hostile] = 1
        self.rows["users"][0]["status"] = hostile

    monkeypatch.setattr(WholeProvider, "__init__", init)

    async def steps(pilot: Pilot[Any]) -> None:
        await examined(pilot)
        await resize(pilot, (120, 40))
        await press(pilot, "f", "j", "j", "j", "enter")
        shown = screen_text(pilot.app)
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert all(len(line) <= 120 for line in shown.splitlines())

    drive(make_app(demo_folder, "connection"), steps, (60, 18))
