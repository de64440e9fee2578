"""Courses: schools, courses, classes, and who takes part in each."""

from __future__ import annotations

from textual.app import ComposeResult

from screens.frame import FramedScreen
from screens.widgets.empty import Empty
from styles import sheet


class CoursesScreen(FramedScreen):
    """Mode 6."""

    CSS = sheet("courses")

    def body(self) -> ComposeResult:
        """Says what will be here."""
        yield Empty(
            "Schools, courses, classes, and who takes part in each.\n\n"
            "This screen is still being built. `oneroster-tui --help` lists what the command line does already.",
            "1",
            "goes to Overview",
        )
