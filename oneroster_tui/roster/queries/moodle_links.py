"""What a push has made in a Moodle, beside what that Moodle is to have: the differences, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from oneroster_tui.roster.database import Roster, now


class Wanted(NamedTuple):
    """What Moodle is to have: a key, its content, and of an enrolment or a parent both ends and the role.

    A content of "" is something that cannot be told as it is: what Moodle has of it stays.
    """

    key: str
    content: str
    one: str = ""
    other: str = ""
    role: str = ""


class Difference(NamedTuple):
    """A wanted thing that Moodle lacks (`linked` False) or has otherwise; ids of Moodle's where they are known."""

    key: str
    content: str
    role: str
    linked: bool
    remote_id: int | None
    one_id: int | None
    other_id: int | None


class Gone(NamedTuple):
    """Something that was made and is wanted no longer."""

    key: str
    remote_id: int | None


CHUNK = 5_000
"""Wanted things that are noted at a time."""

ENDS = {"enrolment": ("course", "user"), "parent": ("user", "user")}
"""What the two ends of a thing between two others are."""


class Links:
    """The links of one source with one Moodle, and the wanted state beside them. One at a time on a connection."""

    def __init__(self, roster: Roster, source_id: int, site: str) -> None:
        self.roster = roster
        self.source_id = source_id
        self.site = site

    def begin(self) -> None:
        """Clears what was wanted by an earlier push."""
        self.roster.execute("DROP TABLE IF EXISTS moodle_wanted")
        self.roster.execute(
            "CREATE TEMP TABLE moodle_wanted (kind TEXT, key TEXT, content TEXT, one TEXT, other TEXT, role TEXT, "
            "PRIMARY KEY (kind, key)) WITHOUT ROWID"
        )

    def end(self) -> None:
        """Forgets what is wanted."""
        self.roster.execute("DROP TABLE IF EXISTS moodle_wanted")

    def want(self, kind: str, rows: Iterable[Wanted]) -> None:
        """Notes what is wanted; of two with one key, the first.

        A chunk at a time: the rows may be read on this very connection, which can do one thing only.
        """
        columns = ("kind", "key", "content", "one", "other", "role")
        sql = self.roster.engine.insert_or_ignore("moodle_wanted", columns, "VALUES (?, ?, ?, ?, ?, ?)")
        remaining = iter(rows)
        while chunk := [(kind, *row) for row in islice(remaining, CHUNK)]:
            self.roster.execute_many(sql, chunk)

    def differences(self, kind: str, *, linked: bool, after: str, limit: int) -> list[Difference]:
        """What is wanted and lacking, or (`linked`) there and otherwise, by keys after one; both ends as Moodle's ids."""
        one, other = ENDS.get(kind, ("", ""))
        test = OTHERWISE if linked else "l.key IS NULL"
        link = "LEFT JOIN moodle_links {0} ON {0}.source_id = ? AND {0}.site = ? AND {0}.kind = ? AND {0}.key = w.{1}"
        rows = self.roster.execute(
            "SELECT w.key, w.content, w.role, CASE WHEN l.key IS NULL THEN 0 ELSE 1 END, l.remote_id, a.remote_id, b.remote_id "
            f"FROM moodle_wanted w {link.format('l', 'key')} {link.format('a', 'one')} {link.format('b', 'other')} "
            f"WHERE w.kind = ? AND w.key > ? AND w.content <> '' AND {test} ORDER BY w.key LIMIT ?",
            (
                *(self.source_id, self.site, kind, self.source_id, self.site, one, self.source_id, self.site, other),
                *(kind, after, limit),
            ),
        ).fetchall()
        return [Difference(key, content, role, bool(known), *ids) for key, content, role, known, *ids in rows]

    def gone(self, kind: str, *, after: str = "", limit: int = 1) -> list[Gone]:
        """What was made and is wanted no longer, by keys after one."""
        rows = self.roster.execute(
            f"SELECT l.key, l.remote_id {GONE} AND l.key > ? ORDER BY l.key LIMIT ?",
            (self.source_id, self.site, kind, after, limit),
        ).fetchall()
        return [Gone(*row) for row in rows]

    def counts(self, kind: str) -> dict[str, int]:
        """How many things of a kind are lacking, otherwise, wanted no longer, and there and active."""
        link = (
            "FROM moodle_wanted w LEFT JOIN moodle_links l ON l.source_id = ? AND l.site = ? AND l.kind = w.kind "
            "AND l.key = w.key WHERE w.kind = ? AND w.content <> '' AND"
        )
        told = (self.source_id, self.site, kind)
        count = self.roster.value
        return {
            "create": int(count(f"SELECT COUNT(*) {link} l.key IS NULL", told)),
            "update": int(count(f"SELECT COUNT(*) {link} {OTHERWISE}", told)),
            "suspend": int(count(f"SELECT COUNT(*) {GONE}", told)),
            "there": int(
                count(
                    "SELECT COUNT(*) FROM moodle_links WHERE source_id = ? AND site = ? AND kind = ? AND state = 'active'",
                    told,
                )
            ),
        }

    def remote_id(self, kind: str, key: str) -> int | None:
        """Moodle's id of a thing."""
        found = self.roster.value(
            "SELECT remote_id FROM moodle_links WHERE source_id = ? AND site = ? AND kind = ? AND key = ?",
            (self.source_id, self.site, kind, key),
        )
        return None if found is None else int(found)

    def other_role(self, one: str, other: str) -> bool:
        """Whether an enrolment with any role is wanted of the same course and user."""
        return bool(
            self.roster.value(
                "SELECT 1 FROM moodle_wanted WHERE kind = 'enrolment' AND key > ? AND key < ? LIMIT 1",
                (f"{one}\n{other}\n", f"{one}\n{other}\x0b"),
            )
        )

    def note(self, kind: str, rows: Sequence[tuple[str, int | None, str]]) -> None:
        """Remembers what Moodle has now: (key, Moodle's id, content)."""
        moment = now()
        self.roster.execute_many(
            "INSERT INTO moodle_links (source_id, site, kind, key, remote_id, content, state, updated_at) "
            "VALUES (?, ?, ?, ?, ?, ?, 'active', ?) ON CONFLICT (source_id, site, kind, key) DO UPDATE SET "
            "remote_id = excluded.remote_id, content = excluded.content, state = 'active', updated_at = excluded.updated_at",
            [(self.source_id, self.site, kind, *row, moment) for row in rows],
        )

    def note_gone(self, kind: str, keys: Sequence[str]) -> None:
        """Remembers what is suspended there now."""
        moment = now()
        self.roster.execute_many(
            "UPDATE moodle_links SET state = 'suspended', updated_at = ? "
            "WHERE source_id = ? AND site = ? AND kind = ? AND key = ?",
            [(moment, self.source_id, self.site, kind, key) for key in keys],
        )


OTHERWISE = "(l.content <> w.content OR l.state <> 'active')"
"""SQL: Moodle was told something else, or that it is no longer there."""

GONE = (
    "FROM moodle_links l WHERE l.source_id = ? AND l.site = ? AND l.kind = ? AND l.state = 'active' AND NOT EXISTS "
    "(SELECT 1 FROM moodle_wanted w WHERE w.kind = l.kind AND w.key = l.key)"
)
"""SQL: what was made and is wanted no longer."""
