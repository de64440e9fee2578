"""The journal: the lines of one run's log, the newest of them kept, every one counted. Knows nothing of Textual."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal, NamedTuple

Kind = Literal["info", "update", "removal", "skip", "warning", "problem"]

KINDS: dict[Kind, str] = {
    "update": "updates",
    "removal": "removals",
    "warning": "warnings",
    "problem": "problems",
    "skip": "unchanged",
    "info": "other",
}
"""What a log can be filtered by, and the word for it."""

CAPACITY = 50_000
"""Lines a book keeps; about 10 MB."""


class LogLine(NamedTuple):
    """One line of a log: what kind, and its words, indentation included."""

    kind: Kind
    text: str


class LogBook:
    """The lines of one log, numbered from 0; the oldest go when it is full.

    Attributes:
        first: the number of the oldest line that is kept.
        counts: how many lines of each kind ever came.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.first = 0
        self.counts: Counter[Kind] = Counter()
        self._lines: list[LogLine] = []

    @property
    def end(self) -> int:
        """The number the next line will get: how many lines ever came."""
        return self.first + len(self._lines)

    def extend(self, lines: Iterable[LogLine], dropped: int = 0) -> None:
        """Adds lines. `dropped`: how many were lost before them, counted by the caller."""
        if dropped:
            self._lines.append(LogLine("warning", f"  … {dropped:,} lines came too fast to be shown; all are counted"))
        new = list(lines)
        self._lines += new
        self.counts.update(line.kind for line in new)
        excess = len(self._lines) - self.capacity
        if excess > self.capacity // 10:  # in slices: taking from the front of a list moves all of it
            del self._lines[:excess]
            self.first += excess

    def line(self, number: int) -> LogLine:
        """A line by its number.

        Raises:
            IndexError: it is not there (any more).
        """
        if number < self.first:
            raise IndexError(number)
        return self._lines[number - self.first]

    def numbers(self, kind: Kind | None, since: int = 0) -> Iterable[int]:
        """The numbers of the lines of a kind (of all for None), from `since` on."""
        start = max(since, self.first)
        if kind is None:
            return range(start, self.end)
        kept = self._lines[start - self.first :]
        return [start + place for place, line in enumerate(kept) if line.kind == kind]

    def text(self) -> str:
        """All lines that are kept, for a file."""
        return "\n".join(line.text for line in self._lines)
