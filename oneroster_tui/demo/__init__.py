"""The demo room: an embedded provider (OneRoster 1.0, 1.1, 1.2) on loopback with a generated district, to try and to test.

    with running(day=2) as provider:
        ...  # provider.root_url, provider.token_url, provider.client_id ...

Importing this is cheap: the web server and the district are loaded when a provider is started.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from uvicorn import Server

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "DemoProvider", "Version", "running", "serve"]

Version = Literal["1.0", "1.1", "1.2"]

CLIENT_ID = "demo-client"
CLIENT_SECRET = "demo-secret"  # noqa: S105 - known to everybody; the server listens on loopback and holds invented people

_HOST = "127.0.0.1"
_START_SECONDS = 10.0


@dataclass(frozen=True)
class DemoProvider:
    """Where a running demo provider is, and how to get in."""

    root_url: str
    """`http://127.0.0.1:PORT`, without a slash at the end; the service is below the version's usual path."""
    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    school_ids: tuple[str, ...]
    """sourcedIds of the 14 schools."""
    version: Version = "1.1"
    """The OneRoster version it speaks."""


@contextmanager
def running(day: int = 1, port: int = 0, today: date | None = None, version: Version = "1.1") -> Iterator[DemoProvider]:
    """Run the provider in a thread of this process while the block lasts; silent, and without signal handlers.

    Args:
        day: the demo day, from 1 on; each changes about 1 % of the people of the day before.
        port: 0 takes a free one.
        today: a date in the school year to show; default: the running one.

    Raises:
        OSError: the port is taken.
        ValueError: `day` is below 1.
    """
    with _listening(port) as listener:
        server, provider = _prepared(listener, day, today, version)
        thread = threading.Thread(target=server.run, args=([listener],), name="oneroster-demo", daemon=True)
        thread.start()
        try:
            _wait_until_started(server, thread)
            yield provider
        finally:
            server.should_exit = True
            thread.join()


def serve(
    port: int = 0,
    day: int = 1,
    today: date | None = None,
    ready: Callable[[DemoProvider], None] | None = None,
    version: Version = "1.1",
) -> None:
    """Run the provider in this thread until SIGINT or SIGTERM; prints nothing.

    `ready` is called with the address just before requests are answered (the port already accepts connections). After
    SIGINT the provider has shut down and KeyboardInterrupt is raised.

    Raises:
        OSError: the port is taken.
        ValueError: `day` is below 1.
    """
    with _listening(port) as listener:
        server, provider = _prepared(listener, day, today, version)
        if ready:
            ready(provider)
        server.run([listener])


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    """A socket that already accepts: a client that comes before the server waits in its queue."""
    # asyncio turns Nagle's delay off only where the protocol is named: without it each answer takes 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        if os.name == "posix":
            # On Windows this option would let a second program take over the port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_HOST, port))
        listener.listen(128)
        yield listener


def _prepared(listener: socket.socket, day: int, today: date | None, version: Version) -> tuple[Server, DemoProvider]:
    """The district, and a server for it that has not started."""
    import uvicorn

    from oneroster_tui.demo.district import district
    from oneroster_tui.demo.oauth import Credentials
    from oneroster_tui.demo.server import TOKEN_PATH, application
    from oneroster_tui.demo.versions import RENDERINGS

    root_url = f"http://{_HOST}:{listener.getsockname()[1]}"
    made = district(day, today)
    config = uvicorn.Config(
        application(made, Credentials(CLIENT_ID, CLIENT_SECRET), root_url, RENDERINGS[version]),
        lifespan="off",
        ws="none",
        access_log=False,
        log_config=None,
        # Even errors are told to the client only: stderr belongs to the program that embeds this.
        log_level=60,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    provider = DemoProvider(root_url, root_url + TOKEN_PATH, CLIENT_ID, CLIENT_SECRET, made.school_ids, version)
    return uvicorn.Server(config), provider


def _wait_until_started(server: Server, thread: threading.Thread) -> None:
    """Block until the server answers.

    Raises:
        RuntimeError: it did not, in ten seconds.
    """
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("The demo provider did not start.")
        time.sleep(0.001)
