"""The card as plain text, for a terminal or a mail; nothing in it needs colour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from oneroster_tui.provider.conformance.card import Card, Check, Outcome, Section, grade

MARKS = {
    Outcome.PASSED: "✓",
    Outcome.DEVIATES: "~",
    Outcome.FAILED: "✗",
    Outcome.NOT_OFFERED: "-",
    Outcome.NOT_TESTED: "?",
}
MOST_REQUESTS = 4
"""Requests that are shown of a check; the last ones tell most."""
MOST_FINDINGS = 8
"""Findings of one rule that are shown of a check."""
LEGEND = (
    "✓ passed   ~ deviates: usable, but not to the letter   ✗ failed   - not offered   ? not tested",
    "Grades: A all passed, B something deviates, C up to a quarter failed, D up to half, F more, - nothing was tried.",
)


def counts(checks: Iterable[Check]) -> str:
    """`38 passed, 2 deviates, 1 not offered`."""
    found = Counter(check.outcome for check in checks)
    return ", ".join(f"{found[outcome]} {outcome}" for outcome in Outcome if found[outcome]) or "nothing"


def lines(card: Card) -> Iterator[str]:
    """The whole card, line by line; the last one is fit for a log."""
    yield f"Report card of {card.address}"
    yield f"OneRoster {card.version}, {card.began_at}"
    for section in Section:
        checks = card.of(section)
        yield ""
        yield f"{section.value:<24} grade {grade(checks)}   {counts(checks)}"
        for check in checks:
            yield from check_lines(check, known=card.ended_early)
    yield ""
    yield from LEGEND
    yield ""
    if card.ended_early:
        yield f"Not everything was tried: {card.ended_early}."
    yield f"{card.requests} requests in {card.seconds:.1f} s; {latency(card)}."
    yield card.last_line()


def latency(card: Card) -> str:
    """How fast the answers came."""
    if not card.latencies:
        return "no answer came"
    return f"half of the answers took up to {card.p50:.3f} s (p50), 95 % up to {card.p95:.3f} s (p95)"


def check_lines(check: Check, known: str = "") -> Iterator[str]:
    """A check: one line, and below it what was asked, what came and what was expected, where it did not pass.

    Args:
        known: a reason for not being tried that is told elsewhere.
    """
    took = f"{check.status or '-'!s:>3} {check.seconds:>6.2f} s" if check.asked else ""
    yield f" {MARKS[check.outcome]} {check.title:<62.62} {took}".rstrip()
    if check.untested and check.untested != known:
        yield f"     not tested: {check.untested}"
    for rule, findings in check.by_rule():
        yield f"     {rule.amiss} [{findings[0].code}]"
        yield from (f"       came     {finding.came}" for finding in findings[:MOST_FINDINGS] if finding.came)
        if len(findings) > MOST_FINDINGS:
            yield f"                and {len(findings) - MOST_FINDINGS} more"
        yield f"       expected {rule.expected} ({rule.source})"
    if check.findings:
        yield from (f"       asked    {line}" for line in check.asked[-MOST_REQUESTS:])
