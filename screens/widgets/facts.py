"""The index card: labelled facts in sections, to scroll and copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from screens.commands import Command, Commanding, bindings
from screens.fitting import clean

LABEL_CELLS = 18


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value; `style` as in Textual's content."""

    label: str
    value: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Facts under a title; `none` stands there where there are none."""

    title: str
    facts: Sequence[Fact] = field(default=())
    none: str = ""


class FactSheet(Commanding, VerticalScroll, can_focus=True):
    """Facts, section by section; values from elsewhere are cleaned here, and never parsed as markup."""

    VERBS = (
        Command("facts.down", "j,down", "Down", "Scroll down.", "Details", "scroll_by(1)"),
        Command("facts.up", "k,up", "Up", "Scroll up.", "Details", "scroll_by(-1)"),
        Command("facts.page_down", "pagedown,ctrl+f,space", "Page down", "Scroll down a page.", "Details", "page(1)"),
        Command("facts.page_up", "pageup,ctrl+b", "Page up", "Scroll up a page.", "Details", "page(-1)"),
        Command("facts.first", "g,home", "First", "Go to the top.", "Details", "ends(0)"),
        Command("facts.last", "G,end", "Last", "Go to the end.", "Details", "ends(1)"),
        Command("facts.copy", "y", "Copy", "Copy all of it.", "Details", "copy", 7),
    )
    BINDINGS = bindings(VERBS)

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(classes="facts")

    def show(self, sections: Sequence[Section]) -> None:
        """Shows facts."""
        self.plain = "\n".join(line for section in sections for line in lines(section))
        self.query_one(".facts", Static).update(drawn(sections))

    plain = ""
    """What is copied."""

    def action_copy(self) -> None:
        """Copies all of it."""
        self.app.copy_to_clipboard(self.plain)

    def action_scroll_by(self, by: int) -> None:
        """Scrolls by lines."""
        self.scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        """Scrolls by pages."""
        self.scroll_relative(y=by * max(1, self.size.height - 2), animate=False)

    def action_ends(self, end: int) -> None:
        """Goes to the top or to the end."""
        self.scroll_to(y=self.max_scroll_y if end else 0, animate=False)


def lines(section: Section) -> list[str]:
    """A section as plain text."""
    told = [f"{fact.label}: {clean(fact.value)}" if fact.label else clean(fact.value) for fact in section.facts]
    return [*([section.title] if section.title else []), *(told or [section.none]), ""]


def drawn(sections: Sequence[Section]) -> Content:
    """Sections as they are shown."""
    parts: list[str | tuple[str, str]] = []
    for section in sections:
        if section.title:
            parts.append((f"{section.title}\n", "bold $primary"))
        for fact in section.facts:
            label = f"{fact.label:<{LABEL_CELLS}}" if fact.label else ""
            parts += [(label, "dim"), (f"{clean(fact.value)}\n", fact.style)]
        if not section.facts:
            parts.append((f"{section.none}\n", "dim"))
        parts.append("\n")
    return Content.assemble(*parts[:-1])
