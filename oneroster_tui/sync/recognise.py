"""Records that say what they said when their row was last written: told by their bytes, and not decoded again.

Nine records in ten say at night what they said the night before. For each row of `users` and `enrollments` the roster keeps
the fingerprint of the record that made it (`fingerprints_…`), in the order in which records came. A record that comes again
with the same bytes is present, and its row is right: any change of a row, by whomever, makes its fingerprint go (triggers),
and with other settings, or another release, every fingerprint is another one (the salt).

Pages come in much the same order every night. So the fingerprints on file are read beside the pages, a stretch ahead, and
only that stretch is held in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from oneroster_tui.config import Settings
from oneroster_tui.roster.database import Roster
from oneroster_tui.sync import delta
from oneroster_tui.sync.entities import USERS, Entity
from oneroster_tui.sync.stage import CARRIED, Stage
from oneroster_tui.sync.standing import hanging, unkept

TABLES: Final = ("users", "enrollments")
"""The tables of which unchanged records are recognised."""

AHEAD: Final = 10_000
"""How many more fingerprints are at hand than records came: how far out of order records may be."""

MOST: Final = 150_000
"""Fingerprints in memory at most; where that many match nothing, the order is another one, and all else is decoded."""

Known = tuple[Any, ...]
"""Of a recognised record: its row's local id; of a user also username, sourcedId and modification time."""

_values = msgspec.json.Decoder(list[Any]).decode


def can_recognise(settings: Settings, roster: Roster, source_id: int) -> bool:
    """Whether the last run left the roster as the provider had it, by the present settings, with fingerprints that hold."""
    return roster.engine.name == "sqlite" and not delta.why_doubtful(settings, roster, source_id)


def salt(settings: Settings) -> int:
    """What goes into every fingerprint besides the bytes: all else that decides what becomes of a record."""
    return int(delta.fingerprint(settings), 16)


class Recogniser:
    """The fingerprints of one table, in step with the pages of its collection.

    Attributes:
        matched: how many records were recognised.
    """

    def __init__(self, stage: Stage, entity: Entity) -> None:
        self.stage = stage
        self.entity = entity
        self.matched = 0
        self._came = 0
        self._read = 0
        self._place = 0
        self._more = True
        self._window: dict[int, Known] = {}
        self._missed = f"unmatched_{entity.table}"
        stage.execute(f"DROP TABLE IF EXISTS temp.{self._missed}")
        stage.execute(f"CREATE TEMP TABLE {self._missed} (id INTEGER PRIMARY KEY)")
        known = ["id", *(("username", "sourced_id", "date_last_modified") if entity is USERS else ())]
        rows = "JOIN users r USING (id) " if entity is USERS else ""
        # A stretch comes as one row of arrays: with each row, the driver gives Python's lock away (docs/scale.md).
        self._next = (
            f"SELECT MAX(place), {', '.join(f'json_group_array({column})' for column in ('fingerprint', *known))} "
            f"FROM (SELECT place, fingerprint, {', '.join(known)} FROM fingerprints_{entity.table} f {rows}"
            "WHERE place > ? AND f.source_id = ? AND fingerprint IS NOT NULL ORDER BY place LIMIT ?)"
        )

    def recognise(self, prints: Sequence[int]) -> list[Known | None]:
        """What is known of each record of a page; None for one that has to be decoded."""
        self._came += len(prints)
        while self._more and self._read < self._came + AHEAD:
            self._advance(self._came + AHEAD - self._read)
        found = [self._window.pop(one, None) for one in prints]
        self.matched += len(found) - found.count(None)
        return found

    def _advance(self, count: int) -> None:
        """Reads fingerprints ahead."""
        wanted = max(count, AHEAD)
        place, *arrays = self.stage.execute(self._next, (self._place, self.stage.source_id, wanted)).fetchone()
        prints, *known = map(_values, arrays)
        self._read += len(prints)
        self._more = len(prints) >= wanted and len(self._window) + len(prints) <= MOST
        self._window.update(zip(prints, zip(*known, strict=True), strict=True))
        self._place = place or self._place

    def conclude(self) -> int:
        """Notes whose record was not recognised; says how many records came besides, although they had been recognised.

        Those came a second time: once as they were known, and once with something else, or to be dropped.
        """
        left = [(known[0],) for known in self._window.values()]
        self.stage.roster.execute_many(f"INSERT INTO {self._missed} (id) VALUES (?)", left)
        self._window.clear()
        self._more = False
        table, source_id = self.entity.table, self.stage.source_id
        self.stage.execute(
            f"INSERT INTO {self._missed} (id) SELECT f.id FROM fingerprints_{table} f WHERE f.place > ? "
            "AND f.source_id = ? AND f.fingerprint IS NOT NULL",
            (self._place, source_id),
        )
        self._place = 1 << 62
        return int(
            self.stage.value(
                f"SELECT COUNT(*) FROM (SELECT sourced_id FROM {self.entity.stage} UNION ALL SELECT sourced_id "
                f"FROM dropped WHERE entity = '{table}') x JOIN {table} r ON r.source_id = {source_id} "
                f"AND r.sourced_id = x.sourced_id WHERE {self.recognised('r.id')}"
            )
        )

    def forget(self) -> None:
        """Takes back that anything was recognised: the collection is read in full."""
        self._window.clear()
        self._more, self.matched, self._place = False, 0, 1 << 62
        self.stage.execute(
            f"INSERT INTO {self._missed} (id) SELECT id FROM fingerprints_{self.entity.table} WHERE source_id = ? "
            "AND fingerprint IS NOT NULL ON CONFLICT DO NOTHING",
            (self.stage.source_id,),
        )

    def recognised(self, local_id: str) -> str:
        """SQL: whether the record of a stored row was recognised; once the collection was read."""
        return (
            f"(EXISTS (SELECT 1 FROM fingerprints_{self.entity.table} f WHERE f.id = {local_id} AND f.fingerprint IS NOT NULL) "
            f"AND NOT EXISTS (SELECT 1 FROM {self._missed} m WHERE m.id = {local_id}))"
        )

    def mark_absent(self) -> None:
        """Files active rows of which no record came as `absent`, beside what was listed and is not kept."""
        table, source_id = self.entity.table, self.stage.source_id
        doubtful = (
            f"SELECT m.id FROM {self._missed} m UNION ALL "
            f"SELECT f.id FROM fingerprints_{table} f WHERE f.source_id = {source_id} AND f.fingerprint IS NULL"
        )
        if lacking(self.stage, table):
            doubtful += f" UNION ALL {unfiled(self.stage, table)}"
        mark_absent(self.stage, self.entity, f"r.id IN ({doubtful})")


def lacking(stage: Stage, table: str) -> bool:
    """Whether rows of a table are not on file at all, not even without a fingerprint: made by hand, or by an older release."""
    count = "SELECT COUNT(*) FROM {} WHERE source_id = ?"
    filed, rows = (stage.value(count.format(name), (stage.source_id,)) for name in (f"fingerprints_{table}", table))
    return bool(filed != rows)


def unfiled(stage: Stage, table: str) -> str:
    """A SELECT of the rows that are not on file."""
    return (
        f"SELECT x.id FROM {table} x WHERE x.source_id = {stage.source_id} "
        f"AND NOT EXISTS (SELECT 1 FROM fingerprints_{table} f WHERE f.id = x.id)"
    )


def mark_absent(stage: Stage, entity: Entity, where: str = "1 = 1") -> None:
    """Files active rows of which no record came as `absent`, beside what was listed and is not kept."""
    stage.execute(
        f"INSERT INTO dropped (entity, sourced_id, reason) SELECT '{entity.table}', r.sourced_id, 'absent' FROM {entity.table} r "
        f"WHERE r.source_id = ? AND r.status = 'active' AND r.origin = 'provider' AND {where} "
        f"AND NOT EXISTS (SELECT 1 FROM {entity.stage} s WHERE s.sourced_id = r.sourced_id) ON CONFLICT DO NOTHING",
        (stage.source_id,),
    )


def keep_fingerprints(stage: Stage) -> None:
    """Keeps the fingerprints of the records that rows were made of. The caller holds the transaction.

    Not of a record with a problem, which must be told every night; nor of one whose row is not as the record would have it.
    """
    if stage.roster.engine.name != "sqlite":
        return
    _keep(stage, "users", "s.local_id = r.id AND s.merged_into IS NULL", ", record_username", ", s.record_username")
    _keep(stage, "enrollments", f"r.source_id = {stage.source_id} AND r.sourced_id = s.sourced_id", "", "")
    for table in TABLES:
        if not stage.is_delta and lacking(stage, table):  # a delta leaves it to the next full run, which asks anew
            missing = unfiled(stage, table).replace("x.id", f"x.id, {stage.source_id}", 1)
            stage.execute(f"INSERT INTO fingerprints_{table} (id, source_id) {missing}")
        _forget(
            stage,
            table,
            f"SELECT r.id FROM stage_problems p JOIN {table} r ON r.source_id = {stage.source_id} "
            f"AND r.sourced_id = p.sourced_id WHERE p.entity = '{table}'",
        )
        _forget(
            stage,
            table,
            f"SELECT local_id FROM changes WHERE entity = '{table}' AND action NOT IN ('created', 'updated', 'reactivated')",
        )
    _forget(stage, "users", unkept(stage))
    _forget(
        stage,
        "users",
        "SELECT l.student_id FROM changes c JOIN relationships l ON l.id = c.local_id WHERE c.entity = 'relationships' "
        "AND c.action NOT IN ('created', 'updated', 'reactivated')",
    )
    _forget(stage, "enrollments", hanging(stage))


def _keep(stage: Stage, table: str, matching: str, column: str, value: str) -> None:
    stage.execute(
        f"INSERT INTO fingerprints_{table} (id, source_id, fingerprint{column}) SELECT r.id, ?, s.fingerprint{value} "
        f"FROM stage_{table} s CROSS JOIN {table} r WHERE {matching} AND s.kept > 0 AND s.kept < {CARRIED} AND r.status = 'active' "
        f"AND NOT EXISTS (SELECT 1 FROM fingerprints_{table} f WHERE f.id = r.id AND f.fingerprint = s.fingerprint) "
        f"ORDER BY s.rowid ON CONFLICT (id) DO UPDATE SET fingerprint = excluded.fingerprint"
        + (f"{column} = excluded.{column.strip(', ')}" if column else ""),
        (stage.source_id,),
    )


def _forget(stage: Stage, table: str, ids: str) -> None:
    stage.execute(f"UPDATE fingerprints_{table} SET fingerprint = NULL WHERE id IN ({ids})")
