"""The card as one self-contained web page, to send to a vendor: no scripts, nothing fetched, readable anywhere, printable."""

from __future__ import annotations

from html import escape

from oneroster_tui import __version__
from oneroster_tui.provider.conformance.card import Card, Check, Finding, Outcome, Section, grade
from oneroster_tui.provider.conformance.rules import Rule
from oneroster_tui.provider.conformance.text import LEGEND, MARKS, MOST_FINDINGS, MOST_REQUESTS, counts, latency

MARK = "<!doctype html>\n<!-- oneroster-tui conformance -->\n"

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The page may load nothing, run nothing and send nothing, whatever a provider's words try."""

STYLE = """\
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #ffffff; --line: #d0d7de; --box: #f6f8fa;
  --passed: #1a7f37; --deviates: #8a5a00; --failed: #c11f2b; --other: #57606a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9aa4af; --paper: #0d1117; --line: #30363d; --box: #161b22;
    --passed: #4ac26b; --deviates: #e3b341; --failed: #ff7b72; --other: #9aa4af; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line);
  display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline; }
h2 small, .soft, .took { color: var(--soft); font-weight: normal; font-size: .9rem; }
p { margin: .25rem 0; }
.grades { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin: 1rem 0; padding: 0;
  list-style: none; }
.grades li { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem .75rem; background: var(--box); }
.grades b { display: block; font-size: 1.75rem; line-height: 1.2; }
.checks { list-style: none; margin: 0; padding: 0; }
.checks > li { padding: .3rem 0; border-bottom: 1px solid var(--line); }
.row { display: flex; flex-wrap: wrap; gap: 0 .75rem; align-items: baseline; }
.row .title { flex: 1 1 14rem; }
.word { flex: 0 0 7.5rem; font-weight: 600; }
.asked { display: flex; gap: .75rem; padding: 0 .75rem; margin-bottom: .5rem; }
.passed { color: var(--passed); } .deviates { color: var(--deviates); } .failed { color: var(--failed); }
.not-offered, .not-tested { color: var(--other); }
.finding { margin: .25rem 0 .5rem; padding: .5rem .75rem; background: var(--box); border-left: .25rem solid currentColor; }
.finding dl { color: var(--ink); margin: .25rem 0 0; display: grid; grid-template-columns: 6rem 1fr; gap: .1rem .75rem; }
dt { color: var(--soft); } dd { margin: 0; }
code { font: .9em ui-monospace, monospace; }
footer { margin-top: 2rem; border-top: 1px solid var(--line); padding-top: .5rem; }
@media (max-width: 30rem) {
  .finding dl { grid-template-columns: 1fr; } .finding dt { margin-top: .25rem; } .row .title { order: 1; flex-basis: 100%; }
  .took { margin-left: auto; } }
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #444; --paper: #fff; --line: #bbb; --box: #fff;
    --passed: #155d27; --deviates: #6b4600; --failed: #a11; --other: #444; }
  body { max-width: none; padding: 0; font-size: 10pt; } .row, .finding, .grades li { break-inside: avoid; }
  .row { break-after: avoid; } .finding { padding: .2rem .5rem; }
  h2 { break-after: avoid; } }
"""


def page(card: Card) -> str:
    """The whole page."""
    sections = "\n".join(_section(card, section) for section in Section)
    grades = "\n".join(
        f'<li><b class="{_grade_class(mark)}">{mark}</b>{escape(section.value)}</li>'
        for section in Section
        if (mark := grade(card.of(section)))
    )
    early = f'<p class="failed">Not everything was tried: {escape(card.ended_early)}.</p>' if card.ended_early else ""
    return f"""{MARK}<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(POLICY, quote=True)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>OneRoster {escape(card.version)} report card</title>
<style>
{STYLE}</style>
</head>
<body>
<header>
<h1>OneRoster {escape(card.version)} report card</h1>
<p><code>{escape(card.address)}</code></p>
<p class="soft">{escape(card.began_at)}, {card.requests} requests in {card.seconds:.1f} s; {escape(latency(card))}</p>
{early}
</header>
<main>
<ul class="grades">
{grades}
</ul>
<p>{escape(counts(card.checks))}.</p>
{sections}
</main>
<footer class="soft">
<p>{escape(LEGEND[0])}</p>
<p>{escape(LEGEND[1])}</p>
<p>Ids of people and values that tell of them are covered (•••). Made by oneroster-tui {escape(__version__)}.</p>
<p><code>{escape(card.last_line())}</code></p>
</footer>
</body>
</html>
"""


def _grade_class(mark: str) -> str:
    return {"A": "passed", "B": "deviates", "-": "not-tested"}.get(mark, "failed")


def _class(outcome: Outcome) -> str:
    return str(outcome).replace(" ", "-")


def _section(card: Card, section: Section) -> str:
    checks = card.of(section)
    rows = "\n".join(_check(check, card.ended_early) for check in checks)
    return (
        f'<section>\n<h2>{escape(section.value)} <span class="{_grade_class(grade(checks))}">{grade(checks)}</span> '
        f'<small>{escape(counts(checks))}</small></h2>\n<ul class="checks">\n{rows}\n</ul>\n</section>'
    )


def _check(check: Check, known: str) -> str:
    outcome = check.outcome
    took = f"{f'{check.status}, ' if check.status else ''}{check.seconds:.2f} s" if check.asked else ""
    told = f'<p class="soft">{escape(check.untested)}</p>' if check.untested not in ("", known) else ""
    told += "".join(_findings(rule, findings) for rule, findings in check.by_rule())
    if check.findings:
        asked = "<br>".join(escape(line) for line in check.asked[-MOST_REQUESTS:])
        told += f'<p class="soft asked">asked <code>{asked or "nothing"}</code></p>'
    return (
        f'<li><div class="row"><span class="word {_class(outcome)}">{MARKS[outcome]} {escape(str(outcome))}</span>'
        f'<span class="title">{escape(check.title)}</span><span class="took">{took}</span></div>{told}</li>'
    )


def _findings(rule: Rule, findings: list[Finding]) -> str:
    came = [escape(finding.came) or "-" for finding in findings[:MOST_FINDINGS]]
    if len(findings) > MOST_FINDINGS:
        came.append(f"and {len(findings) - MOST_FINDINGS} more")
    return (
        f'<div class="finding {_class(rule.outcome)}"><b>{escape(rule.amiss)}</b> <code>{findings[0].code}</code><dl>'
        f"<dt>came</dt><dd>{'<br>'.join(came)}</dd>"
        f"<dt>expected</dt><dd>{escape(rule.expected)}</dd>"
        f"<dt>says</dt><dd>{escape(rule.source)}</dd></dl></div>"
    )
