"""What the provider wants the roster to be: temporary tables beside it, filled page by page and gone with the connection.

Until a run is applied nothing else is written, so a crash at any moment leaves the roster as it was. The stage holds, for
every table, one row a record that is kept (or may yet be: `kept` 0), in the roster's own columns; `dropped` holds what was listed
and is not kept, with the reason; `changes` is the plan: every row that will differ, with what becomes of it and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from oneroster_tui.records import Problem
from oneroster_tui.roster.database import Roster
from oneroster_tui.sync.entities import CLASSES, ENTITIES, USERS, Entity

DROPPED = "dropped (entity TEXT, sourced_id TEXT, reason TEXT, PRIMARY KEY (entity, sourced_id))"
SELECTED = "selected (sourced_id TEXT PRIMARY KEY)"
AGENTS = (
    "stage_agents (student_sourced_id TEXT, agent_sourced_id TEXT, PRIMARY KEY (student_sourced_id, agent_sourced_id))"
)
CHANGES = (
    "changes (seq INTEGER PRIMARY KEY, entity TEXT, local_id BIGINT, sourced_id TEXT, action TEXT, reason TEXT, "
    "UNIQUE (entity, sourced_id))"
)
CARRIED = 1 << 30
"""The round of stored rows that a delta stages beside what came: they are as they were, and nothing is said of them."""

MEASURED = 5_000
"""Staged rows from which on it pays to let the engine look at its tables before it plans."""

LOOSE_ENDS = "stage_loose_ends (entity TEXT, sourced_id TEXT, named_by TEXT, reason TEXT NOT NULL DEFAULT '')"
PROBLEMS = "stage_problems (entity TEXT, sourced_id TEXT, severity TEXT, code TEXT, message TEXT)"


class Stage:
    """The temporary tables of one run, on the calling thread's connection.

    Args:
        roster: the open roster.
        source_id: the source this run belongs to.
        schools: the sourcedIds of the selected schools.
        planning: a run that writes nothing: local ids are foretold, not given out.
        partial: the tables of which the run sees only what changed: what it does not see there is as it was.

    Attributes:
        all_new: the tables of which every staged row is new, and too many to be written into `changes` one by one.
        active: how many rows of a table were active before this run, where they were counted.
        merging: whether a user may be made of several records, or was.
        recognised: of the tables of which unchanged records were told by their bytes and not staged: how many. What of
            those tables is neither staged nor so recognised was not listed.
    """

    def __init__(
        self,
        roster: Roster,
        source_id: int,
        schools: Iterable[str],
        *,
        planning: bool = False,
        partial: Iterable[str] = (),
    ) -> None:
        self.roster = roster
        self.source_id = source_id
        self.planning = planning
        self.partial = frozenset(partial)
        self.recognised: dict[str, int] = {}
        self.all_new: set[str] = set()
        self.merging = False
        self.round = 1
        self._foretold: dict[str, int] = {}
        self.active: dict[str, int] = {}
        self._loaded = 0
        self.execute = roster.execute
        self.value = roster.value
        roster.engine.settle(roster.execute)
        self.drop()
        for table in (DROPPED, SELECTED, AGENTS, CHANGES, PROBLEMS, LOOSE_ENDS):
            self.execute(f"CREATE TEMP TABLE {table}")
        # Guards and cascades look removals up by local id; a first sync's million additions must not pay for that.
        self.execute("CREATE INDEX temp.changes_removal ON changes (entity, local_id) WHERE action = 'removal'")
        for entity in ENTITIES:
            self._create(entity)
        self._insert("selected", ("sourced_id",), [(school,) for school in schools])

    @property
    def is_delta(self) -> bool:
        """Whether of some table only what changed was asked for, so that absence means nothing there."""
        return bool(self.partial) and not self.recognised

    def _create(self, entity: Entity) -> None:
        stored = ", ".join(entity.columns)
        types = {"fingerprint": "BIGINT"}
        own = "".join(f", CAST(NULL AS {types.get(column, 'TEXT')}) AS {column}" for column in entity.own_columns)
        self.execute(
            f"CREATE TEMP TABLE {entity.stage} AS SELECT sourced_id, {stored}{own}, "
            f"CAST(0 AS INTEGER) AS kept, CAST(NULL AS BIGINT) AS local_id FROM {entity.table} WHERE 1 = 0"
        )
        self.execute(f"CREATE UNIQUE INDEX temp.{entity.stage}_sourced_id ON {entity.stage} (sourced_id)")
        if entity is USERS:
            self.execute(f"CREATE INDEX temp.{entity.stage}_kept ON {entity.stage} (kept)")
        if entity in (USERS, CLASSES):
            self.execute(f"CREATE INDEX temp.{entity.stage}_local_id ON {entity.stage} (local_id)")

    def drop(self) -> None:
        """Removes the tables of an earlier run on this connection."""
        tables = (
            "dropped",
            "selected",
            "stage_agents",
            "changes",
            "stage_problems",
            "stage_loose_ends",
            "frozen_users",
        )
        for table in (*tables, *(entity.stage for entity in ENTITIES)):
            self.execute(f"DROP TABLE IF EXISTS temp.{table}")

    def add(self, entity: Entity, rows: Sequence[Sequence[Any]]) -> int:
        """Stages rows of (sourced_id, *columns, *own_columns, kept); says how many were there already.

        `kept` is 0, or the number of the round in which the record was found to be wanted.
        """
        return len(rows) - self._insert(
            entity.stage, ("sourced_id", *entity.columns, *entity.own_columns, "kept"), rows
        )

    def drop_records(self, entity: Entity, rows: Sequence[tuple[str, str]]) -> int:
        """Notes listed records that are not kept: (sourced_id, reason); says how many were there already."""
        filed = [(entity.table, sourced_id, reason) for sourced_id, reason in rows]
        return len(rows) - self._insert("dropped", ("entity", "sourced_id", "reason"), filed)

    def clear(self, entity: Entity) -> None:
        """Empties what was staged, noted and planned of a collection, so that it can be read again."""
        self.all_new.discard(entity.table)
        self.execute(f"DELETE FROM {entity.stage}")
        for table in ("dropped", "changes", "stage_problems"):
            self.execute(f"DELETE FROM {table} WHERE entity = ?", (entity.table,))
        if entity is USERS:
            self.execute("DELETE FROM stage_agents")

    def add_agents(self, rows: Sequence[tuple[str, str]]) -> None:
        """Notes which agents students name: (student's sourcedId, agent's sourcedId)."""
        self._insert("stage_agents", ("student_sourced_id", "agent_sourced_id"), rows)

    def add_loose_ends(self, entity: str, named_by: str, ends: Iterable[tuple[str, str]]) -> None:
        """Notes ids that are named or listed, and that the roster has no use for as things are: (sourced_id, reason)."""
        rows = [(entity, sourced_id, named_by, reason) for sourced_id, reason in ends]
        self._insert("stage_loose_ends", ("entity", "sourced_id", "named_by", "reason"), rows)

    def add_problem(self, problem: Problem) -> None:
        """Keeps a problem for the run's record."""
        columns = ("entity", "sourced_id", "severity", "code", "message")
        self._insert("stage_problems", columns, [tuple(getattr(problem, column) for column in columns)])

    def _insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
        if not rows:
            return 0
        self._loaded += len(rows)
        return self.roster.load(table, columns, rows)

    def measure(self, *tables: str) -> None:
        """Lets the engine learn what tables hold that were just filled, in a run of some size."""
        if self._loaded >= MEASURED:
            for table in tables:
                self.roster.engine.measure(self.execute, table)

    def count_active(self, entity: Entity) -> int:
        """How many rows of a table are active before this run is applied; counted once."""
        if entity.table not in self.active:
            self.active[entity.table] = int(
                self.value(
                    f"SELECT COUNT(*) FROM {entity.table} WHERE source_id = ? AND status = 'active'", (self.source_id,)
                )
            )
        return self.active[entity.table]

    def reserve_ids(self, entity: Entity, count: int) -> int:
        """Gives out `count` local ids of a table, for good; returns the one before the first.

        Another source's run may do the same in this moment, so the counter moves in a transaction of its own.
        """
        highest = f"(SELECT COALESCE(MAX(id), 0) FROM {entity.table})"
        counter = "SELECT last_id FROM id_counters WHERE entity = ?"
        if self.planning:
            first = self._foretold.get(entity.table) or max(
                self.value(counter, (entity.table,)) or 0, self.value(f"SELECT {highest}")
            )
            self._foretold[entity.table] = first + count
            return int(first)

        def move() -> int:
            self.execute(
                self.roster.engine.insert_or_ignore("id_counters", ("entity", "last_id"), "VALUES (?, 0)"),
                (entity.table,),
            )
            self.execute(
                f"UPDATE id_counters SET last_id = ? + CASE WHEN last_id > {highest} THEN last_id ELSE {highest} END "
                "WHERE entity = ?",
                (count, entity.table),
            )
            return int(self.value(counter, (entity.table,))) - count

        return self.roster.transact(move)


def of_change(entity: Entity) -> str:
    """SQL: whether a staged row `s` says what becomes of the stored row that a `changes` row `c` is about."""
    return "s.local_id = c.local_id AND s.merged_into IS NULL" if entity is USERS else "s.sourced_id = c.sourced_id"


def new_rows(stage: Stage, entity: Entity) -> str:
    """SQL after FROM: the staged rows `s` of a table that are new, with their `changes` row `c` where they have one."""
    if entity.table in stage.all_new:
        return f"{entity.stage} s"
    return (
        f"changes c JOIN {entity.stage} s ON s.sourced_id = c.sourced_id "
        f"WHERE c.entity = '{entity.table}' AND c.action = 'created'"
    )
