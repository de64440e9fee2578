"""The empty shelf: says why there is nothing here, and which key comes next."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class Empty(Static):
    """What stands in the place of an empty list.

    Args:
        text: a sentence: why there is nothing.
        key: the next key, as a person reads it; "" where there is none.
        then: what it does: `starts the first sync`.
    """

    def __init__(self, text: str = "", key: str = "", then: str = "", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.say(text, key, then)

    def say(self, text: str, key: str = "", then: str = "") -> None:
        """Says something else."""
        parts: list[str | tuple[str, str]] = [(text, "dim")]
        if key:
            parts += ["\n\n", (key, "bold $accent"), f" {then}"]
        self.update(Content.assemble(*parts))
