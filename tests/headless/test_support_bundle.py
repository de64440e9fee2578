"""The support bundle: enough to help, and nobody in it."""

from __future__ import annotations

import json
import re
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from oneroster_tui.cli import cli
from oneroster_tui.headless.pseudonyms import Pseudonyms
from tests.headless.conftest import Night
from tests.lab import Lab

CONFIG = """
source = "Lincoln-County"
[connection]
root_url = "https://sis.lincoln-county.example:8443/campus/lincoln/ims/oneroster/v1p1"
token_url = "https://login.lincoln-county.example/oauth2/token?tenant=lincoln77"
client_id = "lincoln-client-id"
client_secret = "s3cret-zq91"
[role_mapping]
student = "Lincoln Pupil"
teacher = "Teacher"
parent = "Family"
[schools]
sync = ["s1", "s2", "lincoln-high"]
[sync]
username = "{username}@lincoln.example"
[database]
url = "sqlite:///roster.db"
[notify]
webhook = "https://hooks.lincoln.example/services/T000/zq92"
smtp_host = "mail.lincoln.example"
smtp_user = "lincoln-mailer"
smtp_password_command = "pass lincoln"
mail_from = "roster@lincoln.example"
mail_to = ["principal@lincoln.example"]
[log]
folder = "logs"
"""

PLANTED = (
    "Zebulon",
    "Quartermain",
    "Oyelaran",
    "zq90",
    "will.power",
    "lincoln",
    "s3cret",
    "zq91",
    "zq92",
    "pupil",
    "principal@",
)


def peopled(lab: Lab) -> None:
    """A district whose people, classes and schools have names that are to be found nowhere."""
    users = lab.provider.records["users"]
    users["s1-st1"].update(
        givenName="Zebulon", familyName="Quartermain Oyelaran", username="zq90.zebulon", email="zebulon@zq90.example"
    )
    users["s1-st2"].update(givenName="Will", familyName="Power", username="will.power", identifier="4711815")
    lab.provider.user("zq90-7", givenName="Will (Bill)", familyName="with id 3 (zq90-x): its user is removed")
    for number in range(3):  # a warning that names two people's ids
        lab.provider.user(f"zq90-twin{number}", identifier="zq90-shared", agents=[{"sourcedId": "zq90-ghost"}])
    lab.provider.enroll("zq90-broken", "zq90-nobody", "s1-a")
    lab.provider.records["classes"]["s1-a"]["title"] = "Quartermain's zq90 class"
    lab.provider.records["orgs"]["s1"]["name"] = "Oyelaran zq90 School"


@pytest.fixture
def made(lab: Lab, night: Night) -> dict[str, Any]:
    """A bundle after two nights, its JSON decoded."""
    (lab.folder / "config.toml").write_text(CONFIG)
    peopled(lab)
    same: dict[str, Any] = {"source": "Lincoln-County", "log": {"folder": "logs"}}
    night("nothing", **same)
    lab.provider.records["users"]["s1-st1"]["familyName"] = "Changed"
    lab.provider.drop("users", "zq90-7")
    night("nothing", **same)
    return bundle(lab.folder)


def bundle(folder: Path, *arguments: str) -> dict[str, Any]:
    """The parts of a new bundle."""
    file = folder / "b.zip"
    done = CliRunner().invoke(cli, ["support-bundle", str(file), "--config", str(folder / "config.toml"), *arguments])
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with zipfile.ZipFile(file) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    return {name: json.loads(text) if name.endswith(".json") else text for name, text in texts.items()}


def test_nobody_and_no_secret_is_in_it(made: dict[str, Any]) -> None:
    for name, part in made.items():
        text = (part if isinstance(part, str) else json.dumps(part)).casefold()
        assert [word for word in PLANTED if word.casefold() in text] == [], name
        assert "4711815" not in text
        assert "s1-st1" not in text
        assert "sis." not in text


def test_it_tells_enough(made: dict[str, Any]) -> None:
    assert set(made) == {
        "README.txt",
        "about.json",
        "changes.json",
        "config.json",
        "log.txt",
        "problems.json",
        "roster.json",
        "runs.json",
        "profile.json",
    }
    assert made["about.json"]["oneroster-tui"]
    assert made["about.json"]["libraries"]["peewee"] != "?"
    assert [run["outcome"] for run in made["runs.json"]] == ["done", "done"]
    assert made["runs.json"][1]["message"] == "All decisions were applied."
    assert made["roster.json"]["rows"]["users"] == 18
    assert {"run": 2, "table": "users", "action": "suspended", "reason": "absent", "count": 1} in made["changes.json"]
    codes = {(group["table"], group["code"]) for group in made["problems.json"]}
    assert ("enrollments", "unknown_user") in codes or len(codes) > 1


def test_the_log_keeps_its_shape(made: dict[str, Any]) -> None:
    log = made["log.txt"].splitlines()
    assert log[0] == "Processing 2 schools"
    assert "  Updating the user roster" in log
    assert [line for line in log if line.startswith("    Skipping update of existing user name-")]
    (updated,) = [line for line in log if line.startswith("    Updating existing user name-")]
    (suspended,) = [line for line in log if line.startswith("    Suspending user name-")]
    assert suspended.endswith("): no longer listed by the provider")
    assert " = " in updated or " < " in updated
    assert any(line.startswith("All decisions were applied. (") for line in log)


def test_a_value_has_the_same_pseudonym_everywhere(made: dict[str, Any]) -> None:
    schools = made["config.json"]["schools.sync"]
    assert len(set(schools)) == 3
    ids = {one for group in made["problems.json"] for one in group["some"] if one}
    assert ids
    runs = {group["run"] for group in made["problems.json"]}
    assert runs == {1, 2}
    by_run = [{tuple(g["some"]) for g in made["problems.json"] if g["run"] == run} for run in sorted(runs)]
    assert by_run[0] & by_run[1]  # the same broken records in both nights


def test_the_config_is_masked_by_kind(made: dict[str, Any]) -> None:
    config = made["config.json"]
    hosts = r"https://host-\d"
    assert re.fullmatch(f"{hosts}:8443/campus/segment-1/ims/oneroster/v1p1", config["connection.root_url"])
    assert re.fullmatch(rf"{hosts}/oauth2/token\?…", config["connection.token_url"])
    assert config["connection.client_secret"] == "(set)"
    assert config["connection.client_secret_env"] == ""
    assert re.fullmatch(hosts, config["notify.webhook"])
    assert config["notify.smtp_password_command"] == "(set)"
    assert config["sync.username"] == "{username}…"
    assert config["role_mapping"] == {"student": "role-1", "teacher": "Teacher", "parent": "role-2"}
    assert config["database.url"] == "sqlite:…"
    assert config["sync.on_removed"] == "suspend"
    assert config["notify.mail_to"] == ["text-1"]


def test_without_a_roster_and_with_a_broken_config(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("")
    parts = bundle(tmp_path)
    assert parts["roster.json"]["cannot be read"] == "NoRoster"
    (tmp_path / "b.zip").unlink()
    path.write_text('zq90 = 1\n[connection]\ntimeout = "zq90"\n')
    parts = bundle(tmp_path)
    assert parts["config.json"]["problems with"] == ["an unknown key", "connection.timeout"]
    assert "zq90" not in json.dumps(parts)


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")
    (tmp_path / "b.zip").write_text("mine")
    arguments = ["--support-bundle", str(tmp_path / "b.zip"), "--config", str(tmp_path / "config.toml")]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 2
    assert (tmp_path / "b.zip").read_text() == "mine"
    (tmp_path / "b.zip").unlink()
    assert CliRunner().invoke(cli, arguments).exit_code == 0


def test_words_of_the_program_stay_unless_they_are_somebodys() -> None:
    masks = Pseudonyms({"s-1": "orgs"}, ["Will Held", "907", "12"])
    assert masks.words("Nothing was removed in school s-1 (12 of 907).") == (
        "Nothing was removed in school orgs-1 (12 of word-1)."
    )
    assert masks.words("will be held: will") == "word-2 be word-3: word-2"
    assert masks.words("jane.doe@example.net") == masks.words("JANE.doe@example.net")
    assert "jane" not in masks.words("jane.doe@example.net")
    assert "1234567" not in masks.words("1234567")
    assert masks.line("") == ""
