"""What a support bundle is made from. Names and ids leave this file only to be masked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from oneroster_tui.roster import models
from oneroster_tui.roster.database import Roster
from oneroster_tui.roster.queries.audit import ANY_RUN
from oneroster_tui.roster.queries.past import RunRow, runs

__all__ = ["ProblemGroup", "RunRow", "change_groups", "ids", "people", "problem_groups", "profile", "runs", "sizes"]

SYNCED = ("orgs", "academic_sessions", "courses", "classes", "users", "enrollments", "relationships")
PERSONAL = ("username", "identifier", "given_name", "family_name", "middle_name", "email", "sourced_id")
SHOWN = 20
"""Ids shown of one kind of problem."""


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """The problems of one kind in one run; `some`: the first sourcedIds, `message`: the first one's."""

    entity: str
    severity: str
    code: str
    count: int
    message: str
    some: tuple[str, ...]


def ids(roster: Roster) -> dict[str, str]:
    """sourcedId -> table, of everything that the roster holds."""
    found: dict[str, str] = {}
    for table in reversed(SYNCED):
        found.update((str(row[0]), table) for row in roster.execute(f"SELECT sourced_id FROM {table}").fetchall())
    return found


def people(roster: Roster) -> Iterator[str]:
    """Names, usernames, e-mails and ids of everybody, and what the audit still knows of them."""
    for row in roster.execute(f"SELECT {', '.join(PERSONAL)} FROM users").fetchall():
        yield from filter(None, row)
    rows = roster.execute(
        f"SELECT sourced_id, before, after FROM sync_changes WHERE {ANY_RUN} AND entity = 'users'"
    ).fetchall()
    for sourced_id, *documents in rows:
        yield sourced_id
        for document in filter(None, documents):
            values = msgspec.json.decode(document, type=dict[str, Any])
            yield from (str(values[column]) for column in PERSONAL if values.get(column))


def problem_groups(roster: Roster, run_id: int) -> Iterator[ProblemGroup]:
    """A run's problems by table, severity and code."""
    groups = roster.execute(
        "SELECT entity, severity, code, COUNT(*), MIN(message) FROM sync_problems WHERE run_id = ? "
        "GROUP BY entity, severity, code ORDER BY severity, COUNT(*) DESC",
        (run_id,),
    ).fetchall()
    for entity, severity, code, count, message in groups:
        some = roster.execute(
            "SELECT sourced_id FROM sync_problems WHERE run_id = ? AND entity = ? AND severity = ? AND code = ? "
            f"ORDER BY id LIMIT {SHOWN}",
            (run_id, entity, severity, code),
        ).fetchall()
        yield ProblemGroup(entity, severity, code, count, message, tuple(row[0] for row in some))


def change_groups(roster: Roster, run_id: int) -> list[tuple[str, str, str, int]]:
    """A run's changes: table, action, reason, how many."""
    rows = roster.execute(
        "SELECT entity, action, reason, COUNT(*) FROM sync_changes WHERE run_id = ? GROUP BY entity, action, reason "
        "ORDER BY entity, action, reason",
        (run_id,),
    ).fetchall()
    return [tuple(row) for row in rows]


def sizes(roster: Roster) -> dict[str, Any]:
    """Rows of every table, and of the synced ones by status; the tables' columns; the migrations."""
    tables = [model._meta.table_name for model in models.TABLES]
    status = {
        table: dict(roster.execute(f"SELECT status, COUNT(*) FROM {table} GROUP BY status").fetchall())
        for table in SYNCED
    }
    return {
        "rows": {table: roster.value(f"SELECT COUNT(*) FROM {table}") for table in tables},
        "by_status": status,
        "columns": {table: [column.name for column in roster.database.get_columns(table)] for table in tables},
        "migrations": [row[0] for row in roster.execute("SELECT name FROM schema_migration").fetchall()],
    }


def profile(roster: Roster, source: str) -> dict[str, Any]:
    """What is known of the provider, as it is stored; empty where nothing is."""
    text = roster.value("SELECT profile FROM sources WHERE name = ?", (source,))
    return msgspec.json.decode(text, type=dict[str, Any]) if text else {}
