"""The dossier: what is known of one provider, from checks and from every sync, and how it is best read because of it. Pure.

Nothing in it is taken on trust: `None` stands for what nobody has found out yet, and then a walk does as with a stranger.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from oneroster_tui.provider.dialects import Page
from oneroster_tui.provider.paging import Answer, Get, Walk
from oneroster_tui.records import Collection, Enrollment, User

_DATE = re.compile(rb'"dateLastModified"\s*:\s*("[^"]{0,40}"|[-+.\w]{1,40})')
_MOST_FORMS: Final = 5
_MOST_ROLES: Final = 40
"""More words than these are nonsense, not a vocabulary; the profile stays small."""


class Known(msgspec.Struct, omit_defaults=True):
    """What is known of one collection.

    Attributes:
        rows: how many the last complete reading brought.
        totals: whether a total is said.
        honest: whether as many rows came as the total said.
        link: whether a `Link` header leads to the next page.
        largest_page: the most rows that came as asked for.
        clamp: the most rows that come at all (quirk 1).
        sort: whether `sort` and `orderBy` are honoured.
        filter: whether `filter=dateLastModified>'…'` was proved to give what changed, all of it and nothing else.
        fields: whether `fields` was proved to leave out what was not asked for, and nothing else.
        newest: the newest `dateLastModified` seen.
        dates: how it is written, digits as 9.
        p50, p95: seconds for a page.
    """

    rows: int | None = None
    totals: bool | None = None
    honest: bool | None = None
    link: bool | None = None
    largest_page: int = 0
    clamp: int | None = None
    sort: bool | None = None
    filter: bool | None = None
    fields: bool | None = None
    newest: str = ""
    dates: list[str] = msgspec.field(default_factory=list)
    p50: float | None = None
    p95: float | None = None


class Profile(msgspec.Struct, omit_defaults=True):
    """What is known of a provider.

    Attributes:
        base_url: where the service was found.
        learned_at: when something was last learned (UTC, ISO 8601).
        nested: for the paths below a school, a class or a person that were tried, whether they are there.
        roles: how often each role word was met when it was last counted.
    """

    base_url: str = ""
    learned_at: str = ""
    collections: dict[str, Known] = msgspec.field(default_factory=dict)
    nested: dict[str, bool] = msgspec.field(default_factory=dict)
    roles: dict[str, int] = msgspec.field(default_factory=dict)

    def of(self, collection: Collection) -> Known:
        """What is known of a collection; to be written to."""
        return self.collections.setdefault(collection.value, Known())

    def first_size(self, collection: Collection) -> int | None:
        """How many rows an "auto" walk may ask for at once; None when nothing is known."""
        known = self.of(collection)
        return known.clamp or known.largest_page or None

    def concurrency(self, collection: Collection, wanted: int) -> int:
        """How many pages at a time: where the total was wrong, the requests behind it would be in vain."""
        return 1 if self.of(collection).honest is False else wanted

    def encode(self) -> str:
        """As JSON, for the roster."""
        return msgspec.json.encode(self).decode()


def read_profile(text: str | None) -> Profile:
    """A stored profile; an empty one when there is none, or one that cannot be read: it is learned anew."""
    try:
        return msgspec.json.decode(text or "{}", type=Profile)
    except msgspec.DecodeError:
        return Profile()


def date_forms(body: bytes) -> list[str]:
    """How a page writes `dateLastModified`, digits as 9: `9999-99-99T99:99:99.999Z`."""
    found = (match[1].strip(b'"').decode("utf-8", "replace") for match in _DATE.finditer(body[:200_000]))
    return list(dict.fromkeys(re.sub(r"[0-9]", "9", text) for text in found))[:_MOST_FORMS]


def percentile(seconds: Sequence[float], share: float) -> float:
    """The value below which a share of some values lies; of one or more."""
    ordered = sorted(seconds)
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 3)


class Learner:
    """Watches walks, and writes what they show into a profile.

    Args:
        profile: what is known; changed by `conclude`.
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.first_date = ""
        self._seconds: dict[Collection, list[float]] = {}
        self._walks: list[tuple[Walk, bool]] = []
        self._roles: dict[Collection, Counter[str]] = {}
        self._sealed = False

    def walk(self, get: Get, collection: Collection, *, params: Mapping[str, str], **options: Any) -> Walk:
        """Opens a walk that is watched; the options are Walk's."""
        walk = _Watched(self, self._metered(get, collection), collection, params=params, **options)
        self._walks.append((walk, "filter" in params))
        self._roles[collection] = Counter()
        return walk

    def _metered(self, get: Get, collection: Collection) -> Get:
        """The same requests, with their time taken, and the first answer looked at."""
        seconds = self._seconds.setdefault(collection, [])

        def metered(path: str, params: Mapping[str, str]) -> Answer:
            answer = get(path, params)
            if not self.first_date:
                self.first_date = answer.headers.get("Date", "")
            if not seconds:
                self._look(self.profile.of(collection), answer, params)
            seconds.append(answer.seconds)
            return answer

        return metered

    @staticmethod
    def _look(known: Known, answer: Answer, params: Mapping[str, str]) -> None:
        known.dates = date_forms(answer.body) or known.dates
        if "rel=" in answer.headers.get("Link", ""):
            known.link = True
        elif known.link is None and (known.rows or 0) > int(params["limit"]):
            known.link = False

    def take(self, collection: Collection, page: Page) -> None:
        """Counts the roles and the newest date of a page; of a sealed one nobody knows what it says."""
        if page.sealed is not None:
            self._sealed = True
            return
        records = page.records
        known = self.profile.of(collection)
        known.newest = max((record.date_last_modified or "" for record in records), default="") or known.newest
        roles = self._roles[collection]
        if collection is Collection.ENROLLMENTS:
            roles.update(record.role for record in records if isinstance(record, Enrollment))
        elif collection is Collection.USERS:
            roles.update(role.role for record in records if isinstance(record, User) for role in record.roles)

    def conclude(self, moment: str, base_url: str) -> Profile:
        """Writes down what the walks showed; walks of a filtered collection say nothing of its size."""
        profile = self.profile
        complete = {walk.collection for walk, filtered in self._walks if walk.complete and not filtered}
        counted = [self._roles[collection] for collection in complete]
        for walk, filtered in self._walks:
            known, seconds = profile.of(walk.collection), self._seconds[walk.collection]
            if seconds:
                known.p50, known.p95 = percentile(seconds, 0.5), percentile(seconds, 0.95)
            known.largest_page = max(known.largest_page, walk.largest)
            if walk.clamp is not None:
                known.clamp, known.largest_page = walk.clamp, min(known.largest_page, walk.clamp)
            if filtered or not walk.ended:
                continue
            known.totals = walk.claimed
            if walk.complete:
                known.rows = walk.received
            if not walk.drifted:
                known.honest = (walk.total == walk.received) if walk.claimed else None
        if counted and not self._sealed:
            roles = sum(counted, Counter[str]())
            profile.roles = dict(sorted(roles.most_common(_MOST_ROLES)))
        profile.base_url, profile.learned_at = base_url, moment
        return profile


class _Watched(Walk):
    """A walk whose pages the learner sees."""

    def __init__(self, learner: Learner, get: Get, collection: Collection, **options: Any) -> None:
        super().__init__(get, collection, **options)
        self._learner = learner

    def __iter__(self) -> Iterator[Any]:
        for page in super().__iter__():
            self._learner.take(self.collection, page)
            yield page


def words(profile: Profile) -> list[str]:
    """What is known, in a person's words, a line each."""
    lines = [line for name, known in profile.collections.items() if (line := _line(name, known))]
    if profile.nested:
        there = [path for path, good in profile.nested.items() if good]
        missing = [path for path, good in profile.nested.items() if not good]
        lines.append(
            "nested paths: "
            + _listed(there, "answered")
            + ("; " if there and missing else "")
            + _listed(missing, "not")
        )
    if profile.roles:
        lines.append("roles: " + ", ".join(f"{role or '(none)'} {count:,}" for role, count in profile.roles.items()))
    return lines


def _listed(paths: Iterable[str], word: str) -> str:
    text = ", ".join(paths)
    return f"{word}: {text}" if text else ""


def _line(name: str, known: Known) -> str:
    parts = []
    if known.rows is not None:
        parts.append(f"{known.rows:,} records")
    if known.clamp:
        parts.append(f"at most {known.clamp:,} a page")
    elif known.largest_page:
        parts.append(f"pages of {known.largest_page:,} came whole")
    if known.totals is not None:
        word = {True: "true", False: "wrong", None: "not tested"}[known.honest]
        parts.append(f"total said ({word})" if known.totals else "no total")
    for text, fact in (("Link", known.link), ("sort", known.sort), ("fields", known.fields)):
        if fact is not None:
            parts.append(text if fact else f"no {text}")
    if known.filter is not None:
        parts.append("changes since a date: proved" if known.filter else "changes since a date: not to be relied on")
    if known.dates:
        parts.append(
            f"times like {known.dates[0]}" + (f" and {len(known.dates) - 1} other forms" if known.dates[1:] else "")
        )
    if known.p50 is not None and known.p95 is not None:
        parts.append(f"{known.p50:.2f} s a page, {known.p95:.2f} s at worst")
    return f"{name}: {', '.join(parts)}" if parts else ""
