"""The nights that everybody fears, over real HTTP: client, pages, guards, decisions and undo together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from oneroster_tui.config import Period
from oneroster_tui.errors import BlackoutPeriod, ExitCode, NotFound
from oneroster_tui.provider.client import Client
from oneroster_tui.sync import decisions
from oneroster_tui.sync.core import sync
from oneroster_tui.sync.events import RunEnded
from oneroster_tui.sync.id_map import import_id_map
from oneroster_tui.sync.undo import undo
from tests.lab import Lab, Provider, lab_in, ref, small_district
from tests.provider_lab.server import CLIENT_ID, CLIENT_SECRET, Answer, LabProvider, Request, said

PEOPLE = 80


class Served(LabProvider):
    """The lab's server, answering from the provider in memory, single records too."""

    def __init__(self, provider: Provider) -> None:
        super().__init__()
        self.before = lambda asked: from_memory(provider, asked)


def from_memory(provider: Provider, asked: Request) -> Answer:
    """What the provider in memory says."""
    try:
        reply = provider.get(asked.collection, asked.params)
    except NotFound:
        return said({"errors": [{"codeMinor": "unknown object"}]}, 404)
    return Answer(200, reply.body, dict(reply.headers) | {"Content-Type": "application/json"})


@dataclass
class Nights(Lab):
    """A lab whose provider is asked over HTTP, with the guards of the contract; `waits` are not waited for."""

    def sync(self, **changes: Any) -> RunEnded:
        self.events.clear()
        named = {name: changes.pop(name) for name in ("mode", "today") if name in changes}
        settings = self.configured(**changes)
        with Client(settings.connection, sleep=lambda _: None) as client:
            return sync(settings, self.roster, client, self.events.append, **named)

    def approve(self, run_id: int, maximum: int | None = None) -> RunEnded:
        """Somebody approves."""
        with Client(self.settings.connection) as client:
            return decisions.approve(self.settings, self.roster, client, self.events.append, run_id, maximum=maximum)

    def people(self) -> int:
        """How many people are active."""
        return len(self.active("users"))


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Nights]:
    """Two schools, 80 more students at s1, all of it synced once."""
    provider = small_district()
    for number in range(PEOPLE):
        if number % 20 == 0:
            provider.class_(f"big-{number // 20}", "s1")
        provider.user(f"p{number:02}", "student")
        provider.enroll(f"e{number:02}", f"p{number:02}", f"big-{number // 20}")
    with lab_in(tmp_path, provider) as made, Served(provider).serving() as root:
        connection = replace(
            made.settings.connection,
            root_url=root,
            token_url=f"{root}/token",
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            page_size=50,
            concurrency=2,
        )
        guards = replace(made.settings.guards, max_remove_percent=10.0, max_remove_count=10)
        nights = Nights(tmp_path, provider, replace(made.settings, connection=connection, guards=guards), made.roster)
        assert nights.sync().exit_code == ExitCode.DONE
        yield nights


def leave(lab: Nights, first: int, last: int) -> None:
    """Some of the crowd are listed no longer, nor are their enrollments."""
    lab.provider.drop("users", *(f"p{number:02}" for number in range(first, last)))
    lab.provider.drop("enrollments", *(f"e{number:02}" for number in range(first, last)))


# Guards


def test_sixty_percent_vanish(lab: Nights) -> None:
    before = lab.people()
    leave(lab, 0, 60)
    lab.provider.user("newcomer")
    held = lab.sync()
    assert (held.outcome, held.exit_code) == ("held", ExitCode.HELD)
    assert lab.people() == before + 1
    assert held.counts["users"]["held"] == 60


def test_an_empty_answer_with_200(lab: Nights) -> None:
    before = lab.content()
    for collection in ("users", "enrollments", "classes"):
        kept = lab.provider.records[collection]
        lab.provider.records[collection] = {}
        assert lab.sync().exit_code == ExitCode.INCOMPLETE
        assert lab.content() == before
        lab.provider.records[collection] = kept


def test_every_sourced_id_changed_and_the_way_on(lab: Nights) -> None:
    ids = {row[0]: row[1] for row in lab.rows("SELECT username, id FROM users")}
    before = lab.content()
    users, pairs = lab.provider.records["users"], []
    for old in list(users):
        pairs.append((old, f"new-{old}"))
        users[f"new-{old}"] = users.pop(old) | {"sourcedId": f"new-{old}"}
    for record in users.values():
        record["agents"] = [ref(f"new-{agent['sourcedId']}") for agent in record["agents"]]
    for record in lab.provider.records["enrollments"].values():
        record["user"] = ref(f"new-{record['user']['sourcedId']}")
    assert lab.sync().exit_code == ExitCode.HELD
    assert "looks like new ids" in lab.log()
    assert lab.content() == before
    assert import_id_map(lab.settings, lab.roster, pairs, lab.events.append).exit_code == ExitCode.DONE
    after = lab.sync()
    assert after.exit_code == ExitCode.DONE
    assert after.counts["users"].get("created", 0) == 0
    assert {row[0]: row[1] for row in lab.rows("SELECT username, id FROM users")} == ids


def test_a_school_emptied_at_the_end_of_term(lab: Nights) -> None:
    for collection, key in (("enrollments", "school"), ("classes", "school")):
        records = lab.provider.records[collection]
        lab.provider.drop(collection, *[one for one, record in records.items() if record[key]["sourcedId"] == "s2"])
    before = lab.active("enrollments")
    small = {"max_remove_percent": 10.0, "max_remove_count": 5}
    held = lab.sync(guards=small)
    assert held.exit_code == ExitCode.HELD
    assert "school s2" in lab.log()
    assert lab.active("enrollments") == before


def test_five_percent_each_night_for_two_weeks(lab: Nights) -> None:
    start = lab.people()
    codes = []
    for night in range(14):
        leave(lab, night * 5, night * 5 + 5)
        codes.append(lab.sync().exit_code)
    assert codes[0] == ExitCode.DONE
    assert ExitCode.HELD in codes[:4]
    assert lab.people() >= start * 0.85  # never more than the guard's 10 % and one night
    assert lab.rows("SELECT COUNT(*) FROM sync_runs WHERE outcome = 'held'")[0][0] >= 10


def test_everybody_renamed_at_once(lab: Nights) -> None:
    for record in lab.provider.records["users"].values():
        record["familyName"] = "Mustermann"
    held = lab.sync(guards={"max_change_percent": 30.0})
    assert held.exit_code == ExitCode.HELD
    assert lab.rows("SELECT COUNT(*) FROM users WHERE family_name = 'Mustermann'") == [(0,)]


def test_a_class_that_loses_over_half(lab: Nights) -> None:
    lab.provider.drop("enrollments", *(f"e{number:02}" for number in range(11)))
    held = lab.sync(guards={"max_remove_percent": 50.0, "max_remove_count": 50})
    assert held.exit_code == ExitCode.HELD
    assert {f"e{number:02}" for number in range(11)} <= lab.active("enrollments")


# Deciding


def test_an_approval_is_a_ceiling(lab: Nights) -> None:
    before = lab.people()
    leave(lab, 0, 40)
    held = lab.sync()
    leave(lab, 40, 45)
    again = lab.approve(held.run_id)
    assert (again.exit_code, lab.people()) == (ExitCode.HELD, before)
    assert "beyond what was approved" in lab.log()
    done = lab.approve(again.run_id, maximum=90)
    assert (done.exit_code, lab.people()) == (ExitCode.DONE, before - 45)


def test_a_discarded_hold_comes_again(lab: Nights) -> None:
    before = lab.people()
    leave(lab, 0, 40)
    held = lab.sync()
    assert decisions.discard(lab.roster, lab.settings.source, held.run_id) == 80
    assert lab.people() == before
    assert lab.sync().exit_code == ExitCode.HELD


def test_without_guards_for_once(lab: Nights) -> None:
    before = lab.people()
    leave(lab, 0, 40)
    assert lab.sync(mode="unguarded").exit_code == ExitCode.DONE
    assert lab.people() == before - 40
    assert lab.rows("SELECT mode FROM sync_runs ORDER BY id DESC LIMIT 1") == [("unguarded",)]


# The ladder


@pytest.mark.parametrize(
    ("policy", "user", "enrollment"),
    [("keep", "active", "active"), ("suspend", "suspended", "suspended"), ("unenrol", "suspended", "removed"),
     ("delete", None, None)],
)  # fmt: skip
def test_each_step_of_the_ladder_and_the_way_back(
    lab: Nights, policy: str, user: str | None, enrollment: str | None
) -> None:
    local = lab.local_id("p00")
    people = lab.provider.drop("users", "p00")
    enrollments = lab.provider.drop("enrollments", "e00")
    lab.sync(sync={"on_removed": policy})
    assert (lab.statuses("users").get("p00"), lab.statuses("enrollments").get("e00")) == (user, enrollment)
    lab.provider.back("users", people)
    lab.provider.back("enrollments", enrollments)
    lab.sync(sync={"on_removed": policy})
    assert {"p00"} <= lab.active("users")
    assert {"e00"} <= lab.active("enrollments")
    assert (lab.local_id("p00") == local) == (policy != "delete")


def test_grace_counts_complete_runs(lab: Nights) -> None:
    leave(lab, 0, 1)
    states = []
    for _ in range(3):
        lab.sync(sync={"grace_runs": 2})
        states.append("p00" in lab.active("users"))
    assert states == [True, True, False]


def test_a_deletion_asks_for_the_record_once_more(lab: Nights) -> None:
    hidden = lab.provider.records["users"]["p00"]
    listed = lab.provider.get

    def get(path: str, params: Any = {}, *, tries: int = 5) -> Any:  # noqa: B006 -- as the one it stands for
        whole = dict(lab.provider.records["users"])
        if path == "users":
            lab.provider.records["users"].pop("p00")
        try:
            return listed(path, params, tries=tries)
        finally:
            lab.provider.records["users"] = whole

    lab.provider.get = get  # type: ignore[method-assign]
    assert hidden["status"] == "active"
    lab.sync(sync={"on_removed": "delete"})
    assert "p00" in lab.active("users")
    lab.provider.get = listed  # type: ignore[method-assign]
    leave(lab, 0, 1)
    lab.sync(sync={"on_removed": "delete"})
    assert "p00" not in lab.statuses("users")


def test_protected_roles_and_rows_made_by_hand_stay(lab: Nights) -> None:
    lab.roster.execute("UPDATE users SET origin = 'local' WHERE sourced_id = 'p00'")
    leave(lab, 0, 1)
    lab.provider.drop("users", "s1-teacher")
    lab.sync(guards={"protected_roles": ("teacher",)})
    assert {"p00", "s1-teacher"} <= lab.active("users")


# The calendar


def test_blackout_and_freeze(lab: Nights) -> None:
    day = date(2026, 8, 5)
    summer = (Period(date(2026, 8, 1), date(2026, 8, 20)),)
    before = lab.content()
    leave(lab, 0, 2)
    lab.provider.user("newcomer")
    with pytest.raises(BlackoutPeriod):
        lab.sync(guards={"blackout": summer}, today=day)
    assert lab.content() == before
    frozen = lab.sync(guards={"freeze_removals": summer}, today=day)
    assert frozen.exit_code == ExitCode.DONE
    assert "wait for the end of a freeze" in frozen.message
    assert {"p00", "p01", "newcomer"} <= lab.active("users")


def test_ended_terms_and_deselected_schools_remove_nobody(lab: Nights) -> None:
    before = lab.active("users"), lab.active("enrollments"), lab.active("classes")
    ended = lab.sync(sync={"terms": "current"}, today=date(2030, 1, 1))
    assert ended.exit_code == ExitCode.DONE
    deselected = lab.sync(schools=("s2",))
    assert deselected.exit_code == ExitCode.DONE
    assert (lab.active("users"), lab.active("enrollments"), lab.active("classes")) == before


# Undo


def test_a_run_is_taken_back_and_comes_again(lab: Nights) -> None:
    before = lab.picture()
    leave(lab, 0, 5)
    lab.provider.user("newcomer")
    lab.provider.records["users"]["p50"]["givenName"] = "Renamed"
    run = lab.sync()
    after = lab.picture()
    assert undo(lab.settings, lab.roster, lab.events.append, run.run_id, planning=True).exit_code == ExitCode.DONE
    assert lab.picture() == after
    assert undo(lab.settings, lab.roster, lab.events.append, run.run_id).exit_code == ExitCode.DONE
    assert lab.picture() == before
    lab.sync()
    assert lab.picture() == after
