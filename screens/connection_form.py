"""The writing desk: the fields of the connection as rows to fill in: label, value, and one line that helps or objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from screens.commands import Command, Commanding, bindings
from screens.connection_fields import FIELDS, SECRET, Draft, Field
from screens.desk import desk_of
from screens.fitting import clean
from screens.widgets.line import Line, Part

LONGEST = 2000
"""Characters a field takes: an address that is longer is a mistake."""


class ValueInput(Input):
    """A field to type into. Letters that cannot be seen, or that turn the line round, show as a mark each."""

    @property
    def _value(self) -> Text:
        """The value as it is drawn."""
        text = super()._value
        if not self.password and not text.plain.isprintable():
            plain = "".join(one if one.isprintable() else "�" for one in text.plain)
            return Text(plain, no_wrap=True, overflow="ignore", end="")
        return text


class ChoiceBar(Commanding, Line, can_focus=True):
    """A few words of which one holds.

    Args:
        choices: the words.
    """

    @dataclass
    class Changed(Message):
        """Another word holds."""

        bar: ChoiceBar
        value: str

    VERBS = (
        Command("choice.next", "right,l,space,enter", "Choose", "Choose the next value.", "Connection", "turn(1)", 1),
        Command("choice.before", "left,h", "Before", "Choose the value before.", "Connection", "turn(-1)"),
    )
    BINDINGS = bindings(VERBS)

    def __init__(self, choices: tuple[str, ...]) -> None:
        super().__init__()
        self.choices = choices
        self.value = choices[0]

    def parts(self, width: int) -> Iterator[Part]:  # noqa: ARG002 -- what does not fit is cut off
        """The words; a dot marks the one that holds."""
        for choice in self.choices:
            held = choice == self.value
            style = ("bold $accent" if self.has_focus else "bold") if held else "dim"
            yield Part(f"{'(•)' if held else '( )'} {choice}", style, partial(self.choose, choice))
            yield Part("   ")

    def choose(self, choice: str) -> None:
        """Takes a word, and tells."""
        self.focus()
        if choice != self.value:
            self.value = choice
            self.refresh()
            self.post_message(self.Changed(self, choice))

    def action_turn(self, by: int) -> None:
        """Takes the next word, round and round."""
        self.choose(self.choices[(self.choices.index(self.value) + by) % len(self.choices)])


class MoreBar(Commanding, Line, can_focus=True):
    """Opens and folds away the fields that few people need."""

    @dataclass
    class Toggled(Message):
        """It was opened, or folded away."""

        is_open: bool

    VERBS = (
        Command("more.toggle", "enter,space", "More", "Show the other fields, or fold them.", "Connection", "fold", 1),
    )
    BINDINGS = bindings(VERBS)
    is_open = False
    words = ""

    def parts(self, width: int) -> Iterator[Part]:  # noqa: ARG002 -- what does not fit is cut off
        """A triangle, and what is behind it."""
        style = "bold $accent" if self.has_focus else "bold"
        yield Part("▾ More" if self.is_open else "▸ More", style, self.action_fold)
        yield Part("" if self.is_open else f": {self.words}", "dim", self.action_fold)

    def action_fold(self) -> None:
        """Opens, or folds away."""
        self.is_open = not self.is_open
        self.refresh()
        self.post_message(self.Toggled(self.is_open))


class FieldRow(Vertical):
    """A field.

    Args:
        field: which.
    """

    def __init__(self, field: Field) -> None:
        super().__init__(id=f"field-{field.name}")
        self.field = field
        self.editor: ValueInput | ChoiceBar = (
            ChoiceBar(field.choices)
            if field.key.kind == "choice"
            else ValueInput(compact=True, password=field.name == SECRET, select_on_focus=False, max_length=LONGEST)
        )

    def compose(self) -> ComposeResult:
        """Label and value, and a line below."""
        if isinstance(self.editor, ValueInput):
            self.editor.cursor_blink = not desk_of(self).economy
        with Horizontal():
            yield Static(classes="label")
            yield self.editor
            yield Static(classes="fixed")
        yield Static(classes="note")

    def fill(self, draft: Draft) -> None:
        """Takes the value from the draft; nothing is told."""
        value = draft.typed[self.field.name]
        if self.editor.value != value:
            if isinstance(self.editor, ValueInput):
                with self.editor.prevent(Input.Changed):
                    self.editor.value = value
            else:
                self.editor.value = value
                self.editor.refresh()

    def tell(self, draft: Draft, *, fixed: str | None) -> None:
        """Marks the row: edited, odd or wrong, and says why.

        Args:
            fixed: stands in the place of a value that cannot be changed here.
        """
        field = self.field
        self.editor.display = fixed is None
        self.editor.disabled = fixed is not None  # so that it cannot have the focus
        shown = self.query_one(".fixed", Static)
        shown.display = fixed is not None
        shown.update(Content(clean(fixed or "", LONGEST)))
        problem = "" if fixed is not None else draft.problem(field)
        warning = "" if fixed is not None else draft.warning(field)
        mark, tone, note = ("●", "bold $accent", "") if draft.edits(field) else (" ", "", "")
        if problem or warning:
            mark, tone = ("✗", "bold $error") if problem else ("▲", "bold $warning")
            note = problem or warning
        needed = " needed" if field.needed and fixed is None and not draft.typed[field.name].strip() else ""
        self.query_one(".label", Static).update(Content.assemble((f"{mark} {field.label}", tone), (needed, "dim")))
        text = (
            Content.styled(f"{mark} {note}", tone.removeprefix("bold ")) if note else Content.styled(field.help, "dim")
        )
        self.query_one(".note", Static).update(text)


class Form(VerticalScroll, can_focus=False):
    """All the fields.

    Args:
        draft: what is typed.
    """

    class Edited(Message):
        """A field holds something else than before."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(id="form")
        self.draft = draft
        self.rows = {field.name: FieldRow(field) for field in FIELDS}
        self.more = MoreBar()
        self.fixed: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """The usual fields, then what is folded."""
        yield from (row for row in self.rows.values() if not row.field.folded)
        yield self.more
        yield from (row for row in self.rows.values() if row.field.folded)

    def on_mount(self) -> None:
        """The first picture."""
        self.refill()

    def refill(self) -> None:
        """Takes every value from the draft."""
        for row in self.rows.values():
            row.fill(self.draft)
        self.tell()

    def tell(self) -> None:
        """Marks every row, and shows the ones that have a meaning now."""
        for name, row in self.rows.items():
            row.display = self.draft.applies(row.field) and (self.more.is_open or not row.field.folded)
            row.tell(self.draft, fixed=self.fixed.get(name))
        folded = [row.field.label for row in self.rows.values() if row.field.folded and self.draft.applies(row.field)]
        self.more.display = bool(folded)
        self.more.words = ", ".join(folded).lower()
        self.more.refresh()

    def go_to(self, field: Field) -> None:
        """Leads to a field."""
        if field.folded and not self.more.is_open:
            self.more.action_fold()
            self.tell()
        self.rows[field.name].editor.focus()

    @property
    def secret(self) -> ValueInput:
        """The field of the secret."""
        editor = self.rows[SECRET].editor
        assert isinstance(editor, ValueInput)  # noqa: S101 -- its key is no choice
        return editor

    @on(MoreBar.Toggled)
    def fold(self) -> None:
        """Shows or hides what is folded."""
        self.tell()

    @on(Input.Changed)
    @on(ChoiceBar.Changed)
    def take(self, event: Input.Changed | ChoiceBar.Changed) -> None:
        """Takes what was typed or chosen."""
        event.stop()
        editor = event.input if isinstance(event, Input.Changed) else event.bar
        row = next(row for row in self.rows.values() if row.editor is editor)
        if self.draft.typed[row.field.name] != event.value:
            self.draft.typed[row.field.name] = event.value
            self.tell()
            self.post_message(self.Edited())

    @on(Input.Submitted)
    def following(self, event: Input.Submitted) -> None:
        """Enter goes to the next field."""
        event.stop()
        self.screen.focus_next()
