"""The deed: what Enrolment details says of one enrolment, and how a person's past and family are told in a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oneroster_tui.roster.queries import PastChange, Relative
from oneroster_tui.sync.events import REASONS
from screens.dates import told_day
from screens.run_words import differences
from screens.widgets.facts import Fact, Section
from screens.words import STATUSES, when

if TYPE_CHECKING:
    from datetime import datetime

GONE = "It cannot be read now, or is no longer in the roster. esc goes back."
NO_PERSON = "The enrolment is gone."
BY_HAND = "by hand, not by OneRoster"

END_RULES = {"exclusive": "not enrolled any more on that day", "inclusive": "still enrolled on that day"}
"""What the end date means, by the config's `sync.end_date`."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What the screen asks the roster for."""

    row: dict[str, Any]
    past: list[PastChange]
    family: list[Relative]


def sections(found: Enrolled, rule: str, now: datetime) -> list[Section]:
    """The facts, as they are shown."""
    row = found.row
    look = STATUSES[row["standing"]]
    last = next((one for one in found.past if one.change.action not in ("held", "waiting", "missing", "kept")), None)
    method = f"OneRoster ({row['source']})" if row["origin"] == "provider" else BY_HAND
    code = f" ({row['class_code']})" if row["class_code"] else ""
    ends = f"{told_day(row['end_date'])} ({END_RULES[rule]})" if row["end_date"] else "not set"
    person = row["user_status"]
    enrolment = [
        Fact("Full name", full_name(row), "bold"),
        Fact("Course", " · ".join(part for part in (f"{row['title']}{code}", row["course"]) if part)),
        Fact("Enrolment method", method),
        Fact("Status", str(look), look.style),
        Fact("Enrolment starts", told_day(row["begin_date"]) or "not set"),
        Fact("Enrolment ends", ends),
        Fact("Enrolment created", when(row["created_at"], now)),
        Fact("Last changed", happened(last, now) if last else when(row["updated_at"], now)),
        *([Fact("Person", f"{STATUSES[person]}: the person, not only this enrolment")] if person != "active" else []),
    ]
    record = [
        Fact("sourcedId", row["sourced_id"]),
        Fact("Role", f"{row['role']}, here {row['local_role']}"),
        Fact("Primary", "yes" if row["is_primary"] else "no"),
        Fact("School", row["school"] or "not named"),
        Fact("Last modified", row["date_last_modified"] or "not said"),
        Fact("Person's id", row["user_sourced_id"]),
        Fact("Class's id", row["class_sourced_id"]),
    ]
    return [
        Section("Enrolment", enrolment),
        Section("The provider's record", record),
        Section("Parents and guardians", list(map(relative, found.family)), "None are known."),
        Section("What runs did to it", past_facts(found.past, now), "The audit has nothing."),
    ]


def full_name(row: dict[str, Any]) -> str:
    """Given, middle and family name."""
    return " ".join(row[key] for key in ("given_name", "middle_name", "family_name") if row[key]) or "(no name)"


def relative(one: Relative) -> Fact:
    """A parent, guardian or child in a line."""
    name = f"{one.given_name} {one.family_name}".strip() or "(no name)"
    state = str(STATUSES[one.status]) if one.status != "active" else ""
    return Fact(
        f"child, as {one.role}" if one.child else one.role,
        " · ".join(part for part in (name, one.email, state) if part),
    )


def happened(past: PastChange, now: datetime) -> str:
    """When, by which run, what, and why."""
    reason = REASONS.get(past.change.reason, past.change.reason)
    why = f": {reason}" if reason else ""
    return f"{when(past.started_at, now)} by run {past.run}, {past.change.action}{why}"


def past_facts(past: Sequence[PastChange], now: datetime) -> list[Fact]:
    """What runs did, newest first."""
    return [Fact("", "; ".join((happened(one, now), *differences(one.change)[:3]))) for one in past]
