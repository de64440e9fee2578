"""The demo room, store: one day's records ready to be sent, and which of them belong below which address.

Every record is turned into JSON once, when its collection is first asked for; a page is then a join of bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import msgspec

from oneroster_tui.demo import query
from oneroster_tui.demo.registry import District
from oneroster_tui.demo.rendering import Document, Links, Rendering
from oneroster_tui.demo.schools import DISTRICT
from oneroster_tui.records import AcademicSession, Collection, Org, Record, User


@dataclass(frozen=True)
class Family:
    """A collection's address and what it lists: the whole collection, or the records of one kind."""

    collection: Collection
    kind: str = ""

    def holds(self, record: Record) -> bool:
        """Whether a record of the collection is listed at this address, whatever the version calls its kind."""
        if not self.kind:
            return True
        if isinstance(record, User):
            return any(role.role == self.kind for role in record.roles)
        return isinstance(record, (Org, AcademicSession)) and record.type == self.kind


FAMILIES: Mapping[str, Family] = {
    **{collection.value: Family(collection) for collection in Collection},
    "schools": Family(Collection.ORGS, "school"),
    "terms": Family(Collection.ACADEMIC_SESSIONS, "term"),
    "gradingPeriods": Family(Collection.ACADEMIC_SESSIONS, "gradingPeriod"),
    "students": Family(Collection.USERS, "student"),
    "teachers": Family(Collection.USERS, "teacher"),
}
"""The eleven families of the rostering service (demographics are not kept here)."""


class Table:
    """One collection in JSON, by sourcedId, both as documents (to filter and sort) and as bytes (to send)."""

    def __init__(self, district: District, collection: Collection, rendering: Rendering, links: Links) -> None:
        self._records = district.collection(collection)
        self._rendering = rendering
        self._links = links

    @cached_property
    def documents(self) -> dict[str, Document]:
        """What JSON shows of each record."""
        return {key: self._rendering.document(record, self._links) for key, record in self._records.items()}

    @cached_property
    def encoded(self) -> dict[str, bytes]:
        """The JSON of each record."""
        encode = msgspec.json.Encoder().encode
        return {key: encode(document) for key, document in self.documents.items()}


Members = Callable[[District, str, str], Iterable[str]]
"""(district, sourcedId in the address, second sourcedId) -> sourcedIds of what is listed there."""


def _classes_of(field: str) -> Members:
    def members(district: District, sourced_id: str, _: str) -> Iterable[str]:
        return (c.sourced_id for c in district.classes.values() if getattr(c, field) == sourced_id)

    return members


def _classes_of_term(district: District, term: str, _: str) -> Iterable[str]:
    return (c.sourced_id for c in district.classes.values() if term in c.term_sourced_ids)


def _classes_of_user(district: District, user: str, _: str) -> Iterable[str]:
    rows = district.enrollments.values()
    return dict.fromkeys(e.class_sourced_id for e in rows if e.user_sourced_id == user and e.status == "active")


def _people_of_school(role: str) -> Members:
    def members(district: District, school: str, _: str) -> Iterable[str]:
        return (
            user.sourced_id
            for user in district.users.values()
            if any(r.role == role and r.org_sourced_id == school for r in user.roles)
        )

    return members


def _people_of_class(role: str) -> Members:
    def members(district: District, first: str, second: str) -> Iterable[str]:
        rows = district.enrollments.values()
        in_class = (e for e in rows if e.class_sourced_id == (second or first) and e.status == "active")
        return dict.fromkeys(e.user_sourced_id for e in in_class if e.role == role)

    return members


def _courses_of_school(district: District, school: str, _: str) -> Iterable[str]:
    """A school's own courses and those its classes are given in."""
    taught = {c.course_sourced_id for c in district.classes.values() if c.school_sourced_id == school}
    return (c.sourced_id for c in district.courses.values() if c.org_sourced_id == school or c.sourced_id in taught)


def _enrollments_of_school(district: District, school: str, _: str) -> Iterable[str]:
    return (e.sourced_id for e in district.enrollments.values() if e.school_sourced_id == school)


def _enrollments_of_class(district: District, _: str, class_: str) -> Iterable[str]:
    return (e.sourced_id for e in district.enrollments.values() if e.class_sourced_id == class_)


def _all_terms(district: District, school: str, _: str) -> Iterable[str]:
    """The school year is the district's: each of its schools has all the terms."""
    shared = district.orgs[school].parent_sourced_id == DISTRICT
    return (s.sourced_id for s in district.academic_sessions.values() if shared and s.type == "term")


def _periods_of_term(district: District, term: str, _: str) -> Iterable[str]:
    rows = district.academic_sessions.values()
    return (s.sourced_id for s in rows if s.parent_sourced_id == term and s.type == "gradingPeriod")


NESTED: Mapping[tuple[str, ...], Members] = {
    ("schools", "classes"): _classes_of("school_sourced_id"),
    ("schools", "courses"): _courses_of_school,
    ("schools", "enrollments"): _enrollments_of_school,
    ("schools", "students"): _people_of_school("student"),
    ("schools", "teachers"): _people_of_school("teacher"),
    ("schools", "terms"): _all_terms,
    ("schools", "classes", "enrollments"): _enrollments_of_class,
    ("schools", "classes", "students"): _people_of_class("student"),
    ("schools", "classes", "teachers"): _people_of_class("teacher"),
    ("classes", "students"): _people_of_class("student"),
    ("classes", "teachers"): _people_of_class("teacher"),
    ("courses", "classes"): _classes_of("course_sourced_id"),
    ("students", "classes"): _classes_of_user,
    ("teachers", "classes"): _classes_of_user,
    ("users", "classes"): _classes_of_user,
    ("terms", "classes"): _classes_of_term,
    ("terms", "gradingPeriods"): _periods_of_term,
}
"""The relationship addresses, family by family: `("schools", "classes")` is `/schools/{id}/classes`."""


class Store:
    """What the routes ask: one record, or the sourcedIds of a listing in the order wanted."""

    def __init__(self, district: District, rendering: Rendering, base_url: str) -> None:
        self.district = district
        self.rendering = rendering
        links = Links(district, base_url)
        self.tables = {c: Table(district, c, rendering, links) for c in Collection}
        # A walk through pages asks the same question again and again; each answer is a tuple and never changes.
        self.listing = lru_cache(maxsize=128)(self._listing)

    def find(self, family: str, sourced_id: str) -> Document | None:
        """The record at `/{family}/{sourced_id}`, None when there is none."""
        collection = FAMILIES[family].collection
        record = self.district.collection(collection).get(sourced_id)
        held = record is not None and FAMILIES[family].holds(record)
        return self.tables[collection].documents[sourced_id] if held else None

    def _listing(
        self, path: tuple[str, ...], owners: tuple[str, ...], filter_text: str, sort: str, descending: bool
    ) -> tuple[str, ...]:
        """sourcedIds at an address (`path` without, `owners` with the ids), filtered and sorted.

        Raises:
            FilterError: see `query.parse_filter`.
        """
        family = FAMILIES[path[-1]]
        documents = self.tables[family.collection].documents
        if owners:
            rows = [documents[key] for key in NESTED[path](self.district, owners[0], owners[-1])]
        else:
            records = self.district.collection(family.collection)
            rows = [documents[key] for key, record in records.items() if family.holds(record)]
        if filter_text:
            test = query.parse_filter(filter_text, self.rendering.fields[family.collection])
            rows = [document for document in rows if test(document)]
        if sort:
            rows = query.in_order(rows, sort, descending=descending)
        return tuple(document["sourcedId"] for document in rows)
