"""Participants: who takes part in a class, in what role and with what status; Enter opens the enrolment's details."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from oneroster_tui.roster import queries
from oneroster_tui.roster.queries import ClassRow, Listing, Row
from screens import list_words as words
from screens.commands import Command, bindings
from screens.dates import told_day
from screens.enrollment import EnrollmentScreen
from screens.exporting import ExportingScreen, list_forms
from screens.fitting import clean
from screens.widgets.columns import Cell, Column
from screens.widgets.empty import Empty
from screens.widgets.lazy_table import LazyTable
from screens.widgets.lazy_view import Sort
from screens.widgets.list_pane import ListPane
from screens.widgets.tick_pane import TickPane
from screens.words import STATUSES, counted
from styles import sheet

STANDINGS = ("active", "not current", "suspended", "removed")
"""What `t` goes through."""

COLUMNS = (
    Column("Name", share=3, least=16, sort="name"),
    Column("E-mail", share=3, least=16, sort="email", spare=1),
    Column("Role", 8, sort="role"),
    Column("Status", 13, sort="status"),
    Column("Starts", 10, sort="start", spare=2),
    Column("Ends", 10, sort="end"),
)


EXPORTED = ("family_name", "given_name", "email", "role", "local_role", "status", "starts", "ends")
"""The columns of the list in a file."""


class ParticipantsScreen(ExportingScreen):
    """Who takes part in a class, opened from Courses.

    Args:
        one: the class.
    """

    CSS = sheet("courses")
    VERBS = (
        Command("participants.role", "r", "Role", "Show only people of the next role.", "Courses", "role", 3),
        Command(
            "participants.status", "t", "Status", "Show only enrolments of the next status.", "Courses", "status", 4
        ),
        Command(
            "participants.untick",
            "u",
            "Untick",
            "Take all ticks away.",
            "Courses",
            "untick",
            6,
            lambda it: None if it.ticked() else "Nothing is ticked.",
        ),
        Command(
            "participants.export",
            "e",
            "Export",
            "Write the rows that are ticked into a file, or those in view where none is.",
            "Courses",
            "export",
            5,
        ),
    )
    BINDINGS = bindings(VERBS)

    def __init__(self, one: ClassRow) -> None:
        super().__init__()
        self.one = one
        self.counts: list[tuple[str, str, int]] = []
        self.role = ""
        self.status = ""

    def body(self) -> ComposeResult:
        """The class, what is shown of it, and the list."""
        yield Static(id="shown")
        yield TickPane(
            COLUMNS,
            participant_cells,
            self.people,
            search=words.PARTICIPANT_SEARCH,
            sort=Sort("name"),
            empty=Empty(*words.NO_PARTICIPANT),
            ticks=True,
        )

    def on_mount(self) -> None:
        """Follows roster and settings."""
        self.desk.roster_changed.subscribe(self, lambda _: self.reload())
        self.desk.settings_changed.subscribe(self, lambda _: self.reload())
        self.tell_shown()
        self.reload()

    def reload(self) -> None:
        """Reads anew."""
        self.query_one(ListPane).reload()
        self.read_counts()

    @work(exclusive=True)
    async def read_counts(self) -> None:
        """Reads how many have which role and status."""
        day, rule = self.desk.now().date(), self.desk.settings.sync.end_date
        read = self.desk.read(queries.participant_counts, self.one.id, day, rule)
        self.counts = await self.attempt(read) or []
        self.tell_shown()

    def people(self, pane: ListPane, *, filtered: bool = True) -> Listing:
        """The people wanted now; all of the class where not `filtered`."""
        return queries.participant_listing(
            self.one.id,
            pane.text if filtered else "",
            today=self.desk.now().date(),
            end_date=self.desk.settings.sync.end_date,
            role=self.role if filtered else "",
            status=self.status if filtered else "",
            sort=pane.sort.by if pane.sort else "name",
            descending=bool(pane.sort and pane.sort.descending),
        )

    def ticked(self) -> int:
        """How many rows are ticked."""
        return len(self.query_one(LazyTable).ticked)

    def action_role(self) -> None:
        """Shows the next role only; after the last, all."""
        self.role = following(self.role, list(dict.fromkeys(role for role, _, _ in self.counts)))
        self.show_anew()

    def action_status(self) -> None:
        """Shows the next status only; after the last, all."""
        self.status = following(self.status, STANDINGS)
        self.show_anew()

    def action_export(self) -> None:
        """Asks where to write what is ticked (ticks outlive filters), or what is in view."""
        pane, ticked = self.query_one(ListPane), frozenset(self.query_one(LazyTable).ticked)
        listing = self.people(pane, filtered=not ticked)
        what = words.ticked(len(ticked)) if ticked else words.THIS_LIST
        forms = list_forms(what, lambda: listing, EXPORTED, participant_texts, ticked)
        self.export(words.export_participants(clean(self.one.title, 30)), self.date_name("participants"), forms)

    def action_untick(self) -> None:
        """Takes all ticks away."""
        table = self.query_one(LazyTable)
        table.ticked.clear()
        table.refresh()
        table.post_message(LazyTable.Ticked(table))

    def show_anew(self) -> None:
        """Shows another list than before."""
        pane = self.query_one(ListPane)
        pane.empty.say(*(words.NO_SUCH_PARTICIPANT if self.role or self.status else words.NO_PARTICIPANT))
        self.tell_shown()
        pane.reload(stay=False)

    @on(LazyTable.Ticked)
    def tell_shown(self) -> None:
        """The class, how many people it has, and which of them are shown."""
        by_role: Counter[str] = Counter()
        for role, _, count in self.counts:
            by_role[role] += count
        roles = ", ".join(f"{clean(role, 30)} {count:,}" for role, count in by_role.most_common(4))
        ticked = self.ticked() if self.is_mounted else 0
        self.query_one("#shown", Static).update(
            Content.assemble(
                (clean(self.one.title, 40), "bold"),
                (f"  {clean(self.one.school, 34)}\n", "dim"),
                f"{counted(sum(by_role.values()), 'participant')}{f': {roles}' if roles else ''}\n",
                ("Role ", "dim"),
                (clean(self.role, 30) or "all", "bold"),
                ("   Status ", "dim"),
                (str(STATUSES[self.status]) if self.status else "all", "bold"),
                (words.ticked_keys(ticked), "$accent"),
            )
        )

    @on(LazyTable.Opened)
    def open_enrollment(self, event: LazyTable.Opened) -> None:
        """Opens the enrolment."""
        self.app.push_screen(EnrollmentScreen(queries.participant_of(event.row).enrollment))


def participant_cells(row: Row) -> list[str | Cell]:
    """A participant's cells."""
    one = queries.participant_of(row)
    look = STATUSES[one.standing]
    name = ", ".join(part for part in (one.family_name, one.given_name) if part)
    return [name, one.email, one.role, Cell(str(look), look.tone), told_day(one.begin), told_day(one.end)]


def following(current: str, choices: Sequence[str]) -> str:
    """The choice after the current one; "" (all) after the last."""
    at = choices.index(current) + 1 if current in choices else 0
    return choices[at] if at < len(choices) else ""


def participant_texts(row: Row) -> tuple[object, ...]:
    """A participant's cells in a file."""
    one = queries.participant_of(row)
    names = (one.family_name, one.given_name, one.email, one.role, one.local_role)
    return (*names, one.standing, one.begin or "", one.end or "")
