"""What an export wrote, and what whoever gets it should know about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Report:
    """An export's outcome.

    Attributes:
        mode: `bulk`, `delta` or `plain`.
        files: file -> rows; without those that have none.
        gaps: (file, column, what is wrong) -> how many rows, and the first of them.
        notes: sentences about what could not be told as it is.
        newest_run: the newest run whose changes are in it: where the next delta begins.
    """

    mode: str
    files: dict[str, int] = field(default_factory=dict)
    gaps: dict[tuple[str, str, str], tuple[int, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    newest_run: int | None = None

    def gap(self, file: str, column: str, what: str, sourced_id: str) -> None:
        """Counts a row in which something is missing."""
        count, first = self.gaps.get((file, column, what), (0, sourced_id))
        self.gaps[file, column, what] = (count + 1, first)

    def note_absent(self, *files: str) -> None:
        """Says which files are not there for want of rows: whoever reads the bundle keeps what they had of them."""
        missing = [file for file in files if file not in self.files]
        if missing:
            self.notes.append(
                f"There is no row for {', '.join(missing)}: OneRoster allows no empty file, so the bundle says nothing of them, "
                "and whoever reads it keeps what they have."
            )

    def sentences(self) -> Iterator[str]:
        """Gaps and notes for a person."""
        for (file, column, what), (count, first) in self.gaps.items():
            rows = "1 row" if count == 1 else f"{count:,} rows"
            yield f"{file}: {rows} with {column} {what} (first: {first})"
        yield from self.notes

    def facts(self) -> dict[str, Any]:
        """The same as --json tells it."""
        return {
            "mode": self.mode,
            "files": self.files,
            "rows": sum(self.files.values()),
            "gaps": [
                {"file": file, "column": column, "what": what, "rows": count, "first": first}
                for (file, column, what), (count, first) in self.gaps.items()
            ],
            "notes": self.notes,
            "newest_run": self.newest_run,
        }
