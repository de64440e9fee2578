"""Whatever changes at the provider: after delta bundles a bulk bundle finds nothing left to do."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bundles import sync_bundle, write
from tests.lab import Lab, Provider, new_lab, ref, small_district

EXAMPLES = int(os.environ.get("DELTA_EXAMPLES", "15"))
FILES = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
SCHOOLS = ("s1", "s2")  # both selected: of others a roster keeps nothing that a delta could build on
USERS = (*tuple(f"s{s}-{who}{n}" for s in (1, 2) for who in ("st", "pa") for n in (1, 2)), "new-1", "new-2")
CLASSES = (*tuple(f"s{s}-{letter}" for s in (1, 2) for letter in "ab"), "new-a")

user, class_, school = st.sampled_from(USERS), st.sampled_from(CLASSES), st.sampled_from(SCHOOLS)
enrollment = st.sampled_from(("e0", "e1", "s1-a-1", "s1-b-2", "s2-a-1"))
change = st.one_of(
    st.tuples(st.just("orgs"), user, st.lists(school, min_size=1, max_size=2, unique=True)),
    st.tuples(st.just("agents"), user, st.lists(user, max_size=2, unique=True)),
    st.tuples(st.just("role"), user, st.sampled_from(("student", "teacher", "parent", "guardian"))),
    st.tuples(st.just("email"), user, st.sampled_from(("a@x", "b@x"))),
    st.tuples(st.just("mark"), st.one_of(user, class_, enrollment), st.sampled_from(("tobedeleted", "active"))),
    st.tuples(st.just("school"), class_, school),
    st.tuples(st.just("term"), st.just("t1"), st.sampled_from(("2027-06-11", "2027-07-01"))),
    st.tuples(st.just("enroll"), enrollment, st.tuples(user, class_, st.sampled_from(("student", "teacher")))),
)
night = st.tuples(st.lists(change, max_size=5), st.sets(st.sampled_from(FILES)))


def find(p: Provider, name: str) -> str:
    """The collection that a record is in."""
    return next((collection for collection in FILES if name in p.records[collection]), "")


def names(enrollment: dict[str, Any], name: str) -> bool:
    """Whether an enrollment is of this person or class."""
    return name in (enrollment["user"]["sourcedId"], enrollment["class"]["sourcedId"])


def alter(p: Provider, kind: str, name: str, what: object) -> None:
    """One change, with a new dateLastModified."""
    if name in USERS and not find(p, name):
        p.user(name, "student", ("s1",))
    if name in CLASSES and not find(p, name):
        p.class_(name, "s1")
    if kind in ("orgs", "agents"):
        p.touch("users", name, **{kind: [ref(one) for one in what]})  # type: ignore[attr-defined]
    elif kind in ("role", "email"):
        p.touch("users", name, **{kind: what})
    elif kind == "mark" and find(p, name):
        p.touch(find(p, name), name, status=what)
        if what == "active":  # whose enrollments went, too: nobody could be asked for them
            p.touch("enrollments", *(key for key, row in p.records["enrollments"].items() if names(row, name)))
    elif kind == "school":
        p.touch("classes", name, school=ref(str(what), "org"))
    elif kind == "term":
        p.touch("academicSessions", name, endDate=what)
    elif kind == "enroll":
        person, taught, role = what  # type: ignore[misc]
        if find(p, person) and find(p, taught):
            p.enroll(name, person, taught, role, p.records["classes"][taught]["school"]["sourcedId"])
            p.touch("enrollments", name)


def changed_since(p: Provider, moment: str) -> Provider:
    """What a delta sends: the records touched since."""
    rows = {
        name: {key: row for key, row in p.records[name].items() if row["dateLastModified"] >= moment} for name in FILES
    }
    return Provider(records=rows)


def living(p: Provider) -> Provider:
    """What a bulk bundle sends: no record that is tobedeleted."""
    rows = {name: {key: row for key, row in p.records[name].items() if row["status"] == "active"} for name in FILES}
    return Provider(records=rows)


def nightly(lab: Lab, p: Provider, folder: Path, changes: list[tuple[str, str, object]], whole: set[str]) -> None:
    """A day later: changes, then a bundle of which some files are whole, and the others deltas or absent."""
    earlier = datetime.fromisoformat(p.clock)
    p.clock = (earlier + timedelta(days=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    for kind, name, what in changes:
        alter(p, kind, name, what)
    delta, bulk = changed_since(p, p.clock), living(p)
    mixed = Provider(records={name: (bulk if name in whole else delta).records[name] for name in FILES})
    modes = {
        name: "bulk" if name in whole else "delta" if mixed.records[name] else "absent"
        for name in FILES
        if name not in whole or mixed.records[name]
    }
    sync_bundle(lab, write(folder / "night.zip", mixed, **modes))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nights=st.lists(night, min_size=1, max_size=3))
def test_after_deltas_a_bulk_bundle_finds_nothing_left_to_do(
    nights: list[tuple[list[tuple[str, str, object]], set[str]]],
) -> None:
    p = small_district()
    p.clock = "2026-10-01T06:00:00.000Z"
    with new_lab() as lab:
        sync_bundle(lab, write(lab.folder / "first.zip", living(p)))
        for changes, whole in nights:
            nightly(lab, p, lab.folder, changes, whole)
        before = lab.picture()
        sync_bundle(lab, write(lab.folder / "last.zip", living(p)))
        assert lab.picture() == before, lab.log()
