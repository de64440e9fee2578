"""A plan of this session, read before it is done: what would change, what would go and why; its log tells each row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content

from screens.commands import Command, bindings
from screens.frame import FramedScreen
from screens.log_book import LogBook
from screens.plan_review_words import plan_parts
from screens.widgets.fitted import Fitted
from screens.widgets.log_pane import LogPane
from screens.words import NOTHING_HELD
from styles import sheet

if TYPE_CHECKING:
    from oneroster_tui.roster.queries import RunRow
    from screens.feed import RunSnapshot


class PlanReviewScreen(FramedScreen):
    """What a plan came to; opened from Sync.

    Args:
        snapshot: the plan's end.
        book: its log.
        hold: a held run that waits for a decision.
    """

    CSS = sheet("review")
    VERBS = (
        Command(
            "plan.sync", "s", "Sync", "Do what the plan says, as far as it still holds then.", "Review", "start", 1,
            lambda it: it.desk.runs.why_not(),
        ),
        Command(
            "plan.hold", "v", "Held run", "Review what an earlier run holds.", "Review", "hold", 2,
            lambda it: None if it.hold else NOTHING_HELD,
        ),
    )  # fmt: skip
    BINDINGS = bindings(VERBS)

    def __init__(self, snapshot: RunSnapshot, book: LogBook, hold: RunRow | None) -> None:
        super().__init__()
        self.snapshot = snapshot
        self.book = book
        self.hold = hold

    def body(self) -> ComposeResult:
        """The sums, then the log's removals."""
        yield Fitted(id="question")
        yield LogPane()

    def on_mount(self) -> None:
        """Shows the log's removals; where there are none, all of it."""
        pane = self.query_one(LogPane)
        pane.show(self.book)
        pane.see("removal" if self.book.counts["removal"] else None)
        self.tell()

    def tell(self) -> None:
        """Says what the plan came to."""
        ended = self.snapshot.ended
        if ended is not None:
            self.query_one("#question", Fitted).tell(
                lambda width: Content.assemble(*plan_parts(self.snapshot, ended, self.hold, max(40, width)))
            )

    def action_start(self) -> None:
        """Does it, seen on Sync."""
        self.desk.runs.start("full")
        self.app.pop_screen()

    def action_hold(self) -> None:
        """Opens what is held, in the place of the plan."""
        from screens.review import ReviewScreen

        if self.hold is not None:
            self.app.switch_screen(ReviewScreen(self.hold))
