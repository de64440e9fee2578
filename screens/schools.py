"""Schools: which schools are synced, ticked in the tree of the district."""

from __future__ import annotations

from textual.app import ComposeResult

from screens.frame import FramedScreen
from screens.widgets.empty import Empty
from styles import sheet


class SchoolsScreen(FramedScreen):
    """Mode 4."""

    CSS = sheet("schools")

    def body(self) -> ComposeResult:
        """Says what will be here."""
        yield Empty(
            "Which schools are synced, ticked in the tree of the district.\n\n"
            "This screen is still being built. `oneroster-tui --help` lists what the command line does already.",
            "1",
            "goes to Overview",
        )
