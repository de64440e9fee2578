"""A person: details with roles by school and provider ids, classes, family, and what runs did to all of it."""

from __future__ import annotations

from collections.abc import Callable

from textual import on, work
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Static

from oneroster_tui.roster import queries
from oneroster_tui.roster.queries import Listing, Person, Row
from screens import person_words as words
from screens.commands import Command, bindings
from screens.dates import told_day
from screens.enrollment import EnrollmentScreen
from screens.fitting import clean
from screens.frame import FramedScreen
from screens.run_words import before_after, change_cells
from screens.why import WhyScreen
from screens.widgets.columns import Cell, Column
from screens.widgets.empty import Empty
from screens.widgets.facts import FactSheet, Section
from screens.widgets.lazy_table import LazyTable
from screens.widgets.list_pane import ListPane
from screens.widgets.notice import Notice
from screens.widgets.pages import Rows
from screens.words import STATUSES, when
from styles import sheet

CLASSES = (
    Column("Class", share=3, least=24),
    Column("School", share=2, least=14),
    Column("Role", 8),
    Column("Status", 13),
    Column("Starts", 10, spare=2),
    Column("Ends", 10, spare=1),
)
FAMILY = (
    Column("Who", 16),
    Column("Name", share=2, least=16),
    Column("E-mail", share=2, least=16),
    Column("Status", 13),
)
CHANGES = (
    Column("Run", 5, align="right"),
    Column("When", 16),
    Column("What", 12),
    Column("Table", 13, spare=1),
    Column("Change or reason", share=3, least=16),
)


class PersonScreen(FramedScreen):
    """A person, opened from People or from an enrolment.

    Args:
        user: the local id.
    """

    CSS = sheet("people")
    AUTO_FOCUS = "FactSheet"
    VERBS = (
        *(
            Command(f"person.{view}", key, label, text, "People", f"see({view!r})", 2 + place)
            for place, (view, key, label, text) in enumerate(words.VIEWS)
        ),
        Command(
            "person.why",
            "w",
            "Why?",
            "Say why the person is here or not.",
            "People",
            "why",
            6,
            lambda it: None if it.person else words.NOBODY,
        ),
    )
    BINDINGS = bindings(VERBS)

    def __init__(self, user: int) -> None:
        super().__init__()
        self.user = user
        self.person: Person | None = None

    def body(self) -> ComposeResult:
        """Who it is, then one of the four views."""
        yield Static(id="who")
        with ContentSwitcher(initial="details"):
            yield FactSheet(id="details")
            yield ListPane(
                CLASSES,
                class_cells,
                self.classes_of,
                search="class, code, school, role",
                empty=Empty(*words.NO_CLASS),
                id="classes",
            )
            yield ListPane(
                FAMILY,
                words.relative_cells,
                self.family,
                empty=Empty(*words.NO_FAMILY),
                id="family",
            )
            yield ListPane(
                CHANGES,
                self.past_cells,
                self.changes,
                search="table, action, reason or value",
                empty=Empty(*words.NO_PAST),
                id="changes",
            )

    def on_mount(self) -> None:
        """Follows the roster."""
        self.desk.roster_changed.subscribe(self, lambda _: self.reload())
        self.reload()

    @work(exclusive=True)
    async def reload(self) -> None:
        """Reads, and shows."""
        self.person = await self.attempt(self.desk.read(queries.person, self.user))
        gone = Section("", none=words.GONE)
        shown = words.sections(self.person, self.desk.now()) if self.person else [gone]
        self.query_one(FactSheet).show(shown)
        self.query_one("#who", Static).update(words.headline(self.person) if self.person else "")
        for pane in self.query(ListPane):
            pane.reload()
        self.refresh_bindings()

    def classes_of(self, pane: ListPane) -> Listing:
        """The person's classes."""
        return queries.person_classes(
            self.user, pane.text, today=self.desk.now().date(), end_date=self.desk.settings.sync.end_date
        )

    def family(self, _: ListPane) -> Rows:
        """The person's family, as the table takes it."""
        family = self.person.family if self.person else []
        return Rows([(one,) for one in family])

    def changes(self, pane: ListPane) -> Listing | None:
        """What runs did."""
        return queries.past_listing(self.person, pane.text) if self.person else None

    def past_cells(self, row: Row) -> list[str | Cell]:
        """A change's cells."""
        past = queries.past_of(row)
        what, table, _, said = change_cells(Row(row.values[2:], row.key))
        return [str(past.run), when(past.started_at, self.desk.now()), what, table, said]

    def action_see(self, view: str) -> None:
        """Shows a view."""
        self.query_one(ContentSwitcher).current = view
        shown = self.query_one(f"#{view}")
        for inner in (shown, *shown.query(LazyTable)):
            if inner.focusable:
                inner.focus()
        self.refresh_bindings()

    def action_why(self) -> None:
        """Asks about the person."""
        if self.person:
            self.app.push_screen(WhyScreen(str(self.person.row["sourced_id"]), at_once=True))

    @on(LazyTable.Opened)
    def open_row(self, event: LazyTable.Opened) -> None:
        """Opens an enrolment, a relative, or a change."""
        pane = event.table.parent
        openers: dict[str, Callable[[Row], Screen[None]]] = {
            "classes": lambda row: EnrollmentScreen(queries.person_class_of(row).enrollment),
            "family": lambda row: PersonScreen(row.values[0].user),
            "changes": change_notice,
        }
        self.app.push_screen(openers[str(pane.id if pane else "")](event.row))


def class_cells(row: Row) -> list[str | Cell]:
    """A class's cells."""
    one = queries.person_class_of(row)
    look = STATUSES[one.standing]
    return [one.title, one.school, one.role, Cell(str(look), look.tone), told_day(one.begin), told_day(one.end)]


def change_notice(row: Row) -> Notice:
    """A change, before and after."""
    past = queries.past_of(row)
    title = f"Run {past.run}: {past.change.action} {past.change.entity} {clean(past.change.sourced_id, 80)}"
    return Notice(title, before_after(past.change))
