"""Records that a provider lists more than once under one sourcedId (quirk 11): the first counts, and no other is lost unsaid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from oneroster_tui.records import Problem
from oneroster_tui.sync.entities import Entity
from oneroster_tui.sync.stage import Stage

Rows = Sequence[Sequence[Any]]

CHUNK: Final = 500
"""How many ids are asked for at a time: SQLite takes 999 parameters at least."""


def from_other_pages(pages: Iterable[tuple[Rows, Rows]], again: int) -> int:
    """How many of the rows that were there already did not come on the very page that brought them first.

    Args:
        pages: of each page the rows to stage, and what is not kept of it; each begins with its sourcedId.
        again: how many of all these were there already.
    """
    return again - sum(len(rows) - len({row[0] for row in rows}) for page in pages for rows in page)


def differing(stage: Stage, entity: Entity, rows: Rows) -> Iterator[Problem]:
    """A warning for each row that says something else than the staged one with its sourcedId."""
    columns = ("sourced_id", *entity.columns)
    for start in range(0, len(rows), CHUNK):
        some = rows[start : start + CHUNK]
        marks = ", ".join("?" * len(some))
        found = stage.execute(
            f"SELECT {', '.join(columns)} FROM {entity.stage} WHERE sourced_id IN ({marks})", [row[0] for row in some]
        )
        staged = {row[0]: row for row in found.fetchall()}
        for row in some:
            first = staged[row[0]]
            other = [name for name, one, two in zip(columns, first, row, strict=False) if one != two]
            if other:
                yield _twice(entity, row[0], f"{', '.join(other)} differ; the first counts")


def contradicted(stage: Stage, entity: Entity) -> Iterator[Problem]:
    """A warning for each record that is listed both as one to keep and as one to go, or to leave out."""
    both = stage.execute(
        f"SELECT s.sourced_id, d.reason FROM {entity.stage} s JOIN dropped d ON d.entity = ? "
        "AND d.sourced_id = s.sourced_id ORDER BY s.sourced_id",
        (entity.table,),
    )
    for sourced_id, reason in both.fetchall():
        yield _twice(entity, sourced_id, f"once as {reason}; the other one counts")


def _twice(entity: Entity, sourced_id: str, what: str) -> Problem:
    message = f"listed more than once: {what}"
    return Problem(
        entity=entity.table, sourced_id=sourced_id, severity="warning", code="duplicate_sourced_id", message=message
    )
