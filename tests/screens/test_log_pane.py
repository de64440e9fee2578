"""The log: following, reading further up, kinds, finding, wrapping, copying, saving, and its limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.app import ComposeResult
from textual.pilot import Pilot

from oneroster_tui.app import InterfaceApp
from oneroster_tui.errors import ExitCode
from oneroster_tui.headless.workplace import Options
from oneroster_tui.records import Problem
from oneroster_tui.sync.events import CollectionStarted, Decision, Note, PageTaken, ProblemFound, RunEnded, RunStarted
from screens.feed import PENDING, RunFeed, lines_of
from screens.frame import FramedScreen
from screens.log_book import LogBook, LogLine
from screens.widgets.log_pane import LogPane
from tests.screens.conftest import Drive, press, screen_text, settle, type_words

EVENTS = [
    RunStarted(1, "full", "default", 2),
    CollectionStarted("users"),
    *(Decision("users", "user", "unchanged", f"user {n}", n, f"U{n}") for n in range(60)),
    Decision("users", "user", "created", "Ada [bold]Lovelace", 61, "U61"),
    Decision("users", "user", "suspended", "Bob", 62, "U62", "absent"),
    ProblemFound(Problem(entity="users", sourced_id="U63", severity="error", code="bad_date", message="no date")),
    Note("something is odd", "warning"),
]


class LogApp(InterfaceApp):
    """The app with only a log."""

    def __init__(self, folder: Path) -> None:
        self.pane = LogPane()
        self.book = LogBook()
        super().__init__(Options(config=folder / "config.toml"), watch=False)
        pane, book = self.pane, self.book

        class LogScreen(FramedScreen):
            def body(self) -> ComposeResult:
                yield pane

            def on_mount(self) -> None:
                pane.show(book)

        self._modes = {"overview": LogScreen}

    def say(self, *events: Any) -> None:
        self.book.extend([line for event in events for line in lines_of(event)])
        self.pane.update_lines()


def test_it_follows_until_somebody_reads(drive: Drive, tmp_path: Path) -> None:
    app = LogApp(tmp_path)

    async def steps(pilot: Pilot[Any]) -> None:
        app.say(*EVENTS)
        await settle(pilot)
        assert "something is odd" in screen_text(app)
        assert "▼ following" in screen_text(app)
        await press(pilot, "g")
        assert "Processing 2 schools" in screen_text(app)
        app.say(*EVENTS[2:12])
        await settle(pilot)
        assert "‖ paused, 10 new" in screen_text(app)
        assert "Processing 2 schools" in screen_text(app)
        await press(pilot, "G")
        assert "▼ following" in screen_text(app)
        await press(pilot, "f")
        assert "‖ paused" in screen_text(app)

    drive(app, steps)


def test_kinds_are_counted_and_filtered(drive: Drive, tmp_path: Path) -> None:
    app = LogApp(tmp_path)

    async def steps(pilot: Pilot[Any]) -> None:
        app.say(*EVENTS)
        await press(pilot, "right")
        shown = screen_text(app)
        assert "[updates 1]" in shown
        assert "Ada [bold]Lovelace" in shown
        assert "Skipping" not in shown
        await press(pilot, "right")
        assert "Suspending user Bob" in screen_text(app)
        app.say(EVENTS[-3])
        await settle(pilot)
        assert "[removals 2]" in screen_text(app)
        await press(pilot, "left", "left")
        assert f"[all {len(EVENTS) + 1}]" in screen_text(app)

    drive(app, steps, (120, 30))


def test_finding(drive: Drive, tmp_path: Path) -> None:
    app = LogApp(tmp_path)

    async def steps(pilot: Pilot[Any]) -> None:
        app.say(*EVENTS)
        await press(pilot, "slash")
        await type_words(pilot, "user 4")
        await press(pilot, "enter")
        found = app.pane.view.current()
        assert found is not None
        assert "user 4 " in found.text
        await press(pilot, "n")
        assert "user 40" in app.pane.view.current().text
        await press(pilot, "N", "y")
        assert app.clipboard == "Skipping update of existing user user 4 with id 4 (U4)"

    drive(app, steps)


def test_wrapping_keeps_the_line_in_view(drive: Drive, tmp_path: Path) -> None:
    app = LogApp(tmp_path)

    async def steps(pilot: Pilot[Any]) -> None:
        app.book.extend([LogLine("info", f"{n} " + "long " * 40) for n in range(50)])
        app.pane.update_lines()
        await press(pilot, "w")
        assert app.pane.view.virtual_size.height == 150
        await press(pilot, "g", "j", "j")
        assert screen_text(app).splitlines()[2].strip().startswith("0 long")
        await press(pilot, "w")
        assert app.pane.view.virtual_size.height == 50

    drive(app, steps)


def test_saving_is_private(drive: Drive, tmp_path: Path, isolated_home: Path) -> None:
    app = LogApp(tmp_path)

    async def steps(pilot: Pilot[Any]) -> None:
        app.say(*EVENTS)
        await press(pilot, "ctrl+s")
        [saved] = isolated_home.rglob("sync.log")
        assert saved.stat().st_mode & 0o777 == 0o600
        assert "Suspending user Bob" in saved.read_text(encoding="utf-8")

    drive(app, steps)


def test_a_reader_stays_where_he_is_when_old_lines_go(drive: Drive, tmp_path: Path) -> None:
    app = LogApp(tmp_path)
    app.book.capacity = 1000

    async def steps(pilot: Pilot[Any]) -> None:
        app.book.extend([LogLine("skip", f"line {n}.") for n in range(1000)])
        app.pane.update_lines()
        app.pane.view.go_to(700)
        await settle(pilot)
        assert "line 700." in screen_text(app)
        app.book.extend([LogLine("skip", f"line {n}.") for n in range(1000, 1300)])
        app.pane.update_lines()
        await settle(pilot)
        assert app.book.first == 300
        assert "line 700." in screen_text(app)
        assert app.pane.view.current() == LogLine("skip", "line 700.")

    drive(app, steps)


def test_a_feed_drops_lines_but_never_counts() -> None:
    feed = RunFeed("full")
    for number in range(PENDING + 500):
        feed.take(Decision("users", "user", "unchanged", "x", number, "x"))
    snapshot = feed.drain()
    assert snapshot.counts == {"unchanged": PENDING + 500}
    assert len(snapshot.lines) == PENDING
    assert snapshot.dropped == 500
    assert feed.drain().lines == ()


def test_a_feed_tells_how_far_each_collection_is() -> None:
    feed = RunFeed("full")
    for event in (RunStarted(7, "full", "s", 1), CollectionStarted("users"), PageTaken("users", 50, 200)):
        feed.take(event)
    snapshot = feed.drain()
    users = next(one for one in snapshot.progress if one.entity == "users")
    assert (snapshot.state, snapshot.run_id, users.stage, users.fraction) == ("running", 7, "reading", 0.25)
    assert users.eta is not None
    feed.take(PageTaken("users", 4, 200))
    assert next(one for one in feed.drain().progress if one.entity == "users").eta is None
    feed.finish(RunEnded(7, "done", ExitCode.DONE, "fine"))
    assert not feed.drain().active


@pytest.mark.parametrize("size", [(80, 24), (60, 18)])
def test_the_status_line_fits(drive: Drive, tmp_path: Path, size: tuple[int, int]) -> None:
    app = LogApp(tmp_path)

    async def steps(pilot: Pilot[Any]) -> None:
        for _ in range(40):
            app.book.extend(LogLine("skip", "x") for _ in range(1000))
        app.pane.update_lines()
        await settle(pilot)
        assert "all 40,000" in screen_text(app)

    drive(app, steps, size)
