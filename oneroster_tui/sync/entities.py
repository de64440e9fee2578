"""What a sync keeps, table by table: the columns a record fills, in the order that satisfies references."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from oneroster_tui.records import Collection


@dataclass(frozen=True, slots=True)
class Entity:
    """One synced table.

    Attributes:
        table: its name in the roster, which is also its name in events and audit.
        noun: one row of it, for the log.
        label: SQL that names a row (`{row}`, staged or stored) to a person.
        columns: what a record says: staged, compared and stored alike. A difference in any of them is an update.
        own_columns: staged besides, for the sync's own use.
        guarded: whether the guards count its removals.
        indexed: those of the columns that an index or a reference to another table holds, where rows are many.
        early_ids: whether local ids are given out when a row is decided, before it exists: others refer to them.
    """

    table: str
    noun: str
    label: str
    columns: tuple[str, ...]
    own_columns: tuple[str, ...] = ()
    indexed: tuple[str, ...] = ()
    guarded: bool = False
    early_ids: bool = True

    @property
    def stage(self) -> str:
        """The temporary table that holds what the provider wants this table to be."""
        return f"stage_{self.table}"


def user_named(column: str) -> str:
    """SQL for the username of the user that a row refers to, staged or stored."""
    staged = f"SELECT MIN(u.username) FROM stage_users u WHERE u.local_id = {{row}}.{column} AND u.merged_into IS NULL"
    return f"COALESCE(({staged}), (SELECT u.username FROM users u WHERE u.id = {{row}}.{column}), '?')"


def relationship_name(student: str, agent: str) -> str:
    """SQL for the sourcedId of a relationship, from SQL for the student's and for the agent's; no two pairs share one.

    Both are joined by a blank, and blanks within them are doubled: no id begins or ends with one (`dialects.values.read_id`).
    """
    return f"REPLACE({student}, ' ', '  ') || ' ' || REPLACE({agent}, ' ', '  ')"


CLASS_NAMED = (
    "COALESCE((SELECT MIN(k.title) FROM stage_classes k WHERE k.local_id = {row}.class_id), "
    "(SELECT k.title FROM classes k WHERE k.id = {row}.class_id), '?')"
)

ORGS = Entity("orgs", "org", "{row}.name", ("name", "type", "identifier", "parent_sourced_id", "date_last_modified"))
ACADEMIC_SESSIONS = Entity(
    "academic_sessions",
    "academic session",
    "{row}.title",
    ("title", "type", "start_date", "end_date", "school_year", "parent_sourced_id", "date_last_modified"),
)
COURSES = Entity("courses", "course", "{row}.title", ("title", "course_code", "org_sourced_id", "date_last_modified"))
CLASSES = Entity(
    "classes",
    "class",
    "{row}.title",
    (
        "title",
        "class_code",
        "class_type",
        "course_sourced_id",
        "school_sourced_id",
        "start_date",
        "end_date",
        "terms",
        "date_last_modified",
    ),
    guarded=True,
)
USERS = Entity(
    "users",
    "user",
    "{row}.username",
    (
        "username",
        "identifier",
        "given_name",
        "family_name",
        "middle_name",
        "email",
        "enabled",
        "roles",
        "agents",
        "date_last_modified",
    ),
    # is_student: its agents are wanted; agent_role: what it would be to a student, agent_local_role: NULL = not mapped;
    # record_username: what the provider called it, for finding twins; merged_into: the record whose person it is too;
    # fingerprint: of the record's bytes.
    indexed=("username", "identifier", "given_name", "family_name", "email"),
    own_columns=("is_student", "agent_role", "agent_local_role", "record_username", "merged_into", "fingerprint"),
    guarded=True,
)
ENROLLMENTS = Entity(
    "enrollments",
    "enrollment",
    f"'of ' || {user_named('user_id')} || ' as ' || {{row}}.role || ' in ' || {CLASS_NAMED}",
    (
        "class_id",
        "user_id",
        "school_sourced_id",
        "role",
        "local_role",
        "is_primary",
        "begin_date",
        "end_date",
        "date_last_modified",
    ),
    own_columns=("user_sourced_id", "fingerprint"),
    indexed=("class_id", "user_id", "role"),
    guarded=True,
    early_ids=False,
)
RELATIONSHIPS = Entity(
    "relationships",
    "relationship",
    f"'of ' || {user_named('agent_id')} || ' as ' || {{row}}.role || ' of ' || {user_named('student_id')}",
    ("student_id", "agent_id", "role", "local_role"),
    indexed=("student_id", "agent_id"),
    guarded=True,
    early_ids=False,
)

ENTITIES = (ORGS, ACADEMIC_SESSIONS, COURSES, CLASSES, USERS, ENROLLMENTS, RELATIONSHIPS)

BY_COLLECTION = {
    Collection.ORGS: ORGS,
    Collection.ACADEMIC_SESSIONS: ACADEMIC_SESSIONS,
    Collection.COURSES: COURSES,
    Collection.CLASSES: CLASSES,
    Collection.USERS: USERS,
    Collection.ENROLLMENTS: ENROLLMENTS,
}


def partial_tables(partial: Set[Collection]) -> set[str]:
    """The tables of which a run sees only a part, by the collections that are partial."""
    tables = {BY_COLLECTION[collection].table for collection in partial}
    return tables | ({RELATIONSHIPS.table} if Collection.USERS in partial else set())
