"""What is asked while the program still loads: a token, where a run is sure to need one, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from oneroster_tui import config
from oneroster_tui.config import Period, Settings
from oneroster_tui.headless.ahead import asked_ahead, may_ask

TODAY = date(2026, 8, 10)


def finished(**connection: Any) -> Settings:
    """Settings with which a run can begin; nobody listens at the address."""
    settings = config.defaults(Path("config.toml"))
    said = {
        "token_url": "http://127.0.0.1:9/token",
        "root_url": "http://127.0.0.1:9",
        "client_id": "id",
        "client_secret": "secret",
    }
    return replace(
        settings,
        connection=replace(settings.connection, **said | connection),
        schools=config.Schools(sync=("s1",)),
        role_mapping={"student": "Student"},
    )


def test_a_run_that_is_sure_to_ask_may_ask_ahead() -> None:
    assert finished().missing() == ()
    assert may_ask(finished(), TODAY)


def test_nothing_is_asked_in_a_blackout() -> None:
    guards = replace(finished().guards, blackout=(Period(date(2026, 8, 1), date(2026, 8, 20)),))
    assert not may_ask(replace(finished(), guards=guards), TODAY)


def test_nothing_is_asked_for_a_bundle_or_by_an_unfinished_config() -> None:
    assert not may_ask(finished(bundle="bundle.zip"), TODAY)
    assert not may_ask(finished(client_id=""), TODAY)


@pytest.mark.parametrize("address", ["ftp://127.0.0.1/token", "http://127.0.0.1:9/token"])
def test_what_is_wrong_with_the_settings_is_left_to_the_run_to_tell(address: str) -> None:
    with asked_ahead(finished(token_url=address), lambda: True) as client:
        assert (client is None) == address.startswith("ftp")
