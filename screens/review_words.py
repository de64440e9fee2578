"""The usher: what Review says of a held run: the question, its groups, and what approving and discarding do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screens.fitting import clean
from screens.sync_words import Parts, counts_parts, next_step
from screens.words import counted, outcome

if TYPE_CHECKING:
    from oneroster_tui.roster.queries import RunRow

WHY = {"created": "new at the provider", "updated": "changed at the provider", "reactivated": "listed again"}
"""Why, where the audit has no reason."""

READING = "Reading what is held…"
NOTHING = "Nothing here."
NEITHER = "This run changed nothing and holds nothing."
ALL = "all it did and holds"
ALL_HELD = "all that is held"
NOT_DONE_YET = "It is still there, as below; nothing is done with it yet.\n"
LEAVE_IT = "Leave it"
DISCARD = "Discard what is held?"
DISCARD_ACT = "Discard the hold"
DISCARDED = "Discarded"


def question_parts(run: RunRow, at: str, *, waits: bool) -> Parts:
    """What is asked, and what was done already.

    Args:
        at: when the run ended.
        waits: whether it still waits for a decision.
    """
    look = outcome(run.outcome)
    done = {action: run.total(action) for action in ("created", "updated", "reactivated", "problems", "unchanged")}
    held = f"  {counted(run.total('held'), 'removal')} held by a guard; nothing of them is done."
    parts: Parts = [
        (str(look), f"bold {look.style}"),
        (f"  run {run.id}, {at}", "dim"),
        f"{held}\n" if waits else "\n",
        ("Done already: ", "dim"),
        *counts_parts(done, 60),
        "\n",
    ]
    if waits:
        return [*parts, *next_step(("a", "approves"), ("d", "discards"), ("esc", "leaves it for later: nothing goes"))]
    return [
        *parts,
        (f"Decided: {clean(run.decision) or 'nothing is held'}.", "bold"),
        "  ",
        ("esc", "bold $accent"),
        " goes back",
    ]


def decided_already(run: RunRow) -> str:
    """Why there is nothing to decide."""
    return f"Run {run.id} waits for no decision: {run.decision or 'nothing is held'}."


def approve(held: int) -> tuple[str, str]:
    """The question before removals are made, and the button that makes them."""
    many = counted(held, "removal")
    return f"Approve {many}?", f"Make {many}"


def approving(held: int, policy: str) -> str:
    """What approving does; `policy` says what becomes of who goes."""
    return (
        f"The provider is asked once more. What it still does not list {policy} "
        f"Where that is more than {held:,} by then, nothing is removed and all is held again."
    )


def discarding(held: int) -> str:
    """What discarding does."""
    return (
        f"None of the {counted(held, 'removal')} is made, and the hold is closed. The next sync looks again, and "
        "holds them again where the provider still does not list them."
    )


def discarded(count: int) -> str:
    """What discarding did."""
    return f"None of the {counted(count, 'removal')} was made."
