"""People: find anybody by name, username, e-mail or id, and find out why somebody is missing."""

from __future__ import annotations

from textual.app import ComposeResult

from screens.frame import FramedScreen
from screens.widgets.empty import Empty
from styles import sheet


class PeopleScreen(FramedScreen):
    """Mode 7."""

    CSS = sheet("people")

    def body(self) -> ComposeResult:
        """Says what will be here."""
        yield Empty(
            "Find anybody by name, username, e-mail or id, and find out why somebody is missing.\n\n"
            "This screen is still being built. `oneroster-tui --help` lists what the command line does already.",
            "1",
            "goes to Overview",
        )
