"""The paper roll: a run's log, drawn line by line from its book; follows the end until somebody reads further up."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from screens.fitting import cut
from screens.log_book import Kind, LogBook, LogLine


class LogView(ScrollView, can_focus=True, inherit_bindings=False):
    """Draws a `LogBook`; `LogPane` adds status line, search and keys.

    Attributes:
        book: what it shows.
        kind: only lines of this kind; None for all.
        following: whether it stays at the end while lines come.
        wrapping: whether long lines are broken; else they run out at the right.
        cursor: the place among the lines shown that keys act on.
        new: lines that came while it did not follow.
    """

    @dataclass
    class Changed(Message):
        """What the status line tells is something else now."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log--cursor",
        "log--found",
        *(f"log--{kind}" for kind in ("update", "removal", "skip", "warning", "problem", "info")),
    }

    def __init__(self) -> None:
        super().__init__()
        self.book = LogBook()
        self.kind: Kind | None = None
        self.following = True
        self.wrapping = False
        self.cursor = 0
        self.new = 0
        self.words = ""
        self._shown: list[int] | range = range(0)
        self._seen = 0
        self._width = 0
        self._tops: list[int] = []

    # Lines

    def show(self, book: LogBook) -> None:
        """Shows another book, from its end."""
        self.book = book
        self.following = True
        self.rebuild()

    def rebuild(self) -> None:
        """Chooses the lines to show anew."""
        self._shown = self._chosen(0)
        self._seen = self.book.end
        self._width = 0
        self._measure(self._shown)
        self._tops = []
        self.cursor = max(0, len(self._shown) - 1)
        self._settle()

    def update_lines(self) -> None:
        """Takes in the lines that came since the last call; once a tick is enough."""
        fresh = self._chosen(self._seen)
        gone = bisect_left(self._shown, self.book.first)
        self._seen = self.book.end
        if not fresh and not gone:
            return
        if isinstance(self._shown, range):
            self._shown = range(self.book.first, self.book.end)
        else:
            self._shown = [*self._shown[gone:], *fresh] if gone else self._shown
            if not gone:
                self._shown.extend(fresh)
        self._measure(fresh)
        self.new = 0 if self.following else self.new + len(fresh)
        lost = (self._tops[gone - 1] if gone and self._tops else gone) if self.wrapping else gone
        self._tops = []
        self.cursor = max(0, self.cursor - gone)
        self._settle(lost)

    def _chosen(self, since: int) -> list[int] | range:
        """The numbers of the lines to show."""
        numbers = self.book.numbers(self.kind, since)
        return numbers if isinstance(numbers, range) else list(numbers)

    def _measure(self, numbers: Sequence[int]) -> None:
        """Keeps the length of the longest line, for the scroll bar."""
        if numbers:
            self._width = max(self._width, max(len(self.book.line(number).text) for number in numbers))

    def _settle(self, lost: int = 0) -> None:
        """Makes the scroll bar as long as the log; stays at the end, or where the reader is."""
        rows = self._rows()
        self.virtual_size = Size(self.size.width if self.wrapping else self._width + 1, rows)
        if self.following:
            self.cursor = max(0, len(self._shown) - 1)
            self.scroll_to(y=max(0, rows - self.size.height), animate=False, force=True)
        elif lost:
            self.scroll_to(y=max(0, self.scroll_offset.y - lost), animate=False, force=True)
        self.refresh()
        self.post_message(self.Changed())

    # Wrapping

    def _rows(self) -> int:
        """How many rows all lines take."""
        if not self.wrapping:
            return len(self._shown)
        if not self._tops:
            width = self._wrap_width
            self._tops = list(
                accumulate(max(1, -(-len(self.book.line(number).text) // width)) for number in self._shown)
            )
        return self._tops[-1] if self._tops else 0

    @property
    def _wrap_width(self) -> int:
        """Where lines are broken."""
        return max(10, self.scrollable_content_region.width)

    def _place(self, row: int) -> tuple[int, int]:
        """Which of the lines shown stands in a row, and which of its pieces."""
        if not self.wrapping:
            return row, 0
        self._rows()
        place = bisect_left(self._tops, row + 1)
        return place, row - (self._tops[place - 1] if place else 0)

    def _top(self, place: int) -> int:
        """The row where a line begins."""
        if not self.wrapping or not place:
            return place
        self._rows()
        return self._tops[min(place, len(self._tops)) - 1]

    # Drawing

    def render_line(self, y: int) -> Strip:
        """A row of the log."""
        width = self.scrollable_content_region.width
        row = self.scroll_offset.y + y
        place, piece = self._place(row)
        if place >= len(self._shown):
            return Strip.blank(width, self.rich_style)
        line = self.book.line(self._shown[place])
        text, begin = line.text, self.scroll_offset.x
        if self.wrapping:
            begin = piece * self._wrap_width
        text = text[begin : begin + width]
        base = self.get_component_rich_style(f"log--{line.kind}")
        if self.has_focus and place == self.cursor and not self.following:
            base += Style(bgcolor=self.get_component_rich_style("log--cursor").bgcolor)
        return Strip(list(self._marked(text, base))).adjust_cell_length(width, base)

    def _marked(self, text: str, base: Style) -> list[Segment]:
        """A text's segments, with the words that are looked for marked."""
        text = text if text.isascii() else cut(text, self.scrollable_content_region.width)
        at = text.lower().find(self.words) if self.words else -1
        if at < 0:
            return [Segment(text, base)]
        end = at + len(self.words)
        found = base + self.get_component_rich_style("log--found")
        return [Segment(text[:at], base), Segment(text[at:end], found), *self._marked(text[end:], base)]

    # Reading

    def current(self) -> LogLine | None:
        """The line that keys act on."""
        return self.book.line(self._shown[self.cursor]) if self.cursor < len(self._shown) else None

    def go_to(self, place: int) -> None:
        """Moves the cursor, and stops following; at the last line it follows again."""
        last = len(self._shown) - 1
        self.cursor = max(0, min(place, last))
        self.following = self.cursor == last
        if self.following:
            self.new = 0
        top, height = self._top(self.cursor), max(1, self.size.height)
        if top < self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, force=True)
        elif top >= self.scroll_offset.y + height:
            self.scroll_to(y=top - height + 1, animate=False, force=True)
        self.refresh()
        self.post_message(self.Changed())

    def find(self, words: str, *, forward: bool = True, here: bool = False) -> bool:
        """Goes to the next line (or the one before) that holds the words, round the end; says whether there is one.

        Args:
            here: whether the cursor's own line counts.
        """
        self.words = words.lower()
        self.refresh()
        count = len(self._shown)
        step = 1 if forward else -1
        for away in range(0 if here else 1, count + (0 if here else 1)):
            place = (self.cursor + step * away) % count
            if self.words in self.book.line(self._shown[place]).text.lower():
                self.go_to(place)
                self.following = False
                return True
        return False

    def follow(self) -> None:
        """Goes to the end and stays there."""
        self.following = True
        self.new = 0
        self._settle()

    def wrap(self) -> None:
        """Breaks long lines, or no longer."""
        self.wrapping = not self.wrapping
        self._tops = []
        self.scroll_to(x=0, animate=False, force=True)
        self._settle()
        self.go_to(self.cursor)

    def on_resize(self) -> None:
        """Breaks lines for the new width."""
        self._tops = []
        self._settle()

    def on_mouse_scroll_up(self, _: events.MouseScrollUp) -> None:
        """Whoever scrolls up wants to read."""
        if self.max_scroll_y:
            self.following = False
            self.cursor = min(self.cursor, self._place(self.scroll_offset.y)[0])
            self.post_message(self.Changed())
