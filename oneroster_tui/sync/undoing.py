"""How the changes of a run are taken back, row by row, from its audit; what a later run changed since is left alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import peewee as pw

from oneroster_tui.errors import ExitCode, RosterError
from oneroster_tui.records import Problem
from oneroster_tui.roster.database import Roster, now
from oneroster_tui.roster.queries import ChangeRow, change_row
from oneroster_tui.sync import runs
from oneroster_tui.sync.apply import add_roles, keep_highest_id
from oneroster_tui.sync.audit import row_json, stored_columns
from oneroster_tui.sync.entities import (
    ACADEMIC_SESSIONS,
    CLASSES,
    ENROLLMENTS,
    ENTITIES,
    RELATIONSHIPS,
    USERS,
    Entity,
    relationship_name,
)
from oneroster_tui.sync.events import Decision, Emit, ProblemFound
from oneroster_tui.sync.id_map import rename_relationships

BATCH = 1000
"""Audit rows read at a time."""

IGNORED = ("missing_runs", "updated_at")
"""Columns that change without an audit row, or with every one."""

HANGING_ON = {
    USERS.table: ((ENROLLMENTS, "user_id"), (RELATIONSHIPS, "student_id"), (RELATIONSHIPS, "agent_id")),
    CLASSES.table: ((ENROLLMENTS, "class_id"),),
}
"""What refers to a row, and would go with it."""

FLAGS = ("enabled", "is_primary")
"""Columns that are true or false; SQLite's JSON calls them 1 and 0."""

BY_TABLE = {entity.table: entity for entity in ENTITIES}


@dataclass(slots=True)
class Conflict(Exception):
    """A row that cannot be taken back, and why."""

    why: str


class Undoing:
    """One undo: first the rows that the run deleted come back, what others refer to first; then all else, the other way."""

    def __init__(self, roster: Roster, source_id: int, run: runs.Run, run_id: int, emit: Emit) -> None:
        self.roster = roster
        self.source_id = source_id
        self.run = run
        self.run_id = run_id
        self.emit = emit
        self.moment = now()
        self.counts: dict[str, dict[str, int]] = {entity.table: {} for entity in ENTITIES}
        self.named: set[int] = set()
        """Of the table at hand: the rows that have back the sourcedId that they had before the run."""
        self.ids: list[tuple[int, set[str], set[str]]] = []
        """Of users: their local id, the provider ids that mean them now, and those that are to mean them again."""

    def conduct(self) -> None:
        """Takes every change back that can be, and concludes the run."""
        for entity in ENTITIES:
            for change in self.changes(entity, "before IS NOT NULL AND after IS NULL"):
                self.take_back(change)
        for entity in reversed(ENTITIES):
            if not entity.early_ids:
                keep_highest_id(self.roster, entity)
            self.give_names_back(entity)
            for change in self.changes(entity, "after IS NOT NULL"):
                self.take_back(change)
        self.follow_ids()
        self.follow_classes()
        conflicts = sum(actions.get("problems", 0) for actions in self.counts.values())
        self.run.counts = self.counts
        self.run.exit_code = ExitCode.RECORD_PROBLEMS if conflicts else ExitCode.DONE
        self.run.outcome = "planned" if self.run.mode == "plan" else "done"
        restored, deleted = (
            sum(actions.get(action, 0) for actions in self.counts.values()) for action in ("restored", "deleted")
        )
        left = f"; {conflicts:,} changed since and were left alone" if conflicts else ""
        verb = "would be" if self.run.mode == "plan" else "were"
        back = f"{restored:,} rows {verb} put back as they were before run {self.run_id}"
        self.run.message = f"{back}, {deleted:,} that it created {verb} deleted{left}."

    def changes(self, entity: Entity, where: str) -> Iterator[ChangeRow]:
        """The run's audit rows of a table, in batches: the undo writes to the same table."""
        last = 0
        while True:
            rows = self.roster.execute(
                "SELECT id, entity, local_id, sourced_id, action, reason, before, after FROM sync_changes WHERE run_id = ? "
                f"AND entity = ? AND action NOT IN ('held', 'waiting') AND {where} AND id > ? ORDER BY id LIMIT {BATCH}",
                (self.run_id, entity.table, last),
            ).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield from map(change_row, rows)

    def give_names_back(self, entity: Entity) -> None:
        """Gives the rows that an id map renamed the sourcedIds they had, all at once: those may have gone round among them.

        A row that changed since keeps its name; so does every row that would need it, and `write` says so.
        """
        self.named = set()
        mode = self.roster.value("SELECT mode FROM sync_runs WHERE id = ?", (self.run_id,))
        if entity is RELATIONSHIPS or mode not in ("id-map", "undo"):
            return
        renamed = []
        for change in self.changes(entity, "before IS NOT NULL AND after IS NOT NULL"):
            before, after = change.before or {}, change.after or {}
            if before["sourced_id"] != after["sourced_id"]:
                with contextlib.suppress(Conflict):
                    self.require_unchanged(entity, change)
                    renamed.append((change.local_id, before["sourced_id"]))
        if not renamed:
            return
        self.roster.execute("DROP TABLE IF EXISTS temp.names_back")
        self.roster.execute("CREATE TEMP TABLE names_back (id BIGINT PRIMARY KEY, sourced_id TEXT)")
        self.roster.load("names_back", ("id", "sourced_id"), renamed)
        taken = (
            f"EXISTS (SELECT 1 FROM {entity.table} r WHERE r.source_id = ? AND r.sourced_id = names_back.sourced_id "
            "AND r.id NOT IN (SELECT id FROM names_back))"
        )
        while self.roster.execute(f"DELETE FROM names_back WHERE {taken}", (self.source_id,)).rowcount > 0:
            pass
        for name in ("' ' || n.sourced_id", "n.sourced_id"):  # none begins with a blank
            self.roster.execute(
                f"UPDATE {entity.table} SET sourced_id = {name} FROM names_back n WHERE n.id = {entity.table}.id"
            )
        self.named = {local_id for (local_id,) in self.roster.execute("SELECT id FROM names_back").fetchall()}
        if entity is USERS:
            rename_relationships(self.roster, "SELECT id FROM names_back")

    def take_back(self, change: ChangeRow) -> None:
        """Takes one change back, or says why not."""
        entity = BY_TABLE[change.entity]
        actions = self.counts[entity.table]
        try:
            action = self.put_back(entity, change)
        except Conflict as conflict:
            actions["problems"] = actions.get("problems", 0) + 1
            self.report(change, conflict.why)
            return
        actions[action] = actions.get(action, 0) + 1
        self.roster.execute(
            "INSERT INTO sync_changes (run_id, entity, local_id, sourced_id, action, reason, before, after) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self.run.id,
                entity.table,
                change.local_id,
                change.sourced_id,
                action,
                f"undo of run {self.run_id}",
                encoded(change.after),
                encoded(change.before),
            ),
        )
        name = str(
            (change.before or change.after or {}).get("username")
            or (change.before or change.after or {}).get("title", "")
        )
        self.emit(
            Decision(entity.table, entity.noun, action, name or change.sourced_id, change.local_id, change.sourced_id)  # type: ignore[arg-type]
        )

    def put_back(self, entity: Entity, change: ChangeRow) -> str:
        """Makes a row what it was before the run.

        Raises:
            Conflict: the row is no longer what the run made of it, or something new hangs on it.
        """
        self.require_unchanged(entity, change)
        if change.before is None:
            self.require_unused(entity, change)
            self.roster.execute(f"DELETE FROM {entity.table} WHERE id = ?", (change.local_id,))
            self.move_ids(entity, change)
            return "deleted"
        try:
            with self.roster.transaction():
                self.write(entity, change, change.before)
        except RosterError as error:
            if isinstance(error.__cause__, pw.IntegrityError):
                raise Conflict(self.why_refused(entity, change.before)) from None
            raise
        self.follow(entity, change.before)
        self.move_ids(entity, change)
        return "restored"

    def move_ids(self, entity: Entity, change: ChangeRow) -> None:
        """Notes which provider ids are to mean a user again; they move when all users are back, for they pass between them."""
        now_, then = (set((row or {}).get("user_ids", ())) for row in (change.after, change.before))
        if entity is USERS and change.local_id is not None and now_ != then:
            self.ids.append((change.local_id, now_, then))

    def require_unchanged(self, entity: Entity, change: ChangeRow) -> None:
        """Compares the row as it is with what the run left."""
        row = self.roster.value(
            f"SELECT {row_json(self.roster.engine, entity)} FROM {entity.table} r WHERE r.id = ?", (change.local_id,)
        )
        found = None if row is None else told(msgspec.json.decode(row, type=dict[str, Any]))
        left = None if change.after is None else told(change.after)
        if found and left and (entity is RELATIONSHIPS or change.local_id in self.named):
            left |= {
                "sourced_id": found["sourced_id"]
            }  # those of relationships follow from two people's, who are compared
        if found != left:
            raise Conflict("it was changed again since")

    def require_unused(self, entity: Entity, change: ChangeRow) -> None:
        """Looks whether anything refers to a row that is to go."""
        for child, column in HANGING_ON.get(entity.table, ()):
            if self.roster.value(f"SELECT 1 FROM {child.table} WHERE {column} = ? LIMIT 1", (change.local_id,)):
                raise Conflict(f"{child.table} that came later refer to it")

    def why_refused(self, entity: Entity, row: dict[str, Any]) -> str:
        """Why a row could not be written as it was."""
        if self.roster.value(
            f"SELECT 1 FROM {entity.table} WHERE source_id = ? AND sourced_id = ? AND id <> ?",
            (self.source_id, row["sourced_id"], row["id"]),
        ):
            return f"another row has the sourcedId {row['sourced_id']}"
        return "something it refers to is gone"

    def write(self, entity: Entity, change: ChangeRow, row: dict[str, Any]) -> None:
        """Writes a row as it was: back into its place, or anew under its old local id."""
        columns = stored_columns(entity)
        if entity is RELATIONSHIPS:
            row = row | {"sourced_id": self.name_of(row)}
        values = [bool(row[column]) if column in FLAGS else row[column] for column in columns]
        if change.after is not None:
            assignments = ", ".join(f"{column} = ?" for column in columns)
            self.roster.execute(f"UPDATE {entity.table} SET {assignments} WHERE id = ?", (*values, row["id"]))
            return
        guarded, origin = (", origin", ", 'provider'") if entity.guarded else ("", "")
        marks = ", ".join("?" * (len(columns) + 1))
        self.roster.execute(
            f"INSERT INTO {entity.table} ({', '.join(columns)}, source_id{guarded}) VALUES ({marks}{origin})",
            (*values, self.source_id),
        )

    def name_of(self, relationship: dict[str, Any]) -> str | None:
        """The sourcedId of a relationship as the two people are called now; None where one is gone."""
        name: str | None = self.roster.value(
            f"SELECT {relationship_name('s.sourced_id', 'a.sourced_id')} FROM users s, users a WHERE s.id = ? AND a.id = ?",
            (relationship["student_id"], relationship["agent_id"]),
        )
        return name

    def follow(self, entity: Entity, row: dict[str, Any]) -> None:
        """Brings what follows from a user (`user_roles`) back with it."""
        if entity is USERS:
            self.roster.execute("DELETE FROM user_roles WHERE user_id = ?", (row["id"],))
            add_roles(self.roster, "= ?", (row["id"],))

    def follow_ids(self) -> None:
        """Makes provider ids mean whom they meant; one that nobody here had goes back to the user who is called by it."""
        left = {sourced_id for _, now_, _ in self.ids for sourced_id in now_}
        meant = {sourced_id: user_id for user_id, _, then in self.ids for sourced_id in then}
        own = "SELECT id FROM users WHERE source_id = ? AND sourced_id = ?"
        for sourced_id in left | meant.keys():
            user_id = meant.get(sourced_id) or self.roster.value(own, (self.source_id, sourced_id))
            if user_id is None:
                self.roster.execute(
                    "DELETE FROM user_ids WHERE source_id = ? AND sourced_id = ?", (self.source_id, sourced_id)
                )
            else:
                self.roster.execute(
                    "INSERT INTO user_ids (user_id, source_id, sourced_id) VALUES (?, ?, ?) "
                    "ON CONFLICT (source_id, sourced_id) DO UPDATE SET user_id = excluded.user_id",
                    (user_id, self.source_id, sourced_id),
                )

    def follow_classes(self) -> None:
        """Makes `class_sessions` anew from the terms that classes name, once classes and sessions are both back."""
        if not any(self.counts[table] for table in (CLASSES.table, ACADEMIC_SESSIONS.table)):
            return
        engine = self.roster.engine
        self.roster.execute(
            "DELETE FROM class_sessions WHERE class_id IN (SELECT id FROM classes WHERE source_id = ?)",
            (self.source_id,),
        )
        self.roster.execute(
            "INSERT INTO class_sessions (class_id, session_id) SELECT DISTINCT c.id, t.id FROM classes c, "
            f"{engine.json_texts('c.terms', 'e')} JOIN academic_sessions t ON t.source_id = ? "
            "AND t.sourced_id = e.value WHERE c.source_id = ?",
            (self.source_id, self.source_id),
        )

    def report(self, change: ChangeRow, why: str) -> None:
        """Records what could not be taken back."""
        problem = Problem(
            entity=change.entity,
            sourced_id=change.sourced_id,
            severity="error",
            code="changed_since",
            message=f"left alone: {why}",
        )
        self.roster.execute(
            "INSERT INTO sync_problems (run_id, entity, sourced_id, severity, code, message) VALUES (?, ?, ?, ?, ?, ?)",
            (self.run.id, problem.entity, problem.sourced_id, problem.severity, problem.code, problem.message),
        )
        self.emit(ProblemFound(problem))


def told(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what changes by itself, its provider ids in order."""
    kept = {column: value for column, value in row.items() if column not in IGNORED}
    if "user_ids" in kept:
        kept["user_ids"] = sorted(kept["user_ids"])
    return kept


def encoded(row: dict[str, Any] | None) -> str | None:
    """A row as the audit keeps it."""
    return None if row is None else msgspec.json.encode(row).decode()
