"""Every read that a command, a screen or an export makes of the roster, one file a subject; the names stand here."""

from oneroster_tui.roster.queries.audit import ChangeRow, ProblemRow, changes, changes_of, differences, problems
from oneroster_tui.roster.queries.listing import Listing, Row, Window, containing
from oneroster_tui.roster.queries.past import (
    GOOD,
    RunningRow,
    RunRow,
    age_hours,
    last_run,
    pending_hold,
    run,
    running_run,
    runs,
)

__all__ = [
    "GOOD",
    "ChangeRow",
    "Listing",
    "ProblemRow",
    "Row",
    "RunRow",
    "RunningRow",
    "Window",
    "age_hours",
    "changes",
    "changes_of",
    "containing",
    "differences",
    "last_run",
    "pending_hold",
    "problems",
    "run",
    "running_run",
    "runs",
]
