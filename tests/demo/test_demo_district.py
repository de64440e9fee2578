"""The generated district: always the same, of the promised size, consistent on every day, and calm from day to day."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from copy import copy
from dataclasses import fields, replace
from datetime import date
from functools import lru_cache
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oneroster_tui.demo.days import advance
from oneroster_tui.demo.district import District, district
from oneroster_tui.demo.people import Timetable
from oneroster_tui.demo.registry import seeded
from oneroster_tui.demo.schoolyear import sessions, start_year
from oneroster_tui.records import Collection, Enrollment, Record, User

TODAY = date(2026, 3, 10)
R = TypeVar("R", bound=Record)


LAST_DAY = 12


@lru_cache(maxsize=1)
def history() -> list[District]:
    """The district on days 1 to LAST_DAY, each made of a copy of the day before, as `district` makes them in turn."""
    made = [district(1, TODAY)]
    timetable = Timetable(made[0])
    for day in range(2, LAST_DAY + 1):
        made.append(copied(made[-1]))
        advance(made[-1], timetable, day)
    return made


def copied(made: District) -> District:
    """Records never change; only the containers have to be copied."""
    containers = {f.name: copy(value) for f in fields(made) if not isinstance(value := getattr(made, f.name), int)}
    return replace(made, **containers)


def on_day(day: int) -> District:
    return history()[day - 1]


def active(records: Iterable[R]) -> list[R]:
    return [record for record in records if record.status == "active"]


def tables(made: District) -> list[dict[str, Record]]:
    return [dict(made.collection(name)) for name in Collection]


def test_the_same_district_every_time():
    assert tables(district(4, TODAY)) == tables(on_day(4))


def test_any_date_of_a_school_year_gives_the_same_district():
    assert tables(district(2, date(2025, 8, 1))) == tables(district(2, date(2026, 7, 31)))


def test_another_school_year_changes_only_dates():
    one, other = district(3, date(2025, 9, 1)), district(3, date(2031, 9, 1))
    for name in Collection:
        assert list(one.collection(name)) == list(other.collection(name))
    assert [(u.username, u.roles, u.agent_sourced_ids) for u in one.users.values()] == [
        (u.username, u.roles, u.agent_sourced_ids) for u in other.users.values()
    ]
    assert other.academic_sessions["session-year"].school_year == "2032"


@given(today=st.dates(date(2020, 1, 1), date(2040, 12, 31)))
@settings(max_examples=50, deadline=None)
def test_a_term_and_a_grading_period_are_running_on_any_date(today: date):
    rows = active(sessions(start_year(today), seeded("sessions")))
    running = Counter(s.type for s in rows if (s.start_date or "") <= today.isoformat() < (s.end_date or ""))
    assert running == {"schoolYear": 1, "term": 1, "gradingPeriod": 1}


def test_a_day_below_one_is_refused():
    with pytest.raises(ValueError, match="from 1 on"):
        district(0)


def test_size_and_mix():
    made = on_day(1)
    assert len(made.school_ids) == 14
    assert Counter(org.type for org in active(made.orgs.values())) == {"district": 1, "school": 14}
    assert 2800 <= len(made.users) <= 3300
    roles = Counter(user.roles[0].role for user in made.users.values())
    assert roles["student"] > 1300
    assert min(roles[role] for role in ("teacher", "aide", "administrator", "parent", "guardian", "relative")) >= 14
    agents = Counter(len(user.agent_sourced_ids) for user in made.users.values() if user.roles[0].role == "student")
    assert set(agents) == {0, 1, 2}
    shared = Counter(agent for user in made.users.values() for agent in user.agent_sourced_ids)
    assert sum(count > 1 for count in shared.values()) > 200


@pytest.mark.parametrize("name", list(Collection))
def test_a_very_few_records_are_to_be_deleted(name: Collection):
    gone = [r for r in on_day(1).collection(name).values() if r.status == "tobedeleted"]
    assert 2 <= len(gone) <= 3


def test_every_class_has_one_primary_teacher_on_every_day():
    for day in (1, 5, 9):
        primary = Counter(e.class_sourced_id for e in active(on_day(day).enrollments.values()) if e.is_primary)
        assert primary == {c.sourced_id: 1 for c in active(on_day(day).classes.values())}


def test_names_ids_and_times_have_the_promised_form():
    made = on_day(5)
    usernames = [user.username for user in made.users.values()]
    assert len(set(usernames)) == len(usernames)
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+\d*", username) for username in usernames)
    assert sum(username[-1].isdigit() for username in usernames) < 150
    assert all(re.search(r"@(\w+\.)?example\.(org|net)$", user.email) for user in made.users.values())
    for name in Collection:
        for sourced_id, record in made.collection(name).items():
            assert sourced_id == record.sourced_id
            assert re.fullmatch(r"[a-z0-9-]+", sourced_id)
            assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record.date_last_modified or "")
    assert {"school-03", "class-03-017", "student-00042"} <= {*made.orgs, *made.classes, *made.users}
    assert any(" " in user.given_name for user in made.users.values())
    assert any("'" in user.family_name for user in made.users.values())


@given(day=st.integers(1, 5))
@settings(max_examples=5, deadline=None)
def test_all_references_hold(day: int):
    check_references(on_day(day))


@pytest.mark.parametrize("day", [169, 200, 500])
def test_all_references_hold_when_terms_are_over(day: int):
    made = copied(on_day(5))
    advance(made, Timetable(made), day)
    check_references(made)


def check_references(made: District) -> None:
    for record in (*made.orgs.values(), *made.academic_sessions.values()):
        owner = made.orgs if record.sourced_id in made.orgs else made.academic_sessions
        assert record.parent_sourced_id is None or record.parent_sourced_id in owner
    assert all(course.org_sourced_id in made.orgs for course in made.courses.values())
    for class_ in made.classes.values():
        assert class_.course_sourced_id in made.courses
        assert class_.school_sourced_id in made.school_ids
        assert class_.term_sourced_ids
        assert set(class_.term_sourced_ids) <= set(made.academic_sessions)
    for user in made.users.values():
        assert user.roles
        assert {role.org_sourced_id for role in user.roles} <= set(made.orgs)
        assert [role.role_type for role in user.roles] == ["primary", *["secondary"] * (len(user.roles) - 1)]
        assert set(user.agent_sourced_ids) <= set(made.users)
        if user.status == "active":
            assert all(made.users[agent].status == "active" for agent in user.agent_sourced_ids)
    check_agents_live_where_their_children_do(made)
    pairs = Counter((e.user_sourced_id, e.class_sourced_id) for e in active(made.enrollments.values()))
    assert max(pairs.values()) == 1
    for enrollment in made.enrollments.values():
        check_enrollment(made, enrollment)


def check_agents_live_where_their_children_do(made: District) -> None:
    homes: dict[str, set[str]] = {}
    for student in active(made.users.values()):
        for agent in student.agent_sourced_ids:
            homes.setdefault(agent, set()).add(student.roles[0].org_sourced_id)
    for agent in active(made.users.values()):
        if agent.roles[0].role in ("parent", "guardian", "relative"):
            assert {role.org_sourced_id for role in agent.roles} == homes[agent.sourced_id]


def check_enrollment(made: District, enrollment: Enrollment) -> None:
    class_ = made.classes[enrollment.class_sourced_id]
    user = made.users[enrollment.user_sourced_id]
    assert enrollment.school_sourced_id == class_.school_sourced_id
    assert (enrollment.begin_date or "") < (enrollment.end_date or "")
    if enrollment.status == "active":
        assert user.status == class_.status == "active"
        assert enrollment.role == user.roles[0].role
        assert enrollment.school_sourced_id in {role.org_sourced_id for role in user.roles}


def schools_of(user: User) -> set[str]:
    return {role.org_sourced_id for role in user.roles}


@given(day=st.integers(2, LAST_DAY))
@settings(max_examples=12, deadline=None)
def test_a_day_changes_about_one_percent_and_removes_little(day: int):
    before, after = on_day(day - 1), on_day(day)
    ids = before.users.keys() | after.users.keys()
    changed = {i for i in ids if before.users.get(i) != after.users.get(i)}
    old, new = before.enrollments, after.enrollments
    for key in old.keys() | new.keys():
        if old.get(key) != new.get(key):
            changed.add((new.get(key) or old[key]).user_sourced_id)
    assert 15 <= len(changed) <= 60

    lost_users: Counter[str] = Counter()
    removed = 0
    for user in active(before.users.values()):
        now = after.users.get(user.sourced_id)
        gone = now is None or now.status == "tobedeleted"
        removed += gone
        lost_users.update(schools_of(user) if gone or now is None else schools_of(user) - schools_of(now))
    assert 2 <= removed <= 8
    assert max(lost_users.values()) <= 5

    lost: Counter[str] = Counter()
    for enrollment in active(old.values()):
        now_ = new.get(enrollment.sourced_id)
        if now_ is None or now_.status == "tobedeleted" or now_.end_date != enrollment.end_date:
            lost[enrollment.school_sourced_id or ""] += 1
    assert max(lost.values()) <= 5
    assert before.classes == after.classes


@given(day=st.integers(2, LAST_DAY))
@settings(max_examples=6, deadline=None)
def test_every_kind_of_change_happens(day: int):
    before, after = on_day(day - 1), on_day(day)
    kept = [(user, after.users[key]) for key, user in before.users.items() if key in after.users]
    students = [pair for pair in kept if pair[0].roles[0].role == "student" and pair[1].status == "active"]
    assert any(user.status == "active" and now.status == "tobedeleted" for user, now in kept), "leaves, marked"
    assert before.users.keys() - after.users.keys(), "leaves, vanished"
    assert after.users.keys() - before.users.keys(), "joins"
    assert any(user.roles != now.roles for user, now in students), "moves school"
    assert any(user.family_name != now.family_name for user, now in kept), "is renamed"
    assert any(user.username == now.username and user.email != now.email for user, now in kept), "new address"
    night = f"2025-08-{day:02d}"
    ended = [e for e in after.enrollments.values() if e.end_date == night]
    assert ended, "changes class"
    assert all(
        any(n.user_sourced_id == e.user_sourced_id and n.begin_date == night for n in after.enrollments.values())
        for e in ended
    )


@given(day=st.integers(2, LAST_DAY))
@settings(max_examples=6, deadline=None)
def test_what_changed_says_so_in_its_time(day: int):
    before, after = on_day(day - 1), on_day(day)
    latest = max(r.date_last_modified or "" for name in Collection for r in before.collection(name).values())
    for name in Collection:
        old = before.collection(name)
        for key, record in after.collection(name).items():
            if old.get(key) != record:
                assert (record.date_last_modified or "") > latest
