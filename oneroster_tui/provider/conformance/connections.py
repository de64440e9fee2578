"""What records say of each other: references that lead somewhere, schools that are schools, trees without circles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from oneroster_tui.provider.conformance.card import Section
from oneroster_tui.provider.conformance.model import MODELS
from oneroster_tui.provider.conformance.operations import reference, references
from oneroster_tui.provider.conformance.trial import Step, Trial, Untested
from oneroster_tui.provider.endpoints import BY_NAME, OPERATIONS

LOOK_UPS: Final = 3
"""How many records are asked for by id, of those that one member refers to and that were not on a first page."""

COLLECTION: Final = {
    "org": "orgs",
    "academicSession": "academicSessions",
    "course": "courses",
    "class": "classes",
    "user": "users",
}
"""Entity -> the endpoint's word; of entities that can be referred to here."""


def steps() -> Iterator[Step]:
    """The checks, in order."""
    source = "OneRoster 1.1 and 1.2, data model"
    for name, title, expected, work in (
        ("references", "References lead to records", "each names a record that can be read", resolve),
        ("schools", "Classes and enrollments are at schools", "school refers to an org of type school", schools),
        ("trees", "Orgs and sessions form trees", "no record is its own ancestor", trees),
        (
            "answers",
            "All answers: JSON in UTF-8, at the first try",
            "JSON, nothing beside the data, no detours",
            answers,
        ),
    ):
        yield Step(Section.ENDPOINTS, name, title, expected, source, work)


def _named(trial: Trial) -> Iterator[tuple[str, str, str]]:
    """Every reference in the samples: (where it stands, the entity, the sourcedId)."""
    for entity, word in (*COLLECTION.items(), ("enrollment", "enrollments")):
        for row in trial.known.sample(word).rows:
            for name, member in MODELS[trial.version][entity].items():
                if member.kind[1:] in COLLECTION and member.kind.startswith("@"):
                    for sourced_id in references(row, name) if member.many else [reference(row, name)]:
                        yield f"{entity}.{name}", member.kind[1:], sourced_id
            for role in row["roles"] if isinstance(row.get("roles"), list) else ():
                yield "user.roles.org", "org", reference(role, "org") if isinstance(role, dict) else ""


def resolve(trial: Trial) -> None:
    """Looks each reference up among what was read; a few of the others are asked for by id."""
    if not trial.known.samples:
        raise Untested(trial.known.wanted or "no collection could be read")
    open_ends: dict[tuple[str, str], list[str]] = defaultdict(list)
    listed = {entity: set(trial.known.sample(word).ids()) for entity, word in COLLECTION.items()}
    for place, entity, sourced_id in _named(trial):
        if sourced_id and sourced_id not in listed[entity] and COLLECTION[entity] in trial.known.samples:
            places = open_ends[entity, sourced_id]
            if place not in places:
                places.append(place)
    missing: dict[str, int] = defaultdict(int)
    tried: dict[str, int] = defaultdict(int)
    for (entity, sourced_id), places in open_ends.items():
        gone = trial.known.sample(COLLECTION[entity]).complete
        if not gone and tried[places[0]] < LOOK_UPS:
            tried[places[0]] += 1
            gone = trial.get(_single(entity, sourced_id)).status == 404
        if gone:
            for place in places:
                missing[place] += 1
    for place, count in missing.items():
        trial.find("unresolved_reference", f"{place}: {count} {'id leads' if count == 1 else 'ids lead'} nowhere")


def _single(entity: str, sourced_id: str) -> str:
    operation = next(
        one for one in OPERATIONS if one.single_key == entity and one.path.startswith(f"/{COLLECTION[entity]}/")
    )
    return BY_NAME[operation.name].url_path(sourced_id)


def schools(trial: Trial) -> None:
    """Looks at the type of the orgs at which classes and enrollments are."""
    types = {str(row.get("sourcedId")): row.get("type") for row in trial.known.sample("orgs").rows}
    if not types:
        raise Untested("no orgs could be read")
    for word in ("classes", "enrollments"):
        rows = trial.known.sample(word).rows
        wrong = [
            row
            for row in rows
            if isinstance(kind := types.get(reference(row, "school")), str) and kind.lower() != "school"
        ]
        if wrong:
            trial.find("school_is_no_school", f"{len(wrong)} of {len(rows)} {word}")


def trees(trial: Trial) -> None:
    """Follows every parent upwards."""
    read = [word for word in ("orgs", "academicSessions") if trial.known.sample(word).rows]
    if not read:
        raise Untested("no orgs and no sessions could be read")
    for word in read:
        parents = {str(row.get("sourcedId")): reference(row, "parent") for row in trial.known.sample(word).rows}
        circular = [one for one in parents if _in_circle(one, parents)]
        if circular:
            trial.find("circular_parents", f"{len(circular)} of {len(parents)} {word}")


def _in_circle(sourced_id: str, parents: dict[str, str]) -> bool:
    at = parents[sourced_id]
    for _ in parents:
        if at == sourced_id:
            return True
        at = parents.get(at, "")
    return False


def answers(trial: Trial) -> None:
    """What the answers to all requests showed, whatever they were about; nothing is asked."""
    if not trial.wire.latencies or trial.known.wanted:
        raise Untested(trial.known.wanted or "nothing was answered")
    for code, manner in trial.wire.manners.items():
        trial.asked.append(manner.first)
        trial.find(code, f"{manner.count} of {len(trial.wire.latencies)} answers, first to {manner.first}")
