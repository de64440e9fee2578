"""Rows on their way into a CSV file: streamed, with a look now and then whether to stop; and cells made safe."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TextIO, TypeVar

from oneroster_tui.errors import ExitCode, Stopped

T = TypeVar("T")

Stopping = Callable[[], ExitCode | None]
"""Whether somebody asked for the end, and how the program is then to exit."""

CHUNK = 5_000
"""Rows between two looks."""

_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]")
_BREAK = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]+")


def never() -> None:
    """Nobody stops this."""
    return


def write_rows(text: TextIO, header: Sequence[str], rows: Iterable[Sequence[object]], stopping: Stopping) -> int:
    """Writes a header and rows as RFC 4180 has them; says how many rows.

    Raises:
        Stopped: somebody asked for it.
        OSError: the place cannot be written.
    """
    write = csv.writer(text).writerows
    write((header,))
    count = 0
    for chunk in chunks(rows, stopping):
        write(chunk)
        count += len(chunk)
    return count


def write_lines(text: TextIO, lines: Iterable[str], stopping: Stopping) -> int:
    """Writes finished lines; says how many.

    Raises:
        Stopped, OSError: as for `write_rows`.
    """
    count = 0
    for chunk in chunks(lines, stopping):
        text.writelines(chunk)
        count += len(chunk)
    return count


def chunks(rows: Iterable[T], stopping: Stopping) -> Iterator[list[T]]:
    """The rows, a few thousand at a time.

    Raises:
        Stopped: somebody asked for it.
    """
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        asked = stopping()
        if asked is not None:
            raise Stopped(asked, "The export was stopped. What was there before is there still.")
        yield chunk


def one_line(text: str) -> str:
    """A text as a OneRoster cell may hold it: no line break, no control character (5.1 of the digest)."""
    return text if text.isprintable() else _CONTROL.sub("", _BREAK.sub(" ", text))
