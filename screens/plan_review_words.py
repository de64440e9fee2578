"""The estimate: what a plan of this session came to, before it is done, and what to press next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screens.fitting import clean, fit
from screens.sync_words import Parts, next_step, short, table_parts
from screens.words import took

if TYPE_CHECKING:
    from oneroster_tui.roster.queries import RunRow
    from oneroster_tui.sync.events import RunEnded
    from screens.feed import RunSnapshot

ROOMY = 96
"""Cells from which on there is room for more of the reasons: those of a screen that is `-wide`."""


def plan_parts(snapshot: RunSnapshot, ended: RunEnded, hold: RunRow | None, width: int) -> Parts:
    """What a plan came to: that nothing was written, what a guard would hold, the sums, and what to press next.

    Args:
        ended: its end.
        hold: a held run that waits for a decision.
    """
    parts: Parts = [
        ("◇ plan", "bold"),
        (f"  run {ended.run_id}, took {took(ended.seconds)}: nothing was written.", "dim"),
        "\nA plan keeps its sums and its problems; row by row it is told in the log below.",
    ]
    notes = [clean(note.text) for note in snapshot.notes]
    parts += [f"\n{fit(text, width)}" for text in short(notes, 5 if width >= ROOMY else 3, "reasons")]
    parts += table_parts(ended.counts, width)
    steps = [("s", "does it"), *([("v", f"reviews run {hold.id}, which is held")] if hold else [])]
    return [*parts, "\n", *next_step(*steps, ("esc", "goes back"))]
