"""A roster as a OneRoster bundle: valid by the tables of the specification, and the same roster when it is read again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oneroster_tui.csv_columns import FILES
from oneroster_tui.errors import ConfigError, ExitCode, ExportError, Stopped
from oneroster_tui.export.oneroster import export_bundle
from oneroster_tui.export.report import Report
from tests.export.bundles import header, load, tables, texts
from tests.lab import Lab, Provider, lab_in, new_lab, ref, small_district


@pytest.fixture
def lab(tmp_path: Path, engine: str) -> Iterator[Lab]:
    """A synced district."""
    with lab_in(tmp_path, district()) as made:
        made.sync()
        yield made


def district() -> Provider:
    """The small district, with people at two schools, hostile texts and a class in two terms."""
    p = small_district()
    p.session("t2", "2027-01-11", "2027-06-11", parent=ref("year", "academicSession"))
    p.session("year", type="schoolYear")
    p.class_("s1-both", "s1", "c1", ("t1", "t2"), title='Maths, "hard"')
    p.user("s1-st1", agents=[ref("s1-pa1"), ref("s1-pa2")], givenName='=cmd|" /C calc"!A0', familyName="O'Neill, Jr.")
    p.user("both", "teacher", ("s2", "s1"), middleName="Ōé", enabledUser="false")
    p.enroll("both-1", "both", "s1-both", "teacher", primary="true")
    p.enroll("aide-1", "s1-st2", "s1-both", "aide", beginDate=None, endDate=None)
    return p


ROLES = {role: role.title() for role in ("student", "teacher", "parent", "aide", "ext:aide")}


def export(lab: Lab, name: str = "out", **options: Any) -> tuple[Path, Report]:
    """Exports the lab's roster."""
    path = lab.folder / name
    return path, export_bundle(lab.roster, lab.settings.source, path, **options)


def picture(lab: Lab) -> dict[str, set[tuple[Any, ...]]]:
    """What is active, with 1.2's word for a role that has none there in 1.1's."""
    found = lab.picture()
    found["enrollments"] = {
        tuple(re.sub("^(ext:|Ext:)", "", cell) if isinstance(cell, str) else cell for cell in row)
        for row in found["enrollments"]
    }
    return found


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_a_bundle_has_the_files_and_columns_of_its_version(lab: Lab, version: str, name: str) -> None:
    path, report = export(lab, name, version=version)
    found = tables(path)
    manifest = {row["propertyName"]: row["value"] for row in found.pop("manifest")}
    assert manifest["manifest.version"] == "1.0"
    assert manifest["oneroster.version"] == version
    modes = {key.removeprefix("file."): mode for key, mode in manifest.items() if key.startswith("file.")}
    assert modes == {file: "bulk" if file in found else "absent" for file in FILES[version]}
    assert found.keys() == report.files.keys()
    for file, rows in found.items():
        columns = FILES[version][file]
        assert header(path, file) == [column.name for column in columns]
        assert len(rows) == report.files[file] > 0
        assert len({row["sourcedId"] for row in rows}) == len(rows)
        for row in rows:
            assert None not in row  # as many cells as columns
            assert all(row[column.name] for column in columns if column.required)
            assert not any(row[column.name] for column in columns if column.delta_only)
    assert not report.gaps


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_bundle_holds_all_that_it_refers_to(lab: Lab, version: str) -> None:
    found = tables(export(lab, version=version)[0])
    ids = {file: {row["sourcedId"] for row in rows} for file, rows in found.items() if file != "manifest"}
    for file, column, target in (
        ("orgs", "parentSourcedId", "orgs"),
        ("academicSessions", "parentSourcedId", "academicSessions"),
        ("courses", "orgSourcedId", "orgs"),
        ("classes", "courseSourcedId", "courses"),
        ("classes", "schoolSourcedId", "orgs"),
        ("classes", "termSourcedIds", "academicSessions"),
        ("users", "agentSourcedIds", "users"),
        ("users", "orgSourcedIds" if version == "1.1" else "primaryOrgSourcedId", "orgs"),
        ("enrollments", "userSourcedId", "users"),
        ("enrollments", "classSourcedId", "classes"),
        ("enrollments", "schoolSourcedId", "orgs"),
        *((("roles", "userSourcedId", "users"), ("roles", "orgSourcedId", "orgs")) if version == "1.2" else ()),
    ):
        named = {one for row in found[file] for one in row[column].split(",") if one}
        assert named <= ids[target], (file, column)
        assert named


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_reading_it_again_makes_the_same_roster(lab: Lab, version: str) -> None:
    lab.sync(role_mapping=ROLES)
    with new_lab(load(Provider(), export(lab, version=version)[0])) as other:
        other.sync(role_mapping=ROLES)
        assert picture(other) == picture(lab)
        assert len(other.active("relationships")) == 7


@pytest.mark.parametrize("on_removed", ["suspend", "delete", "unenrol"])
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_delta_brings_another_roster_to_the_same_state(lab: Lab, version: str, on_removed: str) -> None:
    rules = {"sync": {"on_removed": on_removed}, "role_mapping": ROLES}
    lab.sync(**rules)
    path, before = export(lab, "before", version=version)
    with new_lab(load(Provider(), path)) as other:
        other.sync(**rules)
        change(lab.provider)
        lab.sync(**rules)
        lab.provider.user("s2-st1", agents=[], givenName="Renamed again")
        lab.sync(**rules)
        path, report = export(lab, "delta.zip", version=version, since=before.newest_run)
        assert report.mode == "delta"
        assert not report.gaps
        for file, rows in tables(path).items():
            for row in rows if file != "manifest" else ():
                assert row["status"] in ("active", "tobedeleted")
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row["dateLastModified"])
        load(other.provider, path)
        other.sync(**rules)
        assert picture(other) == picture(lab)


def change(p: Provider) -> None:
    """A night's changes of every kind."""
    p.drop("users", "s1-st3")
    p.drop("enrollments", "s1-a-3", "s1-b-3", "s1-a-2")
    p.mark("classes", "s2-b")
    p.user("s1-st2", "student", ("s1", "s2"), agents=[ref("s1-pa3"), ref("s2-pa3")], familyName="New")
    p.user("new", agents=[ref("s1-pa1")])
    p.enroll("new-1", "new", "s1-a")
    p.enroll("s2-a-1", "s2-st1", "s2-a", "student", "s2", endDate="2026-12-24")
    p.user("both", "aide", ("s2",))
    p.course("c9", "s1")
    p.class_("s1-a", "s1", "c9", ("t1", "t2"))
    p.session("t1", end="2027-06-18")
    p.org("s2", name="School 2 under a new name")


def test_a_delta_without_changes_is_a_manifest_alone(lab: Lab) -> None:
    newest = export(lab, "one")[1].newest_run
    path, report = export(lab, "two", since=newest)
    assert set(tables(path)) == {"manifest"}
    assert report.files == {}


def test_a_person_who_becomes_listed_is_named_by_those_who_knew_them_before(lab: Lab) -> None:
    """A list leaves out who is not there; when they come, the record that names them did not change."""
    lab.provider.user("s1-st1", agents=[ref("s1-pa1"), ref("later")])
    lab.sync()
    path, report = export(lab)
    assert agents(path)["s1-st1"] == "s1-pa1"
    lab.provider.user("later", "proctor")
    lab.sync()
    assert agents(export(lab, "delta", since=report.newest_run)[0]) == {"s1-st1": "later,s1-pa1", "later": ""}


def agents(path: Path) -> dict[str, str]:
    """sourcedId -> agentSourcedIds."""
    return {row["sourcedId"]: row["agentSourcedIds"] for row in tables(path)["users"]}


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_some_schools_are_what_a_sync_of_them_would_be(lab: Lab, version: str) -> None:
    lab.sync(role_mapping=ROLES)
    with (
        new_lab(load(Provider(), export(lab, version=version, schools=["s1"])[0])) as other,
        new_lab(lab.provider) as plain,
    ):
        for one in (other, plain):
            one.sync(schools=("s1",), role_mapping=ROLES)
        assert picture(other) == picture(plain)
        assert other.active("classes") == {"s1-a", "s1-b", "s1-both"}


def test_what_cannot_be_asked_for(lab: Lab) -> None:
    for options, words in (
        ({"since": 99}, "no run 99"),
        ({"schools": ["nowhere"]}, "nowhere"),
        ({"schools": ["s1"], "since": 1}, "some schools"),
        ({"columns": ["users.shoe"]}, "users.shoe"),
        ({"columns": ["email"]}, "email"),
    ):
        with pytest.raises(ConfigError, match=words):
            export(lab, "none", **options)
    with pytest.raises(ConfigError, match="elsewhere"):
        export_bundle(lab.roster, "elsewhere", lab.folder / "none")
    assert not (lab.folder / "none").exists()


def test_a_delta_over_renamed_ids_is_refused(lab: Lab) -> None:
    from oneroster_tui.sync.id_map import import_id_map

    newest = export(lab)[1].newest_run
    import_id_map(lab.settings, lab.roster, [("s1-st1", "renamed")], lab.events.append)
    with pytest.raises(ConfigError, match="new sourcedIds"):
        export(lab, since=newest)


def test_only_the_columns_that_were_asked_for_are_filled(lab: Lab) -> None:
    path, _ = export(lab, columns=["users.email"])
    user = tables(path)["users"][0]
    assert user["email"]
    assert not user["identifier"]
    assert not user["agentSourcedIds"]
    assert user["username"]  # required, so it stays
    assert any(row["classCode"] for row in tables(path)["classes"])  # of a file that was not named


def test_what_oneroster_requires_and_the_roster_lacks_is_told(lab: Lab) -> None:
    lab.provider.class_("s1-a", "s1", "unheard-of", ())
    lab.provider.user("s1-st1", givenName="", orgs=[])
    lab.sync()
    path, report = export(lab)
    assert {(file, column): found for (file, column, _), found in report.gaps.items()} == {
        ("classes", "courseSourcedId"): (1, "s1-a"),
        ("classes", "termSourcedIds"): (1, "s1-a"),
        ("users", "givenName"): (1, "s1-st1"),
        ("users", "orgSourcedIds"): (1, "s1-st1"),
    }
    assert "s1-a" in [row["sourcedId"] for row in tables(path)["classes"]]


def test_a_role_that_1_1_has_no_room_for_is_told(lab: Lab) -> None:
    roles = [
        {"roleType": "secondary", "role": "parent", "org": ref("s1", "org")},
        {"roleType": "primary", "role": "principal", "org": ref("s2", "org")},
    ]
    lab.provider.user("both", roles=roles)
    del lab.provider.records["users"]["both"]["role"]
    lab.sync()
    path, report = export(lab)
    user = next(row for row in tables(path)["users"] if row["sourcedId"] == "both")
    assert (user["role"], user["orgSourcedIds"]) == ("administrator", "s2")
    assert "1 of the people here have more" in report.notes[0]
    newer = tables(export(lab, "newer", version="1.2")[0])
    held = {
        (row["role"], row["roleType"], row["orgSourcedId"]) for row in newer["roles"] if row["userSourcedId"] == "both"
    }
    assert held == {("principal", "primary", "s2"), ("parent", "secondary", "s1")}


def test_texts_stand_as_they_are_but_in_one_line(lab: Lab) -> None:
    lab.roster.execute("UPDATE users SET family_name = ? WHERE sourced_id = 's1-st2'", ("a\r\nb\x00\tc",))
    path, _ = export(lab)
    users = {row["sourcedId"]: row for row in tables(path)["users"]}
    assert users["s1-st1"]["givenName"] == '=cmd|" /C calc"!A0'  # a program reads this: nothing is put before it
    assert users["s1-st1"]["familyName"] == "O'Neill, Jr."
    assert users["s1-st2"]["familyName"] == "a b c"
    assert texts(path)["users.csv"].count("\n") == len(users) + 1


def test_an_id_with_a_comma_cannot_stand_in_a_list(lab: Lab) -> None:
    lab.provider.user("a,b", "parent")
    lab.provider.user("s1-st1", agents=[ref("s1-pa1"), ref("a,b")])
    lab.sync()
    path, report = export(lab)
    assert agents(path)["s1-st1"] == "s1-pa1"
    assert "a,b" in agents(path)  # in a cell of its own it can
    assert [(key[:2], found) for key, found in report.gaps.items()] == [(("users", "agentSourcedIds"), (1, "s1-st1"))]


def test_merged_people_are_named_by_one_id(lab: Lab) -> None:
    lab.provider.user("twin", "student", ("s2",), identifier="ID-s1-st1", agents=[ref("s2-pa1")])
    lab.provider.user("s2-st1", agents=[ref("s1-pa1")])
    lab.provider.enroll("twin-1", "twin", "s2-a", "student", "s2")
    lab.sync(sync={"merge_users": "identifier"})
    found = tables(export(lab)[0])
    ids = {row["sourcedId"] for row in found["users"]}
    assert "twin" not in ids
    assert next(row for row in found["enrollments"] if row["sourcedId"] == "twin-1")["userSourcedId"] == "s1-st1"
    student = next(row for row in found["users"] if row["sourcedId"] == "s1-st1")
    assert "s2-pa1" in student["agentSourcedIds"].split(",")  # of the other record, through the relationship


def test_a_stopped_export_leaves_what_was_there(lab: Lab) -> None:
    path, _ = export(lab, "out.zip")
    before = path.read_bytes()
    lab.provider.user("s1-st1", givenName="Changed")
    lab.sync()
    with pytest.raises(Stopped) as stopped:
        export(lab, "out.zip", stopping=lambda: ExitCode.TERMINATED)
    assert stopped.value.exit_code == ExitCode.TERMINATED
    assert path.read_bytes() == before
    assert [one.name for one in lab.folder.iterdir() if one.name.endswith(".part")] == []


@pytest.mark.parametrize("manifest", [None, "propertyName,value\nsource.systemName,Some SIS\n"])
def test_a_bundle_that_came_from_elsewhere_is_left_alone(lab: Lab, manifest: str | None) -> None:
    path = lab.folder / "theirs"
    path.mkdir()
    (path / "users.csv").write_text("sourcedId\nimportant\n")
    if manifest:
        (path / "manifest.csv").write_text(manifest)
    with pytest.raises(ConfigError, match="no export of this kind"):
        export(lab, "theirs")
    assert "important" in (path / "users.csv").read_text()
    export(lab)
    export(lab)  # what it wrote itself it replaces


def test_a_full_disk_leaves_what_was_there(lab: Lab) -> None:
    path, _ = export(lab)
    before = texts(path)

    def full() -> ExitCode | None:
        raise OSError(28, "No space left on device")

    with pytest.raises(ExportError, match="No space left"):
        export(lab, stopping=full)
    assert texts(path) == before
    assert sorted(one.name for one in lab.folder.iterdir() if "out" in one.name) == ["out"]


def test_a_sync_meanwhile_does_not_show(lab: Lab) -> None:
    from oneroster_tui.roster.database import open_roster

    def change_once() -> None:
        other = open_roster("sqlite:///roster.db", lab.folder)
        other.execute("DELETE FROM enrollments")
        other.close()

    calls = iter([change_once])
    path, report = export(lab, stopping=lambda: next(calls, lambda: None)())
    assert report.files["enrollments"] == len(tables(path)["enrollments"]) == 17
    assert lab.rows("SELECT COUNT(*) FROM enrollments") == [(0,)]
