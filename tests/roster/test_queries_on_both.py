"""What screens, commands and bundles read says the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from typing import Any

import pytest

import tests.lab
from oneroster_tui.roster import queries
from oneroster_tui.roster.database import Roster
from oneroster_tui.roster.queries import Window, support
from oneroster_tui.roster.queries.past import streak
from oneroster_tui.roster.queries.roles import role_counts
from tests import server
from tests.lab import Lab, new_lab, small_district

pytestmark = server.needs_server

TODAY = date(2026, 10, 1)
NAMES = (
    "Ångström",
    "ångström",
    "Zoë",
    "zoe",
    "De la Cruz",
    "O'Brien",
    "100%",
    "a_b",
    "李",
    "Étienne",
    "ETIENNE",
    "mcDonald",
)


@pytest.fixture(scope="module")
def both() -> Any:
    """Two rosters with the same past, and names that sort and fold in their own ways."""
    with ExitStack() as stack:
        labs = []
        for engine in ("sqlite", "postgresql"):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(tests.lab, "engine", engine)
                labs.append(fill(stack.enter_context(new_lab(small_district()))))
        yield labs


def fill(lab: Lab) -> Lab:
    """Syncs, changes, holds."""
    for number, name in enumerate(NAMES):
        lab.provider.user(f"n{number}", familyName=name, givenName=NAMES[-1 - number], email=f"{name}@Example.org")
        lab.provider.enroll(f"en{number}", f"n{number}", "s1-a", beginDate="2027-01-01" if number % 2 else "2026-08-17")
    lab.sync()
    lab.provider.drop("users", "s1-st1")
    lab.provider.enroll("broken", "nobody", "s1-a")
    lab.provider.records["users"]["n1"]["email"] = "changed@example.org"
    lab.sync()
    lab.provider.drop("enrollments", "s1-a-2")
    lab.sync(guards={"max_remove_percent": 0.0, "max_remove_count": 0})
    return lab


def pages(listing: Any, roster: Roster) -> Any:
    """All rows of a list, by pages of three, down and up; and how many there are."""
    rows: list[Any] = []
    after = None
    while some := listing.window(roster, Window(3, after=after)):
        rows += [row.values for row in some]
        after = some[-1].key
    up = listing.window(roster, Window(5, backward=True))
    return listing.count(roster), rows, [row.values for row in up]


def people(text: str, **more: Any) -> Callable[[Roster], Any]:
    """A search for people."""
    return lambda roster: pages(queries.people_listing("default", text, **more), roster)


SEARCHES = [
    "",
    "Å",
    "ångs",
    "zoe",
    "Zoë",
    "o'b",
    "100%",
    "a_b",
    "李",
    "ét",
    "st1",
    "ID-",
    "given fam",
    "example",
    "n1 changed",
]

QUERIES: dict[str, Callable[[Roster], Any]] = {
    **{f"people {text!r}": people(text) for text in SEARCHES},
    **{f"people anywhere {text!r}": people(text, anywhere=True) for text in ("oë", "%", "_", "xample")},
    "people by username": people("", sort="username", descending=True),
    "people by e-mail": people("", sort="email"),
    **{
        f"classes {text!r} by {sort}": lambda roster, text=text, sort=sort: pages(  # type: ignore[misc]
            queries.class_listing("default", text, today=TODAY, sort=sort), roster
        )
        for text, sort in (("", "school"), ("s1", "class"), ("course", "course"), ("given", "code"))
    },
    **{
        f"participants {text!r} by {sort}": lambda roster, text=text, sort=sort: pages(  # type: ignore[misc]
            queries.participant_listing(1, text, today=TODAY, sort=sort), roster
        )
        for text, sort in (("", "name"), ("å", "role"), ("", "status"), ("", "start"))
    },
    "participants counted": lambda roster: queries.participant_counts(roster, 1, TODAY),
    "an enrollment": lambda roster: timeless(queries.enrollment(roster, 1, TODAY)),
    "schools": lambda roster: (
        queries.stored_orgs(roster, "default"),
        queries.school_counts(roster, "default", ["s1"]),
    ),
    "roles": lambda roster: role_counts(roster, "default"),
    "runs": lambda roster: [row[0] for row in pages(queries.run_listing("default"), roster)[1]],
    "the newest runs": lambda roster: [row.counts for row in queries.runs(roster, "default")],
    "the hold": lambda roster: (queries.pending_hold(roster, "default") or 0).counts,  # type: ignore[union-attr]
    "failures": lambda roster: streak(roster, "default"),
    "changes": lambda roster: sorted(
        (change.entity, change.sourced_id, change.action, change.reason, tuple(queries.differences(change)))
        for run in (1, 2, 3)
        for change in queries.changes(roster, run)
    ),
    "changes searched": lambda roster: pages(queries.change_listing(2, "CHANGED@"), roster)[0],
    "changes grouped": lambda roster: [queries.change_groups(roster, run) for run in (1, 2, 3)],
    "a group": lambda roster: [
        pages(queries.group_listing(3, group), roster)[0] for group in queries.change_groups(roster, 3)
    ],
    "problems": lambda roster: (queries.problem_groups(roster, 2), pages(queries.problem_listing(2), roster)[0]),
    "a person": lambda roster: [facts(roster, local_id) for local_id in range(1, 27)],
    "people meant": lambda roster: [
        queries.people_meant(roster, "default", text)
        for text in ("user.s1-st1", "USER.S1-ST2", "Given Family", "n1", "Zoë")
    ],
    "a bundle": lambda roster: (
        support.sizes(roster)["by_status"],
        {table: support.sizes(roster)["rows"][table] for table in ("users", "sync_changes")},
        [support.change_groups(roster, run) for run in (1, 2, 3)],
        sorted(set(support.people(roster))),
        support.ids(roster),
    ),
}


def timeless(row: dict[str, Any] | None) -> dict[str, Any]:
    """A row without the times of writing."""
    return {name: value for name, value in (row or {}).items() if name not in ("created_at", "updated_at")}


def facts(roster: Roster, local_id: int) -> Any:
    """A person, their classes and their past."""
    found = queries.person(roster, local_id)
    if found is None:
        return None
    classes = pages(queries.person_classes(local_id, today=TODAY), roster)
    past = pages(queries.past_listing(found), roster)
    return (
        timeless(found.row),
        found.roles,
        found.ids,
        found.family,
        classes,
        past[0],
        queries.enrollment_counts(roster, local_id),
    )


@pytest.mark.parametrize("query", QUERIES)
def test_both_say_the_same(both: list[Lab], query: str) -> None:
    sqlite, postgres = (QUERIES[query](lab.roster) for lab in both)
    assert postgres == sqlite
