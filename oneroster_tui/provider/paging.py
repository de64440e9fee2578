"""The reading hall: a collection is walked page by page to its end, several pages at a time, and the end is proved.

Servers clamp `limit` in silence, send wrong totals or none, ignore `offset`, and change while they are read (quirks 1,
2 and 4). So the offset advances by the rows that came; a short page is never the end, only one that brings nothing is.
Every walk pays for that one request more; where a total is known it runs beside the last page, not after it.

`Walk` hands out the pages; `_Sizes` knows how much to ask for, `_Plan` what to ask next, `_Crew` are the threads that
fetch and decode, and `proof.Proof` judges what came.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import httpx

from oneroster_tui.errors import NotFound, ProviderError, Rejected, Stopped, Unreachable
from oneroster_tui.provider.dialects import Page, decode, decode_sealed, read_total
from oneroster_tui.provider.proof import Proof
from oneroster_tui.records import Collection
from oneroster_tui.text import sanitise

FIRST_SIZE: Final = 200
LARGEST_SIZE: Final = 2000
"""Rows; larger pages save a few requests in a hundred, and six of them at a time are what a large sync keeps in memory."""
SMALLEST_SIZE: Final = 10
WORTH_HALVING: Final = 50
"""Requests for no more rows than this are not made smaller when they fail: the size is not the reason."""
FAST_PAGE: Final = 1.0
"""Seconds within which a page must come for the next to be larger."""
_POLL: Final = 0.1
"""Seconds between two looks at `stopping`."""
TOTAL_HEADERS: Final = ("X-Total-Count", "X-Count")


class Answer(Protocol):
    """What paging needs of the client's `Reply`."""

    @property
    def body(self) -> bytes:
        """The JSON."""

    @property
    def headers(self) -> httpx.Headers:
        """For the total."""

    @property
    def seconds(self) -> float:
        """How long the answer took."""


Get = Callable[[str, Mapping[str, str]], Answer]


@dataclass(slots=True)
class _Fetched:
    """One decoded page and what came with it; `asked` is the limit that brought it."""

    page: Page
    asked: int
    claim: int | None
    seconds: float


class _Sizes:
    """How many rows to ask for: grows while pages come whole and fast, halves when they do not come (contract 2)."""

    def __init__(self, page_size: int | Literal["auto"], first: int | None, clamp: int | None) -> None:
        auto = page_size == "auto"
        self.now = FIRST_SIZE if page_size == "auto" else max(page_size, 1)
        self._ceiling = LARGEST_SIZE if auto else self.now
        if auto and first:
            self.now = min(max(first, SMALLEST_SIZE), LARGEST_SIZE)
        if clamp:
            self.clamp(clamp)
        self._lock = threading.Lock()  # workers halve, the caller's thread grows and clamps

    def came(self, fetched: _Fetched) -> None:
        """Ask for twice as much after a page of the present size that came whole and fast."""
        with self._lock:
            if fetched.asked == self.now == fetched.page.count and fetched.seconds < FAST_PAGE:
                self.now = min(self.now * 2, self._ceiling)

    def clamp(self, rows: int) -> None:
        """The server gives no more than this at a time (quirk 1); one page of two rows does not mean two for ever."""
        rows = max(rows, SMALLEST_SIZE)
        with self._lock:
            self._ceiling = min(self._ceiling, rows)
            self.now = min(self.now, rows)

    def halve(self, failed: int) -> int:
        """Half of what failed, for good; the new size."""
        half = failed // 2
        self.clamp(half)
        return half


class _Crew:
    """Daemon threads that fetch and decode, started as they are needed; they outlive a walk by one request."""

    def __init__(self, fetch: Callable[[int, int], _Fetched], size: int, name: str) -> None:
        self._fetch = fetch
        self._size = size
        self._name = name
        self._work: queue.SimpleQueue[tuple[Future[_Fetched], int, int] | None] = queue.SimpleQueue()
        self._threads = 0

    def ask(self, offset: int, limit: int) -> Future[_Fetched]:
        """Have a page fetched; the future holds it, or the error."""
        future: Future[_Fetched] = Future()
        self._work.put((future, offset, limit))
        if self._threads < self._size:
            self._threads += 1
            threading.Thread(target=self._run, name=f"{self._name}-{self._threads}", daemon=True).start()
        return future

    def dismiss(self) -> None:
        """Send everybody home after the request in hand."""
        for _ in range(self._threads):
            self._work.put(None)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            future, offset, limit = work
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(self._fetch(offset, limit))
                except BaseException as error:  # raised again in the caller's thread
                    future.set_exception(error)


@dataclass(slots=True)
class _Ask:
    """A request under way: `limit` rows from `offset` on."""

    offset: int
    limit: int
    future: Future[_Fetched]


class _Plan:
    """What to ask next, in the order of offsets: the head stands where the rows that were handed out end.

    Args:
        ask: has rows fetched from an offset, up to a limit.
        window: how many requests may be under way or waiting to be handed out.
    """

    def __init__(self, ask: Callable[[int, int], Future[_Fetched]], window: int) -> None:
        self.pending: deque[_Ask] = deque()
        self._ask = ask
        self._window = window
        self._next = 0

    def head(self, cursor: int, total: int | None, size: int) -> _Ask:
        """The request for the rows from `cursor` on; where a total is known, the window is filled up behind it."""
        while self.pending and self.pending[0].offset < cursor:  # a page was longer than asked
            self.pending.popleft().future.cancel()
        if not self.pending:
            self._next = cursor
            self._append(total, size)
        elif self.pending[0].offset > cursor:  # a page was shorter than asked (quirk 1): the gap first
            self.pending.appendleft(self._new(cursor, min(size, self.pending[0].offset - cursor)))
        while total is not None and self._next <= total and len(self.pending) < self._window:
            self._append(total, size)
        return self.pending[0]

    def drop(self) -> None:
        """Forget everything that is under way."""
        while self.pending:
            self.pending.pop().future.cancel()

    def _append(self, total: int | None, size: int) -> None:
        """Ask for the next rows; what follows the last ones is the page at the total, which has to be empty."""
        start, end = self._next, self._next + size
        self.pending.append(self._new(start, size))
        self._next = total if total is not None and start < total < end else end

    def _new(self, offset: int, limit: int) -> _Ask:
        return _Ask(offset, limit, self._ask(offset, limit))


class Walk:
    """One reading of a collection from beginning to end: an iterable of pages in the order of their offsets.

    Pages are fetched and decoded by `concurrency` threads, with at most `concurrency` + 2 pages under way or waiting,
    so memory stays flat. Without a total pages come one after another, as the next offset is known only then.

    Args:
        get: the client's; called from several threads.
        collection: what the rows are.
        path: where they are, below the base path; the collection's own address when None.
        page_size: the `limit` asked for, or "auto": 200, growing to 2,000 while pages come whole within a second.
            Either is halved for good when a request for more than 50 rows fails with 413, 5xx or no answer; such a
            request is made once more at half the size.
        concurrency: how many requests run at a time.
        first_size: what "auto" asks for first, where it is known that so many rows come at once.
        clamp: the most rows that are known to come at once; no more are asked for.
        params: further query parameters (`filter`, `sort`, `fields`).
        salt: goes into the fingerprints of the rows, where those are wanted.
        sealing: whether pages are to come sealed, as far as they can: with fingerprints, but not decoded.
        stopping: looked at ten times a second.

    Attributes:
        pages: how many were handed out.
        complete, why: whether these were all rows, and why not; they hold from the end on.
        ended: whether the walk came to its end, complete or not.
        claimed: whether the provider said a total.
        largest: the most rows that came as asked for, 0 when none did.
        clamp: the most rows that came where more were asked for and more were there; None when that did not happen.

    Raises (from the iteration):
        ProviderError: a page could not be read.
        Stopped: `stopping` said so.
    """

    fixed = False

    def __init__(
        self,
        get: Get,
        collection: Collection,
        *,
        path: str | None = None,
        page_size: int | Literal["auto"],
        concurrency: int,
        first_size: int | None = None,
        clamp: int | None = None,
        params: Mapping[str, str] = {},
        salt: int | None = None,
        sealing: bool = False,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.pages = 0
        self.complete = False
        self.ended = False
        self.claimed = False
        self.largest = 0
        self.clamp: int | None = None
        self.why = f"{collection.value}: not read yet."
        self._get = get
        self.collection = collection
        self._path = path or f"/{collection.value}"
        self._params = dict(params)
        self._salt = salt
        self._sealing = sealing
        self._stopping = stopping
        self._concurrency = max(concurrency, 1)
        self._used = False
        self._sizes = _Sizes(page_size, first_size, clamp)
        self._short = 0  # rows of the page before, where that were fewer than asked for
        self._proof = Proof(collection.value)

    @property
    def total(self) -> int | None:
        """How many rows the provider says there are; None while unknown, and when its own rows disproved it."""
        return self._proof.total

    @property
    def received(self) -> int:
        """How many rows came, usable or not."""
        return self._proof.rows

    @property
    def drifted(self) -> bool:
        """Whether rows moved while they were read: another reading may be complete where this one is not (quirk 4)."""
        return not self.complete and self._proof.drifted

    def same_as(self, other: object) -> bool:
        """Whether another reading brought the same rows, so that nothing moves any more."""
        return isinstance(other, Walk) and self._proof.same_as(other._proof)

    def only_duplicates(self) -> bool:
        """Whether only rows that came twice can speak against this reading; see `Proof.only_duplicates`."""
        return self._proof.only_duplicates()

    def __iter__(self) -> Iterator[Page]:
        """Hand out the pages, once; `complete` and `why` hold from the end on, however it came."""
        if self._used:
            raise RuntimeError("a Walk is for one use")
        self._used = True
        crew = _Crew(self._fetch, self._concurrency, f"walk-{self.collection.value}")
        plan = _Plan(crew.ask, self._concurrency + 2)
        try:
            yield from self._pages(plan)
            self.why = self._proof.verdict()
            self.complete, self.ended = not self.why, True
        except GeneratorExit:
            self.why = self._broken_off("by the reader")
            raise
        except BaseException as error:
            self.why = self._broken_off(getattr(error, "what", type(error).__name__))
            raise
        finally:
            plan.drop()
            crew.dismiss()

    def _pages(self, plan: _Plan) -> Iterator[Page]:
        proof, sizes = self._proof, self._sizes
        while True:
            fewest = 1 if proof.offset == proof.rows else 2  # the last row again, and one that may follow it
            fetched = self._wait(plan.head(proof.offset, proof.total, max(sizes.now, fewest)))
            plan.pending.popleft()
            page = proof.take(fetched.page, fetched.claim)
            self.claimed = self.claimed or fetched.claim is not None
            if page is None:
                return
            self._learn(fetched)
            if proof.total is not None and fetched.page.count < fetched.asked:
                sizes.clamp(fetched.page.count)
            else:
                sizes.came(fetched)
            self.pages += 1
            yield page

    def _learn(self, fetched: _Fetched) -> None:
        """Notes what a page shows of the server: a short one that is followed by rows was cut short (quirk 1)."""
        rows = fetched.page.count
        if self._short:
            self.clamp = max(self.clamp or 0, self._short)
        self._short = rows if rows < fetched.asked else 0
        if rows == fetched.asked:
            self.largest = max(self.largest, rows)

    def _wait(self, ask: _Ask) -> _Fetched:
        while True:
            if self._stopping():
                raise Stopped
            if wait([ask.future], timeout=_POLL).done:
                return ask.future.result()

    def _fetch(self, offset: int, limit: int) -> _Fetched:
        """One page, in a worker; asked for once more at half the size when the size may be the reason it failed."""
        try:
            return self._page(offset, limit)
        except ProviderError as error:
            if limit <= WORTH_HALVING or not _too_much(error):
                raise
        return self._page(offset, self._sizes.halve(limit))

    def _page(self, offset: int, limit: int) -> _Fetched:
        params = {**self._params, "limit": str(limit), "offset": str(offset)}
        try:
            answer = self._get(self._path, params)
        except (NotFound, Rejected) as error:
            if offset and _past_the_end(error, offset, self._proof.total):
                return _Fetched(Page([], [], 0), limit, None, 0.0)
            raise
        page = self._decode(answer.body)
        claims = (read_total(answer.headers.get(name)) for name in TOTAL_HEADERS)
        claim = next((total for total in claims if total is not None), page.total)
        return _Fetched(page, limit, claim, answer.seconds)

    def _decode(self, body: bytes) -> Page:
        if self._sealing and self._salt is not None:
            return decode_sealed(self.collection, body, self._salt)
        return decode(self.collection, body, self._salt)

    def _broken_off(self, reason: str) -> str:
        said = sanitise(reason.rstrip("."))
        return f"{self.collection.value}: the reading was broken off after {self.received:,} records: {said}."


def _too_much(error: ProviderError) -> bool:
    """Whether a smaller page might come where this one failed: no answer (time-outs), 5xx, 413."""
    return isinstance(error, Unreachable) or (error.status is not None and (error.status == 413 or error.status >= 500))


def _past_the_end(error: NotFound | Rejected, offset: int, total: int | None) -> bool:
    """Whether a refusal only means that no row stands at this offset: some answer so in place of an empty page.

    A 404 is taken so at every offset but the first, 400 and 416 only where the total says that the rows have ended.
    """
    return isinstance(error, NotFound) or (total is not None and offset >= total and error.status in (400, 416))
