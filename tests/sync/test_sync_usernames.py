"""[sync] username: a template over the columns of users, lower-cased; blank falls back in order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oneroster_tui.records import User
from oneroster_tui.sync.usernames import FIELDS, username_maker
from tests.lab import Lab

PAT = User(
    sourced_id="SIS-7",
    username="Pat.Adams",
    identifier="A-100",
    given_name="Pat",
    family_name="Adams",
    middle_name="Q",
    email="Pat@Example.org",
)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{username}", "pat.adams"),
        ("{identifier}", "a-100"),
        ("{given_name}.{family_name}", "pat.adams"),
        ("{family_name}{middle_name}", "adamsq"),
        ("S_{sourced_id}", "s_sis-7"),
        ("{email}", "pat@example.org"),
        ("  {username} ", "pat.adams"),
        ("{username}@School", "pat.adams@school"),
    ],
)
def test_a_template_is_filled_and_lower_cased(template: str, expected: str) -> None:
    assert username_maker(template)(PAT) == expected


@pytest.mark.parametrize("template", ["{username}", "{middle_name}", " {username} "])
@pytest.mark.parametrize(
    ("identifier", "email", "expected"),
    [
        ("A-1", "Mail@x.org", "a-1"),
        ("  ", "Mail@x.org", "mail"),
        ("", "Mail@x.org", "mail"),
        ("", "@x.org", "sis-7"),
        ("", "", "sis-7"),
        ("", "  ", "sis-7"),
    ],
)
def test_what_comes_out_blank_falls_back_in_order(template: str, identifier: str, email: str, expected: str) -> None:
    assert (
        username_maker(template)(User(sourced_id="SIS-7", username="  ", identifier=identifier, email=email))
        == expected
    )


@settings(max_examples=50)
@given(st.sampled_from(FIELDS), st.builds(User, sourced_id=st.text(min_size=1).filter(str.strip), username=st.text()))
def test_a_username_is_never_blank_and_always_lower_case(field: str, user: User) -> None:
    made = username_maker("{" + field + "}")(user)
    assert made.strip()
    assert made == made.lower()


def test_the_roster_holds_the_local_username(lab: Lab) -> None:
    lab.provider.records["users"]["s1-st1"] |= {"username": "", "identifier": None, "email": "Kim.Lee@example.org"}
    lab.sync()
    assert lab.rows("SELECT username FROM users WHERE sourced_id = 's1-st1'") == [("kim.lee",)]


def test_a_new_template_renames_everybody_once(lab: Lab) -> None:
    lab.sync()
    ended = lab.sync(sync={"username": "{sourced_id}"})
    assert ended.counts["users"]["updated"] == 14
    assert lab.rows("SELECT COUNT(*) FROM users WHERE username <> sourced_id") == [(0,)]
    lab.sync(sync={"username": "{sourced_id}"})
    assert lab.audit() == []


def test_merging_compares_what_the_provider_says_not_what_the_template_makes(lab: Lab) -> None:
    lab.sync(sync={"username": "{given_name}", "merge_users": "username"})
    assert len(lab.active("users")) == 14
