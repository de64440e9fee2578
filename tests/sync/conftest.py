"""The lab as a fixture, and the engines that its roster stands on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import tests.lab
from oneroster_tui.sync import delta
from tests import server
from tests.lab import Lab, lab_in

ON_BOTH = (
    "basics",
    "by_hand",
    "delta",
    "held_together",
    "id_map",
    "merge",
    "relationship_names",
    "spared",
    "suspicion",
    "undo",
)
"""Modules whose tests run on SQLite and on PostgreSQL: those with the most different statements; all of them would take minutes."""

ENGINES = ("sqlite", "postgresql") if server.URL else ("sqlite",)
"""Without a server, `tests/roster/test_postgres.py` says for all that they were skipped."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs the tests of some modules on each engine."""
    module = metafunc.module.__name__.rpartition(".")[2].removeprefix("test_").removeprefix("sync_")
    if module in ON_BOTH and "hypothesis" not in dir(metafunc.function):
        metafunc.parametrize("engine", ENGINES, indirect=True)


@pytest.fixture(autouse=True)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the rosters of this test stand."""
    name: str = getattr(request, "param", "sqlite")
    monkeypatch.setattr(tests.lab, "engine", name)
    return name


@pytest.fixture(autouse=True)
def own_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The own clock shows a day after all that providers' clocks show here, whatever the machine's says."""
    monkeypatch.setattr(delta, "present", lambda: datetime(2027, 8, 1, tzinfo=UTC))


@pytest.fixture
def lab(tmp_path: Path, engine: str) -> Iterator[Lab]:
    """A small district of two schools, both selected, guards off, and an empty roster."""
    with lab_in(tmp_path) as made:
        yield made
