"""Review: what a held run added and changed, what it would remove, by reason and school; then approve, discard, or leave."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from oneroster_tui.roster import queries
from oneroster_tui.roster.queries import ChangeGroup, Row, RunRow
from oneroster_tui.sync.events import REASONS
from screens import review_words as words
from screens.commands import Command, bindings
from screens.deciding import POLICIES, approval, close_hold
from screens.fitting import clean
from screens.frame import FramedScreen
from screens.run_words import GLYPHS, TONES, before_after, change_cells
from screens.sync_words import LABELS
from screens.widgets.columns import Cell, Column
from screens.widgets.confirm import Confirm
from screens.widgets.empty import Empty
from screens.widgets.lazy_table import LazyTable
from screens.widgets.list_pane import ListPane
from screens.widgets.notice import Notice
from screens.widgets.pages import Rows
from screens.words import RUN_FIRST, when
from styles import sheet

HELD = "held"
PENDING = (HELD, "waiting")
"""Actions that are not done yet."""

GROUPS = (
    Column("What", 10),
    Column("Table", 13, spare=2),
    Column("Count", 7, align="right"),
    Column("Why", share=3, least=16),
    Column("School", share=2, least=12, spare=1),
)
CHANGES = (
    Column("What", 12),
    Column("Table", 13, spare=1),
    Column("Who or what", share=2, least=16),
    Column("Change or reason", share=3, least=20),
)


class ReviewScreen(FramedScreen):
    """What a run holds; opened from Sync.

    Args:
        run: the held run.
    """

    CSS = sheet("review")
    VERBS = (
        Command(
            "review.approve", "a", "Approve", "Ask the provider again, and make the removals that are held.", "Review",
            "approve", 2, lambda it: it.why_not_approve(),
        ),
        Command(
            "review.discard", "d", "Discard", "Close the hold without removing anything.", "Review", "discard", 3,
            lambda it: it.why_not_decide(),
        ),
        Command(
            "review.other", "tab", "Other list", "Go to the list of groups, or to that of changes.", "Review", "other", 4
        ),
    )  # fmt: skip
    BINDINGS = bindings(VERBS)
    AUTO_FOCUS = "#groups LazyTable"

    def __init__(self, run: RunRow) -> None:
        super().__init__()
        self.run = run
        self.groups: list[ChangeGroup] = []
        self.group: ChangeGroup | None = None

    def body(self) -> ComposeResult:
        """The question, the groups, the changes of the group that the cursor is on."""
        yield Static(id="question")
        with Vertical(id="lists"):
            yield ListPane(
                GROUPS, self.group_cells, self.group_rows, empty=Empty(words.READING), opens=True, id="groups"
            )
            yield ListPane(
                CHANGES,
                self.change_cells,
                lambda pane: queries.group_listing(self.run.id, self.group, pane.text),
                search="name, id, reason or value",
                empty=Empty(words.NOTHING),
                id="changes",
            )

    def on_mount(self) -> None:
        """Reads."""
        self.desk.roster_changed.subscribe(self, lambda _: self.read_run())
        self.desk.runs.changed.subscribe(self, lambda _: self.refresh_bindings())
        self.tell()
        self.read_groups()

    @property
    def held(self) -> int:
        """How many removals (and other changes) wait."""
        return self.run.total("held")

    @property
    def waits(self) -> bool:
        """Whether the run still waits for a decision."""
        return self.run.outcome == "held" and not self.run.decision

    def tell(self) -> None:
        """Says what is asked."""
        at = when(self.run.finished_at or self.run.started_at, self.desk.now())
        parts = words.question_parts(self.run, at, waits=self.waits)
        self.query_one("#question", Static).update(Content.assemble(*parts))
        self.refresh_bindings()

    # Lists

    @work(exclusive=True, group="groups")
    async def read_groups(self) -> None:
        """Reads the groups."""
        self.groups = await self.attempt(self.desk.read(queries.change_groups, self.run.id)) or []
        if not self.query(ListPane):  # the app is being left
            return
        self.group = ChangeGroup(HELD, "", "", "", "", self.held) if self.held else None
        empty = self.query_one("#groups Empty", Empty)
        empty.say(words.NEITHER, "esc", "goes back")
        for name in ("#groups", "#changes"):
            self.query_one(name, ListPane).reload()

    @work(exclusive=True, group="run")
    async def read_run(self) -> None:
        """Sees whether somebody else decided."""
        found: RunRow | None = await self.attempt(self.desk.read(queries.run, self.run.id))
        self.run = found or self.run
        if self.query("#question"):
            self.tell()

    def group_rows(self, _: ListPane) -> Rows:
        """All together, then each group."""
        if not self.groups:
            return Rows(())
        together = [ChangeGroup(HELD, "", "", "", "", self.held)] if self.held else []
        return Rows([*((group,) for group in together), (None,), *((group,) for group in self.groups)])

    def group_cells(self, row: Row) -> list[str | Cell]:
        """A group's cells."""
        group: ChangeGroup | None = row.values[0]
        if group is None:
            return ["  all", "", f"{sum(one.count for one in self.groups):,}", words.ALL, ""]
        if not group.entity:
            return [Cell("▲ held", "warning"), "", f"{group.count:,}", words.ALL_HELD, ""]
        what = Cell(f"{GLYPHS.get(group.action, '-')} {group.action}", TONES.get(group.action, "error"))
        school = group.name or group.school or Cell("·", "muted")
        why = REASONS.get(group.reason, group.reason) or words.WHY.get(group.action, "")
        return [what, LABELS.get(group.entity, group.entity), f"{group.count:,}", why, school]

    def change_cells(self, row: Row) -> list[str | Cell]:
        """A change's cells."""
        *values, link = row.values
        what, entity, who, said = change_cells(Row(tuple(values), row.key))
        return [what, LABELS.get(str(entity), str(entity)), link or who, said]

    @on(LazyTable.Moved, "#groups LazyTable")
    def show_group(self, event: LazyTable.Moved) -> None:
        """Shows the changes of the group under the cursor."""
        if event.row.values[0] != self.group:
            self.group = event.row.values[0]
            self.query_one("#changes", ListPane).reload(stay=False)

    @on(LazyTable.Opened, "#groups LazyTable")
    def action_other(self) -> None:
        """Goes to the other list."""
        tables = list(self.query(LazyTable))
        at = tables.index(self.focused) if isinstance(self.focused, LazyTable) else 0
        tables[1 - at].focus()

    @on(LazyTable.Opened, "#changes LazyTable")
    def open_change(self, event: LazyTable.Opened) -> None:
        """Shows a change before and after."""
        *values, link = event.row.values
        change = queries.change_row(tuple(values))
        title = f"{change.action} {change.entity} {clean(change.sourced_id, 80)}{f': {clean(link)}' if link else ''}"
        text = before_after(change)
        if change.action in PENDING and not change.after:
            text = Content(words.NOT_DONE_YET) + before_after(replace(change, after=change.before))
        self.app.push_screen(Notice(title, text))

    # Deciding

    def why_not_decide(self) -> str | None:
        """Why there is nothing to decide; None where there is."""
        if self.desk.runs.active:
            return RUN_FIRST
        return None if self.waits else words.decided_already(self.run)

    def why_not_approve(self) -> str | None:
        """Why it cannot be approved now; None where it can."""
        return self.why_not_decide() or self.desk.runs.why_not()

    def action_approve(self) -> None:
        """Approves, once the number of removals was typed."""
        asked, act = words.approve(self.held)
        policy = POLICIES.get(self.desk.settings.sync.on_removed, self.desk.settings.sync.on_removed)
        question = Confirm(
            asked,
            words.approving(self.held, policy),
            act=act,
            rest=words.LEAVE_IT,
            number=self.held,
        )

        async def decided(yes: bool | None) -> None:
            if yes and self.why_not_approve() is None:
                self.desk.runs.start("approve", approval(self.run.id))
                self.app.pop_screen()
                await self.app.run_action("mode('sync')")

        self.app.push_screen(question, decided)

    def action_discard(self) -> None:
        """Discards, after a question."""
        question = Confirm(
            words.DISCARD,
            words.discarding(self.held),
            act=words.DISCARD_ACT,
            rest=words.LEAVE_IT,
        )

        def decided(yes: bool | None) -> None:
            if yes:
                self.discard()

        self.app.push_screen(question, decided)

    @work(exclusive=True, group="decide")
    async def discard(self) -> None:
        """Closes the hold."""
        settings = self.desk.settings
        count = await self.attempt(asyncio.to_thread(close_hold, settings, self.run.id))
        await self.desk.refresh()
        if count is not None:
            self.notify(words.discarded(count), title=words.DISCARDED)
            self.app.pop_screen()
