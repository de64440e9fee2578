"""Bytes -> rows: the same whatever the blocks are, with the right line numbers, and in constant memory."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from typing import BinaryIO, cast
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oneroster_tui.provider.bundle import reading
from oneroster_tui.provider.bundle.findings import Findings
from oneroster_tui.provider.bundle.package import Entry
from oneroster_tui.provider.bundle.reading import Broken, Table


def read(content: bytes, block: int = 1 << 20) -> tuple[list[tuple[int, list[str]]], list[str]]:
    """Rows with their line numbers (lost ones marked), and what was found."""
    found = Findings()
    with mock.patch.object(reading, "BLOCK", block):
        table = Table(Entry("orgs", len(content), lambda: cast("BinaryIO", io.BytesIO(content))), found)
        rows: list[tuple[int, list[str]]] = []
        for batch in table.batches():
            rows += zip(batch.numbers, batch.rows, strict=True)
            rows += [(number, ["lost", *cells]) for number, cells in batch.lost.items()]
    return sorted(rows), sorted(map(str, found.listed))


def test_line_numbers_are_those_of_an_editor() -> None:
    content = b'a,b\r\n1,2\r\n\r\n3,"x\r\ny"\r\n"4,5\r\n6,7\r\n'
    rows, found = read(content)
    assert rows == [(2, ["1", "2"]), (3, []), (4, ["3", "x y"]), (6, ["lost"]), (7, ["6", "7"])]
    assert [text.split(":")[0] for text in found] == ["orgs.csv, row 4", "orgs.csv, row 6"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_any_line_ending(end: str, last: bool) -> None:
    text = end.join(["a,b", "1,\u2028", "\x0b3,4"]) + (end if last else "")
    assert read(text.encode()) == ([(2, ["1", "\u2028"]), (3, ["\x0b3", "4"])], [])


lines = st.lists(
    st.text(st.sampled_from('ab1,,"\u00e9 '), max_size=12) | st.sampled_from(['"a","b,c"', '1,"2', 'x",y', "1,2", ""]),
    max_size=30,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines=lines, end=st.sampled_from(["\n", "\r\n"]), block=st.integers(1, 60))
def test_blocks_make_no_difference(lines: list[str], end: str, block: int) -> None:
    content = end.join(["a,b", *lines]).encode()
    assert read(content, block) == read(content)


class Long(io.RawIOBase):
    """A file of many rows that is nowhere."""

    def __init__(self, rows: int) -> None:
        self.rows = self.pieces(rows)
        self.left = b""

    def pieces(self, rows: int) -> Iterator[bytes]:
        yield b"sourcedId,name\r\n"
        for number in range(rows // 1000):
            yield b"".join(b"%d,School number %d\r\n" % (number, place) for place in range(1000))

    def read(self, size: int = -1) -> bytes:
        while len(self.left) < size and (piece := next(self.rows, b"")):
            self.left += piece
        taken, self.left = self.left[:size], self.left[size:]
        return taken


def test_memory_does_not_grow_with_the_file() -> None:
    def peak(rows: int) -> int:
        table = Table(Entry("orgs", 0, lambda: cast("BinaryIO", Long(rows))), Findings())
        tracemalloc.start()
        try:
            assert sum(len(batch.rows) for batch in table.batches()) == rows
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    with mock.patch.object(reading, "BLOCK", 32 * 1024):
        assert peak(40_000) < 1.2 * peak(10_000)


def test_a_line_without_end_is_given_up() -> None:
    with pytest.raises(Broken, match="more than"):
        read(b"a,b\n" + b"x" * 3_000_000)
