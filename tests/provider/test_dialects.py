"""JSON as it should be, as it is, and as nobody would send it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oneroster_tui.errors import Unreadable
from oneroster_tui.provider import dialects
from oneroster_tui.provider.dialects import Page, decode, fast, read_total, single, values
from oneroster_tui.records import (
    AcademicSession,
    Class,
    Collection,
    Course,
    Enrollment,
    Org,
    Record,
    Role,
    User,
)
from oneroster_tui.text import sanitise

settings.register_profile("dialects", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("dialects")

TIME = "2026-08-04T07:26:49.152Z"

ENROLLMENT: dict[str, Any] = {
    "sourcedId": "e1",
    "status": "active",
    "dateLastModified": TIME,
    "user": {"href": "https://sis.example/users/u1", "sourcedId": "u1", "type": "user"},
    "class": {"href": "https://sis.example/classes/c1", "sourcedId": "c1", "type": "class"},
    "school": {"href": "https://sis.example/orgs/o1", "sourcedId": "o1", "type": "org"},
    "role": "student",
    "primary": "false",
    "beginDate": "2026-08-17",
    "endDate": "2026-12-18",
}
USER: dict[str, Any] = {
    "sourcedId": "u1",
    "status": "active",
    "dateLastModified": TIME,
    "username": "pat.adams",
    "enabledUser": "true",
    "givenName": "Pat",
    "familyName": "Adams",
    "middleName": "",
    "role": "student",
    "identifier": "S1",
    "email": "pat@example.invalid",
    "phone": "+15550000700",
    "agents": [{"sourcedId": "u7"}, {"sourcedId": "u8"}],
    "orgs": [{"sourcedId": "o1"}, {"sourcedId": "o2"}],
    "grades": ["07"],
    "password": "secret",
}


def body(collection: Collection, *rows: object) -> bytes:
    return json.dumps({collection.value: rows}).encode()


def one(collection: Collection, row: dict[str, Any]) -> tuple[Any, list[tuple[str, str]]]:
    """The record of one row (None when it was refused) and its problems as (severity, code)."""
    page = decode(collection, body(collection, row))
    assert page.count == 1
    return page.records[0] if page.records else None, [(found.severity, found.code) for found in page.problems]


def is_safe(text: str) -> bool:
    """Whether there is nothing in a text that a terminal must not see."""
    return sanitise(text, 10_000) == text


def tolerant(collection: Collection, sent: bytes) -> Page:
    return dialects._tolerant(collection, sent, [])


# What is as it should be


def test_an_enrollment() -> None:
    assert decode(Collection.ENROLLMENTS, body(Collection.ENROLLMENTS, ENROLLMENT)).records == [
        Enrollment(
            sourced_id="e1",
            date_last_modified=TIME,
            class_sourced_id="c1",
            user_sourced_id="u1",
            school_sourced_id="o1",
            role="student",
            begin_date="2026-08-17",
            end_date="2026-12-18",
        )
    ]


def test_a_user_has_its_role_at_each_org_the_first_being_the_primary_one() -> None:
    record, problems = one(Collection.USERS, USER)

    assert problems == []
    assert record == User(
        sourced_id="u1",
        date_last_modified=TIME,
        username="pat.adams",
        identifier="S1",
        given_name="Pat",
        family_name="Adams",
        email="pat@example.invalid",
        roles=(
            Role(org_sourced_id="o1", role="student"),
            Role(org_sourced_id="o2", role="student", role_type="secondary"),
        ),
        agent_sourced_ids=("u7", "u8"),
        grades=("07",),
    )


def test_the_other_collections() -> None:
    common = {"sourcedId": "x", "status": "tobedeleted", "dateLastModified": TIME}
    org = {"name": "North", "type": "school", "identifier": "N1", "parent": {"sourcedId": "d"}, "children": []}
    session = {"title": "Autumn", "type": "gradingPeriod", "startDate": "2026-08-17", "endDate": "2026-12-18"}
    course = {"title": "Maths", "courseCode": "M1", "org": {"sourcedId": "o"}, "grades": ["07"]}
    group = {
        "title": "Maths 1",
        "classCode": "M1-1",
        "classType": "scheduled",
        "course": {"sourcedId": "k"},
        "school": {"sourcedId": "o"},
        "terms": [{"sourcedId": "t1"}, {"sourcedId": "t2"}],
    }
    same: dict[str, Any] = {"sourced_id": "x", "status": "tobedeleted", "date_last_modified": TIME}
    expected: list[tuple[Collection, dict[str, Any], Record]] = [
        (Collection.ORGS, org, Org(**same, name="North", type="school", identifier="N1", parent_sourced_id="d")),
        (
            Collection.ACADEMIC_SESSIONS,
            {**session, "schoolYear": 2027},
            AcademicSession(
                **same,
                title="Autumn",
                type="gradingPeriod",
                start_date="2026-08-17",
                end_date="2026-12-18",
                school_year="2027",
            ),
        ),
        (Collection.COURSES, course, Course(**same, title="Maths", course_code="M1", org_sourced_id="o")),
        (
            Collection.CLASSES,
            group,
            Class(
                **same,
                title="Maths 1",
                class_code="M1-1",
                class_type="scheduled",
                course_sourced_id="k",
                school_sourced_id="o",
                term_sourced_ids=("t1", "t2"),
            ),
        ),
    ]
    for collection, row, record in expected:
        assert one(collection, {**common, **row}) == (record, [])


def test_a_user_of_1_2() -> None:
    row = {key: value for key, value in USER.items() if key not in ("role", "orgs")}
    row["roles"] = [
        {"roleType": "primary", "role": "siteAdministrator", "org": {"sourcedId": "o1"}},
        {"roleType": "secondary", "role": "teacher", "org": {"sourcedId": "o2"}, "beginDate": "2026-08-17"},
    ]
    record, problems = one(Collection.USERS, row)

    assert problems == []
    assert record.roles == (
        Role(org_sourced_id="o1", role="siteAdministrator"),
        Role(org_sourced_id="o2", role="teacher", role_type="secondary"),
    )


@pytest.mark.parametrize(
    ("change", "identifier"),
    [
        ({"identifier": "7", "userMasterIdentifier": "M-7", "userId": "x"}, "7"),
        ({"identifier": " ", "userMasterIdentifier": "M-7", "userId": "x"}, "M-7"),
        ({"identifier": None, "userMasterIdentifier": "", "userId": "x"}, "x"),
        ({"identifier": None}, ""),
    ],
)
def test_what_stands_in_for_an_identifier(change: dict[str, Any], identifier: str) -> None:
    record, problems = one(Collection.USERS, USER | change)
    assert (record.identifier, problems) == (identifier, [])


# What is not


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"status": "ACTIVE"}, "status", "active"),
        ({"status": ""}, "status", "active"),
        ({"status": None}, "status", "active"),
        ({"status": "inactive"}, "status", "tobedeleted"),
        ({"status": "toBeDeleted"}, "status", "tobedeleted"),
        ({"primary": True}, "is_primary", True),
        ({"primary": "True"}, "is_primary", True),
        ({"primary": "yEs"}, "is_primary", True),
        ({"primary": 1}, "is_primary", True),
        ({"primary": 0}, "is_primary", False),
        ({"primary": None}, "is_primary", False),
        ({"role": " Student "}, "role", "student"),
        ({"role": "DISTRICTADMINISTRATOR"}, "role", "districtAdministrator"),
        ({"role": "ext:Coach"}, "role", "ext:Coach"),
        ({"user": "u1"}, "user_sourced_id", "u1"),
        ({"user": 17}, "user_sourced_id", "17"),
        ({"user": [{"sourcedId": "u1"}]}, "user_sourced_id", "u1"),
        ({"user": {"sourcedId": " u1 "}}, "user_sourced_id", "u1"),
        ({"user": None, "userSourcedId": "u2"}, "user_sourced_id", "u2"),
        ({"school": None}, "school_sourced_id", None),
        ({"school": {"sourcedId": ""}}, "school_sourced_id", None),
        ({"school": None, "schoolSourcedId": "o9"}, "school_sourced_id", "o9"),
        ({"beginDate": "2026-08-17T00:00:00.000Z"}, "begin_date", "2026-08-17"),
        ({"beginDate": "2026-08-17 00:00:00"}, "begin_date", "2026-08-17"),
        ({"beginDate": "2026/8/7"}, "begin_date", "2026-08-07"),
        ({"beginDate": "20260817"}, "begin_date", "2026-08-17"),
        ({"beginDate": 20260817}, "begin_date", "2026-08-17"),
        ({"beginDate": "2026-08-17+02:00"}, "begin_date", "2026-08-17"),
        ({"beginDate": " "}, "begin_date", None),
        ({"beginDate": "0000-00-00"}, "begin_date", None),
        ({"dateLastModified": "2026-08-17T10:00:00Z"}, "date_last_modified", "2026-08-17T10:00:00.000Z"),
        ({"dateLastModified": "2026-08-17T10:00:00.1234567Z"}, "date_last_modified", "2026-08-17T10:00:00.123Z"),
        ({"dateLastModified": "2026-08-17T10:00:00+02:00"}, "date_last_modified", "2026-08-17T08:00:00.000Z"),
        ({"dateLastModified": "2026-08-17T10:00:00"}, "date_last_modified", "2026-08-17T10:00:00.000Z"),
        ({"dateLastModified": "2026-08-17 10:00"}, "date_last_modified", "2026-08-17T10:00:00.000Z"),
        ({"dateLastModified": "2026-08-17"}, "date_last_modified", "2026-08-17T00:00:00.000Z"),
        ({"dateLastModified": ""}, "date_last_modified", None),
        ({"sourcedId": 12}, "sourced_id", "12"),
        ({"sourcedId": "a b/c@d"}, "sourced_id", "a b/c@d"),
    ],
)
def test_forgiven_in_silence(change: dict[str, Any], field: str, value: object) -> None:
    record, problems = one(Collection.ENROLLMENTS, {**ENROLLMENT, **change})

    assert (getattr(record, field), problems) == (value, [])


@pytest.mark.parametrize(
    ("change", "field", "value", "code"),
    [
        ({"status": "archived"}, "status", "active", "bad_status"),
        ({"primary": "perhaps"}, "is_primary", False, "bad_boolean"),
        ({"primary": 7}, "is_primary", False, "bad_boolean"),
        ({"primary": [True]}, "is_primary", False, "bad_boolean"),
        ({"beginDate": "next week"}, "begin_date", None, "bad_date"),
        ({"beginDate": "2026-02-30"}, "begin_date", None, "bad_date"),
        ({"beginDate": "08/17/2026"}, "begin_date", None, "bad_date"),
        ({"beginDate": {"date": 1}}, "begin_date", None, "bad_date"),
        ({"dateLastModified": "2026-02-30T10:00:00.000Z"}, "date_last_modified", None, "bad_time"),
        ({"dateLastModified": "0001-01-01T00:00:00+02:00"}, "date_last_modified", None, "bad_time"),
        ({"school": {"href": "x"}}, "school_sourced_id", None, "bad_reference"),
        ({"school": {"sourcedId": "o" * 256}}, "school_sourced_id", None, "bad_reference"),
        ({"school": {"sourcedId": "o\x001"}}, "school_sourced_id", None, "bad_reference"),
        ({"school": ["o1", "o2"]}, "school_sourced_id", "o1", "many_references"),
    ],
)
def test_used_without_what_could_not_be_read(change: dict[str, Any], field: str, value: object, code: str) -> None:
    record, problems = one(Collection.ENROLLMENTS, {**ENROLLMENT, **change})

    assert (getattr(record, field), problems) == (value, [("warning", code)])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sourcedId": None}, "missing_sourced_id"),
        ({"sourcedId": "  "}, "missing_sourced_id"),
        ({"sourcedId": "e" * 256}, "bad_sourced_id"),
        ({"sourcedId": "a\x00b"}, "bad_sourced_id"),
        ({"sourcedId": True}, "bad_sourced_id"),
        ({"user": None}, "missing_user"),
        ({"user": {"sourcedId": ""}}, "missing_user"),
        ({"class": {"href": "x"}}, "bad_class"),
        ({"role": None}, "missing_role"),
        ({"role": {"a": 1}}, "missing_role"),
    ],
)
def test_left_out_and_named(change: dict[str, Any], code: str) -> None:
    page = decode(Collection.ENROLLMENTS, body(Collection.ENROLLMENTS, {**ENROLLMENT, **change}, ENROLLMENT))

    assert page.count == 2
    assert [record.sourced_id for record in page.records] == ["e1"]
    assert [(found.severity, found.code) for found in page.problems] == [("error", code)]
    assert page.problems[0].entity == "enrollments"
    assert page.problems[0].sourced_id in ("", "e1")


def test_messages_name_the_field_and_are_safe_to_print() -> None:
    row = {**ENROLLMENT, "endDate": "\x1b[31msoon\x07" + "x" * 500}
    problem = decode(Collection.ENROLLMENTS, body(Collection.ENROLLMENTS, row)).problems[0]

    assert problem.message.startswith("endDate: expected a date, found “soonx")
    assert problem.message.isprintable()
    assert len(problem.message) < 120
    assert problem.sourced_id == "e1"


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"identifier": 123}, "identifier", "123"),
        ({"identifier": 123.0}, "identifier", "123"),
        ({"givenName": " Zoë\x00 Ann\tLee "}, "given_name", "Zoë Ann Lee"),
        ({"givenName": "x" * 4000}, "given_name", "x" * 4000),
        ({"enabledUser": None}, "enabled", True),
        ({"enabledUser": "FALSE"}, "enabled", False),
        ({"username": None, "givenName": None, "familyName": ""}, "username", ""),
        ({"agents": None}, "agent_sourced_ids", ()),
        ({"agents": {"sourcedId": "u9"}}, "agent_sourced_ids", ("u9",)),
        ({"agents": ["u9", None, 8, "u9"]}, "agent_sourced_ids", ("u9", "8")),
        ({"agents": [], "agentSourcedIds": "u7, u8"}, "agent_sourced_ids", ("u7", "u8")),
        ({"grades": None, "grade": "7"}, "grades", ("7",)),
        ({"grades": "07,08"}, "grades", ("07", "08")),
        ({"grades": [7, ""]}, "grades", ("7",)),
    ],
)
def test_users_forgiven(change: dict[str, Any], field: str, value: object) -> None:
    record, problems = one(Collection.USERS, {**USER, **change})

    assert (getattr(record, field), problems) == (value, [])


@pytest.mark.parametrize(
    ("change", "roles"),
    [
        ({"orgs": []}, [("", "student", "primary")]),
        ({"orgs": None, "role": None}, []),
        ({"orgs": None, "org": {"sourcedId": "o9"}}, [("o9", "student", "primary")]),
        ({"orgs": None, "orgSourcedIds": "o1,o2"}, [("o1", "student", "primary"), ("o2", "student", "secondary")]),
        ({"orgs": "o1"}, [("o1", "student", "primary")]),
        ({"orgs": {"sourcedId": "o1"}, "role": ["Parent"]}, [("o1", "parent", "primary")]),
        ({"role": ""}, [("o1", "", "primary"), ("o2", "", "secondary")]),
        ({"orgs": [{"sourcedId": "o1"}, {"sourcedId": "o1"}]}, [("o1", "student", "primary")]),
        ({"roles": []}, [("o1", "student", "primary"), ("o2", "student", "secondary")]),
        ({"roles": [{"role": "Teacher", "org": "o3"}]}, [("o3", "teacher", "primary")]),
        ({"roles": [{"role": "aide", "org": "o3", "roleType": "main"}]}, [("o3", "aide", "primary")]),
        (
            {"roles": {"role": "aide", "roleType": "Secondary", "org": {"sourcedId": "o3"}}},
            [("o3", "aide", "secondary")],
        ),
        (
            {"roles": [{"role": "aide", "org": None}, {"role": "teacher"}], "primaryOrg": {"sourcedId": "o4"}},
            [("o4", "aide", "primary"), ("o4", "teacher", "secondary")],
        ),
    ],
)
def test_roles(change: dict[str, Any], roles: list[tuple[str, str, str]]) -> None:
    record, problems = one(Collection.USERS, {**USER, **change})

    assert ([(role.org_sourced_id, role.role, role.role_type) for role in record.roles], problems) == (roles, [])


def test_a_row_that_is_no_object_does_not_spoil_its_page() -> None:
    page = decode(Collection.USERS, body(Collection.USERS, USER, None, "u2", 3, [USER]))

    assert (page.count, len(page.records)) == (5, 1)
    assert [found.code for found in page.problems] == ["not_an_object"] * 4


# Wrappers


@pytest.mark.parametrize(
    ("sent", "count"),
    [
        ('{"orgs": [{"sourcedId": "a"}]}', 1),
        ('{"schools": [{"sourcedId": "a"}]}', 1),
        ('{"records": [{"sourcedId": "a"}], "warnings": [{"codeMinor": "invalid_sort_field"}]}', 1),
        ('[{"sourcedId": "a"}, {"sourcedId": "b"}]', 2),
        ('{"orgs": {"sourcedId": "a"}}', 1),
        ('{"orgs": null}', 0),
        ("{}", 0),
        ("[]", 0),
        ('{"total": 0, "limit": 100, "offset": 0}', 0),
        ('{"orgs": [], "statusInfoSet": [{"imsx_codeMajor": "success", "imsx_severity": "status"}]}', 0),
        ('\ufeff{"orgs": [{"sourcedId": "a"}]}', 1),
    ],
)
def test_wrappers(sent: str, count: int) -> None:
    page = decode(Collection.ORGS, sent.encode())

    assert (page.count, len(page.records), page.problems) == (count, count, [])


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"", "is empty."),
        (b"<!DOCTYPE html><title>Sign in</title>", "is not JSON: it begins with “<!DOCTYPE html>"),
        (b'{"orgs": [{"sourcedId": "a"}', "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'"orgs"', "is not a list of records"),
        (b'{"orgs": "none"}', "has no list of orgs"),
        (b'{"a": [], "b": []}', "has no list of orgs"),
        (b'{"error": "invalid_token"}', "is a failure: invalid_token"),
        (b'{"errors": [{"codeMajor": "failure", "description": "No such field"}]}', "is a failure: No such field"),
        (
            b'{"statusInfoSet": [{"imsx_codeMajor": "FAILURE", "imsx_codeMinor": "forbidden"}]}',
            "is a failure: forbidden",
        ),
        (b'{"imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_description": "Ouch"}', "is a failure: Ouch"),
        (b'{"orgs": [], "errors": {"codeMajor": "failure", "severity": "error"}}', "is a failure"),
    ],
)
def test_not_a_list_at_all(sent: bytes, words: str) -> None:
    with pytest.raises(Unreadable) as caught:
        decode(Collection.ORGS, sent)

    assert caught.value.what.startswith("orgs: the provider's answer " + words)
    assert caught.value.collection == "orgs"
    assert caught.value.do


@pytest.mark.parametrize(
    "beside", ['"imsx_codeMajor": "failure"', '"error": "no"', '"errors": ["no"]', '"errors": [{"severity": "error"}]']
)
@pytest.mark.parametrize("users", ["[]", "null"])
def test_no_rows_beside_a_failure_are_not_an_empty_collection(beside: str, users: str) -> None:
    with pytest.raises(Unreadable):
        decode(Collection.USERS, f'{{"users": {users}, {beside}}}'.encode())


def test_totals_in_the_body() -> None:
    for collection in Collection:
        sent = json.dumps({collection.value: [{"sourcedId": "a"}], "total": "41"}).encode()
        assert decode(collection, sent).total == 41
    full = json.dumps({"enrollments": [ENROLLMENT], "totalCount": 7}).encode()
    assert decode(Collection.ENROLLMENTS, full).total == 7


@pytest.mark.parametrize(
    ("claim", "total"),
    [(3, 3), ("3", 3), (" 3 ", 3), (0, 0), ("0", 0)],
)
def test_read_total(claim: object, total: int) -> None:
    assert read_total(claim) == total


@pytest.mark.parametrize("claim", [-1, "-1", True, "1,000", "3.0", "", None, "٣", "9" * 40, [3], 2.5])
def test_read_total_of_nonsense(claim: object) -> None:
    assert read_total(claim) is None


def test_bytes_that_are_not_utf8_cost_their_characters_only() -> None:
    sent = body(Collection.USERS, {**USER, "givenName": "Zo?"}).replace(b"Zo?", b"Zo\xeb")
    page = decode(Collection.USERS, sent)

    assert [record.given_name for record in page.records if isinstance(record, User)] == ["Zo\ufffd"]
    assert [(found.severity, found.code) for found in page.problems] == [("warning", "bad_encoding")]


def test_lone_surrogates_bare_controls_and_endless_numbers() -> None:
    sent = body(Collection.USERS, USER).replace(b'"Pat"', b'"P\\ud800at\x01"').replace(b'"S1"', b"1" * 5000)
    record = decode(Collection.USERS, sent).records[0]

    assert isinstance(record, User)
    assert (record.given_name, record.identifier) == ("Pat", "1" * 5000)
    assert one(Collection.USERS, {**USER, "sourcedId": "u\ud800"})[1] == [("error", "bad_sourced_id")]


# By id


@pytest.mark.parametrize(
    "sent",
    [
        {"user": USER},
        USER,
        [USER],
        {"users": [USER]},
        {"student": USER, "user": USER},
    ],
)
def test_single(sent: object) -> None:
    record = single(Collection.USERS, json.dumps(sent).encode())

    assert record is not None
    assert record.sourced_id == "u1"


@pytest.mark.parametrize("sent", ["{}", '{"users": []}', '{"user": {"givenName": "Pat"}}'])
def test_single_without_a_record(sent: str) -> None:
    assert single(Collection.USERS, sent.encode()) is None


@pytest.mark.parametrize("sent", ["", "<html>", '{"imsx_codeMajor": "failure"}', "7"])
def test_single_unreadable(sent: str) -> None:
    with pytest.raises(Unreadable):
        single(Collection.USERS, sent.encode())


# Both paths, and everything between


texts = st.text(max_size=12) | st.sampled_from(["", " x ", "Zoë", "O'Brien", "a\tb", "\u00a0", "{}"])
ids = st.text("abcdef-0123456789./@_", min_size=1, max_size=40) | st.sampled_from([" a", "a b", "ä"])
refs = st.fixed_dictionaries({"sourcedId": ids}, optional={"href": texts, "type": texts})
days = st.dates().map(str) | st.sampled_from(["2026-08-17", ""])
times = st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z") | st.sampled_from([TIME, ""])
flags = st.sampled_from(["true", "false", "True", True, False])
role_words = st.sampled_from(["student", "teacher", "Parent", "siteAdministrator", "ext:X", "proctor"])
common: dict[str, st.SearchStrategy[Any]] = {
    "sourcedId": ids,
    "status": st.sampled_from(["active", "tobedeleted", "Active"]),
    "dateLastModified": times,
}
role_rows = st.fixed_dictionaries(
    {"role": role_words, "org": refs, "roleType": st.sampled_from(["primary", "secondary"])}
)
rows: dict[Collection, st.SearchStrategy[dict[str, Any]]] = {
    Collection.ORGS: st.fixed_dictionaries({**common, "name": texts, "type": texts, "parent": refs}),
    Collection.ACADEMIC_SESSIONS: st.fixed_dictionaries(
        {**common, "title": texts, "startDate": days, "endDate": days, "type": texts, "parent": refs}
    ),
    Collection.COURSES: st.fixed_dictionaries({**common, "title": texts, "courseCode": texts, "org": refs}),
    Collection.CLASSES: st.fixed_dictionaries(
        {**common, "course": refs, "school": refs, "terms": st.lists(refs, max_size=3)},
        optional={"title": texts, "classCode": texts, "classType": texts},
    ),
    Collection.USERS: st.fixed_dictionaries(
        {**common, "username": texts, "givenName": texts, "familyName": texts},
        optional={
            "middleName": texts,
            "identifier": texts,
            "userMasterIdentifier": texts,
            "userId": texts,
            "email": texts,
            "enabledUser": flags,
            "role": role_words,
            "orgs": st.lists(refs, max_size=3),
            "roles": st.lists(role_rows, max_size=3),
            "agents": st.lists(refs, max_size=3),
            "grades": st.lists(texts, max_size=3),
        },
    ),
    Collection.ENROLLMENTS: st.fixed_dictionaries(
        {**common, "user": refs, "class": refs, "role": role_words},
        optional={"school": refs, "primary": flags, "beginDate": days, "endDate": days},
    ),
}
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("x" * 300) | days | refs,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["sourcedId", "role", "x"]), inner),
    max_leaves=4,
)
collections = st.sampled_from(list(Collection))


@given(data=st.data(), collection=collections)
@settings(max_examples=150)
def test_the_fast_and_the_tolerant_path_agree(data: st.DataObject, collection: Collection) -> None:
    sent = body(collection, *data.draw(st.lists(rows[collection], max_size=4)))

    assert decode(collection, sent) == tolerant(collection, sent)


@given(data=st.data(), collection=collections)
@settings(max_examples=200)
def test_whatever_becomes_of_fields_every_row_is_a_record_or_a_named_error(
    data: st.DataObject, collection: Collection
) -> None:
    page_rows = data.draw(st.lists(rows[collection], min_size=1, max_size=4))
    for row in page_rows:
        for field in data.draw(st.lists(st.sampled_from(sorted(row)), max_size=3)):
            row.pop(field, None)
            if data.draw(st.booleans()):
                row[field] = data.draw(junk)
    sent = body(collection, *page_rows, *data.draw(st.lists(junk, max_size=1)))

    page = decode(collection, sent)

    errors = [found for found in page.problems if found.severity == "error"]
    assert page.count == len(page.records) + len(errors)
    assert all(found.message and is_safe(found.message) for found in page.problems)
    assert all(0 < len(record.sourced_id) <= 255 for record in page.records)
    assert page == tolerant(collection, sent)


@given(sent=st.binary(max_size=60) | junk.map(lambda value: json.dumps(value).encode()), collection=collections)
@settings(max_examples=200)
def test_no_answer_breaks_the_reader(sent: bytes, collection: Collection) -> None:
    said = []
    for read in (decode, single):
        try:
            read(collection, sent)
        except Unreadable as error:
            said.append(error.what)

    assert all(map(is_safe, said))


def test_well_formed_pages_do_take_the_fast_path() -> None:
    assert fast.read_page(Collection.ENROLLMENTS, body(Collection.ENROLLMENTS, ENROLLMENT)) is not None
    for collection, row in ((Collection.ENROLLMENTS, ENROLLMENT), (Collection.USERS, USER)):
        found = fast.read_page(collection, body(collection, row, row))
        assert found is not None
        assert all(found[0])


def test_dates_are_shared_rather_than_copied() -> None:
    assert values.read_date("2026-08-17") is values.read_date("".join(["2026-", "08-17"]))
