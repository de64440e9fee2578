"""The inspection's book: everything a bundle's reading found to say, each as file, row, column, code and message. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Final, Literal

import msgspec

from oneroster_tui.text import sanitise

Severity = Literal["error", "warning", "note"]
"""error: what it is about was not used; warning: used, although the standard has it otherwise; note: allowed, and said."""

MOST_LISTED: Final = 1000
"""Findings of one code in one file that are listed; the rest are counted, so that memory stays flat."""

CODES: Final[dict[str, str]] = {
    # the bundle
    "compression": "A file in the zip is packed in a way other than deflate.",
    "encrypted": "A file in the zip is encrypted.",
    "duplicate_file": "The bundle holds a file twice.",
    "extra_file": "A file is there that the manifest calls absent.",
    "file_name": "A file's name is written in another case, or misspelt.",
    "manifest_property": "The manifest's properties are not as they should be.",
    "missing_file": "The manifest announces a file that is not there.",
    "nested_folder": "The files stand in a folder inside the bundle.",
    "no_manifest": "There is no manifest.csv.",
    "not_in_manifest": "The manifest does not say whether a file is bulk or delta.",
    "path": "A name in the zip leads elsewhere: .., an absolute path, or a link.",
    "too_large": "A file is larger than any roster, or unpacks to far more than it takes (a zip bomb).",
    "unknown_file": "A file is not one of OneRoster's.",
    "unread_file": "A file is OneRoster's, but a sync does not need it.",
    # a file
    "bad_encoding": "Bytes are not UTF-8; they are read as Windows-1252.",
    "column_order": "The columns stand in another order.",
    "delimiter": "Cells are separated by something other than a comma.",
    "duplicate_column": "Two columns have the same name.",
    "header_spelling": "A column's name is written in another case, or with characters that cannot be seen.",
    "missing_column": "A column is missing.",
    "misspelt_column": "A column's name is not OneRoster's, but very like one that is missing.",
    "no_header": "The first row is not a header.",
    "no_rows": "A file has no rows.",
    "nul": "NUL characters were left out.",
    "unknown_column": "A column is not one of the file's.",
    "unreadable": "A file cannot be read.",
    "utf16": "The file is UTF-16.",
    # a row
    "bad_id": "An id holds characters that ids do not have.",
    "bad_date": "A date is not written YYYY-MM-DD.",
    "bad_flag": "A truth value is not written true or false.",
    "bad_time": "A time is not written YYYY-MM-DDTHH:MM:SS.sssZ.",
    "bad_word": "A word is not in the standard's vocabulary.",
    "bad_year": "A year is not written YYYY.",
    "cell_count": "A row has more or fewer cells than the header.",
    "duplicate_sourced_id": "A sourcedId stands in two rows of a file.",
    "empty_item": "A list has an empty item.",
    "empty_row": "A row is empty.",
    "line_break": "A cell has a line break in it.",
    "long_cell": "A cell, or a line, is longer than anything a roster has.",
    "missing_value": "A value is missing that the standard requires.",
    "no_role": "A person has no role in roles.csv, or none that can be read.",
    "not_a_school": "A school is an org of another type.",
    "status_in_bulk": "status and dateLastModified are filled in, in a bulk file.",
    "unclosed_quote": "A quotation mark is not closed.",
    "unequal_lists": "subjects and subjectCodes do not have the same length.",
    "unknown_reference": "An id names something that the bundle does not hold.",
}
"""Every code, and what it means."""


class Finding(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One thing found.

    Attributes:
        file: "users.csv"; "" for the bundle itself.
        row: the line of the file, the header being 1; None where it is about the whole file.
        column: as the standard calls it, or as the file does where the standard has none.
        sourced_id: of the row, where it is known.
    """

    code: str
    severity: Severity
    message: str
    file: str = ""
    row: int | None = None
    column: str = ""
    sourced_id: str = ""

    @property
    def used(self) -> bool:
        """Whether what it is about was used nonetheless."""
        return self.severity != "error"

    def __str__(self) -> str:
        place = [self.file, f"row {self.row}" if self.row else "", self.column]
        return ", ".join(part for part in place if part) + (": " if any(place) else "") + self.message


class Findings:
    """All findings of one reading; of a kind that is too common only the first are kept."""

    def __init__(self) -> None:
        self.listed: list[Finding] = []
        self.counts: Counter[tuple[str, str, Severity]] = Counter()

    def add(self, finding: Finding) -> None:
        """Takes a finding; its texts are made safe to print."""
        kind = (finding.file, finding.code, finding.severity)
        self.counts[kind] += 1
        if self.counts[kind] <= MOST_LISTED:
            self.listed.append(
                msgspec.structs.replace(
                    finding,
                    message=sanitise(finding.message, 300),
                    file=sanitise(finding.file, 120),
                    column=sanitise(finding.column, 60),
                    sourced_id=sanitise(finding.sourced_id, 255),
                )
            )

    def __call__(
        self,
        code: str,
        severity: Severity,
        message: str,
        *,
        file: str = "",
        row: int | None = None,
        column: str = "",
        sourced_id: str = "",
    ) -> None:
        """The same, from its parts."""
        self.add(
            Finding(
                code=code, severity=severity, message=message, file=file, row=row, column=column, sourced_id=sourced_id
            )
        )

    def mark(self) -> tuple[int, Counter[tuple[str, str, Severity]]]:
        """Where the book stands; for `back_to`."""
        return len(self.listed), self.counts.copy()

    def back_to(self, mark: tuple[int, Counter[tuple[str, str, Severity]]]) -> None:
        """Forgets what was found since; for a file that is read once more."""
        length, self.counts = mark[0], mark[1].copy()
        del self.listed[length:]

    def hidden(self) -> list[tuple[str, str, Severity, int]]:
        """What was only counted: file, code, severity, how many more."""
        return [(*kind, count - MOST_LISTED) for kind, count in self.counts.items() if count > MOST_LISTED]

    def count(self, severity: Severity) -> int:
        """How many there are of a severity."""
        return sum(count for (_, _, found), count in self.counts.items() if found == severity)
