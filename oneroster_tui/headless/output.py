"""Where a command's words go: the log on stdout (stderr with --json), the one JSON object on stdout, errors on stderr."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TextIO

from oneroster_tui.errors import RosterSyncError

if TYPE_CHECKING:
    from oneroster_tui.sync.events import Event


HINTED = re.compile(r"\boneroster-tui (?=(--sync|sync|status|history|log|schools|check|approve)\b)")
"""Where a hint names a command that is about the roster or provider at hand."""

HELD: Final = 2000
"""Lines about decisions that wait at most for the end of their page: writing each by itself hands Python's lock to the
threads that decode pages, and waits until they give it back."""


class Output:
    """A command's voice.

    Args:
        json: whether stdout belongs to one JSON object, and the log to stderr.
        command: how a person calls the program again, for the same roster.
    """

    def __init__(self, *, json: bool, command: str = "oneroster-tui") -> None:
        self.json = json
        self.command = command
        self.copy: Callable[[str], None] = lambda _: None
        """Gets everything that is said to a person, too: the log file."""
        self._held: list[str] = []

    @property
    def log(self) -> TextIO:
        """Where narration goes."""
        return sys.stderr if self.json else sys.stdout

    def line(self, text: str = "") -> None:
        """A line for a person."""
        self.release()
        self._say(self.log, f"{text}\n")

    def warn(self, text: str) -> None:
        """Something that a person should know and that does not change how the command ends: on stderr."""
        self.release()
        self._say(sys.stderr, f"Warning: {text}\n")

    def event(self, event: Event) -> None:
        """An event of a run as its log line. Decisions are written by the page, all else at once."""
        from oneroster_tui.sync.events import Decision, PageTaken, render  # late: the interface needs no Output at once

        text = render(event)
        if text is not None:
            self._held.append(f"{text}\n")
        if isinstance(event, PageTaken) or len(self._held) >= HELD or not isinstance(event, Decision):
            self.release()

    def release(self) -> None:
        """Writes what waits."""
        if self._held:
            text = "".join(self._held)
            self._held.clear()
            self._say(self.log, text)

    def result(self, facts: Any) -> None:
        """The JSON object, where it was asked for."""
        if self.json:
            import msgspec

            self._write(sys.stdout, msgspec.json.format(msgspec.json.encode(facts)).decode() + "\n")

    def error(self, error: RosterSyncError) -> None:
        """What went wrong and what to do, on stderr; with --json as an object on stdout, too."""
        self.release()
        error.do = HINTED.sub(lambda _: f"{self.command} ", error.do)
        self._say(sys.stderr, f"{error}\n")
        self.result({"error": error.what, "where": error.where, "do": error.do, "exit_code": int(error.exit_code)})

    def _say(self, stream: TextIO, text: str) -> None:
        self.copy(text)
        self._write(stream, text)

    @staticmethod
    def _write(stream: TextIO, text: str) -> None:
        """Writes; where the reader has gone (`| head`, a closed terminal, a full disk), the work goes on without one."""
        try:
            stream.write(text)
            stream.flush()
        except OSError:
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
