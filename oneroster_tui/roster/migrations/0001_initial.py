"""The promised schema, as of the first release: a frozen copy. Later changes are scripts of their own."""

from __future__ import annotations

from typing import Any

import peewee as pw

database: Any = pw.DatabaseProxy()


class Base(pw.Model):
    class Meta:
        database = database
        legacy_table_names = False


class Source(Base):
    name = pw.TextField(unique=True)
    root_url = pw.TextField(default="")
    oneroster_version = pw.TextField(default="1.1")
    profile = pw.TextField(default="")
    delta_state = pw.TextField(default="")

    class Meta:
        table_name = "sources"


class Sourced(Base):
    source = pw.ForeignKeyField(Source, index=False)
    sourced_id = pw.TextField()
    status = pw.TextField(default="active")
    date_last_modified = pw.TextField(null=True)
    missing_runs = pw.IntegerField(default=0)
    created_at = pw.TextField()
    updated_at = pw.TextField()

    class Meta:
        indexes = ((("source_id", "sourced_id"), True),)


class Org(Sourced):
    name = pw.TextField()
    type = pw.TextField()
    identifier = pw.TextField(default="")
    parent_sourced_id = pw.TextField(null=True)
    synced_at = pw.TextField(null=True)

    class Meta:
        table_name = "orgs"


class AcademicSession(Sourced):
    title = pw.TextField()
    type = pw.TextField()
    start_date = pw.TextField(null=True)
    end_date = pw.TextField(null=True)
    school_year = pw.TextField(default="")
    parent_sourced_id = pw.TextField(null=True)

    class Meta:
        table_name = "academic_sessions"


class Course(Sourced):
    title = pw.TextField()
    course_code = pw.TextField(default="")
    org_sourced_id = pw.TextField(null=True)

    class Meta:
        table_name = "courses"


class Class(Sourced):
    title = pw.TextField()
    class_code = pw.TextField(default="")
    class_type = pw.TextField(default="")
    course_sourced_id = pw.TextField(null=True)
    school_sourced_id = pw.TextField()
    start_date = pw.TextField(null=True)
    end_date = pw.TextField(null=True)
    terms = pw.TextField(default="[]")
    origin = pw.TextField(default="provider")

    class Meta:
        table_name = "classes"
        indexes = (
            (("source_id", "sourced_id"), True),
            (("school_sourced_id", "title"), False),
            (("course_sourced_id",), False),
        )


class ClassSession(Base):
    class_ = pw.ForeignKeyField(Class, column_name="class_id", on_delete="CASCADE", index=False)
    session = pw.ForeignKeyField(AcademicSession, on_delete="CASCADE")

    class Meta:
        table_name = "class_sessions"
        primary_key = pw.CompositeKey("class_", "session")


class User(Sourced):
    username = pw.TextField()
    identifier = pw.TextField(default="")
    given_name = pw.TextField(default="")
    family_name = pw.TextField(default="")
    middle_name = pw.TextField(default="")
    email = pw.TextField(default="")
    enabled = pw.BooleanField(default=True)
    roles = pw.TextField(default="[]")
    agents = pw.TextField(default="[]")
    origin = pw.TextField(default="provider")

    class Meta:
        table_name = "users"
        indexes = (
            (("source_id", "sourced_id"), True),
            (("family_name", "given_name", "id"), False),
            (("given_name",), False),
            (("username",), False),
            (("email",), False),
            (("identifier",), False),
        )


class UserRole(Base):
    user = pw.ForeignKeyField(User, on_delete="CASCADE")
    org_sourced_id = pw.TextField()
    role = pw.TextField()
    role_type = pw.TextField(default="primary")

    class Meta:
        table_name = "user_roles"
        primary_key = False
        indexes = ((("org_sourced_id", "role", "user_id"), False),)


class UserId(Base):
    user = pw.ForeignKeyField(User, on_delete="CASCADE")
    source = pw.ForeignKeyField(Source, index=False)
    sourced_id = pw.TextField()

    class Meta:
        table_name = "user_ids"
        primary_key = pw.CompositeKey("source", "sourced_id")


class Relationship(Sourced):
    student = pw.ForeignKeyField(User, on_delete="CASCADE", index=False, backref="agent_links")
    agent = pw.ForeignKeyField(User, on_delete="CASCADE", backref="student_links")
    role = pw.TextField()
    local_role = pw.TextField()
    origin = pw.TextField(default="provider")

    class Meta:
        table_name = "relationships"
        indexes = ((("source_id", "sourced_id"), True), (("student_id", "agent_id"), True))


class Enrollment(Sourced):
    class_ = pw.ForeignKeyField(Class, column_name="class_id", on_delete="CASCADE", index=False)
    user = pw.ForeignKeyField(User, on_delete="CASCADE")
    school_sourced_id = pw.TextField(null=True)
    role = pw.TextField()
    local_role = pw.TextField()
    is_primary = pw.BooleanField(default=False)
    begin_date = pw.TextField(null=True)
    end_date = pw.TextField(null=True)
    origin = pw.TextField(default="provider")

    class Meta:
        table_name = "enrollments"
        indexes = (
            (("source_id", "sourced_id"), True),
            (("class_id", "role"), False),
        )


class SyncRun(Base):
    source = pw.ForeignKeyField(Source)
    started_at = pw.TextField()
    finished_at = pw.TextField(null=True)
    mode = pw.TextField()
    outcome = pw.TextField(default="running")
    exit_code = pw.IntegerField(null=True)
    counts = pw.TextField(default="{}")
    message = pw.TextField(default="")
    decision = pw.TextField(default="")
    pid = pw.IntegerField(null=True)
    host = pw.TextField(default="")

    class Meta:
        table_name = "sync_runs"


class SyncChange(Base):
    run = pw.ForeignKeyField(SyncRun, on_delete="CASCADE", index=False)
    entity = pw.TextField()
    local_id = pw.BigIntegerField(null=True)
    sourced_id = pw.TextField()
    action = pw.TextField()
    reason = pw.TextField(default="")
    before = pw.TextField(null=True)
    after = pw.TextField(null=True)

    class Meta:
        table_name = "sync_changes"
        indexes = ((("run_id", "entity", "action"), False), (("entity", "sourced_id"), False))


class SyncProblem(Base):
    run = pw.ForeignKeyField(SyncRun, on_delete="CASCADE")
    entity = pw.TextField()
    sourced_id = pw.TextField(default="")
    severity = pw.TextField()
    code = pw.TextField()
    message = pw.TextField()

    class Meta:
        table_name = "sync_problems"


class IdCounter(Base):
    entity = pw.TextField(primary_key=True)
    last_id = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "id_counters"


class Notification(Base):
    source = pw.ForeignKeyField(Source, index=False)
    topic = pw.TextField()
    state = pw.TextField()
    told_at = pw.TextField()
    run_id = pw.IntegerField(null=True)

    class Meta:
        table_name = "notifications"
        primary_key = pw.CompositeKey("source", "topic")


class LooseEnd(Base):
    source = pw.ForeignKeyField(Source, index=False)
    entity = pw.TextField()
    sourced_id = pw.TextField()
    named_by = pw.TextField()

    class Meta:
        table_name = "loose_ends"
        primary_key = pw.CompositeKey("source", "entity", "sourced_id", "named_by")


TABLES = (
    Source,
    Org,
    AcademicSession,
    Course,
    Class,
    ClassSession,
    User,
    UserRole,
    UserId,
    Relationship,
    Enrollment,
    SyncRun,
    SyncChange,
    SyncProblem,
    IdCounter,
    Notification,
    LooseEnd,
)


def up(migrator: Any, db: Any) -> None:
    """Makes every table."""
    database.initialize(db)
    db.create_tables(TABLES)
