"""Examinations of providers in this process: no network, no waiting."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from oneroster_tui import config, demo
from oneroster_tui.config import Connection
from oneroster_tui.demo.district import district
from oneroster_tui.demo.oauth import Credentials
from oneroster_tui.demo.server import TOKEN_PATH, application
from oneroster_tui.demo.versions import RENDERINGS
from oneroster_tui.provider.conformance.card import Card, Outcome
from oneroster_tui.provider.conformance.examine import Bounds, Examination
from tests.conformance.expected import NOT_OFFERED
from tests.provider_lab.running import FastClock
from tests.provider_lab.server import CLIENT_ID, CLIENT_SECRET, LabProvider
from tests.provider_lab.whole import LabTransport

ROOT = "http://127.0.0.1"
NOW = datetime(2026, 3, 3, 17, 10, tzinfo=UTC)


def connection(base: str = "", token: str = "/token", **settings: Any) -> Connection:
    """Settings for a provider of this process."""
    usual = {
        "root_url": ROOT + base,
        "token_url": ROOT + token,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "timeout": 2,
    }
    return replace(config.defaults(Path("config.toml")).connection, **usual | settings)


def examined(
    settings: Connection, transport: httpx.BaseTransport, bounds: Bounds | None = None, clock: FastClock | None = None
) -> Card:
    """The card of a provider."""
    clock = clock or FastClock()
    examination = Examination(
        settings, bounds=bounds, transport=transport, sleep=clock.sleep, clock=clock, now=lambda: NOW
    )
    for _ in examination:
        pass
    return examination.card


def examined_lab(provider: LabProvider, **settings: Any) -> Card:
    """The card of a provider of the lab."""
    return examined(connection(**{"oneroster_version": provider.version} | settings), LabTransport(provider))


def found(card: Card) -> set[str]:
    """The codes of what deviates or failed, and that of a missing operation, where it is another than demographics."""
    return {
        finding.code
        for check in card.checks
        for finding in check.findings
        if finding.rule.outcome is not Outcome.NOT_OFFERED
        or finding.code.endswith("_refused")
        or (finding.code in NOT_OFFERED and "emographics" not in check.name)
    }


class AsgiTransport(httpx.BaseTransport):
    """Hands httpx's requests to an ASGI application, one at a time."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.loop = asyncio.new_event_loop()

    def close(self) -> None:
        self.loop.close()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self.loop.run_until_complete(self._answer(request, request.read()))

    async def _answer(self, request: httpx.Request, body: bytes) -> httpx.Response:
        sent: list[dict[str, Any]] = []
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": request.method,
            "scheme": request.url.scheme,
            "path": request.url.path,
            "raw_path": request.url.raw_path.partition(b"?")[0],
            "query_string": request.url.query,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "server": (request.url.host, 80),
            "client": ("127.0.0.1", 1),
            "root_path": "",
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        content = b"".join(message.get("body", b"") for message in sent)
        return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=content)


@cache
def district_of_the_demo() -> Any:
    """The generated district; made once."""
    return district(1, date(2026, 3, 3))


def examined_demo(version: str, **settings: Any) -> Card:
    """The card of the demo provider."""
    app = application(
        district_of_the_demo(), Credentials(demo.CLIENT_ID, demo.CLIENT_SECRET), ROOT, RENDERINGS[version]
    )
    given = connection(
        token=TOKEN_PATH,
        oneroster_version=version,
        client_id=demo.CLIENT_ID,
        client_secret=demo.CLIENT_SECRET,
        **settings,
    )
    return examined(given, AsgiTransport(app))
