"""The engines that the rosters of these tests stand on: some of them, which among them send every statement, use each."""

from __future__ import annotations

import pytest

import tests.lab
from tests.sync.conftest import ENGINES

ON_BOTH = (
    "test_reading_it_again_makes_the_same_roster",
    "test_a_delta_brings_another_roster_to_the_same_state",
    "test_a_person_who_becomes_listed_is_named_by_those_who_knew_them_before",
    "test_some_schools_are_what_a_sync_of_them_would_be",
    "test_what_cannot_be_asked_for",
    "test_json_holds_every_row",
    "test_only_some_schools",
    "test_who_left_is_suspended_and_unenrolled_in_files_that_only_update",
    "test_everything_is_told",
    "test_a_second_push_tells_nothing",
    "test_only_what_changed_is_told",
    "test_who_left_is_suspended_and_nobody_deleted",
    "test_many_suspensions_at_once_are_held",
    "test_two_pushes_never_work_at_once",
)
"""Tests that run on SQLite and on PostgreSQL."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs some tests on each engine."""
    if metafunc.function.__name__ in ON_BOTH:
        metafunc.parametrize("engine", ENGINES, indirect=True)


@pytest.fixture(autouse=True)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the rosters of this test stand."""
    name: str = getattr(request, "param", "sqlite")
    monkeypatch.setattr(tests.lab, "engine", name)
    return name
