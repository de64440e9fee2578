"""The counter on a real socket: what the network and the system do to a request; nothing here sleeps."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import httpx
import pytest

from oneroster_tui.errors import Unreachable
from oneroster_tui.provider.client import Client
from tests.provider.counter import Clock, connection
from tests.provider.sockets import served


def listening(serve: Callable[[socket.socket], None]) -> AbstractContextManager[str]:
    """A server on this computer that hands each connection, its request read, to `serve`."""
    return served(lambda peer, _: serve(peer) if peer.recv(65536) else None)


def real(root: str, clock: Clock, timeout: float = 5) -> Client:
    settings = connection(root_url=root, token_url="", oauth_version="1.0a", timeout=timeout)
    return Client(settings, sleep=clock.sleep, clock=clock)


def test_connection_refused(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # not for this computer
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with real(f"http://127.0.0.1:{port}", clock) as subject, pytest.raises(Unreachable) as caught:
        subject.get("/users")
    assert caught.value.what == "The provider did not answer: connection refused (tried five times)."
    assert caught.value.where == f"GET http://127.0.0.1:{port}/ims/oneroster/v1p1/users"
    assert caught.value.status is None
    assert subject.requests == 5


def test_no_proxy_stands_between_this_computer_and_itself(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    body = b'{"access_token":"t"}'
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with listening(lambda peer: peer.sendall(answer)) as root:
        settings = connection(token_url=f"{root}/token")  # the root is elsewhere
        with Client(settings, sleep=clock.sleep, clock=clock) as subject:
            assert subject.token() is not None
    monkeypatch.setenv("HTTP_PROXY", "gopher://broken")
    real(root, clock).close()


def test_an_answer_dropped_in_its_middle_is_asked_for_again(clock: Clock) -> None:
    heads = [b"Content-Length: 99\r\n\r\n", b"\r\n", b"Transfer-Encoding: chunked\r\n\r\n1\r\n"]
    served: list[bytes] = []

    def serve(peer: socket.socket) -> None:
        served.append(b"")
        head, body = (heads.pop(0), b"{") if heads else (b"Content-Length: 2\r\n\r\n", b"{}")
        peer.sendall(b"HTTP/1.1 200 OK\r\n" + head + body)

    with listening(serve) as root, real(root, clock) as subject:
        assert subject.get("/users").body == b"{}"
        assert subject.retries == 3
    assert len(served) == 4


def test_a_hanging_provider(clock: Clock) -> None:
    released = threading.Event()
    with listening(lambda _: (released.wait(5), None)[1]) as root, real(root, clock, timeout=0.05) as subject:
        with pytest.raises(Unreachable) as caught:
            subject.get("/users", tries=2)
        released.set()
    assert caught.value.what == "The provider did not answer: timed out after 0.05 s (tried twice)."
    assert isinstance(caught.value.__cause__, httpx.TimeoutException)


def test_speaking_tls_to_a_plain_server(clock: Clock) -> None:
    with (
        listening(lambda peer: peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as root,
        real(root.replace("http:", "https:"), clock) as subject,
        pytest.raises(Unreachable, match="TLS: "),
    ):
        subject.get("/users", tries=1)


@pytest.mark.parametrize(
    ("cause", "words", "tries"),
    [
        (socket.gaierror(-2, "Name or service not known"), "unknown host sis.example (tried five times)", 5),
        (ssl.SSLCertVerificationError(1, "x"), "TLS: certificate verify failed", 1),
        (OSError(113, "x"), "no route to host (tried five times)", 5),
    ],
)
def test_reasons_from_the_system(clock: Clock, cause: Exception, words: str, tries: int) -> None:
    if isinstance(cause, ssl.SSLCertVerificationError):
        cause.verify_message = "self-signed certificate"

    def handler(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno] x") from cause

    settings = connection(oauth_version="1.0a")
    with (
        Client(settings, transport=httpx.MockTransport(handler), sleep=clock.sleep, clock=clock) as subject,
        pytest.raises(Unreachable) as caught,
    ):
        subject.get("/users")
    assert words in caught.value.what
    assert subject.requests == tries


def test_importing_the_counter_is_quiet_and_leaves_the_faces_out() -> None:
    code = (
        "import sys, oneroster_tui.provider.client;"
        "print([name for name in sys.modules if name.startswith(('authlib.integrations', 'textual'))])"
    )
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert (run.stdout.strip(), run.stderr) == ("[]", "")
