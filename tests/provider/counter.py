"""What tests of the client share: its settings, a clock that only sleeping moves, answers that fail."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import respx

from oneroster_tui.config import Connection
from oneroster_tui.errors import ProviderError
from oneroster_tui.provider.client import Client

BASE = "https://sis.example/ims/oneroster/v1p1"
TOKEN = "https://sis.example/token"
SECRET = "hush-hush"


def connection(**changes: Any) -> Connection:
    values: dict[str, Any] = {
        "bundle": "",
        "oneroster_version": "1.1",
        "oauth_version": "2.0",
        "token_url": TOKEN,
        "root_url": "https://sis.example/",
        "client_id": "id",
        "client_secret": SECRET,
        "client_secret_env": "",
        "client_secret_file": "",
        "client_secret_command": "",
        "page_size": "auto",
        "concurrency": 4,
        "timeout": 30,
        "oauth1_signature": "HMAC-SHA256",
        "scopes": (),
        "client_auth": "basic",
    }
    return Connection(**(values | changes))


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def client(server: respx.MockRouter, clock: Clock, settings: Connection | None = None, **more: Any) -> Client:
    return Client(
        settings or connection(),
        transport=httpx.MockTransport(server.handler),
        sleep=clock.sleep,
        clock=clock,
        jitter=lambda low, high: high,
        **more,
    )


def fails(server: respx.MockRouter, clock: Clock, *answers: httpx.Response | Exception, **more: Any) -> ProviderError:
    """What `get("/users")` raises when the provider answers like that (the last answer again and again)."""
    rest = list(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        now = rest.pop(0) if len(rest) > 1 else rest[0]
        if isinstance(now, Exception):
            raise now
        return now

    server.get(f"{BASE}/users").mock(side_effect=answer)
    with client(server, clock, **more) as subject, pytest.raises(ProviderError) as caught:
        subject.get("/users", {"limit": "2"})
    assert caught.value.do
    assert SECRET not in str(caught.value)
    assert "T0ken" not in str(caught.value)
    return caught.value


def raw(content: bytes, **headers: str) -> httpx.Response:
    return httpx.Response(200, stream=httpx.ByteStream(content), headers=headers)
