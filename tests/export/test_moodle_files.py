"""The files for Moodle's own importers: fields, letters and lengths as docs/moodle.md quotes them, and who is in them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneroster_tui.errors import ConfigError
from oneroster_tui.export.moodle import fields
from oneroster_tui.export.moodle.files import COLUMNS, export_files
from oneroster_tui.export.report import Report
from tests.export.bundles import tables, texts
from tests.lab import Lab, lab_in

UPLOAD_USERS = {"username", "firstname", "lastname", "email", "auth", "idnumber", "middlename", "suspended"}
UPLOAD_COURSES = {"shortname", "fullname", "category_path", "idnumber", "startdate", "enddate", "visible"}


@pytest.fixture
def lab(tmp_path: Path, engine: str) -> Iterator[Lab]:
    """A synced district."""
    with lab_in(tmp_path) as made:
        made.sync()
        yield made


def export(lab: Lab, name: str = "out", **moodle: Any) -> tuple[dict[str, list[dict[str, str]]], Report]:
    """Exports for Moodle; gives the CSV files' rows."""
    options = {key: moodle.pop(key) for key in ("schools", "columns") if key in moodle}
    settings = lab.configured(moodle=moodle) if moodle else lab.settings
    report = export_files(lab.roster, settings, lab.folder / name, **options)
    return {file: rows for file, rows in tables(lab.folder / name).items() if file in COLUMNS}, report


def lines(lab: Lab, name: str = "out") -> list[list[str]]:
    """The flat file, split as Moodle splits it."""
    return [line.split(",") for line in texts(lab.folder / name)["enrolments.txt"].splitlines()]


def test_the_fields_are_those_of_moodles_documentation(lab: Lab) -> None:
    found, report = export(lab)
    assert set(found["users"][0]) == UPLOAD_USERS
    assert set(found["courses"][0]) == UPLOAD_COURSES
    assert found["users"][-1] == {
        "username": "user.s2-teacher",
        "firstname": "Given",
        "lastname": "Family",
        "email": "s2-teacher@example.org",
        "auth": "manual",
        "idnumber": "default:s2-teacher",
        "middlename": "",
        "suspended": "0",
    }
    assert found["courses"][0] == {
        "shortname": "s1-a",
        "fullname": "Class s1-a",
        "category_path": "Org d1 / Org s1",
        "idnumber": "default:s1-a",
        "startdate": "2026-08-17",
        "enddate": "2027-06-11",
        "visible": "1",
    }
    assert [row["path"] for row in found["categories"]] == ["Org d1", "Org d1 / Org s1", "Org d1 / Org s2"]
    assert found["relationships"][0] == {
        "parent_username": "user.s1-pa1",
        "child_username": "user.s1-st1",
        "parent_idnumber": "default:s1-pa1",
        "child_idnumber": "default:s1-st1",
        "role": "parent",
    }
    assert not report.gaps
    assert "hidden_courses" not in found


def test_a_flat_file_line_is_what_its_reader_splits(lab: Lab) -> None:
    export(lab)
    begin = int(datetime(2026, 8, 17).astimezone().timestamp())
    end = int(datetime(2027, 6, 11).astimezone().timestamp())
    assert len(lines(lab)) == 16
    assert lines(lab)[0] == ["add", "editingteacher", "default:s1-teacher", "default:s1-a", str(begin), str(end)]
    assert {line[1] for line in lines(lab)} == {"student", "editingteacher"}


def test_the_end_of_an_enrolment_follows_the_rule(lab: Lab) -> None:
    settings = lab.configured(sync={"end_date": "inclusive"})
    export_files(lab.roster, settings, lab.folder / "out")
    assert lines(lab)[0][5] == str(int(datetime(2027, 6, 12).astimezone().timestamp()))


def test_settings_change_what_things_are_called(lab: Lab) -> None:
    found, _ = export(
        lab,
        auth="oidc",
        roles={"teacher": "teacher", "parent": "mentor"},
        course_shortname="{school}/{class_code} {title}",
    )
    assert {row["auth"] for row in found["users"]} == {"oidc"}
    assert found["courses"][0]["shortname"] == "s1/s1-a Class s1-a"
    assert {line[1] for line in lines(lab)} == {"teacher"}
    assert {row["role"] for row in found["relationships"]} == {"mentor"}


def test_who_left_is_suspended_and_unenrolled_in_files_that_only_update(lab: Lab) -> None:
    lab.provider.drop("users", "s1-st1")
    lab.provider.drop("classes", "s2-b")
    lab.provider.user("s1-st2", enabledUser="false")
    lab.sync()
    found, _ = export(lab)
    users = {row["username"]: row for row in found["users"]}
    assert "user.s1-st1" not in users
    assert found["suspended_users"] == [{"username": "user.s1-st1", "suspended": "1"}]
    assert users["user.s1-st2"]["suspended"] == "1"
    assert found["hidden_courses"] == [{"shortname": "s2-b", "visible": "0"}]
    gone = [line for line in lines(lab) if line[0] == "del"]
    assert {(line[2], line[3]) for line in gone} >= {
        ("default:s1-st1", "default:s1-a"),
        ("default:s2-st1", "default:s2-b"),
    }
    assert lines(lab)[: len(gone)] == gone  # so that whoever came back is there in the end


def test_who_came_back_under_another_record_is_not_unenrolled(lab: Lab) -> None:
    lab.provider.drop("enrollments", "s1-a-1")
    lab.provider.enroll("again", "s1-st1", "s1-a")
    lab.provider.drop("users", "s1-st3")
    lab.provider.user("s1-st3-new", username="User.s1-st3", identifier="9")
    lab.sync()
    found, report = export(lab)
    assert not [line for line in lines(lab) if line[0] == "del" and line[2:4] == ["default:s1-st1", "default:s1-a"]]
    assert [row["idnumber"] for row in found["users"] if row["username"] == "user.s1-st3"] == ["default:s1-st3-new"]
    assert "suspended_users" not in found  # by name, that would be the new one
    assert not report.gaps


def test_what_moodle_would_refuse_is_left_out_and_said(lab: Lab) -> None:
    lab.provider.user("s1-st1", email="")
    lab.provider.user("s1-st2", email="not an address")
    lab.provider.user("s1-st3", username="USER.S1-PA1 ")
    lab.provider.enroll("back", "s2-st1", "s2-a", beginDate="2027-02-01", endDate="2027-01-01")
    lab.provider.enroll("aide", "s2-st1", "s2-a", "aide")
    lab.sync(role_mapping={"student": "S", "teacher": "T", "parent": "P", "aide": "A"})
    found, report = export(lab)
    assert {(file, column): first for (file, column, _), (_, first) in report.gaps.items()} == {
        ("users", "email"): "s1-st1",
        ("users", "username"): "s1-st3",
        ("enrolments", "end"): "back",
    }
    assert report.gaps["users", "email", "empty or none, which Moodle does not take"][0] == 2
    assert len(found["users"]) == 11
    assert "1 enrollments as aide" in report.notes[0]
    found, report = export(lab, missing_email="{sourced_id}@example.invalid")
    assert [row["email"] for row in found["users"] if row["idnumber"] == "default:s1-st1"] == ["s1-st1@example.invalid"]


def test_an_id_that_the_flat_file_cannot_hold_is_said(lab: Lab) -> None:
    lab.provider.user("a,b")
    lab.provider.enroll("comma", "a,b", "s1-a")
    lab.sync()
    _, report = export(lab)
    assert report.gaps["enrolments", "idnumber", "that the file cannot hold"] == (1, "comma")
    assert {len(line) for line in lines(lab)} == {6}


def test_short_names_are_unique_and_last(lab: Lab) -> None:
    for name in ("s1-a", "s2-a", "s2-b"):
        lab.provider.class_(name, name[:2], classCode="MATH")
    lab.provider.class_("s1-b", "s1", classCode="")
    lab.sync()
    before = {row["idnumber"]: row["shortname"] for row in export(lab)[0]["courses"]}
    assert before == {
        "default:s1-a": "MATH",
        "default:s1-b": "s1-b",
        "default:s2-a": "MATH s2-a",
        "default:s2-b": "MATH s2-b",
    }
    lab.provider.drop("classes", "s1-a")
    lab.provider.class_("s1-0", "s1", classCode="MATH")
    lab.sync()
    after = {row["idnumber"]: row["shortname"] for row in export(lab)[0]["courses"]}
    assert after["default:s2-a"] == "MATH s2-a"
    assert after["default:s1-0"] == "MATH s1-0"


def test_only_some_schools(lab: Lab) -> None:
    found, _ = export(lab, schools=["s2"])
    assert {row["idnumber"] for row in found["courses"]} == {"default:s2-a", "default:s2-b"}
    assert len(found["users"]) == 7
    assert {line[3] for line in lines(lab)} == {"default:s2-a", "default:s2-b"}
    assert len(found["relationships"]) == 3


def test_only_the_columns_that_were_asked_for(lab: Lab) -> None:
    found, _ = export(lab, columns=["users.idnumber"])
    assert set(found["users"][0]) == {"username", "firstname", "lastname", "email", "auth", "idnumber"}
    assert set(found["courses"][0]) == UPLOAD_COURSES
    with pytest.raises(ConfigError, match="no optional column"):
        export(lab, columns=["users.email"])


def test_hostile_names_keep_to_moodles_letters(lab: Lab) -> None:
    lab.provider.user(
        "s1-st1", givenName="<script>x", familyName='=1+1, "q"', middleName="a\u202eb", username="Ünï Cödé!"
    )
    lab.provider.org("s1", name="Arts / Crafts <b>")
    lab.sync()
    found, _ = export(lab)
    user = next(row for row in found["users"] if row["idnumber"] == "default:s1-st1")
    assert (user["username"], user["firstname"], user["lastname"]) == ("unicode", "script x", '=1+1, "q"')
    assert "Arts/Crafts b" in [row["path"] for row in found["categories"]]
    assert len(list(csv.reader(io.StringIO(texts(lab.folder / "out")["users.csv"], newline="")))) == 15


@given(st.text(max_size=300), st.text(max_size=300), st.sampled_from([fields.USER_ID, fields.COURSE_ID]))
def test_id_numbers_are_of_one_record_only(one: str, other: str, limit: int) -> None:
    made = fields.id_number("a", one, limit)
    assert len(made) <= limit
    assert (made == fields.id_number("a", other, limit)) == (one == other)
    assert made != fields.id_number("b", one, limit)


@given(st.text(max_size=120))
def test_texts_keep_to_the_letters_moodle_takes(text: str) -> None:
    assert re.fullmatch(r"[-.@_a-z0-9]{0,100}", fields.username(text))
    assert fields.username(fields.username(text)) == fields.username(text)
    name = fields.plain(text, 100)
    assert len(name) <= 100
    assert not re.search(r"[<>\r\n\t\x00]", name)
    assert name == name.strip()


def test_times_that_are_none() -> None:
    assert (
        fields.begins(None) == fields.begins("") == fields.begins("soon") == fields.ends("9999-12-31", "inclusive") == 0
    )
    assert fields.begins("0001-01-01") == 0
