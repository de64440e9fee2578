"""The calling card: what a person's screen says: who it is, the details, the family, and where a view is empty."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from oneroster_tui.roster.queries import Person, Relative, Row
from screens.enrollment_words import BY_HAND, full_name, happened
from screens.fitting import clean
from screens.widgets.columns import Cell
from screens.widgets.facts import Fact, Section
from screens.words import STATUSES, when

GONE = "This person cannot be read now, or is no longer in the roster. esc goes back."
NOBODY = "Nobody is shown."
NO_CLASS = ("In no class.", "d", "shows the details")
NO_FAMILY = ("No parents, guardians or children are known.", "d", "shows the details")
NO_PAST = ("No run changed anything here.", "d", "shows the details")
"""A view's empty state: what it says, a key, and what that does."""

VIEWS = (
    ("details", "d", "Details", "See roles by school, ids and dates."),
    ("classes", "c", "Classes", "See the classes; Enter opens the enrolment."),
    ("family", "f", "Family", "See parents and guardians, or children; Enter opens the person."),
    ("changes", "h", "History", "See what runs changed; Enter shows before and after."),
)
"""The person's four views: id, key, label, sentence."""


def headline(person: Person) -> Content:
    """Who it is, in two lines."""
    row, look = person.row, STATUSES[person.row["status"]]
    facts = [row["username"], row["email"], row["identifier"]]
    return Content.assemble(
        (clean(full_name(row), 80), "bold"),
        "  ",
        (str(look), look.style),
        ("" if row["enabled"] else "  ▲ the provider says: not enabled", "$warning"),
        ("\n" + " · ".join(clean(one, 60) for one in facts if one), "dim"),
    )


def sections(person: Person, now: datetime) -> list[Section]:
    """The details, as they are shown."""
    row = person.row
    roles = [
        Fact(one.role or "no role", f"{one.org}{f' ({one.org_type})' if one.org_type else ''} · {one.kind}")
        for one in person.roles
    ]
    ids = [Fact("sourcedId", one, "" if one == row["sourced_id"] else "dim") for one in person.ids]
    made = f"OneRoster ({person.source})" if row["origin"] == "provider" else BY_HAND
    here = [
        Fact("Local id", str(row["id"])),
        Fact("Came by", made),
        Fact("Created", when(row["created_at"], now)),
        Fact("Last changed", happened(person.last, now) if person.last else when(row["updated_at"], now)),
        *([Fact("Not listed", f"in the last {row['missing_runs']} runs")] if row["missing_runs"] else []),
    ]
    record = [
        *ids,
        Fact("Identifier", row["identifier"] or "not given"),
        Fact("Last modified", row["date_last_modified"] or "not said"),
    ]
    return [
        Section("Roles by school", roles, "No role at any school."),
        Section("The provider's record", record),
        Section("Here", here),
    ]


def relative_cells(row: Row) -> list[str | Cell]:
    """A relative's cells."""
    one: Relative = row.values[0]
    look = STATUSES[one.status]
    name = ", ".join(part for part in (one.family_name, one.given_name) if part)
    return [f"child ({one.role})" if one.child else one.role, name, one.email, Cell(str(look), look.tone)]
