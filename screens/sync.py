"""Sync: start a sync or only plan one, watch it, read its log, decide what a guard holds."""

from __future__ import annotations

from textual.app import ComposeResult

from screens.frame import FramedScreen
from screens.widgets.empty import Empty
from styles import sheet


class SyncScreen(FramedScreen):
    """Mode 5."""

    CSS = sheet("sync")

    def body(self) -> ComposeResult:
        """Says what will be here."""
        yield Empty(
            "Start a sync or only plan one, watch it, read its log, decide what a guard holds.\n\n"
            "This screen is still being built. `oneroster-tui --help` lists what the command line does already.",
            "1",
            "goes to Overview",
        )
