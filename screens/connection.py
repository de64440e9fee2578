"""Connection: where the provider is and how to get in: version, addresses, client ID, secret; and a test of it all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from oneroster_tui.errors import ConfigError
from screens import connection_words as words
from screens.commands import Command, bindings
from screens.connection_fields import FIELDS, FIELDS_BY_NAME, SECRET, Draft
from screens.connection_form import Form
from screens.connection_ladder import Ladder
from screens.connection_leave import Choice, Unsaved
from screens.fitting import clean
from screens.frame import FramedScreen
from screens.words import DEMO_STARTS, MISTAKE
from styles import sheet


class ConnectionScreen(FramedScreen):
    """Mode 2."""

    CSS = sheet("connection")
    VERBS = (
        Command(
            "connection.test",
            "t,ctrl+t",
            "Test",
            "Test what is typed, saved or not.",
            "Connection",
            "test",
            2,
            lambda it: it.why_not_test(),
        ),
        Command(
            "connection.save",
            "ctrl+s",
            "Save",
            "Save the connection to config.toml.",
            "Connection",
            "save",
            3,
            lambda it: it.why_not_save(),
        ),
        Command(
            "connection.stop",
            "escape",
            "Stop test",
            "Stop the test.",
            "Connection",
            "back",
            1,
            here=lambda it: it.testing,
        ),
        Command(
            "connection.card",
            "c,ctrl+g",
            "Report card",
            "Examine the provider: every operation and parameter, for an argument with a vendor.",
            "Connection",
            "card",
            5,
            lambda it: it.why_no_card(),
        ),
        Command(
            "connection.reveal",
            "ctrl+r",
            "Reveal",
            "Show the secret, or hide it again.",
            "Connection",
            "reveal",
            4,
            lambda it: it.why_not_reveal(),
        ),
        Command(
            "connection.undo",
            "ctrl+z",
            "Undo edits",
            "Take all unsaved edits back.",
            "Connection",
            "undo",
            6,
            lambda it: it.why_no_edits(),
        ),
        Command("connection.next", "down,j", "Next field", "Go to the next field.", "Connection", "step(1)"),
        Command("connection.before", "up,k", "Field before", "Go to the field before.", "Connection", "step(-1)"),
        Command("connection.page_down", "pagedown", "Page down", "Scroll the form down.", "Connection", "page(1)"),
        Command("connection.page_up", "pageup", "Page up", "Scroll the form up.", "Connection", "page(-1)"),
    )
    # Without `stop`: its key is the frame's `escape`, whose action does the same while a test runs.
    BINDINGS = bindings([one for one in VERBS if one.id != "connection.stop"])
    AUTO_FOCUS = "ChoiceBar"

    def body(self) -> ComposeResult:
        """State, form, ladder."""
        self.draft = Draft(self.desk.settings.connection)
        self.form = Form(self.draft)
        self.ladder = Ladder()
        yield Static(id="about")
        yield self.form
        yield self.ladder

    def on_mount(self) -> None:
        """Follows the settings."""
        self.desk.settings_changed.subscribe(self, lambda _: self.take_settings())
        self.take_settings()

    # What is typed

    def take_settings(self) -> None:
        """Takes the settings in force; edits stay, and clashes are told."""
        clashes = self.draft.adopt(self.desk.settings.connection)
        if clashes:
            self.notify(
                words.clashing([field.label for field in clashes]),
                title=words.EDITED_ELSEWHERE,
                severity="warning",
                timeout=15,
                markup=False,
            )
        self.form.fixed = self.fixed_values()
        self.form.refill()
        self.tell()

    def fixed_values(self) -> dict[str, str]:
        """What cannot be changed here, by field: all of it in the demo; a secret that comes from outside."""
        connection = self.desk.settings.connection
        fixed: dict[str, str] = {}
        if self.desk.options.demo:
            fixed = {field.name: self.draft.base[field.name] or "-" for field in FIELDS}
            fixed[SECRET] = "••••••••"
        if self.draft.secret_elsewhere:
            fixed[SECRET] = words.from_elsewhere(connection.secret_origin())
        return fixed

    @on(Form.Edited)
    def tell(self) -> None:
        """Says on top what is edited, wrong or given."""
        edited, wrong = self.draft.edited, self.draft.wrong
        if self.desk.options.demo:
            text = Content.styled(words.DEMO, "dim")
        elif wrong:
            text = Content.assemble(*words.wrong_parts(wrong[0].label, self.draft.problem(wrong[0])))
        elif edited:
            text = Content.assemble(*words.edited_parts([field.label for field in edited]))
        elif self.desk.keeper.is_new:
            text = Content.styled(words.NOTHING_SAVED, "dim")
        else:
            text = Content.styled(words.saved_in(clean(self.desk.keeper.path.name)), "dim")
        self.query_one("#about", Static).update(text)
        self.refresh_bindings()

    def why_no_edits(self) -> str | None:
        """Why there is nothing to take back; None where there is."""
        return None if self.draft.edited else words.NOT_EDITED

    def why_not_save(self) -> str | None:
        """Why nothing can be saved now; None where it can."""
        if self.desk.options.demo:
            return words.DEMO_FIXED
        if self.desk.keeper.error is not None:
            return MISTAKE
        if wrong := self.draft.wrong:
            return words.wrong(wrong[0].label, self.draft.problem(wrong[0]))
        return None if self.draft.edited else words.NOT_EDITED

    async def action_save(self) -> None:
        """Saves what was edited."""
        await self.saved()

    async def saved(self) -> bool:
        """Saves what was edited; whether that went well."""
        try:
            settings = await self.desk.save(self.draft.changes())
        except ConfigError as error:
            self.explain(error)
            return False
        missing = [FIELDS_BY_NAME[name.rpartition(".")[2]].label for name in settings.connection.missing()]
        then = words.still_needed(missing) if missing else words.AFTER_SAVING
        self.notify(then, title=words.SAVED, markup=False)
        return True

    def explain(self, error: ConfigError) -> None:
        """Says why it was not saved; where somebody else was at the file, reads it again first."""
        seen = self.desk.keeper.look()
        if seen in ("changed", "mended"):
            self.desk.settings_changed.publish(self.desk.settings)
            self.notify(words.READ_AGAIN, title=words.NOT_SAVED, severity="warning", timeout=15)
            return
        self.refresh_frame()
        problems = " ".join(error.problems)
        text = f"{problems} {error.do}".strip()
        self.notify(text, title=error.what, severity="error", timeout=15, markup=False)

    def action_undo(self) -> None:
        """Takes all edits back."""
        self.draft.discard()
        self.form.refill()
        self.tell()

    def why_not_reveal(self) -> str | None:
        """Why the secret cannot be shown; None where it can."""
        if self.draft.secret_elsewhere:
            return words.look_there(clean(self.desk.settings.connection.secret_origin()))
        if self.desk.options.demo:
            return words.DEMO_SECRET
        return None if self.draft.typed[SECRET] else words.NO_SECRET

    def action_reveal(self) -> None:
        """Shows the secret, or hides it."""
        self.form.secret.password = not self.form.secret.password

    # Moving and leaving

    def action_step(self, by: int) -> None:
        """Goes to the next field, or the one before; scrolls where none can be filled in."""
        if self.desk.options.demo:
            self.form.scroll_relative(y=2 * by, animate=False)
        elif by > 0:
            self.focus_next()
        else:
            self.focus_previous()

    def action_page(self, by: int) -> None:
        """Scrolls the form."""
        self.form.scroll_relative(y=by * max(1, self.form.size.height - 2), animate=False)

    def why_not_back(self) -> str | None:
        """Why `esc` has nothing to do; None where it stops a test, or leaves a field to free the number keys."""
        return None if self.testing or isinstance(self.focused, Input) else super().why_not_back()

    def action_back(self) -> None:
        """Stops the test; else leaves the field; else the screen."""
        if self.testing:
            self.ladder.stop()
        elif isinstance(self.focused, Input):
            self.set_focus(None)
        else:
            super().action_back()

    def asks_first(self, leave: Callable[[], Awaitable[None]]) -> bool:
        """Asks about unsaved edits before the screen is left."""
        edited = self.draft.edited
        if not edited:
            return False
        text = words.unsaved([field.label for field in edited])
        self.app.push_screen(Unsaved(text, self.why_not_save()), partial(self.decide, leave))
        return True

    async def decide(self, leave: Callable[[], Awaitable[None]], choice: Choice | None) -> None:
        """Does what was chosen."""
        if choice == "discard":
            self.action_undo()
            await leave()
        elif choice == "save" and await self.saved():
            await leave()

    # The test

    @property
    def testing(self) -> bool:
        """Whether a test is under way."""
        return self.ladder.testing

    def why_not_test(self) -> str | None:
        """Why it cannot be tested now; None where it can."""
        if self.testing:
            return words.TESTING
        if self.desk.demo_pending:
            return DEMO_STARTS
        if wrong := self.draft.wrong:
            return words.wrong(wrong[0].label, self.draft.problem(wrong[0]))
        missing = self.draft.missing()
        return words.still_needed(missing) if missing else None

    def action_test(self) -> None:
        """Tests what is typed."""
        self.ladder.start(self.draft.meant(), unsaved=bool(self.draft.edited))

    def why_no_card(self) -> str | None:
        """Why the provider cannot be examined now; None where it can."""
        if self.draft.reads_bundle:
            return words.READS_BUNDLE
        return self.why_not_test()

    def action_card(self) -> None:
        """Opens the report card of the provider that is typed, saved or not."""
        from screens.conformance import ConformanceScreen

        self.app.push_screen(ConformanceScreen(self.draft.meant()))

    @on(Ladder.Changed)
    def show_keys(self) -> None:
        """Other keys apply while a test is under way."""
        self.refresh_bindings()
