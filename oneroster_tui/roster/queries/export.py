"""What an export reads of a source: whole tables in the order of their sourcedIds, streamed, of one moment.

Either all that is active (of some schools, where asked for), or all that changed since a run with what became of it. The scope
of some schools is that of a sync (contract, section 4): their classes; their courses and those that a class names; everybody
with a role there or an enrollment in such a class; the agents of all these. Orgs and academic sessions are always all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from oneroster_tui.errors import ConfigError
from oneroster_tui.roster.database import Roster
from oneroster_tui.roster.queries.people import UNCHANGED
from oneroster_tui.text import sanitise

Rows = Iterator[tuple[Any, ...]]

COLUMNS = {
    "orgs": ("name", "type", "identifier", "parent_sourced_id"),
    "academic_sessions": ("title", "type", "start_date", "end_date", "school_year", "parent_sourced_id"),
    "courses": ("title", "course_code", "org_sourced_id"),
    "classes": (
        "title",
        "class_code",
        "class_type",
        "course_sourced_id",
        "school_sourced_id",
        "terms",
        "start_date",
        "end_date",
    ),
    "users": (
        "username",
        "identifier",
        "given_name",
        "family_name",
        "middle_name",
        "email",
        "enabled",
        "roles",
    ),
}
"""What a row of each table says, after (sourced_id, active, date_last_modified); a user's is followed by the agents."""


MOMENT = "CASE WHEN r.status = 'active' THEN COALESCE(r.date_last_modified, r.updated_at) ELSE r.updated_at END"
"""SQL: when a row came to be what it is: a removed one, when it was removed."""

STATE = f"CASE WHEN r.status = 'active' THEN 1 ELSE 0 END, {MOMENT}"


class Extract:
    """One reading of a source; use it inside `extract`.

    Args:
        since: only what changed in runs after this one.
    """

    def __init__(self, roster: Roster, source_id: int, schools: Sequence[str] = (), since: int | None = None) -> None:
        self.roster = roster
        self.source_id = source_id
        self.schools = tuple(schools)
        self.since = since

    # What is there

    def rows(self, table: str) -> Rows:
        """(sourced_id, active, date_last_modified, *COLUMNS[table]) of orgs, academic_sessions, courses or classes."""
        columns = ", ".join(f"r.{column}" for column in COLUMNS[table])
        tables, where, parameters = self._concerned(table)
        yield from self.roster.stream(
            f"SELECT r.sourced_id, {STATE}, {columns} FROM {tables} WHERE {where} ORDER BY r.sourced_id", parameters
        )
        for row in self._deleted(table):
            yield (row["sourced_id"], 0, row["date"], *(row[column] for column in COLUMNS[table]))

    def users(self, *, agents: bool = True) -> Rows:
        """(sourced_id, active, date_last_modified, *COLUMNS["users"], named, linked): the last are JSON lists of sourcedIds: the
        agents that the record names, and those that a relationship links to it.

        An agent goes by the id of the person's own row, and is there only where the person is in this reading, too. Without
        `agents` both lists are empty.
        """
        columns = ", ".join(f"r.{column}" for column in COLUMNS["users"])
        lists = ", ".join(f"CAST(({sql}) AS TEXT)" for sql in self._agents()) if agents else "'[]', '[]'"
        tables, where, parameters = self._concerned("users")
        yield from self.roster.stream(
            f"SELECT r.sourced_id, {STATE}, {columns}, {lists} FROM {tables} WHERE {where} ORDER BY r.sourced_id",
            parameters,
        )
        for row in self._deleted("users"):
            yield (row["sourced_id"], 0, row["date"], *(row[column] for column in COLUMNS["users"]), "[]", "[]")

    def enrollments(self) -> Rows:
        """(sourced_id, active, date_last_modified, class, school, user, role, is_primary, begin_date, end_date), people and
        classes by their sourcedIds.
        """
        joined = "enrollments r JOIN classes c ON c.id = r.class_id JOIN users u ON u.id = r.user_id"
        active = "r.status = 'active' AND c.status = 'active' AND u.status = 'active'"
        where, parameters = f"r.source_id = ? AND {active}", [self.source_id]
        if self.since is not None:
            joined += " JOIN export_changed x ON x.entity = 'enrollments' AND x.sourced_id = r.sourced_id"
            where = "r.source_id = ?"
        elif self.schools:
            where += " AND c.school_sourced_id IN (SELECT sourced_id FROM export_schools)"
        yield from self.roster.stream(
            f"SELECT r.sourced_id, CASE WHEN {active} THEN 1 ELSE 0 END, {MOMENT}, c.sourced_id, "
            "COALESCE(r.school_sourced_id, c.school_sourced_id), u.sourced_id, r.role, r.is_primary, "
            f"r.begin_date, r.end_date FROM {joined} WHERE {where} ORDER BY r.sourced_id",
            parameters,
        )
        for row in self._deleted("enrollments"):
            names = (
                self._name("classes", row["class_id"]),
                row["school_sourced_id"],
                self._name("users", row["user_id"]),
            )
            yield (
                *(row["sourced_id"], 0, row["date"], *names),
                *(row[column] for column in ("role", "is_primary", "begin_date", "end_date")),
            )

    def everything(self, table: str) -> Rows:
        """All active rows of a table as `rows` gives them, whatever this reading is limited to."""
        return Extract(self.roster, self.source_id).rows(table)

    def table(self, table: str, columns: Sequence[str]) -> Rows:
        """A table as it is stored, whatever the status of its rows."""
        where = {
            "class_sessions": OF_SOURCE.format("class_id", "classes"),
            "user_roles": OF_SOURCE.format("user_id", "users"),
        }.get(table, "r.source_id = ?")
        if self.schools and table in TABLE_SCOPES:
            where += f" AND {TABLE_SCOPES[table]}"
        key = ", ".join(f"r.{column}" for column in (("id",) if "id" in TABLES[table] else TABLES[table]))
        selected = ", ".join(f"r.{column}" for column in columns)
        return self.roster.stream(f"SELECT {selected} FROM {table} r WHERE {where} ORDER BY {key}", (self.source_id,))

    def past_roles(self) -> Iterator[tuple[str, str, list[dict[str, str]]]]:
        """(user, date, roles) as they were before each change since: some of them may be gone now."""
        rows = self.roster.stream(
            f"SELECT c.before, r.finished_at {CHANGES_SINCE} AND c.entity = 'users' AND c.before IS NOT NULL ORDER BY c.id",
            (self.source_id, self.since),
        )
        for text, moment in rows:
            before = msgspec.json.decode(text, type=dict[str, Any])
            yield before["sourced_id"], moment, msgspec.json.decode(before["roles"], type=list[dict[str, str]])

    def _concerned(self, table: str) -> tuple[str, str, list[Any]]:
        """FROM, WHERE and parameters of a table's rows that belong to this reading."""
        if self.since is not None:
            joined = f"{table} r JOIN export_changed x ON x.entity = '{table}' AND x.sourced_id = r.sourced_id"
            return joined, "r.source_id = ?", [self.source_id]
        where = "r.source_id = ? AND r.status = 'active'"
        chosen = "(SELECT sourced_id FROM export_schools)"
        if self.schools and table == "classes":
            where += f" AND r.school_sourced_id IN {chosen}"
        elif self.schools and table == "courses":
            named = f"SELECT c.course_sourced_id FROM classes c WHERE c.status = 'active' AND c.school_sourced_id IN {chosen}"
            where += f" AND (r.org_sourced_id IN {chosen} OR r.sourced_id IN ({named}))"
        elif self.schools and table == "users":
            where += " AND r.id IN (SELECT id FROM export_users)"
        return f"{table} r", where, [self.source_id]

    def _agents(self) -> tuple[str, str]:
        """SQL: the JSON lists of the agents of a user `r`, named and linked."""
        engine = self.roster.engine
        within = " AND a.id IN (SELECT id FROM export_users)" if self.schools else ""
        lists, there = engine.json_list("a.sourced_id"), f"a.status = 'active' AND a.id <> r.id{within}"
        return (  # CROSS JOIN keeps SQLite from beginning with everybody
            f"SELECT {lists} FROM {engine.json_texts('r.agents', 'e')} CROSS JOIN user_ids i CROSS JOIN users a "
            f"WHERE i.source_id = {self.source_id} AND i.sourced_id = e.value AND a.id = i.user_id AND {there}",
            f"SELECT {lists} FROM relationships l CROSS JOIN users a "
            f"WHERE l.student_id = r.id AND l.status = 'active' AND a.id = l.agent_id AND {there}",
        )

    # What is no longer there

    def _deleted(self, table: str) -> Iterator[dict[str, Any]]:
        """The last known content of rows that were deleted since, and when that was (`date`)."""
        if self.since is None:
            return
        gone = self.roster.stream(
            f"SELECT c.sourced_id, c.before, r.finished_at {CHANGES_SINCE} AND c.id IN (SELECT MAX(c.id) {CHANGES_SINCE} "
            "AND c.entity = ? AND c.before IS NOT NULL GROUP BY c.sourced_id) "
            f"AND NOT EXISTS (SELECT 1 FROM {table} t WHERE t.source_id = r.source_id AND t.sourced_id = c.sourced_id) "
            "ORDER BY c.sourced_id",
            (self.source_id, self.since, self.source_id, self.since, table),
        )
        for sourced_id, before, moment in gone:
            yield {**msgspec.json.decode(before, type=dict[str, Any]), "sourced_id": sourced_id, "date": moment}

    def _name(self, table: str, local_id: int) -> str:
        """The sourcedId of a row that may be gone, too."""
        return str(
            self.roster.value(f"SELECT sourced_id FROM {table} WHERE id = ?", (local_id,))
            or self.roster.value(
                "SELECT sourced_id FROM sync_changes WHERE entity = ? AND local_id = ? ORDER BY id DESC LIMIT 1",
                (table, local_id),
            )
            or ""
        )


TABLES = {
    "orgs": ("id", "sourced_id", "name", "type", "identifier", "parent_sourced_id", "status", "date_last_modified"),
    "academic_sessions": (
        *("id", "sourced_id", "title", "type", "start_date", "end_date", "school_year", "parent_sourced_id", "status"),
        "date_last_modified",
    ),
    "courses": ("id", "sourced_id", "title", "course_code", "org_sourced_id", "status", "date_last_modified"),
    "classes": (
        *(
            "id",
            "sourced_id",
            "title",
            "class_code",
            "class_type",
            "course_sourced_id",
            "school_sourced_id",
            "start_date",
        ),
        *("end_date", "status", "date_last_modified"),
    ),
    "class_sessions": ("class_id", "session_id"),
    "users": (
        *("id", "sourced_id", "username", "identifier", "given_name", "middle_name", "family_name", "email", "enabled"),
        *("status", "date_last_modified", "created_at", "updated_at"),
    ),
    "user_roles": ("user_id", "org_sourced_id", "role", "role_type"),
    "user_ids": ("user_id", "sourced_id"),
    "relationships": ("student_id", "agent_id", "role", "local_role", "status"),
    "enrollments": (
        *(
            "id",
            "sourced_id",
            "class_id",
            "user_id",
            "school_sourced_id",
            "role",
            "local_role",
            "is_primary",
            "begin_date",
        ),
        *("end_date", "status", "created_at", "updated_at"),
    ),
}
"""The roster's tables as the contract promises them, without `source_id`: an export is of one source."""

FLAGS = ("enabled", "is_primary")
"""Columns that say yes or no."""

OF_CLASSES = (
    "r.class_id IN (SELECT c.id FROM classes c WHERE c.school_sourced_id IN (SELECT sourced_id FROM export_schools))"
)
OF_SOURCE = "r.{0} IN (SELECT id FROM {1} WHERE source_id = ?)"

TABLE_SCOPES = {
    "classes": "r.school_sourced_id IN (SELECT sourced_id FROM export_schools)",
    "class_sessions": OF_CLASSES,
    "users": "r.id IN (SELECT id FROM export_users)",
    "user_roles": "r.user_id IN (SELECT id FROM export_users)",
    "user_ids": "r.user_id IN (SELECT id FROM export_users)",
    "relationships": "r.student_id IN (SELECT id FROM export_users) AND r.agent_id IN (SELECT id FROM export_users)",
    "enrollments": f"{OF_CLASSES} AND r.user_id IN (SELECT id FROM export_users)",
    "courses": (
        "(r.org_sourced_id IN (SELECT sourced_id FROM export_schools) OR r.sourced_id IN (SELECT c.course_sourced_id "
        "FROM classes c WHERE c.school_sourced_id IN (SELECT sourced_id FROM export_schools)))"
    ),
}
"""What belongs to some schools, whatever its status; of people, those who belong there now."""

CHANGES_SINCE = (
    "FROM sync_changes c JOIN sync_runs r ON r.id = c.run_id WHERE r.source_id = ? AND c.run_id > ? "
    f"AND c.action NOT IN {UNCHANGED}"
)
"""SQL: the changes `c` of a source's runs `r` after one of them."""


@contextlib.contextmanager
def extract(
    roster: Roster, source: str, *, schools: Sequence[str] = (), since: int | None = None, keep_runs: int = 0
) -> Iterator[Extract]:
    """A reading of a source, in which everything is of one moment.

    Args:
        schools: only these (sourcedIds); none: all.
        since: only what changed after this run.
        keep_runs: how many runs are remembered: a run before them is too old for `since`.

    Raises:
        ConfigError: there is no such source, school or run, or it cannot be told what changed since.
        RosterError: the roster cannot be read.
    """
    if schools and since is not None:
        raise ConfigError(
            "A delta of some schools is not possible: people move between schools.",
            where="--since",
            do="export those schools completely, or the changes of all",
        )
    with roster.snapshot():
        source_id = roster.value("SELECT id FROM sources WHERE name = ?", (source,))
        if source_id is None:
            raise ConfigError(
                f"The roster holds nothing of the source {source!r}.",
                where=roster.place,
                do="run a sync first: oneroster-tui --sync",
            )
        try:
            if since is not None:
                _require_known(roster, source_id, since, keep_runs)
                _note_changed(roster, source_id, since)
            if schools:
                _require_schools(roster, source_id, schools)
                _note_scope(roster, source_id, schools)
            yield Extract(roster, int(source_id), schools, since)
        finally:
            _forget(roster)


def newest_run(roster: Roster, source: str) -> int | None:
    """The newest run that may have changed the roster: what a later delta is to begin after."""
    found = roster.value(
        "SELECT MAX(r.id) FROM sync_runs r JOIN sources s ON s.id = r.source_id "
        "WHERE s.name = ? AND r.mode <> 'plan' AND r.outcome <> 'running'",
        (source,),
    )
    return None if found is None else int(found)


def _forget(roster: Roster) -> None:
    """Removes what a reading noted beside the roster."""
    with contextlib.suppress(Exception):  # a reading that was broken off may still hold it; the next one clears it
        for table in ("export_changed", "export_schools", "export_users"):
            roster.execute(f"DROP TABLE IF EXISTS {table}")


def _require_known(roster: Roster, source_id: int, since: int, keep_runs: int) -> None:
    """Refuses a run from which on not every change is known by name.

    Raises:
        ConfigError: it is so.
    """
    remembered = [
        row[0]
        for row in roster.execute(
            "SELECT id FROM sync_runs WHERE source_id = ? ORDER BY id DESC LIMIT ?", (source_id, keep_runs or 1_000_000)
        ).fetchall()
    ]
    if since not in remembered:
        raise ConfigError(
            f"There is no run {since} of this source, or it is too long ago: what changed since is not known.",
            where="--since",
            do="see `oneroster-tui history`, or export everything, without --since",
        )
    renamed = roster.value(
        "SELECT MAX(c.run_id) FROM sync_changes c JOIN sync_runs r ON r.id = c.run_id WHERE r.source_id = ? AND c.run_id > ? "
        "AND (c.action = 'renamed' OR c.reason IN (SELECT 'undo of run ' || m.id FROM sync_runs m WHERE m.mode = 'id-map'))",
        (source_id, since),
    )
    if renamed is not None:
        raise ConfigError(
            f"Run {renamed} gave records new sourcedIds: a delta cannot tell that.",
            where="--since",
            do="export everything, without --since",
        )


def _note_changed(roster: Roster, source_id: int, since: int) -> None:
    """Notes every record that changed since, and those whose references may lead elsewhere now."""
    engine = roster.engine
    _forget(roster)
    roster.execute(
        "CREATE TEMP TABLE export_changed (entity TEXT, sourced_id TEXT, moved INTEGER, "
        "PRIMARY KEY (entity, sourced_id)) WITHOUT ROWID"
    )
    insert = "INSERT INTO export_changed (entity, sourced_id, moved) "
    roster.execute(
        f"{insert}SELECT c.entity, c.sourced_id, MAX(CASE WHEN c.action = 'updated' THEN 0 ELSE 1 END) {CHANGES_SINCE} "
        "GROUP BY c.entity, c.sourced_id",
        (source_id, since),
    )
    # Whoever names a record that came or went: what a reading leaves out of a list depends on who is there.
    coming = "SELECT sourced_id FROM export_changed WHERE moved = 1 AND entity"
    for table, named, entity in (("classes", "terms", "academic_sessions"), ("users", "agents", "users")):
        roster.execute(
            f"{insert}SELECT DISTINCT '{table}', r.sourced_id, 0 FROM {table} r, {engine.json_texts(f'r.{named}', 'e')} "
            f"WHERE r.source_id = ? AND r.status = 'active' AND e.value IN ({coming} = '{entity}') "
            "ON CONFLICT DO NOTHING",
            (source_id,),
        )
    roster.execute(
        f"{insert}SELECT DISTINCT 'users', s.sourced_id, 0 FROM export_changed x JOIN relationships l ON l.source_id = ? "
        "AND l.sourced_id = x.sourced_id JOIN users s ON s.id = l.student_id WHERE x.entity = 'relationships' "
        "AND s.status = 'active' ON CONFLICT DO NOTHING",
        (source_id,),
    )


def _require_schools(roster: Roster, source_id: int, schools: Sequence[str]) -> None:
    """Refuses schools that are not stored.

    Raises:
        ConfigError: one is not.
    """
    known = {
        one for (one,) in roster.execute("SELECT sourced_id FROM orgs WHERE source_id = ?", (source_id,)).fetchall()
    }
    unknown = [school for school in schools if school not in known]
    if unknown:
        raise ConfigError(
            f"The roster has no org with the sourcedId {sanitise(', '.join(unknown), 200)}.",
            where="--school",
            do="see `oneroster-tui schools` for the ids",
        )


def _note_scope(roster: Roster, source_id: int, schools: Sequence[str]) -> None:
    """Notes the schools and everybody who belongs to them."""
    _forget(roster)
    roster.execute("CREATE TEMP TABLE export_schools (sourced_id TEXT PRIMARY KEY)")
    insert = roster.engine.insert_or_ignore("export_schools", ("sourced_id",), "VALUES (?)")
    for school in dict.fromkeys(schools):
        roster.execute(insert, (school,))
    roster.execute("CREATE TEMP TABLE export_users (id BIGINT PRIMARY KEY)")
    chosen = "(SELECT sourced_id FROM export_schools)"
    roster.execute(
        "INSERT INTO export_users (id) WITH RECURSIVE kept (id) AS ("
        f"SELECT o.user_id FROM user_roles o WHERE o.org_sourced_id IN {chosen} "
        "UNION SELECT e.user_id FROM classes c JOIN enrollments e ON e.class_id = c.id AND e.status = 'active' "
        f"WHERE c.source_id = ? AND c.status = 'active' AND c.school_sourced_id IN {chosen} "
        "UNION SELECT l.agent_id FROM kept k JOIN relationships l ON l.student_id = k.id AND l.status = 'active') "
        "SELECT DISTINCT k.id FROM kept k JOIN users u ON u.id = k.id WHERE u.source_id = ? AND u.status = 'active'",
        (source_id, source_id),
    )
