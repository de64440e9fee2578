"""The lab's provider with the whole service: all operations and parameters, so that a quirk is the only thing amiss.

Besides what `LabProvider` has: single records, what is below a record, filter, sort, fields, links, and refusals in the
version's own words. The habits that a quirk may replace are the same; `collection` of a request is the body's key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import httpx

from oneroster_tui.demo import query
from oneroster_tui.demo.rendering import Note
from oneroster_tui.demo.versions import RENDERINGS
from oneroster_tui.provider.endpoints import OPERATIONS, Operation
from oneroster_tui.records import Collection
from tests.provider_lab.district import Json, Version
from tests.provider_lab.server import Answer, LabProvider, Request, said

KINDS = {
    "schools": "school",
    "terms": "term",
    "gradingPeriods": "gradingPeriod",
    "students": "student",
    "teachers": "teacher",
}
PLURALS = {"org": "orgs", "class": "classes", "user": "users"} | {
    word: f"{word}s" for word in ("academicSession", "course", "enrollment")
}
BY_SHAPE: Mapping[tuple[str, ...], Operation] = {
    tuple("{}" if part.startswith("{") else part for part in one.path.split("/")[1:]): one for one in OPERATIONS
}


def text(row: Any, *path: str) -> str:
    """A member of a row, however deep; "" where there is none."""
    for name in path:
        row = row[0] if isinstance(row, list) and row else row
        row = row.get(name) if isinstance(row, dict) else None
    return str(row) if row is not None else ""


def ids_in(row: Json, name: str) -> list[str]:
    """The ids that a list of references holds."""
    found = row.get(name)
    return [text(one, "sourcedId") for one in (found if isinstance(found, list) else [found])]


class WholeProvider(LabProvider):
    """A LabProvider with all 41 operations but demographics."""

    def __init__(self, version: Version = "1.1") -> None:
        super().__init__(version)
        self.headers = lambda rows, page, asked: {"X-Total-Count": str(len(rows))} | self.links(rows, asked)
        self.operation: Operation | None = None
        self.ids: list[str] = []

    @staticmethod
    def links(rows: list[Json], asked: Request) -> dict[str, str]:
        """The Link header to the next page, where there is one."""
        after = asked.offset + asked.limit
        kept = "".join(
            f"&{name}={quote(value)}" for name, value in asked.params.items() if name not in ("limit", "offset")
        )
        address = f"{asked.url.partition('?')[0]}?limit={asked.limit}&offset={after}{kept}"
        return {"Link": f'<{address}>; rel="next"'} if after < len(rows) else {}

    def refusal(self, status: int, minor: str) -> Answer:
        """A refusal in the version's words."""
        return said(RENDERINGS[self.version].status([Note("error", minor, "No.")]), status)

    def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Request:
        asked = super().request(method, target, headers, body)
        parts = asked.endpoint.split("/")
        self.ids = [unquote(part) for part in parts[1::2]]
        self.operation = BY_SHAPE.get(tuple("{}" if number % 2 else part for number, part in enumerate(parts)))
        if self.operation is not None:
            single = self.operation.single_key
            asked.collection = self.operation.list_key or PLURALS.get(single, single)
        asked.params = dict(parse_qsl(urlsplit(target).query, keep_blank_values=True))
        asked.count = self.counts[asked.collection]
        self.counts[asked.collection] += asked.collection != asked.endpoint
        return asked

    def answer(self, asked: Request) -> Answer:
        if asked.path == "/token":
            return self.token(asked)
        if not self.allows(asked):
            return self.refusal(401, "unauthorized")
        return self.after(asked, self.before(asked) or self._usual(asked))

    def _usual(self, asked: Request) -> Answer:
        operation = self.operation
        if operation is None or asked.collection not in self.rows:
            return self.refusal(404, "unknown object")
        known = RENDERINGS[self.version].fields[Collection(asked.collection)]
        names = [name for name in asked.params.get("fields", "").split(",") if name]
        if "fields" in asked.params and not names:
            return self.refusal(400, "invalid_blank_selection_field")
        if unknown := [name for name in names if name not in known]:
            if self.version == "1.2":
                return self.refusal(400, "invalid_selection_field")
            names = []
        if not operation.is_collection:
            return self._single(asked, operation, names)
        if any(not self._exists(word, one) for word, one in self._owners(asked)):
            return self.refusal(404, "unknown object")
        rows = self._selected(asked, operation)
        if "filter" in asked.params:
            try:
                test = query.parse_filter(asked.params["filter"], known)
            except query.FilterError:
                return self.refusal(400, "invalid_filter_field")
            rows = [row for row in rows if isinstance(row, dict) and test(row)]
        if (sort := asked.params.get("sort")) in known:
            rows = sorted(rows, key=lambda row: text(row, str(sort)), reverse=asked.params.get("orderBy") == "desc")
        page = self.window(rows, asked)
        shown = [{name: row[name] for name in names if name in row} for row in page] if names else page
        document = self.wrap(shown, rows, asked)
        if (unknown or (sort and sort not in known)) and self.version != "1.2" and isinstance(document, dict):
            minor = "invalid_selection_field" if unknown else "invalid_sort_field"
            document |= RENDERINGS[self.version].status([Note("warning", minor, "No.")])
        return self._sent(document, self.headers(rows, page, asked))

    def _sent(self, document: Any, headers: Mapping[str, str]) -> Answer:
        return Answer(200, self.encode(document), {"Content-Type": "application/json", **headers})

    def _single(self, asked: Request, operation: Operation, names: list[str]) -> Answer:
        rows = self._flat(operation.path.split("/")[1], asked.collection)
        row = next((row for row in rows if text(row, "sourcedId") == self.ids[-1]), None)
        if row is None:
            return self.refusal(404, "unknown object")
        return self._sent(
            {operation.single_key: {name: row[name] for name in names if name in row} if names else row}, {}
        )

    def _owners(self, asked: Request) -> Iterable[tuple[str, str]]:
        return zip(asked.endpoint.split("/")[::2], self.ids, strict=False)

    def _exists(self, word: str, sourced_id: str) -> bool:
        collection = next(one.list_key for one in OPERATIONS if one.path == f"/{word}")
        return any(text(row, "sourcedId") == sourced_id for row in self._flat(word, collection))

    def _flat(self, word: str, collection: str) -> list[Json]:
        kind = KINDS.get(word)
        rows = list(self.rows[collection])
        return [row for row in rows if self._is_kind(row, kind)] if kind else rows

    @staticmethod
    def _is_kind(row: Json, kind: str) -> bool:
        words = [text(row, "role"), text(row, "type"), *(text(role, "role") for role in as_list(row, "roles"))]
        return kind.lower() in [word.lower() for word in words]

    def _selected(self, asked: Request, operation: Operation) -> list[Json]:
        """The rows of an address."""
        word, rows = operation.endpoint, self._flat(operation.endpoint, asked.collection)
        owners = list(self._owners(asked))
        for owner, sourced_id in owners[-1:] if word in ("students", "teachers") else owners:
            test = self._below(owner, sourced_id, word)
            rows = [row for row in rows if isinstance(row, dict) and test(row)]
        return rows

    def _below(self, owner: str, sourced_id: str, word: str) -> Callable[[Json], bool]:
        """Whether a row of some kind belongs below a record."""
        if owner == "schools" and word in ("students", "teachers"):
            return lambda row: (
                sourced_id in ids_in(row, "orgs")
                or any(text(role, "org", "sourcedId") == sourced_id for role in as_list(row, "roles"))
            )
        if owner == "schools" and word == "terms":
            return lambda row: True
        if owner == "schools" and word == "courses":
            return lambda row: text(row, "org", "sourcedId") == sourced_id
        if word == "gradingPeriods":
            return lambda row: text(row, "parent", "sourcedId") == sourced_id
        if owner == "terms":
            return lambda row: sourced_id in ids_in(row, "terms")
        if owner == "classes" and word != "enrollments":
            role = word.removesuffix("s")
            there = self._ends("class", sourced_id, "user", role)
            return lambda row: text(row, "sourcedId") in there
        if owner in ("students", "teachers", "users"):
            there = self._ends("user", sourced_id, "class")
            return lambda row: text(row, "sourcedId") in there
        member = {"schools": "school", "courses": "course", "classes": "class"}[owner]
        return lambda row: text(row, member, "sourcedId") == sourced_id

    def _ends(self, near: str, sourced_id: str, far: str, role: str = "") -> set[str]:
        """The other ends of the active enrollments of a class or a user."""
        return {
            text(row, far, "sourcedId")
            for row in self.rows["enrollments"]
            if text(row, near, "sourcedId") == sourced_id
            and text(row, "status") == "active"
            and role in ("", text(row, "role").lower())
        }


def as_list(row: Json, name: str) -> list[Any]:
    """A member that should be a list."""
    found = row.get(name) if isinstance(row, dict) else None
    return found if isinstance(found, list) else []


class LabTransport(httpx.BaseTransport):
    """Hands httpx's requests to a lab provider, without a network."""

    def __init__(self, provider: LabProvider) -> None:
        self.provider = provider

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = {name.title(): value for name, value in request.headers.items()}
        asked = self.provider.request(request.method, request.url.raw_path.decode(), headers, request.read())
        answer = self.provider.answer(asked)
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body)
