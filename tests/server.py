"""A PostgreSQL server for tests, where there is one.

`ONEROSTER_TUI_TEST_POSTGRES` is the url of a database whose user may make others. `.ci/run` starts one; without it the tests
that need one are skipped, and say so.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from oneroster_tui.roster import models
from oneroster_tui.roster.database import Roster, open_roster

VARIABLE = "ONEROSTER_TUI_TEST_POSTGRES"
URL = os.environ.get(VARIABLE, "")

needs_server = pytest.mark.skipif(not URL, reason=f"no PostgreSQL server: {VARIABLE} is not set")

_free: list[str] = []
_made: list[str] = []


def administer(*statements: str) -> None:
    """Runs statements in the database that the variable names."""
    import psycopg

    with psycopg.connect(URL, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def at(name: str) -> str:
    """The url of another database of the server."""
    return urlunsplit(urlsplit(URL)._replace(path=f"/{name}"))


def make_database() -> str:
    """A new empty database, dropped when this process ends; its name."""
    name = f"oneroster_test_{os.getpid()}_{uuid.uuid4().hex[:8]}"
    administer(f"CREATE DATABASE {name} TEMPLATE template0")
    if not _made:
        atexit.register(drop_all)
    _made.append(name)
    return name


def drop_all() -> None:
    """Drops what was made."""
    administer(*(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)" for name in _made))


@contextlib.contextmanager
def empty_database() -> Iterator[str]:
    """The url of a database without any table."""
    name = make_database()
    yield at(name)


@contextlib.contextmanager
def empty_roster() -> Iterator[Roster]:
    """An empty roster; its database is used again by the next who asks, for making one costs more than a test."""
    name = _free.pop() if _free else make_database()
    roster = open_roster(at(name), Path())
    try:
        if has_rows(roster):
            tables = ", ".join(str(model._meta.table_name) for model in models.TABLES)
            roster.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
        yield roster
    finally:
        roster.close()
        _free.append(name)


def has_rows(roster: Roster) -> Any:
    """Whether anybody has used it."""
    return roster.value("SELECT 1 FROM sources LIMIT 1") or roster.value("SELECT 1 FROM id_counters LIMIT 1")
