"""Every read that a command, a screen or an export makes of the roster, one file a subject; the names stand here."""

from oneroster_tui.roster.queries.past import GOOD, RunRow, age_hours, last_run, runs

__all__ = ["GOOD", "RunRow", "age_hours", "last_run", "runs"]
