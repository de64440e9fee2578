"""A shelf: one line of the screen, made of parts; each part may be clicked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget


class Part(NamedTuple):
    """A piece of a line.

    Args:
        text: what it says, never parsed as markup.
        style: as in Textual's content: `bold $primary`.
        click: called (and awaited) when it is clicked.
    """

    text: str
    style: str = ""
    click: Callable[[], object] | None = None


class Line(Widget):
    """One line of parts, with a blank at either end; what does not fit is cut off."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 -- Textual's word
        super().__init__(id=id, classes=classes)
        self.drawn: tuple[Part, ...] = ()

    def parts(self, width: int) -> Iterable[Part]:
        """The parts of the line, to be at most `width` cells; subclasses say which."""
        raise NotImplementedError

    def parts_now(self, width: int) -> tuple[Part, ...]:
        """The parts as they would be drawn now, clicks left out, so that two of them can be compared."""
        return tuple(Part(part.text, part.style) for part in self.parts(width))

    def redraw(self, _: object = None) -> None:
        """Draws the line anew, where its parts are others than before: over SSH every line drawn is sent."""
        if self.parts_now(self.size.width) != self.drawn:
            self.refresh()

    def render(self) -> RenderResult:
        """The line."""
        parts = tuple(self.parts(self.size.width))
        self.drawn = tuple(Part(part.text, part.style) for part in parts)
        self.clicks = [(cell_len(part.text), part.click) for part in parts]
        return Content.assemble(*((part.text, part.style) for part in parts))

    def on_click(self, event: events.Click) -> None:
        """Does what the part under the mouse is for."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        at = offset.x
        for length, click in self.clicks:
            if at < length:
                if click is not None:
                    event.stop()
                    self.call_later(click)
                return
            at -= length
