"""The bench: what one check works with: requests that are noted, findings, and what was learned on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from oneroster_tui.provider.conformance.card import Check, Finding, Section
from oneroster_tui.provider.conformance.wire import GaveUp, Heard, Wire
from oneroster_tui.provider.endpoints import Operation
from oneroster_tui.text import sanitise

Json = dict[str, Any]
_MOST_FINDINGS: Final = 30


class Untested(Exception):
    """There is nothing to try this with; the text says why."""


@dataclass(slots=True)
class Sample:
    """The first page of a collection: its records, its total where one was said, and whether it is all there is."""

    rows: list[Json]
    total: int | None
    complete: bool

    def ids(self) -> list[str]:
        """The sourcedIds, in order."""
        return [row["sourcedId"] for row in self.rows if isinstance(row.get("sourcedId"), str) and row["sourcedId"]]


@dataclass
class Known:
    """What the examination has learned so far."""

    version: str
    samples: dict[str, Sample] = field(default_factory=dict)
    """By the endpoint's word: `users`, `schools`."""
    offset_moves: bool = True
    order_holds: bool = True
    total_holds: bool = True
    page_size: int = 100
    """Rows to ask for at once; 100 is the specification's own default."""
    wanted: str = ""
    """Why the service cannot be asked at all; "" where it can."""

    def sample(self, endpoint: str) -> Sample:
        """A collection's first page; an empty one where it was not read."""
        return self.samples.get(endpoint, Sample([], None, complete=False))


@dataclass
class Trial:
    """One check under way."""

    wire: Wire
    known: Known
    findings: list[Finding] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    status: int | None = None
    seconds: float = 0.0

    @property
    def version(self) -> str:
        """The OneRoster version."""
        return self.known.version

    def find(self, code: str, came: str = "") -> None:
        """Notes something amiss."""
        finding = Finding(code, sanitise(came, 300))
        if finding not in self.findings and len(self.findings) < _MOST_FINDINGS:
            self.findings.append(finding)

    def get(
        self, path: str, params: Mapping[str, str] = {}, *, auth: httpx.Auth | None = None, wrong: bool = False
    ) -> Heard:
        """GET an address; see `Wire.get`."""
        return self.note(self.wire.get(path, params, auth=auth, wrong=wrong))

    def note(self, heard: Heard) -> Heard:
        """Notes a request and how long its answer took."""
        self.asked.append(heard.asked)
        self.status = heard.status
        self.seconds += heard.reply.seconds if heard.reply else 0.0
        return heard


@dataclass(frozen=True)
class Step:
    """One check to come: what it is called, what it expects, and how it is tried."""

    section: Section
    name: str
    title: str
    expected: str
    source: str
    work: Callable[[Trial], None]

    def take(self, wire: Wire, known: Known) -> tuple[Check, str]:
        """Tries it; also why the examination must end here, "" where it goes on.

        Raises:
            Stopped: the examination was asked to stop.
        """
        trial = Trial(wire, known)
        untested = ended = ""
        try:
            self.work(trial)
        except Untested as reason:
            untested = str(reason)
        except GaveUp as reason:
            untested = ended = str(reason)
        return self.check(trial, untested), ended

    def check(self, trial: Trial | None = None, untested: str = "") -> Check:
        """What came of it; without a trial, that it was not tried."""
        return Check(
            self.section,
            self.name,
            self.title,
            self.expected,
            self.source,
            tuple(trial.asked) if trial else (),
            tuple(trial.findings) if trial else (),
            sanitise(untested, 300),
            trial.status if trial else None,
            round(trial.seconds, 4) if trial else 0.0,
        )


def accepted(trial: Trial, heard: Heard, refused: str = "refused") -> bool:
    """Whether an answer brings data; where not, why is noted.

    Args:
        refused: the rule that a plain refusal (400, 404, 501 and the like) goes against.
    """
    if heard.reply is None:
        trial.find("no_answer", heard.silence)
    elif heard.good:
        if heard.reply.is_html():
            trial.find("web_page", f"status {heard.status}")
        elif heard.document is None:
            trial.find(
                "not_json", f"{len(heard.reply.body)} bytes, Content-Type {heard.header('content-type') or 'none'}"
            )
        elif any(word.code_major == "failure" for word in heard.words):
            trial.find("failure_as_200", said(heard))
        else:
            return True
    else:
        trial.find(_refusal(heard.reply.status, refused), f"{heard.status}{said(heard)}")
    return False


def _refusal(status: int, refused: str) -> str:
    if status in (401, 403):
        return "unauthorized" if status == 401 else "forbidden"
    if 300 <= status < 400:
        return "redirected_away"
    if status == 501:
        return refused
    return "server_error" if status >= 500 or status == 429 else refused


def said(heard: Heard) -> str:
    """The minor codes of an answer, after a blank; not its free text, which may name people."""
    codes = ", ".join(code for word in heard.words for code in word.code_minor if code.replace("_", "").isalpha())
    return f" {sanitise(codes, 80)}" if codes else ""


def rows_of(trial: Trial, heard: Heard, operation: Operation) -> list[Any] | None:
    """The records of a collection's answer, whatever it wraps them in; what is odd about that is noted.

    None where there are none to be read.
    """
    document, key = heard.document, operation.list_key
    if isinstance(document, list):
        trial.find("not_wrapped", "a bare list")
        return document
    if not isinstance(document, dict):
        trial.find("no_records", f"{operation.name}: neither an object nor a list")
        return None
    extra = document.keys() - {key, "warnings", "statusInfoSet", "errors"}
    if key in document or not document:
        if extra:
            trial.find("extra_key", ", ".join(sorted(sanitise(name, 40) for name in extra)))
        found = document.get(key, [])
    else:
        words = [name for name in extra if isinstance(document[name], list | dict)]
        if len(words) != 1:
            trial.find("no_records", f"keys: {', '.join(sorted(sanitise(name, 40) for name in extra)) or 'none'}")
            return None
        trial.find("wrong_key", f"“{sanitise(words[0], 40)}” for “{key}”")
        found = document[words[0]]
    if found is None:
        trial.find("list_is_null", f"“{key}”: null")
        return []
    if isinstance(found, dict):
        trial.find("object_for_list", f"“{key}”: an object")
        return [found]
    if not isinstance(found, list):
        trial.find("no_records", f"“{key}” is not a list")
        return None
    return found


def records(rows: Sequence[Any]) -> list[Json]:
    """Those rows that are objects."""
    return [row for row in rows if isinstance(row, dict)]


def total_of(heard: Heard) -> int | None:
    """What X-Total-Count says; None where it says no number."""
    text = heard.header("X-Total-Count").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
