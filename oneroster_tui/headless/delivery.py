"""The messenger: hands news to a channel, three times at most, and never takes longer than it may."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

TIMEOUT: Final = 10.0
"""Seconds to wait for each answer."""
TRIES: Final = 3
PAUSE: Final = 0.5
"""Seconds between the first two tries; twice that before the third."""
LONGEST: Final = TRIES * TIMEOUT + 10
"""Seconds that one channel may take in all, whatever a server does: a byte now and then keeps the waits alive."""
POLL: Final = 0.1


class Undelivered(Exception):
    """A channel did not take the news, and why, as a part of a sentence; `again`: another try may go better."""

    def __init__(self, why: str, *, again: bool) -> None:
        super().__init__(why)
        self.why = why
        self.again = again


def deliver(send: Callable[[], None], stopping: Callable[[], bool] = lambda: False) -> str:
    """Sends, again where that may help; returns why it failed, or "".

    The work is done on a thread that nobody waits for longer than `LONGEST`, or than `stopping` says.
    """
    problems = [f"it took longer than {LONGEST:g} s"]
    thread = threading.Thread(target=lambda: problems.append(attempts(send, stopping)), name="notify", daemon=True)
    thread.start()
    deadline = time.monotonic() + LONGEST
    while thread.is_alive() and time.monotonic() < deadline:
        if stopping():
            return "stopped"
        thread.join(POLL)
    return problems[-1]


def attempts(send: Callable[[], None], stopping: Callable[[], bool]) -> str:
    """Up to three tries; why the last failed, or ""."""
    for attempt in range(1, TRIES + 1):
        try:
            send()
        except Undelivered as error:
            if attempt == TRIES or not error.again or stopping():
                return error.why if attempt == 1 else f"{error.why}, {attempt} times"
        except Exception as error:  # whatever it is, a run does not end differently for it
            return f"it failed ({type(error).__name__})"
        else:
            return ""
        time.sleep(PAUSE * attempt)
    return ""
