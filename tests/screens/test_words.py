"""The words of the screens: each sentence stands once, each state is told by glyph and word, each colour can be read."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from screens import connection_ladder, themes, words
from screens.words import Look

SCREENS = Path(words.__file__).parent


def sentences(path: Path) -> Iterator[str]:
    """The sentences for people in a file; not docstrings, nor those of the command table, which is a place of its own."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    others = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Command":
            others.update(id(one) for one in node.args)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in others:
            continue
        if node.value.count(" ") >= 2 and node.value.rstrip().endswith("."):
            yield node.value.strip()


def test_every_sentence_stands_in_one_place() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in sorted(SCREENS.rglob("*.py")):
        for text in sentences(path):
            places[text].append(path.name)
    assert len(places) > 100
    twice = {text: names for text, names in places.items() if len(names) > 1}
    assert not twice


def looks() -> list[Look]:
    """Every state that has a look."""
    ladder = (one for one in vars(connection_ladder).values() if isinstance(one, Look))
    return [*words.OUTCOMES.values(), *words.STATUSES.values(), words.NEVER, *ladder]


def test_a_state_is_told_by_glyph_and_word_never_by_colour_alone() -> None:
    for look in looks():
        assert len(look.glyph) == 1
        assert look.word.strip()
    for family in (words.OUTCOMES, words.STATUSES):
        assert len({look.word for look in family.values()}) == len(family)
    # Where only the glyph fits (Courses, People), it is enough.
    assert len({look.glyph for look in words.STATUSES.values()}) == len(words.STATUSES)


def luminance(colour: str) -> float:
    """The relative luminance of `#rrggbb`, as WCAG defines it."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", themes.THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("tone", ["foreground", "success", "warning", "error", "accent"])
def test_a_colour_can_be_read_on_the_background(theme: themes.Theme, tone: str) -> None:
    dark, light = sorted(luminance(str(colour)) for colour in (theme.background, getattr(theme, tone)))
    assert (light + 0.05) / (dark + 0.05) >= 4.5  # WCAG 2.2, 1.4.3
