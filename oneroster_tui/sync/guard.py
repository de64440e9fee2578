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
        trip for entity in SCHOOL_OF for trip in figures(stage, entity) if exceeds(trip.removals, trip.stored, limits)
    ]


def figures(stage: Stage, entity: Entity) -> Iterator[Trip]:
    """Removals and stored rows of a table, over the source and over each school that would lose any."""
    if not stage.value("SELECT 1 FROM changes WHERE entity = ? AND action = 'removal' LIMIT 1", (entity.table,)):
        return
    # With `delete`, rows that were suspended long ago go along with their user: nothing that anybody still uses.
    active = f"SELECT id FROM {entity.table} WHERE source_id = ? AND status = 'active'"
    planned = (
        f"SELECT 1 FROM changes c WHERE c.entity = '{entity.table}' AND c.action = 'removal' AND c.local_id = a.id"
    )
    goes = f"SUM(CASE WHEN EXISTS ({planned}) THEN 1 ELSE 0 END)"
    removals, stored = stage.execute(f"SELECT {goes}, COUNT(*) FROM ({active}) a", (stage.source_id,)).fetchone()
    if not removals:
        return
    yield Trip(entity.table, None, removals, stored)
    rows = stage.execute(
        f"SELECT o.school, {goes}, COUNT(*) FROM ({active}) a JOIN ({SCHOOL_OF[entity]}) o ON o.id = a.id GROUP BY o.school",
        (stage.source_id,),
    )
    for school, gone, stored in rows.fetchall():
        if gone:
            yield Trip(entity.table, school, gone, stored)
