"""What a run's screen says: a change in a line and in full, a group of problems in a line."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from textual.content import Content

from oneroster_tui.roster import queries
from oneroster_tui.roster.queries import ChangeRow, ProblemGroup, Row
from oneroster_tui.roster.queries.audit import UNTOLD
from oneroster_tui.sync.events import REASONS
from screens.fitting import clean
from screens.sync_words import COLUMNS
from screens.widgets.columns import Cell

CHANGING = tuple(
    action for column, actions in COLUMNS if column in ("created", "updated", "removed") for action in actions
)
"""What a run did to rows, as its counts name it; all else left them as they were."""

NO_LOG = "The log is kept only as long as this session lasts; c shows what the run changed."
ALL_USED = "Every record of this run could be used."
LOOKING = "What taking the run back would do is being looked at; nothing is changed."
NO_CHANGE = "This run changed nothing."
TONES = {"created": "success", "updated": "accent", "reactivated": "accent", "held": "warning", "waiting": "warning"}
GLYPHS = {"created": "+", "updated": "~", "reactivated": "~", "held": "▲", "waiting": "▲", "kept": "=", "missing": "?"}
"""An action's glyph; removals, done, have a minus."""


def change_cells(row: Row) -> list[str | Cell]:
    """A change's cells."""
    change = queries.change_of(row)
    glyph = GLYPHS.get(change.action, "-")
    reason = REASONS.get(change.reason, change.reason)
    said = "; ".join(differences(change)) or reason
    return [Cell(f"{glyph} {change.action}", TONES.get(change.action, "error")), change.entity, named(change), said]


def differences(change: ChangeRow) -> list[str]:
    """What differs, column by column: `email: a@x → b@x`."""
    before, after = change.before or {}, change.after or {}
    return [
        f"{column}: {told(old)} → {told(after.get(column))}"
        for column, old in before.items()
        if after and column not in UNTOLD and old != after.get(column)
    ]


def named(change: ChangeRow) -> str:
    """Whom a change concerns, as well as its row tells."""
    row: dict[str, Any] = change.after or change.before or {}
    full = " ".join(str(row[key]) for key in ("given_name", "family_name") if row.get(key))
    return full or str(row.get("title") or row.get("name") or change.sourced_id)


def problem_cells(row: Row) -> list[str | Cell]:
    """A group's cells."""
    group: ProblemGroup = row.values[0]
    mark = Cell("✗ error", "error") if group.severity == "error" else Cell("▲ warning", "warning")
    return [mark, f"{group.count:,}", group.code, group.entity, group.example]


def before_after(change: ChangeRow) -> Content:
    """The row before and after, column by column; what differs is marked."""
    before, after = change.before or {}, change.after or {}
    parts: list[str | tuple[str, str]] = []
    if change.reason:
        parts.append((f"Why: {REASONS.get(change.reason, change.reason)}\n", "bold"))
    columns = dict.fromkeys([*before, *after])
    width = max((len(column) for column in columns), default=0)
    for column in columns:
        old, new = told(before.get(column)), told(after.get(column))
        name = f"{column:<{width}}  "
        if not before or not after or old == new:
            parts.append((f"  {name}{new if after else old}\n", "dim" if before and after else ""))
        else:
            parts += [(f"~ {name}", "bold $accent"), old, (" → ", "dim"), (f"{new}\n", "bold")]
    if not before and after:
        parts.insert(0, ("New: there was nothing before.\n", "$success"))
    if before and not after:
        parts.insert(0, ("Gone: nothing is there after it.\n", "$error"))
    return Content.assemble(*parts)


def told(value: object) -> str:
    """A value as it may be shown; a list of roles or terms without its brackets."""
    if value is None or value in ("", "[]"):
        return "(none)"
    if isinstance(value, str) and value.startswith("["):
        with contextlib.suppress(ValueError):
            return clean("; ".join(map(element, json.loads(value))), 200)
    if isinstance(value, list):
        return clean("; ".join(map(element, value)), 200) or "(none)"
    return clean(str(value), 200)


def element(value: object) -> str:
    """One element of a stored list."""
    if isinstance(value, dict):
        return " ".join(str(part) for part in reversed(value.values()) if part)
    return str(value)


def undo_question(run: int, planned: str) -> tuple[str, str]:
    """The question before a run is taken back (its button says the same), and what that would do."""
    return f"Take back run {run}", f"{planned}\n\nWhat later runs changed since stays as it is."


def undone(run: int) -> str:
    """That a run was taken back."""
    return f"Run {run} was taken back"
