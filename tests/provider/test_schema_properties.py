"""Any JSON that the 1.2 schemas allow, and any mutation of it, ends in records or problems; no record is lost unsaid."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oneroster_tui.errors import Unreadable
from oneroster_tui.provider.client import Reply
from oneroster_tui.provider.dialects import Page, decode
from oneroster_tui.provider.dialects.values import read_id
from oneroster_tui.records import Class, Collection, Problem, User
from oneroster_tui.sync import core
from oneroster_tui.sync.entities import BY_COLLECTION
from oneroster_tui.sync.stage import Stage
from tests.lab import Provider, new_lab
from tests.provider.schemas import FILE, mutated, needs_schemas, of

pytestmark = needs_schemas
SETS = {
    Collection.ORGS: ("OrgSetDType", "OrgDType"),
    Collection.ACADEMIC_SESSIONS: ("AcademicSessionSetDType", "AcademicSessionDType"),
    Collection.COURSES: ("CourseSetDType", "CourseDType"),
    Collection.CLASSES: ("ClassSetDType", "ClassDType"),
    Collection.USERS: ("UserSetDType", "UserDType"),
    Collection.ENROLLMENTS: ("EnrollmentSetDType", "EnrollmentDType"),
}
collections = st.sampled_from(list(Collection))
quick = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def pages(collection: Collection) -> st.SearchStrategy[Any]:
    """Pages of a collection as the schemas allow them, now and then empty."""
    if not FILE.exists():
        return st.nothing()
    return of(SETS[collection][0]) | full_pages(collection)


def full_pages(collection: Collection) -> st.SearchStrategy[Any]:
    """Pages with something on them."""
    rows = st.lists(of(SETS[collection][1]), min_size=1, max_size=4)
    return rows.map(lambda found: {collection.value: found})


def errors(page: Page) -> list[Problem]:
    return [problem for problem in page.problems if problem.severity == "error"]


def usable(collection: Collection, row: Mapping[str, Any]) -> bool:
    """Whether a row that the schema allows is a record for us: the schema allows blank and endless sourcedIds."""
    needed = [row["sourcedId"]]
    if collection is Collection.ENROLLMENTS:
        needed += [row["user"]["sourcedId"], row["class"]["sourcedId"]]
    return all(read_id(sourced_id) for sourced_id in needed)


@given(data=st.data(), collection=collections)
@quick
def test_what_the_schemas_allow_becomes_records(data: st.DataObject, collection: Collection) -> None:
    document = data.draw(pages(collection))
    rows = document.get(collection.value, [])
    page = decode(collection, json.dumps(document).encode())
    assert page.count == len(rows)
    good = [row for row in rows if usable(collection, row)]
    assert [record.sourced_id for record in page.records] == [read_id(row["sourcedId"]) for row in good]
    assert [record.status for record in page.records] == [row["status"] for row in good]
    assert len(errors(page)) == len(rows) - len(good)


@given(data=st.data(), collection=collections)
@settings(quick, max_examples=80)
def test_what_was_mutated_becomes_records_or_problems(data: st.DataObject, collection: Collection) -> None:
    document = data.draw(mutated(pages(collection)))
    try:
        page = decode(collection, json.dumps(document).encode())
    except Unreadable:
        return
    assert page.count == len(page.records) + len(errors(page))
    assert all(problem.code and problem.message for problem in page.problems)
    rows = document.get(collection.value) if isinstance(document, dict) else document
    if isinstance(rows, list):
        assert page.count == len(rows)


class Watched(Stage):
    """A stage that tells what it held before it is emptied for good."""

    seen: dict[str, tuple[set[str], dict[str, str]]] = {}  # noqa: RUF012 -- one test at a time

    def drop(self) -> None:
        if hasattr(self, "_foretold") and self.value("SELECT 1 FROM temp.sqlite_master WHERE name = 'dropped'"):
            for entity in BY_COLLECTION.values():
                staged = {row[0] for row in self.execute(f"SELECT sourced_id FROM {entity.stage}").fetchall()}
                dropped = self.execute("SELECT sourced_id, reason FROM dropped WHERE entity = ?", (entity.table,))
                self.seen[entity.table] = (staged, dict(dropped.fetchall()))
        super().drop()


@contextmanager
def watching() -> Iterator[dict[str, tuple[set[str], dict[str, str]]]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(core, "Stage", Watched)
        Watched.seen = {}
        yield Watched.seen


@given(data=st.data())
@settings(quick, max_examples=30)
def test_a_sync_of_anything_loses_no_record_unsaid(data: st.DataObject) -> None:
    """Each record that can be read is staged or dropped for a reason; what is dropped as broken has a problem."""
    bodies = {
        collection: json.dumps(data.draw(full_pages(collection) | mutated(full_pages(collection)))).encode()
        for collection in Collection
    }
    provider = Provider()
    for collection, body in bodies.items():
        provider.faults[collection.value] = answering(body)
    with new_lab(provider) as lab, watching() as seen:
        try:
            lab.sync(schools=("a", "b", "c"))
        except Unreadable:
            return
        named = {(entity, sourced_id) for entity, sourced_id, _, _ in lab.problems()}
        for collection, body in bodies.items():
            table = BY_COLLECTION[collection].table
            staged, dropped = seen[table]
            page = decode(collection, body)
            assert {record.sourced_id for record in page.records} <= staged | dropped.keys()
            assert {(table, problem.sourced_id) for problem in page.problems} <= named
            assert {(table, sourced_id) for sourced_id, reason in dropped.items() if reason == "broken"} <= named
            assert {(table, sourced_id) for sourced_id in said_differently(page) & staged} <= named


def said_differently(page: Page) -> set[str]:
    """The sourcedIds that came more than once, with something else that the roster would hold."""
    versions: dict[str, set[bytes]] = defaultdict(set)
    for record in page.records:
        match record:
            case User():
                roles, agents = tuple(sorted(set(record.roles), key=repr)), tuple(sorted(record.agent_sourced_ids))
                record = msgspec.structs.replace(record, roles=roles, agent_sourced_ids=agents, grades=())
            case Class():
                record = msgspec.structs.replace(record, term_sourced_ids=tuple(sorted(record.term_sourced_ids)))
        versions[record.sourced_id].add(msgspec.json.encode(record))
    return {sourced_id for sourced_id, found in versions.items() if len(found) > 1}


def answering(body: bytes) -> Any:
    """Answers a first page, and then that there is no more."""

    def answer(params: Mapping[str, str]) -> Reply:
        sent = body if params.get("offset", "0") == "0" else b"{}"
        return Reply(sent, httpx.Headers(), 0.01, "https://sis.example/")

    return answer
