"""A rung: one step of a check, whatever kind of provider is checked."""

from __future__ import annotations

from dataclasses import dataclass

from oneroster_tui.errors import ExitCode


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the check: what was tried, whether it went well, how long it took (seconds), and what to know of it.

    `deviates`: it did not go well, but a sync does without it.
    """

    name: str
    good: bool
    status: int | None
    seconds: float
    text: str
    exit_code: ExitCode = ExitCode.DONE
    deviates: bool = False
