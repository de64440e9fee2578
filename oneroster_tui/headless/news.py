"""What people and programs outside are told of a run: no names of people, no secrets, only how it ended."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from oneroster_tui import __version__
from oneroster_tui.errors import ExitCode
from oneroster_tui.sync.events import RunEnded, table

Topic = Literal["run", "age"]
Kind = Literal["failure", "hold", "stale", "recovery", "test"]

QUIET = (ExitCode.LOCKED, ExitCode.BLACKOUT, ExitCode.INTERRUPTED, ExitCode.TERMINATED)
"""Ends that nobody is told of: another run is at it, nothing was to be done, or somebody stopped it. Where one of them hides
that the roster grows old, the age tells."""


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended; `run_id` is None where it ended before it had a number, `message` names nobody."""

    mode: str
    outcome: str
    exit_code: ExitCode
    message: str
    run_id: int | None = None
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def state(self) -> str | None:
        """What there is to tell: `good`, `held`, `failed 7`; None where there is nothing."""
        match self.exit_code:
            case ExitCode.DONE | ExitCode.RECORD_PROBLEMS:
                return "good"
            case ExitCode.HELD:
                return "held"
            case code if code in QUIET:
                return None
            case code:
                return f"failed {int(code)}"


@dataclass(frozen=True, slots=True)
class News:
    """One notification. `at`: UTC, ISO 8601; `age_hours`: since the last good run, None where there never was one."""

    kind: Kind
    source: str
    at: str
    end: End | None = None
    age_hours: float | None = None

    @property
    def headline(self) -> str:
        """One line: the subject of a mail."""
        run = f" (run {self.end.run_id})" if self.end and self.end.run_id is not None else ""
        match self.kind:
            case "failure":
                what = f"the sync failed with exit code {self.end.exit_code if self.end else 1}{run}"
            case "hold":
                what = f"removals are held and wait for a decision{run}"
            case "stale":
                what = "the roster is old: " + (
                    f"the last good run was {self.age_hours:.0f} hours ago"
                    if self.age_hours is not None
                    else "no run went well yet"
                )
            case "recovery":
                what = f"the sync works again{run}"
            case "test":
                what = "this is a test"
        return f"{self.source}: {what}"

    @property
    def todo(self) -> str:
        """What the reader can do."""
        match self.kind:
            case "failure":
                return "See `oneroster-tui status` and `oneroster-tui history` on that machine."
            case "hold":
                run = self.end.run_id if self.end else "RUN"
                return f"See what is held: `oneroster-tui log {run}`. Then: `oneroster-tui approve {run}`, or `discard {run}`."
            case "stale":
                return "See `oneroster-tui status` on that machine: does anything start the sync?"
            case "recovery" | "test":
                return ""

    def facts(self) -> dict[str, Any]:
        """The JSON object; `text` is what chat services show."""
        end = self.end
        return {
            "event": self.kind,
            "text": f"{self.headline}. {end.message if end else ''}".strip(),
            "source": self.source,
            "outcome": end.outcome if end else self.kind,
            "exit_code": int(end.exit_code) if end else int(self.kind == "stale"),
            "message": end.message if end else self.headline,
            "run": end.run_id if end else None,
            "counts": {name: dict(actions) for name, actions in end.counts.items()} if end else {},
            "age_hours": None if self.age_hours is None else round(self.age_hours, 1),
            "host": socket.gethostname(),
            "at": self.at,
            "program": f"oneroster-tui {__version__}",
        }

    def letter(self) -> str:
        """The text of a mail."""
        lines = [f"{self.headline}.", ""]
        if self.end:
            end = RunEnded(
                self.end.run_id or 0, self.end.outcome, self.end.exit_code, "", self.end.counts, self.end.seconds
            )
            lines += [self.end.message, "", *table(end), ""]
        lines += [self.todo, "", f"oneroster-tui {__version__} on {socket.gethostname()}, {self.at}"]
        return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"
