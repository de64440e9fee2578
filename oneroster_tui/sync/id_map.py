"""When a SIS gives everybody new ids: a map of old to new sourcedIds, so that people keep their rows, ids and history.

1EdTech's FAQ calls such a mapping file the established practice; without it everybody would leave and come back as another.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from oneroster_tui.config import Settings
from oneroster_tui.errors import ConfigError, ExitCode
from oneroster_tui.roster.database import Roster, now
from oneroster_tui.sync import runs
from oneroster_tui.sync.audit import row_json
from oneroster_tui.sync.entities import ENTITIES, RELATIONSHIPS, USERS, Entity, relationship_name
from oneroster_tui.sync.events import Emit, Many, RunEnded, RunStarted
from oneroster_tui.text import sanitise

HEADERS = {"old", "oldsourcedid", "old_sourced_id"}
SHOWN_MISTAKES = 10


def read_id_map(path: Path) -> list[tuple[str, str]]:
    """Reads pairs of an old and a new sourcedId from a CSV file of two columns, with or without a header line.

    Raises:
        ConfigError: the file cannot be read, or a line is not a pair, or an id stands twice; every such line is named.
    """
    pairs: list[tuple[str, str]] = []
    mistakes: list[str] = []
    seen: tuple[set[str], set[str]] = (set(), set())
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for number, row in enumerate(csv.reader(file), 1):
                cells = [cell.strip() for cell in row]
                if not any(cells) or (number == 1 and cells[0].lower() in HEADERS):
                    continue
                if len(cells) != 2 or not all(cells):
                    mistakes.append(f"line {number}: expected old,new; found {sanitise(','.join(row), 60)}")
                    continue
                for cell, column, word in zip(cells, seen, ("old", "new"), strict=True):
                    if cell in column:
                        mistakes.append(f"line {number}: the {word} id {sanitise(cell, 60)} stands there twice")
                    column.add(cell)
                pairs.append((cells[0], cells[1]))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else getattr(error, "strerror", None) or error
        raise ConfigError(
            f"The id map cannot be read: {why}.", where=str(path), do="give a UTF-8 CSV of old,new"
        ) from error
    if mistakes or not pairs:
        more = [f"and {len(mistakes) - SHOWN_MISTAKES} more"] if len(mistakes) > SHOWN_MISTAKES else []
        raise ConfigError(
            "The id map has mistakes; nothing was renamed." if mistakes else "The id map is empty.",
            where=str(path),
            do="correct the file: one line old,new for each id",
            problems=(*mistakes[:SHOWN_MISTAKES], *more),
        )
    return pairs


def import_id_map(settings: Settings, roster: Roster, pairs: Sequence[tuple[str, str]], emit: Emit) -> RunEnded:
    """Renames sourcedIds in every table, in one transaction and as a run of its own, which `undo` takes back.

    An old id that nobody has is passed over; a new id that another row has already is refused.

    Raises:
        ConfigError: a new id is taken.
        RunLocked, RosterError: and then nothing was changed.
    """
    with runs.hold_lock(roster, settings.source):
        source_id = runs.find_source(roster, settings)
        with runs.recorded(roster, source_id, "id-map") as run:
            emit(RunStarted(run.id, run.mode, settings.source, len(settings.schools.sync)))
            roster.execute("DROP TABLE IF EXISTS temp.id_map")
            roster.execute("CREATE TEMP TABLE id_map (old_id TEXT PRIMARY KEY, new_id TEXT UNIQUE)")
            roster.execute_many("INSERT INTO id_map VALUES (?, ?)", pairs)
            with roster.transaction():
                counts = {
                    entity.table: rename(roster, entity, source_id, run.id)
                    for entity in ENTITIES
                    if entity is not RELATIONSHIPS
                }
                run.counts = {table: {"renamed": count} for table, count in counts.items() if count}
                run.outcome, run.exit_code = "done", ExitCode.DONE
                run.message = f"{sum(counts.values()):,} of {len(pairs):,} ids were renamed."
                runs.finish(roster, run)
            for table, count in counts.items():
                if count:
                    emit(Many(table, "renamed", count, table))
            ended = RunEnded(run.id, run.outcome, run.exit_code, run.message, run.counts, run.seconds)
            emit(ended)
            return ended


def rename(roster: Roster, entity: Entity, source_id: int, run_id: int) -> int:
    """Renames one table's sourcedIds; says how many."""
    concerned = f"FROM {entity.table} r JOIN id_map m ON m.old_id = r.sourced_id WHERE r.source_id = ?"
    tables = (entity.table, "user_ids") if entity is USERS else (entity.table,)
    for table in tables:
        refuse_taken(roster, table, source_id)
    count = int(roster.value(f"SELECT COUNT(*) {concerned}", (source_id,)))
    if not count:
        return 0
    row = row_json(roster.engine, entity)
    roster.execute(
        "INSERT INTO sync_changes (run_id, entity, local_id, sourced_id, action, reason, before) "
        f"SELECT ?, '{entity.table}', r.id, m.new_id, 'renamed', 'id_map', {row} {concerned}",
        (run_id, source_id),
    )
    if entity is USERS:  # who is called otherwise, and is meant by such an id too
        roster.execute(
            "INSERT INTO sync_changes (run_id, entity, local_id, sourced_id, action, reason, before) "
            f"SELECT ?, 'users', r.id, r.sourced_id, 'renamed', 'id_map', {row} FROM users r WHERE r.id IN (SELECT i.user_id "
            "FROM user_ids i JOIN id_map m ON m.old_id = i.sourced_id WHERE i.source_id = ?) "
            "AND r.sourced_id NOT IN (SELECT old_id FROM id_map)",
            (run_id, source_id),
        )
    for table in tables:
        swap_ids(roster, table, source_id)
    if entity is USERS:
        rename_relationships(roster, f"SELECT r.id {concerned.replace('old_id', 'new_id')}", (source_id,))
    roster.execute(
        f"UPDATE {entity.table} SET updated_at = ? WHERE id IN (SELECT local_id FROM sync_changes WHERE run_id = ? AND entity = ?)",
        (now(), run_id, entity.table),
    )
    roster.execute(
        f"UPDATE sync_changes SET after = {row} FROM {entity.table} r WHERE sync_changes.run_id = ? "
        "AND sync_changes.entity = ? AND r.id = sync_changes.local_id",
        (run_id, entity.table),
    )
    return count


def swap_ids(roster: Roster, table: str, source_id: int) -> None:
    """Renames; two ids may change places, so the way leads over names that nobody has: none begins with a blank."""
    for old, new in (("m.old_id", "' ' || m.new_id"), ("' ' || m.new_id", "m.new_id")):
        roster.execute(
            f"UPDATE {table} SET sourced_id = {new} FROM id_map m WHERE {table}.sourced_id = {old} AND {table}.source_id = ?",
            (source_id,),
        )


def rename_relationships(roster: Roster, users: str, parameters: Sequence[Any] = ()) -> None:
    """Makes the names of relationships follow those of some users (a SELECT of local ids), as `swap_ids` does."""
    name = (
        f"(SELECT {relationship_name('s.sourced_id', 'a.sourced_id')} FROM users s, users a "
        "WHERE s.id = relationships.student_id AND a.id = relationships.agent_id)"
    )
    theirs = (
        f"WITH w (id) AS ({users}) SELECT l.id FROM w JOIN relationships l ON l.student_id = w.id "
        "UNION SELECT l.id FROM w JOIN relationships l ON l.agent_id = w.id"
    )
    for prefix in ("' ' || ", ""):
        roster.execute(f"UPDATE relationships SET sourced_id = {prefix}{name} WHERE id IN ({theirs})", parameters)


def refuse_taken(roster: Roster, table: str, source_id: int) -> None:
    """Refuses a new id that a row has which keeps it.

    Raises:
        ConfigError: it is so.
    """
    taken = roster.execute(
        f"SELECT m.old_id, m.new_id FROM id_map m JOIN {table} r ON r.sourced_id = m.new_id "
        f"JOIN {table} o ON o.sourced_id = m.old_id AND o.source_id = r.source_id "
        "WHERE r.source_id = ? AND m.new_id NOT IN (SELECT old_id FROM id_map) LIMIT 1",
        (source_id,),
    ).fetchone()
    if taken:
        old, new = (sanitise(each, 80) for each in taken)
        raise ConfigError(
            f"The new id {new} (for {old}) is taken in {table}: both are stored.",
            where="the id map",
            do="undo the run that created it, or leave the line out",
        )
