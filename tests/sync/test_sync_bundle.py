"""CSV bundles through the real sync: as good as REST, whole and in part; what is not there proves nothing by itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from oneroster_tui.errors import ConfigError, ExitCode, Unreadable
from oneroster_tui.provider.bundle.newest import chosen, due
from oneroster_tui.provider.opening import holds_everything
from oneroster_tui.sync.delta import read_state
from tests.bundles import sync_bundle, texts_of, unzipped, write, zipped
from tests.lab import Lab, Provider, new_lab, ref, small_district

ALL_DELTA = dict.fromkeys(("orgs", "academicSessions", "courses", "classes", "users", "enrollments"), "delta")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """Where bundles are."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def mode_of(lab: Lab) -> str:
    """What the last run was recorded as."""
    return str(lab.rows("SELECT mode FROM sync_runs ORDER BY id DESC LIMIT 1")[0][0])


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_bundle_makes_the_roster_that_rest_makes(lab: Lab, inbox: Path, version: str) -> None:
    ended = sync_bundle(lab, write(inbox / "b.zip", small_district(), version))
    assert (ended.exit_code, mode_of(lab)) == (ExitCode.DONE, "full")
    with new_lab(small_district()) as other:
        other.sync()
        assert lab.picture() == other.picture()


def test_a_1_0_bundle(lab: Lab, inbox: Path) -> None:
    ended = sync_bundle(lab, write(inbox / "b.zip", small_district(), "1.0"))
    assert ended.exit_code == ExitCode.DONE, lab.log()
    with new_lab(small_district()) as other:
        other.sync()
        here, there = lab.picture(), other.picture()
        for table in ("orgs", "courses", "user_roles", "relationships", "user_ids", "class_sessions"):
            assert here[table] == there[table]
        assert {row[:3] for row in here["enrollments"]} == {row[:3] for row in there["enrollments"]}


def test_a_folder_of_csv_files(lab: Lab, inbox: Path) -> None:
    ended = sync_bundle(lab, unzipped(inbox / "b", texts_of(small_district())))
    assert ended.exit_code == ExitCode.DONE
    assert len(lab.active("enrollments")) == 16


def test_what_a_bulk_file_no_longer_holds_is_removed(lab: Lab, inbox: Path) -> None:
    p = small_district()
    sync_bundle(lab, write(inbox / "1.zip", p))
    p.drop("users", "s1-st1")
    p.drop("enrollments", "s1-a-1", "s1-b-1")
    ended = sync_bundle(lab, write(inbox / "2.zip", p))
    assert ended.exit_code == ExitCode.DONE
    assert lab.outcome_of("s1-st1") == ("suspended", "absent")
    assert lab.outcome_of("s1-a-1", "enrollments") == ("suspended", "absent")
    assert "s1-st2" in lab.active("users")


def test_a_guard_holds_a_bundle_that_lost_many(lab: Lab, inbox: Path) -> None:
    p = small_district()
    sync_bundle(lab, write(inbox / "1.zip", p))
    p.drop("enrollments", *[one for one in p.records["enrollments"] if one.startswith("s1")])
    ended = sync_bundle(lab, write(inbox / "2.zip", p), guards={"max_remove_percent": 10, "max_remove_count": 2})
    assert ended.exit_code == ExitCode.HELD
    assert len(lab.active("enrollments")) == 16


@pytest.mark.parametrize("file", ["orgs", "academicSessions", "courses", "classes", "users", "enrollments"])
def test_a_file_that_is_missing_removes_nobody(lab: Lab, inbox: Path, file: str) -> None:
    p = small_district()
    sync_bundle(lab, write(inbox / "1.zip", p))
    before = lab.picture()
    texts = texts_of(p)
    del texts[f"{file}.csv"]
    ended = sync_bundle(lab, zipped(inbox / "2.zip", texts))
    assert ended.exit_code == ExitCode.INCOMPLETE
    assert f"{file}.csv" in ended.message
    assert lab.picture() == before


@pytest.mark.parametrize("file", ["orgs", "academicSessions", "courses", "classes", "users", "enrollments"])
def test_a_header_that_is_misspelt_removes_nobody(lab: Lab, inbox: Path, file: str) -> None:
    p = small_district()
    sync_bundle(lab, write(inbox / "1.zip", p))
    before = lab.picture()
    texts = texts_of(p)
    texts[f"{file}.csv"] = str(texts[f"{file}.csv"]).replace("sourcedId", "sourcdId", 1)
    ended = sync_bundle(lab, zipped(inbox / "2.zip", texts))
    assert ended.exit_code == ExitCode.INCOMPLETE
    assert "sourcdId" in ended.message
    assert lab.picture() == before


@pytest.mark.parametrize("file", ["orgs", "academicSessions", "courses", "classes", "users", "enrollments"])
def test_an_absent_file_stays_as_it_is(lab: Lab, inbox: Path, file: str) -> None:
    p = small_district()
    sync_bundle(lab, write(inbox / "1.zip", p))
    before = lab.content()
    ended = sync_bundle(lab, write(inbox / "2.zip", p, **{file: "absent"}))
    assert (ended.exit_code, mode_of(lab)) == (ExitCode.DONE, "delta"), lab.log()
    assert lab.content() == before


def test_a_manifest_alone_changes_nothing(lab: Lab, inbox: Path) -> None:
    sync_bundle(lab, write(inbox / "1.zip", small_district()))
    before = lab.content()
    ended = sync_bundle(lab, write(inbox / "2.zip", Provider(), **dict.fromkeys(ALL_DELTA, "absent")))
    assert ended.exit_code == ExitCode.DONE, lab.log()
    assert lab.content() == before


def test_removals_of_a_whole_file_beside_absent_ones(lab: Lab, inbox: Path) -> None:
    p = small_district()
    sync_bundle(lab, write(inbox / "1.zip", p))
    p.drop("enrollments", "s1-a-1")
    absent = {"orgs": "absent", "academicSessions": "absent", "courses": "absent", "classes": "absent"}
    ended = sync_bundle(lab, write(inbox / "2.zip", p, **absent))
    assert ended.exit_code == ExitCode.DONE
    assert lab.outcome_of("s1-a-1", "enrollments") == ("suspended", "absent")
    p.drop("users", "s2-st1")
    sync_bundle(lab, write(inbox / "3.zip", p, enrollments="absent", **absent))
    assert lab.outcome_of("s2-st1") == ("suspended", "absent")
    assert lab.outcome_of("s2-a-1", "enrollments") == ("suspended", "user_removed")


def test_a_delta_changes_what_it_names_and_nothing_else(lab: Lab, inbox: Path) -> None:
    p = small_district()
    sync_bundle(lab, write(inbox / "1.zip", p))
    change = Provider(clock="2026-10-01T06:00:00.000Z")
    change.user("s1-st1", email="new@example.org", agents=[ref("s1-pa1")])
    change.user("s1-st9", "student", ("s1",))
    change.enroll("s1-a-9", "s1-st9", "s1-a")
    change.enroll("s1-a-2", "s1-st2", "s1-a", status="tobedeleted")
    ended = sync_bundle(
        lab,
        write(
            inbox / "2.zip",
            change,
            **(ALL_DELTA | dict.fromkeys(("orgs", "academicSessions", "courses", "classes"), "absent")),
        ),
    )
    assert (ended.exit_code, mode_of(lab)) == (ExitCode.DONE, "delta"), lab.log()
    assert lab.rows("SELECT email FROM users WHERE sourced_id = 's1-st1'") == [("new@example.org",)]
    assert "s1-a-9" in lab.active("enrollments")
    assert lab.outcome_of("s1-a-2", "enrollments") == ("suspended", "tobedeleted")
    assert len(lab.active("users")) == 15
    assert len(lab.active("enrollments")) == 16


@pytest.mark.parametrize(("name", "count"), [("s1-st1", 2), ("s1-a", 4)])
def test_who_comes_back_without_enrollments_gets_them_with_the_next_whole_bundle(
    lab: Lab, inbox: Path, name: str, count: int
) -> None:
    """Nobody can be asked for them, nor be sure that they were not deleted meanwhile."""
    p = small_district()
    sync_bundle(lab, write(inbox / "1.zip", p))
    before = lab.active("enrollments")
    collection = "users" if name in p.records["users"] else "classes"
    for number, status in ((2, "tobedeleted"), (3, "active")):
        change = Provider(records={key: {} for key in p.records} | {collection: {name: p.records[collection][name]}})
        change.mark(collection, name, status=status)
        sync_bundle(lab, write(inbox / f"{number}.zip", change, **dict.fromkeys(change.records, "delta")))
        assert len(lab.active("enrollments")) == len(before) - count
    assert name in lab.active(collection)
    assert f"{count} enrollments of people and classes that came back did not come with them" in lab.log()
    assert "usable sourcedId" not in lab.log()
    sync_bundle(lab, write(inbox / "4.zip", p))
    assert lab.active("enrollments") == before
    assert "came back" not in lab.log()


def test_a_delta_of_roles(lab: Lab, inbox: Path) -> None:
    p = small_district()
    sync_bundle(lab, write(inbox / "1.zip", p, "1.2"))
    texts = texts_of(Provider(), "1.2", **dict.fromkeys((*ALL_DELTA, "roles"), "absent"))
    texts["manifest.csv"] = str(texts["manifest.csv"]).replace("file.roles,absent", "file.roles,delta")
    texts["roles.csv"] = (
        "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\r\n"
        "x1,active,2026-10-01T06:00:00.000Z,s1-st1,secondary,student,,,s2,\r\n"
        "x2,tobedeleted,2026-10-01T06:00:00.000Z,s2-teacher,primary,teacher,,,s2,\r\n"
    )
    ended = sync_bundle(lab, zipped(inbox / "2.zip", texts))
    assert ended.exit_code == ExitCode.DONE, lab.log()
    roles = lab.picture()["user_roles"]
    assert ("s1-st1", "s2", "student", "secondary") in roles
    assert ("s1-st1", "s1", "student", "primary") in roles
    assert not [row for row in roles if row[0] == "s2-teacher"]
    assert "s2-teacher" in lab.active("users")  # still enrolled


def test_damaged_roles_leave_everybody_as_they_are(lab: Lab, inbox: Path) -> None:
    p = small_district()
    sync_bundle(lab, write(inbox / "1.zip", p, "1.2"))
    before = lab.picture()
    texts = texts_of(p, "1.2")
    texts["roles.csv"] = str(texts["roles.csv"]).replace("userSourcedId", "userSourceId", 1)
    ended = sync_bundle(lab, zipped(inbox / "2.zip", texts))
    assert ended.exit_code == ExitCode.INCOMPLETE
    assert "roles.csv" in ended.message
    assert lab.picture() == before


def test_people_who_are_merged_need_a_whole_bundle(lab: Lab, inbox: Path) -> None:
    with pytest.raises(ConfigError, match="merged"):
        sync_bundle(lab, write(inbox / "1.zip", small_district(), users="delta"), sync={"merge_users": "username"})


def test_half_a_zip_changes_nothing(lab: Lab, inbox: Path) -> None:
    whole = write(inbox / "1.zip", small_district())
    half = inbox / "2.zip"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(Unreadable, match="only a part"):
        sync_bundle(lab, half)


def test_the_newest_whole_zip_of_a_folder(inbox: Path) -> None:
    for number, name in enumerate(("b", "a"), 1):
        write(inbox / f"{name}.zip", small_district())
        os.utime(inbox / f"{name}.zip", (number, number))
    (inbox / "z.zip").write_bytes((inbox / "a.zip").read_bytes()[:100])
    choice = chosen(inbox)
    assert choice.path.name == "a.zip"
    assert "z.zip" in choice.said
    assert [one.name for one in choice.others] == ["b.zip"]


def test_a_folder_without_a_bundle(inbox: Path) -> None:
    with pytest.raises(Unreadable, match="no zip and no CSV"):
        chosen(inbox)


def deliver(inbox: Path, number: int, provider: Provider, **modes: str) -> Path:
    """A bundle that arrives on the numberth day."""
    path = write(inbox / f"{number}.zip", provider, **modes)
    os.utime(path, (number * 86400, number * 86400))
    return path


def only_users(number: int) -> Provider:
    """A delta in which somebody new comes."""
    change = Provider()
    change.user(f"s1-new{number}", "student", ("s1",))
    return change


FEW = dict.fromkeys(("orgs", "academicSessions", "courses", "classes", "enrollments"), "absent") | {"users": "delta"}


def arriving(lab: Lab, inbox: Path) -> list[str]:
    """Reads what is due, one after another; the names of what was read."""
    read: list[str] = []
    while True:
        choice = due(inbox, read_state(lab.roster, lab.settings.source).bundle, holds_everything)
        sync_bundle(lab, choice.path)
        read.append(choice.path.name)
        if not choice.more:
            return read


def test_deltas_that_arrive_are_read_one_after_another_from_the_newest_whole_bundle(lab: Lab, inbox: Path) -> None:
    deliver(inbox, 1, small_district())
    deliver(inbox, 2, only_users(2), **FEW)
    deliver(inbox, 3, small_district())
    deliver(inbox, 4, only_users(4), **FEW)
    deliver(inbox, 5, only_users(5), **FEW)
    assert arriving(lab, inbox) == ["3.zip", "4.zip", "5.zip"]
    assert {"s1-new4", "s1-new5"} <= lab.active("users")
    assert "s1-new2" not in lab.active("users")
    assert arriving(lab, inbox) == ["5.zip"]  # nothing newer has come
    deliver(inbox, 6, only_users(6), **FEW)
    deliver(inbox, 7, only_users(7), **FEW)
    assert arriving(lab, inbox) == ["6.zip", "7.zip"]
    assert {f"s1-new{number}" for number in (4, 5, 6, 7)} <= lab.active("users")


def test_a_delta_that_was_not_applied_is_not_passed_over(lab: Lab, inbox: Path) -> None:
    deliver(inbox, 1, small_district())
    arriving(lab, inbox)
    texts = texts_of(only_users(2), **FEW)
    path = zipped(inbox / "2.zip", texts | {"users.csv": str(texts["users.csv"]).replace("orgSourcedIds", "orgs")})
    os.utime(path, (2 * 86400, 2 * 86400))
    deliver(inbox, 3, only_users(3), **FEW)
    state = read_state(lab.roster, lab.settings.source).bundle
    choice = due(inbox, state, holds_everything)
    assert choice.path.name == "2.zip"
    assert sync_bundle(lab, choice.path).exit_code == ExitCode.INCOMPLETE
    assert read_state(lab.roster, lab.settings.source).bundle == state
    deliver(inbox, 4, small_district())
    assert (
        due(inbox, state, holds_everything).path.name == "4.zip"
    )  # it holds everything, so the broken one no longer matters


def test_settings_that_changed_are_said_where_a_delta_cannot_follow_them(lab: Lab, inbox: Path) -> None:
    sync_bundle(lab, write(inbox / "1.zip", small_district()), schools=("s1",))
    delta = write(inbox / "2.zip", only_users(2), **FEW)
    sync_bundle(lab, delta, schools=("s1",))
    assert "settings" not in lab.log()
    sync_bundle(lab, delta)
    assert "comes with the next whole one" in lab.log()
    sync_bundle(lab, write(inbox / "3.zip", small_district()))
    assert len(lab.active("classes")) == 4
