"""The log as screens use it: the roll, a line that says what it shows, a search; keys to follow, filter, find, wrap, save."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from screens import memory
from screens.clipboard import save
from screens.commands import Command, Commanding, bindings
from screens.log_book import KINDS, Kind, LogBook
from screens.widgets.line import Line, Part
from screens.widgets.log_view import LogView
from screens.widgets.search_bar import SearchBar
from styles import sheet


class LogStatus(Line):
    """What the log shows: whether it follows, and the kinds with their counts; the one in force stands in brackets."""

    def __init__(self, view: LogView) -> None:
        super().__init__()
        self.view = view

    def parts(self, width: int) -> Iterator[Part]:
        """The line; kinds that do not fit any more are left out."""
        view = self.view
        see = cast(LogPane, self.parent).see
        state = "following" if view.following else f"paused, {view.new:,} new" if view.new else "paused"
        first = Part(
            f"{'▼' if view.following else '‖'} {state}", "$success" if view.following else "$warning", view.follow
        )
        yield first
        left = width - len(first.text)
        total = sum(view.book.counts.values())
        for kind, word, count in [
            (None, "all", total),
            *((kind, word, view.book.counts[kind]) for kind, word in KINDS.items()),
        ]:
            here = kind == view.kind
            text = f"{word} {count:,}"
            text = f" [{text}]" if here else f"  {text} "
            left -= len(text)
            if left < 0:
                return
            yield Part(text, "bold $primary" if here else "dim", partial(see, kind))


class LogPane(Commanding, Vertical):
    """A log with everything around it. `show` a book, then `update_lines` once a tick."""

    DEFAULT_CSS = sheet("log")
    VERBS = (
        Command("log.down", "j,down", "Down", "Move down.", "Log", "move(1)"),
        Command("log.up", "k,up", "Up", "Move up; the log stops following.", "Log", "move(-1)"),
        Command("log.page_down", "pagedown,ctrl+f", "Page down", "Move down a page.", "Log", "page(1)"),
        Command("log.page_up", "pageup,ctrl+b", "Page up", "Move up a page.", "Log", "page(-1)"),
        Command("log.first", "g,home", "First", "Go to the first line.", "Log", "first"),
        Command("log.last", "G,end", "Last", "Go to the last line and follow.", "Log", "follow"),
        Command("log.follow", "f", "Follow", "Follow the end, or pause.", "Log", "pause", 4),
        Command("log.next_kind", "right", "Kind", "Show only the next kind of line.", "Log", "kind(1)", 5),
        Command("log.previous_kind", "left", "Kind", "Show only the kind of line before.", "Log", "kind(-1)"),
        Command(
            "log.next", "n", "Next", "Go to the next line found.", "Log", "find(True)", 0, lambda it: it.why_no_find()
        ),
        Command(
            "log.before",
            "N",
            "Before",
            "Go to the line found before.",
            "Log",
            "find(False)",
            0,
            lambda it: it.why_no_find(),
        ),
        Command("log.wrap", "w", "Wrap", "Break long lines, or no longer.", "Log", "wrap", 8),
        Command("log.copy", "y", "Copy", "Copy the line.", "Log", "copy", 6, lambda it: it.why_no_line()),
        Command(
            "log.save",
            "ctrl+s",
            "Save",
            "Save the log to a file that only you may read.",
            "Log",
            "save",
            7,
            lambda it: it.why_no_line(),
        ),
    )
    BINDINGS = bindings(VERBS)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's word
        super().__init__(id=id)
        self.view = LogView()

    def compose(self) -> ComposeResult:
        """Roll, search, status."""
        yield self.view
        yield SearchBar("find in the log; n and N go on", "LogView")
        yield LogStatus(self.view)

    def show(self, book: LogBook) -> None:
        """Shows a book."""
        self.view.show(book)

    def update_lines(self) -> None:
        """Takes in what came since the last tick."""
        self.view.update_lines()

    def see(self, kind: Kind | None) -> None:
        """Shows only a kind of line; None for all."""
        self.view.kind = kind
        self.view.rebuild()

    @on(LogView.Changed)
    def redraw_status(self) -> None:
        """Keeps the status line true."""
        self.query_one(LogStatus).redraw()

    @on(SearchBar.Changed)
    def look(self, event: SearchBar.Changed) -> None:
        """Finds what is typed, from here on."""
        event.stop()
        if not event.text:
            self.view.words = ""
            self.view.refresh()
        elif not self.view.find(event.text, here=True):
            event.bar.tell_found("not found")
            return
        event.bar.tell_found("")

    def action_move(self, by: int) -> None:
        """Moves the cursor."""
        self.view.go_to(self.view.cursor + by)

    def action_page(self, by: int) -> None:
        """Moves the cursor by pages."""
        self.view.go_to(self.view.cursor + by * max(1, self.view.size.height - 1))

    def action_first(self) -> None:
        """Goes to the first line that is kept."""
        self.view.go_to(0)

    def action_follow(self) -> None:
        """Goes to the end and stays there."""
        self.view.follow()

    def action_pause(self) -> None:
        """Follows, or no longer."""
        if self.view.following:
            self.view.following = False
            self.view.refresh()
            self.redraw_status()
        else:
            self.view.follow()

    def action_kind(self, by: int) -> None:
        """Shows only the next kind."""
        kinds: list[Kind | None] = [None, *KINDS]
        self.see(kinds[(kinds.index(self.view.kind) + by) % len(kinds)])

    def action_find(self, forward: bool) -> None:
        """Goes to the next line found."""
        if not self.view.find(self.view.words, forward=forward):
            self.notify("No line holds that.")

    def action_wrap(self) -> None:
        """Breaks long lines, or no longer."""
        self.view.wrap()

    def action_copy(self) -> None:
        """Copies the cursor's line."""
        if line := self.view.current():
            self.app.copy_to_clipboard(line.text.strip())

    def action_save(self) -> None:
        """Saves all lines that are kept."""
        try:
            path = save(self.view.book.text(), memory.state_folder(), "sync.log")
        except OSError as error:
            self.notify(f"The log cannot be saved: {error.strerror}.", severity="error", markup=False)
        else:
            self.notify(str(path), title="Log saved", markup=False)

    def why_no_find(self) -> str | None:
        """Why there is nothing to go on finding; None where there is."""
        return None if self.view.words else "Look for something first: /"

    def why_no_line(self) -> str | None:
        """Why there is no line; None where there is."""
        return None if self.view.current() else "The log is empty."
