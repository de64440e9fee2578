"""The phrase book: times, durations, counts and outcomes in a person's words, each with its glyph and colour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from screens.dates import told_date

Clock = Callable[[], datetime]
"""Says what time it is, with a time zone: the person's."""

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is told: never by colour alone.

    Args:
        glyph: one cell wide.
        word: one or two words.
        tone: "success", "warning", "error", "accent" or "muted"; table cells take it as it is.
    """

    glyph: str
    word: str
    tone: str

    @property
    def style(self) -> str:
        """The tone as a style of Textual's content."""
        return "dim" if self.tone == "muted" else f"${self.tone}"

    def __str__(self) -> str:
        return f"{self.glyph} {self.word}"


OUTCOMES: dict[str, Look] = {
    "running": Look("▶", "running", "accent"),
    "done": Look("✓", "ok", "success"),
    "held": Look("▲", "held", "warning"),
    "incomplete": Look("▲", "incomplete", "warning"),
    "failed": Look("✗", "failed", "error"),
    "stopped": Look("■", "stopped", "muted"),
    "interrupted": Look("✗", "interrupted", "error"),
    "planned": Look("◇", "plan", "muted"),
}
"""How each outcome of a run looks; the words of `sync_runs.outcome`."""

MISTAKE = "config.toml has a mistake: press ! to read it, and correct it in an editor first."
DEMO_STARTS = "The demo provider is still starting."
NO_CONNECTION = "No connection yet: press 2."
NOTHING_SYNCED = "Nothing was synced yet."
NOTHING_HELD = "Nothing is held: no decision is waited for."
RUN_FIRST = "Wait for the end of the run."
EMPTY_LIST = "The list is empty."
"""Why something does not apply now, where two screens say so."""

NEVER = Look("○", "never", "muted")

STATUSES: dict[str, Look] = {
    "active": Look("●", "Active", "success"),
    "not current": Look("○", "Not current", "muted"),
    "suspended": Look("■", "Suspended", "warning"),
    "removed": Look("✗", "Removed", "muted"),
}
"""How the local status of a row looks; `not current` is active outside its dates."""


def outcome(word: str) -> Look:
    """How an outcome looks; an unknown one as itself."""
    return OUTCOMES.get(word, Look("?", word, "muted"))


def local_now() -> datetime:
    """This moment in the person's time zone."""
    return datetime.now(UTC).astimezone()


def parse(moment: str, now: datetime) -> datetime:
    """A stored time (UTC ISO 8601) in the person's time zone."""
    return datetime.fromisoformat(moment).astimezone(now.tzinfo)


def when(moment: str, now: datetime) -> str:
    """A stored time as a person says it: `03:10` today, `Mon 03:10` this week, else the date with it, in the reader's locale."""
    then = parse(moment, now)
    if then.date() == now.date():
        return f"{then:%H:%M}"
    if abs(now - then) < 6 * DAY:
        return f"{then:%a %H:%M}"
    return f"{told_date(then)} {then:%H:%M}"


def ago(moment: str, now: datetime) -> str:
    """How long ago a stored time was: `just now`, `5 min ago`, `14 h ago`, `3 d ago`."""
    seconds = (now - parse(moment, now)).total_seconds()
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    if seconds < 2 * 86400:
        return f"{int(seconds // 3600)} h ago"
    return f"{int(seconds // 86400)} d ago"


def took(seconds: float | None) -> str:
    """A duration: `0.7 s`, `12 s`, `3 min 12 s`, `1 h 05 min`; nothing for None."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 school`, `14 schools`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
