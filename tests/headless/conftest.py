"""Who is told things in these tests: a webhook and a mail server on loopback; and an output that is read afterwards."""

from __future__ import annotations

import email
import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, cast

import pytest

from oneroster_tui.headless import delivery
from oneroster_tui.headless.aftermath import Following, witnessed
from oneroster_tui.headless.output import Output
from oneroster_tui.sync.core import sync
from tests.lab import Lab, lab_in


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tries of a delivery follow each other at once."""
    monkeypatch.setattr(delivery, "PAUSE", 0.0)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A small district of two schools, both selected, guards off, and an empty roster."""
    with lab_in(tmp_path) as made:
        yield made


@dataclass
class Hook:
    """A webhook. `answers`: the statuses to give, the last one for ever; `raw`: what came, as bytes."""

    url: str = ""
    answers: list[int] = field(default_factory=lambda: [204])
    raw: list[bytes] = field(default_factory=list)

    @property
    def news(self) -> list[dict[str, Any]]:
        """What came."""
        return [json.loads(body) for body in self.raw]

    @property
    def kinds(self) -> list[str]:
        """The events of what came."""
        return [str(one["event"]) for one in self.news]


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A webhook that answers."""
    made = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.raw.append(self.rfile.read(int(self.headers["Content-Length"])))
            status = made.answers.pop(0) if len(made.answers) > 1 else made.answers[0]
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(HTTPServer(("127.0.0.1", 0), Handler)) as port:
        made.url = f"http://127.0.0.1:{port}/hook-s3cret"
        yield made


@dataclass
class Mailbox:
    """A mail server of a few words. `refuse`: command -> the answer in place of 250."""

    port: int = 0
    refuse: dict[str, str] = field(default_factory=dict)
    offers: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server that takes mail."""
    made = Mailbox()

    class Handler(socketserver.StreamRequestHandler):
        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def handle(self) -> None:
            self.say("220 here")
            while line := self.rfile.readline().decode().rstrip("\r\n"):
                made.said.append(line)
                word = line.split()[0].upper()
                if word in made.refuse:
                    self.say(made.refuse[word])
                elif word == "EHLO":
                    self.say("250-here")
                    for offer in made.offers:
                        self.say(f"250-{offer}")
                    self.say("250 OK")
                elif word == "AUTH":
                    self.say("235 in")
                elif word == "DATA":
                    self.say("354 go on")
                    self.take()
                elif word == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 OK")

        def take(self) -> None:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line)
            made.mails.append(cast(EmailMessage, email.message_from_bytes(b"".join(lines), policy=default)))
            self.say("250 taken")

    with serving(socketserver.TCPServer(("127.0.0.1", 0), Handler)) as port:
        made.port = port
        yield made


class serving:  # noqa: N801 -- a context manager, spelled like one
    """Runs a server in a thread; gives its port."""

    def __init__(self, server: socketserver.TCPServer) -> None:
        self.server = server
        self.thread = threading.Thread(target=server.serve_forever, args=(0.005,), daemon=True)

    def __enter__(self) -> int:
        self.thread.start()
        return int(self.server.server_address[1])

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


Night = Callable[..., BaseException | None]


@pytest.fixture
def night(lab: Lab) -> Night:
    """A headless sync of the lab and what follows it, in this process; gives the error it ended with."""

    def run(following: Following = "everything", mode: Any = "full", **changes: Any) -> BaseException | None:
        settings = lab.configured(**changes)
        try:
            with witnessed(settings, Output(json=False), lambda: False, following) as witness:
                sync(settings, lab.roster, lab.provider, witness.take, mode=mode)  # type: ignore[arg-type]
        except Exception as error:
            return error
        return None

    return run
