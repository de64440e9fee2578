"""docs/conformance.md, made from the rule book and the table of quirks: `make docs`."""

from __future__ import annotations

import sys
from pathlib import Path

from oneroster_tui.provider.conformance.rules import RULES
from tests.conformance.expected import EXPECTED, Legitimate
from tests.provider_lab import docs
from tests.provider_lab.table import QUIRKS

FILE = Path(__file__).parents[2] / "docs" / "conformance.md"

HEAD = """\
# The report card

`oneroster-tui conformance` examines the provider of your config: all 41 rostering operations with real ids, and every
parameter, in about 90 small requests, one at a time, 250 and five minutes at most. It reads only. In the
interface, `c` on the screen Connection opens the same.

    oneroster-tui conformance                                # the card, and a last line fit for a log
    oneroster-tui conformance --html card.html               # one page to send to a vendor: nothing is fetched by it
    oneroster-tui conformance --json --junit card.xml        # for programs, and for CI
    oneroster-tui --demo --demo-version 1.2 conformance      # to see one

A check **passed**, or **deviates** (usable, but not to the letter), **failed**, is **not offered** (the provider says so plainly),
or could **not be tested**: there was nothing to try it with. Each that did not pass shows what was asked, what came, what
was expected, and which text says so. Ids of people and values that tell of them are covered.

Grades: A all passed, B something deviates, C up to a quarter of what was tried failed, D up to half, F more.

Exit status: 0 when nothing failed, deviations or not; else 6 when the client was not let in or may not read something,
7 when the provider could not be asked to the end, 3 when other checks failed.

A file that is named and there already is written over only where it is an earlier report.
"""


def finds(name: str) -> str:
    """What the card says of a quirk."""
    expected = EXPECTED[name]
    if isinstance(expected, Legitimate):
        return f"nothing: {expected.reason[0].lower()}{expected.reason[1:].rstrip('.')}"
    return ", ".join(f"`{code}`" for code in expected.split())


def page() -> str:
    """The whole page."""
    lines = [
        HEAD,
        "## What it can find",
        "",
        "| Code | Then it | What is amiss | Expected | Source |",
        "| --- | --- | --- | --- | --- |",
    ]
    for code, rule in RULES.items():
        cells = (f"`{code}`", str(rule.outcome), rule.amiss, rule.expected, rule.source)
        lines.append("| " + " | ".join(docs.cell(text) for text in cells) + " |")
    lines += [
        "",
        "## What it says of known quirks",
        "",
        "**Generated from the tests**: the providers of [providers.md](providers.md).",
    ]
    lines += ["", "| The provider … | The card finds |", "| --- | --- |"]
    for quirk in sorted(QUIRKS.values(), key=lambda quirk: quirk.number):
        lines.append(f"| {docs.cell(quirk.title)} | {docs.cell(finds(quirk.name))} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
