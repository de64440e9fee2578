"""Roles: which local role each OneRoster role becomes, and how many people that concerns. A choice is saved at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from oneroster_tui.errors import ConfigError, NoRoster, RosterError
from screens import roles_words as words
from screens.commands import Command, bindings
from screens.fitting import clean
from screens.frame import FramedScreen
from screens.roles_dialogs import NameAsk, RolePicker
from screens.roles_words import ACTED_ON, CHOOSING, NOT_MAPPED, RoleRow, local_roles, renaming, role_rows, unmapping
from screens.widgets.columns import Cell, Column
from screens.widgets.confirm import Confirm
from screens.widgets.lazy_table import LazyTable
from screens.widgets.list_pane import ListPane
from screens.widgets.pages import Rows
from screens.words import MISTAKE
from styles import sheet

if TYPE_CHECKING:
    from oneroster_tui.roster.queries import Row
    from oneroster_tui.roster.queries.roles import RoleCount

COLUMNS = (
    Column("OneRoster role", 21),
    Column("Local role", 16),
    Column("People", 7, align="right", spare=1),
    Column("What it is", least=20, spare=2),
)


class RolesScreen(FramedScreen):
    """Mode 3."""

    CSS = sheet("roles")
    VERBS = (
        Command(
            "roles.add",
            "a",
            "Add",
            "Add a local role to choose from.",
            "Roles",
            "add",
            3,
            lambda it: it.why_not_change(),
        ),
        Command(
            "roles.rename",
            "r",
            "Rename",
            "Rename the row's local role, wherever it is used.",
            "Roles",
            "rename",
            4,
            lambda it: it.why_not_rename(),
        ),
        Command(
            "roles.unmap",
            "x,delete",
            "Unmap",
            "Map the role to nothing.",
            "Roles",
            "unmap",
            5,
            lambda it: it.why_not_unmap(),
        ),
    )
    BINDINGS = bindings(VERBS)

    def body(self) -> ComposeResult:
        """What is so, then the roles."""
        self.counts: list[RoleCount] | None = None
        self.error: RosterError | None = None
        self.added: list[str] = []
        yield Static(id="about")
        yield ListPane(COLUMNS, role_cells, self.role_list, search="role, local role or meaning")

    def on_mount(self) -> None:
        """Follows settings and roster."""
        self.desk.settings_changed.subscribe(self, lambda _: self.draw())
        self.desk.roster_changed.subscribe(self, lambda _: self.count())
        self.draw()
        self.count()

    @work(exclusive=True)
    async def count(self) -> None:
        """Asks the roster how many people each role concerns."""
        from oneroster_tui.roster.queries.roles import role_counts

        self.error = None
        try:
            self.counts = await self.desk.read(role_counts, self.desk.source)
        except NoRoster:
            self.counts = None
        except RosterError as error:
            self.error = error
        self.draw()

    @property
    def rows(self) -> list[RoleRow]:
        """The roles as they are now."""
        return role_rows(self.desk.settings.role_mapping, self.counts)

    def role_list(self, pane: ListPane) -> Rows:
        """The roles that hold every word of the filter."""
        wanted = pane.text.lower().split()
        rows = [row for row in self.rows if all(word in told(row).lower() for word in wanted)]
        return Rows([(row,) for row in rows], [row.role for row in rows])

    def draw(self) -> None:
        """Shows the roles, and says how it stands."""
        self.query_one("#about", Static).update(self.about())
        self.query_one(ListPane).reload()
        self.refresh_bindings()

    def about(self) -> Content:
        """How it stands, in a sentence or two."""
        if self.error is not None:
            return words.no_counts(self.error)
        return words.standing(self.rows, counted_people=self.counts is not None)

    # What can be done

    @property
    def row(self) -> RoleRow | None:
        """The row under the cursor."""
        current = self.query_one(LazyTable).current
        return current.values[0] if current is not None else None

    @on(LazyTable.Moved)
    def show_keys(self) -> None:
        """Other rows, other keys."""
        self.refresh_bindings()

    def why_not_change(self) -> str | None:
        """Why nothing can be saved; None where it can."""
        broken = self.desk.keeper.error is not None
        return MISTAKE if broken else None

    def why_not_rename(self) -> str | None:
        """Why there is no local role to rename; None where there is."""
        if self.row is None or not self.row.local:
            return words.MAP_FIRST
        return self.why_not_change()

    def why_not_unmap(self) -> str | None:
        """Why there is nothing to unmap; None where there is, or where a new role waits for its no."""
        if self.row is None or not (self.row.local or self.row.is_new):
            return words.NOT_MAPPED_NOW
        return self.why_not_change()

    @on(LazyTable.Opened)
    def pick(self, event: LazyTable.Opened) -> None:
        """Opens the list of local roles."""
        row: RoleRow = event.row.values[0]
        if reason := self.why_not_change():
            self.notify(reason, severity="warning")
            return
        choices = local_roles(self.desk.settings.role_mapping, self.added)
        self.app.push_screen(RolePicker(row, choices), partial(self.decide, row))

    async def decide(self, row: RoleRow, local: str | None) -> None:
        """Saves what was picked; before a role is unmapped, says what that means."""
        if local is None or (local == row.local and not row.is_new):
            return
        if row.local and not local:
            self.ask_unmap(row)
        else:
            await self.map(row, local)

    def ask_unmap(self, row: RoleRow) -> None:
        """Says what it means, and asks."""
        asked, act = words.unmap_question(row.role)
        question = Confirm(asked, clean(unmapping(row), 1000), act=act, rest=words.KEEP_IT)
        self.app.push_screen(question, partial(self.unmapped, row))

    async def unmapped(self, row: RoleRow, yes: bool | None) -> None:
        """Unmaps it, where that was the answer."""
        if yes:
            await self.map(row, "")

    async def map(self, row: RoleRow, local: str) -> None:
        """Saves one role's mapping, and says so."""
        if await self.keep({f"role_mapping.{row.role}": local}):
            self.notify(ACTED_ON, title=words.saved(row.role, local), markup=False)

    async def keep(self, changes: dict[str, object]) -> bool:
        """Saves; whether that went well. Where somebody else was at the file, reads it again."""
        try:
            await self.desk.save(changes)
        except ConfigError as error:
            text = " ".join((*error.problems, error.do))
            if self.desk.keeper.look() in ("changed", "mended"):
                self.desk.settings_changed.publish(self.desk.settings)
                text = words.READ_AGAIN
            self.notify(clean(text, 500), title=clean(error.what), severity="error", timeout=15, markup=False)
            return False
        return True

    def action_unmap(self) -> None:
        """Maps the role to nothing."""
        if row := self.row:
            self.run_worker(self.decide(row, "")) if row.is_new else self.ask_unmap(row)

    def action_add(self) -> None:
        """Asks for another local role."""
        self.app.push_screen(NameAsk(words.NEW_ROLE, words.NEW_ROLE_TEXT), self.add)

    def add(self, name: str | None) -> None:
        """Adds a local role to those to choose from."""
        if name is None:
            return
        if name in local_roles(self.desk.settings.role_mapping, self.added):
            self.notify(CHOOSING, title=words.already(name), markup=False)
            return
        self.added.insert(0, name)
        self.notify(CHOOSING, title=words.added(name), markup=False)

    def action_rename(self) -> None:
        """Asks for another name of the row's local role."""
        if (row := self.row) is None:
            return
        asked, text = words.rename_ask(row.local, self.using(row.local))
        self.app.push_screen(NameAsk(asked, text, row.local), partial(self.ask_rename, row.local))

    def using(self, local: str) -> list[str]:
        """The OneRoster roles that become a local one."""
        return [row.role for row in self.rows if row.local == local]

    def ask_rename(self, old: str, new: str | None) -> None:
        """Says what a rename means, and asks."""
        if new is None or new == old:
            return
        mapping = self.desk.settings.role_mapping
        text = renaming(old, new, self.using(old), merges=new in mapping.values())
        asked, act = words.rename_question(old, new)
        question = Confirm(asked, clean(text, 1000), act=act, rest=words.KEEP_IT)
        self.app.push_screen(question, partial(self.rename, old, new))

    async def rename(self, old: str, new: str, yes: bool | None) -> None:
        """Renames a local role in every mapping that uses it."""
        mapping = self.desk.settings.role_mapping
        changes: dict[str, object] = {f"role_mapping.{role}": new for role, local in mapping.items() if local == old}
        if yes and await self.keep(changes):
            self.added = [new if one == old else one for one in self.added]
            self.notify(ACTED_ON, title=words.renamed(old, new, len(changes)), markup=False)


def told(row: RoleRow) -> str:
    """What a filter looks through."""
    return f"{row.role} {row.local or NOT_MAPPED} {'new' if row.is_new else ''} {row.text}"


def role_cells(row: Row) -> list[str | Cell]:
    """A role's cells."""
    one: RoleRow = row.values[0]
    if one.is_new:
        local = Cell("▲ new", "warning")
    elif one.local:
        local = Cell(f"● {one.local}", "success")
    else:
        local = Cell(f"○ {NOT_MAPPED}", "muted")
    people = Cell(f"{one.people:,}") if one.people else Cell("·", "muted")
    return [one.role, local, people, Cell(one.text, "muted")]
