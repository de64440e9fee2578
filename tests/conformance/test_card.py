"""The card in its four forms: complete, the same in each, harmless, and silent about people and secrets."""

from __future__ import annotations

import itertools
import json
import re
from functools import cache
from html import unescape
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from oneroster_tui.errors import ExitCode
from oneroster_tui.provider.conformance.card import Card, Check, Finding, Outcome, Section, grade
from oneroster_tui.provider.conformance.facts import card_facts
from oneroster_tui.provider.conformance.junit import junit
from oneroster_tui.provider.conformance.page import STYLE, page
from oneroster_tui.provider.conformance.rules import RULES
from oneroster_tui.provider.conformance.text import lines
from oneroster_tui.provider.conformance.wire import masked
from tests.conformance.examining import examined_lab
from tests.provider_lab.docs import QUIRKS
from tests.provider_lab.server import CLIENT_ID, CLIENT_SECRET
from tests.provider_lab.whole import WholeProvider

HOSTILE = '\x1b[31m<script src="https://evil.example/x.js"></script>\u202e</b>&<img src=x onerror=alert(1)>\x00'


@cache
def mixed() -> Card:
    """A card with every outcome, and words of the provider in it that should do no harm."""
    provider = WholeProvider()
    for name in ("odd_booleans", "bad_date", "unknown_user", "forbidden_collection", "no_total_at_all"):
        QUIRKS[name].wire(provider)
    row = provider.rows["users"][0]
    row["status"], row[HOSTILE] = HOSTILE, 1
    row["role"] = "Zaphod Beeblebrox"[:6] + HOSTILE
    card = examined_lab(provider)
    assert {check.outcome for check in card.checks} == set(Outcome)
    return card


def forms() -> dict[str, str]:
    card = mixed()
    return {
        "text": "\n".join(lines(card)),
        "page": page(card),
        "junit": junit(card),
        "json": json.dumps(card_facts(card), ensure_ascii=False),
    }


def made(*outcomes: Outcome) -> list[Check]:
    """Checks that came out so."""
    first = {rule.outcome: code for code, rule in reversed(RULES.items())}
    return [
        Check(
            Section.PARAMETERS,
            "x",
            "x",
            "x",
            "x",
            findings=(Finding(first[outcome], ""),) if outcome in first else (),
            untested="why" if outcome is Outcome.NOT_TESTED else "",
        )
        for outcome in outcomes
    ]


P, D, F, N, U = Outcome.PASSED, Outcome.DEVIATES, Outcome.FAILED, Outcome.NOT_OFFERED, Outcome.NOT_TESTED


@pytest.mark.parametrize(
    ("outcomes", "mark"),
    [((), "-"), ((N, U), "-"), ((P, N, U), "A"), ((P, D), "B"), ((P, P, D, F), "C"), ((P, F), "D"), ((P, F, F), "F")],
)
def test_grades(outcomes: tuple[Outcome, ...], mark: str) -> None:
    checks = made(*outcomes)
    assert [check.outcome for check in checks] == list(outcomes)
    assert grade(checks) == mark


@pytest.mark.parametrize(
    ("codes", "ended", "code"),
    [
        ((), "", ExitCode.DONE),
        (("null_value", "operation_missing"), "", ExitCode.DONE),
        (("missing_required",), "", ExitCode.RECORD_PROBLEMS),
        (("missing_required",), "it ended", ExitCode.INCOMPLETE),
        (("server_error", "filter_wrong"), "", ExitCode.INCOMPLETE),
        (("server_error", "forbidden"), "it ended", ExitCode.UNAUTHORIZED),
    ],
)
def test_exit_codes(codes: tuple[str, ...], ended: str, code: ExitCode) -> None:
    check = Check(Section.PARAMETERS, "x", "x", "x", "x", findings=tuple(Finding(one, "") for one in codes))
    assert Card("1.1", "", "", [check], ended_early=ended).exit_code is code


@pytest.mark.parametrize("form", ["text", "page", "junit", "json"])
def test_every_check_and_finding_is_told(form: str) -> None:
    told = re.sub(r"\W+", "", unescape(forms()[form]))
    for check in mixed().checks:
        assert re.sub(r"\W+", "", check.name if form == "junit" else check.title[:62]) in told
        for finding in check.findings:
            if form != "junit" or check.outcome is not Outcome.NOT_OFFERED:
                assert re.sub(r"\W+", "", finding.rule.amiss) in told


@pytest.mark.parametrize("form", ["text", "page", "junit", "json"])
def test_people_and_secrets_are_not_told(form: str) -> None:
    """Neither names nor addresses nor ids of people, neither secret nor token nor client id."""
    told = forms()[form]
    provider = WholeProvider()
    private = {row[name] for row in provider.rows["users"] for name in ("sourcedId", "familyName", "email", "username")}
    private |= {row["sourcedId"] for row in provider.rows["enrollments"]}
    private |= {CLIENT_SECRET, "token-1", f'"{CLIENT_ID}"', "Bearer "}
    assert [text for text in private if re.search(rf"(?<![\w-]){re.escape(text)}(?![\w-])", told)] == []


@pytest.mark.parametrize("form", ["text", "page", "junit", "json"])
def test_hostile_words_do_no_harm(form: str) -> None:
    told = forms()[form]
    assert "script" in told  # it is there, as text
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "\x00" not in told
    if form in ("page", "junit"):
        assert "<script" not in told
        assert "<img" not in told


def test_the_last_line_is_fit_for_a_log() -> None:
    last = list(lines(mixed()))[-1]
    facts = dict(part.split("=") for part in last.split()[1:])
    assert last.startswith("conformance ")
    assert set(facts) == {
        "version", "grades", "passed", "deviates", "failed", "not_offered", "not_tested", "requests", "p50", "p95",
        "seconds", "exit",
    }  # fmt: skip
    assert len(facts["grades"]) == 4
    assert sum(int(facts[name]) for name in ("passed", "deviates", "failed", "not_offered", "not_tested")) == len(
        mixed().checks
    )


def test_sections_stand_in_their_order() -> None:
    told = forms()["text"]
    places = [told.index(f"\n{section.value}") for section in Section]
    assert [section.value for section in Section] == [
        "Authentication",
        "OAuth Features",
        "Rostering endpoints",
        "URL parameters",
    ]
    assert places == sorted(places)


def test_junit_counts_what_it_holds() -> None:
    root = ElementTree.fromstring(forms()["junit"])
    cases = root.findall("./testsuite/testcase")
    assert int(root.attrib["tests"]) == len(cases) == len(mixed().checks)
    assert int(root.attrib["failures"]) == len(root.findall(".//failure")) == mixed().count(Outcome.FAILED)
    assert int(root.attrib["skipped"]) == len(root.findall(".//skipped"))
    assert len({case.attrib["name"] for case in cases}) == len(cases)


def test_what_is_masked_in_a_request() -> None:
    params = {"filter": "familyName='O''Brien' AND status='active'", "limit": "2", "access_token": "T"}
    assert masked("/users", params) == "GET /users?limit=2&filter=familyName='•••' AND status='active'"
    assert masked("/schools/s1/classes/c1/students") == "GET /schools/s1/classes/c1/students"
    assert masked("/students/abc/classes") == "GET /students/•••/classes"
    assert masked("/enrollments/e%201") == "GET /enrollments/•••"


# The page, without a browser


class Reader(HTMLParser):
    """What a page holds that a browser would fetch, run or send."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read() -> Reader:
    reader = Reader()
    reader.feed(forms()["page"])
    return reader


def test_the_page_is_well_formed_and_refers_to_nothing() -> None:
    reader = read()
    assert reader.open == []
    assert set(reader.tags).isdisjoint(
        {"script", "link", "img", "iframe", "object", "form", "base", "a", "svg", "video"}
    )
    names = {name for name, _ in reader.attributes}
    assert names.isdisjoint({"src", "href", "srcset", "action", "background", "style"})
    assert not any(name.startswith("on") for name in names)
    assert "url(" not in STYLE
    assert "@import" not in STYLE


def test_the_page_forbids_itself_to_load_anything() -> None:
    attributes = read().attributes
    policy = next(value for name, value in attributes if name == "content" and "default-src" in value)
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert ("name", "viewport") in attributes
    assert ("lang", "en") in attributes


def colours() -> dict[str, dict[str, str]]:
    """The page's colours by theme."""
    found = [
        dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]+)", part)) for part in re.findall(r":root \{(.*?)\}", STYLE, re.S)
    ]
    assert len(found) == 3
    return dict(zip(("light", "dark", "print"), found, strict=True))


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(one * 2 for one in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_the_page_can_be_read_in_every_theme(theme: str) -> None:
    """WCAG 2.1's contrast of 4.5 between every ink and every paper."""
    found = colours()[theme]
    assert set(found) == {"ink", "soft", "paper", "line", "box", "passed", "deviates", "failed", "other"}
    inks = ("ink", "soft", "passed", "deviates", "failed", "other")
    for ink, paper in itertools.product(inks, ("paper", "box")):
        bright, dark = sorted((luminance(found[ink]), luminance(found[paper])), reverse=True)
        assert (bright + 0.05) / (dark + 0.05) >= 4.5, (ink, paper)


def test_the_page_has_rules_for_narrow_dark_and_paper() -> None:
    for query in ("(max-width: 30rem)", "(prefers-color-scheme: dark)", "@media print"):
        assert query in STYLE
