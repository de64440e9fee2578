"""The direct line on real sockets, held against httpx's own transport; nothing here sleeps."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from oneroster_tui.provider import direct
from oneroster_tui.provider.direct import Direct
from oneroster_tui.provider.transport import http_client
from tests.provider.counter import connection
from tests.provider.sockets import Serve, served

NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def request_of(peer: socket.socket) -> bytes:
    """The next request, up to its headers' end; b"" when the client has hung up."""
    said = b""
    while not said.endswith(b"\r\n\r\n"):
        more = peer.recv(1)
        if not more:
            return b""
        said += more
    return said


def each(*answers: bytes) -> Serve:
    """Gives every request of a connection the next answer; hangs up after the last."""

    def serve(peer: socket.socket, _: int) -> None:
        for answer in answers:
            if not request_of(peer):
                return
            peer.sendall(answer)

    return serve


def always(peer: socket.socket, _: int) -> None:
    while request_of(peer):
        peer.sendall(OK)


def client(context: ssl.SSLContext = NOBODY, timeout: float = 5) -> httpx.Client:
    return httpx.Client(transport=Direct(context), timeout=timeout, trust_env=False)


def outcome(client: httpx.Client, url: str) -> object:
    """An answer as far as anybody looks at it, or the kind of error that came instead."""
    try:
        answer = client.get(url)
    except httpx.RequestError as error:
        return type(error)
    return answer.status_code, sorted(answer.headers.multi_items()), answer.content


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ZIPPED = gzip.compress(b"[1, 2]" * 99)
ANSWERS = {
    "length": OK,
    "to the end": b"HTTP/1.1 200 OK\r\n\r\n{}",
    "1.0": b"HTTP/1.0 200 OK\r\n\r\n{}",
    "no reason": b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}",
    "nothing": b"HTTP/1.1 204 No Content\r\n\r\n",
    "refused": b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nX-Y: \xe9\r\n\r\nnone",
    "twice": b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\n{}",
    "chunks": CHUNKED + b"1\r\n{\r\n1;x=y\r\n}\r\n0\r\nX-Trailer: 1\r\n\r\n",
    "gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(ZIPPED), ZIPPED),
    "not gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    "interim": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK,
    "close": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
    "short": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
    "short chunk": CHUNKED + b"9\r\n{}",
    "no last chunk": CHUNKED + b"2\r\n{}\r\n",
    "chunk of what": CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n",
    "silence": b"",
    "half a status": b"HTTP/1.1 20",
    "headers without end": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
    "trailers without end": CHUNKED + b"2\r\n{}\r\n0\r\n",
    "half a header": b"HTTP/1.1 200 OK\r\nContent-Le",
    "not http": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "status of letters": b"HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\n{}",
    "long line": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n{}",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_are_taken_as_by_httpx_itself(name: str) -> None:
    with served(each(ANSWERS[name])) as url, client() as ours, httpx.Client(trust_env=False, timeout=5) as theirs:
        assert outcome(ours, url) == outcome(theirs, url)


def test_what_is_sent_is_what_httpx_sends() -> None:
    heard: list[bytes] = []

    def serve(peer: socket.socket, _: int) -> None:
        while said := request_of(peer):
            heard.append(said + (peer.recv(7) if said.startswith(b"POST") else b""))
            peer.sendall(OK)

    with served(serve) as url:
        for one in (client(), httpx.Client(trust_env=False)):
            with one:
                one.get(f"{url}/a%20b?filter=x%3D%27%C3%A9%27&limit=2", headers={"Authorization": "Bearer t"})
                one.post(url, data={"a": "b c"})
    assert heard[:2] == heard[2:]
    assert heard[0].startswith(b"GET /a%20b?filter=x%3D%27%C3%A9%27&limit=2 HTTP/1.1\r\n")


def test_one_connection_serves_one_request_after_another() -> None:
    connections: list[int] = []

    def serve(peer: socket.socket, number: int) -> None:
        connections.append(number)
        each(OK, ANSWERS["chunks"], ANSWERS["refused"], OK)(peer, number)

    with served(serve) as url, client() as ours:
        assert [ours.get(url).status_code for _ in range(4)] == [200, 200, 404, 200]
    assert connections == [1]


def test_a_connection_that_the_server_ended_is_not_used_again() -> None:
    gone = threading.Event()

    def serve(peer: socket.socket, _: int) -> None:
        request_of(peer)
        peer.sendall(OK)
        peer.shutdown(socket.SHUT_RDWR)
        gone.set()

    with served(serve) as url, client() as ours:
        for _ in range(3):
            assert ours.get(url).content == b"{}"
            assert gone.wait(5)
            gone.clear()


def test_nor_one_that_lay_idle_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers: list[int] = []

    def serve(peer: socket.socket, number: int) -> None:
        numbers.append(number)
        always(peer, number)

    with served(serve) as url, client() as ours:
        ours.get(url)
        monkeypatch.setattr(direct, "KEEP_SECONDS", -1.0)
        ours.get(url)
    assert numbers == [1, 2]


def test_a_body_that_is_not_read_to_its_end_costs_the_connection() -> None:
    numbers: list[int] = []

    def serve(peer: socket.socket, number: int) -> None:
        numbers.append(number)
        always(peer, number)

    with served(serve) as url, client() as ours:
        with ours.stream("GET", url):
            pass
        assert ours.get(url).content == b"{}"
    assert numbers == [1, 2]


def test_pieces_are_given_as_they_come() -> None:
    """Whoever reads can stop between them, however slowly a server sends."""
    seen = threading.Event()

    def serve(peer: socket.socket, _: int) -> None:
        request_of(peer)
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx")
        assert seen.wait(5)

    with served(serve) as url, client() as ours, ours.stream("GET", url) as answer:
        assert next(answer.iter_raw()) == b"x"
        seen.set()


def test_many_threads_share_it() -> None:
    def serve(peer: socket.socket, _: int) -> None:
        while said := request_of(peer):
            body = said.split(b" ")[1]
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    wrong: list[str] = []
    with served(serve) as url, client() as ours:

        def ask(name: int) -> None:
            wrong.extend(path for n in range(40) if ours.get(url + (path := f"/{name}/{n}")).text != path)

        threads = [threading.Thread(target=ask, args=(name,)) for name in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_time_outs_have_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def serve(peer: socket.socket, number: int) -> None:
        request_of(peer)
        if number == 2:
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")
        released.wait(5)

    with served(serve) as url, client(timeout=0.05) as ours:
        assert outcome(ours, url) is httpx.ReadTimeout
        assert outcome(ours, url) is httpx.ReadTimeout
        released.set()

        def late(*_: object, **__: object) -> socket.socket:
            raise TimeoutError

        monkeypatch.setattr(socket, "create_connection", late)
        assert outcome(ours, url) is httpx.ConnectTimeout


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with client() as ours:
        with pytest.raises(httpx.ConnectError) as caught:
            ours.get(f"http://127.0.0.1:{port}")
        assert isinstance(caught.value.__cause__, ConnectionRefusedError)


def test_what_cannot_be_sent() -> None:
    with served(always) as url, client() as ours:
        with pytest.raises(httpx.LocalProtocolError):
            ours.get(url, headers={"X": "a\r\nY: b"})
        assert ours.get(url).content == b"{}"


def test_what_comes_back_after_the_end_is_closed() -> None:
    with served(always) as url:
        ours = client()
        with ours.stream("GET", url) as answer:
            ours.close()
            assert answer.read() == b"{}"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a school")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, *form) + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_tls(certificate: Path) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate)
    with served(always, server) as url:
        with client(ssl.create_default_context(cafile=certificate)) as ours:
            assert [ours.get(url).content for _ in range(3)] == [b"{}"] * 3
            with pytest.raises(httpx.ConnectError) as caught:  # somebody else's certificate
                ours.get(url.replace("127.0.0.1", "localhost"))
            assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
        with client(ssl.create_default_context()) as ours, pytest.raises(httpx.ConnectError) as caught:
            ours.get(url)
        assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)


@pytest.mark.parametrize(
    ("variable", "root", "ours"),
    [
        ("HTTPS_PROXY", "https://sis.example", False),
        ("ALL_PROXY", "https://sis.example", False),
        ("NO_PROXY", "https://sis.example", True),
        ("HTTP_PROXY", "http://127.0.0.1:1", True),
    ],
)
def test_through_a_proxy_httpx_goes_itself(
    monkeypatch: pytest.MonkeyPatch, variable: str, root: str, ours: bool
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    settings = connection(root_url=root, token_url="", oauth_version="1.0a")
    with http_client(settings, None, lambda _: None) as made:
        assert isinstance(made._transport, Direct) is ours
