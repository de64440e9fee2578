"""A server on a real socket, for what only the network can do to a request."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Serve = Callable[[socket.socket, int], None]
"""Answers on a connection, the how-many-eth it is."""


@contextmanager
def served(serve: Serve, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server on this computer; a client that hangs up, or trusts nobody, does not disturb it."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def talk(peer: socket.socket, number: int) -> None:
        with peer:
            try:
                if context is None:
                    serve(peer, number)
                else:
                    with context.wrap_socket(peer, server_side=True) as wrapped:
                        serve(wrapped, number)
            except OSError:
                return

    def loop() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=talk, args=(peer, len(threads) + 1)))
            threads[-1].start()

    doorman = threading.Thread(target=loop)
    doorman.start()
    try:
        yield f"{'https' if context else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in (doorman, *threads):
            thread.join(5)
