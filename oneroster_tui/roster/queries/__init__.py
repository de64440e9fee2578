"""Every read that a command, a screen or an export makes of the roster, one file a subject; the names stand here."""

from oneroster_tui.roster.queries.audit import (
    ChangeRow,
    ProblemRow,
    change_row,
    changes,
    changes_of,
    differences,
    problems,
)
from oneroster_tui.roster.queries.listing import Listing, Row, Window, containing
from oneroster_tui.roster.queries.lists import (
    ProblemGroup,
    change_listing,
    change_of,
    problem_groups,
    problem_listing,
    problem_of,
    run_listing,
    run_of,
)
from oneroster_tui.roster.queries.overview import SchoolCounts, school_counts
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
from oneroster_tui.roster.queries.review import ChangeGroup, change_groups, group_listing
from oneroster_tui.roster.queries.schools import StoredOrg, stored_orgs

__all__ = [
    "GOOD",
    "ChangeGroup",
    "ChangeRow",
    "Listing",
    "ProblemGroup",
    "ProblemRow",
    "Row",
    "RunRow",
    "RunningRow",
    "SchoolCounts",
    "StoredOrg",
    "Window",
    "age_hours",
    "change_groups",
    "change_listing",
    "change_of",
    "change_row",
    "changes",
    "changes_of",
    "containing",
    "differences",
    "group_listing",
    "last_run",
    "pending_hold",
    "problem_groups",
    "problem_listing",
    "problem_of",
    "problems",
    "run",
    "run_listing",
    "run_of",
    "running_run",
    "runs",
    "school_counts",
    "stored_orgs",
]
