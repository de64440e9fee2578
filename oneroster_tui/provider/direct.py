"""The direct line: httpx's requests over the standard library's HTTP/1.1 connections, where no proxy stands in between.

httpx's own transport parses headers and bodies in Python; with small pages that is most of what an unchanged night costs.
The standard library takes a third of it.
"""

from __future__ import annotations

import contextlib
import io
import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, RemoteDisconnected
from typing import Any, Final

import httpx

KEEP_SECONDS: Final = 5.0
"""How long a connection may lie idle and be used again; servers hang up on their own after not much longer."""

PIECE: Final = 256 * 1024
"""Bytes of a body that are read at once, at most."""


class Direct(httpx.BaseTransport):
    """A transport that calls servers directly; threads may share it, and each request has a connection for itself.

    Args:
        context: whom to trust, for https.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._idle: dict[tuple[str, str, int], deque[Line]] = {}
        self._closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and give its answer as soon as its headers are here.

        Raises:
            httpx.TransportError: as httpx's own transport raises it; the system's error is its `__cause__`.
        """
        url = request.url
        place = (url.scheme, url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80))
        timeouts = request.extensions.get("timeout", {})
        line = self._idle_line(place) or Line(place, self._context, request, timeouts)
        try:
            response = line.ask(request, timeouts)
        except BaseException:
            line.close()
            raise
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.getheaders()]
        return httpx.Response(response.status, headers=headers, stream=Body(self, line, response, request))

    def close(self) -> None:
        """Close what is idle, and everything else as soon as it is."""
        self._closed = True
        for lines in list(self._idle.values()):  # a thread may come back meanwhile
            with contextlib.suppress(IndexError):
                while True:
                    lines.pop().close()

    def take_back(self, line: Line) -> None:
        """Keep a connection whose answer was read to its end."""
        line.idle_since = time.monotonic()
        self._idle.setdefault(line.place, deque()).append(line)
        if self._closed:
            self.close()

    def _idle_line(self, place: tuple[str, str, int]) -> Line | None:
        lines = self._idle.get(place)
        while lines:
            try:
                line = lines.pop()
            except IndexError:  # another thread was quicker
                break
            if line.is_open():
                return line
            line.close()
        return None


class Line:
    """One connection to a server.

    Raises:
        httpx.ConnectTimeout, httpx.ConnectError: there is none.
    """

    def __init__(
        self,
        place: tuple[str, str, int],
        context: ssl.SSLContext,
        request: httpx.Request,
        timeouts: Mapping[str, float | None],
    ) -> None:
        self.place = place
        self.idle_since = 0.0
        scheme, host, port = place
        timeout = timeouts.get("connect")
        if scheme == "https":
            self._http: HTTPConnection = HTTPSConnection(host, port, timeout=timeout, context=context)
        else:
            self._http = HTTPConnection(host, port, timeout=timeout)
        self._http.response_class = Answer
        try:
            self._http.connect()
        except BaseException as error:
            self.close()
            if isinstance(error, TimeoutError):
                raise httpx.ConnectTimeout("no connection in time", request=request) from error
            if isinstance(error, OSError):
                raise httpx.ConnectError("no connection", request=request) from error
            raise

    def ask(self, request: httpx.Request, timeouts: Mapping[str, float | None]) -> HTTPResponse:
        """Send a request and read the headers of its answer."""
        http = self._http
        self._set_timeout(timeouts.get("write"))
        try:
            path = request.url.raw_path.decode("ascii")
            http.putrequest(request.method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.raw:
                http.putheader(name, value)
            http.endheaders(request.read() or None)
        except TimeoutError as error:
            raise httpx.WriteTimeout("not sent in time", request=request) from error
        except (HTTPException, ValueError) as error:
            raise httpx.LocalProtocolError("it cannot be sent", request=request) from error
        except OSError as error:
            raise httpx.WriteError("not sent", request=request) from error
        self._set_timeout(timeouts.get("read"))
        with reading(request):
            return http.getresponse()

    def is_open(self) -> bool:
        """Whether it can be used again: the server has neither hung up nor said anything unasked."""
        sock = self._http.sock
        if sock is None or time.monotonic() - self.idle_since > KEEP_SECONDS:
            return False
        return not has_something(sock)

    def can_be_kept(self) -> bool:
        """Whether both ends want to go on after this answer."""
        return self._http.sock is not None

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def _set_timeout(self, seconds: float | None) -> None:
        sock: socket.socket | None = self._http.sock
        if sock is not None:
            sock.settimeout(seconds)


class Lines(io.BufferedReader):
    """What a server sends, where a line has an end: the standard library would take headers cut short for whole ones."""

    def readline(self, size: int | None = -1, /) -> bytes:
        """A line, or the first `size` bytes of it."""
        line = super().readline(size)
        if not line.endswith(b"\n") and len(line) != size:
            raise RemoteDisconnected("hung up in the middle of a line")
        return line


class Answer(HTTPResponse):
    """An answer with whole headers, whose forerunners are passed over."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.fp = Lines(self.fp.detach())

    def begin(self) -> None:
        """Read the headers; interim answers come before it, as many as the server likes (RFC 9110 15.2)."""
        super().begin()
        while 100 <= self.status < 200 and self.status != 101:
            self.headers = None  # type: ignore[assignment]  # so that it begins anew
            super().begin()


class Body(httpx.SyncByteStream):
    """The rest of an answer, in pieces as they come."""

    def __init__(self, transport: Direct, line: Line, response: HTTPResponse, request: httpx.Request) -> None:
        self._transport = transport
        self._line = line
        self._response = response
        self._request = request
        self._ended = False

    def __iter__(self) -> Iterator[bytes]:
        with reading(self._request):
            while piece := self._response.read1(PIECE):
                yield piece
            if self._response.length:
                raise httpx.RemoteProtocolError("the answer ends in the middle", request=self._request)
        self._ended = True

    def close(self) -> None:
        """Keep the connection for the next request where that is possible, and hang up where it is not."""
        self._response.close()
        if self._ended and self._line.can_be_kept():
            self._transport.take_back(self._line)
        else:
            self._line.close()


@contextlib.contextmanager
def reading(request: httpx.Request) -> Iterator[None]:
    """Gives what can go wrong while an answer is read httpx's names."""
    try:
        yield
    except TimeoutError as error:
        raise httpx.ReadTimeout("no answer in time", request=request) from error
    except (HTTPException, ValueError) as error:  # not OSError only: RemoteDisconnected is both
        raise httpx.RemoteProtocolError("no whole answer", request=request) from error
    except OSError as error:
        raise httpx.ReadError("the answer broke off", request=request) from error


def has_something(sock: socket.socket) -> bool:
    """Whether something can be read at once, be it the end."""
    if not hasattr(select, "poll"):
        return bool(select.select([sock], [], [], 0)[0])
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
