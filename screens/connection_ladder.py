"""The ladder against the wall: a test of the connection as it climbs, rung by rung, and what came of it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from oneroster_tui.errors import RosterSyncError, Stopped
from screens.desk import desk_of
from screens.fitting import clean, cut
from screens.widgets.fitted import Fitted
from screens.words import Look, counted

if TYPE_CHECKING:
    from oneroster_tui.config import Connection
    from oneroster_tui.provider.probe import Rung
    from oneroster_tui.records import Org

GOOD = Look("✓", "ok", "success")
BAD = Look("✗", "failed", "error")
ASKING = Look("▶", "asking", "accent")
STOPPED = Look("■", "stopped", "muted")

BUNDLE_STEPS = ("manifest", "orgs", "academicSessions", "courses", "classes", "users", "enrollments")
STEPS = ("token", "orgs", "academicSessions", "courses", "classes", "users", "enrollments", "paging", "schools")
INDENT = 3
"""Cells before a text that stands below its rung."""

Pieces = list[str | tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a test ended.

    Args:
        look: its glyph, word and colour.
        text: what it means, and what to do next.
    """

    look: Look
    text: str


STOPPED_BY_HAND = Verdict(STOPPED, "Stopped. t tests again.")


def wrapped(text: str, width: int) -> list[str]:
    """A text in lines of at most `width` cells, broken at blanks where there are any."""
    lines, line = [], ""
    for word in text.split():
        while cell_len(word) > width:
            if line:
                lines.append(line)
                line = ""
            piece = cut(word, width) or word[:1]
            lines.append(piece)
            word = word[len(piece) :]
        if line and cell_len(line) + 1 + cell_len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line] if line else lines


def rung_pieces(rung: Rung, width: int) -> Pieces:
    """A rung: glyph, name, word, status, time; its text beside it where that fits, else below."""
    look = GOOD if rung.good else BAD
    status = "" if rung.status is None else str(rung.status)
    head = f"{clean(rung.name, 16):<16} {look.word:>6} {status:>4} {rung.seconds:>6.2f} s"
    text = clean(rung.text, 600)
    pieces: Pieces = [(look.glyph, f"bold {look.style}"), (f" {head}", "" if rung.good else look.style)]
    room = width - cell_len(head) - 4
    if cell_len(text) <= room:
        return [*pieces, f"  {text}\n"]
    lines = wrapped(text, max(10, width - INDENT))
    return [*pieces, "\n", *(f"{' ' * INDENT}{line}\n" for line in lines)]


def climbed(rungs: Sequence[Rung], asking: str, width: int) -> Content:
    """The rungs there are, and the one that is being asked for."""
    pieces: Pieces = []
    for rung in rungs:
        pieces += rung_pieces(rung, max(20, width - 1))
    if asking:
        pieces += [(f"{ASKING.glyph} {asking:<16} {ASKING.word:>6}", ASKING.style)]
    return Content.assemble(*pieces).rstrip("\n")


def verdict_of(rungs: Sequence[Rung], orgs: Sequence[Org], *, unsaved: bool, moved: str = "") -> Verdict:
    """What a test that went to its end means.

    Args:
        orgs: what the provider lists; where all went well.
        unsaved: whether what was tested is not in config.toml yet.
        moved: the address the service was found at, where it is another one than asked for.
    """
    bad = [rung for rung in rungs if not rung.good]
    if bad:
        first = clean(bad[0].name, 16)
        what = first if len(bad) == 1 else f"{first} and {counted(len(bad) - 1, 'more step')}"
        return Verdict(BAD, f"Failed: {what}. Above stands why and what to do; then t tests again.")
    kinds = Counter(clean(org.type, 20) for org in orgs)
    listed = [
        counted(kinds.pop("school", 0), "school"),
        *(counted(count, kind) for kind, count in kinds.most_common(3)),
    ]
    then = "ctrl+s saves it, then 4 goes to Schools." if unsaved else "4 goes to Schools."
    found = f" The service is at {clean(moved, 200)}: better put that into Root URL." if moved else ""
    return Verdict(GOOD, f"The connection works: {', '.join(listed)}. {then}{found}")


class Ladder(VerticalScroll):
    """A test's rungs, and its verdict; hidden until there is one. One test at a time, on a thread of its own."""

    @dataclass
    class Climbed(Message):
        """A test came one rung further."""

        ticket: threading.Event
        rung: Rung

    @dataclass
    class Ended(Message):
        """A test is over; `orgs` is what the provider lists, where all went well."""

        ticket: threading.Event
        verdict: Verdict
        orgs: Sequence[Org] = ()

    class Changed(Message):
        """A test began or ended."""

    def __init__(self) -> None:
        super().__init__(id="ladder")
        self.rungs: list[Rung] = []
        self.verdict: Verdict | None = None
        self.asking = ""
        self.steps: tuple[str, ...] = STEPS
        self.where = ""
        self.ticket: threading.Event | None = None

    def compose(self) -> ComposeResult:
        """Rungs, verdict."""
        yield Fitted(id="rungs")
        yield Static(id="verdict")

    def on_mount(self) -> None:
        """Hidden at first."""
        self.display = False

    def on_unmount(self) -> None:
        """A test does not outlive the screen."""
        if self.ticket is not None:
            self.ticket.set()

    @property
    def testing(self) -> bool:
        """Whether a test is under way."""
        return self.ticket is not None

    def start(self, connection: Connection, *, unsaved: bool) -> None:
        """Begins a test.

        Args:
            unsaved: whether the connection is not in config.toml yet.
        """
        self.rungs, self.verdict, self.where = [], None, clean(connection.bundle or connection.root_url, 200)
        self.steps = BUNDLE_STEPS if connection.bundle else STEPS
        self.asking = self.steps[0]
        self.ticket = threading.Event()
        self.display = True
        self.anchor()  # the newest rung stays in view
        self.draw()
        self.climb(connection, self.ticket, unsaved=unsaved)
        self.post_message(self.Changed())

    def stop(self) -> None:
        """Stops the test: at once for the person; its thread ends when the answer it waits for comes."""
        if self.ticket is not None:
            self.ticket.set()
            self.end(STOPPED_BY_HAND)

    @work(thread=True, group="test", exit_on_error=False)
    def climb(self, connection: Connection, ticket: threading.Event, *, unsaved: bool) -> None:
        """Climbs, on a thread; what happens there comes back as messages."""
        from oneroster_tui.provider import probe

        rungs: list[Rung] = []
        orgs: list[Org] = []
        try:
            with desk_of(self).client(connection, ticket.is_set) as client:
                asked = client.base_url
                for rung in probe.ladder(client):
                    rungs.append(rung)
                    self.post_message(self.Climbed(ticket, rung))
                orgs = probe.all_orgs(client) if all(rung.good for rung in rungs) else []
                moved = client.base_url if client.base_url != asked else ""
                verdict = verdict_of(rungs, orgs, unsaved=unsaved, moved=moved)
        except Stopped:
            verdict = STOPPED_BY_HAND
        except RosterSyncError as error:
            verdict = Verdict(BAD, clean(f"{error.what} {error.do}", 600))
        except Exception as error:  # a screen never shows a traceback
            verdict = Verdict(BAD, f"The test broke off unexpectedly ({type(error).__name__}): please report it.")
        self.post_message(self.Ended(ticket, verdict, orgs))

    @on(Climbed)
    def show_rung(self, event: Climbed) -> None:
        """Shows a rung, where its test was not stopped meanwhile."""
        event.stop()
        if event.ticket is self.ticket:
            self.rungs.append(event.rung)
            steps = self.steps
            at = steps.index(event.rung.name) + 1 if event.rung.name in steps else len(steps)
            self.asking = steps[at] if at < len(steps) else ""
            self.draw()

    @on(Ended)
    def show_end(self, event: Ended) -> None:
        """Shows how the test ended; Schools starts from what a good one saw."""
        event.stop()
        if event.ticket is self.ticket:
            if event.orgs:
                desk_of(self).orgs = list(event.orgs)
            self.end(event.verdict)

    def end(self, verdict: Verdict) -> None:
        """The test is over."""
        self.ticket, self.verdict, self.asking = None, verdict, ""
        self.draw()
        self.post_message(self.Changed())

    def draw(self) -> None:
        """Draws rungs and verdict."""
        if self.verdict is None:
            heading = Content.assemble((f"{ASKING.glyph} Testing ", "bold $accent"), self.where, ("  esc stops", "dim"))
        else:
            look = self.verdict.look
            heading = Content.assemble((f"{look.glyph} ", f"bold {look.style}"), (self.verdict.text, "bold"))
        self.query_one("#verdict", Static).update(heading)
        self.query_one("#rungs", Fitted).tell(partial(climbed, tuple(self.rungs), self.asking))
