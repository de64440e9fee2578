"""docs/certification.md: each item of the consumer certification lists, and the tests that show it: `make pages`.

The lists are those of OneRoster 1.1: the REST rostering consumer's, as a certified consumer's public test runner has it, and
the CSV consumer's, as the certification pages describe it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from oneroster_tui.provider.endpoints import OPERATIONS

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "certification.md"
HERE = "tests/conformance/test_certification.py"

ENDPOINTS = tuple(one for one in OPERATIONS if "emographics" not in one.name)
"""The 39 of the consumer list: all rostering operations but demographics."""
PARAMETERS = ("limit", "offset", "filter", "sort", "orderBy", "fields")


@dataclass(frozen=True, slots=True)
class Item:
    """Something to be shown: by tests, or `open` says why it is not."""

    number: str
    text: str
    tests: tuple[str, ...] = ()
    open: str = ""


_FAULTS = "tests/provider/test_bundle_faults.py"
_SYNC = "tests/sync/test_sync_bundle.py"
_COMMANDS = "tests/headless/test_bundle_commands.py"
_FUZZ = "tests/provider/test_bundle_fuzz.py"
_NO_SET = "The official reference set is handed out to members of 1EdTech only; it is not part of this repository."

REST = (
    Item("1.1", "A request signed with OAuth 1.0a", (f"{HERE}::test_a_signed_request",)),
    Item("1.2", "A request with an OAuth 2.0 bearer token", (f"{HERE}::test_a_request_with_a_token",)),
    Item(
        "1.3",
        "A request with blanks in a parameter's value, signed",
        (
            f"{HERE}::test_blanks_in_a_parameter",
            "tests/provider/test_oauth1_verifier.py::test_whatever_the_query_holds",
        ),
    ),
    *(
        Item(f"2.{number}", f"`GET {one.path}`", (f"{HERE}::test_endpoint[{one.name}]",))
        for number, one in enumerate(ENDPOINTS, 1)
    ),
    *(
        Item(f"3.{number}", f"The parameter `{name}`", (f"{HERE}::test_parameter[{name}]",))
        for number, name in enumerate(PARAMETERS, 1)
    ),
)
CSV = (
    Item("1", "The official reference set is imported", open=_NO_SET),
    Item(
        "2.1",
        "Every valid package is imported correctly: whole files",
        (
            f"{_SYNC}::test_a_bundle_makes_the_roster_that_rest_makes",
            f"{_SYNC}::test_what_a_bulk_file_no_longer_holds_is_removed",
            f"{_SYNC}::test_an_absent_file_stays_as_it_is",
            f"{_SYNC}::test_a_manifest_alone_changes_nothing",
        ),
    ),
    Item(
        "2.2",
        "Every valid package is imported correctly: deltas",
        (
            f"{_SYNC}::test_a_delta_changes_what_it_names_and_nothing_else",
            "tests/sync/test_sync_bundle_property.py::test_after_deltas_a_bulk_bundle_finds_nothing_left_to_do",
        ),
    ),
    Item(
        "2.3",
        "The errors of every invalid package are found, with file, row, column, code and message",
        (f"{_FAULTS}::test_a_faulty_bundle_has_its_report", f"{_FAULTS}::test_every_code_is_met"),
    ),
    Item(
        "2.4",
        "No package breaks the import",
        (
            f"{_FUZZ}::test_any_bytes_for_a_zip",
            f"{_FUZZ}::test_slips_in_files",
            f"{_SYNC}::test_half_a_zip_changes_nothing",
        ),
    ),
    Item(
        "3",
        "A generated log a package: Test Identifier, Test Date, Status, CSV Files Imported, CSV Files Rejected, Comment",
        (
            f"{_FAULTS}::test_a_report_as_csv_and_json",
            f"{_COMMANDS}::test_sync_with_a_report",
            f"{_COMMANDS}::test_a_bundle_that_cannot_be_opened_has_a_report_too",
        ),
    ),
)

HEAD = """\
# Certification: what a consumer must show, and the test that shows it

This program is not certified. This page lists, item by item, what the certification of a OneRoster 1.1 consumer asks for, and the
tests of this repository that show it; a test checks that they exist. `make conformance` runs the report card against the demo
provider in all versions, and the tests of the REST list.
"""


def _rows(items: tuple[Item, ...]) -> Iterator[str]:
    yield "| Item | What is shown | By |"
    yield "| --- | --- | --- |"
    for item in items:
        shown = "<br>".join(f"`{test}`" for test in item.tests) or f"**open**: {item.open}"
        yield f"| {item.number} | {item.text} | {shown} |"


def page() -> str:
    """The whole page."""
    rest = ["## REST rostering consumer, 1.1", "", "1: OAuth. 2: endpoints. 3: URL parameters.", "", *_rows(REST)]
    return "\n".join([HEAD, *rest, "", "## CSV consumer, 1.1 and 1.2", "", *_rows(CSV)]) + "\n"


def missing(item: Item) -> list[str]:
    """The tests of an item that do not exist."""
    gone = []
    for test in item.tests:
        file, _, name = test.partition("::")
        function = re.escape(name.partition("[")[0])
        path = ROOT / file
        if not path.is_file() or not re.search(rf"^def {function}\(", path.read_text(encoding="utf-8"), re.MULTILINE):
            gone.append(test)
    return gone


if __name__ == "__main__":
    sys.stdout.write(page())
