"""The notary: takes the pages of a walk in order, and says at the end whether they were the whole collection. Pure."""

from __future__ import annotations

from typing import Final, Literal

from oneroster_tui.provider.dialects import Page

MAX_PAGES: Final = 200_000
"""Pages after which a walk is given up. Every page must bring a row that its neighbours did not have, so only a server
that invents rows gets here; ten million enrollments in pages of 100 are half as many."""

MOVED: Final = "rows moved while they were read, so some may have been missed"

_Doubt = Literal["moved", "repeated", "total", "endless"]
"""A row that was missed, a row that came twice, a total that changed, a walk without end."""


class Proof:
    """What the pages so far have shown.

    Complete means all of these, because a removal from the roster rests on it (quirks 1, 2 and 4):

    * Nothing stood after the last row. A short page does not show that: the server may clamp `limit`.
    * Where a total is known, as many rows came, and it stayed the same from page to page.
    * No page repeated a row of the page before, as happens when rows are added while they are read.
    * Without a total, each page began with the last row of the page before, asked for again: where a row was removed
      meanwhile, the later ones move up, and one of them would slip past the offset unseen.

    A total that the provider's own rows exceed is no total, and forgotten: some count the rows of the page. Taken on
    trust is one thing: where a page past the total repeats an earlier one (`offset` ignored), the total itself.

    Args:
        name: the collection, for the sentences.
    """

    def __init__(self, name: str) -> None:
        self.rows = 0
        self.total: int | None = None
        self._name = name
        self._ended = False
        self._repeats = False
        self._disproved = False
        self._doubt = ""
        self._pages = 0
        self._largest = 0
        self._kinds: set[_Doubt] = set()
        self._checksum = 0
        self._ascending = True
        self._highest = ""
        self._first: list[str] = []
        self._before: Page | None = None
        self._neighbour: frozenset[str] = frozenset()
        self._earlier: frozenset[str] = frozenset()

    @property
    def offset(self) -> int:
        """Where the next page has to begin: behind the last row, or at it, when it is to show that nothing moved."""
        return self.rows - 1 if self._last_id() else self.rows

    def take(self, page: Page, claim: int | None) -> Page | None:
        """Take the page that was asked for from `offset` on.

        Args:
            page: what came.
            claim: the collection's size by this answer's header or body.

        Returns:
            What is new in it; None when that is nothing and the walk is at its end.
        """
        again = self._last_id()
        largest = max(self._largest, page.count)
        joined = bool(again and page.first_id() == again)
        if joined:
            page = page.without_first()
        ids = page.ids()
        known = frozenset(ids)
        anew = self._begins_anew(ids)
        self._repeats = bool(known and self._pages) and (anew or known <= self._neighbour | self._earlier)
        fresh = 0 if self._repeats else page.count
        self._weigh(claim, fresh)
        if (again and not joined and not self._repeats) or (fresh and known & self._neighbour):
            kind: _Doubt = "moved" if again and not joined else "repeated"
            self._suspect(MOVED, kind)
        if anew and self._pages > 1 and self.rows != self.total:  # other pages came between: offset is not ignored
            self._suspect(MOVED, "moved")
        if self._pages >= MAX_PAGES:
            self._suspect(f"the provider sends page after page, and {MAX_PAGES:,} were enough", "endless")
        self._ended = not fresh or self._pages >= MAX_PAGES
        if self._ended:
            return None
        if not self._pages:
            self._first = ids[:3]
        self._pages += 1
        self._sum_up(ids if page.sealed else ids[: len(page.records)])
        self.rows += fresh
        self._largest, self._before = largest, page
        self._earlier, self._neighbour = self._neighbour, known
        return page

    @property
    def drifted(self) -> bool:
        """Whether count or order changed while the rows were read, so that another reading may do better (quirk 4)."""
        return bool(self._kinds) and "endless" not in self._kinds

    def same_as(self, other: Proof) -> bool:
        """Whether another reading of the collection brought the same rows, in whatever order."""
        return (self.rows, self._checksum) == (other.rows, other._checksum)

    def only_duplicates(self) -> bool:
        """Whether nothing but rows that came twice can speak against this reading, and it was sorted.

        Then, where another reading was the `same_as` this one, nothing moved: the provider lists records twice
        (quirk 11). A page that begins too early repeats rows as well, but it leaves none out.
        """
        return self._ended and self._kinds <= {"repeated"} and self._ascending and self.total in (None, self.rows)

    def verdict(self) -> str:
        """Why the walk is not complete, as a sentence; "" when it is proved complete."""
        if not self._ended:
            reason = f"the reading was broken off after {self.rows:,} records"
        elif self.total is not None and self.rows != self.total:
            again = ", then the same ones again" if self._repeats else ""
            reason = f"the provider says {self.total:,} records, {self.rows:,} came{again}"
        elif self._repeats and self.total is None and not self._doubt:
            reason = f"the provider ignores offset: after {self.rows:,} records the same ones came again"
        else:
            reason = self._doubt
        return reason and f"{self._name}: {reason}."

    def _begins_anew(self, ids: list[str]) -> bool:
        """Whether a page begins as the first one did, so that `offset` had no effect.

        Three ids are compared: providers have pairs of records with one sourcedId (quirk 11).
        """
        length = min(len(ids), len(self._first))
        return length > 0 and ids[:length] == self._first[:length]

    def _weigh(self, claim: int | None, fresh: int) -> None:
        """Hold a claimed total against the one so far, and both against the rows."""
        if self.total is None:
            self.total = None if self._disproved else claim
        elif claim is not None and claim not in (self.total, fresh):  # as many as this page's rows: it counts the page
            self._suspect(f"the provider's total changed from {self.total:,} to {claim:,} while it was read", "total")
        if self.total is not None and self.rows + fresh > self.total:
            self.total, self._disproved = None, True

    def _last_id(self) -> str:
        """The last row's id, where the next page is to begin with it: without a total, and while nothing is in doubt.

        Not where the row itself could not be read, and not before a page of two rows has come: a server that gives one
        row at a time would seem to be at its end.
        """
        before = self._before
        if before is None or self.total is not None or self._kinds - {"repeated"} or self._largest < 2:
            return ""
        return before.last_id()

    def _suspect(self, doubt: str, kind: _Doubt) -> None:
        self._doubt = self._doubt or doubt
        self._kinds.add(kind)

    def _sum_up(self, ids: list[str]) -> None:
        """What two readings are compared by: a sum that the order of rows does not change, and whether it was sorted."""
        self._checksum += sum(map(hash, ids))
        ordered = [self._highest, *ids]
        self._ascending = self._ascending and ordered == sorted(ordered)
        self._highest = max(ordered)
