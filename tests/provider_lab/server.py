"""The lab's server: a small OneRoster provider on loopback, well-behaved until a quirk replaces one of its habits.

Plain `http.server`, because a quirk may have to break off an answer, which a web framework would not do. Requests are
answered one thread a connection; `gate` guards what the threads share.
"""

from __future__ import annotations

import base64
import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, cast
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from tests.provider_lab.district import COLLECTIONS, Json, Rows, Version, district, in_version

BASE_PATHS: Mapping[Version, str] = {
    "1.0": "/learningdata/v1",
    "1.1": "/ims/oneroster/v1p1",
    "1.2": "/ims/oneroster/rostering/v1p2",
}
CLIENT_ID, CLIENT_SECRET = "lab", "s3cret"

Fault = Literal["", "drop", "cut", "short", "hang"]
"""How an answer goes wrong on the wire: broken off without a word, in mid-body, in a body without a length, or never sent."""


@dataclass
class Request:
    """One request for a collection. `count`: how many came for the same collection before.

    `endpoint` is the path below the base; `collection` the same, or the body's key where a provider has more than the
    flat collections.
    """

    method: str
    path: str
    collection: str
    params: dict[str, str]
    headers: Mapping[str, str]
    count: int
    form: dict[str, str] = field(default_factory=dict)
    url: str = ""
    endpoint: str = ""

    @property
    def offset(self) -> int:
        return int(self.params.get("offset", "0"))

    @property
    def limit(self) -> int:
        return int(self.params.get("limit", "100"))


@dataclass
class Answer:
    """What is sent. A `hang` lasts until the client goes away."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    fault: Fault = ""


def said(body: Any, status: int = 200, **headers: str) -> Answer:
    """A JSON answer; header names with `_` for `-`."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json", **sent})


def web_page(status: int = 200, **headers: str) -> Answer:
    """A web page, where JSON was meant."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, b"<!doctype html><html><body>Sorry.</body></html>", {"Content-Type": "text/html", **sent})


class LabProvider:
    """The habits of a provider; a quirk sets another function in the place of one of them.

    Attributes:
        rows: what is listed, collection by collection, in the version's own JSON and in the provider's order.
        base: where the service is.
        window: (rows, request) -> the rows of the page.
        headers: (rows, page, request) -> the answer's headers.
        wrap: (page, rows, request) -> the answer's JSON.
        encode: JSON -> bytes.
        before: (request) -> an answer in place of the usual one, or None.
        after: (request, answer) -> what is sent in its place.
        token: (request) -> the answer of the token endpoint.
        allows: (request) -> whether it may pass.
    """

    def __init__(self, version: Version = "1.1") -> None:
        self.version: Version = version
        self.rows: Rows = in_version(district(), version)
        self.base = BASE_PATHS[version]
        self.window: Callable[[list[Json], Request], list[Json]] = lambda rows, asked: rows[
            asked.offset : asked.offset + asked.limit
        ]
        self.headers: Callable[[list[Json], list[Json], Request], dict[str, str]] = lambda rows, page, asked: {
            "X-Total-Count": str(len(rows))
        }
        self.wrap: Callable[[list[Json], list[Json], Request], Any] = lambda page, rows, asked: {asked.collection: page}
        self.encode: Callable[[Any], bytes] = lambda document: json.dumps(document).encode()
        self.before: Callable[[Request], Answer | None] = lambda asked: None
        self.after: Callable[[Request, Answer], Answer] = lambda asked, answer: answer
        self.token: Callable[[Request], Answer] = self.good_token
        self.allows: Callable[[Request], bool] = self.knows_token
        self.tokens: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.asked: list[Request] = []
        self.gate = threading.RLock()

    def of(self, collection: str) -> dict[str, Json]:
        """The rows of a collection by sourcedId; change a row in its place."""
        return {row["sourcedId"]: row for row in self.rows[collection]}

    def every(self, collection: str) -> list[Json]:
        """The rows of a collection, to be changed in their place."""
        return self.rows[collection]

    def good_token(self, asked: Request) -> Answer:
        """A token for whoever knows the secret, by Basic or in the body."""
        if not (self.is_basic(asked) or asked.form.get("client_secret") == CLIENT_SECRET):
            return said({"error": "invalid_client"}, 401)
        return said(self.new_token(expires_in=3600, token_type="Bearer", scope=asked.form.get("scope", "")))

    def new_token(self, **facts: Any) -> Json:
        """A token answer."""
        with self.gate:
            token = f"token-{len(self.tokens) + 1}"
            self.tokens.add(token)
        return {"access_token": token, **facts}

    @staticmethod
    def is_basic(asked: Request) -> bool:
        """Whether id and secret came as HTTP Basic."""
        scheme, _, rest = asked.headers.get("Authorization", "").partition(" ")
        pair = base64.b64decode(rest).decode() if scheme == "Basic" else ""
        return unquote_plus(pair) == f"{CLIENT_ID}:{CLIENT_SECRET}"

    def knows_token(self, asked: Request) -> bool:
        """Whether the request carries a token that was given out."""
        return asked.headers.get("Authorization", "").removeprefix("Bearer ") in self.tokens

    def answer(self, asked: Request) -> Answer:
        """What a request gets."""
        if asked.path == "/token":
            return self.token(asked)
        if not self.allows(asked):
            return said({"statusInfoSet": [{"imsx_codeMajor": "failure", "imsx_description": "no"}]}, 401)
        usual = self.before(asked)
        if usual is None and (asked.method != "GET" or asked.collection not in (*COLLECTIONS, "schools")):
            usual = said({"errors": [{"codeMinor": "unknown object"}]}, 404)
        if usual is None:
            with self.gate:
                rows = list(self.rows.get(asked.collection, self.rows["orgs"]))
            page = self.window(rows, asked)
            document = self.wrap(page, rows, asked)
            headers = {"Content-Type": "application/json", **self.headers(rows, page, asked)}
            usual = Answer(200, self.encode(document), headers)
        return self.after(asked, usual)

    def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Request:
        """A request as the habits see it; counted."""
        parts = urlsplit(target)
        path = parts.path
        inside = path.startswith(f"{self.base}/")
        collection = path.removeprefix(f"{self.base}/") if inside else ""
        form = dict(parse_qsl(body.decode()))
        with self.gate:
            made = Request(
                method, path, collection, dict(parse_qsl(parts.query)), headers, self.counts[collection], form
            )
            made.url = f"http://{headers.get('Host', '')}{target}"
            made.endpoint = collection
            self.counts[collection] += 1
            self.asked.append(made)
        return made

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Answers on a port of its own; gives the server's root."""
        server = _Server(("127.0.0.1", 0), _Handler)
        server.lab = self
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    lab: LabProvider

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _serve(self, body: bytes) -> None:
        lab = cast(_Server, self.server).lab
        asked = lab.request(self.command, self.path, dict(self.headers.items()), body)
        answer = lab.answer(asked)
        if answer.fault == "hang":
            self._wait_for_the_client_to_go()
            return
        if answer.fault == "drop":
            self._reset()
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.fault == "short":
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body[: len(answer.body) // 2] if answer.fault else answer.body)
        self.wfile.flush()
        if answer.fault:
            self.close_connection = True

    def _wait_for_the_client_to_go(self) -> None:
        self.connection.settimeout(5)
        with suppress(OSError):
            self.connection.recv(1)
        self.close_connection = True

    def _reset(self) -> None:
        """A connection that ends without a word, as when a proxy dies: RST in place of FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, *args: Any) -> None:
        """Nothing is printed."""
