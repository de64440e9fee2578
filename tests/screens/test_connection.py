"""Connection: filling in, objecting, saving, leaving, testing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from oneroster_tui import config
from oneroster_tui.app import InterfaceApp
from oneroster_tui.errors import ConfigError, ProviderError
from oneroster_tui.headless.workplace import Options
from oneroster_tui.provider import probe
from oneroster_tui.provider.probe import Rung
from oneroster_tui.records import Org
from screens.connection import ConnectionScreen
from screens.connection_leave import Unsaved
from tests.bundles import write
from tests.lab import small_district
from tests.screens.conftest import (
    NOW,
    SIZES,
    Drive,
    drag,
    make_app,
    press,
    resize,
    screen_text,
    settle,
    until,
    write_config,
)

Snap = Callable[..., bool]
IDS = ["80x24", "120x40"]
HOSTILE = "\x1b[31mred\x1b[0m [red]markup[/red] [/] 👩‍👩‍👧 \u202eيمين\u202c " + "x" * 300

WELL = [
    Rung("token", True, 200, 0.21, "roster.readonly, expires in 3600 s"),
    Rung("orgs", True, 200, 0.18, "15 records"),
    Rung("academicSessions", True, 200, 0.09, "9 records"),
    Rung("courses", True, 200, 0.11, "61 records"),
    Rung("classes", True, 200, 0.25, "398 records"),
    Rung("users", True, 200, 0.4, "23,114 records"),
    Rung("enrollments", True, 200, 0.52, "6,803 records"),
    Rung("paging", True, 200, 0.1, "limit and offset are honoured"),
]
REFUSED = Rung(
    "enrollments",
    False,
    403,
    0.12,
    "The provider does not let this client read enrollments (403). Ask the provider's administrator to grant this "
    "client the right (or the scope) to read enrollments.",
)
ORGS = [Org(sourced_id="d", status="active", name="District", type="district")] + [
    Org(sourced_id=f"s{number}", status="active", name=f"School {number}", type="school") for number in range(14)
]


def fake(monkeypatch: pytest.MonkeyPatch, rungs: list[Rung], *, hangs: bool = False) -> None:
    """A ladder without a provider; `hangs`: until it is stopped, after the last rung."""

    def ladder(client: Any) -> Iterator[Rung]:
        yield from rungs
        while hangs:
            client._patience.check()
            time.sleep(0.01)

    monkeypatch.setattr(probe, "ladder", ladder)
    monkeypatch.setattr(probe, "all_orgs", lambda _: ORGS)


def screen_of(pilot: Pilot[Any]) -> ConnectionScreen:
    screen = pilot.app.screen
    assert isinstance(screen, ConnectionScreen)
    return screen


async def climb(pilot: Pilot[Any], key: str = "t") -> None:
    """Tests, and waits for the end."""
    await pilot.press(key)
    await pilot.pause()
    await until(pilot, lambda: screen_of(pilot).ladder.verdict is not None)


def toasts(pilot: Pilot[Any]) -> str:
    return "\n".join(f"{note.title} {note.message}" for note in pilot.app._notifications)


async def fill(pilot: Pilot[Any], name: str, text: str) -> None:
    """Fills in a field."""
    editor = screen_of(pilot).form.rows[name].editor
    assert isinstance(editor, Input)
    editor.focus()
    await settle(pilot)
    editor.value = ""
    await pilot.press(*text)
    await settle(pilot)


def value(pilot: Pilot[Any], name: str) -> str:
    return screen_of(pilot).form.rows[name].editor.value


# Pictures


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_empty(snap: Snap, tmp_path: Path, size: tuple[int, int]) -> None:
    assert snap(make_app(tmp_path), "2", size=size)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_full(snap: Snap, demo_folder: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    fake(monkeypatch, WELL)
    assert snap(make_app(demo_folder, "connection"), size=size, steps=climb)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_busy(snap: Snap, demo_folder: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    fake(monkeypatch, WELL[:4], hangs=True)

    async def steps(pilot: Pilot[Any]) -> None:
        await pilot.press("t")
        await until(pilot, lambda: len(screen_of(pilot).ladder.rungs) == 4)

    assert snap(make_app(demo_folder, "connection"), size=size, steps=steps)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_error(snap: Snap, demo_folder: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    fake(monkeypatch, [*WELL[:6], REFUSED, WELL[7]])
    assert snap(make_app(demo_folder, "connection"), size=size, steps=climb)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_edited_and_wrong(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await fill(pilot, "root_url", "http://sis.example.com")
        await fill(pilot, "page_size", "many")

    assert snap(make_app(demo_folder, "connection"), size=size, steps=steps)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_more(snap: Snap, demo_folder: Path, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        screen_of(pilot).form.more.focus()
        await press(pilot, "enter", "down", "down", "down", "down")

    assert snap(make_app(demo_folder, "connection"), size=size, steps=steps)


def test_leaving_asks(snap: Snap, demo_folder: Path) -> None:
    assert snap(make_app(demo_folder, "connection"), "right", "1")


# Filling in


def test_arrows_and_tab_move(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        form = screen_of(pilot).form
        for key, name in [("down", "oauth_version"), ("tab", "token_url"), ("enter", "root_url"), ("up", "token_url")]:
            await press(pilot, key)
            assert pilot.app.focused is form.rows[name].editor
        await press(pilot, "shift+tab", "k")
        assert pilot.app.focused is form.rows["oneroster_version"].editor
        await press(pilot, "j")
        assert pilot.app.focused is form.rows["oauth_version"].editor

    drive(make_app(demo_folder, "connection"), steps)


def test_digits_are_typed_in_fields_and_lead_elsewhere_without(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await fill(pilot, "page_size", "1234")
        assert value(pilot, "page_size") == "1234"
        assert pilot.app.current_mode == "connection"
        await press(pilot, "ctrl+z", "escape", "1")
        assert pilot.app.current_mode == "overview"

    drive(make_app(demo_folder, "connection"), steps)


def test_oauth_1_hides_the_token_url(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        assert "Token URL" in screen_text(pilot.app)
        await press(pilot, "down", "right")
        assert "Token URL  " not in screen_text(pilot.app)
        screen_of(pilot).form.more.focus()
        await press(pilot, "enter")
        shown = screen_text(pilot.app)
        assert "Signature method" in shown
        assert "Scopes" not in shown

    drive(make_app(demo_folder, "connection"), steps, (120, 40))


def test_the_secret_is_masked_until_revealed(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        assert "demo-secret" not in screen_text(pilot.app)
        assert "Safer: client_secret_env" in screen_text(pilot.app)
        await press(pilot, "ctrl+r")
        assert "demo-secret" in screen_text(pilot.app)
        await press(pilot, "ctrl+r")
        assert "demo-secret" not in screen_text(pilot.app)

    drive(make_app(demo_folder, "connection"), steps)


def test_a_secret_from_elsewhere_is_not_touched(drive: Drive, demo_folder: Path) -> None:
    write_config(demo_folder, connection__client_secret="", connection__client_secret_env="ROSTER_SECRET")

    async def steps(pilot: Pilot[Any]) -> None:
        assert "from environment variable ROSTER_SECRET" in screen_text(pilot.app)
        await press(pilot, "ctrl+r")
        assert "look there" in toasts(pilot)
        await press(pilot, "right", "ctrl+s")
        saved = config.load(demo_folder / "config.toml").connection
        assert (saved.oneroster_version, saved.client_secret) == ("1.2", "")
        assert saved.client_secret_env == "ROSTER_SECRET"

    drive(make_app(demo_folder, "connection"), steps)


# Saving


def test_saving_keeps_comments(drive: Drive, demo_folder: Path) -> None:
    path = demo_folder / "config.toml"
    path.write_text("# mine\n" + path.read_text(encoding="utf-8"), encoding="utf-8")

    async def steps(pilot: Pilot[Any]) -> None:
        await fill(pilot, "page_size", "500")
        await fill(pilot, "root_url", "https://other.example.org")
        assert "2 unsaved edits" in screen_text(pilot.app)
        await press(pilot, "ctrl+s")
        assert "Saved in" in screen_text(pilot.app)
        saved = config.load(path).connection
        assert (saved.page_size, saved.root_url) == (500, "https://other.example.org")
        assert path.read_text(encoding="utf-8").startswith("# mine\n")

    drive(make_app(demo_folder, "connection"), steps)


def test_folded_fields_are_saved_as_what_they_are(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        screen_of(pilot).form.more.focus()
        await press(pilot, "space")
        await fill(pilot, "scopes", "a, b")
        await fill(pilot, "timeout", "12.5")
        await fill(pilot, "concurrency", "8")
        await press(pilot, "ctrl+s")
        saved = config.load(demo_folder / "config.toml").connection
        assert (saved.scopes, saved.timeout, saved.concurrency) == (("a", "b"), 12.5, 8)

    drive(make_app(demo_folder, "connection"), steps, (120, 40))


def test_what_is_wrong_is_not_saved(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        before = (demo_folder / "config.toml").read_bytes()
        await fill(pilot, "root_url", "sis.example.org")
        await press(pilot, "ctrl+s")
        assert "This takes an http:// or https:// address" in toasts(pilot)
        assert (demo_folder / "config.toml").read_bytes() == before

    drive(make_app(demo_folder, "connection"), steps)


def test_somebody_elses_edit_survives(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await fill(pilot, "page_size", "500")
        write_config(demo_folder, connection__client_id="theirs", connection__page_size=300)
        await press(pilot, "ctrl+s")
        assert "Somebody else edited config.toml; not saved" in toasts(pilot)
        assert "Page size: changed there and here" in toasts(pilot)
        assert (value(pilot, "client_id"), value(pilot, "page_size")) == ("theirs", "500")
        await press(pilot, "ctrl+s")
        saved = config.load(demo_folder / "config.toml").connection
        assert (saved.client_id, saved.page_size) == ("theirs", 500)

    drive(make_app(demo_folder, "connection"), steps)


def test_a_full_disk_is_said(drive: Drive, demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise ConfigError("The config file cannot be written: No space left on device.", do="free some space")

    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "right")
        monkeypatch.setattr(config, "save", full)
        await press(pilot, "ctrl+s")
        assert "No space left on device. free some space" in toasts(pilot)
        assert "1 unsaved edit" in screen_text(pilot.app)

    drive(make_app(demo_folder, "connection"), steps)


def test_a_broken_file_is_not_saved_over(drive: Drive, demo_folder: Path) -> None:
    (demo_folder / "config.toml").write_text("source = 3\n", encoding="utf-8")

    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "right", "ctrl+s")
        assert "config.toml has a mistake: press ! to read it" in toasts(pilot)

    drive(make_app(demo_folder, "connection"), steps)


def test_a_first_save_makes_the_file(drive: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ONEROSTER_TUI_CONFIG", str(tmp_path / "new.toml"))

    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "2")
        await fill(pilot, "root_url", "https://sis.example.org")
        await press(pilot, "ctrl+s")
        assert config.load(tmp_path / "new.toml").connection.root_url == "https://sis.example.org"
        assert "Still needed: Client ID, Client secret, Token URL." in toasts(pilot)

    app = InterfaceApp(Options(), now=lambda: NOW, watch=False)
    drive(app, steps)


# Leaving


@pytest.mark.parametrize(("answer", "saved"), [("s", "1.2"), ("d", "1.1")])
def test_leaving_after_an_answer(drive: Drive, demo_folder: Path, answer: str, saved: str) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "right", "8")
        assert isinstance(pilot.app.screen, Unsaved)
        await press(pilot, answer)
        assert pilot.app.current_mode == "history"
        assert config.load(demo_folder / "config.toml").connection.oneroster_version == saved
        await press(pilot, "2")
        assert value(pilot, "oneroster_version") == saved

    drive(make_app(demo_folder, "connection"), steps)


@pytest.mark.parametrize("key", ["escape", "n", "enter"])
def test_leaving_rests_on_staying(drive: Drive, demo_folder: Path, key: str) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "right", "q", key)
        assert pilot.app.current_mode == "connection"
        assert value(pilot, "oneroster_version") == "1.2"

    drive(make_app(demo_folder, "connection"), steps)


def test_arrows_choose_between_the_answers(drive: Drive, demo_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "right", "1", "right", "enter")
        assert pilot.app.current_mode == "overview"
        assert config.load(demo_folder / "config.toml").connection.oneroster_version == "1.1"

    drive(make_app(demo_folder, "connection"), steps)


# Testing


def test_a_test_of_a_real_provider(drive: Drive, live_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await climb(pilot)
        assert "✓ The connection works: 14 schools" in screen_text(pilot.app)
        await press(pilot, "4")
        assert pilot.app.current_mode == "schools"

    drive(make_app(live_folder, "connection"), steps)


def test_what_is_typed_is_tested_unsaved(drive: Drive, live_folder: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await fill(pilot, "client_secret", "wrong")
        await climb(pilot, "ctrl+t")
        shown = screen_text(pilot.app)
        assert "✗ Failed: token." in shown
        assert "Traceback" not in shown
        assert config.load(live_folder / "config.toml").connection.client_secret == "demo-secret"

    drive(make_app(live_folder, "connection"), steps)


def test_an_unsaved_good_test_says_to_save(drive: Drive, demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, WELL)

    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "right")
        await climb(pilot)
        assert "ctrl+s saves it, then 4 goes to Schools." in " ".join(screen_text(pilot.app).split())

    drive(make_app(demo_folder, "connection"), steps)


def test_escape_stops_a_test(drive: Drive, demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, WELL[:2], hangs=True)

    async def steps(pilot: Pilot[Any]) -> None:
        await pilot.press("t")
        await until(pilot, lambda: len(screen_of(pilot).ladder.rungs) == 2)
        await press(pilot, "t")
        assert "A test is under way; esc stops it." in toasts(pilot)
        await press(pilot, "escape")
        assert "■ Stopped. t tests again." in screen_text(pilot.app)
        await until(pilot, lambda: all(worker.is_finished for worker in pilot.app.workers if worker.group == "test"))
        assert "■ Stopped. t tests again." in screen_text(pilot.app)

    drive(make_app(demo_folder, "connection"), steps)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConfigError("The environment variable S is not set.", do="set S"), "✗ The environment variable S is not set."),
        (ProviderError("The provider did not answer.", do="Try again."), "✗ The provider did not answer. Try again."),
        (RuntimeError("a secret thing"), "✗ The test broke off unexpectedly (RuntimeError)"),
    ],
)
def test_what_breaks_a_test_is_a_sentence(
    drive: Drive, demo_folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def ladder(_: object) -> Iterator[Rung]:
        yield WELL[0]
        raise error

    monkeypatch.setattr(probe, "ladder", ladder)

    async def steps(pilot: Pilot[Any]) -> None:
        await climb(pilot)
        assert said in screen_text(pilot.app)
        assert "a secret thing" not in screen_text(pilot.app)

    drive(make_app(demo_folder, "connection"), steps, (120, 40))


def test_what_is_missing_is_not_tested(drive: Drive, tmp_path: Path) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await press(pilot, "2", "t")
        assert "Still needed: Root URL, Client ID, Client secret, Token URL." in toasts(pilot)

    drive(make_app(tmp_path), steps)


def test_the_demo_is_shown_and_tested_only(drive: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: not pilot.app.desk.demo_pending)
        await press(pilot, "2")
        assert "demo district's own connection" in screen_text(pilot.app)
        await press(pilot, "down", "pagedown", "pageup", "up", "right", "ctrl+s")
        assert "The demo's connection cannot be changed." in toasts(pilot)
        await climb(pilot)
        assert "✓ The connection works: 14 schools" in screen_text(pilot.app)
        await press(pilot, "1")
        assert pilot.app.current_mode == "overview"

    drive(InterfaceApp(Options(demo=True), now=lambda: NOW, watch=False), steps)


# Hostile texts, sizes


@pytest.mark.parametrize("size", [*SIZES, (60, 18)], ids=[*IDS, "60x18"])
def test_hostile_texts_are_harmless(
    drive: Drive, demo_folder: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    visible = "".join(one for one in HOSTILE if one >= " ")
    write_config(demo_folder, connection__client_id=visible, connection__scopes=["[red]", "\u202eabc"])
    fake(monkeypatch, [WELL[0], Rung(HOSTILE, False, 500, 0.1, HOSTILE * 3), Rung("orgs", True, None, 0.1, HOSTILE)])

    async def steps(pilot: Pilot[Any]) -> None:
        await climb(pilot)
        screen_of(pilot).form.more.focus()
        await press(pilot, "enter", "up", "up", "up")
        shown = screen_text(pilot.app)
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "[red]ma" in shown  # as text, wherever it is cut
        assert all(len(line) <= size[0] for line in shown.splitlines())

    drive(make_app(demo_folder, "connection"), steps, size)


def test_resizing_breaks_nothing(drive: Drive, demo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, [*WELL[:6], REFUSED])

    async def steps(pilot: Pilot[Any]) -> None:
        await climb(pilot)
        before = screen_text(pilot.app)
        await resize(pilot, (60, 18), (30, 8), (200, 60))
        assert screen_text(pilot.app) == before
        await resize(pilot, (30, 8))
        await drag(pilot, (60, 18), (30, 8), (200, 60))
        assert screen_text(pilot.app) == before

    drive(make_app(demo_folder, "connection"), steps, (200, 60))


def test_a_test_does_not_keep_the_app_from_ending(
    drive: Drive, demo_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(monkeypatch, WELL[:1], hangs=True)

    async def steps(pilot: Pilot[Any]) -> None:
        await pilot.press("t")
        await until(pilot, lambda: len(screen_of(pilot).ladder.rungs) == 1)

    before = threading.active_count()
    drive(make_app(demo_folder, "connection"), steps)
    assert threading.active_count() <= before


def test_a_bundle_in_place_of_a_service(tmp_path: Path, drive: Drive) -> None:
    path = write_config(tmp_path)
    write(tmp_path / "b.zip", small_district())

    async def steps(pilot: Pilot[Any]) -> None:
        screen = screen_of(pilot)
        form = screen.form
        form.rows["oauth_version"].editor.focus()
        await press(pilot, "left")  # round to the last
        assert [name for name, row in form.rows.items() if row.display] == ["oauth_version", "bundle"]
        assert screen.why_not_test() == "Still needed: Bundle."
        form.rows["bundle"].editor.focus()
        await press(pilot, *"b.zip")
        screen.action_test()
        await until(pilot, lambda: screen.ladder.verdict is not None)
        assert "The connection works: 2 schools" in screen_text(pilot.app)
        assert [rung.name for rung in screen.ladder.rungs][:2] == ["manifest", "orgs"]
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: not screen.draft.edited)
        saved = config.load(path).connection
        assert (saved.bundle, saved.oauth_version) == ("b.zip", "2.0")
        form.rows["oauth_version"].editor.focus()
        await press(pilot, "right")
        assert form.rows["root_url"].display
        assert screen.draft.changes() == {"connection.bundle": ""}

    drive(make_app(tmp_path, "connection"), steps)
