"""A bundle of which known rows are not read again ends as one that is read in full: the same roster, the same report."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from oneroster_tui.provider.bundle.bundle import Bundle
from oneroster_tui.provider.bundle.report import report_of
from oneroster_tui.sync.known_pull import KnownPull
from tests.bundles import texts_of, write, zipped
from tests.lab import Lab, Provider, lab_in, new_lab, small_district
from tests.sync.test_sync_bundle_property import living
from tests.sync.test_sync_delta_property import alter, change, three_schools
from tests.sync.test_sync_known_property import rules, told

EXAMPLES = int(os.environ.get("KNOWN_EXAMPLES", "6"))


def night(lab: Lab, path: Path, **rule: Any) -> tuple[Any, ...]:
    """One night: how it ended, what it left behind, what the report says, and how many rows were not read again."""
    with Bundle(path) as bundle:
        lab.provider = bundle  # type: ignore[assignment]
        ended = lab.sync(sync=rule)
        report = report_of(bundle).facts() | {"Test Date": ""}
    return ended.outcome, ended.exit_code, ended.counts, told(lab), report


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    nights=st.lists(st.lists(change, max_size=6), min_size=1, max_size=3),
    rule=rules,
    version=st.sampled_from(["1.1", "1.2"]),
)
@example(
    nights=[[("mark", "s1-pa1", "tobedeleted")]],  # an agent is gone, whom an unchanged student still names
    rule={"on_removed": "suspend", "grace_runs": 0, "terms": "all"},
    version="1.1",
)
def test_not_reading_what_is_known_changes_nothing(nights: list[list[Any]], rule: dict[str, Any], version: str) -> None:
    p: Provider = three_schools()
    p.clock = "2026-10-01T06:00:00.000Z"
    with new_lab() as known, new_lab() as plain:
        for changed in [[], *nights, []]:
            for kind, name, what in changed:
                alter(p, kind, name, what)
            path = write(known.folder / "b.zip", living(p), version)
            plain.rows("UPDATE sources SET delta_state = ''")
            assert night(known, path, **rule) == night(plain, path, **rule)


def recognised(lab: Lab, path: Path) -> int:
    """How many rows of a night were not read again."""
    found: list[KnownPull] = []
    keep_people = KnownPull.keep_people

    def watched(pull: KnownPull) -> None:
        keep_people(pull)
        found.append(pull)

    KnownPull.keep_people = watched  # type: ignore[method-assign]
    try:
        night(lab, path)
    finally:
        KnownPull.keep_people = keep_people  # type: ignore[method-assign]
    return sum(one.matched for pull in found for one in pull.known.values())


def test_an_unchanged_night_reads_nothing_again(tmp_path: Path) -> None:
    with lab_in(tmp_path) as lab:
        for version in ("1.1", "1.2"):
            path = write(tmp_path / f"{version}.zip", small_district(), version)
            night(lab, path)
            assert recognised(lab, path) == 14 + 16
            assert "unchanged" in lab.log() or "Skipping update" in lab.log()


def test_columns_that_change_places_are_read_again(tmp_path: Path) -> None:
    with lab_in(tmp_path) as lab:
        texts = texts_of(small_district())
        night(lab, zipped(tmp_path / "1.zip", texts))
        swapped = str(texts["users.csv"]).replace("givenName,familyName", "familyName,givenName", 1)
        assert recognised(lab, zipped(tmp_path / "2.zip", texts | {"users.csv": swapped})) == 16
        assert lab.rows("SELECT DISTINCT given_name, family_name FROM users") == [("Family", "Given")]


def test_roles_that_stand_elsewhere_belong_to_the_row(tmp_path: Path) -> None:
    with lab_in(tmp_path) as lab:
        texts = texts_of(small_district(), "1.2")
        night(lab, zipped(tmp_path / "1.zip", texts))
        changed = str(texts["roles.csv"]).replace("s1-st1,primary,student,,,s1", "s1-st1,primary,student,,,s2", 1)
        assert changed != texts["roles.csv"]
        assert recognised(lab, zipped(tmp_path / "2.zip", texts | {"roles.csv": changed})) == 13 + 16
        assert ("s1-st1", "s2", "student", "primary") in lab.picture()["user_roles"]


def test_what_is_odd_is_said_every_night(tmp_path: Path) -> None:
    with lab_in(tmp_path) as lab:
        texts = texts_of(small_district())
        texts["enrollments.csv"] = str(texts["enrollments.csv"]).replace(",teacher,", ",Teacher,", 1)
        path = zipped(tmp_path / "1.zip", texts)
        first, second = night(lab, path)[-1], night(lab, path)[-1]
        assert first == second
        assert [one["code"] for one in second["findings"]] == ["bad_word"]


@pytest.mark.parametrize("file", ["users", "enrollments"])
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_known_row_that_stands_there_twice_counts_as_the_first(tmp_path: Path, file: str, version: str) -> None:
    texts = texts_of(small_district(), version)
    first, *lines = str(texts[f"{file}.csv"]).split("\r\n")
    other = lines[0].replace("Family", "Other").replace("2027-06-11", "2027-06-12")
    assert other != lines[0]
    doubled = texts | {f"{file}.csv": "\r\n".join([first, *lines[:-1], other, ""])}
    doubled["orgs.csv"] = str(doubled["orgs.csv"]).replace("school", "School", 1)  # something to be said once
    with new_lab() as known, new_lab() as plain:
        path = zipped(tmp_path / "1.zip", texts)
        assert night(known, path) == night(plain, path)
        path = zipped(tmp_path / "2.zip", doubled)
        plain.rows("UPDATE sources SET delta_state = ''")
        assert night(known, path) == night(plain, path)
        assert "duplicate_sourced_id" in {code for *_, code in known.problems()}
