"""The dressing room: a local role is picked from a list, or its name is typed."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from screens.commands import Command, Commanding, bindings
from screens.connection_form import ValueInput
from screens.desk import desk_of
from screens.fitting import clean
from screens.roles_words import NOT_MAPPED, RoleRow
from screens.widgets.bars import FooterBar
from styles import sheet


class RolePicker(Commanding, ModalScreen[str]):
    """A list of local roles, "Not mapped" first; the answer is the one picked, "" for none.

    Args:
        row: the OneRoster role.
        choices: the local roles.
    """

    CSS = sheet("roles")
    VERBS = (
        Command("picker.close", "escape,q", "Leave it", "Leave the role as it is.", "Roles", "close", 2),
        Command("picker.pick", "enter", "Choose", "Choose the local role.", "Roles", "pick", 1),
        Command("picker.down", "j,down", "Down", "Move down.", "Roles", "move(1)"),
        Command("picker.up", "k,up", "Up", "Move up.", "Roles", "move(-1)"),
    )
    BINDINGS = bindings(VERBS)

    def __init__(self, row: RoleRow, choices: Sequence[str]) -> None:
        super().__init__()
        self.row = row
        self.choices = ["", *choices]

    def compose(self) -> ComposeResult:
        """A list in a box."""
        with Vertical(classes="box"):
            yield Static(Content(f"{clean(self.row.role, 60)} becomes"), classes="heading")
            yield OptionList(
                *(
                    Option(Content(clean(one, 60)) if one else Content.styled(f"○ {NOT_MAPPED}", "dim"))
                    for one in self.choices
                ),
                compact=True,
            )
            yield Static("a adds a local role, outside this list.", classes="muted")
            yield FooterBar()

    def on_mount(self) -> None:
        """The one in force is where the cursor is."""
        options = self.query_one(OptionList)
        options.highlighted = self.choices.index(self.row.local) if self.row.local in self.choices else 0
        options.focus()

    @on(OptionList.OptionSelected)
    def picked(self, event: OptionList.OptionSelected) -> None:
        """One was picked."""
        self.dismiss(self.choices[event.option_index])

    def action_pick(self) -> None:
        """Picks the one under the cursor."""
        self.query_one(OptionList).action_select()

    def action_move(self, by: int) -> None:
        """Moves the cursor."""
        options = self.query_one(OptionList)
        if by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_close(self) -> None:
        """Changes nothing."""
        self.dismiss(None)


class NameAsk(Commanding, ModalScreen[str]):
    """Asks for the name of a local role.

    Args:
        title: what for.
        text: what will happen.
        value: to begin with.
    """

    CSS = sheet("roles")
    VERBS = (
        Command("name.close", "escape", "Leave it", "Change nothing.", "Roles", "close", 2),
        Command("name.done", "enter", "Take it", "Take the name.", "Roles", "done", 1),
    )
    BINDINGS = bindings(VERBS)

    def __init__(self, title: str, text: str, value: str = "") -> None:
        super().__init__()
        self.heading = title
        self.text = text
        self.value = value

    def compose(self) -> ComposeResult:
        """A field in a box."""
        with Vertical(classes="box"):
            yield Static(Content(self.heading), classes="heading")
            yield Static(Content(self.text))
            field = ValueInput(clean(self.value, 100), compact=True, max_length=100, select_on_focus=False)
            field.cursor_blink = not desk_of(self).economy
            yield field
            yield Static("", id="wrong")
            yield FooterBar()

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter belongs to the field first; it comes here so."""
        event.stop()
        self.action_done()

    def action_done(self) -> None:
        """Takes the name."""
        name = clean(self.query_one(Input).value, 100)
        if name:
            self.dismiss(name)
        else:
            self.query_one("#wrong", Static).update(Content.styled("✗ Type a name first; esc leaves it.", "$error"))

    def action_close(self) -> None:
        """Changes nothing."""
        self.dismiss(None)
