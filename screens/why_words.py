"""What the roster and its audit tell of somebody who is looked for; runs on a reading thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oneroster_tui.roster import queries
from oneroster_tui.sync.events import REASONS

if TYPE_CHECKING:
    from oneroster_tui.config import Settings
    from oneroster_tui.roster.database import Roster
    from oneroster_tui.roster.queries import PastChange, Person

TOLD = 8
"""So many people are told about at once."""


def from_roster(roster: Roster, settings: Settings, text: str) -> list[str]:
    """Sentences: whom the text means and what became of them; else what is known of an id that nobody here has."""
    meant = queries.people_meant(roster, settings.source, text)
    said: list[str] = []
    for one in meant[:TOLD]:
        person = queries.person(roster, one.id)
        if person is not None:
            said += [*of_person(roster, settings, person), ""]
    if len(meant) > TOLD:
        said.append("More people are called that: ask by id, username or e-mail.")
    return said or of_stranger(roster, settings, text.strip())


def of_person(roster: Roster, settings: Settings, person: Person) -> list[str]:
    """What to say of somebody who is in the roster."""
    row = person.row
    name = " ".join(part for part in (row["given_name"], row["family_name"]) if part) or row["username"]
    since = f" Last change: {by_run(person.last)}." if person.last else ""
    state = {"active": "is here, and active", "suspended": "is here, but suspended", "removed": "was removed"}
    said = [f"{name} ({row['username']}, {row['sourced_id']}) {state.get(row['status'], row['status'])}.{since}"]
    if not row["enabled"]:
        said.append("The provider says that the account is not enabled.")
    selected = set(settings.schools.sync)
    for role, org_id, org, org_type in queries.roles_at(roster, row["id"]):
        if org_type == "school" and org_id not in selected:
            said.append(f"{role or 'No role'} at {org}: that school is not selected; 4 selects it.")
        elif role and not settings.local_role(role):
            said.append(f"{role} at {org}: that role is not mapped, so it leads into no class; 3 maps it.")
        else:
            said.append(f"{role or 'No role'} at {org}.")
    if not person.roles:
        said.append("No role at any school: here because an enrollment or a student's record names this person.")
    active, all_ = queries.enrollment_counts(roster, row["id"])
    gone = f", and {all_ - active} that are not active any more" if all_ > active else ""
    said.append(f"Takes part in {active} class{'' if active == 1 else 'es'}{gone}.")
    return said


def of_stranger(roster: Roster, settings: Settings, text: str) -> list[str]:
    """What to say of an id or name that nobody in the roster has."""
    said = [f"Nobody here has the id, username, e-mail or full name “{text}”."]
    known = queries.past_changes(roster, settings.source, "users", text, limit=5)
    said += [f"The audit knows the id: {by_run(past)}." for past in known]
    said += [
        f"Run {run} could not use the record: {message}"
        for run, message in queries.problems_of(roster, settings.source, text)
    ]
    for named_by in queries.named_by(roster, settings.source, text):
        said.append(
            f"Records of the provider ({named_by}) name the id, but its own record was not usable or never sent."
        )
    if len(said) == 1:
        said += [
            "No run ever had a record with that id: the provider did not send it, or it is at a school that is not "
            "selected (4), and no enrollment of a selected school names it.",
            "A name has to be written in full here; / in People finds it by its beginning.",
        ]
    return said


def by_run(past: PastChange) -> str:
    """What a run did, and why."""
    reason = REASONS.get(past.change.reason, past.change.reason)
    return f"{past.change.action} by run {past.run} ({past.started_at[:10]}){f', {reason}' if reason else ''}"
