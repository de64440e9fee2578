"""The delivery note: what of a bundle was used and what was not, in the form that certification asks for (spec 7.2). Pure.

Test Identifier, Test Date, Status, CSV Files Imported, CSV Files Rejected, Comment; and below, each finding by file, row and
column. Cells that a spreadsheet would take for a formula are defused.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TextIO

import msgspec

from oneroster_tui.errors import RosterSyncError
from oneroster_tui.provider.bundle.findings import CODES, Finding, Findings
from oneroster_tui.text import defused, sanitise

if TYPE_CHECKING:
    from oneroster_tui.provider.bundle.bundle import Bundle

COLUMNS: Final = (
    "Test Identifier",
    "Test Date",
    "Status",
    "CSV Files Imported",
    "CSV Files Rejected",
    "Comment",
    "File",
    "Row",
    "Column",
    "Code",
    "Severity",
    "Used",
    "Message",
)
IN_COMMENT: Final = 20
"""Findings told in the comment; all of them stand below it."""


class Report(msgspec.Struct, kw_only=True):
    """What came of a bundle.

    Attributes:
        identifier: the zip's name.
        date: when it was read (UTC, ISO 8601).
        imported: file -> rows, of the files that were read to their end.
        rejected: file -> why it was not.
        findings: all that was found, of very common kinds the first thousand.
        hidden: (file, code, severity, how many more) of those.
    """

    identifier: str
    date: str
    imported: dict[str, int]
    rejected: dict[str, str]
    findings: list[Finding]
    hidden: list[tuple[str, str, str, int]]
    failure: str = ""

    @property
    def status(self) -> str:
        """Success where nothing speaks against the bundle; what is allowed and only said does not."""
        spoiled = any(finding.severity != "note" for finding in self.findings)
        return "Fail" if self.rejected or self.failure or spoiled else "Success"

    @property
    def comment(self) -> str:
        """What was wrong, in sentences."""
        sentences = [self.failure] if self.failure else []
        sentences += [f"{file}: {why}." for file, why in self.rejected.items()]
        wrong = [finding for finding in self.findings if finding.severity != "note"]
        sentences += [f"{finding}" for finding in wrong[:IN_COMMENT]]
        more = len(wrong) - IN_COMMENT + sum(count for *_, count in self.hidden)
        if more > 0:
            sentences.append(f"{more:,} more.")
        return " ".join(sentences)

    def facts(self) -> dict[str, Any]:
        """The report as --json tells it, certification's six first."""
        return {
            "Test Identifier": self.identifier,
            "Test Date": self.date,
            "Status": self.status,
            "CSV Files Imported": list(self.imported),
            "CSV Files Rejected": list(self.rejected),
            "Comment": self.comment,
            "rows": self.imported,
            "findings": [
                {
                    "file": finding.file,
                    "row": finding.row,
                    "column": finding.column,
                    "code": finding.code,
                    "severity": finding.severity,
                    "used": finding.used,
                    "sourced_id": finding.sourced_id,
                    "message": finding.message,
                }
                for finding in self.findings
            ],
            "not_listed": [
                {"file": file, "code": code, "severity": severity, "count": count}
                for file, code, severity, count in self.hidden
            ],
        }

    def rows(self) -> Iterator[tuple[object, ...]]:
        """The report as a table: a row for the bundle, then one for each finding."""
        head = (self.identifier, self.date, self.status)
        yield (*head, ", ".join(self.imported), ", ".join(self.rejected), self.comment, *[""] * 7)
        for one in self.findings:
            used = "yes" if one.used else "no"
            yield (*head, "", "", "", one.file, one.row or "", one.column, one.code, one.severity, used, one.message)
        for file, code, severity, count in self.hidden:
            text = f"{count:,} more, not listed. {CODES[code]}"
            yield (*head, "", "", "", file, "", "", code, severity, "no" if severity == "error" else "yes", text)

    def write(self, stream: TextIO, *, as_json: bool) -> None:
        """Writes it, as JSON or as CSV."""
        if as_json:
            stream.write(msgspec.json.format(msgspec.json.encode(self.facts())).decode() + "\n")
            return
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        writer.writerows([defused(str(cell)) for cell in row] for row in self.rows())


def report_of(bundle: Bundle, error: RosterSyncError | None = None) -> Report:
    """The report of a bundle that was read, or of what came in between."""
    return Report(
        identifier=sanitise(bundle.path.name, 200),
        date=_now(),
        imported={f"{name}.csv": rows for name, rows in bundle.imported.items()},
        rejected={f"{name}.csv": sanitise(why, 300) for name, why in bundle.rejected.items()},
        findings=bundle.findings.listed,
        hidden=[(file, code, severity, count) for file, code, severity, count in bundle.findings.hidden()],
        failure=f"{error.what}" if error else "",
    )


def report_of_nothing(name: str, error: RosterSyncError) -> Report:
    """The report of a bundle that could not be opened."""
    return Report(
        identifier=sanitise(name, 200),
        date=_now(),
        imported={},
        rejected={},
        findings=Findings().listed,
        hidden=[],
        failure=error.what,
    )


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
