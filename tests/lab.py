"""A provider in memory, for tests of the sync: no HTTP, any record, any fault; and a reader of the roster it made."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

import httpx

from oneroster_tui import config
from oneroster_tui.config import Settings
from oneroster_tui.errors import NotFound
from oneroster_tui.provider.client import Reply
from oneroster_tui.roster.database import Roster, open_roster
from oneroster_tui.sync.core import sync
from oneroster_tui.sync.events import Event, RunEnded, render
from tests import server

Json = dict[str, Any]
COLLECTIONS = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
SINGULAR = {name: name.removesuffix("s") for name in COLLECTIONS} | {"classes": "class"}
ROLES = {"student": "Student", "teacher": "Teacher", "parent": "Parent", "guardian": "Guardian", "relative": "Relative"}


def ref(sourced_id: str, kind: str = "user") -> Json:
    """A GUIDRef."""
    return {"href": f"https://sis.example/{kind}/{sourced_id}", "sourcedId": sourced_id, "type": kind}


@dataclass
class Provider:
    """Records by collection and sourcedId, in the provider's JSON; `faults` overrules what a path answers.

    Build it with the methods named after the records; change or delete entries of `records` between syncs. `extra` are
    rows beside them that no sourcedId tells apart (duplicates, nonsense); `order` arranges the rows of a collection.
    `clock` is what the `Date` header says; `filtering`: whether `filter=dateLastModified>'…'` is honoured.
    """

    records: dict[str, dict[str, Json]] = field(default_factory=lambda: {name: {} for name in COLLECTIONS})
    faults: dict[str, Callable[[Mapping[str, str]], Reply]] = field(default_factory=dict)
    totals: dict[str, int | None] = field(default_factory=dict)
    extra: dict[str, list[Json]] = field(default_factory=dict)
    order: Callable[[list[Json]], Sequence[Json]] = list
    requests: int = 0
    clock: str = ""
    filtering: bool = True
    base_url: str = "https://sis.example/ims/oneroster/v1p1"
    kind: Literal["service"] = "service"

    def put(self, collection: str, sourced_id: str, **fields: Any) -> Json:
        """Adds or replaces a record; `status` and `dateLastModified` have defaults."""
        common = {"sourcedId": sourced_id, "status": "active", "dateLastModified": "2026-09-01T06:00:00.000Z"}
        record = self.records[collection][sourced_id] = common | fields
        return record

    def org(self, sourced_id: str, kind: str = "school", **fields: Any) -> Json:
        return self.put(
            "orgs", sourced_id, **{"name": f"Org {sourced_id}", "type": kind, "identifier": sourced_id} | fields
        )

    def session(self, sourced_id: str, start: str = "2026-08-17", end: str = "2027-06-11", **fields: Any) -> Json:
        basics = {"title": sourced_id, "type": "term", "startDate": start, "endDate": end, "schoolYear": "2027"}
        return self.put("academicSessions", sourced_id, **basics | fields)

    def course(self, sourced_id: str, org: str, **fields: Any) -> Json:
        return self.put(
            "courses",
            sourced_id,
            **{"title": f"Course {sourced_id}", "courseCode": sourced_id, "org": ref(org, "org")} | fields,
        )

    def class_(
        self, sourced_id: str, school: str, course: str = "c1", terms: tuple[str, ...] = ("t1",), **fields: Any
    ) -> Json:
        basics = {
            "title": f"Class {sourced_id}",
            "classCode": sourced_id,
            "classType": "scheduled",
            "course": ref(course, "course"),
            "school": ref(school, "org"),
            "terms": [ref(term, "academicSession") for term in terms],
        }
        return self.put("classes", sourced_id, **basics | fields)

    def user(self, sourced_id: str, role: str = "student", orgs: tuple[str, ...] = ("s1",), **fields: Any) -> Json:
        basics = {
            "username": f"User.{sourced_id}",
            "givenName": "Given",
            "familyName": "Family",
            "identifier": f"ID-{sourced_id}",
            "email": f"{sourced_id}@example.org",
            "enabledUser": "true",
            "role": role,
            "orgs": [ref(org, "org") for org in orgs],
            "agents": [],
        }
        return self.put("users", sourced_id, **basics | fields)

    def enroll(
        self, sourced_id: str, user: str, class_: str, role: str = "student", school: str = "s1", **fields: Any
    ) -> Json:
        basics = {
            "user": ref(user),
            "class": ref(class_, "class"),
            "school": ref(school, "org"),
            "role": role,
            "primary": "false",
            "beginDate": "2026-08-17",
            "endDate": "2027-06-11",
        }
        return self.put("enrollments", sourced_id, **basics | fields)

    def touch(self, collection: str, *sourced_ids: str, **fields: Any) -> None:
        """Changes records, at the provider's own time."""
        for sourced_id in sourced_ids:
            self.records[collection][sourced_id] |= fields | {"dateLastModified": self.clock}

    def mark(self, collection: str, *sourced_ids: str, status: str = "tobedeleted") -> None:
        """Sets the status of records."""
        for sourced_id in sourced_ids:
            self.records[collection][sourced_id]["status"] = status

    def drop(self, collection: str, *sourced_ids: str) -> list[Json]:
        """Lists some records no longer; gives them, for `back`."""
        return [self.records[collection].pop(sourced_id) for sourced_id in sourced_ids]

    def back(self, collection: str, rows: Sequence[Json]) -> None:
        """Lists dropped records again."""
        self.records[collection].update({row["sourcedId"]: row for row in rows})

    def get(self, path: str, params: Mapping[str, str] = {}, *, tries: int = 5) -> Reply:
        """What `Client.get` does, from memory."""
        self.requests += 1
        path = path.strip("/")
        if path in self.faults:
            return self.faults[path](params)
        if "/" in path:
            return self.single(*path.split("/", 1))
        rows = self.order([*self.records[path].values(), *self.extra.get(path, ())])
        if "filter" in params and self.filtering:
            after = params["filter"].removeprefix("dateLastModified>").strip("'")
            rows = [row for row in rows if row.get("dateLastModified", "") > after]
        offset, limit = int(params.get("offset", 0)), int(params.get("limit", 100))
        total = self.totals.get(path, len(rows))
        headers = {} if total is None else {"X-Total-Count": str(total)}
        if self.clock:
            headers["Date"] = format_datetime(datetime.fromisoformat(self.clock))
        return answer({path: rows[offset : offset + limit]}, headers)

    def single(self, collection: str, sourced_id: str) -> Reply:
        """A record by its id."""
        record = self.records[collection].get(unquote(sourced_id))
        if record is None:
            raise NotFound("There is no such record (404).", status=404, collection=collection)
        return answer({SINGULAR[collection]: record})


def answer(body: Any, headers: Mapping[str, str] | None = None) -> Reply:
    """A reply with a JSON body."""
    return Reply(json.dumps(body).encode(), httpx.Headers(headers or {}), 0.01, "https://sis.example/")


def small_district() -> Provider:
    """Two schools of one district: six students (three a school) with parents, two teachers, two classes a school."""
    p = Provider()
    p.org("d1", "district")
    p.session("t1")
    for school in ("s1", "s2"):
        p.org(school, parent=ref("d1", "org"))
        p.course(f"c{school[1]}", school)
        p.user(f"{school}-teacher", "teacher", (school,))
        for letter in "ab":
            p.class_(f"{school}-{letter}", school, f"c{school[1]}")
            p.enroll(
                f"{school}-{letter}-teacher",
                f"{school}-teacher",
                f"{school}-{letter}",
                "teacher",
                school,
                primary="true",
            )
        for number in (1, 2, 3):
            student, parent = f"{school}-st{number}", f"{school}-pa{number}"
            p.user(parent, "parent", (school,))
            p.user(student, "student", (school,), agents=[ref(parent)])
            for letter in "ab":
                p.enroll(f"{school}-{letter}-{number}", student, f"{school}-{letter}", "student", school)
    return p


@dataclass
class Lab:
    """A provider, a config and a roster: change the provider, sync, look."""

    folder: Path
    provider: Provider
    settings: Settings
    roster: Roster
    events: list[Event] = field(default_factory=list)

    def sync(self, **changes: Any) -> RunEnded:
        """One sync; `mode`, `today` and `stopping` go to it, every other argument is a settings table's changed keys."""
        self.events.clear()
        named = {name: changes.pop(name) for name in ("mode", "today", "stopping") if name in changes}
        settings = self.configured(**changes)
        return sync(settings, self.roster, self.provider, self.events.append, **named)  # type: ignore[arg-type]

    def configured(self, **changes: Any) -> Settings:
        """The settings with some keys changed: `sync={"on_removed": "delete"}`, `schools=("s1",)`, `role_mapping={...}`."""
        settings = self.settings
        for name, value in changes.items():
            if name == "schools":
                settings = replace(settings, schools=config.Schools(sync=tuple(value)))
            elif name in ("role_mapping", "source"):
                settings = replace(settings, **{name: value})
            else:
                settings = replace(settings, **{name: replace(getattr(settings, name), **value)})
        return settings

    def log(self) -> str:
        """The log of the last sync."""
        return "\n".join(line for line in map(render, self.events) if line is not None)

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        return [tuple(row) for row in self.roster.execute(sql, parameters).fetchall()]

    def statuses(self, table: str) -> dict[str, str]:
        """sourcedId -> local status."""
        return dict(self.rows(f"SELECT sourced_id, status FROM {table}"))  # type: ignore[arg-type]

    def active(self, table: str) -> set[str]:
        """sourcedIds of the active rows."""
        return {sourced_id for sourced_id, status in self.statuses(table).items() if status == "active"}

    def local_id(self, sourced_id: str, table: str = "users") -> int:
        """The local id of a row."""
        return int(self.rows(f"SELECT id FROM {table} WHERE sourced_id = ?", sourced_id)[0][0])

    def audit(self, run_id: int | None = None) -> list[tuple[Any, ...]]:
        """(entity, sourced_id, action, reason, before, after) of a run, else of the last one, the JSON decoded."""
        rows = self.rows(
            "SELECT entity, sourced_id, action, reason, before, after FROM sync_changes "
            "WHERE run_id = COALESCE(?, (SELECT MAX(id) FROM sync_runs)) ORDER BY id",
            run_id,
        )
        return [(*row[:4], *(json.loads(text) if text else None for text in row[4:])) for row in rows]

    def last_run(self) -> tuple[Any, ...]:
        """(outcome, exit_code, message) of the newest run."""
        return self.rows("SELECT outcome, exit_code, message FROM sync_runs ORDER BY id DESC LIMIT 1")[0]

    def picture(self) -> dict[str, set[tuple[Any, ...]]]:
        """What is active, in the provider's ids only: equal for rosters that differ in history and local ids."""
        people = "JOIN users {0} ON {0}.id = x.{1}"
        queries = {
            "orgs": "SELECT sourced_id, name, type, identifier, parent_sourced_id FROM orgs x WHERE {active}",
            "academic_sessions": "SELECT sourced_id, title, type, start_date, end_date FROM academic_sessions x WHERE {active}",
            "courses": "SELECT sourced_id, title, course_code, org_sourced_id FROM courses x WHERE {active}",
            "classes": (
                "SELECT sourced_id, title, course_sourced_id, school_sourced_id, start_date, end_date, terms "
                "FROM classes x WHERE {active}"
            ),
            "class_sessions": (
                "SELECT x.sourced_id, t.sourced_id FROM class_sessions cs JOIN classes x ON x.id = cs.class_id "
                "JOIN academic_sessions t ON t.id = cs.session_id AND t.status = 'active' WHERE {active}"
            ),
            "users": (
                "SELECT sourced_id, username, identifier, given_name, family_name, email, enabled, roles, agents "
                "FROM users x WHERE {active}"
            ),
            "user_roles": (
                "SELECT x.sourced_id, r.org_sourced_id, r.role, r.role_type FROM user_roles r JOIN users x ON x.id = r.user_id "
                "WHERE {active}"
            ),
            "user_ids": (
                "SELECT x.sourced_id, i.sourced_id FROM user_ids i JOIN users x ON x.id = i.user_id WHERE {active}"
            ),
            "relationships": (
                "SELECT s.sourced_id, a.sourced_id, x.role, x.local_role FROM relationships x "
                f"{people.format('s', 'student_id')} {people.format('a', 'agent_id')} WHERE {{active}}"
            ),
            "enrollments": (
                "SELECT x.sourced_id, c.sourced_id, u.sourced_id, x.role, x.local_role, x.is_primary, x.begin_date, x.end_date "
                f"FROM enrollments x {people.format('u', 'user_id')} JOIN classes c ON c.id = x.class_id WHERE {{active}}"
            ),
        }
        return {name: set(self.rows(sql.format(active="x.status = 'active'"))) for name, sql in queries.items()}

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every synced table, but for the times of writing."""
        tables = (
            "orgs",
            "academic_sessions",
            "courses",
            "classes",
            "class_sessions",
            "users",
            "user_roles",
            "user_ids",
        )
        found = {}
        for table in (*tables, "relationships", "enrollments"):
            columns = [
                c.name for c in self.roster.database.get_columns(table) if c.name not in ("updated_at", "synced_at")
            ]
            found[table] = sorted(self.rows(f"SELECT {', '.join(columns)} FROM {table}"), key=repr)
        return found

    def dangling(self) -> list[tuple[Any, ...]]:
        """Rows that refer to something that is not there; a server refuses them."""
        return self.rows("PRAGMA foreign_key_check") if self.roster.engine.name == "sqlite" else []

    def outcome_of(self, sourced_id: str, entity: str = "users") -> tuple[str, str] | None:
        """(action, reason) of the newest audit row of a record."""
        rows = self.rows(
            "SELECT action, reason FROM sync_changes WHERE entity = ? AND sourced_id = ? ORDER BY id DESC LIMIT 1",
            entity,
            sourced_id,
        )
        return (str(rows[0][0]), str(rows[0][1])) if rows else None

    def problems(self) -> list[tuple[Any, ...]]:
        """(entity, sourced_id, severity, code) of the last run's problems."""
        return self.rows(
            "SELECT entity, sourced_id, severity, code FROM sync_problems WHERE run_id = (SELECT MAX(id) FROM sync_runs) "
            "ORDER BY entity, sourced_id, code"
        )


@cache
def empty_roster() -> bytes:
    """A migrated database without rows: migrating takes longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        roster = open_roster("sqlite:///roster.db", Path(folder))
        roster.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        roster.close()
        return (Path(folder) / "roster.db").read_bytes()


@contextmanager
def lab_in(folder: Path, provider: Provider | None = None) -> Iterator[Lab]:
    """A lab with an empty roster, both schools of the small district selected, guards off."""
    settings = replace(
        config.defaults(folder / "config.toml"), role_mapping=ROLES, schools=config.Schools(sync=("s1", "s2"))
    )
    settings = replace(
        settings,
        guards=replace(settings.guards, max_remove_percent=None, max_remove_count=None),
        connection=replace(settings.connection, concurrency=1),  # threads cost more than the provider in memory
    )
    with new_roster(folder) as roster:
        yield Lab(folder, provider or small_district(), settings, roster)


engine = "sqlite"
"""Where new labs keep their rosters; the fixture of that name sets it."""


@contextmanager
def new_roster(folder: Path) -> Iterator[Roster]:
    """An empty roster, in a file of the folder or on the server."""
    if engine != "sqlite":
        with server.empty_roster() as roster:
            yield roster
        return
    (folder / "roster.db").write_bytes(empty_roster())
    roster = open_roster("sqlite:///roster.db", folder)
    roster.execute("PRAGMA synchronous = OFF")
    try:
        yield roster
    finally:
        roster.close()


@contextmanager
def new_lab(provider: Provider | None = None) -> Iterator[Lab]:
    """A lab in a folder of its own, for property tests and for a second roster of the same provider."""
    with tempfile.TemporaryDirectory() as folder, lab_in(Path(folder), provider) as lab:
        yield lab
