"""Courses, Participants and Enrolment details."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from screens.courses import CoursesScreen
from screens.enrollment import EnrollmentScreen
from screens.participants import ParticipantsScreen
from screens.person import PersonScreen
from screens.widgets.empty import Empty
from screens.widgets.lazy_table import LazyTable
from tests.screens.conftest import SIZES, Drive, make_app, press, resize, screen_text, settle, type_words

Snap = Callable[..., bool]
BOTH = pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])

NASTY = (
    "\x1b[31mRed\x1b[0m \x1b]0;title\x07Bell\x07",
    "[red]Bold[/red] [/] [@click=app.quit]leave[/]",
    "👩‍👩‍👧‍👦 🏳️‍🌈 Émilie",
    "\u202e\u0645\u0631\u062d\u0628\u0627\u202c \u05e2\u05d1\u05e8\u05d9\u05ea",
    "x" * 300,
    "新しい名前" * 30,
    "",
)


def change(folder: Path, *statements: tuple[str, tuple[object, ...]]) -> None:
    """Writes to the roster as somebody else would."""
    with closing(sqlite3.connect(folder / "roster.db")) as database, database:
        for statement, parameters in statements:
            database.execute(statement, parameters)


def make_busy(folder: Path) -> None:
    """As while another process syncs: a run that has not ended."""
    change(
        folder,
        ("UPDATE sync_runs SET outcome = 'running', finished_at = NULL, host = 'elsewhere', pid = 1 WHERE id = 3", ()),
    )


def make_mixed(folder: Path) -> None:
    """Gives the first class (by the list's order) one of each status."""
    with closing(sqlite3.connect(folder / "roster.db")) as database, database:
        (first,) = database.execute(
            "SELECT c.id FROM classes c JOIN orgs o ON o.sourced_id = c.school_sourced_id "
            "JOIN courses k ON k.sourced_id = c.course_sourced_id ORDER BY o.name, k.title, c.title, c.id LIMIT 1"
        ).fetchone()
        ids = [
            one for (one,) in database.execute("SELECT id FROM enrollments WHERE class_id = ? ORDER BY id", (first,))
        ]
        database.execute("UPDATE enrollments SET status = 'suspended' WHERE id = ?", (ids[1],))
        database.execute("UPDATE enrollments SET status = 'removed' WHERE id = ?", (ids[2],))
        database.execute("UPDATE enrollments SET end_date = '2026-03-03' WHERE id = ?", (ids[3],))
        database.execute("UPDATE enrollments SET begin_date = '2026-03-04' WHERE id = ?", (ids[4],))


@BOTH
def test_full(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(demo_folder, "courses"), size=size)


@BOTH
def test_empty(snap: Snap, live_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(live_folder, "courses"), size=size)


@BOTH
def test_busy(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    make_busy(demo_folder)
    assert snap(make_app(demo_folder, "courses"), "slash", "m", "a", "t", size=size, steps=wait_for_search)


@BOTH
def test_error(snap: Snap, demo_folder: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    unreadable(demo_folder)
    assert snap(make_app(demo_folder, "courses"), size=size)


@BOTH
def test_participants(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    make_mixed(demo_folder)
    assert snap(make_app(demo_folder, "courses"), "enter", size=size)


@BOTH
def test_participants_without_anybody(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    change(demo_folder, ("DELETE FROM enrollments", ()))
    assert snap(make_app(demo_folder, "courses"), "enter", size=size)


@BOTH
def test_details(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(demo_folder, "courses"), "enter", "enter", size=size)


def test_details_of_an_enrolment_that_went(snap: Snap, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        change(demo_folder, ("DELETE FROM enrollments", ()))
        await press(pilot, "enter")

    assert snap(make_app(demo_folder, "courses"), "enter", steps=steps)


async def wait_for_search(pilot: Pilot[Any]) -> None:
    """Waits for the search that follows a pause in typing."""
    await pilot.pause(0.2)
    await settle(pilot)


def unreadable(folder: Path) -> None:
    """Puts something in the roster's place that is none."""
    (folder / "roster.db").write_bytes(b"not a database at all" * 100)


def rows(app: Any) -> int:
    """How many rows the list in front has."""
    return int(app.screen.query_one(LazyTable).count)


@pytest.mark.parametrize(
    ("words", "part"),
    [("mathematics", "Mathematics"), ("elementary", "Harbor Point"), ("zzzz", "0 of ")],
)
def test_find_as_you_type(drive: Drive, demo_folder: Path, words: str, part: str) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        before = rows(pilot.app)
        await press(pilot, "slash")
        await type_words(pilot, words)
        assert part in screen_text(pilot.app)
        assert rows(pilot.app) < before
        await press(pilot, "escape")
        assert rows(pilot.app) == before

    drive(make_app(demo_folder, "courses"), steps, (120, 40))


def test_find_by_code_and_by_teacher(drive: Drive, demo_folder: Path) -> None:
    with closing(sqlite3.connect(demo_folder / "roster.db")) as database:
        code, class_id = database.execute(
            "SELECT class_code, id FROM classes WHERE class_code <> '' LIMIT 1"
        ).fetchone()
        (teacher,) = database.execute(
            "SELECT u.family_name FROM enrollments e JOIN users u ON u.id = e.user_id "
            "WHERE e.class_id = ? AND e.role = 'teacher'",
            (class_id,),
        ).fetchone()

    async def steps(pilot: Pilot[Any]) -> None:
        before = rows(pilot.app)
        for words in (code, f"{code} {teacher.lower()}", teacher[:4]):
            await press(pilot, "slash")
            await type_words(pilot, words)
            assert 0 < rows(pilot.app) < before
            assert code in screen_text(pilot.app) or words == teacher[:4]
            await press(pilot, "escape")

    drive(make_app(demo_folder, "courses"), steps, (120, 40))


def test_only_this_school_and_back(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        before = rows(pilot.app)
        assert "School all" in screen_text(pilot.app)
        await press(pilot, "s")
        assert 0 < rows(pilot.app) < before
        assert "School all" not in screen_text(pilot.app)
        await press(pilot, "s")
        assert rows(pilot.app) == before

    drive(make_app(demo_folder, "courses"), steps)


def test_status_of_classes(drive: Drive, demo_folder: Path) -> None:
    change(demo_folder, ("UPDATE classes SET status = 'suspended' WHERE id = 7", ()))

    async def steps(pilot: Pilot[Any]) -> None:
        seen = {}
        for _ in range(5):
            await press(pilot, "t")
            app = pilot.app
            seen[app.screen.status] = 0 if app.screen.query_one(Empty).display else rows(app)
        assert list(seen) == ["active", "not current", "suspended", "removed", ""]
        assert seen["suspended"] == 1
        assert seen["removed"] == 0
        assert seen[""] == sum(seen[one] for one in seen if one)

    drive(make_app(demo_folder, "courses"), steps)


def test_sorting(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        table = pilot.app.screen.query_one(LazyTable)
        for way, column in (("course", 7), ("class", 1), ("code", 2), ("school", 6)):
            await press(pilot, "o")
            assert table.sort.by == way
            shown = [table.row_at(number).values[column] for number in range(20)]
            assert shown == sorted(shown)
            await press(pilot, "O")
            assert table.row_at(0).values[column] >= shown[-1]
            await press(pilot, "O")

    drive(make_app(demo_folder, "courses"), steps, (120, 40))


def test_participants_are_filtered_by_role_and_status(drive: Drive, demo_folder: Path) -> None:
    make_mixed(demo_folder)

    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "enter")
        all_ = rows(pilot.app)
        await press(pilot, "r")
        students = rows(pilot.app)
        await press(pilot, "r")
        assert rows(pilot.app) + students == all_
        await press(pilot, "r", "t")
        active = rows(pilot.app)
        await press(pilot, "t")
        not_current = rows(pilot.app)
        assert not_current >= 2
        assert "○ Not current" in screen_text(pilot.app)
        await press(pilot, "t")
        assert rows(pilot.app) == 1
        assert "■ Suspended" in screen_text(pilot.app)
        await press(pilot, "t")
        assert rows(pilot.app) == 1
        await press(pilot, "t")
        assert rows(pilot.app) == all_ == active + not_current + 2

    drive(make_app(demo_folder, "courses"), steps)


@pytest.mark.parametrize(("rule", "count"), [("exclusive", 1), ("inclusive", 0)])
def test_the_end_date_rule_counts(drive: Drive, demo_folder: Path, rule: str, count: int) -> None:
    from tests.screens.conftest import write_config

    write_config(demo_folder, sync__end_date=rule)
    change(
        demo_folder,
        ("UPDATE enrollments SET begin_date = NULL, end_date = NULL", ()),
        ("UPDATE enrollments SET end_date = '2026-03-03' WHERE id = (SELECT MIN(id) FROM enrollments)", ()),
        ("UPDATE classes SET title = '0 first'", ()),
    )

    async def steps(pilot: Pilot[Any]) -> None:
        from oneroster_tui.roster import queries

        with closing(sqlite3.connect(demo_folder / "roster.db")) as database:
            (klass,) = database.execute("SELECT class_id FROM enrollments ORDER BY id LIMIT 1").fetchone()
        day = pilot.app.desk.now().date()
        found = await pilot.app.desk.read(queries.participant_counts, klass, day, pilot.app.desk.settings.sync.end_date)
        assert sum(number for _, state, number in found if state == "not current") == count

    drive(make_app(demo_folder, "courses"), steps)


def test_ticked_people_are_copied_together(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "enter", "y")
        assert pilot.app.clipboard.count("\n") == 0
        await press(pilot, "space", "space", "space")
        assert "3 ticked: y copies, e exports them" in screen_text(pilot.app)
        await press(pilot, "r", "r", "y")
        assert pilot.app.clipboard.count("\n") == 2
        assert pilot.app.clipboard.count("\t") == 15
        await press(pilot, "u")
        assert "ticked" not in screen_text(pilot.app)
        await press(pilot, "y")
        assert pilot.app.clipboard.count("\n") == 0

    drive(make_app(demo_folder, "courses"), steps)


def test_participants_are_sorted_by_each_column(drive: Drive, demo_folder: Path) -> None:
    make_mixed(demo_folder)

    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "enter")
        table = pilot.app.screen.query_one(LazyTable)
        all_ = table.count
        for way, column in (("email", 4), ("role", 5), ("status", 7), ("start", 8), ("end", 9), ("name", 3)):
            await press(pilot, "o")
            assert table.sort.by == way
            shown = [table.row_at(number).values[column] or "" for number in range(all_)]
            assert shown == sorted(shown)

    drive(make_app(demo_folder, "courses"), steps, (120, 40))


def test_the_seven_facts_and_more(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "enter", "r", "enter")
        assert isinstance(pilot.app.screen, EnrollmentScreen)
        shown = screen_text(pilot.app)
        for label in (
            "Full name",
            "Course",
            "Enrolment method  OneRoster (springfield)",
            "Status",
            "Enrolment starts",
            "Enrolment ends",
            "Enrolment created",
            "Last changed",
            "by run 1, created",
            "sourcedId",
            "Primary",
            "School",
            "Parents and guardians",
            "parent",
        ):
            assert label in shown, label
        await press(pilot, "y")
        assert "Full name: " in pilot.app.clipboard
        await press(pilot, "p")
        assert isinstance(pilot.app.screen, PersonScreen)
        await press(pilot, "escape", "escape")
        assert isinstance(pilot.app.screen, ParticipantsScreen)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, CoursesScreen)

    drive(make_app(demo_folder, "courses"), steps, (120, 50))


def test_details_scroll(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "enter", "enter")
        sheet = pilot.app.screen.query_one("FactSheet")
        for key, least in (("j", 1), ("pagedown", 3), ("G", 3), ("g", 0), ("space", 1), ("k", 0), ("pageup", 0)):
            await press(pilot, key)
            assert sheet.scroll_y >= least
        assert sheet.scroll_y == 0

    drive(make_app(demo_folder, "courses"), steps, (80, 18))


@pytest.mark.parametrize("size", [(80, 24), (60, 18)], ids=["80x24", "60x18"])
def test_names_that_mean_harm_do_none(drive: Drive, demo_folder: Path, size: tuple[int, int]) -> None:
    with closing(sqlite3.connect(demo_folder / "roster.db")) as database, database:
        for number, name in enumerate(NASTY, 1):
            values = (name, name, name, name, json.dumps([name]), number)
            database.execute(
                "UPDATE users SET given_name = ?, family_name = ?, email = ?, username = ?, agents = ? WHERE id = ?",
                values,
            )
            database.execute("UPDATE classes SET title = ?, class_code = ? WHERE id = ?", (name, name, number))
            database.execute("UPDATE courses SET title = ? WHERE id = ?", (name, number))
            database.execute("UPDATE orgs SET name = ? WHERE id = ?", (name, number))
        database.execute(
            "UPDATE enrollments SET class_id = 1 WHERE id IN (SELECT MIN(id) FROM enrollments WHERE user_id <= 7 GROUP BY user_id)"
        )

    async def steps(pilot: Pilot[Any]) -> None:
        for _ in NASTY:
            await press(pilot, "enter")
            await check(pilot, size)
            await press(pilot, "enter")
            await check(pilot, size)
            await press(pilot, "escape", "j", "escape", "j")
            await check(pilot, size)
        await press(pilot, "slash")
        await type_words(pilot, "[red] \\ % _ '")
        await check(pilot, size)

    drive(make_app(demo_folder, "courses"), steps, size)


async def check(pilot: Pilot[Any], size: tuple[int, int]) -> None:
    """Every line is as wide as the screen, and nothing of it is a control."""
    strips = pilot.app.screen._compositor.render_strips()
    assert {strip.cell_length for strip in strips} == {size[0]}
    assert not any(ord(letter) < 32 or letter == "\x7f" for letter in screen_text(pilot.app) if letter != "\n")


def test_resizing_breaks_nothing(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        for keys in ((), ("enter",), ("enter",)):
            await press(pilot, *keys)
            before = screen_text(pilot.app)
            for size in ((60, 18), (200, 60)):
                await resize(pilot, size)
                await check(pilot, size)
            assert screen_text(pilot.app) == before

    drive(make_app(demo_folder, "courses"), steps, (200, 60))


def test_a_roster_that_goes_away_is_said(drive: Drive, demo_folder: Path) -> None:
    unreadable(demo_folder)

    async def steps(pilot: Pilot[Any]) -> None:
        shown = screen_text(pilot.app)
        assert "The file is not a roster database." in shown
        assert "check [database] url" in shown
        await press(pilot, "s", "t", "enter", "7")
        assert "The file is not a roster database." in screen_text(pilot.app)

    drive(make_app(demo_folder, "courses"), steps)
