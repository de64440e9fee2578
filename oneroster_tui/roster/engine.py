"""What engines say and do differently; everything else in the roster's SQL is common to all of them.

Statements are written in SQLite's words. Where a whole phrase differs there is a method for it here; single words (`?`, `LIKE`,
`temp.`) are put into the engine's own by `translate`, which `Roster.execute` asks for every statement.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Final, cast

import peewee as pw

from oneroster_tui.errors import RosterSyncError
from oneroster_tui.roster.locks import Locks

Execute = Callable[..., Any]
"""Runs one statement, in SQLite's words, with its parameters; gives the cursor."""

Rows = Sequence[Sequence[Any]]

AT_ONCE: Final = (500, 50, 5, 1)
"""How many rows go into a statement where many are loaded: as many as will go. The driver lets go of Python's lock for every
statement, and gets it back when another thread lets go of it: row by row, a load beside threads that decode pages took many
times as long. Only few sizes, because each is a statement that is kept prepared."""

PAGE: Final = 8_192
"""Bytes of a page of SQLite's, in the file and in the stage. With its own 4,096 a first load of 200,000 people asks the
operating system twice as often and takes a tenth longer; with 16,384 a delta, whose rows lie far apart, takes a quarter longer."""


def portions(rows: Rows) -> Iterator[Rows]:
    """The rows in portions of the sizes `AT_ONCE`."""
    place = 0
    for size in AT_ONCE:
        while len(rows) - place >= size:
            yield rows[place : place + size]
            place += size


class Engine:
    """SQLite's words and ways. Other engines override what differs."""

    name = "sqlite"
    errors: tuple[type[Exception], ...] = (pw.PeeweeException, sqlite3.Error, OSError)
    """What the driver, and what lies under it, raises."""

    # Words

    def translate(self, sql: str) -> str:
        """A statement in this engine's words."""
        return sql

    def differs(self, left: str, right: str) -> str:
        """A comparison that treats NULL as a value."""
        return f"{left} IS NOT {right}"

    def json_object(self, columns: Iterable[str], row: str = "", more: Sequence[tuple[str, str]] = ()) -> str:
        """A JSON object of a row's columns.

        Args:
            row: the alias the columns belong to.
            more: further members: pairs of a key and an SQL expression.
        """
        prefix = f"{row}." if row else ""
        members = [*((column, prefix + column) for column in columns), *more]
        return "json_object(" + ", ".join(f"'{key}', {value}" for key, value in members) + ")"

    def json_list(self, value: str) -> str:
        """An aggregate: the JSON list of a column's values; an empty one where there are none."""
        return f"json_group_array({value})"

    def as_json(self, text: str) -> str:
        """A text that is JSON, as a value inside another JSON document."""
        return f"json({text})"

    def json_each(self, document: str, alias: str) -> str:
        """A FROM item with one row for each object of a JSON list; see `json_member`."""
        return f"json_each({document}) AS {alias}"

    def json_member(self, alias: str, key: str) -> str:
        """A member of an object of `json_each`, where it is a text."""
        return f"json_extract({alias}.value, '$.{key}')"

    def json_texts(self, document: str, alias: str) -> str:
        """A FROM item with one row for each text of a JSON list: `value`."""
        return f"json_each({document}) AS {alias}"

    def insert_or_ignore(self, table: str, columns: Sequence[str], values: str) -> str:
        """An insert that leaves rows alone that are there already."""
        return f"INSERT INTO {table} ({', '.join(columns)}) {values} ON CONFLICT DO NOTHING"

    # Ways

    def settle(self, execute: Execute) -> None:
        """What makes a connection quick with temporary tables: they are never needed after a crash."""
        # Some builds overwrite whatever is deleted: the stage is gone with the connection as it is.
        settings = (
            f"page_size = {PAGE}",
            "journal_mode = OFF",
            "synchronous = OFF",
            "cache_size = -16000",
            "secure_delete = OFF",
        )
        for pragma in (f"temp.{setting}" for setting in settings):
            execute(f"PRAGMA {pragma}")

    def forbid_writing(self, execute: Execute) -> None:
        """What keeps a connection that only reads from ever writing."""
        execute("PRAGMA query_only = ON")

    def atomic(self, database: pw.Database) -> Any:
        """A transaction that takes the write lock at once, so that it never has to be given up half-way; or a savepoint in one."""
        return database.atomic("IMMEDIATE")

    def snapshot(self, database: pw.Database) -> Any:
        """A transaction whose reads all see the same moment."""
        return database.atomic("DEFERRED")

    def stream(self, database: pw.Database, sql: str, parameters: Sequence[Any]) -> Iterable[tuple[Any, ...]]:
        """The rows of a query (in this engine's words), in the memory of a few."""
        return cast("Iterable[tuple[Any, ...]]", database.execute_sql(sql, parameters))

    def load(self, database: pw.Database, table: str, columns: Sequence[str], rows: Rows) -> int:
        """Inserts many rows and leaves alone what is there already; says how many were new."""
        marks = f"({', '.join('?' * len(columns))})"
        loaded = 0
        with database.atomic() if len(rows) > 1 else contextlib.nullcontext():
            cursor = database.cursor()
            for some in portions(rows):
                statement = self.insert_or_ignore(table, columns, "VALUES " + ", ".join([marks] * len(some)))
                cursor.execute(statement, list(chain.from_iterable(some)))
                loaded += cursor.rowcount
        return loaded

    @contextlib.contextmanager
    def impatient(self, execute: Execute) -> Iterator[None]:
        """Waits for no other writer in the meantime."""
        patience = execute("PRAGMA busy_timeout").fetchone()[0]
        execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            execute(f"PRAGMA busy_timeout = {patience}")

    def measure(self, execute: Execute, table: str) -> None:
        """Lets the engine learn what a table that was just filled holds, where it does not by itself."""

    def free_ids(self, execute: Execute, table: str, above: int = 0) -> None:
        """Lets rows that are inserted without an id get one beyond those that the table has, and beyond `above`."""

    def alone(self, database: pw.Database, work: Callable[[], None]) -> None:
        """Does some work while no other process does the same, as far as that is needed: SQLite keeps them apart itself."""
        work()

    def locks(self, execute: Execute, close: Callable[[], None]) -> Locks:
        """The locks of a roster's sources, where the engine has some of its own.

        Args:
            execute: the roster's.
            close: closes the calling thread's connection.
        """
        raise NotImplementedError

    def may_retry(self, error: BaseException) -> bool:
        """Whether a transaction failed only because another one was at the same rows."""
        return False

    def explain(self, error: BaseException, place: str) -> RosterSyncError | None:
        """An error in a person's words, where they are the engine's own."""
        return None
