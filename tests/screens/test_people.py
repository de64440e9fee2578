"""People, a person, and why somebody is not here."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import ContentSwitcher, Input

from screens.enrollment import EnrollmentScreen
from screens.people import PeopleScreen
from screens.person import PersonScreen
from screens.why import WhyScreen
from screens.widgets.lazy_table import LazyTable
from screens.widgets.notice import Notice
from tests.screens.conftest import SIZES, Drive, make_app, press, resize, screen_text, type_words
from tests.screens.test_courses import NASTY, change, check, make_busy, rows, unreadable, wait_for_search

Snap = Callable[..., bool]
BOTH = pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])


@pytest.fixture(autouse=True)
def provider_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider's part of an answer, without a provider."""

    async def there(_: object, ids: list[str]) -> list[str]:
        return [f"The provider has the user {one}." for one in ids]

    monkeypatch.setattr("screens.why.there", there)


def one_student(folder: Path) -> tuple[Any, ...]:
    """A student with a parent: id, sourcedId, given and family name, username, e-mail, identifier."""
    with closing(sqlite3.connect(folder / "roster.db")) as database:
        return tuple(
            database.execute(
                "SELECT u.id, u.sourced_id, u.given_name, u.family_name, u.username, u.email, u.identifier FROM users u "
                "JOIN relationships l ON l.student_id = u.id WHERE u.status = 'active' AND l.status = 'active' "
                "AND u.email <> '' AND u.identifier <> '' ORDER BY u.id LIMIT 1"
            ).fetchone()
        )


@BOTH
def test_full(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(demo_folder, "people"), size=size)


@BOTH
def test_empty(snap: Snap, live_folder: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(live_folder, "people"), size=size)


@BOTH
def test_busy(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    make_busy(demo_folder)
    assert snap(make_app(demo_folder, "people"), "slash", "s", "m", "i", size=size, steps=wait_for_search)


@BOTH
def test_error(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    unreadable(demo_folder)
    assert snap(make_app(demo_folder, "people"), size=size)


@BOTH
@pytest.mark.parametrize("view", ["d", "c", "f", "h"])
def test_person(snap: Snap, demo_folder: Path, size: tuple[int, int], view: str) -> None:
    sourced_id = one_student(demo_folder)[1]

    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "slash")
        await type_words(pilot, sourced_id)
        await press(pilot, "enter", "enter", view)

    assert snap(make_app(demo_folder, "people"), size=size, steps=steps)


@BOTH
def test_why(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    student = one_student(demo_folder)
    change(demo_folder, ("UPDATE users SET status = 'suspended' WHERE id = ?", (student[0],)))

    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "w")
        await type_words(pilot, student[1])
        await press(pilot, "enter")

    assert snap(make_app(demo_folder, "people"), size=size, steps=steps)


def test_why_nobody(snap: Snap, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "w")
        await type_words(pilot, "nobody-17")
        await press(pilot, "enter")

    assert snap(make_app(demo_folder, "people"), steps=steps)


def test_found_by_each_way(drive: Drive, demo_folder: Path) -> None:
    _, sourced_id, given, family, username, email, identifier = one_student(demo_folder)

    async def steps(pilot: Pilot[Any]) -> None:
        for words in (sourced_id, sourced_id.upper(), f"{given} {family}", f"{family}, {given}", f"{family} {given[:2]}",
                      username, username[:-1], email, email.upper(), identifier, email[2:]):  # fmt: skip
            await press(pilot, "slash")
            await type_words(pilot, words)
            table = pilot.app.screen.query_one(LazyTable)
            found = {table.row_at(number).values[1] for number in range(min(100, table.count))}
            assert sourced_id in found, words
            await press(pilot, "escape")

    drive(make_app(demo_folder, "people"), steps)


def test_anywhere(drive: Drive, demo_folder: Path) -> None:
    change(
        demo_folder,
        ("UPDATE users SET family_name = 'Ertl' WHERE id = 5", ()),
        ("UPDATE users SET family_name = 'Überertl' WHERE id = 6", ()),
    )

    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "slash")
        await type_words(pilot, "ertl")
        assert rows(pilot.app) == 1
        await press(pilot, "enter", "a")
        assert "anywhere in a name or id" in screen_text(pilot.app)
        assert rows(pilot.app) == 2
        await press(pilot, "a")
        assert rows(pilot.app) == 1
        await press(pilot, "escape", "slash")
        await type_words(pilot, "berert")  # nobody's beginning: looked for anywhere without being asked
        assert rows(pilot.app) == 1

    drive(make_app(demo_folder, "people"), steps)


def test_a_search_is_superseded_by_the_next(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        screen = pilot.app.screen
        assert isinstance(screen, PeopleScreen)
        let_go = threading.Event()
        stuck = [pilot.app.desk.read(lambda _: let_go.wait(5))] * 1
        waiting = pilot.app.run_worker(stuck[0], group="run")
        first = screen.finding
        await press(pilot, "a")
        assert first is not None
        assert first._superseded.is_set()
        assert screen.finding is not first
        assert rows(pilot.app) > 100
        let_go.set()
        await waiting.wait()

    drive(make_app(demo_folder, "people"), steps)


def test_sorting(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        table = pilot.app.screen.query_one(LazyTable)
        for way, column in (("username", 4), ("email", 5), ("name", 3)):
            await press(pilot, "o")
            assert table.sort.by == way
            shown = [table.row_at(number).values[column] for number in range(50)]
            assert shown == sorted(shown)
        await press(pilot, "O")
        shown = [table.row_at(number).values[3] for number in range(50)]
        assert shown == sorted(shown, reverse=True)

    drive(make_app(demo_folder, "people"), steps)


def test_a_person_leads_on(drive: Drive, demo_folder: Path) -> None:
    _, sourced_id, _, family, *_ = one_student(demo_folder)

    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "slash")
        await type_words(pilot, sourced_id)
        await press(pilot, "enter", "enter")
        app = pilot.app
        assert isinstance(app.screen, PersonScreen)
        shown = screen_text(app)
        assert family in shown
        assert "School" in shown  # the name, not the id
        assert "school-" not in shown.partition("The provider's record")[0]
        await press(pilot, "c", "enter")
        assert isinstance(app.screen, EnrollmentScreen)
        await press(pilot, "escape", "h", "enter")
        assert isinstance(app.screen, Notice)
        assert "New: there was nothing before." in screen_text(app)
        await press(pilot, "escape", "f", "enter")
        assert isinstance(app.screen, PersonScreen)
        await press(pilot, "f")
        assert "child (" in screen_text(app)
        await press(pilot, "d")
        assert app.screen.query_one(ContentSwitcher).current == "details"
        await press(pilot, "y")
        assert "sourcedId: " in app.clipboard
        await press(pilot, "w")
        assert isinstance(app.screen, WhyScreen)
        assert "is here, and active" in screen_text(app)
        await press(pilot, "escape", "escape", "escape", "escape")
        assert isinstance(app.screen, PeopleScreen)

    drive(make_app(demo_folder, "people"), steps, (120, 40))


def test_before_and_after_of_a_change(drive: Drive, demo_folder: Path) -> None:
    with closing(sqlite3.connect(demo_folder / "roster.db")) as database:
        (sourced_id,) = database.execute(
            "SELECT sourced_id FROM sync_changes WHERE entity = 'users' AND action = 'updated' ORDER BY id LIMIT 1"
        ).fetchone()

    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "slash")
        await type_words(pilot, sourced_id)
        await press(pilot, "enter", "enter", "h", "slash")
        await type_words(pilot, "updated")
        await press(pilot, "enter", "enter")
        assert "→" in screen_text(pilot.app)

    drive(make_app(demo_folder, "people"), steps)


WHYS = {
    "suspended": ("UPDATE users SET status = 'suspended' WHERE id = {id}", "is here, but suspended"),
    "not enabled": ("UPDATE users SET enabled = 0 WHERE id = {id}", "the account is not enabled"),
    "role": ("UPDATE user_roles SET role = 'proctor' WHERE user_id = {id}", "that role is not mapped"),
    "no role": ("DELETE FROM user_roles WHERE user_id = {id}", "No role at any school"),
    "no class": ("DELETE FROM enrollments WHERE user_id = {id}", "Takes part in 0 classes."),
}  # fmt: skip


@pytest.mark.parametrize("case", WHYS)
def test_why_says_the_reason(drive: Drive, demo_folder: Path, case: str) -> None:
    user, sourced_id, given, family, *_ = one_student(demo_folder)
    statement, answer = WHYS[case]
    change(demo_folder, (statement.format(id=user), ()))

    async def steps(pilot: Pilot[Any]) -> None:
        for text in (sourced_id, f"{given} {family}"):
            await press(pilot, "w")
            await type_words(pilot, text)
            await press(pilot, "enter")
            assert answer in " ".join(screen_text(pilot.app).split())
            await press(pilot, "escape")

    drive(make_app(demo_folder, "people"), steps, (120, 40))


def test_why_of_a_school_that_is_not_selected(drive: Drive, demo_folder: Path) -> None:
    from tests.screens.conftest import write_config

    sourced_id = one_student(demo_folder)[1]
    write_config(demo_folder, schools__sync=["school-99"])

    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "w")
        await type_words(pilot, sourced_id)
        await press(pilot, "enter")
        assert "that school is not selected (" in " ".join(screen_text(pilot.app).split())

    drive(make_app(demo_folder, "people"), steps, (120, 40))


def test_why_of_somebody_deleted(drive: Drive, demo_folder: Path) -> None:
    user, sourced_id, *_ = one_student(demo_folder)
    change(
        demo_folder,
        ("DELETE FROM enrollments WHERE user_id = ?", (user,)),
        ("DELETE FROM relationships WHERE student_id = ?", (user,)),
        ("DELETE FROM user_roles WHERE user_id = ?", (user,)),
        ("DELETE FROM user_ids WHERE user_id = ?", (user,)),
        ("DELETE FROM users WHERE id = ?", (user,)),
        ("INSERT INTO sync_changes (run_id, entity, local_id, sourced_id, action, reason) "
         "VALUES (2, 'users', ?, ?, 'deleted', 'tobedeleted')", (user, sourced_id)),
        ("INSERT INTO sync_problems (run_id, entity, sourced_id, severity, code, message) "
         "VALUES (3, 'users', ?, 'error', 'no_username', 'it has no username')", (sourced_id,)),
    )  # fmt: skip

    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "w")
        await type_words(pilot, sourced_id)
        await press(pilot, "enter")
        said = " ".join(screen_text(pilot.app).split())
        assert "deleted by run 2" in said
        assert "marked tobedeleted by the provider" in said
        assert "Run 3 could not use the record (users): it has no username" in said

    drive(make_app(demo_folder, "people"), steps, (120, 40))


def test_the_question_takes_what_was_looked_for_and_can_be_asked_again(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "slash")
        await type_words(pilot, "zzzz")
        await press(pilot, "enter", "w")
        field = pilot.app.screen.query_one(Input)
        assert field.value == "zzzz"
        await press(pilot, "enter")
        assert "Nobody here has" in screen_text(pilot.app)
        await press(pilot, "slash")
        assert field.has_focus
        await press(pilot, *["backspace"] * 4, "enter")
        assert "full name first" in screen_text(pilot.app)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, PeopleScreen)

    drive(make_app(demo_folder, "people"), steps)


def test_without_a_roster_why_says_what_to_do(drive: Drive, live_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "w")
        await type_words(pilot, "anybody")
        await press(pilot, "enter")
        assert "5 goes to Sync" in " ".join(screen_text(pilot.app).split())

    drive(make_app(live_folder, "people"), steps)


@pytest.mark.parametrize("size", [(80, 24), (60, 18)], ids=["80x24", "60x18"])
def test_names_that_mean_harm_do_none(drive: Drive, demo_folder: Path, size: tuple[int, int]) -> None:
    with closing(sqlite3.connect(demo_folder / "roster.db")) as database, database:
        for number, name in enumerate(NASTY, 1):
            database.execute(
                "UPDATE users SET given_name = ?, family_name = ?, email = ?, username = ?, identifier = 'nasty' WHERE id = ?",
                (name, name, name, name, number),
            )
            database.execute("UPDATE classes SET title = ?, class_code = ? WHERE id = ?", (name, name, number))
            database.execute("UPDATE orgs SET name = ? WHERE id = ?", (name, number))

    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "slash")
        await type_words(pilot, "nasty")
        await press(pilot, "enter")
        assert rows(pilot.app) == len(NASTY)
        for _ in NASTY:
            await press(pilot, "enter")
            for key in ("d", "c", "f", "h"):
                await press(pilot, key)
                await check(pilot, size)
            await press(pilot, "w")
            await check(pilot, size)
            await press(pilot, "escape", "escape", "j")
            await check(pilot, size)
        await press(pilot, "w", "ctrl+u")
        await type_words(pilot, "nasty")
        await press(pilot, "enter")
        await check(pilot, size)

    drive(make_app(demo_folder, "people"), steps, size)


def test_resizing_breaks_nothing(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        for keys in ((), ("enter",), ("c",), ("h",), ("w",)):
            await press(pilot, *keys)
            before = screen_text(pilot.app)
            for size in ((60, 18), (200, 60)):
                await resize(pilot, size)
                await check(pilot, size)
            assert screen_text(pilot.app) == before

    drive(make_app(demo_folder, "people"), steps, (200, 60))
