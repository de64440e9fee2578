"""What the Moodle exports read of a source: all rows with their status, for Moodle is told of those who left as well."""

from __future__ import annotations

from oneroster_tui.roster.queries.export import Extract, Rows

SCHOOLS = "(SELECT sourced_id FROM export_schools)"


def orgs(found: Extract) -> Rows:
    """(sourced_id, name, identifier, parent_sourced_id) of every org."""
    return found.roster.stream(
        "SELECT sourced_id, name, identifier, parent_sourced_id FROM orgs WHERE source_id = ? ORDER BY id",
        (found.source_id,),
    )


def classes(found: Extract) -> Rows:
    """(active, wanted, sourced_id, title, class_code, course_code, school, start_date, end_date), in the order they came to be.

    All of them, so that short names can be given out; `wanted` where they belong to this reading.
    """
    wanted = f"CASE WHEN c.school_sourced_id IN {SCHOOLS} THEN 1 ELSE 0 END" if found.schools else "1"
    return found.roster.stream(
        f"SELECT CASE WHEN c.status = 'active' THEN 1 ELSE 0 END, {wanted}, c.sourced_id, c.title, c.class_code, "
        "COALESCE(k.course_code, ''), c.school_sourced_id, c.start_date, c.end_date FROM classes c "
        "LEFT JOIN courses k ON k.source_id = c.source_id AND k.sourced_id = c.course_sourced_id "
        "WHERE c.source_id = ? ORDER BY c.id",
        (found.source_id,),
    )


def users(found: Extract) -> Rows:
    """(active, enabled, sourced_id, username, identifier, given_name, family_name, middle_name, email).

    The active ones come first, those of longest standing before others.
    """
    scope = (
        " AND (u.id IN (SELECT id FROM export_users) OR (u.status <> 'active' AND EXISTS "
        f"(SELECT 1 FROM user_roles o WHERE o.user_id = u.id AND o.org_sourced_id IN {SCHOOLS})))"
        if found.schools
        else ""
    )
    return found.roster.stream(
        "SELECT CASE WHEN u.status = 'active' THEN 1 ELSE 0 END, u.enabled, u.sourced_id, u.username, u.identifier, "
        f"u.given_name, u.family_name, u.middle_name, u.email FROM users u WHERE u.source_id = ?{scope} "
        "ORDER BY CASE WHEN u.status = 'active' THEN 0 ELSE 1 END, u.id",
        (found.source_id,),
    )


def enrollments(found: Extract, *, active: bool) -> Rows:
    """(class, user, role, begin_date, end_date, sourced_id), by sourcedIds; those that are no longer active where asked for.

    Of the latter only where no active one says the same: somebody who came back under a new record did not leave.
    """
    state = "e.status = 'active' AND c.status = 'active' AND u.status = 'active'"
    same = (
        "EXISTS (SELECT 1 FROM enrollments o WHERE o.class_id = e.class_id AND o.user_id = e.user_id AND o.role = e.role "
        "AND o.status = 'active')"
    )
    where = state if active else f"NOT ({state}) AND NOT ({same} AND c.status = 'active' AND u.status = 'active')"
    scope = f" AND c.school_sourced_id IN {SCHOOLS}" if found.schools else ""
    return found.roster.stream(
        "SELECT c.sourced_id, u.sourced_id, e.role, e.begin_date, e.end_date, e.sourced_id FROM enrollments e "
        "JOIN classes c ON c.id = e.class_id JOIN users u ON u.id = e.user_id "
        f"WHERE e.source_id = ? AND {where}{scope} ORDER BY e.class_id, e.id",
        (found.source_id,),
    )


def relationships(found: Extract) -> Rows:
    """(active, agent, agent_username, student, student_username, role), people by their sourcedIds."""
    scope = ""
    if found.schools:
        scope = " AND l.student_id IN (SELECT id FROM export_users)"
    return found.roster.stream(
        "SELECT CASE WHEN l.status = 'active' AND a.status = 'active' AND s.status = 'active' THEN 1 ELSE 0 END, "
        "a.sourced_id, a.username, s.sourced_id, s.username, l.role FROM relationships l JOIN users a ON a.id = l.agent_id "
        f"JOIN users s ON s.id = l.student_id WHERE l.source_id = ?{scope} ORDER BY l.id",
        (found.source_id,),
    )
