"""The map room: 41 operations, base paths and scopes; and the washroom for remote text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneroster_tui.provider.endpoints import BY_NAME, OPERATIONS, base_url, collection_of, scopes_for
from oneroster_tui.records import Collection
from oneroster_tui.text import sanitise


def test_the_standard_has_41_operations_each_with_one_name_path_and_key() -> None:
    assert len(OPERATIONS) == 41
    assert len(BY_NAME) == 41
    assert len({operation.path for operation in OPERATIONS}) == 41
    assert all(bool(operation.list_key) != bool(operation.single_key) for operation in OPERATIONS)
    assert sum(operation.is_collection for operation in OPERATIONS) == 29


def test_rostering_core_is_22_operations() -> None:
    core = [operation for operation in OPERATIONS if operation.scope == "roster-core.readonly"]
    assert len(core) == 22
    assert sum(operation.is_collection for operation in core) == 11


@pytest.mark.parametrize(
    ("name", "list_key", "single_key"),
    [
        ("getAllSchools", "orgs", ""),
        ("getSchool", "", "org"),
        ("getTermsForSchool", "academicSessions", ""),
        ("getTerm", "", "academicSession"),
        ("getTeachersForClassInSchool", "users", ""),
        ("getStudent", "", "user"),
        ("getAllDemographics", "demographics", ""),
        ("getDemographics", "", "demographics"),
        ("getClass", "", "class"),
    ],
)
def test_body_keys_name_the_entity_not_the_endpoint(name: str, list_key: str, single_key: str) -> None:
    assert (BY_NAME[name].list_key, BY_NAME[name].single_key) == (list_key, single_key)


def test_every_collection_a_sync_reads_has_its_operation() -> None:
    paths = {operation.path: operation for operation in OPERATIONS}
    for collection in Collection:
        assert paths[f"/{collection}"].list_key == collection


def test_ids_are_encoded_into_the_path() -> None:
    operation = BY_NAME["getStudentsForClassInSchool"]
    assert operation.url_path("a/b", "ü ?#") == "/schools/a%2Fb/classes/%C3%BC%20%3F%23/students"
    assert operation.endpoint == "students"
    assert BY_NAME["getOrg"].endpoint == "orgs"
    with pytest.raises(ValueError, match="getOrg"):
        BY_NAME["getOrg"].url_path()


@pytest.mark.parametrize(
    ("root", "version", "expected"),
    [
        ("https://h", "1.0", "https://h/learningdata/v1"),
        ("https://h/", "1.1", "https://h/ims/oneroster/v1p1"),
        (" https://h/aeries// ", "1.1", "https://h/aeries/ims/oneroster/v1p1"),
        ("https://h", "1.2", "https://h/ims/oneroster/rostering/v1p2"),
        ("https://h/ims/oneroster/v1p1/", "1.1", "https://h/ims/oneroster/v1p1"),
        (
            "https://h/campus/api/ims/oneroster/rostering/v1p2",
            "1.2",
            "https://h/campus/api/ims/oneroster/rostering/v1p2",
        ),
        ("https://h/my/v1p1", "1.1", "https://h/my/v1p1"),
        ("https://h/learningdata/v1", "1.0", "https://h/learningdata/v1"),
        ("https://h/ims/oneroster/v1p1/district/7", "1.1", "https://h/ims/oneroster/v1p1/district/7"),
        ("https://v1p1", "1.1", "https://v1p1/ims/oneroster/v1p1"),
        ("https://h/ims/oneroster-proxy", "1.1", "https://h/ims/oneroster-proxy/ims/oneroster/v1p1"),
        ("https://h/v1p1x", "1.1", "https://h/v1p1x/ims/oneroster/v1p1"),
        ("https://h/IMS/OneRoster/v1p1", "1.1", "https://h/IMS/OneRoster/v1p1"),
    ],
)
def test_a_root_gets_the_base_path_and_a_base_path_stays(root: str, version: str, expected: str) -> None:
    assert base_url(root, version) == expected
    assert base_url(expected, version) == expected


def test_scopes() -> None:
    prefix = "https://purl.imsglobal.org/spec/or/v1p1/scope/"
    assert scopes_for("1.1") == (prefix + "roster-core.readonly", prefix + "roster.readonly")
    assert scopes_for("1.2") == tuple(scope.replace("v1p1", "v1p2") for scope in scopes_for("1.1"))
    assert scopes_for("1.0") == ()
    assert len(BY_NAME["getAllUsers"].scopes("1.1")) == 1
    assert len(BY_NAME["getAllUsers"].scopes("1.2")) == 2
    assert BY_NAME["getClassesForUser"].scopes("1.2") == (scopes_for("1.2")[1],)
    assert BY_NAME["getAllUsers"].scopes("1.0") == ()


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/users?limit=3", "users"), ("/schools/users/terms", "terms"), ("/orgs/7", "orgs"), ("/other", ""), ("", "")],
)
def test_what_a_path_is_about(path: str, expected: str) -> None:
    assert collection_of(path) == expected


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("plain", "plain"),
        ("  two\t\nlines\r ", "two lines"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x1b]8;;https://x\x1b\\link\x1b]8;;\x1b\\", "alink"),
        ("a\x1bPq#0\x1b\\b", "ab"),
        ("a\x1bc\x1b(0b", "ab"),
        ("ends in \x1b", "ends in"),
        ("\u202egnp.exe\u2066\u200f", "gnp.exe"),
        ("nul\x00bell\x07del\x7f", "nulbelldel"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("line\u2028para\u2029x", "line para x"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("Zoë 王 🎓 \u0645\u06cc\u200c\u062e", "Zoë 王 🎓 \u0645\u06cc\u200c\u062e"),
    ],
)
def test_remote_text_is_cleaned(dirty: str, clean: str) -> None:
    assert sanitise(dirty) == clean


def test_remote_text_is_cut() -> None:
    assert sanitise("x" * 300) == "x" * 300
    assert sanitise("x" * 301) == "x" * 299 + "…"
    assert sanitise("ab cd", 4) == "ab…"


@given(st.text(st.characters(), max_size=400), st.integers(1, 100))
def test_clean_text_has_nothing_a_terminal_acts_on(text: str, limit: int) -> None:
    clean = sanitise(text, limit)
    assert len(clean) <= limit
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in clean)
    assert not set(clean) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
    assert sanitise(clean, limit) == clean
    clean.encode()
