"""The directory: every key that works where you are, with its sentence, and why it does not apply where it does not."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from screens.commands import Command, Commanding, Offer, bindings, key_name, nearness, offers
from screens.fitting import fit
from styles import sheet

KEY_CELLS = 12


class HelpScreen(Commanding, ModalScreen[Offer | None]):
    """The list of keys; typing filters it, Enter does what the line says."""

    CSS = sheet("modals")
    VERBS = (
        Command("help.close", "escape,f1", "Close", "Close the list.", "Help", "close", 1),
        Command("help.down", "down", "Down", "Move down.", "Help", "move(1)"),
        Command("help.up", "up", "Up", "Move up.", "Help", "move(-1)"),
    )
    BINDINGS = bindings(VERBS)
    AUTO_FOCUS = "Input"

    def compose(self) -> ComposeResult:
        """A field over a list."""
        with Vertical(classes="box"):
            yield Static("Keys that work here", classes="heading")
            yield Input(placeholder="type to filter · enter does it · esc closes", compact=True)
            yield OptionList(compact=True)

    def on_mount(self) -> None:
        """Notes what the screen below offers, before typing changes what is in focus."""
        below = self.app.screen_stack[-2]
        self.offers = sorted(offers(self.app, below), key=nearness)
        self.query_one(OptionList).can_focus = False
        self.fill("")

    @on(Input.Changed)
    def filter(self, event: Input.Changed) -> None:
        """Shows what holds the words."""
        self.fill(event.value)

    @on(Input.Submitted)
    def choose(self) -> None:
        """Does what the highlighted line says."""
        options = self.query_one(OptionList)
        if options.highlighted is not None:
            options.action_select()

    @on(OptionList.OptionSelected)
    def do(self, event: OptionList.OptionSelected) -> None:
        """Closes with the command; whoever opened the list runs it."""
        self.dismiss(next(offer for offer in self.offers if offer.command.id == event.option_id))

    def fill(self, words: str) -> None:
        """Lists the commands that hold all the words, by group."""
        options = self.query_one(OptionList)
        options.clear_options()
        group = ""
        for offer in self.offers:
            command = offer.command
            text = f"{command.shown_keys} {command.label} {command.help} {command.group}".lower()
            if not all(word in text for word in words.lower().split()):
                continue
            if command.group != group:
                group = command.group
                options.add_option(Option(Content.styled(group, "bold"), disabled=True))
            options.add_option(Option(entry(offer), id=command.id))
        options.action_first()

    def action_move(self, by: int) -> None:
        """Moves the highlight."""
        options = self.query_one(OptionList)
        if by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_close(self) -> None:
        """Closes the list."""
        self.dismiss(None)


def entry(offer: Offer) -> Content:
    """A line (or two) of the list."""
    keys = fit(" ".join(map(key_name, offer.keys)) or "ctrl+p", KEY_CELLS)
    reason = offer.reason
    if reason:
        return Content.assemble((f"  {keys} {offer.command.help}", "dim"), (f" Not now: {reason}", "$warning"))
    return Content.assemble("  ", (keys, "bold $accent"), f" {offer.command.help}")
