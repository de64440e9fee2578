"""The hatch: what a run says on its thread is collected here, and handed to the screen as one immutable piece per tick."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from oneroster_tui.errors import RosterSyncError
from oneroster_tui.sync.events import (
    HEADINGS,
    CollectionEnded,
    CollectionStarted,
    Decision,
    Event,
    Many,
    Note,
    PageTaken,
    ProblemFound,
    RunEnded,
    RunStarted,
    render,
)
from oneroster_tui.text import sanitise
from screens.log_book import Kind, LogLine

PENDING = 20_000
"""Log lines that may wait for a tick; older ones are dropped, and counted."""

NOTES = 60
"""Notes that are kept beside the log."""

ACTION_KINDS: dict[str, Kind] = {
    "created": "update",
    "updated": "update",
    "reactivated": "update",
    "unchanged": "skip",
}
"""The kind of a decision's line by its action; all others are removals, done or not."""

State = Literal["starting", "running", "stopping", "ended"]
Stage = Literal["waiting", "reading", "complete", "incomplete"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one collection is. `total` is the provider's word, None where it has none; `seconds` since it began."""

    entity: str
    stage: Stage = "waiting"
    received: int = 0
    total: int | None = None
    why: str = ""
    seconds: float = 0.0

    @property
    def fraction(self) -> float | None:
        """How much is done, 0 to 1; None where nobody knows."""
        if self.stage == "complete":
            return 1.0
        return min(1.0, self.received / self.total) if self.total else None

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.received / self.seconds if self.seconds > 0 else 0.0

    @property
    def eta(self) -> float | None:
        """Seconds to go; None before 5 % are done, when it would be a guess."""
        share = self.fraction
        if self.stage != "reading" or share is None or share < 0.05 or not self.total or not self.rate:
            return None
        return max(0.0, (self.total - self.received) / self.rate)


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """A run as it is at one tick.

    Args:
        state: "ended" once its thread is done: then `ended` or `error` says how.
        counts: action -> rows, over all collections; "problems" too.
        notes: what the operator should know: what goes and why, which guard holds it; the newest of them.
        lines: the log lines since the last snapshot.
        dropped: lines before them that were lost.
    """

    mode: str
    state: State = "starting"
    run_id: int | None = None
    seconds: float = 0.0
    progress: tuple[Progress, ...] = ()
    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[Note, ...] = ()
    lines: tuple[LogLine, ...] = field(default=(), repr=False)
    dropped: int = 0
    ended: RunEnded | None = None
    error: RosterSyncError | None = None

    @property
    def active(self) -> bool:
        """Whether it still works."""
        return self.state != "ended"

    @property
    def fraction(self) -> float | None:
        """How much of what is known to come has come, 0 to 1."""
        known = [one for one in self.progress if one.total]
        total = sum(one.total or 0 for one in known)
        return min(1.0, sum(one.received for one in known) / total) if total else None


def kind_of(event: Event) -> Kind:
    """The kind of an event's lines."""
    match event:
        case Decision() | Many():
            return ACTION_KINDS.get(event.action, "removal")
        case ProblemFound(problem):
            return "problem" if problem.severity == "error" else "warning"
        case Note(_, "warning"):
            return "warning"
        case CollectionEnded(complete=False):
            return "problem"
    return "info"


def lines_of(event: Event) -> list[LogLine]:
    """An event's lines; none for an event without words."""
    text = render(event)
    if text is None:
        return []
    kind = kind_of(event)
    return [LogLine(kind, line if line.isprintable() else printable(line)) for line in text.split("\n")]


def printable(line: str) -> str:
    """A line without control characters, its indentation kept: nothing a provider sent may speak to the terminal."""
    return " " * (len(line) - len(line.lstrip(" "))) + sanitise(line, 2000)


class RunFeed:
    """Between the run's thread, which calls `take`, and the screen's timer, which calls `drain`."""

    def __init__(self, mode: str) -> None:
        self._lock = threading.Lock()
        self._snapshot = RunSnapshot(mode)
        self._began = time.monotonic()
        self._progress = {entity: Progress(entity) for entity in HEADINGS}
        self._started: dict[str, float] = {}
        self._counts: dict[str, int] = {}
        self._lines: deque[LogLine] = deque(maxlen=PENDING)
        self._notes: deque[Note] = deque(maxlen=NOTES)
        self._dropped = 0
        self._stop = threading.Event()

    def stop(self) -> None:
        """Asks the run to end."""
        self._stop.set()

    def stopping(self) -> bool:
        """Whether somebody asked it to end; the run asks this often."""
        return self._stop.is_set()

    def take(self, event: Event) -> None:
        """Takes an event; called on the run's thread."""
        lines = lines_of(event)
        with self._lock:
            self._note(event)
            self._add(lines)

    def lines(self, lines: Sequence[LogLine]) -> None:
        """Takes lines that no event has."""
        with self._lock:
            self._add(lines)

    def finish(self, ended: RunEnded | None, error: RosterSyncError | None = None) -> None:
        """Notes that the run's thread is done, and how."""
        with self._lock:
            self._snapshot = replace(self._snapshot, state="ended", ended=ended, error=error)

    def drain(self) -> RunSnapshot:
        """The run as it is now, with the lines since the last call."""
        with self._lock:
            now = time.monotonic()
            snapshot = self._snapshot
            state = "stopping" if snapshot.active and self.stopping() else snapshot.state
            lines, self._lines = tuple(self._lines), deque(maxlen=PENDING)
            dropped, self._dropped = self._dropped, 0
            for entity, began in self._started.items():
                if self._progress[entity].stage == "reading":
                    self._progress[entity] = replace(self._progress[entity], seconds=now - began)
            return replace(
                snapshot,
                state=state,
                seconds=snapshot.ended.seconds if snapshot.ended else now - self._began,
                progress=tuple(self._progress.values()),
                counts=MappingProxyType(dict(self._counts)),
                notes=tuple(self._notes),
                lines=lines,
                dropped=dropped,
            )

    def _add(self, lines: Sequence[LogLine]) -> None:
        """Adds lines, and counts those that fall out."""
        self._dropped += max(0, len(self._lines) + len(lines) - PENDING)
        self._lines.extend(lines)

    def _note(self, event: Event) -> None:
        """Keeps count."""
        match event:
            case Decision(action=action):
                self._counts[action] = self._counts.get(action, 0) + 1
            case Many(action=action, count=count):
                self._counts[action] = self._counts.get(action, 0) + count
            case ProblemFound():
                self._counts["problems"] = self._counts.get("problems", 0) + 1
            case Note():
                self._notes.append(event)
            case PageTaken(entity, received, total):
                self._change(entity, received=received, total=total)
            case CollectionStarted(entity):
                self._started[entity] = time.monotonic()
                self._change(entity, stage="reading")
            case CollectionEnded(entity, received, complete, why):
                self._change(entity, stage="complete" if complete else "incomplete", received=received, why=why)
            case RunStarted(run_id):
                self._snapshot = replace(self._snapshot, state="running", run_id=run_id)
            case RunEnded():
                self._snapshot = replace(self._snapshot, ended=event)
                for entity, progress in self._progress.items():
                    if progress.stage == "reading" and event.outcome not in ("failed", "stopped"):
                        self._change(entity, stage="complete")

    def _change(self, entity: str, **facts: object) -> None:
        """Changes one collection's progress; a table outside the pull's seven gets its row with its first event."""
        began = self._started.get(entity)
        seconds = time.monotonic() - began if began is not None else 0.0
        before = self._progress.get(entity, Progress(entity))
        self._progress[entity] = replace(before, seconds=seconds, **facts)  # type: ignore[arg-type]
