"""Enrolment details: the facts of one enrolment, the provider's record, what runs did to it, parents and guardians."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult

from oneroster_tui.roster import queries
from screens.commands import Command, bindings
from screens.enrollment_words import GONE, NO_PERSON, Enrolled, sections
from screens.frame import FramedScreen
from screens.widgets.facts import FactSheet, Section
from styles import sheet

if TYPE_CHECKING:
    from oneroster_tui.roster.database import Roster


def gather(roster: Roster, enrollment: int, today: date, rule: str) -> Enrolled | None:
    """Asks the roster; runs on a reading thread."""
    row = queries.enrollment(roster, enrollment, today, rule)
    if row is None:
        return None
    return Enrolled(
        row,
        queries.past_changes(roster, row["source"], "enrollments", row["sourced_id"]),
        [one for one in queries.family(roster, row["user_id"]) if not one.child],
    )


class EnrollmentScreen(FramedScreen):
    """An enrolment, opened from Participants or from a person's classes.

    Args:
        enrollment: its local id.
    """

    CSS = sheet("courses")
    AUTO_FOCUS = "FactSheet"
    VERBS = (
        Command(
            "enrollment.person",
            "p",
            "Person",
            "Open the person.",
            "Courses",
            "person",
            2,
            lambda it: None if it.user else NO_PERSON,
        ),
    )
    BINDINGS = bindings(VERBS)

    def __init__(self, enrollment: int) -> None:
        super().__init__()
        self.enrollment = enrollment
        self.user = 0

    def body(self) -> ComposeResult:
        """The facts."""
        yield FactSheet()

    def on_mount(self) -> None:
        """Follows the roster."""
        self.desk.roster_changed.subscribe(self, lambda _: self.reload())
        self.reload()

    @work(exclusive=True)
    async def reload(self) -> None:
        """Reads, and shows."""
        rule = self.desk.settings.sync.end_date
        read = self.desk.read(gather, self.enrollment, self.desk.now().date(), rule)
        found = await self.attempt(read)
        self.user = found.row["user_id"] if found else 0
        gone = Section("Enrolment", none=GONE)
        self.query_one(FactSheet).show(sections(found, rule, self.desk.now()) if found else [gone])
        self.refresh_bindings()

    def action_person(self) -> None:
        """Opens the person."""
        from screens.person import PersonScreen  # late: a person opens enrolments, too

        self.app.push_screen(PersonScreen(self.user))
