"""The runs' logs as files: one a run, readable by its owner only, removed when old."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

from oneroster_tui.config import Settings

STAMP = "%Y%m%dT%H%M%SZ"


def file_name(source: str) -> str:
    """A source's name as the beginning of a file's: letters, digits, - and _."""
    return "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in source)


class LogFile:
    """A copy of what a command says, in a file named after the source, the time and the run.

    What is said before a run has its number waits; a command that starts no run leaves no file. A folder that cannot be
    written is said once, and the run goes on: the log is on stdout too.

    Args:
        settings: `[log]` says where, and how long.
        warn: tells a person.
    """

    def __init__(self, settings: Settings, warn: Callable[[str], None]) -> None:
        self.folder = settings.beside(settings.log.folder) if settings.log.folder else None
        self.name = file_name(settings.source)
        self.keep_days = settings.log.keep_days
        self.warn = warn
        self.path: Path | None = None
        self._waiting: list[str] = []
        self._stream: TextIO | None = None

    def write(self, text: str) -> None:
        """Takes some text."""
        if self._stream is not None:
            self._attempt(self._stream.write, text)
        elif self.folder is not None:
            self._waiting.append(text)

    def start(self, run_id: int) -> None:
        """Begins the file of a run; where one command makes two runs, each has its own."""
        self._end()
        if self.folder is None:
            return
        path = self.folder / f"{self.name}-{datetime.now(UTC).strftime(STAMP)}-run{run_id}.log"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_CREAT | os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
            self._stream = open(  # noqa: SIM115 -- closed by `close`
                path, "a", encoding="utf-8", errors="replace", opener=lambda name, _: os.open(name, flags, 0o600)
            )
        except OSError as error:
            self._give_up(error)
            return
        self.path = path
        self.write("".join(self._waiting))
        self._waiting.clear()

    def close(self) -> None:
        """Ends the file and removes those that are too old."""
        self._end()
        if self.folder is not None:
            prune(self.folder, self.name, self.keep_days)

    def _end(self) -> None:
        if self._stream is not None:
            self._attempt(self._stream.close)
            self._stream = None

    def _attempt(self, work: Callable[..., object], *arguments: str) -> None:
        try:
            work(*arguments)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        stream, folder = self._stream, self.folder
        self._stream, self.folder = None, None
        self._waiting.clear()
        self.warn(f"The log file cannot be written: {error.strerror or type(error).__name__} ({folder}).")
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def pattern_of(name: str) -> re.Pattern[str]:
    """What a source's log files are called; its group is the time."""
    return re.compile(rf"{re.escape(name)}-([0-9]{{8}}T[0-9]{{6}}Z)-run[0-9]+\.log")


def newest(settings: Settings) -> Path | None:
    """The newest log file of a source, if there is one."""
    if not settings.log.folder:
        return None
    pattern = pattern_of(file_name(settings.source))
    try:
        names = [path for path in settings.beside(settings.log.folder).iterdir() if pattern.fullmatch(path.name)]
    except OSError:
        return None
    return max(names, key=lambda path: path.stat().st_mtime, default=None)


def prune(folder: Path, name: str, keep_days: int) -> int:
    """Removes a source's log files that are older than `keep_days`, by the time in their names; says how many."""
    pattern = pattern_of(name)
    oldest = (datetime.now(UTC) - timedelta(days=keep_days)).strftime(STAMP)
    removed = 0
    with contextlib.suppress(OSError):  # the folder, or a file of somebody else: nothing that a run should end for
        for path in folder.iterdir():
            match = pattern.fullmatch(path.name)
            if match and match[1] < oldest:
                path.unlink(missing_ok=True)
                removed += 1
    return removed
