"""README does what it says: its commands, run word for word; what it says is left behind; what its words lead to."""

from __future__ import annotations

import asyncio
import re
import shlex
from pathlib import Path

import click
import pytest

from oneroster_tui import config, demo
from tests.docs import pictures
from tests.docs.commands import PROGRAM
from tests.docs.following import ROOT, blocks, clean_place, follow

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]


def left(home: Path) -> set[str]:
    """The files in a home and in the folders below it."""
    return {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}


def test_readme_followed_word_for_word_works_and_leaves_what_it_says(tmp_path: Path) -> None:
    install, look, sample, real, nightly, remove = blocks(ROOT / "README.md")
    assert look[1].startswith(".venv/bin/oneroster-tui --demo")  # needs a terminal: tests/screens opens it
    with clean_place(tmp_path) as environment, demo.running() as provider:
        checkout = tmp_path / "checkout"
        before = left(checkout)
        follow(install, environment, checkout)
        said = follow(look[:1], environment, checkout)
        assert "Creating new user" in said
        assert "Updating existing user" in said
        assert left(checkout) - before <= {f"oneroster-demo/roster.db{more}" for more in ("", "-demo.lock")}
        follow(sample, environment, checkout)
        # "Open my.toml and set in [connection] what your provider gave you"
        given = {"root_url": provider.root_url, "token_url": provider.token_url}
        given |= {"client_id": provider.client_id, "client_secret": provider.client_secret}
        config.save(checkout / "my.toml", {f"connection.{name}": value for name, value in given.items()})
        said = follow(real, environment, checkout)
        assert "A plan only: nothing was written." in said
        assert "All decisions were applied." in said
        assert "my.toml" in follow([real[0], *nightly], environment, checkout)
        follow(remove, environment, checkout)
        assert left(checkout) - before <= {"my.toml", *(f"roster.db{more}" for more in ("", "-default.lock"))}
        assert left(tmp_path / "home") == set()


def test_the_interface_leaves_what_readme_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from oneroster_tui.app import InterfaceApp
    from oneroster_tui.headless.workplace import Options

    with clean_place(tmp_path) as environment:
        for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("HOME", environment["HOME"])
        checkout = tmp_path / "checkout"
        monkeypatch.chdir(checkout)
        before = left(checkout)

        async def session() -> None:
            app = InterfaceApp(Options(demo=True))
            async with app.run_test() as pilot:
                await pilot.press("4")
                await pilot.pause()
                app.theme = "nord"
                app.copy_to_clipboard("x")
                await pilot.press("3", "q")

        asyncio.run(session())
        assert left(tmp_path / "home") == {".local/state/oneroster-tui/interface.json"}
        follow(blocks(ROOT / "README.md")[-1], environment, checkout)
        assert left(tmp_path / "home") == set()
        assert left(checkout) == before


@pytest.mark.parametrize("name", NAMES)
def test_what_a_document_links_to_is_there(name: str) -> None:
    path = ROOT / name
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("mailto:"):
            assert (path.parent / target).exists(), f"{name} links to {target}"


@pytest.mark.parametrize("name", NAMES)
def test_every_command_a_document_names_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    fenced = re.findall(r"^```(?:sh|text)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in fenced for line in block.splitlines()]
    for line in [*lines, *re.findall(r"`([^`\n]+)`", text)]:
        for called in re.findall(rf"(?:^|[\s(/]){PROGRAM}((?: [^|>;&)`\"]*)?)", line.partition("#")[0]):
            check_words(called, f"{name}: {line}")


def check_words(called: str, where: str) -> None:
    """Every command and option among the words of a call is one that the program has."""
    from oneroster_tui.cli import cli

    command: click.Command = cli
    known = {"-h", "--help", *(word for one in cli.params for word in one.opts)}
    try:
        words = shlex.split(called)
    except ValueError:
        words = called.split()
    for before, word in zip(["", *words], words, strict=False):
        if isinstance(command, click.Group) and re.fullmatch(r"[a-z][a-z-]*", word) and not before.startswith("-"):
            assert word in command.commands, f"no such command: {word} in {where}"
            command = command.commands[word]
            known |= {option for one in command.params for option in one.opts}
        elif re.fullmatch(r"--[a-z][a-z0-9-]*", word):
            assert word in known, f"no such option: {word} in {where}"


def test_the_architecture_names_every_room_and_no_other() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = [path for path in (ROOT / "oneroster_tui").iterdir() if path.is_dir() or path.suffix == ".py"]
    there = {f"oneroster_tui/{room.name}{'/' if room.is_dir() else ''}" for room in rooms}
    there -= {"oneroster_tui/__init__.py", "oneroster_tui/__pycache__/"}
    named = set(re.findall(r"^\| `(\w+/(?:[\w.]+/?)?)` \|", text, re.MULTILINE))
    assert {room for room in named if room.startswith("oneroster_tui/")} == there
    assert all((ROOT / room).exists() for room in named)


def test_the_pictures_are_the_recorded_screens() -> None:
    for picture, screen in pictures.paths().items():
        assert picture.read_bytes() == screen.read_bytes(), f"{picture.name} is old: run `make screenshots`"
    shown = {name for path in DOCUMENTS for name in re.findall(r"images/([\w-]+)\.svg", path.read_text("utf-8"))}
    assert shown == set(pictures.PICTURES)
