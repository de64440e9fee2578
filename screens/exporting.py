"""The packing table: what is in view, or the roster, goes into a file; a dialog asks which form and where."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from oneroster_tui.errors import ExitCode
from screens import exporting_words as words
from screens.commands import Command, Commanding, bindings
from screens.connection_form import ValueInput
from screens.desk import Desk, desk_of
from screens.fitting import clean
from screens.frame import FramedScreen
from screens.widgets.bars import FooterBar
from styles import sheet

if TYPE_CHECKING:
    from oneroster_tui.config import Settings
    from oneroster_tui.export.lists import Pages, Texts
    from oneroster_tui.export.report import Report
    from oneroster_tui.export.rows import Stopping
    from oneroster_tui.roster.database import Roster

Write = Callable[["Roster", "Settings", Path, "Stopping"], "Report"]


@dataclass(frozen=True, slots=True)
class Form:
    """What can be written: `label` says it, `ending` ends the file's name ("" for a folder), `write` does it."""

    label: str
    ending: str
    write: Write


def list_forms(
    what: str, pages: Callable[[], Pages], columns: Sequence[str], texts: Texts, only: frozenset[object] = frozenset()
) -> list[Form]:
    """A list as CSV and as JSON.

    Args:
        what: the rows, counted or named.
        pages: makes the list, on the thread that writes it.
        only: the ids of the rows wanted; none: all.
    """

    def writer(*, as_json: bool) -> Write:
        def write(roster: Roster, _: Settings, path: Path, stopping: Stopping) -> Report:
            from oneroster_tui.export.lists import export_list

            return export_list(roster, path, pages(), columns, texts, only=only, as_json=as_json, stopping=stopping)

        return write

    return [
        Form(words.as_csv(what), ".csv", writer(as_json=False)),
        Form(words.as_json(what), ".json", writer(as_json=True)),
    ]


def roster_forms(schools: tuple[str, ...], whose: str) -> list[Form]:
    """The roster, or some schools of it, as OneRoster bundles and as files for Moodle.

    Args:
        schools: their sourcedIds; none: all.
        whose: "All schools", or the school's name.
    """

    def bundle(version: str) -> Write:
        def write(roster: Roster, settings: Settings, path: Path, stopping: Stopping) -> Report:
            from oneroster_tui.export.oneroster import export_bundle

            return export_bundle(roster, settings.source, path, version=version, schools=schools, stopping=stopping)

        return write

    def moodle(roster: Roster, settings: Settings, path: Path, stopping: Stopping) -> Report:
        from oneroster_tui.export.moodle.files import export_files

        return export_files(roster, settings, path, schools=schools, stopping=stopping)

    return [
        Form(words.as_bundle(whose, "1.1"), ".zip", bundle("1.1")),
        Form(words.as_bundle(whose, "1.2"), ".zip", bundle("1.2")),
        Form(words.for_moodle(whose), "", moodle),
    ]


class ExportAsk(Commanding, ModalScreen[tuple[Form, Path]]):
    """Asks in which form and where.

    Args:
        title: what is exported.
        name: the file's name to begin with, without its ending.
        forms: what can be written.
        folder: where names without a folder go.
    """

    CSS = sheet("modals")
    VERBS = (
        Command("export.done", "enter", "Write it", "Write the file.", "Export", "done", 1),
        Command("export.close", "escape", "Leave it", "Write nothing.", "Export", "close", 2),
        Command("export.down", "down", "Next form", "Choose the next form.", "Export", "move(1)", 3),
        Command("export.up", "up", "Form before", "Choose the form before.", "Export", "move(-1)"),
    )
    BINDINGS = bindings(VERBS)
    AUTO_FOCUS = "Input"

    def __init__(self, title: str, name: str, forms: Sequence[Form], folder: Path) -> None:
        super().__init__()
        self.heading = title
        self.given = name
        self.forms = list(forms)
        self.folder = folder
        self.form = self.forms[0]
        self.warned: Path | None = None

    def compose(self) -> ComposeResult:
        """Forms, a field and what is wrong with it, in a box."""
        with Vertical(classes="box"):
            yield Static(Content(self.heading), classes="heading")
            options = OptionList(*(Option(Content(clean(form.label, 60))) for form in self.forms), compact=True)
            options.can_focus = False  # the arrows work from the field
            yield options
            yield Static(words.WRITE_TO, classes="ask")
            field = ValueInput(f"{self.given}{self.form.ending}", compact=True, max_length=1000, select_on_focus=False)
            field.cursor_blink = not desk_of(self).economy
            yield field
            yield Static("", id="wrong")
            yield FooterBar()

    def on_mount(self) -> None:
        """The first form is chosen."""
        self.query_one(OptionList).highlighted = 0

    def action_move(self, by: int) -> None:
        """Chooses another form."""
        options = self.query_one(OptionList)
        options.highlighted = ((options.highlighted or 0) + by) % len(self.forms)

    @on(OptionList.OptionHighlighted)
    def choose(self, event: OptionList.OptionHighlighted) -> None:
        """Another form is chosen; the name's ending follows where it was the other form's."""
        before, self.form = self.form, self.forms[event.option_index]
        field = self.query_one(Input)
        if field.value.endswith(before.ending):
            stem = field.value[: len(field.value) - len(before.ending)]
            field.value = f"{stem}{self.form.ending}"
            field.cursor_position = len(stem)

    @on(OptionList.OptionSelected)
    def clicked(self) -> None:
        """A click only chooses."""
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter belongs to the field first; it comes here so."""
        event.stop()
        self.action_done()

    def action_done(self) -> None:
        """Takes the answer; asks a second time before something is replaced."""
        text = self.query_one(Input).value.strip()
        if not text or not text.isprintable():
            self.tell(words.NO_NAME)
            return
        path = self.folder / Path(text).expanduser()
        if path.exists() and self.warned != path:
            self.warned = path
            self.tell(words.IS_THERE)
            return
        self.dismiss((self.form, path))

    def tell(self, text: str) -> None:
        """Says what is wrong."""
        self.query_one("#wrong", Static).update(Content.styled(text, "$warning"))

    def action_close(self) -> None:
        """Writes nothing."""
        self.dismiss(None)


class ExportingScreen(FramedScreen):
    """A screen that exports."""

    def export(self, title: str, name: str, forms: Sequence[Form]) -> None:
        """Asks, and writes."""

        def answered(answer: tuple[Form, Path] | None) -> None:
            if answer is not None:
                self.write(*answer)

        self.app.push_screen(ExportAsk(title, name, forms, Path.cwd()), answered)

    @work(group="export")
    async def write(self, form: Form, path: Path) -> None:
        """Writes on a thread, and says where, or why not."""
        self.notify(words.GO_ON, title=words.writing(clean(path.name, 60)), markup=False)
        report = await self.attempt(asyncio.to_thread(written, self.desk, form, path))
        if report is not None:
            rows = sum(report.files.values())
            lacking = " ".join(list(report.sentences())[:3])
            severity: Any = "warning" if lacking else "information"
            self.app.notify(
                clean(f"{path} {lacking}".strip(), 400),
                title=words.written(rows),
                severity=severity,
                timeout=15,
                markup=False,
            )

    def date_name(self, what: str) -> str:
        """A file's name to begin with: what it holds, and the day."""
        return f"{what}-{self.desk.now():%Y-%m-%d}"


def written(desk: Desk, form: Form, path: Path) -> Report:
    """Writes; runs on a thread, with a connection of its own. Stops where the app is left.

    Raises:
        RosterSyncError: nothing was written.
    """
    from oneroster_tui.headless.workplace import roster_of

    settings = desk.settings
    with roster_of(settings, create=False) as roster:
        return form.write(roster, settings, path, lambda: None if desk.app.is_running else ExitCode.INTERRUPTED)
