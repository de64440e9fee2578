"""The mail: what it says, what it does not, and what a mail server's refusals become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oneroster_tui.config import Notify
from oneroster_tui.errors import ExitCode
from oneroster_tui.headless import mail
from oneroster_tui.headless.delivery import Undelivered
from oneroster_tui.headless.news import End, News
from tests.headless.conftest import Mailbox, Night
from tests.headless.test_who_is_told_when import fail
from tests.lab import Lab

PASSWORD = "pa55-word-that-must-not-show"  # not a secret: invented
HOLD = News(
    "hold",
    "oak",
    "2026-09-01T03:00:00Z",
    End("full", "held", ExitCode.HELD, "12 removals are held.", 7, {"users": {"created": 1, "held": 12}}, 3.0),
)


def notify_by(lab: Lab, box: Mailbox, **changes: Any) -> Notify:
    """The settings of a mail."""
    usual = {
        "smtp_host": "127.0.0.1",
        "smtp_port": box.port,
        "smtp_tls": "none",
        "mail_from": "roster@example.org",
        "mail_to": ("ann@example.org", "bob@example.org"),
    }
    return lab.configured(notify=usual | changes).notify


def test_a_mail_says_what_happened_and_what_to_do(lab: Lab, mailbox: Mailbox) -> None:
    mail.send(notify_by(lab, mailbox), HOLD, lab.folder)
    (got,) = mailbox.mails
    assert got["Subject"].strip() == "[oneroster-tui] oak: removals are held and wait for a decision (run 7)"
    assert (got["From"], got["To"]) == ("roster@example.org", "ann@example.org, bob@example.org")
    assert got["Auto-Submitted"] == "auto-generated"
    body = got.get_content()
    assert "12 removals are held." in body
    assert "oneroster-tui approve 7" in body
    assert "users" in body
    assert not [line for line in mailbox.said if line.startswith("AUTH")]


def test_a_failed_night_is_mailed(lab: Lab, night: Night, mailbox: Mailbox) -> None:
    keys = {
        "smtp_host": "localhost",
        "smtp_port": mailbox.port,
        "smtp_tls": "none",
        "mail_from": "r@example.org",
        "mail_to": ("a@example.org",),
    }
    fail(lab, ValueError("Zebulon"))
    night(notify=keys)
    night(notify=keys)
    (got,) = mailbox.mails
    assert "failed with exit code 1" in got["Subject"]
    assert "Zebulon" not in got.as_string()


@pytest.mark.parametrize("way", ["", "_env", "_file", "_command"])
def test_the_password_comes_from_where_the_config_says(
    lab: Lab, mailbox: Mailbox, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import base64

    (lab.folder / "password").write_text(f"{PASSWORD}\n")
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    value = {"": PASSWORD, "_env": "MAIL_PASSWORD", "_file": "password", "_command": "cat password"}[way]
    mailbox.offers = ["AUTH PLAIN"]
    notify = notify_by(lab, mailbox, smtp_user="roster", **{f"smtp_password{way}": value})
    mail.send(notify, HOLD, lab.folder)
    (auth,) = [line for line in mailbox.said if line.startswith("AUTH PLAIN ")]
    assert base64.b64decode(auth.split()[2]) == f"\0roster\0{PASSWORD}".encode()
    assert PASSWORD not in repr(notify)


@pytest.mark.parametrize(
    ("refuse", "offers", "changes", "why", "again"),
    [
        ({"AUTH": "535 5.7.8 pa55"}, ["AUTH PLAIN"], {"smtp_user": "u", "smtp_password": PASSWORD}, "(535)", False),
        ({}, [], {"smtp_user": "u", "smtp_password": PASSWORD}, "no log-in", False),
        ({}, [], {"smtp_tls": "starttls"}, "no STARTTLS", False),
        ({"RCPT": "550 ann@example.org unknown"}, [], {}, "refused all recipients (550)", False),
        ({"RCPT": "450 later"}, [], {}, "refused all recipients (450)", True),
        ({"DATA": "451 later"}, [], {}, "it answered 451", True),
        ({"MAIL": "550 no"}, [], {}, "it answered 550", False),
        ({}, [], {"smtp_user": "u"}, "The mail password is not set.", False),
        ({}, [], {"smtp_tls": "tls"}, "it cannot be reached (SSLError)", True),
        ({}, [], {"smtp_port": 9}, "it cannot be reached (ConnectionRefusedError)", True),
        ({}, [], {"mail_to": ("a@example.org\r\nBcc: x@example.org",)}, "(ValueError)", True),
    ],
)
def test_refusals(lab: Lab, mailbox: Mailbox, refuse: Any, offers: Any, changes: Any, why: str, again: bool) -> None:
    mailbox.refuse, mailbox.offers = refuse, offers
    with pytest.raises(Undelivered) as caught:
        mail.send(notify_by(lab, mailbox, **changes), HOLD, lab.folder)
    assert why in caught.value.why
    assert caught.value.again is again
    assert "example.org" not in caught.value.why
    assert PASSWORD not in caught.value.why
    assert mailbox.mails == []


def test_one_refused_recipient_is_said(lab: Lab, mailbox: Mailbox, tmp_path: Path) -> None:
    class Half(dict[str, str]):
        def __contains__(self, word: object) -> bool:
            return word == "RCPT" and sum(line.startswith("rcpt") for line in mailbox.said) == 2

    mailbox.refuse = Half(RCPT="550 no")
    with pytest.raises(Undelivered, match="refused 1 of the recipients"):
        mail.send(notify_by(lab, mailbox), HOLD, lab.folder)
    assert len(mailbox.mails) == 1
