"""The table of quirks: what each does to a good provider, what must be in the roster all the same, what the operator sees.

A quirk is a function that replaces a habit of a `LabProvider`, or changes its rows, under the decorator `quirk`. The table
is what `test_quirks` walks through and what docs/providers.md is made of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.provider_lab.district import SCHOOLS, Rows, Version
from tests.provider_lab.server import LabProvider

Wire = Callable[[LabProvider], None]
Truth = Callable[[Rows], None]
Seen = tuple[str, str, str, str]
"""A problem: entity, sourcedId, severity, code."""

MAPPED = ("student", "teacher", "parent", "guardian", "relative")


def as_it_is(rows: Rows) -> None:
    """The roster holds what a good provider's would."""


def nothing(rows: Rows) -> None:
    """The roster stays empty."""
    for found in rows.values():
        found.clear()


@dataclass(frozen=True)
class Quirk:
    """One row of the table.

    Attributes:
        number: in the order of the field notes' list, for sorting; 0 is the good provider.
        who: who is publicly known to do it.
        ours: what we do about it.
        truth: changes a good district's rows to those that a first sync must find.
        held: the same for a sync of a roster that held the good district; like `truth` when None.
        code, held_code: how those two end; like `code` when None.
        problems: what both syncs must report; `held_problems`: the second one, where it is another.
        says: words that the operator sees, in the log or as the error.
        base: put behind the server's root to make `root_url`.
        connection, sync: settings that differ from the defaults.
    """

    name: str
    title: str
    number: int
    who: str
    ours: str
    wire: Wire
    version: Version = "1.1"
    truth: Truth = as_it_is
    held: Truth | None = None
    code: int = 0
    held_code: int | None = None
    problems: frozenset[Seen] = frozenset()
    held_problems: frozenset[Seen] | None = None
    says: str = ""
    base: str = ""
    token: str = "/token"
    schools: tuple[str, ...] = SCHOOLS
    mapped: tuple[str, ...] = MAPPED
    connection: Mapping[str, Any] = field(default_factory=dict)
    sync: Mapping[str, Any] = field(default_factory=dict)


QUIRKS: dict[str, Quirk] = {}
"""By name, in the order of definition."""


def quirk(
    number: int, title: str, *, who: str = "", ours: str, problems: tuple[Seen, ...] = (), **more: Any
) -> Callable[[Wire], Wire]:
    """Puts a function that makes a provider quirky into the table."""

    def enter(wire: Wire) -> Wire:
        name = wire.__name__
        assert name not in QUIRKS
        if "held_problems" in more:
            more["held_problems"] = frozenset(more["held_problems"])
        QUIRKS[name] = Quirk(name, title, number, who, ours, wire, problems=frozenset(problems), **more)
        return wire

    return enter


def without(**ids: str | tuple[str, ...]) -> Truth:
    """A truth that lacks some rows: `without(enrollments="e1", users=("u1", "u2"))`."""

    def change(rows: Rows) -> None:
        for collection, gone in ids.items():
            names = (gone,) if isinstance(gone, str) else gone
            rows[collection] = [row for row in rows[collection] if row["sourcedId"] not in names]

    return change


def with_fields(collection: str, sourced_id: str, **fields: Any) -> Truth:
    """A truth in which one row has other fields."""

    def change(rows: Rows) -> None:
        next(row for row in rows[collection] if row["sourcedId"] == sourced_id).update(fields)

    return change
