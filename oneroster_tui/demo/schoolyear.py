"""The demo room, school year: which year is running, its sessions, and when a record was last modified.

The year has no gap: it runs from 1 August to 31 July, so on any day a term and a grading period are under way. The
sourcedIds say nothing of the year, so a demo database lives on into the next one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

from oneroster_tui.records import AcademicSession

YEAR = "session-year"
TERMS = ("session-term-1", "session-term-2")
ALL_YEAR = TERMS
"""The terms of a class that runs the whole year."""


def start_year(today: date) -> int:
    """The calendar year in which the school year that holds `today` began."""
    return today.year if today.month >= 8 else today.year - 1


def local_today() -> date:
    """The date where this machine is."""
    return datetime.now(tz=UTC).astimezone().date()


def span(start: int, terms: tuple[str, ...]) -> tuple[str, str]:
    """First day and exclusive end (`YYYY-MM-DD`) of a class that is given in `terms`, one or both."""
    turn = f"{start + 1}-01-15"
    return (f"{start}-08-01" if TERMS[0] in terms else turn, f"{start + 1}-08-01" if TERMS[1] in terms else turn)


def sessions(start: int, rng: Random) -> list[AcademicSession]:
    """The year, two terms, four grading periods, and two grading periods that were given up."""
    first, turn, last = f"{start}-08-01", f"{start + 1}-01-15", f"{start + 1}-08-01"
    autumn, spring = f"{start}-10-20", f"{start + 1}-04-05"
    rows = [
        (YEAR, f"School year {start}/{(start + 1) % 100:02d}", "schoolYear", first, last, None, True),
        (TERMS[0], "Term 1", "term", first, turn, YEAR, True),
        (TERMS[1], "Term 2", "term", turn, last, YEAR, True),
        ("session-gp-1", "Quarter 1", "gradingPeriod", first, autumn, TERMS[0], True),
        ("session-gp-2", "Quarter 2", "gradingPeriod", autumn, turn, TERMS[0], True),
        ("session-gp-3", "Quarter 3", "gradingPeriod", turn, spring, TERMS[1], True),
        ("session-gp-4", "Quarter 4", "gradingPeriod", spring, last, TERMS[1], True),
        ("session-gp-5", "Interim report 1", "gradingPeriod", first, autumn, TERMS[0], False),
        ("session-gp-6", "Interim report 2", "gradingPeriod", turn, spring, TERMS[1], False),
    ]
    return [
        AcademicSession(
            sourced_id=sourced_id,
            status="active" if kept else "tobedeleted",
            date_last_modified=opening_time(start, rng),
            title=title,
            type=kind,
            start_date=begin,
            end_date=end,
            school_year=str(start + 1),
            parent_sourced_id=parent,
        )
        for sourced_id, title, kind, begin, end, parent, kept in rows
    ]


def opening_time(start: int, rng: Random) -> str:
    """A `dateLastModified` in the weeks before the school year: when day 1's records were typed in."""
    return _stamp(datetime(start, 6, 1, tzinfo=UTC) + timedelta(milliseconds=rng.randrange(58 * 86_400_000)))


def day_time(start: int, day: int, rng: Random) -> str:
    """A `dateLastModified` in the night of demo day `day` (2 is 2 August): later than all earlier days."""
    night = datetime(start, 8, 1, 2, tzinfo=UTC) + timedelta(days=day - 1)
    return _stamp(night + timedelta(milliseconds=rng.randrange(3_600_000)))


def day_date(start: int, day: int) -> str:
    """The date of demo day `day`, on which an enrollment of that day begins or ends."""
    return (date(start, 8, 1) + timedelta(days=day - 1)).isoformat()


def _stamp(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
