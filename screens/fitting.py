"""The tailor: any text cut and padded to an exact number of terminal cells, wide and right-to-left letters included."""

from __future__ import annotations

import re
from typing import Literal

from rich.cells import cell_len, chop_cells

from oneroster_tui.text import sanitise

_JOINERS = re.compile("[\u200c\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")
"""What makes one picture of several emoji: terminals disagree about the width of the result, so each stands alone."""


def clean(text: str, limit: int = 300) -> str:
    """Remote text as it may stand in a cell: one line, no control characters, and of a width all terminals agree on."""
    text = sanitise(text, limit)
    return text if text.isascii() else _JOINERS.sub("", text)


def fit(text: str, width: int, align: Literal["left", "right"] = "left") -> str:
    """Text in exactly `width` cells: cut with an ellipsis, or padded."""
    if width <= 0:
        return ""
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        text = cut(text, width - 1) + "…"
        length = width
        missing = width - cell_len(text)
        return text + " " * missing
    padding = " " * (width - length)
    return padding + text if align == "right" else text + padding


def cut(text: str, width: int) -> str:
    """The longest beginning of a text that fits into `width` cells."""
    if width <= 0:
        return ""
    if text.isascii():
        return text[:width]
    pieces = chop_cells(text, width)
    return pieces[0] if pieces and cell_len(pieces[0]) <= width else ""
