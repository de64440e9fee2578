"""Cells and rows: any text comes back as it was, formulas are taken the fuse out where a person looks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneroster_tui.errors import ExitCode, Stopped
from oneroster_tui.export import words
from oneroster_tui.export.rows import CHUNK, never, one_line, write_rows

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.lists(texts, min_size=3, max_size=3), max_size=6))
def test_any_text_comes_back(rows: list[list[str]]) -> None:
    stream = io.StringIO(newline="")
    assert write_rows(stream, ("a", "b", "c"), rows, never) == len(rows)
    assert list(csv.reader(io.StringIO(stream.getvalue(), newline=""), strict=True)) == [["a", "b", "c"], *rows]


@given(st.lists(st.lists(texts, min_size=2, max_size=2), max_size=6))
def test_a_row_is_a_line(rows: list[list[str]]) -> None:
    stream = io.StringIO(newline="")
    write_rows(stream, ("a", "b"), [list(map(one_line, row)) for row in rows], never)
    assert len(stream.getvalue().splitlines()) == len(rows) + 1


@given(texts)
def test_one_line_takes_nothing_else_away(text: str) -> None:
    assert one_line(one_line(text)) == one_line(text)
    if text.isprintable():
        assert one_line(text) == text


def test_rows_are_not_gathered_before_they_are_written() -> None:
    """Flat memory: what was read is written before the next is read."""
    stream = io.StringIO(newline="")

    def rows() -> Iterator[list[str]]:
        for number in range(CHUNK * 3):
            if number and number % CHUNK == 0:
                assert stream.getvalue().count("\n") == number + 1
            yield [str(number)]

    assert write_rows(stream, ["n"], rows(), never) == CHUNK * 3


def test_whoever_asks_is_heard_within_a_chunk() -> None:
    rows = iter([["1"]] * CHUNK * 3)
    with pytest.raises(Stopped):
        write_rows(io.StringIO(), ["n"], rows, lambda: ExitCode.INTERRUPTED)
    assert len(list(rows)) == CHUNK * 2


def test_roles_in_either_versions_words() -> None:
    assert words.v1p1_role("siteAdministrator") == "administrator"
    assert words.v1p1_role("ext:aide") == "aide"
    assert words.v1p1_role("teacher") == "teacher"
    assert words.v1p2_user_role("administrator", at_school=True) == "siteAdministrator"
    assert words.v1p2_user_role("administrator", at_school=False) == "districtAdministrator"
    assert words.v1p2_user_role("aide", at_school=True) == "aide"
    assert words.v1p2_user_role("coach", at_school=True) == "ext:coach"
    assert words.v1p2_enrollment_role("aide") == "ext:aide"
    assert words.v1p2_enrollment_role("ext:aide") == "ext:aide"
    assert words.v1p2_enrollment_role("") == ""
