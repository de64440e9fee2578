"""People: find anybody by name, username, e-mail or id; Enter opens them, `w` says why somebody is missing."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from oneroster_tui.roster import queries
from oneroster_tui.roster.queries import PeopleListing, Row
from screens import list_words as words
from screens.commands import Command, bindings
from screens.exporting import ExportingScreen, list_forms, roster_forms
from screens.person import PersonScreen
from screens.why import WhyScreen
from screens.widgets.columns import Cell, Column
from screens.widgets.empty import Empty
from screens.widgets.lazy_table import LazyTable
from screens.widgets.lazy_view import Sort
from screens.widgets.list_pane import ListPane
from screens.words import STATUSES
from styles import sheet

COLUMNS = (
    Column("", 1),
    Column("Name", share=3, least=18, sort="name"),
    Column("Username", share=2, least=14, sort="username", spare=2),
    Column("E-mail", share=3, least=18, sort="email", spare=1),
    Column("Roles", share=4, least=18),
    Column("Id", share=2, least=14, spare=3),
)


EXPORTED = ("family_name", "given_name", "username", "email", "roles", "sourced_id", "status", "enabled")
"""The columns of the list in a file."""


class PeopleScreen(ExportingScreen):
    """Mode 7."""

    CSS = sheet("people")
    VERBS = (
        Command("people.why", "w", "Why not here?", "Say why somebody is missing.", "People", "why", 2),
        Command(
            "people.anywhere",
            "a",
            "Anywhere",
            "Look for the text anywhere in names and ids, not only at their beginnings; or the other way round.",
            "People",
            "anywhere",
            3,
        ),
        Command(
            "people.export",
            "e",
            "Export",
            "Write the people in view, or the roster, into a file.",
            "People",
            "export",
            4,
        ),
    )
    BINDINGS = bindings(VERBS)

    anywhere = False
    """Whether texts are looked for anywhere in names and ids."""
    finding: PeopleListing | None = None
    """The search whose people are shown, or will be."""

    def body(self) -> ComposeResult:
        """How to find, and the list."""
        yield Static(id="hint")
        yield ListPane(
            COLUMNS,
            person_cells,
            self.people,
            search=words.PERSON_SEARCH,
            sort=Sort("name"),
            empty=Empty(*words.NO_PERSON),
        )

    def on_mount(self) -> None:
        """Follows roster and settings."""
        self.desk.roster_changed.subscribe(self, lambda _: self.query_one(ListPane).reload())
        self.desk.settings_changed.subscribe(self, lambda _: self.query_one(ListPane).reload())
        self.tell_how()
        self.query_one(ListPane).reload()

    def people(self, pane: ListPane) -> PeopleListing:
        """The people wanted now; a search still under way for others is given up."""
        if self.finding is not None:
            self.finding.supersede()
        self.finding = self.listed(pane)
        return self.finding

    def listed(self, pane: ListPane) -> PeopleListing:
        """The people wanted now, as a list of its own."""
        return queries.people_listing(
            self.desk.source,
            pane.text,
            anywhere=self.anywhere,
            sort=pane.sort.by if pane.sort else "name",
            descending=bool(pane.sort and pane.sort.descending),
        )

    def tell_how(self) -> None:
        """Says how people are found."""
        how = words.ANYWHERE if self.anywhere else words.FROM_THE_START
        self.query_one("#hint", Static).update(
            Content.assemble(("/", "bold $accent"), (" finds ", "dim"), how, (words.LEGEND, "dim"))
        )

    def action_anywhere(self) -> None:
        """Looks for the text the other way."""
        self.anywhere = not self.anywhere
        self.tell_how()
        self.query_one(ListPane).reload(stay=False)

    def action_export(self) -> None:
        """Asks what to write."""
        listing = self.listed(self.query_one(ListPane))
        forms = list_forms(words.THIS_LIST, lambda: listing, EXPORTED, person_texts)
        self.export(words.EXPORT_PEOPLE, self.date_name("people"), [*forms, *roster_forms((), words.ALL_SCHOOLS)])

    def action_why(self) -> None:
        """Asks about whoever is looked for."""
        self.app.push_screen(WhyScreen(self.query_one(ListPane).text))

    @on(LazyTable.Opened)
    def open_person(self, event: LazyTable.Opened) -> None:
        """Opens a person."""
        self.app.push_screen(PersonScreen(queries.person_of(event.row).id))


def person_cells(row: Row) -> list[str | Cell]:
    """A person's cells."""
    one = queries.person_of(row)
    look = STATUSES[one.status]
    name = ", ".join(part for part in (one.family_name, one.given_name) if part)
    roles = "; ".join(f"{role or words.NO_ROLE}, {org}" for role, org in one.roles)
    return [Cell(look.glyph, look.tone), name, one.username, one.email, roles, one.sourced_id]


def person_texts(row: Row) -> tuple[object, ...]:
    """A person's cells in a file."""
    one = queries.person_of(row)
    roles = "; ".join(f"{role or words.NO_ROLE}, {org}" for role, org in one.roles)
    names = (one.family_name, one.given_name, one.username, one.email)
    return (*names, roles, one.sourced_id, one.status, "yes" if one.enabled else "no")
