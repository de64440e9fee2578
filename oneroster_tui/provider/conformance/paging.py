"""limit, offset, X-Total-Count and Link: whether a collection can be read to its end, and be known to have been."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from oneroster_tui.provider.conformance.card import Section
from oneroster_tui.provider.conformance.trial import Sample, Step, Trial, Untested, accepted, rows_of, total_of
from oneroster_tui.provider.conformance.wire import Heard
from oneroster_tui.provider.endpoints import OPERATIONS, Operation

LARGE: Final = 1000
"""Rows that a large page has; consumers ask for so many."""
_SUBJECTS: Final = ("users", "enrollments", "classes", "orgs", "courses", "academicSessions")
_LINK: Final = re.compile(r"<([^<>]*)>((?:\s*;\s*[\w-]+\s*=\s*(?:\"[^\"]*\"|[^\s;,\"]+))*)")

Rows = list[Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """The collection that parameters are tried on."""

    operation: Operation
    sample: Sample

    @property
    def word(self) -> str:
        """The endpoint's word."""
        return self.operation.endpoint


def subject(trial: Trial, *, least: int = 1) -> Subject:
    """`users`, or the first other collection with enough records.

    Raises:
        Untested: there is none.
    """
    for word in _SUBJECTS:
        sample = trial.known.sample(word)
        if len(sample.ids()) >= least:
            return Subject(next(one for one in OPERATIONS if one.path == f"/{word}"), sample)
    raise Untested(trial.known.wanted or f"no collection with {least} records or more could be read")


def page(
    trial: Trial, on: Subject, params: Mapping[str, str], *, refused: str = "refused"
) -> tuple[Rows, Heard] | None:
    """The rows of a request that is right; None where none came, which is noted."""
    heard = trial.get(on.operation.path, params)
    if not accepted(trial, heard, refused):
        return None
    rows = rows_of(Trial(trial.wire, trial.known), heard, on.operation)  # how it is wrapped was judged before
    return None if rows is None else (rows, heard)


def steps() -> Iterator[Step]:
    """The checks, in order."""
    source = "OneRoster 1.1 and 1.2, REST binding: pagination"
    for name, title, expected, work in (
        ("limit", "limit=2", "two records, where there are two", limit),
        ("offset", "offset=2", "the page that begins with the third record", offset),
        ("total", "X-Total-Count", "how many records there are in all, on every page", total),
        ("past_the_end", "offset behind the last record", "200 with an empty list", past_the_end),
        ("default_limit", "Without limit", "the first 100 records, or all", default_limit),
        ("large_limit", f"limit={LARGE}", "so many records, or all", large_limit),
        ("link", "Link header", "relations next, prev, first, last (recommended); next leads to the next page", link),
    ):
        yield Step(Section.PARAMETERS, name, title, expected, source, work)


def limit(trial: Trial) -> None:
    """Asks for two."""
    on = subject(trial, least=2)
    if found := page(trial, on, {"limit": "2", "offset": "0"}):
        rows, _ = found
        if len(rows) > 2:
            trial.find("limit_ignored", f"{len(rows)} records of {on.word}")
        elif len(rows) < 2:
            trial.find("limit_clamped", f"{len(rows)} records of {on.word}")


def default_limit(trial: Trial) -> None:
    """Asks without a limit; the specification's default is 100."""
    on = subject(trial)
    found = page(trial, on, {})
    if found is None:
        return
    count, said = len(found[0]), total_of(found[1])
    there = said if said is not None and trial.known.total_holds else len(on.sample.rows)
    if count > 100 or (count < 100 and count < there):
        trial.find("default_limit", f"{count} records of {on.word}")


def large_limit(trial: Trial) -> None:
    """Asks for more than many providers give at once."""
    on = subject(trial)
    heard = trial.get(on.operation.path, {"limit": str(LARGE), "offset": "0"})
    if heard.status in (400, 413):
        trial.find("large_page_refused", f"{heard.status} for limit={LARGE}")
        return
    if not accepted(trial, heard):
        return
    rows = rows_of(Trial(trial.wire, trial.known), heard, on.operation)
    if rows is None or len(rows) >= LARGE:
        return
    said = total_of(heard)
    if said is None:
        after = page(trial, on, {"limit": "1", "offset": str(len(rows))}) if not on.sample.complete else None
        if after and after[0] and trial.known.offset_moves and after[0][0] not in rows:
            trial.find("limit_clamped", f"{len(rows)} records of {on.word}, and there are more")
    elif len(rows) < said:
        after = page(trial, on, {"limit": "1", "offset": str(len(rows))})
        if after and after[0]:
            trial.find("limit_clamped", f"{len(rows)} records of {on.word}, of {said}")


def _id(row: Any) -> Any:
    return row.get("sourcedId") if isinstance(row, dict) else row


def offset(trial: Trial) -> None:
    """Reads two pages that overlap by one; where they do not fit, once more, for rows may have moved meanwhile."""
    on = subject(trial, least=3)
    for last_try in (False, True):
        one = page(trial, on, {"limit": "3", "offset": "0"})
        two = page(trial, on, {"limit": "2", "offset": "2"}) if one else None
        if one is None or two is None:
            return
        first, second = [_id(row) for row in one[0]], [_id(row) for row in two[0]]
        if first and second[:1] == first[:1]:
            if last_try:
                trial.known.offset_moves = False
                trial.find("offset_ignored", f"the same records of {on.word} at offset 0 and 2")
        elif len(first) < 3 or first[2:3] == second[:1]:
            return
        elif last_try:
            trial.known.order_holds = False
            trial.find("order_unstable", f"{on.word}: the third record at offset 0 is not the first at offset 2")


def total(trial: Trial) -> None:
    """Reads around the end that the total promises; each answer is held against its own total, for rows may come and go."""
    on = subject(trial)
    found = page(trial, on, {"limit": "2", "offset": "0"})
    if found is None:
        return
    text = found[1].header("X-Total-Count")
    said = total_of(found[1])
    if not text:
        trial.find("total_missing", f"no X-Total-Count for {on.word}")
        return
    if said is None:
        trial.find("total_malformed", "X-Total-Count is no number")
        return
    if not trial.known.offset_moves:
        raise Untested("offset is ignored, so the end cannot be looked at")
    if said == 0:
        trial.known.total_holds = False
        trial.find("total_wrong", f"0 for {on.word}, and {len(found[0])} records came")
        return
    at = said - 1
    last = page(trial, on, {"limit": "2", "offset": str(at)})
    now = total_of(last[1]) if last else None
    if last is None or now is None:
        return
    if len(last[0]) != (expected := max(0, min(2, now - at))) and not (expected == 2 and len(last[0]) == 1):
        trial.known.total_holds = False
        trial.find("total_wrong", f"{now} for {on.word}; at offset {at} came {len(last[0])} records, not {expected}")


def past_the_end(trial: Trial) -> None:
    """Asks for what stands behind the last record."""
    on = subject(trial)
    if not trial.known.offset_moves:
        raise Untested("offset is ignored")
    if not trial.known.total_holds:
        raise Untested("the total is wrong")
    if on.sample.total is None and not on.sample.complete:
        raise Untested("nobody says where the end is")
    end = len(on.sample.rows) if on.sample.total is None else on.sample.total
    heard = trial.get(on.operation.path, {"limit": "2", "offset": str(end)})
    if heard.status in (400, 404, 416):
        trial.find("past_the_end", f"{heard.status}")
    elif accepted(trial, heard):
        rows = rows_of(Trial(trial.wire, trial.known), heard, on.operation)
        now = total_of(heard)
        if rows and now is not None and now <= end:
            trial.find("past_the_end", f"{len(rows)} records")


def link(trial: Trial) -> None:
    """Follows the next link of a short page."""
    on = subject(trial, least=3)
    if not trial.known.order_holds:
        raise Untested("pages are cut from another order each time")
    found = page(trial, on, {"limit": "2", "offset": "0"})
    if found is None:
        return
    rows, heard = found
    text = heard.header("Link")
    if not text:
        trial.find("link_missing", f"no Link header with {on.word}")
        return
    target = next_link(text)
    if target is None:
        trial.find(
            "link_malformed",
            'no <address> with rel="next"' if "next" in text else "no next, though more records follow",
        )
        return
    after = trial.get(target if target.startswith("http") else _below(trial, target))
    if after.reply is None:
        trial.find("link_wrong", after.silence)
        return
    if not accepted(trial, after):
        return
    following = rows_of(Trial(trial.wire, trial.known), after, on.operation) or []
    there = page(trial, on, {"limit": "1", "offset": str(len(rows))})
    if there and [_id(row) for row in following[:1]] != [_id(row) for row in there[0][:1]]:
        trial.find("link_wrong", f"{on.word}: it does not begin with record {len(rows) + 1}")


def _below(trial: Trial, target: str) -> str:
    """A relative link as an address."""
    import httpx

    return str(httpx.URL(trial.wire.base_url + "/").join(target))


def next_link(text: str) -> str | None:
    """The address of the relation `next` in a Link header (RFC 8288); None where there is none to be read."""
    for match in _LINK.finditer(text):
        relation = re.search(r"rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", match[2])
        if relation and "next" in (relation[1] or relation[2] or "").lower().split():
            return match[1]
    return None
