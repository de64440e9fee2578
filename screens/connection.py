"""Connection: where the provider is and how to get in: version, addresses, client ID, secret."""

from __future__ import annotations

from textual.app import ComposeResult

from screens.frame import FramedScreen
from screens.widgets.empty import Empty
from styles import sheet


class ConnectionScreen(FramedScreen):
    """Mode 2."""

    CSS = sheet("connection")

    def body(self) -> ComposeResult:
        """Says what will be here."""
        yield Empty(
            "Where the provider is and how to get in: version, addresses, client ID, secret. A test climbs the "
            "ladder from token to paging and says in plain words what is wrong.\n\n"
            "This screen is still being built. `oneroster-tui --help` lists what the command line does already.",
            "1",
            "goes to Overview",
        )
