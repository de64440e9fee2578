"""From the config's url to an open roster: the file's mode, pragmas, migrations, and errors in a person's words."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import peewee as pw

from oneroster_tui.errors import ConfigError, NoRoster, RosterError
from oneroster_tui.roster import models
from oneroster_tui.roster.engine import Engine

BUSY_TIMEOUT = 30.0
"""Seconds to wait for another writer before "the database is locked" is an error."""

MIGRATIONS = Path(__file__).with_name("migrations")


def now() -> str:
    """This moment as the roster writes it: UTC, ISO 8601, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Roster:
    """An open roster database.

    Args:
        database: the peewee database, connected by whoever uses it first on each thread.
        place: what a person calls it: the file's path, or the url without its password.
        lock_path: where the lock files of its sources stand.
    """

    def __init__(self, database: pw.Database, engine: Engine, place: str, lock_path: Path) -> None:
        self.database = database
        self.engine = engine
        self.place = place
        self.lock_path = lock_path

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """Runs one statement (`?` for each parameter) and gives the driver's cursor."""
        with self.explained():
            return self.database.execute_sql(sql, parameters)

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> int:
        """Runs one prepared statement for many rows in one transaction; says how many rows it wrote."""
        with self.explained(), self.database.atomic():
            cursor = self.database.cursor()
            cursor.executemany(sql, rows)
            return int(cursor.rowcount)

    def stream(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a query of any length, read as they are asked for, in the memory of a few."""
        with self.explained():
            yield from self.database.execute_sql(sql, parameters)

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything that is read within is of one moment, whatever a sync writes meanwhile; nothing waits for it."""
        with self.database.atomic(self.engine.snapshot):
            yield

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The first column of the first row, or None."""
        row = self.execute(sql, parameters).fetchone()
        return row[0] if row else None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; takes the write lock at once, so that it never has to be given up half-way."""
        with self.explained(), self.database.atomic("IMMEDIATE"):
            yield

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Turns the driver's errors into sentences.

        Raises:
            RosterError: the database is locked, full, read-only, damaged, or refused otherwise.
        """
        try:
            yield
        except (pw.PeeweeException, sqlite3.Error, OSError) as error:
            raise explain(error, self.place) from error

    def close(self) -> None:
        """Closes this thread's connection."""
        with contextlib.suppress(pw.PeeweeException, sqlite3.Error):
            self.database.close()


def explain(error: BaseException, place: str) -> RosterError:
    """A driver's error in a person's words."""
    text = str(error).lower()
    if "cannot rollback" in text and error.__context__ is not None:
        # SQLite rolled back by itself (as it does on a full disk), and what it said then is the error to tell.
        told = error.__context__
        while not isinstance(told, RosterError) and told.__context__ is not None:
            told = told.__context__
        return told if isinstance(told, RosterError) else explain(told, place)
    for mark, what, do in (
        ("locked", "The roster is being written by another program.", "wait for it to end and run again"),
        ("full", "The disk is full: nothing was changed.", "free some space and run again"),
        ("readonly", "The roster cannot be written.", "check the owner and mode of the file and its folder"),
        ("read-only", "The roster cannot be written.", "check the owner and mode of the file and its folder"),
        ("malformed", "The roster is damaged.", "restore a backup; the next sync brings it up to date"),
        ("not a database", "The file is not a roster database.", "check [database] url, or restore a backup"),
        ("unable to open", "The roster cannot be opened.", "check [database] url and that its folder can be written"),
        ("disk i/o", "The disk refused to read or write: nothing was changed.", "check the disk and its free space"),
        ("no such table", "The roster lacks a table.", "check [database] url: is this another program's database?"),
    ):
        if mark in text:
            return RosterError(what, where=place, do=do)
    return RosterError(f"The roster answered: {error}", where=place, do="see the message; nothing was changed")


def open_roster(url: str, base: Path, *, create: bool = True) -> Roster:
    """Opens the database that `url` names, brings its schema up to date and binds the models to it.

    Args:
        url: `sqlite:///relative/or//absolute/path`.
        base: the folder relative paths start from (the config file's).
        create: whether a missing database is made; without, it is an error.

    Raises:
        ConfigError: the url is not understood.
        NoRoster: it is missing, and not to be made.
        RosterError: it cannot be opened.
    """
    path = sqlite_path(url, base)
    if not path.exists():
        if not create:
            raise NoRoster("There is no roster yet.", where=str(path), do="run a sync first: oneroster-tui --sync")
        make_private(path)
    database = pw.SqliteDatabase(
        str(path),
        timeout=BUSY_TIMEOUT,
        pragmas={"journal_mode": "wal", "foreign_keys": 1, "synchronous": "NORMAL", "cache_size": -32000},
    )
    roster = Roster(database, Engine(), str(path), path.with_name(path.name + ".lock"))
    with roster.explained():
        migrate(database)
        roster.engine.settle(database.execute_sql)
    models.database.initialize(database)
    return roster


def sqlite_path(url: str, base: Path) -> Path:
    """The file a `sqlite:///…` url names.

    Raises:
        ConfigError: another kind of url, or none of a file.
    """
    parts = urlsplit(url)
    if parts.scheme != "sqlite" or parts.netloc or not parts.path.strip("/"):
        raise ConfigError(
            f"The database url is not understood: {parts.scheme or url!s}://…",
            where="[database] url",
            do='use "sqlite:///roster.db" (relative to the config file) or "sqlite:////absolute/path.db"',
        )
    return base / unquote(parts.path)[1:]


def make_private(path: Path) -> None:
    """Makes an empty file of mode 0600 in its place: SQLite's own would be as open as the umask."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as error:
        raise RosterError(
            f"The roster cannot be created: {error.strerror}.",
            where=str(path),
            do="check [database] url and that its folder can be written",
        ) from error


def migrate(database: pw.Database) -> None:
    """Applies the migration scripts that this database has not seen."""
    scripts = sorted(script.stem for script in MIGRATIONS.glob("[0-9]*.py"))
    if database.table_exists("schema_migration"):
        seen = {name for (name,) in database.execute_sql("SELECT name FROM schema_migration")}
        unknown = sorted(seen.difference(scripts))
        if unknown:
            raise RosterError(
                f"The roster was written by a newer version of this program ({unknown[-1]}).",
                do="install that version, or use another database",
            )
        if seen.issuperset(scripts):
            return
    from playhouse.migrations import Runner  # only when there is work: it costs a tenth of a second

    Runner(database, str(MIGRATIONS)).up()
