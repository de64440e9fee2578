"""What a run says while it works, and the log's words for it: the one place where a log line's wording stands.

The words operators know from Moodle's task stay ("Updating existing user … a < b", "Skipping update of existing user …").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from oneroster_tui.errors import ExitCode
from oneroster_tui.records import Problem
from oneroster_tui.text import sanitise

Action = Literal[
    "created",
    "updated",
    "reactivated",
    "unchanged",
    "suspended",
    "removed",
    "deleted",
    "kept",
    "held",
    "waiting",
    "missing",
    "restored",
    "renamed",
]
"""What becomes of a row. `held`: a guard withholds its removal. `waiting`: a freeze does. `missing`: `grace_runs` not used up."""


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run began. `schools`: how many are selected."""

    run_id: int
    mode: str
    source: str
    schools: int


@dataclass(frozen=True, slots=True)
class CollectionStarted:
    """The sync turned to a table."""

    entity: str


@dataclass(frozen=True, slots=True)
class PageTaken:
    """A page of a collection arrived; `total` is the provider's word, None where it has none."""

    entity: str
    received: int
    total: int | None


@dataclass(frozen=True, slots=True)
class CollectionEnded:
    """A collection was read to its end; where it is not provably complete, `why` says so."""

    entity: str
    received: int
    complete: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one row. `local_time` and `remote_time` are its modification times (UTC ISO 8601) here and there."""

    entity: str
    noun: str
    action: Action
    name: str
    local_id: int | None
    sourced_id: str
    reason: str = ""
    local_time: str | None = None
    remote_time: str | None = None


@dataclass(frozen=True, slots=True)
class Many:
    """The same decision for many rows at once; `what` names them ("enrollments in Algebra 1")."""

    entity: str
    action: Action
    count: int
    what: str


@dataclass(frozen=True, slots=True)
class ProblemFound:
    """A record, or a part of one, could not be used."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Note:
    """Something the operator should know."""

    text: str
    severity: Literal["info", "warning"] = "info"


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run ended. `counts`: table -> action -> rows; `message`: what became of the decisions."""

    run_id: int
    outcome: str
    exit_code: ExitCode
    message: str
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    seconds: float = 0.0


Event = RunStarted | CollectionStarted | PageTaken | CollectionEnded | Decision | Many | ProblemFound | Note | RunEnded
Emit = Callable[[Event], None]

HEADINGS = {
    "orgs": "Updating the orgs",
    "academic_sessions": "Updating the academic sessions",
    "courses": "Updating the courses",
    "classes": "Updating the classes",
    "users": "Updating the user roster",
    "enrollments": "Updating the enrollments",
    "relationships": "Updating the relationships",
}

VERBS: dict[Action, str] = {
    "created": "Creating new",
    "updated": "Updating existing",
    "reactivated": "Reactivating",
    "unchanged": "Skipping update of existing",
    "suspended": "Suspending",
    "removed": "Unenrolling",
    "deleted": "Deleting",
    "kept": "Keeping",
    "held": "Holding the removal of",
    "waiting": "Waiting to remove",
    "missing": "Missing for now:",
    "restored": "Restoring",
    "renamed": "Renaming",
}

REASONS = {
    "absent": "no longer listed by the provider",
    "tobedeleted": "marked tobedeleted by the provider",
    "out_of_scope": "no longer in a selected school",
    "role_not_mapped": "its role is not mapped",
    "link_gone": "the student's record no longer names this person",
    "user_removed": "its user is removed",
    "class_removed": "its class is removed",
    "new_id": "looks like somebody who is here under another id",
    "mass_edit": "too many rows would change at once",
    "held_together": "goes together with something that is held",
    "protected": "its role is protected",
    "still_there": "asked for by itself, the provider still has it",
    "not_confirmed": "asked for by itself, the provider did not say that it is gone",
    "merged": "merged into another record of the same person",
}
"""Why a row is removed, in a person's words, by the code that the audit stores."""

SUMMARY_COLUMNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("created", ("created",)),
    ("updated", ("updated", "reactivated", "restored", "renamed")),
    ("unchanged", ("unchanged",)),
    ("suspended", ("suspended", "removed", "deleted")),
    ("held", ("held", "waiting", "missing", "kept")),
    ("problems", ("problems",)),
)
"""The closing table: a column, and the actions it counts."""


def render(event: Event) -> str | None:
    """The log's line (or lines) for an event; None where it has none."""
    match event:
        case Decision():
            return decision_line(event)
        case Many(_, action, count, what):
            return f"    {VERBS[action]} {sanitise(what, 160)}: {count:,}"
        case CollectionStarted(entity):
            return f"  {HEADINGS[entity]}"
        case CollectionEnded(entity, received, complete, why):
            if complete:
                return f"    {received:,} {entity} records read"
            return f"    Incomplete: {why}. Nothing will be removed in this run."
        case ProblemFound(problem):
            word = "Problem" if problem.severity == "error" else "Warning"
            return f"    {word}: {problem.entity} {sanitise(problem.sourced_id, 80) or '?'}: {problem.message}"
        case Note(text, severity):
            return f"  {'Warning: ' if severity == 'warning' else ''}{text}"
        case RunStarted(_, mode, _, schools):
            planning = " (plan only: nothing will be written)" if mode == "plan" else ""
            return f"Processing {schools} school{'' if schools == 1 else 's'}{planning}"
        case RunEnded():
            return summary(event)
        case PageTaken():
            return None


def decision_line(decision: Decision) -> str:
    """A decision in the words of Moodle's task."""
    who = f"{decision.noun} {sanitise(decision.name, 120)}"
    place = f" with id {decision.local_id}" if decision.local_id is not None else ""
    line = f"    {VERBS[decision.action]} {who}{place} ({sanitise(decision.sourced_id, 120)})"
    if decision.action == "updated":
        return f"{line} {comparison(decision.local_time, decision.remote_time)}"
    if decision.reason:
        return f"{line}: {REASONS.get(decision.reason, decision.reason)}"
    return line


def comparison(local: str | None, remote: str | None) -> str:
    """Two modification times as Unix seconds with the sign between them; `?` where there is none."""
    left, right = unix_seconds(local), unix_seconds(remote)
    sign = "|" if left is None or right is None else "<" if left < right else ">" if left > right else "="
    return f"{'?' if left is None else left} {sign} {'?' if right is None else right}"


def unix_seconds(moment: str | None) -> int | None:
    """A stored time (UTC ISO 8601) as Unix seconds."""
    return None if moment is None else int(datetime.fromisoformat(moment).timestamp())


def summary(ended: RunEnded) -> str:
    """The closing table (entity by outcome) and what became of the decisions."""
    return "\n".join([*table(ended), f"{ended.message} ({ended.seconds:.1f} s)"])


def table(ended: RunEnded) -> list[str]:
    """The closing table's lines; none where a run ended before it could count."""
    if not ended.counts:
        return []
    rows = [("", *(title for title, _ in SUMMARY_COLUMNS))]
    for entity, actions in ended.counts.items():
        figures = (sum(actions.get(action, 0) for action in group) for _, group in SUMMARY_COLUMNS)
        rows.append((entity, *(f"{figure:,}" for figure in figures)))
    first, *others = (max(map(len, column)) for column in zip(*rows, strict=True))
    return [
        "  ".join([row[0].ljust(first), *(cell.rjust(width) for cell, width in zip(row[1:], others, strict=True))])
        for row in rows
    ]
