"""Every quirk of the table: exactly the roster, the exit code, the problems and the words that it promises."""

from __future__ import annotations

import base64
import copy
from pathlib import Path

import pytest

from tests.provider_lab import docs
from tests.provider_lab.district import district, roster_of
from tests.provider_lab.quirks_records import FLAT
from tests.provider_lab.running import Outcome, good_database, run, setup_of
from tests.provider_lab.server import CLIENT_ID, CLIENT_SECRET, LabProvider
from tests.provider_lab.table import QUIRKS, Quirk, Truth

ALL = list(QUIRKS.values())


def wanted(quirk: Quirk, truth: Truth) -> dict[str, set[object]]:
    rows = copy.deepcopy(district())
    truth(rows)
    return roster_of(rows, quirk.version, quirk.schools, quirk.mapped)


def quirky(quirk: Quirk) -> LabProvider:
    provider = LabProvider(quirk.version)
    quirk.wire(provider)
    return provider


def differences(outcome: Outcome, expected: dict[str, set[object]]) -> dict[str, tuple[set[object], set[object]]]:
    """Missing and surplus rows of each table that differs."""
    return {
        table: (rows - outcome.roster[table], outcome.roster[table] - rows)
        for table, rows in expected.items()
        if rows != outcome.roster[table]
    }


@pytest.mark.parametrize("quirk", ALL, ids=lambda quirk: quirk.name)
def test_a_first_sync(quirk: Quirk, tmp_path: Path) -> None:
    outcome = run(quirky(quirk), setup_of(quirk), tmp_path)
    assert (outcome.code, differences(outcome, wanted(quirk, quirk.truth))) == (quirk.code, {}), outcome.said
    assert outcome.problems == quirk.problems
    if quirk.held_code is None:
        assert quirk.says in outcome.said


@pytest.mark.parametrize("quirk", ALL, ids=lambda quirk: quirk.name)
def test_a_sync_of_a_roster_that_is_held(quirk: Quirk, tmp_path: Path) -> None:
    outcome = run(quirky(quirk), setup_of(quirk), tmp_path, good_database(quirk.version))
    code = quirk.code if quirk.held_code is None else quirk.held_code
    truth = quirk.truth if quirk.held is None else quirk.held
    assert (outcome.code, differences(outcome, wanted(quirk, truth))) == (code, {}), outcome.said
    assert outcome.problems == (quirk.problems if quirk.held_problems is None else quirk.held_problems)
    assert quirk.says in outcome.said


def answers(provider: LabProvider) -> list[tuple[int, bytes, dict[str, str], str]]:
    """What a provider says to a walk through all collections, to another one, and to requests that a sync does not make."""
    provider.tokens.add("T")
    headers = {"Authorization": "Bearer T"}
    targets = [f"/{name}?limit={limit}&offset={offset}" for name in (*FLAT, "schools") for limit, offset in SPOTS]
    targets += [*targets, "/users?sort=sourcedId&limit=9", "/users?filter=x"]
    found = [provider.answer(provider.request("GET", provider.base + target, headers, b"")) for target in targets]
    form = f"grant_type=client_credentials&scope=a&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}".encode()
    pair = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    for body, basic in ((form, {}), (form.partition(b"&client")[0], {"Authorization": f"Basic {pair}"})):
        found.append(provider.answer(provider.request("POST", "/token", basic, body)))
    return [(answer.status, answer.body, answer.headers, answer.fault) for answer in found]


SPOTS = ((5, 0), (5, 5), (5, 15), (5, 99), (100, 0))


@pytest.mark.parametrize("quirk", [quirk for quirk in ALL if quirk.number], ids=lambda quirk: quirk.name)
def test_a_quirk_is_one(quirk: Quirk) -> None:
    """No row of the table passes because it does nothing."""
    plain = LabProvider(quirk.version)
    subject = quirky(quirk)
    moved = subject.base != plain.base or quirk.base or quirk.token != "/token"
    assert moved or answers(subject) != answers(plain)


def test_the_page_about_providers_is_up_to_date() -> None:
    stored = (Path(__file__).parents[2] / "docs" / "providers.md").read_text(encoding="utf-8")
    assert stored == docs.page(), "make docs"


def test_the_page_has_every_quirk() -> None:
    assert all(docs.cell(quirk.title) in docs.page() for quirk in ALL)
    assert {quirk.number for quirk in ALL} == docs.GROUPS.keys()
