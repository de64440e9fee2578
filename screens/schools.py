"""Schools: which schools are synced, ticked in the tree of the district."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from oneroster_tui.errors import RosterSyncError
from oneroster_tui.roster import queries
from screens.commands import Command, bindings
from screens.fitting import clean
from screens.frame import FramedScreen
from screens.school_tree import Node, arranged, found_in, losing_text, merged, summary, why_not_school
from screens.widgets.columns import Cell, Column
from screens.widgets.confirm import Confirm
from screens.widgets.empty import Empty
from screens.widgets.lazy_table import LazyTable
from screens.widgets.line import Line, Part
from screens.widgets.list_pane import ListPane
from screens.widgets.pages import Rows
from screens.words import counted
from styles import sheet

if TYPE_CHECKING:
    from oneroster_tui.config import Settings
    from oneroster_tui.records import Org
    from oneroster_tui.roster.queries import Row, StoredOrg

COLUMNS = (
    Column("Org", least=24),
    Column("Type", 12, spare=1),
    Column("Classes", 7, align="right"),
    Column("Users", 8, align="right"),
)


class Tally(Line):
    """The live line above the tree: how much is selected, and whether that is saved."""

    def parts(self, width: int) -> Iterator[Part]:  # noqa: ARG002 -- what does not fit is cut off
        """The line."""
        screen = self.screen
        assert isinstance(screen, SchoolsScreen)  # noqa: S101 -- it stands nowhere else
        yield Part(summary(screen.nodes, screen.ticked), "bold")
        if screen.asking:
            yield Part("   … asking the provider", "$accent")
        elif screen.unsaved():
            yield Part("   ● not saved: ctrl+s", "bold $warning")


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
        self.offered: list[Org] | None = None
        self.saved: set[str] = set()
        self.asking = False

    def body(self) -> ComposeResult:
        """The tally, what went wrong, the tree."""
        yield Tally()
        yield Static(id="trouble")
        yield ListPane(
            COLUMNS,
            self.cells,
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

    def unsaved(self) -> str:
        """What leaving would lose; blank where nothing."""
        changed = len(self.ticked ^ self.saved)
        return f"The choice of {counted(changed, 'school')} is not saved." if changed else ""

    # What there is

    @work(exclusive=True, group="reload")
    async def reload(self) -> None:
        """Reads the stored orgs, and draws the tree."""
        self.stored = await self.attempt(self.desk.read(queries.stored_orgs, self.desk.source)) or []
        self.draw()

    def draw(self) -> None:
        """Draws the tree of all that is known."""
        known = merged(self.stored, self.offered, {str(one) for one in self.ticked | self.saved})
        self.nodes = {node.id: node for node in arranged(known)}
        if not self.stored and self.offered is None and not any(node.listed for node in known):
            self.nodes = {}
        self.say_empty()
        self.query_one(ListPane).reload()
        self.tell()

    def say_empty(self) -> None:
        """Says why there is no tree, and what to press."""
        empty, why = self.query_one(Empty), self.why_not_ask()
        if self.asking:
            empty.say("Asking the provider which schools there are…")
        elif self.desk.settings.connection.missing() and not self.desk.demo_pending:
            empty.say("No school is known yet, and there is no connection to ask for them.", "2", "sets it up")
        elif why:
            empty.say(f"No school is known yet. {why}")
        elif self.offered is not None:
            empty.say(
                "The provider lists no org at all: ask its administrator what this client may read.", "r", "asks again"
            )
        else:
            empty.say("No school is known yet.", "r", "asks the provider which there are")

    def rows(self, pane: ListPane) -> Rows:
        """The tree as the table takes it."""
        shown, self.only_above = found_in(list(self.nodes.values()), pane.text)
        return Rows([(node,) for node in shown], [node.id for node in shown])

    def cells(self, row: Row) -> list[str | Cell]:
        """An org's cells."""
        node: Node = row.values[0]
        tone = "muted" if not node.is_school or node.id in self.only_above else "" if node.listed else "warning"
        name = node.guide + node.shown + ("" if node.listed else "  ▲ no longer listed")
        return [
            Cell(name, tone),
            Cell(node.type, "muted"),
            *(Cell(f"{count:,}") if count else Cell("·", "muted") for count in (node.classes, node.users)),
        ]

    @on(LazyTable.Ticked)
    def tell(self) -> None:
        """Brings tally and footer up to date."""
        self.query_one(Tally).refresh()
        self.refresh_bindings()

    # Asking the provider

    def why_not_ask(self) -> str | None:
        """Why the provider cannot be asked; None where it can."""
        if self.asking:
            return "The provider is being asked already."
        if self.desk.demo_pending:
            return "The demo provider is still starting."
        return "No connection yet: press 2." if self.desk.settings.connection.missing() else None

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
            self.offered = await self.desk.ask(probe.all_orgs)
        except RosterSyncError as caught:
            error = caught
        finally:
            self.asking = False
        self.tell_trouble(error)
        self.draw()
        if error is None and self.offered:
            schools = sum(org.type == "school" for org in self.offered)
            self.notify(f"The provider lists {counted(schools, 'school')}.")

    def tell_trouble(self, error: RosterSyncError | None) -> None:
        """Says above the tree why the provider did not answer; takes that away where it did."""
        trouble = self.query_one("#trouble", Static)
        trouble.display = error is not None
        if error is not None:
            trouble.update(
                Content.assemble(
                    (f"✗ {clean(error.what)}", "bold $error"),
                    f"\n{clean(error.do)}" if error.do else "",
                    ("\nWhat is shown below is as it was before.  ", "dim"),
                    ("r", "bold $accent"),
                    " tries again  ",
                    ("2", "bold $accent"),
                    " tests the connection",
                )
            )

    # Choosing

    def why_not_tick(self) -> str | None:
        """Why there is nothing to tick; None where there is."""
        return None if self.in_view() else "No school is in view."

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
        self.forget()
        self.draw()

    def forget(self) -> None:
        """Lets go of what is not saved."""
        self.ticked.clear()
        self.ticked.update(self.saved)

    def why_not_save(self) -> str | None:
        """Why there is nothing to save; None where there is."""
        return None if self.unsaved() else "Nothing was changed."

    def action_save(self) -> None:
        """Saves; asks first where a school goes that holds rows."""
        losing = [node for node in self.nodes.values() if node.id in self.saved - self.ticked and node.holds]
        if not losing:
            self.store()
            return
        many = counted(len(losing), "school")
        question = Confirm(
            f"{many} that {'holds' if len(losing) == 1 else 'hold'} rows will no longer be synced",
            losing_text(losing),
            act=f"Deselect {many}",
            rest="Go back",
        )

        def decided(yes: bool | None) -> None:
            if yes:
                self.store()

        self.app.push_screen(question, decided)

    @work(exclusive=True, group="save")
    async def store(self) -> None:
        """Saves the selection: those that stay in their order, the new ones in the tree's."""
        kept = [school for school in self.desk.settings.schools.sync if school in self.ticked]
        new = [id_ for id_ in self.nodes if id_ in self.ticked and id_ not in kept]
        if await self.attempt(self.desk.save({"schools.sync": [*kept, *new]})) is not None:
            count = len(kept) + len(new)
            text = "5 goes to Sync." if count else "A sync has nothing to do until a school is selected."
            self.notify(text, title=f"Saved: {counted(count, 'school')} selected")

    def take_settings(self, settings: Settings) -> None:
        """Takes the selection in force; what is ticked here and not saved stays."""
        edited = self.ticked ^ self.saved
        self.saved = set(settings.schools.sync)
        self.ticked.clear()
        self.ticked.update(self.saved ^ edited if edited else self.saved)
        self.reload()
