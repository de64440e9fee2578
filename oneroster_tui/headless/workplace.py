"""What a command works with: the config, the demo provider where it stands in, the client and the roster."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from oneroster_tui import config
from oneroster_tui.config import Settings
from oneroster_tui.errors import ConfigError

if TYPE_CHECKING:
    from oneroster_tui.demo import DemoProvider, Version
    from oneroster_tui.roster.database import Roster

DEMO_FOLDER = "oneroster-demo"
"""Where `--demo` keeps its own config and roster: below the config file's folder, or below the current one."""

DEMO_ROLES = {
    "student": "Student",
    "teacher": "Teacher",
    "aide": "Aide",
    "parent": "Parent",
    "guardian": "Guardian",
    "relative": "Relative",
    "ext:aide": "Aide",  # how 1.2 has to say it in an enrollment
}


@dataclass(frozen=True, slots=True)
class Options:
    """The options that every command takes."""

    config: Path | None = None
    bundle: Path | None = None
    demo: bool = False
    demo_day: int = 1
    demo_version: Version = "1.1"
    json: bool = False

    @property
    def command(self) -> str:
        """How a person calls this program again, for the same roster: what hints begin with."""
        words = ["oneroster-tui"]
        if self.demo:
            words.append("--demo")
        if self.demo_day != 1:
            words.append(f"--demo-day {self.demo_day}")
        if self.demo_version != "1.1":
            words.append(f"--demo-version {self.demo_version}")
        if self.config is not None:
            words.append(f"--config {shlex.quote(str(self.config))}")
        return " ".join(words)


@contextlib.contextmanager
def opened(options: Options) -> Iterator[Settings]:
    """The settings to work with, and the demo provider running where it was asked for.

    Raises:
        ConfigError: config.toml cannot be used.
    """
    if options.bundle and options.demo:
        raise ConfigError(
            "A bundle and the demo district cannot be read at once.", where="--bundle, --demo", do="leave one out"
        )
    if not options.demo:
        settings = config.load(config.find(options.config, os.environ))
        if options.bundle:
            bundle = str(options.bundle.expanduser().absolute())
            settings = replace(settings, connection=replace(settings.connection, bundle=bundle))
        yield settings
        return
    from oneroster_tui import demo

    with demo.running(day=options.demo_day, version=options.demo_version) as provider:
        yield with_demo(demo_settings(options), provider)


def with_demo(settings: Settings, provider: DemoProvider) -> Settings:
    """The same settings, with the connection to a running demo provider; without a selection, all its schools."""
    connection = replace(
        config.defaults(settings.path).connection,
        oneroster_version=provider.version,
        root_url=provider.root_url,
        token_url=provider.token_url,
        client_id=provider.client_id,
        client_secret=provider.client_secret,
    )
    schools = settings.schools if settings.schools.sync else config.Schools(sync=provider.school_ids)
    return replace(settings, connection=connection, schools=schools)


def demo_path(options: Options) -> Path:
    """Where the demo's config stands (it need not exist): the given one, or the one in the demo's own folder."""
    return options.config or Path.cwd() / DEMO_FOLDER / "config.toml"


def demo_settings(options: Options) -> Settings:
    """The demo's settings: its own folder's config, or the given one with the demo's own database.

    Raises:
        ConfigError: the file cannot be used.
    """
    path = demo_path(options)
    if options.config:
        return replace(config.load(path), database=config.Database(url=f"sqlite:///{DEMO_FOLDER}/roster.db"))
    if path.exists():
        return replace(config.load(path), database=config.Database(url="sqlite:///roster.db"))
    return demo_defaults(path)


def demo_defaults(path: Path) -> Settings:
    """The demo's settings as long as nobody has saved any."""
    database = config.Database(url="sqlite:///roster.db")
    return replace(config.defaults(path), source="demo", role_mapping=DEMO_ROLES, database=database)


def require(settings: Settings, missing: tuple[str, ...]) -> None:
    """Refuses to go on with a config that is not finished.

    Raises:
        ConfigError: something is still to be set.
    """
    if missing:
        raise ConfigError(
            "The configuration is not finished.",
            where=str(settings.path),
            do="set what is missing, or try --demo first",
            problems=tuple(f"{key} is not set" for key in missing),
        )


@contextlib.contextmanager
def roster_of(settings: Settings, *, create: bool = True) -> Iterator[Roster]:
    """The open roster of a config.

    Raises:
        RosterError: it cannot be opened, or is not there and must not be made.
    """
    from oneroster_tui.roster.database import open_roster  # late: the interface shows itself before it loads peewee

    roster = open_roster(settings.database.url, settings.path.parent, create=create)
    try:
        yield roster
    finally:
        roster.close()


Stopping = Callable[[], bool]
