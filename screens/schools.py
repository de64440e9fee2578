"""Schools: which schools are synced, ticked in the tree of the district."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.widgets import Static

from oneroster_tui.errors import RosterSyncError
from oneroster_tui.roster import queries
from screens import school_words as words
from screens.commands import Command, bindings
from screens.connection_leave import Choice, Unsaved
from screens.frame import FramedScreen
from screens.school_tree import Node, arranged, found_in, merged, why_not_school
from screens.school_words import Tally, losing_question, no_answer, org_cells, summary, why_no_tree
from screens.widgets.columns import Column
from screens.widgets.empty import Empty
from screens.widgets.lazy_table import LazyTable
from screens.widgets.line import Part
from screens.widgets.list_pane import ListPane
from screens.widgets.pages import Rows
from screens.words import DEMO_STARTS, NO_CONNECTION
from styles import sheet

if TYPE_CHECKING:
    from oneroster_tui.config import Settings
    from oneroster_tui.records import Org
    from oneroster_tui.roster.queries import StoredOrg

Leave = Callable[[], Awaitable[None]]
"""Goes where somebody wanted to go."""

COLUMNS = (
    Column("Org", least=24),
    Column("Type", 12, spare=1),
    Column("Classes", 7, align="right"),
    Column("Users", 8, align="right"),
)


class SchoolsScreen(FramedScreen):
    """Mode 4."""

    CSS = sheet("schools")
    VERBS = (
        Command(
            "schools.save", "ctrl+s", "Save", "Save which schools are synced.", "Schools", "save", 1,
            lambda it: it.why_not_save(),
        ),
        Command(
            "schools.refresh", "r", "Refresh", "Ask the provider which schools there are.", "Schools", "refresh", 3,
            lambda it: it.why_not_ask(),
        ),
        Command(
            "schools.all", "a", "All", "Tick every school in view.", "Schools", "tick_all(True)", 4,
            lambda it: it.why_not_tick(),
        ),
        Command(
            "schools.none", "n", "None", "Untick every school in view.", "Schools", "tick_all(False)", 5,
            lambda it: it.why_not_tick(),
        ),
        Command(
            "schools.revert", "u", "Revert", "Take back what is not saved.", "Schools", "revert", 6,
            lambda it: it.why_not_save(),
        ),
    )  # fmt: skip
    BINDINGS = bindings(VERBS)

    def __init__(self) -> None:
        super().__init__()
        self.nodes: dict[str, Node] = {}
        self.only_above: set[str] = set()
        self.stored: list[StoredOrg] = []
        self.saved: set[str] = set()
        self.asking = False
        self.drawn: list[Org] | None = None

    def on_screen_resume(self) -> None:
        """Another screen may have asked the provider meanwhile."""
        if self.drawn is not self.desk.orgs:
            self.draw()

    def body(self) -> ComposeResult:
        """The tally, what went wrong, the tree."""
        yield Tally(self.tally)
        yield Static(id="trouble")
        yield ListPane(
            COLUMNS,
            lambda row: org_cells(row.values[0], dim=row.id in self.only_above),
            self.rows,
            search="name, id or type",
            empty=Empty(),
            ticks=True,
            opens=False,
            why_not_tick=lambda row: why_not_school(self.nodes[str(row.id)]),
        )

    def on_mount(self) -> None:
        """Follows settings and roster."""
        self.saved = set(self.desk.settings.schools.sync)
        self.ticked.update(self.saved)
        self.tell_trouble(None)
        self.desk.settings_changed.subscribe(self, self.take_settings)
        self.desk.roster_changed.subscribe(self, lambda _: self.reload())
        self.reload()

    @property
    def ticked(self) -> set[object]:
        """The ids of the schools that are ticked."""
        return self.query_one(LazyTable).ticked

    def tally(self) -> Iterator[Part]:
        """How much is selected, and whether that is saved."""
        yield Part(summary(self.nodes, self.ticked), "bold")
        if self.asking:
            yield Part(words.ASKING, "$accent")
        elif self.unsaved():
            yield Part(words.NOT_SAVED, "bold $warning")

    def unsaved(self) -> str:
        """What leaving would lose; blank where nothing."""
        return words.unsaved(len(self.ticked ^ self.saved))

    # What there is

    @work(exclusive=True, group="reload")
    async def reload(self) -> None:
        """Reads the stored orgs, and draws the tree."""
        self.stored = await self.attempt(self.desk.read(queries.stored_orgs, self.desk.source)) or []
        self.draw()

    def draw(self) -> None:
        """Draws the tree of all that is known."""
        if not self.query(ListPane):  # the app is being left
            return
        self.drawn = self.desk.orgs
        known = merged(self.stored, self.desk.orgs, {str(one) for one in self.ticked | self.saved})
        self.nodes = {node.id: node for node in arranged(known)}
        if not self.stored and self.desk.orgs is None and not any(node.listed for node in known):
            self.nodes = {}
        self.say_empty()
        self.query_one(ListPane).reload()
        self.tell()

    def say_empty(self) -> None:
        """Says why there is no tree, and what to press."""
        settings, pending = self.desk.settings, self.desk.demo_pending
        self.query_one(Empty).say(
            *why_no_tree(
                connected=not settings.connection.missing() or pending,
                asking=self.asking,
                asked=self.desk.orgs is not None,
                why=self.why_not_ask(),
            )
        )

    def rows(self, pane: ListPane) -> Rows:
        """The tree as the table takes it."""
        shown, self.only_above = found_in(list(self.nodes.values()), pane.text)
        return Rows([(node,) for node in shown], [node.id for node in shown])

    @on(LazyTable.Ticked)
    def tell(self) -> None:
        """Brings tally and footer up to date."""
        self.query_one(Tally).refresh()
        self.refresh_bindings()

    # Asking the provider

    def why_not_ask(self) -> str | None:
        """Why the provider cannot be asked; None where it can."""
        if self.asking:
            return words.ASKED_ALREADY
        if self.desk.demo_pending:
            return DEMO_STARTS
        return NO_CONNECTION if self.desk.settings.connection.missing() else None

    def action_refresh(self) -> None:
        """Asks the provider."""
        self.asking = True
        self.say_empty()
        self.tell()
        self.ask()

    @work(exclusive=True, group="ask")
    async def ask(self) -> None:
        """Asks the provider for every org; where it cannot answer, what was known stays."""
        from oneroster_tui.provider import probe

        error: RosterSyncError | None = None
        try:
            self.desk.orgs = await self.desk.ask(probe.all_orgs)
        except RosterSyncError as caught:
            error = caught
        finally:
            self.asking = False
        self.tell_trouble(error)
        self.draw()
        if error is None and self.desk.orgs:
            schools = sum(org.type == "school" for org in self.desk.orgs)
            self.notify(words.listed(schools))

    def tell_trouble(self, error: RosterSyncError | None) -> None:
        """Says above the tree why the provider did not answer; takes that away where it did."""
        trouble = self.query_one("#trouble", Static)
        trouble.display = error is not None
        if error is not None:
            trouble.update(no_answer(error))

    # Choosing

    def why_not_tick(self) -> str | None:
        """Why there is nothing to tick; None where there is."""
        return None if self.in_view() else words.NOT_IN_VIEW

    def in_view(self) -> list[str]:
        """The ids of the schools that the filter shows."""
        shown, above = found_in(list(self.nodes.values()), self.query_one(ListPane).text)
        return [node.id for node in shown if node.is_school and node.id not in above]

    def action_tick_all(self, on: bool) -> None:
        """Ticks all schools in view, or none of them."""
        if on:
            self.ticked.update(self.in_view())
        else:
            self.ticked.difference_update(self.in_view())
        self.query_one(LazyTable).refresh()
        self.tell()

    def action_revert(self) -> None:
        """Goes back to what is saved."""
        self.ticked.clear()
        self.ticked.update(self.saved)
        self.draw()

    def why_not_save(self) -> str | None:
        """Why there is nothing to save; None where there is."""
        return None if self.unsaved() else words.NOTHING_CHANGED

    def action_save(self) -> None:
        """Saves."""
        self.save()

    def save(self, leave: Leave | None = None) -> None:
        """Saves, and leaves where somebody is about to; asks first where a school goes that holds rows."""
        losing = [node for node in self.nodes.values() if node.id in self.saved - self.ticked and node.holds]
        if not losing:
            self.store(leave)
            return

        def decided(yes: bool | None) -> None:
            if yes:
                self.store(leave)

        self.app.push_screen(losing_question(losing), decided)

    def asks_first(self, leave: Leave) -> bool:
        """Asks about what is not saved before the screen is left."""
        if not self.unsaved():
            return False

        async def decided(choice: Choice | None) -> None:
            if choice == "save":
                self.save(leave)
            elif choice == "discard":
                self.action_revert()
                await leave()

        self.app.push_screen(Unsaved(self.unsaved(), None), decided)
        return True

    @work(exclusive=True, group="save")
    async def store(self, leave: Leave | None = None) -> None:
        """Saves the selection: those that stay in their order, the new ones in the tree's."""
        kept = [school for school in self.desk.settings.schools.sync if school in self.ticked]
        new = [id_ for id_ in self.nodes if id_ in self.ticked and id_ not in kept]
        if await self.attempt(self.desk.save({"schools.sync": [*kept, *new]})) is not None:
            title, then = words.saved(len(kept) + len(new))
            self.notify(then, title=title)
            if leave is not None:
                await leave()

    def take_settings(self, settings: Settings) -> None:
        """Takes the selection in force; what is ticked here and not saved stays."""
        added, removed = self.ticked - self.saved, self.saved - self.ticked
        self.saved = set(settings.schools.sync)
        self.ticked.clear()
        self.ticked.update((self.saved | added) - removed)
        self.reload()
