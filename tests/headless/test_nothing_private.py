"""Secrets and people: planted everywhere, and looked for in everything that is written or sent."""

from __future__ import annotations

import json
import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from oneroster_tui.cli import cli
from oneroster_tui.provider import retry
from tests.headless.conftest import Hook, Mailbox
from tests.provider_lab.server import CLIENT_ID, CLIENT_SECRET, Answer, LabProvider, Request, said

TOKEN = "tok3n-zq81-planted"
MAIL_PASSWORD = "mailpass-zq82-planted"
PERSON = "Zebulon Quartermain-Oyelaran"


@dataclass
class Place:
    """A provider over HTTP, a config that tells everybody everything, and all that came out."""

    folder: Path
    provider: LabProvider
    root: str
    hook: Hook
    mailbox: Mailbox
    said: list[str] = field(default_factory=list)

    def configure(self, secret: str = CLIENT_SECRET, more: str = "") -> None:
        path = self.folder / "config.toml"
        path.write_text(
            f'[connection]\nroot_url = "{self.root}"\ntoken_url = "{self.root}/token"\nclient_id = "{CLIENT_ID}"\n'
            f'client_secret = "{secret}"\npage_size = 5\ntimeout = 2\n[schools]\nsync = ["s1", "s2"]\n'
            '[role_mapping]\nstudent = "S"\nteacher = "T"\nparent = "P"\n'
            f'[notify]\nwebhook = "{self.hook.url}"\nsmtp_host = "127.0.0.1"\nsmtp_port = {self.mailbox.port}\n'
            'smtp_tls = "none"\nsmtp_user = "roster"\nmail_from = "r@example.org"\nmail_to = ["admin@example.org"]\n'
            f'smtp_password = "{MAIL_PASSWORD}"\n[log]\nfolder = "logs"\n[monitoring]\ntextfile = "m.prom"\n{more}'
        )
        path.chmod(0o600)

    def run(self, *arguments: str) -> int:
        """One command, in this process."""
        done = CliRunner().invoke(cli, [*arguments, "--config", str(self.folder / "config.toml")])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        self.said += [done.stdout, done.stderr]
        return done.exit_code

    def written(self) -> Iterator[tuple[str, bytes]]:
        """Everything that came out: what was said, sent and stored."""
        yield from ((f"output {number}", text.encode()) for number, text in enumerate(self.said))
        yield from ((f"webhook {number}", body) for number, body in enumerate(self.hook.raw))
        yield from ((f"mail {number}", bytes(mail)) for number, mail in enumerate(self.mailbox.mails))
        for path in self.folder.rglob("*"):
            if path.is_file() and path.name != "config.toml":
                yield path.name, path.read_bytes()
                if path.suffix == ".zip":
                    with zipfile.ZipFile(path) as archive:
                        yield from ((f"{path.name}/{name}", archive.read(name)) for name in archive.namelist())

    def where(self, *planted: str) -> list[tuple[str, str]]:
        """Where a planted text is found, in any case."""
        return [
            (name, text)
            for name, content in self.written()
            for text in planted
            if text.casefold().encode() in content.lower()
        ]


@pytest.fixture
def place(tmp_path: Path, hook: Hook, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A place whose client does not wait between its tries."""
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.0)
    mailbox.offers = ["AUTH PLAIN"]
    provider = LabProvider()
    new_token = provider.new_token
    provider.new_token = lambda **facts: new_token(**facts) | {"access_token": planted(provider)}  # type: ignore[method-assign]
    with provider.serving() as root:
        made = Place(tmp_path, provider, root, hook, mailbox)
        made.configure()
        yield made


def planted(provider: LabProvider) -> str:
    provider.tokens.add(TOKEN)
    return TOKEN


def echo(status: int) -> Callable[[Request], Answer | None]:
    """An error whose body shows all that a careless server shows."""

    def answer(asked: Request) -> Answer | None:
        if asked.collection != "users":
            return None
        text = f"{PERSON}: bad header Authorization: {asked.headers.get('Authorization')} client_secret={CLIENT_SECRET}"
        body = {"imsx_description": text, "statusInfoSet": [{"imsx_codeMajor": "failure", "imsx_description": text}]}
        return said(body | {"access_token": TOKEN}, status)

    return answer


def test_a_good_night_and_a_bundle_hold_no_secret(place: Place) -> None:
    assert place.run("--sync") == 0
    assert place.run("support-bundle", str(place.folder / "b.zip")) == 0
    assert place.run("check") == 0
    assert place.run("status", "--json") == 0
    names = {name for name, _ in place.written()}
    assert {"roster.db", "m.prom", "b.zip", "b.zip/log.txt", "b.zip/config.json"} <= names
    assert place.where(CLIENT_SECRET, TOKEN, MAIL_PASSWORD, "hook-s3cret") == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 500, 503])
def test_an_error_body_that_shows_everything_is_not_passed_on(place: Place, status: int) -> None:
    place.provider.before = echo(status)
    code = place.run("--sync")
    assert code in (6, 7)
    place.run("--sync", "--json")
    place.run("support-bundle", str(place.folder / "b.zip"))
    assert len(place.hook.raw) == 1
    assert len(place.mailbox.mails) == 1
    assert place.where(CLIENT_SECRET, TOKEN, MAIL_PASSWORD) == []
    told = [name for name, _ in place.where("Zebulon")]
    assert not [name for name in told if name.startswith(("webhook", "mail", "m.prom", "b.zip"))]


@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_a_token_endpoint_that_shows_everything_is_not_passed_on(place: Place, status: int) -> None:
    secret = "wrong-s3cret-zq83"
    place.configure(secret)

    def token(asked: Request) -> Answer:
        text = f"{PERSON}: {asked.headers.get('Authorization')} is not {secret} / {TOKEN}"
        return said({"error": "invalid_client", "error_description": text, "refresh_token": TOKEN}, status)

    place.provider.token = token
    assert place.run("--sync") in (6, 7)
    assert place.run("check") in (6, 7)
    place.run("support-bundle", str(place.folder / "b.zip"))
    import base64

    basic = base64.b64encode(f"{CLIENT_ID}:{secret}".encode()).decode()
    assert place.where(secret, basic) == []
    outside = [name for name, _ in place.where("Zebulon", TOKEN)]
    assert not [name for name in outside if name.startswith(("webhook", "mail", "m.prom", "b.zip"))]


def test_a_bug_shows_its_kind_and_place_and_no_value(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from oneroster_tui.sync import plan

    def broken(*_: Any) -> Any:
        raise KeyError(PERSON, CLIENT_SECRET)

    monkeypatch.setattr(plan, "counts", broken)
    assert place.run("--sync") == 1
    out, err = place.said
    assert "Traceback" not in out + err
    assert re.search(r"This should not have happened: KeyError in oneroster_tui/\S+\.py, line \d+ \(\w+\)\.", err)
    assert "ONEROSTER_TUI_DEBUG=1" in err
    assert place.where("Zebulon", CLIENT_SECRET) == []
    assert place.hook.news[0]["exit_code"] == 1
    assert place.run("--sync", "--json") == 1
    assert json.loads(place.said[-2])["exit_code"] == 1


def test_the_whole_trace_is_shown_to_whoever_asks(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from oneroster_tui.sync import plan

    monkeypatch.setattr(plan, "counts", lambda *_: {}["nothing"])
    monkeypatch.setenv("ONEROSTER_TUI_DEBUG", "1")
    assert place.run("--sync") == 1
    assert place.said[-1].count("Traceback (most recent call last)") == 1
    assert "Traceback" not in (next((place.folder / "logs").iterdir())).read_text()


def test_passwords_and_demographics_are_never_stored(place: Place) -> None:
    private = {
        "password": "passw0rd-zq84",
        "phone": "555-zq84-01",
        "sms": "555-zq84-02",
        "demographics": {"birthDate": "zq84-2012-05-06", "sex": "zq84-sex", "asian": "zq84-yes"},
        "birthDate": "2012-zq84-07",
        "metadata": {"ssn": "zq84-078-05-1120", "lunchStatus": "zq84-free"},
    }
    for row in place.provider.every("users"):
        row.update(private)
    assert place.run("--sync") == 0
    for row in place.provider.every("users"):
        row.update(private, familyName="Changed")
    assert place.run("--sync") == 0
    assert place.where("zq84") == []
    assert not [asked for asked in place.provider.asked if "demographics" in asked.path]


def test_what_is_written_is_its_owners_alone(place: Place) -> None:
    before = os.umask(0o000)
    try:
        assert place.run("--sync") == 0
        assert place.run("support-bundle", str(place.folder / "b.zip")) == 0
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in place.folder.rglob("*") if path.is_file()}
    modes.pop("config.toml")
    assert modes.pop("m.prom") == 0o644
    assert set(modes.values()) == {0o600}, modes


def test_a_roster_that_others_may_open_is_said(place: Place) -> None:
    assert place.run("--sync") == 0
    assert "Other users" not in place.said[0]
    (place.folder / "roster.db").chmod(0o640)
    assert place.run("--sync") == 0
    assert (
        f"Warning: Other users may open the roster (mode 640). Run: chmod 600 {place.folder}/roster.db" in place.said[2]
    )


def test_a_config_with_a_mail_password_that_others_may_open_is_said(place: Place) -> None:
    (place.folder / "config.toml").chmod(0o644)
    place.run("--sync")
    assert "holds the client secret and the mail password and the webhook's address" in place.said[0]
