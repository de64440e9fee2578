"""What is said, in its order: decisions by the page, everything else at once, and nothing is held back at the end."""

from __future__ import annotations

import pytest

from oneroster_tui.errors import RosterError
from oneroster_tui.headless import output
from oneroster_tui.headless.output import Output
from oneroster_tui.records import Problem
from oneroster_tui.sync.events import Decision, PageTaken, ProblemFound

AMINA = Decision("users", "user", "unchanged", "amina", 1, "u1", "", None, None)
SAID = "Skipping update of existing user amina"


def test_decisions_are_written_by_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    voice = Output(json=False)
    copied: list[str] = []
    voice.copy = copied.append
    voice.event(AMINA)
    voice.event(AMINA)
    assert capsys.readouterr().out == ""
    voice.event(PageTaken("users", 2, None))
    out = capsys.readouterr().out
    assert out.count(SAID) == 2
    assert copied == [out]


def test_or_when_there_are_many(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "HELD", 3)
    voice = Output(json=False)
    for _ in range(4):
        voice.event(AMINA)
    assert capsys.readouterr().out.count(SAID) == 3


def test_nothing_overtakes_them(capsys: pytest.CaptureFixture[str]) -> None:
    voice = Output(json=False)
    voice.event(AMINA)
    voice.event(ProblemFound(Problem(entity="users", sourced_id="u2", severity="error", code="x", message="odd")))
    voice.event(AMINA)
    voice.line("a line")
    first, second, third, fourth = capsys.readouterr().out.splitlines()
    assert SAID in first
    assert "odd" in second
    assert SAID in third
    assert fourth == "a line"


@pytest.mark.parametrize("way", ["warn", "error"])
def test_nor_does_what_is_said_elsewhere(way: str, capsys: pytest.CaptureFixture[str]) -> None:
    voice = Output(json=False)
    order: list[str] = []
    voice.copy = order.append
    voice.event(AMINA)
    if way == "warn":
        voice.warn("look")
    else:
        voice.error(RosterError("look", where="", do=""))
    assert SAID in order[0]
    assert "look" in order[1]
    assert SAID in capsys.readouterr().out
