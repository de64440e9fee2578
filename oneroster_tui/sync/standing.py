"""How many rows stand as they stood in a full run: their records were listed and recognised, and nothing of them is staged."""

from __future__ import annotations

from oneroster_tui.sync.entities import ENROLLMENTS, RELATIONSHIPS, USERS, Entity
from oneroster_tui.sync.stage import Stage


def count(stage: Stage, entity: Entity) -> int:
    """The rows of a table that count as unchanged, though they were not staged to be compared; once everything is planned."""
    recognised = stage.recognised.get(entity.table, 0)
    if entity is USERS and recognised:
        return recognised - int(
            stage.value("SELECT COUNT(*) FROM carried c JOIN stage_users s USING (sourced_id) WHERE s.kept = 0")
        )
    if entity is ENROLLMENTS and recognised:
        held = (
            f"SELECT COUNT(*) FROM fingerprints_enrollments WHERE fingerprint IS NOT NULL AND id IN ({hanging(stage)})"
        )
        return recognised - int(stage.value(f"{held} AND id NOT IN (SELECT id FROM unmatched_enrollments)"))
    if entity is RELATIONSHIPS and stage.recognised:
        return links(stage)
    return 0


def links(stage: Stage) -> int:
    """The relationships of recognised students that nothing touched."""
    active = (
        f"SELECT COUNT(*) FROM relationships r WHERE r.source_id = {stage.source_id} AND r.status = 'active' "
        "AND r.origin = 'provider'"
    )
    gone = (
        f"{unkept(stage)} UNION ALL SELECT u.id FROM dropped d "
        f"JOIN users u ON u.source_id = {stage.source_id} AND u.sourced_id = d.sourced_id "
        "WHERE d.entity = 'users' AND d.reason <> 'broken' "
        "AND NOT EXISTS (SELECT 1 FROM stage_users k WHERE k.sourced_id = d.sourced_id AND k.kept > 0)"
    )
    touched = (
        "r.sourced_id IN (SELECT sourced_id FROM stage_relationships) "
        "OR r.sourced_id IN (SELECT sourced_id FROM changes WHERE entity = 'relationships') "
        f"OR r.student_id IN ({gone}) OR r.agent_id IN ({gone})"
    )
    return int(stage.value(f"{active} AND NOT ({touched})"))


def unkept(stage: Stage) -> str:
    """A SELECT of the users whose record was listed and is not kept."""
    return (
        f"SELECT u.id FROM stage_users s JOIN users u ON u.source_id = {stage.source_id} AND u.sourced_id = s.sourced_id "
        "WHERE s.kept = 0"
    )


def hanging(stage: Stage) -> str:
    """A SELECT of the active enrollments that are no longer kept for their user or class, though their record may be."""
    source, gone = stage.source_id, "d.reason <> 'broken'"
    return (
        f"SELECT e.id FROM dropped d JOIN users u ON u.source_id = {source} AND u.sourced_id = d.sourced_id "
        f"JOIN enrollments e ON e.user_id = u.id AND e.status = 'active' WHERE d.entity = 'users' AND {gone} "
        "AND NOT EXISTS (SELECT 1 FROM stage_users s WHERE s.sourced_id = d.sourced_id AND s.kept > 0) "
        f"UNION SELECT e.id FROM dropped d JOIN classes c ON c.source_id = {source} AND c.sourced_id = d.sourced_id "
        f"JOIN enrollments e ON e.class_id = c.id AND e.status = 'active' WHERE d.entity = 'classes' AND {gone} "
        "AND NOT EXISTS (SELECT 1 FROM stage_classes s WHERE s.sourced_id = d.sourced_id)"
    )
