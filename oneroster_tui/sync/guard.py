"""The guards: is this plan too much to be true? Judged on the whole plan, before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from oneroster_tui.config import Guards
from oneroster_tui.sync.entities import CLASSES, ENROLLMENTS, RELATIONSHIPS, USERS, Entity
from oneroster_tui.sync.stage import Stage
from oneroster_tui.text import sanitise

SELECTED_SCHOOL = "IN (SELECT sourced_id FROM selected)"

SCHOOL_OF = {
    CLASSES: f"SELECT r.id AS id, r.school_sourced_id AS school FROM classes r WHERE r.school_sourced_id {SELECTED_SCHOOL}",
    USERS: (
        "SELECT DISTINCT x.user_id AS id, x.org_sourced_id AS school FROM user_roles x "
        f"WHERE x.org_sourced_id {SELECTED_SCHOOL}"
    ),
    ENROLLMENTS: (
        "SELECT r.id AS id, c.school_sourced_id AS school FROM enrollments r JOIN classes c ON c.id = r.class_id "
        f"WHERE c.school_sourced_id {SELECTED_SCHOOL}"
    ),
    RELATIONSHIPS: (
        "SELECT DISTINCT r.id AS id, x.org_sourced_id AS school FROM relationships r JOIN user_roles x ON x.user_id = r.student_id "
        f"WHERE x.org_sourced_id {SELECTED_SCHOOL}"
    ),
}
"""Which schools a row counts for, as pairs of a local id and the school's sourcedId."""


@dataclass(frozen=True, slots=True)
class Trip:
    """A guard that was exceeded: so many of the stored rows would go (or whatever `verb` says).

    Attributes:
        school: None where the whole source was counted.
        why: which guard, where it is not the plain one.
    """

    entity: str
    school: str | None
    removals: int
    stored: int
    why: str = ""
    verb: str = "go"

    def __str__(self) -> str:
        place = f"school {self.school}" if self.school else "all schools"
        why = f", {sanitise(self.why, 120)}" if self.why else ""
        return f"{self.removals:,} of {self.stored:,} {self.entity} would {self.verb} ({place}{why})"


def exceeds(removals: int, stored: int, limits: Guards) -> bool:
    """Whether removals exceed the limits: both must be exceeded; one that is off leaves it to the other.

    A limit of 0 lets nothing pass without approval, whatever the other says (contract: [guards]).
    """
    percent, count = limits.max_remove_percent, limits.max_remove_count
    if removals == 0 or (percent is None and count is None):
        return False
    if percent == 0 or count == 0:
        return True
    over_percent = percent is None or removals * 100 > percent * stored
    over_count = count is None or removals > count
    return over_percent and over_count


def trips(stage: Stage, limits: Guards) -> list[Trip]:
    """The guards that the planned removals exceed: for each guarded table over the source, then over each school."""
    return [
        trip
        for entity in SCHOOL_OF
        for trip in figures(stage, entity, limits)
        if exceeds(trip.removals, trip.stored, limits)
    ]


def figures(stage: Stage, entity: Entity, limits: Guards) -> Iterator[Trip]:
    """Removals and stored rows of a table, over the source and over each school, where the removals may be too many.

    A million rows are counted only for removals that would be too many of a few.
    """
    # With `delete`, rows that were suspended long ago go along with their user: nothing that anybody still uses.
    going = (
        f"FROM changes c CROSS JOIN {entity.table} a WHERE c.entity = '{entity.table}' AND c.action = 'removal' "
        f"AND a.id = c.local_id AND a.source_id = {stage.source_id} AND a.status = 'active'"
    )
    removals = stage.value(f"SELECT COUNT(*) {going}")
    if not exceeds(removals, 0, limits):
        return
    stored = stored_by_school(stage, entity)
    if entity is ENROLLMENTS:  # each counts for one school
        stage.active[entity.table] = sum(stored.values())
    yield Trip(entity.table, None, removals, stage.count_active(entity))
    rows = stage.execute(
        f"SELECT o.school, COUNT(*) FROM (SELECT a.id {going}) g JOIN ({SCHOOL_OF[entity]}) o ON o.id = g.id GROUP BY o.school"
    )
    for school, gone in rows.fetchall():
        yield Trip(entity.table, school, gone, stored[school])


def stored_by_school(stage: Stage, entity: Entity) -> dict[str, int]:
    """The active rows of a table that count for each school."""
    active = f"a.source_id = {stage.source_id} AND a.status = 'active'"
    by_school = (
        f"SELECT o.school, COUNT(*) FROM {entity.table} a JOIN ({SCHOOL_OF[entity]}) o ON o.id = a.id WHERE {active}"
    )
    if entity is ENROLLMENTS:  # by the class first: to look for the class of each took as long again
        by_school = (
            "SELECT c.school_sourced_id AS school, SUM(m.members) FROM (SELECT a.class_id AS class_id, COUNT(*) AS members "
            f"FROM enrollments a WHERE {active} GROUP BY a.class_id) m JOIN classes c ON c.id = m.class_id"
        )
    return {school: int(count) for school, count in stage.execute(f"{by_school} GROUP BY school").fetchall()}
