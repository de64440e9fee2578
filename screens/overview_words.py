"""What the Overview says: the checklist of a first start, the state of a running one, and the last runs as a sparkline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p
from typing import TYPE_CHECKING

from textual.content import Content

from oneroster_tui.errors import RosterError
from screens.desk import Desk
from screens.fitting import clean
from screens.words import NOTHING_SYNCED, ago, counted, outcome, took, when

if TYPE_CHECKING:
    from oneroster_tui.roster.queries import RunRow

BARS = "▁▂▃▄▅▆▇█"
MARKS = {"held": "▲", "incomplete": "▲", "failed": "✗", "interrupted": "✗", "stopped": "■"}

Said = tuple[Content, str]
"""A text, and the mode its next step leads to."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the checklist."""

    done: bool
    title: str
    text: str
    key: str
    mode: str


def steps(desk: Desk, runs: Sequence[RunRow]) -> list[Step]:
    """The four steps from nothing to a first sync."""
    settings = desk.settings
    missing = [name.rpartition(".")[2].replace("_", " ") for name in settings.connection.missing()]
    schools = len(settings.schools.sync)
    mapped = sum(1 for local in settings.role_mapping.values() if local)
    lacking = f"missing: {', '.join(missing)}" if len(missing) < 3 else "not set up yet"
    connection = "the demo provider is starting" if desk.demo_pending else lacking
    return [
        Step(not missing, "Connection", connection if missing else "set", "2", "connection"),
        Step(bool(schools), "Schools", f"{schools} selected" if schools else "none selected yet", "4", "schools"),
        Step(bool(mapped), "Roles", f"{mapped} mapped" if mapped else "none mapped yet", "3", "roles"),
        Step(
            bool(runs), "First plan", "made: read it, then sync" if runs else "shows what a sync would do", "5", "sync"
        ),
    ]


def checklist(desk: Desk, runs: Sequence[RunRow]) -> Said:
    """The checklist of a first start."""
    listed = steps(desk, runs)
    following = next((step for step in listed if not step.done), listed[-1])
    parts: list[str | tuple[str, str]] = [
        (NOTHING_SYNCED, "bold"),
        " Four steps to the first sync:\n",
    ]
    for number, step in enumerate(listed, 1):
        here = step is following
        mark, tone = ("✓", "$success") if step.done else ("▸", "bold $accent") if here else ("○", "dim")
        parts += [
            (f"\n {mark} {number}. {step.title:<12}", tone),
            (f"{step.text:<34}", "" if here else "dim"),
            (f" press {step.key}" if here else "", "bold $accent"),
        ]
    if desk.keeper.is_new and not desk.options.demo:
        parts.append((f"\n\nThere is no {desk.keeper.path} yet; saving the connection makes it.", "dim"))
        parts.append(("\nTo look around first: oneroster-tui --demo", "dim"))
    return Content.assemble(*parts), following.mode


def unreadable(error: RosterError) -> Said:
    """That the roster cannot be read, and what to do."""
    return Content.assemble(
        (f"✗ {error.what}", "bold $error"), f"\n{error.where}\n", ("Next: ", "dim"), error.do
    ), "history"


def headline(desk: Desk, hold: RunRow | None) -> Said:
    """How the roster is, in a sentence; the last run; and the next step."""
    state, now = desk.state, desk.now()
    last, good = state.last, state.good
    tone, text, step, mode = "success", "✓ The roster is fresh.", "", "history"
    limit = desk.settings.sync.max_age_hours
    if last is not None and last.outcome in ("failed", "incomplete", "interrupted"):
        look = outcome(last.outcome)
        tone, text = look.tone, f"{look.glyph} The last run {'was' if look.word != 'failed' else 'has'} {look.word}."
        step = "5 tries again · 8 tells more"
        mode = "sync"
    elif good is None or good.finished_at is None or age_hours(good, desk) > limit:
        since = (
            f"the last good run was {ago(good.finished_at, now)}" if good and good.finished_at else "no run went well"
        )
        tone, text, step, mode = "warning", f"▲ The roster is stale: {since}.", "5 syncs", "sync"
    if hold is not None:
        tone, mode = "warning", "sync"
        text = f"▲ {counted(hold.total('held'), 'removal')} held: your decision is waited for."
        step = "5 shows what, and why"
    missing = desk.settings.missing()
    if missing and not desk.demo_pending:
        step, mode = (
            ("4: no school is selected", "schools")
            if missing == ("schools.sync",)
            else ("2: no connection yet", "connection")
        )
    parts: list[str | tuple[str, str]] = [(text, f"bold ${tone}")]
    if last is not None:
        parts += ["\n", *run_sentence(last, desk)]
    if step:
        parts += ["\n", ("Next: ", "dim"), (step, "bold $accent")]
    return Content.assemble(*parts), mode


def age_hours(run: RunRow, desk: Desk) -> float:
    """How old a run is."""
    from screens.words import parse

    now = desk.now()
    return (now - parse(run.finished_at or run.started_at, now)).total_seconds() / 3600


def run_sentence(run: RunRow, desk: Desk) -> list[str | tuple[str, str]]:
    """A run in two lines: how it ended and when; what it did."""
    now, look = desk.now(), outcome(run.outcome)
    ended = run.finished_at or run.started_at
    parts: list[str | tuple[str, str]] = [
        (f"Run {run.id} ", "dim"),
        (str(look), look.style),
        (f" {when(ended, now)}, {ago(ended, now)}, took {took(run.seconds) or '?'}\n", "dim"),
        " · ".join(counts_words(run)),
    ]
    if run.outcome not in ("done", "held"):
        parts += ["\n", clean(run.message, 200)]
    return parts


def counts_words(run: RunRow) -> list[str]:
    """What a run did, in counts."""
    return [
        f"created {run.total('created'):,}",
        f"updated {run.total('updated', 'reactivated'):,}",
        f"suspended {run.total('suspended', 'removed', 'deleted'):,}",
        f"problems {run.total('problems'):,}",
    ]


def recent_runs(runs: Sequence[RunRow]) -> Content:
    """The last runs, oldest first: a bar for how much each changed, below it a mark where one did not go well."""
    shown = [run for run in reversed(runs) if run.mode != "plan"]
    sizes = [log1p(changed(run)) for run in shown]
    top = max(sizes, default=0.0) or 1.0
    bars = "".join(BARS[round(size / top * (len(BARS) - 1))] for size in sizes)
    marks = [MARKS.get(run.outcome, " ") for run in shown]
    parts: list[str | tuple[str, str]] = [(f"Last {counted(len(shown), 'run')}  ", "dim"), (bars, "$primary")]
    if any(mark != " " for mark in marks):
        label = "▲ held  ✗ failed"
        parts += ["\n", " " * (len(f"Last {counted(len(shown), 'run')}  ")), ("".join(marks), "$warning")]
        parts += [f"  {label}"]
    return Content.assemble(*parts)


def changed(run: RunRow) -> int:
    """How many rows a run changed."""
    return run.total("created", "updated", "reactivated", "suspended", "removed", "deleted")
