"""The report card: what was tried, what was expected and by which rule, what came, and a grade for each section. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from oneroster_tui.errors import ExitCode
from oneroster_tui.provider.conformance.rules import RULES, Outcome, Rule
from oneroster_tui.provider.profile import percentile

__all__ = ["Card", "Check", "Finding", "Outcome", "Section", "grade"]


class Section(StrEnum):
    """The parts of the card, in its order."""

    AUTHENTICATION = "Authentication"
    OAUTH = "OAuth Features"
    ENDPOINTS = "Rostering endpoints"
    PARAMETERS = "URL parameters"


_GRAVITY = (Outcome.FAILED, Outcome.DEVIATES, Outcome.NOT_OFFERED, Outcome.NOT_TESTED, Outcome.PASSED)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was not as a rule has it: the rule's code, and what came instead, with personal data masked."""

    code: str
    came: str

    @property
    def rule(self) -> Rule:
        """What should have been, and who says so."""
        return RULES[self.code]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing tried.

    Attributes:
        name: stable, for machines: `getAllUsers`, `filter_equal`.
        title: what was tried, for a person.
        expected: what the specification has; `source` says where.
        asked: the requests, one a line, without secrets and personal data.
        findings: what was not as expected; none for a check that passed.
        untested: why it could not be tried; "" where it was.
        status: the last answer's HTTP status; None where no answer came.
        seconds: how long the answers took, all together.
    """

    section: Section
    name: str
    title: str
    expected: str
    source: str
    asked: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    untested: str = ""
    status: int | None = None
    seconds: float = 0.0

    def by_rule(self) -> list[tuple[Rule, list[Finding]]]:
        """Its findings, those of one rule together, the gravest first."""
        groups: dict[str, list[Finding]] = {}
        for finding in self.findings:
            groups.setdefault(finding.code, []).append(finding)
        found = [(RULES[code], group) for code, group in groups.items()]
        return sorted(found, key=lambda pair: _GRAVITY.index(pair[0].outcome))

    @property
    def outcome(self) -> Outcome:
        """The gravest of its findings."""
        found = {finding.rule.outcome for finding in self.findings}
        if self.untested:
            found.add(Outcome.NOT_TESTED)
        return next((outcome for outcome in _GRAVITY if outcome in found), Outcome.PASSED)


def grade(checks: Iterable[Check]) -> str:
    """A: all that was tried passed. B: some deviates, nothing failed. C, D, F: up to a quarter, up to half, more failed.

    What is not offered or could not be tried does not count; "-" where nothing was tried.
    """
    count = Counter(check.outcome for check in checks)
    failed, tried = count[Outcome.FAILED], count[Outcome.FAILED] + count[Outcome.DEVIATES] + count[Outcome.PASSED]
    if not tried:
        return "-"
    if not failed:
        return "B" if count[Outcome.DEVIATES] else "A"
    return "C" if failed * 4 <= tried else "D" if failed * 2 <= tried else "F"


@dataclass(slots=True)
class Card:
    """All checks of one examination.

    Attributes:
        version: the OneRoster version that was asked for.
        address: where the service was found, or sought.
        began_at: UTC, ISO 8601.
        latencies: seconds of each answer.
        requests: how many were sent, retries and token requests included.
        seconds: how long it took in all.
        ended_early: why not everything was tried; "" where it was.
        stopped_with: the exit code of the signal that ended it; None where none did.
    """

    version: str
    address: str
    began_at: str
    checks: list[Check] = field(default_factory=list)
    latencies: Sequence[float] = ()
    requests: int = 0
    seconds: float = 0.0
    ended_early: str = ""
    stopped_with: ExitCode | None = None

    def of(self, section: Section) -> list[Check]:
        """The checks of a section."""
        return [check for check in self.checks if check.section is section]

    def count(self, outcome: Outcome) -> int:
        """How many checks came out so."""
        return sum(check.outcome is outcome for check in self.checks)

    @property
    def p50(self) -> float:
        """Half of the answers took no longer (seconds)."""
        return percentile(self.latencies, 0.5) if self.latencies else 0.0

    @property
    def p95(self) -> float:
        """95 % of the answers took no longer (seconds)."""
        return percentile(self.latencies, 0.95) if self.latencies else 0.0

    @property
    def exit_code(self) -> ExitCode:
        """6: not let in, or not allowed to read something. 7: could not be asked to the end. 3: other checks failed. 0: none."""
        if self.stopped_with is not None:
            return self.stopped_with
        failed = [finding for check in self.checks for finding in check.findings]
        codes = {finding.rule.exit_code for finding in failed if finding.rule.outcome is Outcome.FAILED}
        if self.ended_early:
            codes.add(ExitCode.INCOMPLETE)
        order = (ExitCode.UNAUTHORIZED, ExitCode.INCOMPLETE, ExitCode.RECORD_PROBLEMS)
        return next((code for code in order if code in codes), ExitCode.DONE)

    def last_line(self) -> str:
        """The card in one line, fit for a log."""
        grades = "".join(grade(self.of(section)) for section in Section)
        counts = " ".join(f"{outcome.name.lower()}={self.count(outcome)}" for outcome in Outcome)
        return (
            f"conformance version={self.version} grades={grades} {counts} requests={self.requests} "
            f"p50={self.p50:.3f}s p95={self.p95:.3f}s seconds={self.seconds:.1f} exit={int(self.exit_code)}"
        )
