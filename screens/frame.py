"""The hall: what every screen stands in: the top line, the tabs, a banner, the footer, and the keys that work everywhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen

from oneroster_tui.errors import NoRoster, RosterSyncError
from screens.commands import Command, Commanding, bindings
from screens.desk import Desk, desk_of
from screens.widgets.bars import Banner, FooterBar, ModeTabs, TopLine
from screens.widgets.search_bar import SearchBar

T = TypeVar("T")


class Body(Vertical):
    """Where a screen's own widgets stand."""


class FramedScreen(Commanding, Screen[None]):
    """A screen in the frame. Subclasses write `body`, and give their style sheet: `CSS = sheet("history")`.

    Attributes:
        desk: settings, roster, provider and runs.
    """

    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "screen.back",
            "escape",
            "Back",
            "Go back to where you came from.",
            "Everywhere",
            "back",
            9,
            lambda it: it.why_not_back(),
            lambda it: not (it.toasts() and it.why_not_back()),
        ),
        Command(
            "screen.filter",
            "slash",
            "Filter",
            "Filter the list in view.",
            "Everywhere",
            "filter",
            8,
            lambda it: it.why_not_filter(),
        ),
    )
    BINDINGS = bindings(VERBS)
    AUTO_FOCUS = "LazyTable, LogView"

    @property
    def desk(self) -> Desk:
        """Settings, roster, provider and runs."""
        return desk_of(self)

    def compose(self) -> ComposeResult:
        """The frame around the body."""
        yield TopLine()
        yield ModeTabs()
        yield Banner()
        with Body(id="body"):
            yield from self.body()
        yield FooterBar()

    def body(self) -> ComposeResult:
        """The screen's own widgets."""
        raise NotImplementedError

    def on_screen_resume(self) -> None:
        """Brings the frame up to date: things happened while another screen was in front."""
        self.refresh_frame()

    def refresh_frame(self) -> None:
        """Draws top line, banner and footer anew; the app calls it when what they tell has changed."""
        if not self.is_mounted:
            return
        self.query_one(TopLine).redraw()
        self.query_one(ModeTabs).redraw()
        self.query_one(FooterBar).redraw()
        broken = self.desk.keeper.error is not None
        self.query_one(Banner).tell(
            "▲ config.toml cannot be used. The old settings stay; ! tells why." if broken else ""
        )

    def asks_first(self, leave: Callable[[], Awaitable[None]]) -> bool:  # noqa: ARG002 -- for those who ask
        """Whether the screen asks something before it is left for another mode, or the app; it calls `leave` itself then."""
        return False

    async def attempt(self, work: Awaitable[T], *, missing: Callable[[], Any] | None = None) -> T | None:
        """Awaits work; an error of this program's family becomes a toast with what to do, and None comes back.

        Args:
            missing: called instead where there is no roster yet.
        """
        try:
            return await work
        except NoRoster:
            if missing is not None:
                missing()
            return None
        except RosterSyncError as error:
            self.notify(error.do or "", title=error.what, severity="error", timeout=10, markup=False)
            return None

    def why_not_back(self) -> str | None:
        """Why there is no way back; None where there is."""
        return None if self.filtered() else self.why_top()

    def filtered(self) -> SearchBar | None:
        """A search bar that hides rows of a list now."""
        return next((bar for bar in self.query(SearchBar) if bar.text), None)

    def why_top(self) -> str | None:
        """Why there is no screen below this one to go back to."""
        return (
            None if self.app.screen_stack[0] is not self else "This is the top: a number key goes elsewhere, q leaves."
        )

    def action_back(self) -> None:
        """Takes the filter away where there is one; else leaves this screen for the one below it. Messages go with it."""
        self.app.clear_notifications()
        if bar := self.filtered():
            bar.action_clear()
        else:
            self.app.pop_screen()

    def toasts(self) -> bool:
        """Whether a message stands over the screen."""
        return bool(self.app._notifications)

    def why_not_filter(self) -> str | None:
        """Why there is nothing to filter; None where there is."""
        return None if self.bar_in_view() else "There is no list to filter here."

    def bar_in_view(self) -> SearchBar | None:
        """The search bar nearest to the focus, of those whose list is in view."""
        near = list(self.focused.ancestors) if self.focused else []
        bars = [bar for bar in self.query(SearchBar) if all(node.display for node in bar.ancestors)]
        return min(bars, key=lambda bar: near.index(bar.parent) if bar.parent in near else len(near), default=None)

    def action_filter(self) -> None:
        """Opens the search bar of the list in view."""
        if bar := self.bar_in_view():
            bar.open()
