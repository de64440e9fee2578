"""The doorplates: the eight modes, their number keys and where each screen stands."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from screens.frame import FramedScreen


@dataclass(frozen=True, slots=True)
class Mode:
    """One of the eight places a number key leads to.

    Args:
        key: the number key.
        id: what the app, the state file and commands call it; also its module and style sheet.
        title: what the tab says.
        screen: the class in `screens.<id>`.
    """

    key: str
    id: str
    title: str
    screen: str

    def open(self) -> FramedScreen:
        """A new screen of this mode; its module is imported only now, so that the first paint waits for one only."""
        return cast("FramedScreen", getattr(import_module(f"screens.{self.id}"), self.screen)())


MODES: tuple[Mode, ...] = (
    Mode("1", "overview", "Overview", "OverviewScreen"),
    Mode("2", "connection", "Connection", "ConnectionScreen"),
    Mode("3", "roles", "Roles", "RolesScreen"),
    Mode("4", "schools", "Schools", "SchoolsScreen"),
    Mode("5", "sync", "Sync", "SyncScreen"),
    Mode("6", "courses", "Courses", "CoursesScreen"),
    Mode("7", "people", "People", "PeopleScreen"),
    Mode("8", "history", "History", "HistoryScreen"),
)

MODES_BY_ID = {mode.id: mode for mode in MODES}
