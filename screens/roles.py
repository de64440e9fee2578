"""Roles: which local role each OneRoster role becomes, and how many people that concerns."""

from __future__ import annotations

from textual.app import ComposeResult

from screens.frame import FramedScreen
from screens.widgets.empty import Empty
from styles import sheet


class RolesScreen(FramedScreen):
    """Mode 3."""

    CSS = sheet("roles")

    def body(self) -> ComposeResult:
        """Says what will be here."""
        yield Empty(
            "Which local role each OneRoster role becomes, and how many people that concerns. A role that is not "
            "mapped is not enrolled.\n\n"
            "This screen is still being built. `oneroster-tui --help` lists what the command line does already.",
            "1",
            "goes to Overview",
        )
