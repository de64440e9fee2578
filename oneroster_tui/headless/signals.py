"""What a run does when it is told to stop: it notes it, and ends itself where that is clean."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from oneroster_tui.errors import ExitCode

CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}
"""The signals that end a run, and the exit code of each."""

if hasattr(signal, "SIGHUP"):  # an SSH connection that drops; Windows has none
    CODES[signal.SIGHUP] = ExitCode.TERMINATED


@contextlib.contextmanager
def stop_signals() -> Iterator[list[ExitCode]]:
    """While the block lasts, a stop signal only leaves its exit code in the list: the run ends itself, cleanly.

    A second signal changes nothing, so that an impatient Ctrl-C cannot cut the end off. SIGHUP stays ignored where it was:
    `nohup` asks for that.
    """
    caught: list[ExitCode] = []

    def note(number: int, _: FrameType | None) -> None:
        caught.append(CODES[signal.Signals(number)])

    before: dict[signal.Signals, Callable[..., Any] | int | None] = {}
    for number in CODES:
        if number.name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN:
            continue
        before[number] = signal.signal(number, note)
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
