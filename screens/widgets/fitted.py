"""Made to measure: a text that is another for each width, like a table that leaves out what does not fit."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import RenderResult
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

Make = Callable[[int], Content]
"""A text for a width in cells."""


class Fitted(Widget):
    """A text that is another for each width. It is asked for while the layout is worked out, never told in answer to it.

    Until a widget is at rest, Textual (8.2) counts all its updates as one, and takes a height that it measured since
    for the height of what came later. So a Static that is told its text anew at each resize stays too high or too low
    where one resize follows closely on another.

    Args:
        least: lines it is high where its text has fewer.
    """

    def __init__(self, *, least: int = 0, id: str | None = None) -> None:  # noqa: A002 -- Textual's word
        super().__init__(id=id)
        self.least = least
        self.make: Make = lambda _: Content("")
        self.made: dict[int, Content] = {}

    def tell(self, make: Make) -> None:
        """Tells another text. What is told already is not drawn again, and the layout stays where the height does.

        A layout ten times a second would cost a sync more than its log.
        """
        width = self.size.width
        told, text = self.text_at(width), make(width)
        self.make, self.made = make, {width: text}
        moves = not width or not self.fits
        if moves or text.plain != told.plain or text.spans != told.spans:
            self.refresh(layout=moves)
        if moves:
            self.call_after_refresh(self.check_height)

    def check_height(self) -> None:
        """Has it laid out once more, where another layout came between two texts (see above)."""
        if not self.fits:
            self.refresh(layout=True)

    @property
    def fits(self) -> bool:
        """Whether it is as high as its text, at the width it has."""
        return self.lines_at(self.size.width) == self.size.height

    def text_at(self, width: int) -> Content:
        """The text for a width; made once for each."""
        if width not in self.made:
            self.made[width] = self.make(width)
        return self.made[width]

    def lines_at(self, width: int) -> int:
        """How many lines it takes at a width; none where there is no room at all."""
        return width and max(self.least, self.text_at(width).get_height(self.styles.get_rules(), width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 -- Textual's
        """How many lines it takes at a width."""
        return self.lines_at(width)

    def render(self) -> RenderResult:
        """The text."""
        return self.text_at(self.size.width)
