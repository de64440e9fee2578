"""A district synced over REST, exported as a bundle of 1.1 and of 1.2, and imported into an empty roster: the same people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oneroster_tui import config
from oneroster_tui.export.words import v1p2_user_role
from oneroster_tui.headless.workplace import DEMO_ROLES
from oneroster_tui.roster.database import open_roster
from tests.e2e.test_demo_nights import DATABASE, command
from tests.lab import Lab, Provider

Picture = dict[str, set[tuple[Any, ...]]]


def picture(database: Path) -> Picture:
    """What is active in a roster."""
    roster = open_roster(f"sqlite:///{database}", database.parent)
    try:
        lab = Lab(database.parent, Provider(), config.defaults(database.parent / "config.toml"), roster)
        return lab.picture()
    finally:
        roster.close()


def in_words_of_1_2(found: Picture) -> Picture:
    """The same, with roles as 1.2 has them: in enrollments by the local role only, for there 1.2 has few words."""
    schools = {row[0] for row in found["orgs"] if row[2] == "school"}
    renamed = {
        (user, org, v1p2_user_role(role, at_school=org in schools), kind)
        for user, org, role, kind in found["user_roles"]
    }
    return (
        found
        | {
            "user_roles": renamed,
            "users": {row[:7] + row[8:] for row in found["users"]},  # without the roles, which stand above
            "enrollments": {row[:3] + row[4:] for row in found["enrollments"]},
        }
    )


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo district, synced over HTTP."""
    folder = tmp_path_factory.mktemp("district")
    done = command(folder, "--demo", "sync")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_what_goes_out_as_a_bundle_comes_back_the_same(district: Path, tmp_path: Path, version: str) -> None:
    bundle = tmp_path / "roster.zip"
    done = command(district, "--demo", "export", "csv", str(bundle), "--oneroster-version", version)
    assert done.returncode in (0, 3), done.stderr  # 3: the demo district lacks some things that the standard requires
    before = picture(district / DATABASE)
    schools = [row[0] for row in before["orgs"] if row[2] == "school"]
    settings = {f"role_mapping.{role}": local for role, local in DEMO_ROLES.items()}
    config.save(tmp_path / "config.toml", settings | {"schools.sync": schools, "connection.bundle": "roster.zip"})
    done = command(tmp_path, "sync", "--config", "config.toml")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    after = picture(tmp_path / "roster.db")
    if version == "1.2":
        before, after = in_words_of_1_2(before), in_words_of_1_2(after)
    assert after == before
    assert all(len(rows) > 5 for name, rows in after.items() if name != "orgs")
