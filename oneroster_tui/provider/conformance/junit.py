"""The card as JUnit XML, for continuous integration: what failed is a failure, what was not offered or tried is skipped.

A check that deviates passes, with what deviates in its `system-out`: it does not make the exit code another one either.
"""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from oneroster_tui.provider.conformance.card import Card, Check, Outcome, Section
from oneroster_tui.provider.conformance.text import MOST_REQUESTS

MARK = '<?xml version="1.0" encoding="UTF-8"?>\n<!-- oneroster-tui conformance -->\n'
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(card: Card) -> str:
    """The whole document."""
    suites = "".join(_suite(section, card.of(section)) for section in Section)
    failed, skipped = card.count(Outcome.FAILED), card.count(Outcome.NOT_OFFERED) + card.count(Outcome.NOT_TESTED)
    text = (
        f'{MARK}<testsuites name="OneRoster {card.version} conformance" tests="{len(card.checks)}" failures="{failed}" '
        f'skipped="{skipped}" time="{card.seconds:.3f}">\n{suites}</testsuites>\n'
    )
    return _NOT_XML.sub("\ufffd", text)


def _suite(section: Section, checks: list[Check]) -> str:
    failed = sum(check.outcome is Outcome.FAILED for check in checks)
    skipped = sum(check.outcome in (Outcome.NOT_OFFERED, Outcome.NOT_TESTED) for check in checks)
    seconds = sum(check.seconds for check in checks)
    inside = "".join(_case(check) for check in checks)
    return (
        f'  <testsuite name={quoteattr(section.value)} tests="{len(checks)}" failures="{failed}" '
        f'skipped="{skipped}" time="{seconds:.3f}">\n{inside}  </testsuite>\n'
    )


def _case(check: Check) -> str:
    told = "\n".join(
        [
            f"{finding.rule.amiss}: {finding.came} (expected {finding.rule.expected}; {finding.rule.source})"
            for finding in check.findings
        ]
        + [f"asked {line}" for line in check.asked[-MOST_REQUESTS:]]
    )
    match check.outcome:
        case Outcome.FAILED:
            first = next(one for one in check.findings if one.rule.outcome is Outcome.FAILED)
            inside = (
                f"<failure type={quoteattr(first.code)} message={quoteattr(first.rule.amiss)}>{escape(told)}</failure>"
            )
        case Outcome.NOT_OFFERED | Outcome.NOT_TESTED:
            inside = f"<skipped message={quoteattr(check.untested or str(check.outcome))}/>"
        case Outcome.DEVIATES:
            inside = f"<system-out>{escape(told)}</system-out>"
        case _:
            inside = ""
    head = f'    <testcase classname={quoteattr(check.section.value)} name={quoteattr(check.name)} time="{check.seconds:.3f}"'
    return f"{head}>{inside}</testcase>\n" if inside else f"{head}/>\n"
