"""Random districts, random changes between syncs: what holds whatever happens.

`expected` says independently, from the provider's records alone, what the contract keeps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from oneroster_tui.errors import ExitCode
from tests.lab import ROLES, Lab, Provider, new_lab, ref

Table = dict[str, tuple[Any, ...]]
Change = tuple[int, int, int, int]

SCHOOLS = ("s1", "s2", "s3")
WORDS = ("student", "teacher", "parent", "aide", "STUDENT", "Guardian")
ORGS = ((), ("s1",), ("s2",), ("s3",), ("s1", "s2"), ("s3", "s1"))
USERS, CLASSES, ENROLLMENTS = 7, 4, 9
AUDITED = ("orgs", "academic_sessions", "courses", "classes", "users", "enrollments", "relationships")


def district() -> Provider:
    """Schools, and one record in each collection that no change touches: a collection that empties is incomplete."""
    p = Provider()
    for school in SCHOOLS:
        p.org(school)
    p.session("t1")
    p.course("c1", "s1")
    p.class_("anchor", "s1")
    p.user("anchor", "student", ("s1",))
    p.enroll("anchor", "anchor", "anchor")
    return p


def put_user(p: Provider, a: int, b: int, c: int) -> None:
    agents = [ref(f"u{(a + step) % USERS}") for step in range(1, 1 + c % 3)]
    twin = {"username": f"name{b % 3}"} if c % 5 == 0 else {}
    p.user(f"u{a % USERS}", WORDS[b % len(WORDS)], ORGS[c % len(ORGS)], agents=agents, **twin)


def put_class(p: Provider, a: int, b: int, c: int) -> None:
    p.class_(f"k{a % CLASSES}", SCHOOLS[b % 3], f"c{c % 4}", (f"t{c % 3}",))


def put_enrollment(p: Provider, a: int, b: int, c: int) -> None:
    p.enroll(f"e{a % ENROLLMENTS}", f"u{b % USERS}", f"k{c % CLASSES}", WORDS[(b + c) % len(WORDS)])


def put_course(p: Provider, a: int, b: int, c: int) -> None:
    p.course(f"c{a % 4}" if a % 4 != 1 else "c9", SCHOOLS[b % 3])


def put_session(p: Provider, a: int, b: int, c: int) -> None:
    p.session("t2" if a % 2 else "t0", f"2026-0{1 + b % 9}-01", f"2027-0{1 + c % 9}-01")


def drop(p: Provider, a: int, b: int, c: int) -> None:
    """Lists a record no longer."""
    name = ("users", "classes", "enrollments", "courses", "academicSessions")[c % 5]
    names = [key for key in p.records[name] if key not in ("anchor", "c1", "t1")]
    if names:
        p.drop(name, names[a % len(names)])


def mark(p: Provider, a: int, b: int, c: int) -> None:
    """Marks a record tobedeleted."""
    name = ("users", "classes", "enrollments", "courses")[c % 4]
    names = [key for key in p.records[name] if key not in ("anchor", "c1")]
    if names:
        p.mark(name, names[a % len(names)])


def rename(p: Provider, a: int, b: int, c: int) -> None:
    """Changes what a record says, without a word on when."""
    names = [key for key in p.records["users"] if key != "anchor"]
    if names:
        p.records["users"][names[a % len(names)]] |= {"familyName": f"Name {b % 4}", "enabledUser": c % 2 == 0}


OPERATIONS: tuple[Callable[[Provider, int, int, int], None], ...] = (
    put_user,
    put_user,
    put_class,
    put_enrollment,
    put_enrollment,
    put_course,
    put_session,
    drop,
    drop,
    mark,
    rename,
)

numbers = st.integers(0, 59)
changes = st.lists(st.tuples(st.integers(0, len(OPERATIONS) - 1), numbers, numbers, numbers), max_size=14)
histories = st.lists(changes, min_size=1, max_size=4)


def mutate(p: Provider, steps: list[Change]) -> None:
    """Makes the changes of one day."""
    for operation, a, b, c in steps:
        OPERATIONS[operation](p, a, b, c)


def expected(p: Provider, selected: tuple[str, ...]) -> dict[str, set[str]]:
    """What the contract keeps, by its own words: section 4, the first four points."""

    def living(name: str) -> dict[str, dict[str, Any]]:
        return {key: row for key, row in p.records[name].items() if row["status"] == "active"}

    def mapped(word: str) -> bool:
        return word.lower() in ROLES

    users = living("users")
    classes = {key: row for key, row in living("classes").items() if row["school"]["sourcedId"] in selected}
    enrollments = {
        key: row
        for key, row in living("enrollments").items()
        if row["class"]["sourcedId"] in classes and row["user"]["sourcedId"] in users and mapped(row["role"])
    }
    kept = {key for key, row in users.items() if {org["sourcedId"] for org in row["orgs"]} & set(selected)}
    kept |= {row["user"]["sourcedId"] for row in enrollments.values()}

    def agents(key: str) -> set[str]:
        is_student = users[key]["role"].lower() == "student"
        return {agent["sourcedId"] for agent in users[key]["agents"]} & set(users) if is_student else set()

    while more := {agent for key in kept for agent in agents(key)} - kept:
        kept |= more
    courses = {key for key, row in living("courses").items() if row["org"]["sourcedId"] in selected}
    courses |= {row["course"]["sourcedId"] for row in classes.values()} & set(living("courses"))
    return {
        "classes": set(classes),
        "enrollments": set(enrollments),
        "users": kept,
        "courses": courses,
        "relationships": {
            f"{key} {agent}" for key in kept for agent in agents(key) if agent != key and mapped(users[agent]["role"])
        },
    }


def state(lab: Lab) -> dict[str, Table]:
    """Every audited table: sourcedId -> row, but for what changes by itself."""
    found = {}
    for table in AUDITED:
        columns = [column.name for column in lab.roster.database.get_columns(table)]
        told = [name for name in columns if name not in ("updated_at", "synced_at", "missing_runs", "sourced_id")]
        found[table] = {row[0]: row[1:] for row in lab.rows(f"SELECT sourced_id, {', '.join(told)} FROM {table}")}
    return found


def assert_audited(lab: Lab, before: dict[str, Table], after: dict[str, Table]) -> None:
    """The audit names exactly the rows that differ, and holds what they were and are."""
    differing = {
        (table, key)
        for table in AUDITED
        for key in before[table].keys() | after[table].keys()
        if before[table].get(key) != after[table].get(key)
    }
    audit = {(entity, key): (was, now) for entity, key, _, _, was, now in lab.audit()}
    assert set(audit) == differing
    for (table, key), (was, now) in audit.items():
        assert (was is None) == (key not in before[table])
        assert (now is None) == (key not in after[table])
        for told in (was, now):
            assert told is None or told["sourced_id"] == key
        if now is not None:
            row = lab.rows(f"SELECT id, status FROM {table} WHERE sourced_id = ?", key)
            assert row == [(now["id"], now["status"])]


def assert_whole(lab: Lab) -> None:
    """Nothing active hangs on anything that is not, and nothing refers to nothing."""
    assert lab.dangling() == []
    for table, column, parent in (
        ("enrollments", "user_id", "users"),
        ("enrollments", "class_id", "classes"),
        ("relationships", "student_id", "users"),
        ("relationships", "agent_id", "users"),
    ):
        sql = (
            f"SELECT x.sourced_id FROM {table} x JOIN {parent} p ON p.id = x.{column} "
            "WHERE x.status = 'active' AND p.status <> 'active'"
        )
        assert lab.rows(sql) == []


def of_other_schools(lab: Lab, selected: tuple[str, ...]) -> dict[tuple[str, str], tuple[Any, str, str]]:
    """What is active at schools that are not selected: (table, sourcedId) -> (row, its class, its user)."""
    there = f"c.school_sourced_id NOT IN ({', '.join(repr(school) for school in selected)})"
    classes = lab.rows(f"SELECT c.* FROM classes c WHERE {there} AND c.status = 'active'")
    found: dict[tuple[str, str], tuple[Any, str, str]] = {("classes", row[2]): (row, row[2], "") for row in classes}
    sql = (
        "SELECT e.sourced_id, c.sourced_id, u.sourced_id, e.id, e.user_id, e.class_id, e.status FROM enrollments e "
        f"JOIN users u ON u.id = e.user_id JOIN classes c ON c.id = e.class_id WHERE {there} AND e.status = 'active'"
    )
    return found | {("enrollments", row[0]): (row, row[1], row[2]) for row in lab.rows(sql)}


def has_errors(lab: Lab) -> bool:
    """Whether a record could not be used: what is held of it stays, and a fresh roster would not have it."""
    return any(row[2] == "error" for row in lab.problems())


@settings(deadline=None, max_examples=30)
@given(history=histories, policy=st.sampled_from(["suspend", "unenrol", "delete"]))
def test_after_every_sync_the_roster_is_what_the_provider_says(history: list[list[Change]], policy: str) -> None:
    with new_lab(district()) as lab:
        ids: dict[tuple[str, str], int] = {}
        for steps in history:
            mutate(lab.provider, steps)
            before = state(lab)
            ended = lab.sync(sync={"on_removed": policy})
            assert ended.exit_code in (ExitCode.DONE, ExitCode.RECORD_PROBLEMS)
            after = state(lab)
            assert_audited(lab, before, after)
            assert_whole(lab)
            broken = has_errors(lab)
            for table, names in expected(lab.provider, ("s1", "s2")).items():
                assert names <= lab.active(table)
                assert broken or names == lab.active(table)
                if policy != "delete":
                    for key, local_id in lab.rows(f"SELECT sourced_id, id FROM {table}"):
                        assert ids.setdefault((table, key), local_id) == local_id
            lab.sync(sync={"on_removed": policy})
            assert lab.audit() == []
            assert state(lab) == after
        with new_lab(lab.provider) as fresh:
            fresh.sync()
            for name, rows in fresh.picture().items():
                assert rows <= lab.picture()[name]
                assert broken or rows == lab.picture()[name]


@settings(deadline=None, max_examples=20)
@given(
    history=st.lists(st.tuples(changes, st.sampled_from([("s1",), ("s2",), ("s1", "s2")])), min_size=2, max_size=5),
    policy=st.sampled_from(["suspend", "unenrol", "delete"]),
)
def test_deselecting_never_removes_and_reselecting_catches_up(
    history: list[tuple[list[Change], tuple[str, ...]]], policy: str
) -> None:
    with new_lab(district()) as lab:
        for steps, selected in history:
            lab.sync(sync={"on_removed": policy})
            mutate(lab.provider, steps)
            before, elsewhere = state(lab), of_other_schools(lab, selected)
            ended = lab.sync(schools=selected, sync={"on_removed": policy})
            assert ended.exit_code in (ExitCode.DONE, ExitCode.RECORD_PROBLEMS)
            assert_audited(lab, before, state(lab))
            assert_whole(lab)
            after, wanted = of_other_schools(lab, selected), expected(lab.provider, selected)
            gone = {row[1] for row in lab.audit() if row[0] == "users" and row[2] in ("suspended", "deleted")}
            for key, (row, class_, user) in elsewhere.items():
                if class_ in wanted["classes"] or (key[0] == "enrollments" and key[1] in wanted["enrollments"]):
                    continue  # it moved to a selected school
                if user in gone:
                    assert lab.provider.records["users"].get(user, {}).get("status") != "active"
                else:
                    assert after[key][0] == row
            lab.sync(schools=selected, sync={"on_removed": policy})
            assert lab.audit() == []
        lab.sync(sync={"on_removed": policy})
        for table, names in expected(lab.provider, ("s1", "s2")).items():
            assert names <= lab.active(table)
            assert has_errors(lab) or names == lab.active(table)


@settings(deadline=None, max_examples=20)
@given(history=histories, grace=st.integers(1, 2))
def test_grace_only_delays(history: list[list[Change]], grace: int) -> None:
    with new_lab(district()) as lab:
        rule = {"grace_runs": grace}
        for steps in history:
            mutate(lab.provider, steps)
            before = state(lab)
            lab.sync(sync=rule)
            assert_audited(lab, before, state(lab))
            assert_whole(lab)
            for table, names in expected(lab.provider, ("s1", "s2")).items():
                assert names <= lab.active(table)
        for _ in range(grace):
            lab.sync(sync=rule)
        broken = has_errors(lab)
        for table, names in expected(lab.provider, ("s1", "s2")).items():
            assert broken or names == lab.active(table)


@settings(deadline=None, max_examples=30)
@given(
    history=st.lists(st.tuples(changes, st.sampled_from(["none", "username", "identifier"])), min_size=1, max_size=5),
    policy=st.sampled_from(["keep", "suspend", "unenrol", "delete"]),
)
def test_merging_never_loses_anybody(history: list[tuple[list[Change], str]], policy: str) -> None:
    with new_lab(district()) as lab:
        for steps, merging in history:
            rule = {"on_removed": policy, "merge_users": merging}
            mutate(lab.provider, steps)
            ended = lab.sync(sync=rule)
            assert ended.exit_code in (ExitCode.DONE, ExitCode.RECORD_PROBLEMS)
            assert_whole(lab)
            wanted = expected(lab.provider, ("s1", "s2"))
            assert wanted["enrollments"] <= lab.active("enrollments")
            assert wanted["classes"] <= lab.active("classes")
            sql = "SELECT i.sourced_id, i.user_id FROM user_ids i JOIN users u ON u.id = i.user_id AND u.status = 'active'"
            means: dict[str, int] = dict(lab.rows(sql))  # type: ignore[arg-type]
            assert wanted["users"] <= set(means)
            people: dict[str, set[int]] = {}
            for name in wanted["users"]:
                record = lab.provider.records["users"][name]
                key = name if merging == "none" else str(record[merging]).lower()
                people.setdefault(key, set()).add(means[name])
            assert all(len(ids) == 1 for ids in people.values())
            assert len({min(ids) for ids in people.values()}) == len(people)
            for name in wanted["enrollments"]:
                user = lab.provider.records["enrollments"][name]["user"]["sourcedId"]
                assert lab.rows("SELECT user_id FROM enrollments WHERE sourced_id = ?", name) == [(means[user],)]
            before = lab.content()
            lab.sync(sync=rule)
            assert lab.audit() == []
            assert lab.content() == before
            if policy != "keep" and not has_errors(lab):
                with new_lab(lab.provider) as fresh:
                    fresh.sync(sync={"merge_users": merging})
                    assert len(fresh.active("users")) == len(lab.active("users"))
                    assert len(fresh.active("relationships")) == len(lab.active("relationships"))
                    assert fresh.active("enrollments") == lab.active("enrollments")
