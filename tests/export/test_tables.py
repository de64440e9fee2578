"""The roster's tables as they are: for a spreadsheet without anything it would run, for programs letter by letter."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from oneroster_tui.errors import ConfigError, ExitCode, Stopped
from oneroster_tui.export.tables import export_json, export_tables
from oneroster_tui.roster.queries.export import TABLES
from tests.export.bundles import texts
from tests.lab import Lab, lab_in


@pytest.fixture
def lab(tmp_path: Path, engine: str) -> Iterator[Lab]:
    """A synced district with somebody who left and somebody hostile."""
    with lab_in(tmp_path) as made:
        made.provider.user(
            "s1-st1", givenName="=1+1", familyName='A "B", C', email="+x@example.org", enabledUser="false"
        )
        made.sync()
        made.provider.drop("users", "s2-st1")
        made.sync()
        yield made


def stored(lab: Lab, table: str) -> list[tuple[object, ...]]:
    """A table of the roster."""
    return lab.rows(f"SELECT {', '.join(TABLES[table])} FROM {table} ORDER BY 1, 2")


def test_json_holds_every_row(lab: Lab) -> None:
    report = export_json(lab.roster, "default", lab.folder / "out.json")
    found = json.loads((lab.folder / "out.json").read_text())
    assert list(found) == list(TABLES)
    for table, columns in TABLES.items():
        assert [tuple(row.values()) for row in found[table]] == stored(lab, table), table
        assert all(tuple(row) == columns for row in found[table])
        assert report.files[table] == len(found[table]) > 0
    assert {row["status"] for row in found["users"]} == {"active", "suspended"}
    assert {row["enabled"] for row in found["users"]} == {True, False}


def cells(text: str) -> list[list[str]]:
    """A file's rows."""
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_raw_csv_is_letter_by_letter(lab: Lab) -> None:
    export_tables(lab.roster, "default", lab.folder / "out.zip", raw=True)
    for name, text in texts(lab.folder / "out.zip").items():
        table = name.removesuffix(".csv")
        first, *rows = cells(text)
        assert tuple(first) == TABLES[table]
        if table == "relationships":
            assert rows == [["" if cell is None else str(cell) for cell in row] for row in stored(lab, table)]
    users = {row[1]: row for row in cells(texts(lab.folder / "out.zip")["users.csv"])}
    assert users["s1-st1"][4] == "=1+1"
    assert users["s1-st1"][8] == "false"


def test_a_spreadsheet_finds_no_formula(lab: Lab) -> None:
    export_tables(lab.roster, "default", lab.folder / "out")
    text = texts(lab.folder / "out")["users.csv"]
    assert text.startswith("\ufeffid,")
    users = {row[1]: row for row in cells(text)}
    assert users["s1-st1"][4:8] == ["'=1+1", "", 'A "B", C', "'+x@example.org"]
    for one in texts(lab.folder / "out").values():
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in cells(one) for cell in row)


def test_only_the_columns_that_were_asked_for(lab: Lab) -> None:
    export_json(lab.roster, "default", lab.folder / "out.json", columns=["users.email", "users.id"])
    found = json.loads((lab.folder / "out.json").read_text())
    assert list(found["users"][0]) == ["id", "email"]
    assert list(found["orgs"][0]) == list(TABLES["orgs"])
    for word in ("users.roles", "email", "sources.id"):
        with pytest.raises(ConfigError, match=word):
            export_json(lab.roster, "default", lab.folder / "none.json", columns=[word])


def test_only_some_schools(lab: Lab) -> None:
    lab.provider.enroll("guest", "s2-st2", "s1-a")
    lab.sync()
    export_json(lab.roster, "default", lab.folder / "out.json", schools=["s1"])
    found = json.loads((lab.folder / "out.json").read_text())
    assert {row["sourced_id"] for row in found["classes"]} == {"s1-a", "s1-b"}
    people = {row["sourced_id"]: row["id"] for row in found["users"]}
    assert {one for one in people if one.startswith("s2")} == {"s2-st2", "s2-pa2"}
    for table, column in (
        *(("enrollments", "user_id"), ("user_roles", "user_id"), ("user_ids", "user_id")),
        *(("relationships", "student_id"), ("relationships", "agent_id")),
    ):
        assert {row[column] for row in found[table]} <= set(people.values()), table
    assert {row["sourced_id"] for row in found["courses"]} == {"c1"}


def test_another_sources_rows_stay_out(lab: Lab) -> None:
    lab.sync(source="other")
    export_json(lab.roster, "default", lab.folder / "out.json")
    found = json.loads((lab.folder / "out.json").read_text())
    ids = {row["id"] for row in found["users"]}
    assert len(ids) == 14
    assert {row["user_id"] for row in found["user_roles"]} == ids
    assert {row["user_id"] for row in found["user_ids"]} == ids


def test_a_stopped_export_writes_nothing(lab: Lab) -> None:
    for work in (export_json, export_tables):
        with pytest.raises(Stopped):
            work(lab.roster, "default", lab.folder / "out", stopping=lambda: ExitCode.INTERRUPTED)
    assert not (lab.folder / "out").exists()
