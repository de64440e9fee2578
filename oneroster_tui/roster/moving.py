"""Moving a roster from one database to another, whatever the engines: every row under its own id, all of it or nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from oneroster_tui.errors import ConfigError, RosterError, RunLocked
from oneroster_tui.roster import models
from oneroster_tui.roster.database import Roster
from oneroster_tui.roster.locks import Taken

BATCH = 5000
"""Rows in memory at a time."""

NOT_MOVED = ("schema_migration", "fingerprints_users", "fingerprints_enrollments", "run_locks")
"""Tables that each database makes for itself: what it has migrated, caches, locks."""


def move(source: Roster, target: Roster, tell: Callable[[str, int], None]) -> dict[str, int]:
    """Copies every row of every table; says how many each.

    Args:
        target: an empty roster, with its schema.
        tell: takes each table and how many rows it had, as they were moved.

    Raises:
        ConfigError: the target holds rows.
        RunLocked: a run is under way in the source.
        RosterError: one of them cannot be read or written, or the counts differ; and then the target is empty.
    """
    tables = tables_of(source, target)
    with alone(source), source.snapshot(), target.transaction():
        refuse_full(target, tables)
        for table in tables:
            copy(source, target, table)
            counts = [int(one.value(f"SELECT COUNT(*) FROM {table}")) for one in (source, target)]
            if counts[0] != counts[1]:
                raise RosterError(
                    f"Of {counts[0]:,} rows of {table} {counts[1]:,} arrived: nothing was moved.",
                    where=target.place,
                    do="report it; the roster is where it was",
                )
            tell(table, counts[1])
        # Ids were given out to rows that are gone, too.
        given_out = dict(source.execute("SELECT entity, last_id FROM id_counters").fetchall())
        for table in tables:
            if any(column.name == "id" for column in target.database.get_columns(table)):
                target.engine.free_ids(target.execute, table, given_out.get(table, 0))
        return {table: int(target.value(f"SELECT COUNT(*) FROM {table}")) for table in tables}


def tables_of(source: Roster, target: Roster) -> list[str]:
    """What is moved, in the order that satisfies references: the promised tables, then whatever else both have."""
    first = [str(model._meta.table_name) for model in models.TABLES]
    there = set(source.database.get_tables()) & set(target.database.get_tables())
    return [*first, *sorted(there.difference(first, NOT_MOVED))]


@contextlib.contextmanager
def alone(roster: Roster) -> Iterator[None]:
    """Keeps every run of every source away.

    Raises:
        RunLocked: one is under way.
    """
    with contextlib.ExitStack() as stack:
        for (name,) in roster.execute("SELECT name FROM sources ORDER BY name").fetchall():
            try:
                stack.enter_context(roster.locks.hold(name))
            except Taken:
                raise RunLocked(
                    f"A run of {name!r} is under way.", where=roster.place, do="wait for it to end and try again"
                ) from None
        yield


def refuse_full(target: Roster, tables: Iterable[str]) -> None:
    """Refuses a target that holds anything.

    Raises:
        ConfigError: it does.
    """
    for table in tables:
        if target.value(f"SELECT 1 FROM {table} LIMIT 1"):
            raise ConfigError(
                f"The database to move to is not empty: {table} has rows. Nothing was moved.",
                where=target.place,
                do="name an empty database (createdb NAME), or a file that is not there yet",
            )


def copy(source: Roster, target: Roster, table: str) -> None:
    """Copies a table's rows."""
    described = target.database.get_columns(table)
    columns = [column.name for column in described]
    fit = fitter([column.data_type.lower() in ("boolean", "bool") for column in described])
    rows = source.stream(f"SELECT {', '.join(columns)} FROM {table}")
    while some := [fit(row) for row in islice(rows, BATCH)]:
        target.load(table, columns, some)


def fitter(flags: list[bool]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """From a row as one engine gives it to one that another takes: true and false, and no NUL, which PostgreSQL refuses."""

    def fit(row: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(
            bool(value)
            if flag and value is not None
            else value.replace("\0", "\ufffd")
            if type(value) is str and "\0" in value
            else value
            for flag, value in zip(flags, row, strict=True)
        )

    return fit
