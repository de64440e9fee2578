"""How a push talks to Moodle: in batches, each remembered before the next, and in halves where Moodle refuses one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from oneroster_tui.config import Settings
from oneroster_tui.errors import ExportError, Unreachable
from oneroster_tui.export.moodle.client import MOST_VARIABLES, MoodleClient, Refused
from oneroster_tui.export.moodle.wanted import decoded
from oneroster_tui.provider.retry import TRIES
from oneroster_tui.roster.queries.moodle_links import Difference, Gone, Links
from oneroster_tui.text import sanitise

MOST_PROBLEMS = 1000
"""Refusals after which something is wrong with more than the records."""

SAID = 1000
"""Progress is said in steps of so many."""

T = TypeVar("T")
Record = dict[str, Any]


class Conversation:
    """What telling any kind of thing has in common.

    Args:
        links: what was made before, and what is wanted.
        roles: short name -> number.
        say: takes a line for a person.
    """

    def __init__(
        self,
        links: Links,
        client: MoodleClient,
        settings: Settings,
        roles: Mapping[str, int],
        say: Callable[[str], None],
    ) -> None:
        self.links = links
        self.client = client
        self.settings = settings
        self.roles = roles
        self.say = say
        self.counts: dict[str, dict[str, int]] = {}
        self.problems: list[str] = []

    def batches(self, kind: str, *, linked: bool, variables: int) -> Iterator[list[Difference]]:
        """The differences of a kind, as many at a time as a request can carry with so many variables each."""
        size = min(self.settings.moodle.batch, max(MOST_VARIABLES // variables - 1, 1))
        after = ""
        while batch := self.links.differences(kind, linked=linked, after=after, limit=size):
            after = batch[-1].key
            yield batch

    def gone(self, kind: str) -> Iterator[list[Gone]]:
        """What is wanted no longer, in batches."""
        after = ""
        while batch := self.links.gone(kind, after=after, limit=min(self.settings.moodle.batch, 150)):
            after = batch[-1].key
            yield batch

    def settle(
        self, kind: str, items: Sequence[T], key: Callable[[T], str], send: Callable[[Sequence[T]], None]
    ) -> None:
        """Sends items together; where Moodle refuses, in halves, until it is known which ones it refuses."""
        if not items:
            return
        try:
            send(items)
        except Refused as refused:
            if len(items) == 1:
                self.problem(kind, key(items[0]), refused.what)
                return
            half = len(items) // 2
            self.settle(kind, items[:half], key, send)
            self.settle(kind, items[half:], key, send)

    def problem(self, kind: str, key: str, what: str) -> None:
        """Notes what could not be done.

        Raises:
            ExportError: there are too many by now.
        """
        text = f"{kind} {sanitise(' '.join(key.splitlines()), 200)}: {what}"
        self.problems.append(text)
        self.say(f"  {text}")
        if len(self.problems) >= MOST_PROBLEMS:
            raise ExportError(
                f"Moodle refused {len(self.problems):,} records.",
                where=self.client.url,
                do="see what it said; the push goes on where it was when you run it again",
            )

    def done(self, kind: str, what: str, rows: Sequence[tuple[str, int | None, str]]) -> None:
        """Remembers a batch, and counts it."""
        self.links.note(kind, rows)
        self.count(kind, what, len(rows))

    def count(self, kind: str, what: str, number: int) -> None:
        """Counts; says every thousandth."""
        counts = self.counts.setdefault(kind, {})
        before = counts.get(what, 0)
        counts[what] = before + number
        if counts[what] // SAID > before // SAID:
            self.say(f"  {kind}: {what} {counts[what]:,} …")

    def create(self, kind: str, create: Callable[[Sequence[Difference]], None]) -> None:
        """Makes what is lacking."""
        for batch in self.batches(kind, linked=False, variables=10):
            self.persist(create, batch)

    def persist(self, create: Callable[[T], None], what: T) -> None:
        """Tries again where no answer came: it may have been a yes, so each try looks first what is there.

        Raises:
            Unreachable: none came in the end.
        """
        for attempt in range(1, TRIES):
            try:
                create(what)
            except Unreachable:
                self.client.pause(attempt)
            else:
                return
        create(what)

    def update(
        self,
        kind: str,
        function: str,
        name: str,
        record: Callable[[Difference, Record], Record | None],
        sift: Callable[[list[Difference]], list[Difference]] = list,
    ) -> None:
        """Tells what is otherwise. Moodle skips what it does not like and says so in warnings, at best.

        Args:
            record: what to tell of one, or None.
            sift: which of a batch may be told at all.
        """

        def send(items: Sequence[tuple[Difference, Record]]) -> None:
            answer = self.client.call(function, {name: [told for _, told in items]})
            warnings = (answer or {}).get("warnings", ()) if isinstance(answer, dict) else ()
            refused = {int(one["itemid"]): str(one.get("message", "")) for one in warnings if one.get("itemid")}
            for item, told in items:
                if told["id"] in refused:
                    self.problem(kind, item.key, f"Moodle said: {sanitise(refused[told['id']], 300)}")
            kept = [item for item, told in items if told["id"] not in refused]
            self.done(kind, "updated", [(one.key, one.remote_id, one.content) for one in kept])

        for batch in self.batches(kind, linked=True, variables=10):
            pairs = [(one, told) for one in sift(batch) if (told := record(one, decoded(one.content))) is not None]
            self.settle(kind, pairs, lambda pair: pair[0].key, send)

    def remove(
        self, kind: str, gone: Sequence[Gone], function: str, name: str, what: str, record: Callable[[Gone], Record]
    ) -> None:
        """Tells that things are no longer active."""
        self.remove_told(kind, [(one, record(one)) for one in gone], function, name, what)

    def remove_told(self, kind: str, items: Sequence[tuple[Gone, Record]], function: str, name: str, what: str) -> None:
        """The same, of finished records."""

        def send(some: Sequence[tuple[Gone, Record]]) -> None:
            self.client.call(function, {name: [told for _, told in some]})
            self.links.note_gone(kind, [one.key for one, _ in some])
            self.count(kind, what, len(some))

        self.settle(kind, items, lambda pair: pair[0].key, send)

    def require_all(self, made: Any, items: Sequence[Any]) -> None:
        """Refuses to go on where Moodle made fewer than it was told: PHP drops variables beyond its limit without a word.

        Raises:
            ExportError: it is so.
        """
        if not isinstance(made, list) or len(made) != len(items):
            number = len(made) if isinstance(made, list) else 0
            raise ExportError(
                f"Moodle was told of {len(items)} records and made {number}.",
                where=self.client.url,
                do="set [moodle] batch lower, or PHP's max_input_vars higher, and run again",
            )
