"""The metrics: what Prometheus' node exporter reads from a text file, in its exposition format."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime

from oneroster_tui import __version__
from oneroster_tui.config import Settings
from oneroster_tui.headless.news import End
from oneroster_tui.roster import queries
from oneroster_tui.roster.database import Roster, now

PREFIX = "oneroster_tui_"
OUTCOMES = ("done", "held", "incomplete", "failed", "stopped", "interrupted", "blackout")

Sample = tuple[Mapping[str, str], float]


def write(settings: Settings, roster: Roster | None, end: End) -> None:
    """Replaces the text file, at once: its reader sees the old one or the new one.

    Raises:
        OSError: it cannot be written.
        RosterError: the roster cannot be read.
    """
    if not settings.monitoring.textfile:
        return
    path = settings.beside(settings.monitoring.textfile)
    text = "".join(lines(settings, roster, end))
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o644)  # the exporter is another user, and nothing in it is anybody's business alone
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def lines(settings: Settings, roster: Roster | None, end: End) -> Iterator[str]:
    """The file's lines."""
    for name, help_, samples in families(settings, roster, end):
        if samples:
            yield f"# HELP {PREFIX}{name} {help_}\n# TYPE {PREFIX}{name} gauge\n"
        for labels, value in samples:
            words = ",".join(f'{label}="{escaped(text)}"' for label, text in labels.items())
            yield f"{PREFIX}{name}{{{words}}} {value:.15g}\n"


def escaped(text: str) -> str:
    """A label's value as the format wants it."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def families(settings: Settings, roster: Roster | None, end: End) -> Iterator[tuple[str, str, list[Sample]]]:
    """Name, help and samples of each metric; one without samples is left out: unknown is not 0."""
    here = {"source": settings.source}
    last = queries.last_run(roster, settings.source) if roster else None
    good = queries.last_run(roster, settings.source, good=True) if roster else None
    hold = queries.pending_hold(roster, settings.source) if roster else None
    ended = now() if end.run_id is not None or last is None else last.finished_at
    yield "info", "The program's version.", [(here | {"version": __version__}, 1)]
    yield "last_run_timestamp_seconds", "When the last run ended.", moments(here, ended)
    yield (
        "last_good_run_timestamp_seconds",
        "When the last good run ended.",
        moments(here, good.finished_at if good else None),
    )
    yield "last_run_duration_seconds", "How long the last run took.", [(here, end.seconds)]
    yield "last_run_exit_code", "The last run's exit code.", [(here, int(end.exit_code))]
    outcomes: list[Sample] = [
        (here | {"outcome": outcome}, int(outcome == end.outcome)) for outcome in sorted({*OUTCOMES, end.outcome})
    ]
    yield "last_run_outcome", "1 for how the last run ended.", outcomes
    rows: list[Sample] = [
        (here | {"table": table, "action": action}, count)
        for table, actions in end.counts.items()
        for action, count in actions.items()
        if action != "problems"
    ]
    yield "last_run_rows", "What became of the rows in the last run.", rows
    problems: list[Sample] = [
        (here | {"table": table}, actions.get("problems", 0)) for table, actions in end.counts.items()
    ]
    yield "last_run_problems", "Records that the last run could not use.", problems
    held: list[Sample] = [(here, hold.total("held") if hold else 0)] if roster else []
    yield "held_removals", "Removals that wait for a decision.", held


def moments(labels: Mapping[str, str], moment: str | None) -> list[Sample]:
    """A stored time as a sample in Unix seconds; none where it is unknown."""
    return [(labels, datetime.fromisoformat(moment).timestamp())] if moment else []
