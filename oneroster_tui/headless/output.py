"""Where a command's words go: the log on stdout (stderr with --json), the one JSON object on stdout, errors on stderr."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

from oneroster_tui.errors import RosterSyncError

if TYPE_CHECKING:
    from oneroster_tui.sync.events import Event


class Output:
    """A command's voice.

    Args:
        json: whether stdout belongs to one JSON object, and the log to stderr.
    """

    def __init__(self, *, json: bool) -> None:
        self.json = json

    @property
    def log(self) -> TextIO:
        """Where narration goes."""
        return sys.stderr if self.json else sys.stdout

    def line(self, text: str = "") -> None:
        """A line for a person."""
        self._write(self.log, f"{text}\n")

    def event(self, event: Event) -> None:
        """An event of a run as its log line. Decisions are flushed by the page, all else at once."""
        from oneroster_tui.sync.events import Decision, PageTaken, render  # late: the interface needs no Output at once

        text = render(event)
        if text is not None:
            self._write(self.log, f"{text}\n", flush=not isinstance(event, Decision))
        elif isinstance(event, PageTaken):
            self._write(self.log, "")

    def result(self, facts: Any) -> None:
        """The JSON object, where it was asked for."""
        if self.json:
            import msgspec

            self._write(sys.stdout, msgspec.json.format(msgspec.json.encode(facts)).decode() + "\n")

    def error(self, error: RosterSyncError) -> None:
        """What went wrong and what to do, on stderr; with --json as an object on stdout, too."""
        self._write(sys.stderr, f"{error}\n")
        self.result({"error": error.what, "where": error.where, "do": error.do, "exit_code": int(error.exit_code)})

    @staticmethod
    def _write(stream: TextIO, text: str, *, flush: bool = True) -> None:
        """Writes; where the reader has gone (`| head`), the work goes on without one."""
        try:
            stream.write(text)
            if flush:
                stream.flush()
        except BrokenPipeError:
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
