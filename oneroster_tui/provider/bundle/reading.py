"""The letter opener: the bytes of a CSV file -> rows of cells with their line numbers, in constant memory.

Whole blocks go through the csv module where every line is a row of its own, which is what the standard asks for; only a block
in which something is odd is read line by line. A line that cannot be read never takes its neighbours along.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
import zlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from oneroster_tui.provider.bundle.findings import Findings
from oneroster_tui.provider.bundle.package import Entry

BLOCK: Final = 512 * 1024
"""Bytes read at a time: a few thousand rows."""
LONGEST_LINE: Final = 1024 * 1024
"""Characters; csv itself refuses cells of more than 131,072."""
MOST_BREAKS: Final = 10
"""Lines that one cell may span before its quotation mark counts as unclosed."""

_UNDECODED: Final = re.compile("[\udc80-\udcff]")
_DELIMITERS: Final = (",", ";", "\t", "|")


class Broken(Exception):
    """The file cannot be read on; the text says why."""


@dataclass(slots=True)
class Batch:
    """Some rows, and for each the number of its (first) line; the header is line 1.

    `lost`: lines that could not be read, by their numbers, with the cells that are sure; they are in the findings.
    """

    rows: list[list[str]]
    numbers: Sequence[int]
    lost: dict[int, list[str]] = field(default_factory=dict)


class Table:
    """A CSV file, open: its header, then its rows in batches.

    Args:
        entry: the file.
        findings: takes what is wrong with it.

    Raises:
        Broken: it cannot be opened, or is no text.
    """

    def __init__(self, entry: Entry, findings: Findings) -> None:
        self.file = f"{entry.name}.csv"
        self._find = findings
        self._entry = entry
        self._line = 0
        self._warned: set[str] = set()
        self._encoding = self._look()
        self._blocks = self._read_blocks()
        self._delimiter = ","
        self._rest: list[str] = []
        self.header = self._read_header()

    def close(self) -> None:
        """Closes the file."""
        self._blocks.close()

    def batches(self) -> Iterator[Batch]:
        """The rows.

        Raises:
            Broken: the file is damaged.
        """
        lines: list[str] | None = self._rest
        while lines is not None:
            rows = self._parse(lines, strict=True)
            if rows is not None and len(rows) == len(lines):
                batch, lines = Batch(rows, range(self._line + 1, self._line + 1 + len(lines))), []
                self._line += len(rows)
            else:
                batch, lines = self._carefully(lines)
            yield batch
            if not lines:
                lines = next(self._blocks, None)

    def _warn(self, code: str, message: str, row: int | None = None) -> None:
        """Says something once a file."""
        if code not in self._warned:
            self._warned.add(code)
            self._find(code, "warning", message, file=self.file, row=row)

    def _look(self) -> str:
        """The encoding, by the file's first bytes."""
        with _reading(), self._entry.open() as stream:
            head = stream.read(4096)
        if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
            raise Broken("it is UTF-32; OneRoster is UTF-8")
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            found = "utf-16"
        elif head[:40:2].strip(b"\0") == b"" and len(head) > 3 and head[1:40:2].strip(b"\0"):
            found = "utf-16-be"
        elif head[1:40:2].strip(b"\0") == b"" and len(head) > 3 and head[:40:2].strip(b"\0"):
            found = "utf-16-le"
        else:
            return "utf-8-sig"
        self._warn("utf16", "The file is UTF-16; the standard asks for UTF-8. It was read nonetheless.")
        return found

    def _read_blocks(self) -> Generator[list[str], None, None]:
        """The file's lines, in blocks; a line ends with LF, CR LF or CR."""
        errors = "surrogateescape" if self._encoding == "utf-8-sig" else "replace"
        decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(self._encoding)(errors), translate=True)
        with _reading(), self._entry.open() as stream:
            carry, at = "", 1
            while True:
                data = stream.read(BLOCK)
                text = decoder.decode(data, final=not data)
                if not text.isascii() or "\0" in text:
                    text = self._repaired(text, at)
                lines = (carry + text).split("\n")
                carry = lines.pop()
                if len(carry) > LONGEST_LINE:
                    raise Broken(f"line {at + len(lines):,} has more than {LONGEST_LINE:,} characters")
                at += len(lines)
                if lines:
                    yield lines
                if not data:
                    if carry:
                        yield [carry]
                    return

    def _repaired(self, text: str, at: int) -> str:
        """A block without NULs, and with the bytes that are not UTF-8 read as what they mostly are."""
        if "\0" in text:
            row = at + text.count("\n", 0, text.index("\0"))
            self._warn("nul", "NUL characters were left out.", row)
            text = text.replace("\0", "")
        found = _UNDECODED.search(text)
        if found:
            row = at + text.count("\n", 0, found.start())
            self._warn("bad_encoding", "The file is not all UTF-8; such bytes were read as Windows-1252.", row)
            text = _UNDECODED.sub(_western, text)
        return text

    def _read_header(self) -> list[str]:
        """The first line that is not blank."""
        for lines in self._blocks:
            for place, line in enumerate(lines):
                self._line += 1
                if not line.strip():
                    continue
                self._delimiter = max(_DELIMITERS, key=line.count)
                if self._delimiter != "," and line.count(",") == 0:
                    self._warn("delimiter", f"Cells are separated by {self._delimiter!r}; the standard has commas.")
                else:
                    self._delimiter = ","
                self._rest = lines[place + 1 :]
                cells = self._parse([line], strict=False)
                return cells[0] if cells else []
        return []

    def _parse(self, lines: list[str], *, strict: bool) -> list[list[str]] | None:
        try:
            return list(csv.reader(lines, delimiter=self._delimiter, strict=strict))
        except csv.Error:
            return None

    def _carefully(self, lines: list[str]) -> tuple[Batch, list[str]]:
        """The same, line by line; also the lines behind these, where a cell went on into the next block."""
        batch = Batch([], numbers := [])
        place, end = 0, len(lines)
        while place < end:
            if lines[place].count('"') % 2:
                while place + MOST_BREAKS > len(lines) and (block := next(self._blocks, None)) is not None:
                    lines = lines + block
            row, length = self._one(lines, place)
            if isinstance(row, tuple):
                batch.lost[self._line + 1] = list(row)
            else:
                batch.rows.append(row)
                numbers.append(self._line + 1)
            place += length
            self._line += length
        return batch, lines[place:]

    def _one(self, lines: list[str], place: int) -> tuple[list[str] | tuple[str, ...], int]:
        """The row that begins at a line, and how many lines it takes; where it cannot be read, a tuple of what is sure."""
        line, number = lines[place], self._line + 1
        for length in range(1, MOST_BREAKS + 1) if line.count('"') % 2 else (1,):
            rows = self._parse(["\n".join(lines[place : place + length])], strict=True)
            if rows is not None and (length == 1 or (rows and len(rows[0]) == len(self.header))):
                if length == 1:
                    return (rows[0] if rows else []), 1
                self._warn("line_break", "Cells hold line breaks; the standard has none in them.", number)
                return [cell.replace("\n", " ") for cell in rows[0]], length
        loose = self._parse([line], strict=False) or [[]]
        if len(loose[0]) == len(self.header):
            text = "A quotation mark stands where none belongs."
            self._find("unclosed_quote", "warning", text, file=self.file, row=number)
            return loose[0], 1
        code, what = (
            ("unclosed_quote", "A quotation mark is not closed") if loose[0] else ("long_cell", "A cell is too long")
        )
        self._find(code, "error", f"{what}; the row was not used.", file=self.file, row=number)
        return tuple(loose[0][:-1]), 1  # the last one goes on to who knows where


def _western(found: re.Match[str]) -> str:
    """One byte that is not UTF-8, as Windows-1252 has it."""
    return bytes([ord(found[0]) - 0xDC00]).decode("cp1252", "replace")


class _reading:  # noqa: N801 -- reads like contextlib's own
    """Turns what a damaged zip or a failing disk raises into `Broken`."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, zipfile.BadZipFile | zlib.error | EOFError):
            raise Broken("it is cut off or damaged in the zip") from None
        if isinstance(error, OSError | RuntimeError | NotImplementedError) and not isinstance(error, RecursionError):
            raise Broken(f"it cannot be read ({getattr(error, 'strerror', None) or type(error).__name__})") from None
