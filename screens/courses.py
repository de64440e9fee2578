"""Courses: the classes with their school, course, teachers and people; Enter opens who takes part."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from oneroster_tui.roster import queries
from oneroster_tui.roster.queries import ClassListing, ClassRow, Row
from screens import list_words as words
from screens.commands import Command, bindings
from screens.dates import told_day
from screens.exporting import ExportingScreen, list_forms, roster_forms
from screens.fitting import clean
from screens.participants import STANDINGS, ParticipantsScreen, following
from screens.widgets.columns import Cell, Column
from screens.widgets.empty import Empty
from screens.widgets.lazy_table import LazyTable
from screens.widgets.lazy_view import Sort
from screens.widgets.list_pane import ListPane
from screens.words import EMPTY_LIST, STATUSES
from styles import sheet

COLUMNS = (
    Column("", 1),
    Column("School", share=2, least=14, sort="school"),
    Column("Course", share=2, least=12, sort="course", spare=2),
    Column("Class", share=3, least=22, sort="class"),
    Column("Code", 10, sort="code", spare=3),
    Column("Teacher", share=2, least=12, spare=1),
    Column("People", 6, align="right"),
    Column("Starts", 10, spare=5),
    Column("Ends", 10, spare=4),
)


EXPORTED = ("school", "course", "class", "code", "teacher", "teachers", "people", "starts", "ends", "status")
"""The columns of the list in a file."""


class CoursesScreen(ExportingScreen):
    """Mode 6."""

    CSS = sheet("courses")
    VERBS = (
        Command(
            "courses.school",
            "s",
            "This school",
            "Show only the school of the row, or all schools again.",
            "Courses",
            "school",
            3,
            lambda it: it.why_no_school(),
        ),
        Command("courses.status", "t", "Status", "Show only classes of the next status.", "Courses", "status", 4),
        Command(
            "courses.export",
            "e",
            "Export",
            "Write the classes in view, or the roster of the school shown, into a file.",
            "Courses",
            "export",
            5,
        ),
    )
    BINDINGS = bindings(VERBS)

    school: tuple[str, str] | None = None
    """The sourcedId and name of the only school shown."""
    status = ""
    """The only standing shown."""

    def body(self) -> ComposeResult:
        """What is shown, and the list."""
        yield Static(id="shown")
        yield ListPane(
            COLUMNS,
            self.cells,
            self.listed,
            search=words.CLASS_SEARCH,
            sort=Sort("school"),
            empty=Empty(*words.NO_CLASS),
        )

    def on_mount(self) -> None:
        """Follows roster and settings."""
        self.desk.roster_changed.subscribe(self, lambda _: self.query_one(ListPane).reload())
        self.desk.settings_changed.subscribe(self, lambda _: self.query_one(ListPane).reload())
        self.tell_shown()
        self.query_one(ListPane).reload()

    def listed(self, pane: ListPane) -> ClassListing:
        """The classes wanted now."""
        return queries.class_listing(
            self.desk.source,
            pane.text,
            today=self.desk.now().date(),
            end_date=self.desk.settings.sync.end_date,
            school=self.school[0] if self.school else "",
            status=self.status,
            sort=pane.sort.by if pane.sort else "school",
            descending=bool(pane.sort and pane.sort.descending),
        )

    def cells(self, row: Row) -> list[str | Cell]:
        """A class's cells."""
        one = queries.class_of(row)
        look = STATUSES[one.standing]
        more = f" +{one.teachers - 1}" if one.teachers > 1 else ""
        return [
            Cell(look.glyph, look.tone),
            one.school,
            one.course,
            one.title,
            one.code,
            f"{one.teacher}{more}",
            Cell(f"{one.people:,}") if one.people else Cell("·", "muted"),
            told_day(one.start),
            told_day(one.end),
        ]

    def current(self) -> ClassRow | None:
        """The class the cursor is on."""
        row = self.query_one(LazyTable).current
        return queries.class_of(row) if row is not None else None

    def why_no_school(self) -> str | None:
        """Why there is no school to show alone; None where there is."""
        return None if self.school or self.current() else EMPTY_LIST

    def action_school(self) -> None:
        """Shows one school, or all again."""
        one = self.current()
        self.school = None if self.school or one is None else (one.school_id, one.school)
        self.show_anew()

    def action_status(self) -> None:
        """Shows the next status only; after the last, all."""
        self.status = following(self.status, STANDINGS)
        self.show_anew()

    def action_export(self) -> None:
        """Asks what to write."""
        pane = self.query_one(ListPane)
        listing = self.listed(pane)
        whose = clean(self.school[1], 34) if self.school else words.ALL_SCHOOLS
        forms = list_forms(words.THIS_LIST, lambda: listing, EXPORTED, class_texts)
        forms += roster_forms((self.school[0],) if self.school else (), whose)
        self.export(words.EXPORT_CLASSES, self.date_name("classes"), forms)

    def show_anew(self) -> None:
        """Shows another list than before."""
        pane = self.query_one(ListPane)
        pane.empty.say(*(words.NO_SUCH_CLASS if self.school or self.status else words.NO_CLASS))
        self.tell_shown()
        pane.reload(stay=False)

    def tell_shown(self) -> None:
        """Says what is shown."""
        looks = "  ".join(f"{STATUSES[one].glyph} {STATUSES[one].word}" for one in STANDINGS)
        self.query_one("#shown", Static).update(
            Content.assemble(
                ("School ", "dim"),
                (clean(self.school[1], 40) if self.school else "all", "bold"),
                ("   Status ", "dim"),
                (str(STATUSES[self.status]) if self.status else "all", "bold"),
                ("" if self.status or self.school else f"   {looks}", "dim"),
            )
        )

    @on(LazyTable.Opened)
    def open_class(self, event: LazyTable.Opened) -> None:
        """Opens who takes part."""
        self.app.push_screen(ParticipantsScreen(queries.class_of(event.row)))


def class_texts(row: Row) -> tuple[object, ...]:
    """A class's cells in a file."""
    one = queries.class_of(row)
    told = (one.school, one.course, one.title, one.code, one.teacher, one.teachers, one.people)
    return (*told, one.start or "", one.end or "", one.standing)
