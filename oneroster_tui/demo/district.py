"""The demo room, district: the same invented district on every machine, on day 1 or after some days of change."""

from __future__ import annotations

from datetime import date

from oneroster_tui.demo.days import advance
from oneroster_tui.demo.people import Timetable, move_in
from oneroster_tui.demo.registry import District, seeded
from oneroster_tui.demo.schools import open_schools
from oneroster_tui.demo.schoolyear import local_today, sessions, start_year

__all__ = ["District", "district"]


def district(day: int = 1, today: date | None = None) -> District:
    """The district on demo day `day` of the school year that holds `today` (default: the date here).

    Everything but the dates is the same in every school year, and within one everything is the same for a given day.

    Raises:
        ValueError: `day` is below 1.
    """
    if day < 1:
        raise ValueError(f"a demo day is a number from 1 on, not {day}")
    made = District(start_year=start_year(today or local_today()))
    made.academic_sessions.update((s.sourced_id, s) for s in sessions(made.start_year, seeded("sessions")))
    open_schools(made)
    move_in(made, seeded("people"))
    timetable = Timetable(made)
    for number in range(2, day + 1):
        advance(made, timetable, number)
    return made
