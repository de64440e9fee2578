"""Both ways: every deviation of the provider lab is found and named, and a provider without one gets none."""

from __future__ import annotations

import pytest

from oneroster_tui.errors import ExitCode
from oneroster_tui.provider.conformance.card import Outcome
from oneroster_tui.provider.conformance.rules import RULES
from oneroster_tui.provider.conformance.text import lines
from tests.conformance import docs
from tests.conformance.examining import examined_demo, examined_lab, found
from tests.conformance.expected import EXPECTED, Legitimate, codes
from tests.provider_lab.table import QUIRKS, Quirk
from tests.provider_lab.whole import WholeProvider


@pytest.mark.parametrize("quirk", QUIRKS.values(), ids=lambda quirk: quirk.name)
def test_exactly_the_deviations_of_a_quirk_are_found(quirk: Quirk) -> None:
    provider = WholeProvider(quirk.version)
    quirk.wire(provider)
    card = examined_lab(provider, base=quirk.base, token=quirk.token, **quirk.connection)
    assert found(card) == codes(quirk.name)
    told = "\n".join(lines(card))
    assert all(RULES[code].amiss in told and f"[{code}]" in told for code in codes(quirk.name))


def test_every_quirk_has_its_row() -> None:
    assert EXPECTED.keys() == QUIRKS.keys()


def test_a_quirk_that_is_no_deviation_has_a_reason() -> None:
    assert all(one.reason.endswith(".") for one in EXPECTED.values() if isinstance(one, Legitimate))


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_the_demo_provider_has_no_deviation(version: str) -> None:
    card = examined_demo(version)
    assert found(card) == set()
    assert card.count(Outcome.FAILED) == card.count(Outcome.DEVIATES) == 0
    untried = {check.name for check in card.checks if check.outcome in (Outcome.NOT_OFFERED, Outcome.NOT_TESTED)}
    assert untried - {"scopes"} == {"tls", "getAllDemographics", "getDemographics"}  # 1.0 knows no scopes
    assert card.exit_code is ExitCode.DONE


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
def test_nor_where_requests_are_signed(version: str, method: str) -> None:
    card = examined_demo(version, oauth_version="1.0a", oauth1_signature=method)
    assert found(card) == set()
    assert card.count(Outcome.PASSED) > 70


def test_all_41_operations_and_every_parameter_are_tried() -> None:
    from oneroster_tui.provider.endpoints import OPERATIONS

    card = examined_demo("1.1")
    names = [check.name for check in card.checks]
    assert len(set(names)) == len(names)
    assert {operation.name for operation in OPERATIONS} <= set(names)
    asked = "\n".join(line for check in card.checks for line in check.asked)
    for parameter in ("limit=", "offset=", "sort=", "orderBy=", "fields=", "filter="):
        assert parameter in asked
    for predicate in ("=", "!=", ">", ">=", "<", "<=", "~"):
        assert any(f"{field}{predicate}'" in asked for field in ("sourcedId", "dateLastModified", "familyName"))
    assert " AND " in asked
    assert " OR " in asked


def test_the_page_about_conformance_is_up_to_date() -> None:
    assert docs.FILE.read_text(encoding="utf-8") == docs.page(), "make docs"
