"""The card as data, for --json."""

from __future__ import annotations

from typing import Any

from oneroster_tui.provider.conformance.card import Card, Check, Outcome, Section, grade


def card_facts(card: Card) -> dict[str, Any]:
    """The card; its names are kept stable."""
    return {
        "exit_code": int(card.exit_code),
        "version": card.version,
        "address": card.address,
        "began_at": card.began_at,
        "grades": {section.value: grade(card.of(section)) for section in Section},
        "counts": {str(outcome): card.count(outcome) for outcome in Outcome},
        "requests": card.requests,
        "seconds": round(card.seconds, 3),
        "p50": card.p50,
        "p95": card.p95,
        "ended_early": card.ended_early,
        "checks": [check_facts(check) for check in card.checks],
    }


def check_facts(check: Check) -> dict[str, Any]:
    """One check."""
    return {
        "section": check.section.value,
        "name": check.name,
        "title": check.title,
        "outcome": str(check.outcome),
        "expected": check.expected,
        "source": check.source,
        "asked": list(check.asked),
        "status": check.status,
        "seconds": round(check.seconds, 4),
        "untested": check.untested,
        "findings": [
            {
                "code": finding.code,
                "outcome": str(finding.rule.outcome),
                "amiss": finding.rule.amiss,
                "came": finding.came,
                "expected": finding.rule.expected,
                "source": finding.rule.source,
            }
            for finding in check.findings
        ],
    }
