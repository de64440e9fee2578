"""What the roster and its audit tell of somebody, or of a class, that is looked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oneroster_tui.roster import queries
from oneroster_tui.sync.events import REASONS

if TYPE_CHECKING:
    from oneroster_tui.config import Settings
    from oneroster_tui.roster.database import Roster
    from oneroster_tui.roster.queries import ClassMeant, PastChange, Person

TOLD = 8
"""So many people or classes are told about at once."""

STATES = {"active": "is here, and active", "suspended": "is here, but suspended", "removed": "was removed"}


@dataclass(slots=True)
class Answer:
    """What is known here. `ids`: the sourcedIds to ask the provider about; `found`: whether anything here goes by the text."""

    said: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    found: bool = False


def from_roster(roster: Roster, settings: Settings, text: str) -> Answer:
    """Whom or what the text means and what became of it; else what is known of an id that nothing here has.

    Args:
        text: a sourcedId, username, e-mail address, identifier or full name; of a class its sourcedId, code or title.
    """
    text = text.strip()
    answer = Answer()
    people = queries.people_meant(roster, settings.source, text)
    for one in people[:TOLD]:
        person = queries.person(roster, one.id)
        if person is not None:
            answer.said += [*of_person(roster, settings, person), ""]
            answer.ids += person.ids
    classes = queries.classes_meant(roster, settings.source, text)
    for found in classes[:TOLD]:
        answer.said += [*of_class(roster, settings, found), ""]
        answer.ids.append(found.sourced_id)
    if len(people) > TOLD or len(classes) > TOLD:
        answer.said.append("More are called that: ask by id.")
    answer.found = bool(answer.said)
    if not answer.found:
        answer.said = of_stranger(roster, settings, text)
        answer.ids = [text]
    return answer


def of_person(roster: Roster, settings: Settings, person: Person) -> list[str]:
    """What to say of somebody who is in the roster."""
    row = person.row
    name = " ".join(part for part in (row["given_name"], row["family_name"]) if part) or row["username"]
    since = f" Last change: {by_run(person.last)}." if person.last else ""
    said = [f"{name} ({row['username']}, {row['sourced_id']}) {STATES.get(row['status'], row['status'])}.{since}"]
    if not row["enabled"]:
        said.append("The provider says that the account is not enabled.")
    selected = set(settings.schools.sync)
    for role, org_id, org, org_type in queries.roles_at(roster, row["id"]):
        if org_type == "school" and org_id not in selected:
            said.append(f"{role or 'No role'} at {org}: that school is not selected ({org_id} in [schools] sync).")
        elif role and not settings.local_role(role):
            said.append(f"{role} at {org}: that role is not mapped ([role_mapping]), so it leads into no class.")
        else:
            said.append(f"{role or 'No role'} at {org}.")
    if not person.roles:
        said.append("No role at any school: here because an enrollment or a student's record names this person.")
    active, all_ = queries.enrollment_counts(roster, row["id"])
    gone = f", and {all_ - active} that are not active any more" if all_ > active else ""
    said.append(f"Takes part in {active} class{'' if active == 1 else 'es'}{gone}.")
    return said


def of_class(roster: Roster, settings: Settings, found: ClassMeant) -> list[str]:
    """What to say of a class that is in the roster."""
    last = queries.last_change(roster, settings.source, "classes", found.sourced_id)
    since = f" Last change: {by_run(last)}." if last else ""
    name = f"The class {found.title} ({found.class_code or 'no code'}, {found.sourced_id})"
    said = [f"{name} {STATES.get(found.status, found.status)}.{since}"]
    if found.school_sourced_id not in settings.schools.sync:
        said.append(
            f"It is at {found.school}: that school is not selected ({found.school_sourced_id} in [schools] sync)."
        )
    else:
        said.append(f"It is at {found.school}.")
    people = f"{found.active:,} {'person takes' if found.active == 1 else 'people take'} part"
    said.append(f"{people}, {found.start_date or 'no start'} to {found.end_date or 'no end'}.")
    return said


def of_stranger(roster: Roster, settings: Settings, text: str) -> list[str]:
    """What to say of an id or name that nothing in the roster has."""
    said = [f"Nobody here has the id, username, e-mail or full name “{text}”, and no class that id, code or title."]
    for entity in ("users", "classes", "enrollments"):
        known = queries.past_changes(roster, settings.source, entity, text, limit=5)
        said += [f"The audit knows the id ({entity}): {by_run(past)}." for past in known]
    said += [
        f"Run {run} could not use the record ({entity}): {message}"
        for run, entity, message in queries.problems_of(roster, settings.source, text)
    ]
    said += [
        f"Records of the provider ({named_by}) name the id, but its own record was not usable or never sent."
        for named_by in queries.named_by(roster, settings.source, text)
    ]
    if len(said) == 1:
        said += [
            "No run ever kept a record with that id: the provider did not send it, or it is at a school that is not "
            "selected, and no enrollment of a selected school names it.",
            "A name has to be written in full.",
        ]
    return said


def by_run(past: PastChange) -> str:
    """What a run did, and why."""
    reason = REASONS.get(past.change.reason, past.change.reason)
    return f"{past.change.action} by run {past.run} ({past.started_at[:10]}){f', {reason}' if reason else ''}"
