"""Whatever changes at the provider, with a new dateLastModified: after a delta, a full run finds nothing left to do."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.lab import Lab, Provider, new_lab, ref, small_district

EXAMPLES = int(os.environ.get("DELTA_EXAMPLES", "30"))
SCHOOLS = ("s1", "s2", "s3")  # the third is not selected
ROLES = ("student", "teacher", "parent", "guardian", "aide")  # the last is not mapped
USERS = (*tuple(f"s{s}-{who}{n}" for s in (1, 2, 3) for who in ("st", "pa") for n in (1, 2)), "new-1", "new-2", "never")
CLASSES = (*tuple(f"s{s}-{letter}" for s in (1, 2, 3) for letter in "ab"), "new-a", "new-b")
SPARE = tuple(f"e{n}" for n in range(4))

user, class_, school = st.sampled_from(USERS), st.sampled_from(CLASSES), st.sampled_from(SCHOOLS)
enrollment = st.sampled_from((*SPARE, "s1-a-1", "s1-b-2", "s2-a-1", "s3-a-1", "s3-b-2"))
role = st.sampled_from(ROLES)
course, term = st.sampled_from(("c1", "c2", "c3", "c4")), st.sampled_from(("t1", "t2", "t3"))
change = st.one_of(
    st.tuples(st.just("orgs"), user, st.lists(school, max_size=2, unique=True)),
    st.tuples(st.just("agents"), user, st.lists(user, max_size=2, unique=True)),
    st.tuples(st.just("role"), user, role),
    st.tuples(st.just("email"), user, st.sampled_from(("a@x", "b@x"))),
    st.tuples(
        st.just("mark"), st.one_of(user, class_, enrollment, course, term), st.sampled_from(("tobedeleted", "active"))
    ),
    st.tuples(st.just("school"), class_, school),
    st.tuples(st.just("course"), class_, course),
    st.tuples(st.just("terms"), class_, st.lists(term, max_size=2, unique=True)),
    st.tuples(st.just("title"), st.one_of(class_, course, term), st.sampled_from(("one", "two"))),
    st.tuples(st.just("endDate"), term, st.sampled_from(("2027-06-11", "2027-07-01"))),
    st.tuples(st.just("enroll"), enrollment, st.tuples(user, class_, role)),
    st.tuples(st.just("drop"), enrollment, st.none()),
)
night = st.lists(change, max_size=6)


def three_schools() -> Provider:
    """The small district, and a third school that nobody selected."""
    p = small_district()
    p.org("s3")
    p.course("c3", "s3")
    p.course("c4", "s3")
    p.session("t2")
    for letter in "ab":
        p.class_(f"s3-{letter}", "s3", "c3")
    for n in (1, 2):
        p.user(f"s3-pa{n}", "parent", ())
        p.user(f"s3-st{n}", "student", ("s3",), agents=[ref(f"s3-pa{n}")])
        for letter in "ab":
            p.enroll(f"s3-{letter}-{n}", f"s3-st{n}", f"s3-{letter}", "student", "s3")
        for s in (1, 2):
            p.records["users"][f"s{s}-pa{n}"]["orgs"] = []
    return p


def alter(p: Provider, kind: str, name: str, what: object) -> None:
    """One change, as a provider makes it: with a new dateLastModified, but for a row that is gone for good."""
    users, classes, enrollments = p.records["users"], p.records["classes"], p.records["enrollments"]
    courses, sessions = p.records["courses"], p.records["academicSessions"]
    if name == "never":
        return
    if name in USERS and name not in users:
        p.user(name, "student", ("s1",), dateLastModified=p.clock)
    if name in CLASSES and name not in classes:
        p.class_(name, "s1", dateLastModified=p.clock)
    if name == "t3" and name not in sessions:  # until then, classes name a term that nobody lists
        p.session(name, dateLastModified=p.clock)
    if kind == "orgs":
        p.touch("users", name, orgs=[ref(org, "org") for org in what])  # type: ignore[attr-defined]
    elif kind == "agents":
        p.touch("users", name, agents=[ref(agent) for agent in what])  # type: ignore[attr-defined]
    elif kind in ("role", "email"):
        p.touch("users", name, **{kind: what})
    elif kind == "mark":
        found = next((rows for rows in (users, classes, enrollments, courses, sessions) if name in rows), None)
        if found is not None:
            found[name] |= {"status": what, "dateLastModified": p.clock}
    elif kind == "school":
        p.touch("classes", name, school=ref(str(what), "org"))
    elif kind == "course":
        p.touch("classes", name, course=ref(str(what), "course"))
    elif kind == "terms":
        p.touch("classes", name, terms=[ref(term, "academicSession") for term in what])  # type: ignore[attr-defined]
    elif kind in ("title", "endDate"):
        p.touch(next(key for key, rows in p.records.items() if name in rows), name, **{kind: what})
    elif kind == "enroll":
        person, taught, as_role = what  # type: ignore[misc]
        where = classes.get(taught, {}).get("school", ref("s1", "org"))["sourcedId"]
        p.enroll(name, person, taught, as_role, where, dateLastModified=p.clock)


def nightly(lab: Lab, changes: list[tuple[str, str, object]]) -> None:
    """A day later: changes, then a delta."""
    p = lab.provider
    p.clock = (
        (datetime.fromisoformat(p.clock) + timedelta(days=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
    for kind, name, what in changes:
        alter(p, kind, name, what)
    lab.sync(mode="delta", sync={"full_every_days": 100_000})


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nights=st.lists(night, min_size=1, max_size=4))
@example(  # an enrollment names somebody whom nobody knows; a later night they are known, and gone
    nights=[[("enroll", "s1-a-1", ("new-1", "s1-a", "student"))], [], [("mark", "new-1", "tobedeleted")]]
)
@example(  # the same the other way round
    nights=[[("mark", "new-1", "tobedeleted")], [], [("enroll", "s1-a-1", ("new-1", "s1-a", "student"))]]
)
def test_after_deltas_a_full_run_finds_nothing_left_to_do(nights: list[list[tuple[str, str, object]]]) -> None:
    with new_lab(three_schools()) as lab:
        lab.provider.clock = "2026-10-01T06:00:00.000Z"
        lab.sync(mode="delta")
        for changes in nights:
            nightly(lab, changes)
            assert lab.rows("SELECT mode FROM sync_runs ORDER BY id DESC LIMIT 1") == [("delta",)]
        before = lab.content()
        lab.sync()
        assert lab.content() == before, lab.log()
