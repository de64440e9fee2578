"""Text that a person opens in a spreadsheet: no formula in it comes to life, and nothing of it is lost."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oneroster_tui.text import defused

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@example("\x1f=")
@given(texts)
def test_no_defused_text_begins_a_formula(text: str) -> None:
    safe = defused(text)
    assert not "".join(filter(str.isprintable, safe)).strip().startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20"))
    assert text == (safe[1:] if safe != text else safe)


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+49 30",
        "-2",
        "@SUM(A1)",
        "\t=1",
        " =1",
        "\r=1",
        "\uff1d1",
        "'=1",
        "\x1f=1",
        "\u200b=1",
        "\ufeff \xa0@1",
    ],
)
def test_formulas_are_defused(text: str) -> None:
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Ann", "O'Neill", "a=b", "1-2", "é"])
def test_other_texts_are_left_alone(text: str) -> None:
    assert defused(text) == text
