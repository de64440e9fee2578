"""Finding people among hundreds of thousands: by the beginnings of names and ids through the indexes, else anywhere."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence

from oneroster_tui.errors import RosterError
from oneroster_tui.roster.database import Roster
from oneroster_tui.roster.queries.listing import Listing, Row, Value, Window, containing

COLUMNS = ("family_name", "given_name", "username", "email", "identifier", "sourced_id")
"""Where people are looked for."""
FEW = 20_000
"""So many are found by the indexes and then sorted; where there are more, the sorted list is walked and soon has a page."""
STEPS = 20_000
"""SQLite's steps between two looks whether a search is still wanted."""

PEOPLE_SORTS = {
    "name": ("u.family_name", "u.given_name", "u.id"),
    "username": ("u.username", "u.id"),
    "email": ("u.email", "u.id"),
}
"""What people can be sorted by; each has its index."""

SHOWN = ("u.id", "u.sourced_id", "u.given_name", "u.family_name", "u.username", "u.email", "u.status", "u.enabled")

OF_SOURCE = "+u.source_id = (SELECT id FROM sources WHERE name = ?)"
"""The plus keeps SQLite from the index of sourcedIds: nearly everybody is of one source, so it would sort them all."""

LAST = "\U0010ffff"
"""Sorts behind every letter."""


class PeopleListing:
    """People to page through, each page with their roles. Rows: `person_of`.

    Args:
        source: the provider's name in the config.
        text: words; each has to begin a name or id of the person, in any case. Where nobody's does, or with `anywhere`,
            to stand somewhere within. A single letter has to begin what the list is sorted by.
        sort: of PEOPLE_SORTS.
    """

    def __init__(
        self, source: str, text: str = "", *, anywhere: bool = False, sort: str = "name", descending: bool = False
    ) -> None:
        self.source = source
        self.words = text.replace(",", " ").split()
        self.anywhere = anywhere
        self.order = PEOPLE_SORTS[sort]
        self.descending = descending
        self._choosing = threading.Lock()
        self._chosen: Listing | None = None
        self._superseded = threading.Event()

    def supersede(self) -> None:
        """Ends a search under way: somebody typed on. Called from any thread."""
        self._superseded.set()

    def count(self, roster: Roster) -> int:
        """How many people there are."""
        with self._watched(roster):
            return self._listing(roster).count(roster)

    def window(self, roster: Roster, window: Window) -> Sequence[Row]:
        """The people of a window."""
        with self._watched(roster):
            rows = self._listing(roster).window(roster, window)
            roles = roles_of(roster, [row.values[0] for row in rows])
            return [Row((*row.values, roles.get(row.values[0], ())), row.key) for row in rows]

    @contextlib.contextmanager
    def _watched(self, roster: Roster) -> Iterator[None]:
        """Stops a query once it is superseded, where the driver can."""
        if self._superseded.is_set():
            raise RosterError("Another search took this one's place.")
        watch = getattr(roster.database.connection(), "set_progress_handler", None)
        with roster.explained():
            if watch is None:
                yield
                return
            watch(self._superseded.is_set, STEPS)
            try:
                yield
            finally:
                watch(None, 0)

    def _listing(self, roster: Roster) -> Listing:
        """The list that finds the words the quickest way; chosen once, by whoever asks first."""
        with self._choosing:
            if self._chosen is None:
                self._chosen = self._choose(roster)
            return self._chosen

    def _choose(self, roster: Roster) -> Listing:
        """Chooses."""
        if not self.words:
            return self._where()
        if not self.anywhere:
            if [len(word) for word in self.words] == [1]:  # a tenth of all people: only by what the list is sorted by
                return self._where(spans(self.order[0], self.words[0]))
            few = candidates(roster, self.source, self.words)
            if len(few) > FEW:
                return self._where(*(begins(word) for word in self.words))
            if few:
                return self._where((f"u.id IN ({', '.join(map(str, few))})", ()))
        columns = [f"u.{column}" for column in COLUMNS]
        return self._where(*(containing(word, columns) for word in self.words))

    def _where(self, *conditions: tuple[str, tuple[Value, ...]]) -> Listing:
        """The people for whom conditions hold."""
        return Listing(
            SHOWN,
            "users u",
            self.order,
            (OF_SOURCE, *(condition for condition, _ in conditions)),
            (self.source, *(value for _, values in conditions for value in values)),
            self.descending,
        )


def people_listing(
    source: str, text: str = "", *, anywhere: bool = False, sort: str = "name", descending: bool = False
) -> PeopleListing:
    """People of a source, found by name, username, e-mail, identifier or sourcedId."""
    return PeopleListing(source, text, anywhere=anywhere, sort=sort, descending=descending)


def candidates(roster: Roster, source: str, words: Sequence[str]) -> list[int]:
    """Ids of the people with names or ids that begin with the words, one more than FEW at most.

    The longest word goes through the indexes, the others are looked for in what it finds.
    """
    first, *others = sorted(words, key=len, reverse=True)
    finds: list[str] = []
    values: list[Value] = []
    for column in ("family_name", "username", "email", "identifier", "given_name"):
        test, bounds = spans(column, first)
        finds.append(f"SELECT id FROM users WHERE {test}")  # of any source: the list itself asks for its own
        values += bounds
    for column, table in (("id", "users"), ("user_id", "user_ids")):
        for low, high in forms(first):  # one by one: within a source, SQLite would not use the index for an OR
            own = "source_id = (SELECT id FROM sources WHERE name = ?)"
            finds.append(f"SELECT {column} AS id FROM {table} WHERE {own} AND sourced_id >= ? AND sourced_id < ?")
            values += [source, low, high]
    rest = [begins(word) for word in others]
    where = "".join(f" AND {condition}" for condition, _ in rest)
    rows = roster.execute(
        f"SELECT DISTINCT u.id FROM ({' UNION ALL '.join(finds)}) f CROSS JOIN users u ON u.id = f.id WHERE 1 = 1{where} LIMIT ?",
        (*values, *(value for _, found in rest for value in found), FEW + 1),
    ).fetchall()
    return [int(one) for (one,) in rows]


def begins(word: str) -> tuple[str, tuple[Value, ...]]:
    """A condition that some name or id of `u` begins with a word, in any case, and its parameters."""
    tests = [spans(f"u.{column}", word) for column in COLUMNS]
    return f"({' OR '.join(test for test, _ in tests)})", tuple(value for _, values in tests for value in values)


def spans(column: str, word: str) -> tuple[str, tuple[str, ...]]:
    """A condition that a column begins with a word as typed, in lower, upper or title case: what an index can find."""
    bounds = forms(word)
    test = " OR ".join(f"{column} >= ? AND {column} < ?" for _ in bounds)
    return f"({test})", tuple(value for pair in bounds for value in pair)


def forms(word: str) -> list[tuple[str, str]]:
    """From where to where words stand that begin with this one, for each way to write it."""
    return [(form, form + LAST) for form in dict.fromkeys((word, word.lower(), word.title(), word.upper()))]


def roles_of(roster: Roster, users: Sequence[int]) -> dict[int, tuple[tuple[str, str], ...]]:
    """For each of some people: the roles, and the name of the school or other org of each; primary ones first."""
    if not users:
        return {}
    rows = roster.execute(
        "SELECT r.user_id, r.role, COALESCE(o.name, r.org_sourced_id) FROM user_roles r JOIN users u ON u.id = r.user_id "
        "LEFT JOIN orgs o ON o.source_id = u.source_id AND o.sourced_id = r.org_sourced_id "
        f"WHERE r.user_id IN ({', '.join('?' * len(users))}) ORDER BY r.user_id, r.role_type, 3, r.role",
        users,
    ).fetchall()
    found: dict[int, tuple[tuple[str, str], ...]] = {}
    for user, role, org in rows:
        found[user] = (*found.get(user, ()), (role, org))
    return found
