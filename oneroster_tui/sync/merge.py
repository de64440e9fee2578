"""Several provider records of one person: merged where the config asks for it, reported where it does not."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from oneroster_tui.records import Problem, Role
from oneroster_tui.roster.database import Roster
from oneroster_tui.sync import plan
from oneroster_tui.sync.entities import USERS
from oneroster_tui.sync.events import Emit, Note
from oneroster_tui.sync.stage import CARRIED, Stage
from oneroster_tui.text import sanitise

KEYS = {"username": "record_username", "identifier": "identifier"}
"""What `merge_users` names, and the staged column that holds it."""


def report_twins(stage: Stage, report: Callable[[Problem], None]) -> None:
    """Reports kept records that are likely one person: the same username or identifier."""
    for word, column in KEYS.items():
        rows = stage.execute(
            f"SELECT {column}, COUNT(*), MIN(sourced_id), MAX(sourced_id) FROM {everybody(stage)} "
            f"WHERE {column} <> '' GROUP BY {column} HAVING COUNT(*) > 1 ORDER BY {column}"
        ).fetchall()
        for _, count, first, last in rows:
            text = (
                f"{word}: shared by {count} records, among them {first} and {last}; "
                f'if they are one person, set merge_users = "{word}"'
            )
            report(Problem(entity="users", sourced_id=first, severity="warning", code="likely_twins", message=text))


def everybody(stage: Stage) -> str:
    """A FROM item: the records that are kept, with what twins are told by; recognised ones among them."""
    staged = "SELECT record_username, identifier, sourced_id FROM stage_users WHERE kept > 0"
    if not stage.recognised:
        return f"({staged}) AS t"
    return (
        f"({staged} AND kept < {CARRIED} UNION ALL SELECT f.record_username, u.identifier, u.sourced_id FROM fingerprints_users f "
        f"JOIN users u ON u.id = f.id WHERE f.source_id = {stage.source_id} AND f.fingerprint IS NOT NULL "
        "AND f.id NOT IN (SELECT id FROM unmatched_users) AND NOT EXISTS (SELECT 1 FROM stage_users s "
        f"WHERE s.sourced_id = u.sourced_id AND s.kept < {CARRIED})) AS t"
    )


def is_merged(roster: Roster, source_id: int) -> bool:
    """Whether any user of a source means, or meant, more than one provider record."""
    sql = (
        "SELECT 1 FROM user_ids i JOIN users u ON u.id = i.user_id WHERE i.source_id = ? "
        "AND i.sourced_id <> u.sourced_id LIMIT 1"
    )
    return bool(roster.value(sql, (source_id,)))


def merge_users(stage: Stage, by: str, emit: Emit, *, users_known: bool) -> None:
    """Makes one local user of all kept records with the same username or identifier, and decides all users.

    The person keeps the lowest local id that any of the records had; what the person is called comes from the record that
    made that row, while it is listed, else from the first by sourcedId; roles are those of all records together.

    Args:
        by: what they share; `none` merges nothing, but people who were merged once keep their local ids.
        users_known: whether the users were read completely; where not, a person stays as stored whose records did not all come.
    """
    stage.merging = True
    if by != "none":
        merge_groups(stage, KEYS[by], emit)
    find_single_ids(stage)
    if not users_known:
        restore_partial(stage)
    stage.execute("UPDATE stage_users SET kept = 1 WHERE kept > 0")
    plan.decide(stage, USERS, 1, emit)


def merge_groups(stage: Stage, column: str, emit: Emit) -> None:
    """Merges the kept records that share what a column holds."""
    stage.execute(f"CREATE INDEX temp.stage_users_key ON stage_users ({column})")
    keys = stage.execute(
        f"SELECT {column} FROM stage_users WHERE kept > 0 AND {column} <> '' "
        f"GROUP BY {column} HAVING COUNT(*) > 1 ORDER BY {column}"
    ).fetchall()
    for (key,) in keys:
        merge_group(stage, column, key, emit)


def merge_group(stage: Stage, column: str, key: str, emit: Emit) -> None:
    """Merges the records that share a key."""
    group = stage.execute(
        f"SELECT sourced_id, username, roles FROM stage_users WHERE kept > 0 AND {column} = ? ORDER BY sourced_id",
        (key,),
    ).fetchall()
    local_id, own_sourced_id = held_by(stage, [sourced_id for sourced_id, _, _ in group])
    if local_id is None:
        local_id = stage.reserve_ids(USERS, 1) + 1
    ids = [sourced_id for sourced_id, _, _ in group]
    main: str = own_sourced_id if own_sourced_id in ids and own_sourced_id else ids[0]
    roles = {role for _, _, text in group for role in msgspec.json.decode(text, type=list[Role])}
    ordered = sorted(roles, key=lambda role: (role.role_type, role.org_sourced_id, role.role))
    stage.execute(
        "UPDATE stage_users SET local_id = ?, roles = ? WHERE sourced_id = ?",
        (local_id, msgspec.json.encode(ordered).decode(), main),
    )
    for sourced_id, username, _ in group:
        if sourced_id != main:
            stage.execute(
                "UPDATE stage_users SET local_id = ?, merged_into = ? WHERE sourced_id = ?",
                (local_id, main, sourced_id),
            )
            who = f"{sanitise(username, 120)} with id {local_id} ({sanitise(main, 120)})"
            emit(Note(f"  Merging {sanitise(sourced_id, 120)} into user {who}"))


def held_by(stage: Stage, sourced_ids: list[str]) -> tuple[int | None, str | None]:
    """The lowest local id among the users these records mean, and the sourcedId that made that row."""
    marks = ", ".join("?" * len(sourced_ids))
    row = stage.execute(
        f"SELECT u.id, u.sourced_id FROM users u WHERE u.source_id = ? AND (u.sourced_id IN ({marks}) OR (u.id IN "
        f"(SELECT i.user_id FROM user_ids i WHERE i.source_id = ? AND i.sourced_id IN ({marks})) AND {FREE})) "
        "ORDER BY u.id LIMIT 1",
        (stage.source_id, *sourced_ids, stage.source_id, *sourced_ids),
    ).fetchone()
    return (int(row[0]), row[1]) if row else (None, None)


FREE = (
    "NOT EXISTS (SELECT 1 FROM stage_users o WHERE o.sourced_id = u.sourced_id AND o.kept > 0) "
    "AND NOT EXISTS (SELECT 1 FROM stage_users t WHERE t.local_id = u.id)"
)
"""SQL: a stored user `u` whose own record is no longer there, and whom nobody has taken: another record may live on in it."""


def find_single_ids(stage: Stage) -> None:
    """Finds the users of records that share no key (any more): one they were merged into that is free, else their own."""
    stage.execute(
        "UPDATE stage_users SET local_id = n.user_id FROM (SELECT i.user_id, MIN(i.sourced_id) AS first_id FROM user_ids i "
        "JOIN stage_users s ON s.sourced_id = i.sourced_id AND s.kept > 0 AND s.local_id IS NULL "
        f"JOIN users u ON u.id = i.user_id AND u.sourced_id <> i.sourced_id WHERE i.source_id = ? AND {FREE} "
        "GROUP BY i.user_id) AS n WHERE stage_users.sourced_id = n.first_id",
        (stage.source_id,),
    )
    stage.execute(
        "UPDATE stage_users SET local_id = (SELECT u.id FROM users u WHERE u.source_id = ? "
        "AND u.sourced_id = stage_users.sourced_id) WHERE kept > 0 AND local_id IS NULL",
        (stage.source_id,),
    )


def restore_partial(stage: Stage) -> None:
    """Gives people of whom not every known record came what is stored of them: half a person is no news."""
    columns = ", ".join(USERS.columns)
    stage.execute(
        f"UPDATE stage_users SET ({columns}) = (SELECT {columns} FROM users r WHERE r.id = stage_users.local_id) "
        "WHERE kept > 0 AND merged_into IS NULL AND local_id IN (SELECT i.user_id FROM user_ids i WHERE i.source_id = ? "
        "AND NOT EXISTS (SELECT 1 FROM stage_users k WHERE k.sourced_id = i.sourced_id))",
        (stage.source_id,),
    )
