"""What a delta stages beside what came: the stored people whose place in the roster hangs on something that changed.

They stand in the stage as they stand in the roster. So the rules for who is kept, linked and removed are the same as in a
full run, and see all they have to see.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from oneroster_tui.records import Role
from oneroster_tui.sync.entities import CLASSES, USERS
from oneroster_tui.sync.plan import standing_user
from oneroster_tui.sync.removals import NEVER
from oneroster_tui.sync.stage import CARRIED, Stage

OwnColumns = Callable[[list[Role]], tuple[bool, bool, tuple[Any, ...]]]
"""From a person's roles: whether an org is selected, whether it is a student, and what is staged for the sync's own use."""


class Carrier:
    """Stages stored people, each once.

    Args:
        own_columns: what the roles of a person say.
    """

    def __init__(self, stage: Stage, own_columns: OwnColumns) -> None:
        self.stage = stage
        self.own_columns = own_columns
        self.moved = False
        for table in ("carried", "sought"):
            stage.execute(f"DROP TABLE IF EXISTS temp.{table}")
            stage.execute(f"CREATE TEMP TABLE {table} (sourced_id TEXT PRIMARY KEY)")

    def clear(self) -> None:
        """Forgets who was staged; for when the stage itself is cleared."""
        self.moved = False
        for table in ("carried", "sought"):
            self.stage.execute(f"DELETE FROM {table}")

    def carry(self, who: str) -> int:
        """Stages the people whom a SELECT of sourcedIds finds; says how many were new.

        Those whose absence is still being waited out, and those made by hand, are nobody's to move.
        """
        columns = ", ".join(f"u.{column}" for column in USERS.columns)
        found = self.stage.execute(
            f"WITH t (sourced_id) AS (SELECT DISTINCT * FROM ({who}) w) SELECT u.sourced_id, u.id, {columns} "
            "FROM t CROSS JOIN users u "
            f"WHERE u.source_id = {self.stage.source_id} AND u.sourced_id = t.sourced_id "
            "AND u.status = 'active' AND u.origin = 'provider' AND u.missing_runs = 0 "
            "AND u.sourced_id NOT IN (SELECT s.sourced_id FROM stage_users s) "
            "AND u.sourced_id NOT IN (SELECT d.sourced_id FROM dropped d WHERE d.entity = 'users') ORDER BY u.id"
        ).fetchall()
        if not found:
            return 0
        at = {column: 2 + place for place, column in enumerate(USERS.columns)}
        rows, links = [], []
        for row in found:
            roles = msgspec.json.decode(row[at["roles"]], type=list[Role])
            is_wanted, is_student, own = self.own_columns(roles)
            rows.append((row[0], *row[2:], *own, CARRIED if is_wanted else 0))
            if is_student:
                links += [(row[0], agent) for agent in msgspec.json.decode(row[at["agents"]], type=list[str])]
        self.stage.add(USERS, rows)
        self.stage.add_agents(links)
        self.stage.roster.execute_many("INSERT INTO carried (sourced_id) VALUES (?)", [(row[0],) for row in found])
        self.stage.roster.execute_many(
            "UPDATE stage_users SET local_id = ? WHERE sourced_id = ?", [(row[1], row[0]) for row in found]
        )
        return len(found)

    def carry_all(self) -> int:
        """Stages whoever is touched by what is staged now; says how many were new."""
        # Classes and enrollments are all read by now: once is enough.
        moving = () if self.moved else in_motion(self.stage)
        self.moved = True
        return sum(self.carry(who) for who in (*moving, *linked(self.stage))) + self.carry_students()

    def carry_students(self) -> int:
        """Stages the students of agents; looks through all students for that, where there is need."""
        stage = self.stage
        if stage.execute(f"INSERT INTO sought (sourced_id) {looked_for(stage)}").rowcount <= 0:
            return 0
        each = stage.roster.engine.json_texts("p.agents", "g")
        return self.carry(
            f"SELECT p.sourced_id FROM users p, {each} WHERE p.source_id = {stage.source_id} AND p.status = 'active' "
            "AND p.agents <> '[]' AND g.value IN (SELECT sourced_id FROM sought)"
        )

    def keep(self, stage: Stage, round_: int) -> None:
        """Keeps everybody who is tied to something kept; of carried people nothing is to be said."""
        stage.execute(f"UPDATE stage_users SET kept = ? WHERE kept = 0 AND {tied(stage)}", (round_,))
        linked_to = (
            "UPDATE stage_users SET kept = ? WHERE kept = 0 AND sourced_id IN (SELECT a.agent_sourced_id "
            "FROM stage_agents a JOIN stage_users s ON s.sourced_id = a.student_sourced_id WHERE s.kept > 0)"
        )
        while stage.execute(linked_to, (round_,)).rowcount > 0:
            pass
        stage.execute(
            f"UPDATE stage_users SET kept = {CARRIED} WHERE kept = ? AND sourced_id IN (SELECT sourced_id FROM carried)",
            (round_,),
        )


def carry_classes(stage: Stage) -> list[str]:
    """Stages the kept classes that did not come, as they stand; gives their sourcedIds."""
    columns = ", ".join(CLASSES.columns)
    stage.execute(
        f"INSERT INTO stage_classes (sourced_id, {columns}, kept, local_id) SELECT r.sourced_id, "
        f"{', '.join(f'r.{column}' for column in CLASSES.columns)}, {CARRIED}, r.id FROM classes r "
        f"WHERE r.source_id = {stage.source_id} AND r.status = 'active' AND r.origin = 'provider' "
        "AND r.school_sourced_id IN (SELECT sourced_id FROM selected) "
        "AND r.sourced_id NOT IN (SELECT sourced_id FROM stage_classes) "
        "AND r.sourced_id NOT IN (SELECT sourced_id FROM dropped WHERE entity = 'classes') "
        "AND r.sourced_id NOT IN (SELECT sourced_id FROM loose_ends "
        f"WHERE source_id = {stage.source_id} AND entity = 'classes' AND named_by = 'classes')"
    )
    return [one for (one,) in stage.execute(f"SELECT sourced_id FROM stage_classes WHERE kept = {CARRIED}").fetchall()]


def going(entity: str, row: str) -> str:
    """SQL: whether a stored row's record was listed and is not kept."""
    return (
        f"EXISTS (SELECT 1 FROM dropped d WHERE d.entity = '{entity}' AND d.sourced_id = {row}.sourced_id "
        f"AND d.reason NOT IN {NEVER})"
    )


def tied(stage: Stage) -> str:
    """SQL: whether a kept enrollment names a staged user: one that came, or a stored one that nothing came about."""
    stored = (
        "SELECT u.sourced_id FROM stage_users s JOIN users u "
        f"ON u.source_id = {stage.source_id} AND u.sourced_id = s.sourced_id "
        "JOIN enrollments e ON e.user_id = u.id AND e.status = 'active' AND e.origin = 'provider' "
        "JOIN classes c ON c.id = e.class_id AND c.status = 'active' "
        "WHERE s.kept = 0 AND NOT EXISTS (SELECT 1 FROM stage_enrollments t WHERE t.sourced_id = e.sourced_id) "
        "AND NOT EXISTS (SELECT 1 FROM dropped d WHERE d.entity = 'enrollments' AND d.sourced_id = e.sourced_id "
        f"AND d.reason <> 'filtered') AND NOT {going('classes', 'c')}"
    )
    return f"(sourced_id IN (SELECT user_sourced_id FROM stage_enrollments) OR sourced_id IN ({stored}))"


def in_motion(stage: Stage) -> tuple[str, ...]:
    """SELECTs of the people who may lose an enrollment: it goes, cannot be read, becomes another's, or goes with its class."""
    source = stage.source_id
    return (
        "SELECT p.sourced_id FROM dropped d JOIN enrollments e ON e.sourced_id = d.sourced_id AND e.status = 'active' "
        f"AND e.source_id = {source} JOIN users p ON p.id = e.user_id "
        "WHERE d.entity = 'enrollments' AND d.reason <> 'filtered'",
        f"SELECT p.sourced_id FROM stage_enrollments t CROSS JOIN enrollments e CROSS JOIN users p WHERE e.source_id = {source} "
        "AND e.sourced_id = t.sourced_id AND e.status = 'active' AND p.id = e.user_id AND p.sourced_id <> t.user_sourced_id",
        "SELECT p.sourced_id FROM dropped d JOIN classes c ON c.sourced_id = d.sourced_id AND c.status = 'active' "
        f"AND c.source_id = {source} AND c.school_sourced_id IN (SELECT sourced_id FROM selected) "
        "JOIN enrollments e ON e.class_id = c.id AND e.status = 'active' JOIN users p ON p.id = e.user_id "
        f"WHERE d.entity = 'classes' AND d.reason NOT IN {NEVER}",
    )


CAME = "s.sourced_id NOT IN (SELECT sourced_id FROM carried)"
"""SQL: whether a staged person's record came, in place of being taken from the roster."""


def linked(stage: Stage) -> tuple[str, ...]:
    """SELECTs of the agents that students name, or named; and of the students that agents who would go are linked to."""
    source, each = stage.source_id, stage.roster.engine.json_texts("p.agents", "g")
    listed = f"p.source_id = {source} AND p.agents <> '[]'"
    return (
        "SELECT a.agent_sourced_id FROM stage_agents a JOIN stage_users s ON s.sourced_id = a.student_sourced_id "
        f"WHERE s.kept > 0 AND {CAME}",
        f"SELECT g.value FROM stage_users s CROSS JOIN users p CROSS JOIN {each} "
        f"WHERE p.sourced_id = s.sourced_id AND {listed} AND ({CAME} OR s.kept = 0)",
        f"SELECT g.value FROM dropped d JOIN users p ON p.sourced_id = d.sourced_id AND {listed}, {each} "
        "WHERE d.entity = 'users' AND d.reason <> 'broken'",
        "SELECT p.sourced_id FROM stage_users s CROSS JOIN users a CROSS JOIN relationships l CROSS JOIN users p "
        f"WHERE s.kept = 0 AND a.source_id = {source} AND a.sourced_id = s.sourced_id "  # few staged people first
        "AND l.agent_id = a.id AND l.status = 'active' AND p.id = l.student_id",
    )


def looked_for(stage: Stage) -> str:
    """A SELECT of the people who may be agents, and whose students matter for it; those are not known but by what they name.

    Somebody who was named when nobody knew them; whose roles changed, or who came back; and who would go, or is gone.
    """
    stored = f"LEFT JOIN users o ON o.source_id = {stage.source_id} AND o.sourced_id = s.sourced_id"
    named = (
        f"EXISTS (SELECT 1 FROM loose_ends l WHERE l.source_id = {stage.source_id} AND l.entity = 'users' "
        "AND l.sourced_id = s.sourced_id AND l.named_by = 'agents')"
    )
    return (
        f"SELECT s.sourced_id FROM stage_users s {stored} WHERE s.sourced_id NOT IN (SELECT sourced_id FROM sought) AND "
        f"({named} OR (o.id IS NOT NULL AND {CAME} AND (o.status <> 'active' OR o.roles <> s.roles)) "
        "OR (o.status = 'active' AND s.kept = 0)) "
        "UNION SELECT d.sourced_id FROM dropped d WHERE d.entity = 'users' AND d.reason = 'absent' "
        "AND d.sourced_id NOT IN (SELECT sourced_id FROM sought)"
    )


def unheard_of(stage: Stage, *, enrolled: bool = True) -> list[str]:
    """The people whom kept records name, and of whom neither this run nor the roster knows anything: to be asked for.

    Whoever was not listed when everything was last read, and did not come since, need not be asked for.

    Args:
        enrolled: whether enrollments count; once those were all read and asked about, they name nobody else.
    """
    named = (
        "SELECT a.agent_sourced_id AS id FROM stage_agents a "
        f"JOIN stage_users s ON s.sourced_id = a.student_sourced_id WHERE s.kept > 0 AND {CAME}"
    )
    if enrolled:
        named += " UNION SELECT e.user_sourced_id FROM stage_enrollments e"
    rows = stage.execute(
        f"SELECT w.id FROM ({named}) w WHERE w.id NOT IN (SELECT sourced_id FROM stage_users) "
        "AND w.id NOT IN (SELECT sourced_id FROM dropped WHERE entity = 'users') "
        f"AND w.id NOT IN (SELECT sourced_id FROM loose_ends WHERE source_id = {stage.source_id} AND entity = 'users') "
        "AND w.id NOT IN (SELECT sourced_id FROM stage_loose_ends WHERE entity = 'users') "
        f"AND NOT EXISTS ({standing_user(stage, 'w.id')}) ORDER BY w.id"
    ).fetchall()
    return [sourced_id for (sourced_id,) in rows]
