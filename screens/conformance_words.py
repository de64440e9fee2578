"""The report card in a person's words: cells of its list, the heading while it grows and when it is whole, one check in full."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from screens.fitting import clean
from screens.widgets.columns import Cell
from screens.words import Look, counted

if TYPE_CHECKING:
    from oneroster_tui.provider.conformance.card import Card, Check

ABOUT = (
    "Every operation and every parameter of the provider, about 90 small requests, one at a time, five minutes at most. "
    "It only reads."
)
UNDER_WAY = "It is under way; esc stops it."
WAIT = "It is under way: wait for its end, or stop it with esc."
FIRST_ANSWER = "The first answer is waited for."
NO_CARD = "There is no card yet: s starts."
NOTHING_ASKED = "Nothing was asked yet."
WRITTEN = "The page is written"
REPORT_IT = "Please report it."

LOOKS = {
    "passed": Look("✓", "passed", "success"),
    "deviates": Look("~", "deviates", "warning"),
    "failed": Look("✗", "failed", "error"),
    "not offered": Look("-", "not offered", "muted"),
    "not tested": Look("?", "not tested", "muted"),
}
"""How each outcome looks."""

GRADES = {"A": "success", "B": "warning", "-": "muted"}
"""The tone of a grade; of all others "error"."""

BAR = 20
"""Cells of the progress bar."""

Parts = list[str | tuple[str, str]]


def check_cells(check: Check) -> list[str | Cell]:
    """A check's cells."""
    look = LOOKS[str(check.outcome)]
    status = str(check.status or "") if check.asked else ""
    took = f"{check.seconds:.2f} s" if check.asked else ""
    return [Cell(str(look), look.tone), clean(check.title), check.section.value, status, took]


def matches(check: Check, text: str) -> bool:
    """Whether a check is meant by what is typed into the search bar."""
    told = " ".join(
        (check.name, check.title, check.section.value, str(check.outcome), *(one.code for one in check.findings))
    )
    return all(word in told.lower() for word in text.lower().split())


def grade_parts(card: Card) -> Parts:
    """The grade of each section, in one line."""
    from oneroster_tui.provider.conformance.card import Section, grade

    parts: Parts = []
    for section in Section:
        mark = grade(card.of(section))
        tone = GRADES.get(mark, "error")
        style = "dim" if tone == "muted" else f"bold ${tone}"
        parts += [("  " if parts else "", ""), (mark, style), f" {section.value}"]
    return parts


def progress_parts(card: Card, total: int, asking: str, where: str) -> Parts:
    """While it is under way: where, how far, what is asked now."""
    done = len(card.checks)
    full = BAR * done // max(1, total)
    return [
        ("▶ Examining ", "bold $accent"),
        clean(where, 200),
        ("  esc stops", "dim"),
        f"\n{'█' * full}{'░' * (BAR - full)} {done} of {total}",
        (f"  {clean(asking, 60)}" if asking else "", "dim"),
        "\n",
        *grade_parts(card),
    ]


def verdict_parts(card: Card, stopped: bool) -> Parts:
    """When it is over: what came of it, the grades, how fast, what to press next."""
    from oneroster_tui.provider.conformance.card import Outcome

    counts = [f"{card.count(outcome)} {outcome}" for outcome in Outcome if card.count(outcome)]
    if stopped:
        head = ("■ Stopped. ", "bold dim")
    elif card.ended_early:
        head = ("✗ It ended early: ", "bold $error")
        counts = [clean(card.ended_early, 300)]
    elif card.count(Outcome.FAILED):
        head = ("✗ Some of it failed: ", "bold $error")
    elif card.count(Outcome.DEVIATES):
        head = ("~ Usable, but not to the letter: ", "bold $warning")
    else:
        head = ("✓ To the letter: ", "bold $success")
    return [
        head,
        (", ".join(counts), "bold"),
        "\n",
        *grade_parts(card),
        (
            f"\n{counted(card.requests, 'request')} in {card.seconds:.1f} s; p50 {card.p50:.3f} s, p95 {card.p95:.3f} s. "
            "enter tells more, w writes a page to send.",
            "dim",
        ),
    ]


def detail(check: Check) -> str:
    """One check in full."""
    return "\n".join(_detail(check))


def _detail(check: Check) -> Iterator[str]:
    yield f"{LOOKS[str(check.outcome)]}, {check.section.value}"
    yield f"expected: {check.expected}"
    yield f"says:     {check.source}"
    if check.untested:
        yield f"\nnot tested: {clean(check.untested)}"
    for rule, findings in check.by_rule():
        yield f"\n{rule.amiss}."
        yield from (f"  came:     {clean(one.came)}" for one in findings if one.came)
        yield f"  expected: {rule.expected}"
        yield f"  says:     {rule.source}"
    if check.asked:
        yield ""
        yield from (f"asked: {clean(line)}" for line in check.asked)


def broke_off(failure: Exception) -> str:
    """An examination that an error of this program ended."""
    return f"The examination broke off unexpectedly ({type(failure).__name__})."
