"""Each faulty bundle with its expected report; every code of the table is met."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from oneroster_tui.errors import Unreadable
from oneroster_tui.provider.bundle.bundle import Bundle
from oneroster_tui.provider.bundle.findings import CODES, Finding
from oneroster_tui.provider.bundle.probe import ladder
from oneroster_tui.provider.bundle.report import report_of
from tests.bundles import texts_of, zipped
from tests.lab import small_district
from tests.provider.bundle_docs import page
from tests.provider.bundle_faults import FAULTS, Fault, Found


def read(bundle: Bundle) -> None:
    """Reads all of it."""
    for _ in ladder(bundle):
        pass


def shown(finding: Finding) -> Found:
    """A finding as the table has it."""
    return (finding.code, finding.severity, finding.file, finding.row, finding.column)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_faulty_bundle_has_its_report(fault: Fault, tmp_path: Path) -> None:
    texts = texts_of(small_district(), fault.version, **fault.modes)
    fault.do(texts)
    path = fault.make(tmp_path / "bundle.zip", texts)
    if fault.refused:
        with pytest.raises(Unreadable, match=fault.refused):
            Bundle(path)
        return
    with Bundle(path) as bundle:
        read(bundle)
        report = report_of(bundle)
    assert {shown(finding) for finding in report.findings} == fault.found
    assert {name.removesuffix(".csv") for name in report.rejected} == fault.rejected
    spoiled = any(severity != "note" for _, severity, *_ in fault.found)
    assert report.status == ("Fail" if spoiled or fault.rejected else "Success")
    assert len(report.findings) == len(fault.found), report.findings


def test_every_code_is_met() -> None:
    met = {code for fault in FAULTS for code, *_ in fault.found}
    assert met == CODES.keys()


def test_a_report_as_csv_and_json(tmp_path: Path) -> None:
    texts = texts_of(small_district())
    texts["users.csv"] = str(texts["users.csv"]).replace("teacher", "=cmd()", 1)
    with Bundle(zipped(tmp_path / "Test 1.zip", texts)) as bundle:
        read(bundle)
        report = report_of(bundle)
    stream = io.StringIO()
    report.write(stream, as_json=False)
    rows = list(csv.reader(io.StringIO(stream.getvalue())))
    head = dict(zip(rows[0], rows[1], strict=True))
    assert (head["Test Identifier"], head["Status"]) == ("Test 1.zip", "Fail")
    assert head["CSV Files Imported"].split(", ")[0] == "orgs.csv"
    assert head["CSV Files Rejected"] == ""
    assert "row 2" in head["Comment"]
    assert not [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@")]
    stream = io.StringIO()
    report.write(stream, as_json=True)
    facts = json.loads(stream.getvalue())
    assert list(facts)[:6] == rows[0][:6]
    assert facts["findings"][0]["row"] == 2
    assert facts["findings"][0]["used"] is True


def test_very_common_findings_are_counted(tmp_path: Path) -> None:
    texts = texts_of(small_district())
    line = "e{},,,s1-a,s1,s1-st1,Student,false,,\r\n"
    header = str(texts["enrollments.csv"]).split("\r\n", maxsplit=1)[0] + "\r\n"
    texts["enrollments.csv"] = header + "".join(line.format(number) for number in range(1500))
    with Bundle(zipped(tmp_path / "b.zip", texts)) as bundle:
        read(bundle)
        report = report_of(bundle)
    assert len(report.findings) == 1000
    assert report.hidden == [("enrollments.csv", "bad_word", "warning", 500)]
    assert report.imported["enrollments.csv"] == 1500


def test_the_page_is_as_generated() -> None:
    docs = Path(__file__).parent.parent.parent / "docs" / "bundles.md"
    assert docs.read_text(encoding="utf-8") == page()
