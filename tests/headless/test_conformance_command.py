"""The command `conformance`: its exit codes, its files, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from oneroster_tui import config
from oneroster_tui.cli import cli
from tests.provider_lab.docs import QUIRKS
from tests.provider_lab.server import CLIENT_ID, CLIENT_SECRET
from tests.provider_lab.whole import WholeProvider


def run(folder: Path, *arguments: str, quirk: str = "", **settings: object) -> Result:
    """Examines a provider of the lab, over HTTP."""
    provider = WholeProvider()
    if quirk:
        QUIRKS[quirk].wire(provider)
    with provider.serving() as root:
        values: dict[str, object] = {
            "connection.root_url": root,
            "connection.token_url": f"{root}/token",
            "connection.client_id": CLIENT_ID,
            "connection.client_secret": CLIENT_SECRET,
        }
        config.save(folder / "config.toml", values | {f"connection.{name}": value for name, value in settings.items()})
        return CliRunner().invoke(cli, ["conformance", "--config", str(folder / "config.toml"), *arguments])


@pytest.mark.parametrize(
    ("quirk", "code"),
    [
        ("good_1_1", 0),
        ("nulls", 0),
        ("not_licensed", 0),
        ("unknown_user", 3),
        ("forbidden_collection", 6),
        ("page_as_200", 7),
    ],
)
def test_exit_codes(tmp_path: Path, quirk: str, code: int) -> None:
    done = run(tmp_path, quirk=quirk)
    assert done.exit_code == code, done.output
    assert done.stdout.splitlines()[-1].endswith(f"exit={code}")


def test_json_and_files(tmp_path: Path) -> None:
    page, suite = tmp_path / "card.html", tmp_path / "card.xml"
    done = run(tmp_path, "--json", "--html", str(page), "--junit", str(suite), quirk="unknown_user")
    facts = json.loads(done.stdout)
    assert facts["exit_code"] == done.exit_code == 3
    assert "Rostering endpoints" in done.stderr  # the card, for a person
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert len(ElementTree.parse(suite).findall(".//testcase")) == len(facts["checks"])
    assert CLIENT_SECRET not in done.stdout + done.stderr + page.read_text() + suite.read_text()
    assert {one.stat().st_mode & 0o777 for one in (page, suite)} == {0o600}  # ids of children may stand in it
    again = run(tmp_path, "--html", str(page), "--junit", str(suite))
    assert again.exit_code == 0
    assert 'failures="0"' in suite.read_text()


def test_files_that_are_no_reports_stay(tmp_path: Path) -> None:
    mine = tmp_path / "mine.html"
    mine.write_text("mine")
    for name in (mine, tmp_path, tmp_path / "nowhere" / "x.html"):
        done = run(tmp_path, "--html", str(name))
        assert done.exit_code == 2
        assert "Traceback" not in done.stderr
    assert mine.read_text() == "mine"


def test_bounds(tmp_path: Path) -> None:
    done = run(tmp_path, "--max-requests", "25")
    assert done.exit_code == 7
    assert "25 requests were sent, the most that were allowed" in done.stdout
    assert "requests=25 " in done.stdout.splitlines()[-1]


def test_a_bundle_is_no_provider(tmp_path: Path) -> None:
    done = run(tmp_path, bundle="roster.zip")
    assert done.exit_code == 2
    assert "`check` looks at a bundle" in done.stderr
