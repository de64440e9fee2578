"""The town crier: what the Sync screen says of a run: rows of progress, how it ended, and what to press next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from oneroster_tui.errors import RosterSyncError, RunLocked, Stopped
from screens.fitting import clean, fit
from screens.words import outcome, took

if TYPE_CHECKING:
    from oneroster_tui.roster.queries import ProblemGroup
    from screens.feed import Progress, RunSnapshot

Parts = list[str | tuple[str, str]]
"""Pieces of a text with their styles, for `Content.assemble`."""

LABELS = {"academic_sessions": "sessions"}
STAGES = {
    "waiting": ("○", "dim"),
    "reading": ("▶", "$accent"),
    "complete": ("✓", "$success"),
    "incomplete": ("▲", "$warning"),
}
EIGHTHS = " ▏▎▍▌▋▊▉"
DOING = {
    "full": "Syncing",
    "plan": "Planning",
    "approve": "Removing what was approved",
    "unguarded": "Syncing, guards off",
    "undo": "Taking a run back",
}

LOG_WILL_RUN = ("The log will run here.", "s", "starts a sync; p only plans one: nothing is written")
ELSEWHERE = "Another process runs it: it can be watched here; stop it where it was started."
STOP = "Stop this run?"
STOP_TEXT = "The roster stays as it was before the run: nothing half-done remains. The next run begins from the start."
STOP_ACT = "Stop it"
STOP_REST = "Let it go on"
NO_RUN = "No run yet: s starts one."
NO_LOG = "There is no log yet."

COLUMNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("created", ("created",)),
    ("updated", ("updated", "reactivated", "restored", "renamed")),
    ("unchanged", ("unchanged",)),
    ("removed", ("suspended", "removed", "deleted")),
    ("held", ("held", "waiting", "missing", "kept")),
    ("problems", ("problems",)),
)
"""The table of a run's end: a column, and the actions it counts."""

TONES = {"created": "$success", "updated": "$accent", "removed": "$error", "held": "$warning", "problems": "$error"}


def progress_parts(snapshot: RunSnapshot, width: int) -> Parts:
    """A run under way: a heading, a row for each collection, the counts."""
    clock = f"{int(snapshot.seconds) // 60}:{int(snapshot.seconds) % 60:02}"
    number = f"  run {snapshot.run_id}" if snapshot.run_id is not None else ""
    share = f"  {int(snapshot.fraction * 100)} %" if snapshot.fraction is not None else ""
    if snapshot.state == "stopping":
        heading: Parts = [("■ Stopping: the roster stays as it was", "bold $warning")]
    else:
        heading = [(f"▶ {DOING.get(snapshot.mode, 'Working')}", "bold $accent")]
    parts = [*heading, (f"{number}  {clock}{share}", "dim")]
    for one in snapshot.progress:
        parts += ["\n", *progress_row(one, width)]
    return [*parts, "\n", *counts_parts(snapshot.counts, width)]


def progress_row(one: Progress, width: int) -> Parts:
    """A collection: stage, name, done / total, a bar, rate and time to go."""
    glyph, tone = STAGES[one.stage]
    total = f"/{one.total:,}" if one.total is not None else ""
    done = "·" if one.stage == "waiting" else f"{one.received:,}{total}"
    rate = f"{one.rate:,.0f}/s" if one.stage == "reading" and one.received and one.seconds >= 0.5 else ""
    eta = f"~{took(one.eta) if one.eta >= 10 else f'{one.eta:.0f} s'}" if one.eta is not None and one.eta >= 1 else ""
    bar = bar_of(one.fraction, max(4, min(24, width - 51)))
    end = fit(f"{rate} {eta}".strip(), max(0, width - 34 - len(bar)))
    return [
        (f"{glyph} ", tone),
        (fit(LABELS.get(one.entity, one.entity), 13), "dim" if one.stage == "waiting" else ""),
        (fit(done, 16, "right") + "  ", "dim" if one.stage == "waiting" else ""),
        (bar, "$primary"),
        (f" {end}", "dim" if one.stage != "incomplete" else "$warning"),
    ]


def bar_of(share: float | None, width: int) -> str:
    """A bar of so many cells, in eighths."""
    if share is None:
        return " " * width
    whole, part = divmod(round(share * width * 8), 8)
    return ("█" * whole + (EIGHTHS[part] if part else "")).ljust(width)


def counts_parts(counts: Mapping[str, int], width: int) -> Parts:
    """The counts so far: `created 12 · updated 7 · unchanged 9,381`."""
    parts: Parts = []
    used = 0
    for word, actions in COLUMNS:
        count = sum(counts.get(action, 0) for action in actions)
        text = f"{word} {count:,}"
        if (count or word in ("created", "updated", "unchanged")) and used + len(text) + 3 <= width:
            parts += [(" · ", "dim")] if parts else []
            parts.append((text, f"bold {TONES[word]}" if count and word in TONES else ""))
            used += len(text) + 3
    return parts


def table_parts(counts: Mapping[str, Mapping[str, int]], width: int) -> Parts:
    """What a run did, a row for each table; columns without a number are left out, then those that do not fit."""
    shown = [
        (word, actions)
        for word, actions in COLUMNS
        if any(row.get(action) for row in counts.values() for action in actions)
    ]
    shown = shown[: max(1, (width - 15) // 10)]
    if not counts or not shown:
        return []
    parts: Parts = [("\n" + " " * 13 + "".join(f"{word:>10}" for word, _ in shown), "dim")]
    for entity, row in counts.items():
        figures = [(word, sum(row.get(action, 0) for action in actions)) for word, actions in shown]
        if any(count for _, count in figures):
            parts.append("\n" + fit(LABELS.get(entity, entity), 13))
            parts += [
                (f"{count or '·':>10,}" if count else f"{'·':>10}", TONES.get(word, "") if count else "dim")
                for word, count in figures
            ]
    return parts


def end_parts(snapshot: RunSnapshot, groups: Sequence[ProblemGroup], width: int, rows: int) -> Parts:
    """How a run of this session ended: outcome, what it did, its problems by cause, and what to press next.

    Args:
        rows: lines there are for it; notes and problems give way first.
    """
    if snapshot.error is not None:
        return error_parts(snapshot.error, snapshot.mode)
    ended = snapshot.ended
    if ended is None:
        return []
    look = outcome(ended.outcome)
    table = table_parts(ended.counts, width)
    parts: Parts = [
        (str(look), f"bold {look.style}"),
        (f"  run {ended.run_id}, took {took(ended.seconds)}", "dim"),
        f"\n{clean(ended.message, 400)}",
    ]
    lines = 3 + -(-len(clean(ended.message, 400)) // max(1, width)) + text_lines(table)
    guards = [note.text for note in snapshot.notes if note.text.startswith("Held by a guard")]
    room = max(1, rows - lines)
    for text in short(guards, min(3, room), "guards"):
        parts.append(("\n" + fit(f"▲ {clean(text)}", width), "$warning"))
        room -= 1
    parts += table
    parts += problem_parts(groups, width, max(1, room))
    return [*parts, "\n", *next_parts(ended.outcome, bool(groups))]


def text_lines(parts: Parts) -> int:
    """How many lines pieces take, each begun by its line break."""
    return sum((part if isinstance(part, str) else part[0]).count("\n") for part in parts)


def short(texts: Sequence[str], most: int, noun: str) -> list[str]:
    """At most so many texts; the last says how many more there are."""
    if len(texts) <= most:
        return list(texts)
    return [*texts[: most - 1], f"… {len(texts) - most + 1} more {noun}"]


def problem_parts(groups: Sequence[ProblemGroup], width: int, most: int) -> Parts:
    """The problems by root cause, the worst first."""
    lines = []
    for group in groups:
        mark = "✗" if group.severity == "error" else "▲"
        lines.append(f"{mark} {group.count:,} {group.code} ({group.entity}): {clean(group.example, 200)}")
    tones = {"✗": "$error", "▲": "$warning", "…": "dim"}
    return [("\n" + fit(line, width), tones[line[0]]) for line in short(lines, most, "kinds of problems: o lists them")]


def error_parts(error: RosterSyncError, mode: str) -> Parts:
    """A run that broke off: what happened, where, what to do, and that nothing was changed."""
    if isinstance(error, Stopped):
        return [
            ("■ Stopped", "bold"),
            "\nThe roster is as it was before: nothing half-done remains.\n\n",
            *next_step(("s", "syncs from the start"), ("p", "only plans")),
        ]
    parts: Parts = [(f"✗ {clean(error.what)}", "bold $error")]
    if error.where:
        parts.append((f"\nat: {clean(error.where)}", "dim"))
    if error.do:
        parts.append(f"\nNext: {clean(error.do)}.")
    if isinstance(error, RunLocked):
        return [*parts, "\nTwo never run at once: the other goes on as if nothing had happened."]
    parts.append("\nNothing was changed in the roster.\n\n")
    again = ("p", "plans again") if mode == "plan" else ("s", "tries again")
    return [*parts, *next_step(again, ("2", "tests the connection"))]


def next_parts(ended: str, problems: bool) -> Parts:
    """What to press after a run that came to its end."""
    look: tuple[str, str] = ("o", "shows each change" + (", p there each problem" if problems else ""))
    match ended:
        case "planned":
            return next_step(("s", "does it"), ("v", "shows what would go, and why"))
        case "held":
            return next_step(("v", "reviews what is held"), look)
        case "incomplete":
            return next_step(("s", "tries again"), look)
    return next_step(look, ("6", "Courses"), ("7", "People"))


def next_step(*steps: tuple[str, str]) -> Parts:
    """`Next: s syncs · p only plans`."""
    parts: Parts = [("Next: ", "dim")]
    for place, (key, words) in enumerate(steps):
        parts += [(" · ", "dim")] if place else []
        parts += [(key, "bold $accent"), f" {words}"]
    return parts
