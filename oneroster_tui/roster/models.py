"""The promised schema as peewee models: the same on SQLite, PostgreSQL and CockroachDB.

Names follow OneRoster in snake_case. `status` is the local one: `active`, `suspended` or `removed` (kept for history). Dates
are text `YYYY-MM-DD`, times text in UTC ISO 8601, so that every engine compares and sorts them alike.

Three columns hold what a record said in lists, as canonical JSON: `classes.terms`, `users.roles` and `users.agents`. A row is
so complete in itself (compared, audited and taken back as one), and `class_sessions`, `user_roles` and `relationships` are
what follows from it, in a form to join with.
"""

from __future__ import annotations

from typing import Any

import peewee as pw

database: Any = pw.DatabaseProxy()
"""The open roster; `database.open_roster` binds it."""


class Base(pw.Model):
    """What every table shares: the open roster."""

    class Meta:
        database = database
        legacy_table_names = False


class Source(Base):
    """A provider, by the name its config gives it; every stored row carries its id.

    `profile` is what is known of it, `delta_state` where the next delta begins; both JSON, blank as long as there is none.
    """

    name = pw.TextField(unique=True)
    root_url = pw.TextField(default="")
    oneroster_version = pw.TextField(default="1.1")
    profile = pw.TextField(default="")
    delta_state = pw.TextField(default="")

    class Meta:
        table_name = "sources"


class Sourced(Base):
    """What every synced table has. `missing_runs` counts complete runs that did not list the row (`grace_runs`)."""

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
    """A school, district or other org. `synced_at`: the last applied run that had this school selected."""

    name = pw.TextField()
    type = pw.TextField()
    identifier = pw.TextField(default="")
    parent_sourced_id = pw.TextField(null=True)
    synced_at = pw.TextField(null=True)

    class Meta:
        table_name = "orgs"


class AcademicSession(Sourced):
    """A school year, semester, term or grading period."""

    title = pw.TextField()
    type = pw.TextField()
    start_date = pw.TextField(null=True)
    end_date = pw.TextField(null=True)
    school_year = pw.TextField(default="")
    parent_sourced_id = pw.TextField(null=True)

    class Meta:
        table_name = "academic_sessions"


class Course(Sourced):
    """A course of study."""

    title = pw.TextField()
    course_code = pw.TextField(default="")
    org_sourced_id = pw.TextField(null=True)

    class Meta:
        table_name = "courses"


class Class(Sourced):
    """A class; `start_date` and `end_date` are the span of its terms, `terms` their sourcedIds (JSON list)."""

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
    """Which terms a class runs in."""

    class_ = pw.ForeignKeyField(Class, column_name="class_id", on_delete="CASCADE", index=False)
    session = pw.ForeignKeyField(AcademicSession, on_delete="CASCADE")

    class Meta:
        table_name = "class_sessions"
        primary_key = pw.CompositeKey("class_", "session")


class User(Sourced):
    """A person. `roles` and `agents` are JSON lists; `username` is what the config's template made."""

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
    """A role a person has at an org; all of them are stored, mapped or not."""

    user = pw.ForeignKeyField(User, on_delete="CASCADE")
    org_sourced_id = pw.TextField()
    role = pw.TextField()
    role_type = pw.TextField(default="primary")

    class Meta:
        table_name = "user_roles"
        primary_key = False
        indexes = ((("org_sourced_id", "role", "user_id"), False),)


class UserId(Base):
    """Every provider id that means a user: one row each, more only where records were merged."""

    user = pw.ForeignKeyField(User, on_delete="CASCADE")
    source = pw.ForeignKeyField(Source, index=False)
    sourced_id = pw.TextField()

    class Meta:
        table_name = "user_ids"
        primary_key = pw.CompositeKey("source", "sourced_id")


class Relationship(Sourced):
    """That a person (`agent`: parent, guardian, relative) belongs to a student, with the agent's own role.

    Providers have no record of it; `sourced_id` is the student's and the agent's, joined by a blank; blanks within them are
    doubled.
    """

    student = pw.ForeignKeyField(User, on_delete="CASCADE", index=False, backref="agent_links")
    agent = pw.ForeignKeyField(User, on_delete="CASCADE", backref="student_links")
    role = pw.TextField()
    local_role = pw.TextField()
    origin = pw.TextField(default="provider")

    class Meta:
        table_name = "relationships"
        indexes = ((("source_id", "sourced_id"), True), (("student_id", "agent_id"), True))


class Enrollment(Sourced):
    """That a user takes part in a class, with a mapped role."""

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
    """One run of the sync. `outcome`: running, done, held, incomplete, failed, stopped, interrupted or planned.

    `decision`: what became of a held run ("approved by run 8", "discarded"); blank while it waits.
    `bundle`: the path of the CSV bundle it read; blank where a service was asked.
    """

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
    bundle = pw.TextField(default="")

    class Meta:
        table_name = "sync_runs"


class SyncChange(Base):
    """The audit: what a run did to a row, why, and the row before and after (JSON)."""

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
        indexes = ((("run_id", "entity", "action"), False), (("run_id", "entity", "sourced_id"), False))


class SyncProblem(Base):
    """A record, or a part of one, that a run could not use."""

    run = pw.ForeignKeyField(SyncRun, on_delete="CASCADE")
    entity = pw.TextField()
    sourced_id = pw.TextField(default="")
    severity = pw.TextField()
    code = pw.TextField()
    message = pw.TextField()

    class Meta:
        table_name = "sync_problems"


class IdCounter(Base):
    """The last local id given out in a table: ids are given before the rows exist, and never twice."""

    entity = pw.TextField(primary_key=True)
    last_id = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "id_counters"


class Notification(Base):
    """What people were last told of a source, so that the same is not told every night.

    `topic`: `run` (how the last run ended) or `age` (whether the roster is fresh). `state` is `good` where all is well.
    """

    source = pw.ForeignKeyField(Source, index=False)
    topic = pw.TextField()
    state = pw.TextField()
    told_at = pw.TextField()
    run_id = pw.IntegerField(null=True)

    class Meta:
        table_name = "notifications"
        primary_key = pw.CompositeKey("source", "topic")


class LooseEnd(Base):
    """An id that a listed record names, or that is listed itself, and that the roster has no use for as things are.

    A delta shows only what changed. Where one of these becomes usable, the records that named it did not change, so the
    delta does not show them: the enrollments are read in full. `named_by` is `enrollments` or `agents`; or `classes`, of
    a class that is itself listed, and then `reason` is why it is not kept: a delta asks for it when an enrollment names it.
    Of a person who was known for deleted it is `user_removed`.
    """

    source = pw.ForeignKeyField(Source, index=False)
    entity = pw.TextField()
    sourced_id = pw.TextField()
    named_by = pw.TextField()
    reason = pw.TextField(default="")

    class Meta:
        table_name = "loose_ends"
        primary_key = pw.CompositeKey("source", "entity", "sourced_id", "named_by")


class MoodleLink(Base):
    """What a push made in a Moodle, or found there under its idnumber: the only things it ever changes.

    `site` is the Moodle's address; `kind` category, course, user, enrolment or parent; `key` the idnumber, or those of both
    ends and the role's short name, a line each; `content` what was last told (JSON); `state` active or suspended.
    """

    source = pw.ForeignKeyField(Source, index=False)
    site = pw.TextField()
    kind = pw.TextField()
    key = pw.TextField()
    remote_id = pw.BigIntegerField(null=True)
    content = pw.TextField()
    state = pw.TextField()
    updated_at = pw.TextField()

    class Meta:
        table_name = "moodle_links"
        primary_key = pw.CompositeKey("source", "site", "kind", "key")


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
    MoodleLink,
)
