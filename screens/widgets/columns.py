"""The drawing board: what a list's columns are, and how wide each is in the room there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

GAP = 2
"""Blank cells between two columns."""


class Cell(NamedTuple):
    """A cell's text and its tone: "", "success", "warning", "error", "accent" or "muted"."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list.

    Args:
        title: its heading.
        width: cells; 0 takes a share of what the fixed ones leave.
        share: how large a share, against the other flexible ones.
        least: cells a flexible column is at least given before others go.
        align: "right" for numbers.
        sort: what `Sorted.by` says when a person sorts by it; "" where nobody can.
        spare: columns with higher numbers go first where the screen is narrow; of equals, the one further right.
    """

    title: str
    width: int = 0
    share: int = 1
    least: int = 10
    align: Literal["left", "right"] = "left"
    sort: str = ""
    spare: int = 0


def layout(columns: Sequence[Column], width: int) -> list[int]:
    """How many cells each column gets so that all of them, with gaps, fill `width`; 0 for one that is left out."""
    shown = list(range(len(columns)))
    while len(shown) > 1 and needed(columns, shown) > width:
        spare = max(shown, key=lambda place: (columns[place].spare, place))
        shown.remove(spare)
    room = max(0, width) - GAP * (len(shown) - 1) - sum(columns[place].width for place in shown)
    shares = sum(columns[place].share for place in shown if not columns[place].width)
    widths = [0] * len(columns)
    for place in shown:
        column = columns[place]
        if column.width:
            widths[place] = column.width
            continue
        widths[place] = max(1, room * column.share // shares)
        room -= widths[place]
        shares -= column.share
    return widths


def needed(columns: Sequence[Column], shown: Sequence[int]) -> int:
    """The cells that these columns take at least."""
    return sum(columns[place].width or columns[place].least for place in shown) + GAP * (len(shown) - 1)
