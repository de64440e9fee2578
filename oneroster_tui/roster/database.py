"""From the config's url to an open roster: the file's mode, pragmas, migrations, and errors in a person's words."""

from __future__ import annotations

import contextlib
import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import peewee as pw

from oneroster_tui.errors import ConfigError, NoRoster, RosterError
from oneroster_tui.roster import models
from oneroster_tui.roster.engine import PAGE, Engine, Rows
from oneroster_tui.roster.locks import FileLocks, Locks
from oneroster_tui.text import sanitise

BUSY_TIMEOUT = 30.0
"""Seconds to wait for another writer before "the database is locked" is an error."""

RETRIES = 10
"""How often a transaction is tried again that failed only because another one was at the same rows."""

T = TypeVar("T")

MIGRATIONS = Path(__file__).with_name("migrations")


def now() -> str:
    """This moment as the roster writes it: UTC, ISO 8601, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Roster:
    """An open roster database.

    Args:
        database: the peewee database, connected by whoever uses it first on each thread.
        place: what a person calls it: the file's path, or the url without its password.
        locks: the locks of its sources; None: the engine's own.
    """

    def __init__(self, database: pw.Database, engine: Engine, place: str, locks: Locks | None = None) -> None:
        self.database = database
        self.engine = engine
        self.place = place
        self.locks = locks or engine.locks(self.execute, self.close)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """Runs one statement (in SQLite's words, see `engine`) and gives the driver's cursor."""
        with self.explained():
            return self.database.execute_sql(self.engine.translate(sql), parameters)

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> int:
        """Runs one prepared statement for many rows in one transaction; says how many rows it wrote."""
        with self.explained(), self.database.atomic():
            cursor = self.database.cursor()
            cursor.executemany(self.engine.translate(sql), rows)
            return int(cursor.rowcount)

    def load(self, table: str, columns: Sequence[str], rows: Rows) -> int:
        """Inserts many rows the quickest way and leaves alone what is there already; says how many were new."""
        with self.explained():
            return self.engine.load(self.database, table, columns, rows)

    def stream(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a query of any length, read as they are asked for, in the memory of a few."""
        with self.explained():
            yield from self.engine.stream(self.database, self.engine.translate(sql), parameters)

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything that is read within is of one moment, whatever a sync writes meanwhile; nothing waits for it."""
        with self.engine.snapshot(self.database):
            yield

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The first column of the first row, or None."""
        row = self.execute(sql, parameters).fetchone()
        return row[0] if row else None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; within another one, a part that can fail by itself."""
        with self.explained(), self.engine.atomic(self.database):
            yield

    def transact(self, work: Callable[[], T]) -> T:
        """Does some work in a transaction, and anew where that failed only because another one was at the same rows.

        The work may be done several times, so it must not change anything but the roster.
        """
        for attempt in range(RETRIES):
            try:
                with self.transaction():
                    return work()
            except RosterError as error:
                inside = self.database.in_transaction()  # then the outer one is to be done anew
                if inside or error.__cause__ is None or not self.engine.may_retry(error.__cause__):
                    raise
                time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 -- so that two do not meet again
        with self.transaction():
            return work()

    def offhand(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Runs one statement that nobody needs: not in the middle of a transaction, and not where it would have to wait.

        Raises:
            RosterError: it was not done, for one of these reasons or another.
        """
        if self.database.in_transaction():
            raise RosterError("A transaction is under way.", where=self.place)
        with self.explained(), self.engine.impatient(self.database.execute_sql):
            self.execute(sql, parameters)

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Turns the driver's errors into sentences.

        Raises:
            RosterError: the database is locked, full, read-only, damaged, or refused otherwise.
            ConfigError: it cannot be reached with this url.
        """
        try:
            yield
        except self.engine.errors as error:
            raise self.engine.explain(error, self.place) or explain(error, self.place) from error

    def close(self) -> None:
        """Closes this thread's connection."""
        with contextlib.suppress(*self.engine.errors):
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
        url: `sqlite:///relative/or//absolute/path`, `postgresql://…` or `cockroachdb://…`.
        base: the folder relative paths start from (the config file's).
        create: whether a missing roster is made; without, it is an error.

    Raises:
        ConfigError: the url is not understood, or nobody can connect with it.
        NoRoster: it is missing, and not to be made.
        RosterError: it cannot be opened.
    """
    roster = open_server(url) if is_server(url) else open_file(sqlite_path(url, base), create=create)
    try:
        with roster.explained():
            if not create and not roster.database.table_exists("schema_migration"):
                raise NoRoster(
                    "There is no roster yet.", where=roster.place, do="run a sync first: oneroster-tui --sync"
                )
            roster.engine.alone(roster.database, lambda: migrate(roster.database))
            roster.engine.settle(roster.execute)
    except BaseException:
        roster.close()
        raise
    models.database.initialize(roster.database)
    return roster


def is_server(url: str) -> bool:
    """Whether a url names a database server, in place of a file."""
    return url.partition("://")[0] in ("postgresql", "cockroachdb")


def open_server(url: str) -> Roster:
    """A roster on a server, not yet connected.

    Raises:
        ConfigError: the url cannot be read, or the driver is missing.
    """
    from oneroster_tui.roster.postgres import connected  # the driver is an extra

    database, engine = connected(url)
    return Roster(database, engine, public_url(url))


def public_url(url: str) -> str:
    """A database's url without what may be a secret."""
    parts = urlsplit(url)
    user, separator, host = parts.netloc.rpartition("@")
    return f"{parts.scheme}://{user.partition(':')[0]}{separator}{host}{parts.path}"


CACHE = 8000
"""KiB of the file that a connection keeps at hand. Four times as much made a first sync of 200,000 people 73 MB larger and
not faster: the operating system keeps the file at hand, too."""


def open_file(path: Path, *, create: bool) -> Roster:
    """A roster in an SQLite file, made empty where it is missing."""
    if not path.exists():
        if not create:
            raise NoRoster("There is no roster yet.", where=str(path), do="run a sync first: oneroster-tui --sync")
        make_private(path)
    database = pw.SqliteDatabase(
        str(path),
        timeout=BUSY_TIMEOUT,
        pragmas={
            "page_size": PAGE,  # of a new file; before anything else
            "journal_mode": "wal",
            "foreign_keys": 1,
            "threads": 1,
            "synchronous": "NORMAL",
            "cache_size": -CACHE,
        },
    )
    real = path.resolve()  # by whatever link a run came, it meets the others at one lock
    return Roster(database, Engine(), str(path), FileLocks(real.with_name(real.name + ".lock")))


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
            do='use "sqlite:///roster.db" (relative to the config file), "sqlite:////absolute/path.db", "postgresql://…" '
            'or "cockroachdb://…"',
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
    """Applies the migration scripts that this database has not seen.

    Raises:
        RosterError: it is a newer version's, or a file of another program.
    """
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
    tables = database.get_tables()
    if isinstance(database, pw.SqliteDatabase) and tables and "schema_migration" not in tables:
        raise RosterError(
            f"The file is another program's database: it has the table {sanitise(tables[0], 60)}.",
            where=str(database.database),
            do="check [database] url: name a file that is not there yet",
        )
    from playhouse.migrations import Runner  # only when there is work: it costs a tenth of a second

    Runner(database, str(MIGRATIONS)).up()
