"""The demo room, server: the rostering service of one day's district as a Starlette application.

Addresses and parameters are the same in all versions of OneRoster; everything about a version's JSON comes from its
`Rendering`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl, quote, urlencode

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from oneroster_tui.demo.oauth import Credentials, Gate
from oneroster_tui.demo.parameters import Asked, Failure, read_parameters
from oneroster_tui.demo.query import FilterError
from oneroster_tui.demo.registry import District
from oneroster_tui.demo.rendering import SINGULAR, V1P1, Note, Rendering
from oneroster_tui.demo.store import FAMILIES, NESTED, Store
from oneroster_tui.records import Collection

TOKEN_PATH = "/token"  # noqa: S105 - an address
Handler = Callable[[Request], Awaitable[Response]]


def application(district: District, credentials: Credentials, root_url: str, rendering: Rendering = V1P1) -> Starlette:
    """The service for `district`, reachable at `root_url` (scheme, host and port, no slash at the end)."""
    service = _Service(district, credentials, root_url, rendering)
    base = rendering.base_path
    routes = [Route(TOKEN_PATH, service.token, methods=["POST"])]
    for family in FAMILIES:
        routes.append(Route(f"{base}/{family}", service.guarded(service.listing((family,))), methods=["GET"]))
        routes.append(Route(f"{base}/{family}/{{id0}}", service.guarded(service.single(family)), methods=["GET"]))
    for path in NESTED:
        owners = "".join(f"/{family}/{{id{number}}}" for number, family in enumerate(path[:-1]))
        routes.append(Route(f"{base}{owners}/{path[-1]}", service.guarded(service.listing(path)), methods=["GET"]))
    return Starlette(
        routes=routes,
        exception_handlers={Failure: service.failed, HTTPException: service.no_such_route},  # type: ignore[dict-item]
    )


class _Service:
    """The handlers, with the store and the gate they share."""

    def __init__(self, district: District, credentials: Credentials, root_url: str, rendering: Rendering) -> None:
        self._rendering = rendering
        self._store = Store(district, rendering, root_url + rendering.base_path)
        self._gate = Gate(credentials, rendering.scopes)

    async def token(self, request: Request) -> Response:
        """POST of a client-credentials request (RFC 6749 section 4.4)."""
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        answer = self._gate.issue(request.headers.get("authorization", ""), form)
        headers = {"Cache-Control": "no-store"}
        if answer.status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="OneRoster demo"'
        return _json(answer.status, msgspec.json.encode(answer.body), headers)

    def guarded(self, handler: Handler) -> Handler:
        """The handler, for requests that are authorised."""

        async def checked(request: Request) -> Response:
            address = _address(request) + (f"?{request.url.query}" if request.url.query else "")
            if refusal := self._gate.refusal(request.method, address, request.headers.get("authorization", "")):
                raise Failure(401, "unauthorized", refusal)
            return await handler(request)

        return checked

    def single(self, family: str) -> Handler:
        """The handler of `/{family}/{id}`."""
        collection = FAMILIES[family].collection

        async def answer(request: Request) -> Response:
            sourced_id = request.path_params["id0"]
            self._must_exist(family, sourced_id)
            asked = self._asked(request, collection)
            body = {SINGULAR[collection]: msgspec.Raw(self._record(collection, sourced_id, asked))}
            return self._data(body, asked, {})

        return answer

    def listing(self, path: tuple[str, ...]) -> Handler:
        """The handler of a collection's address, `("users",)`, or of a nested one, `("schools", "classes")`."""
        collection = FAMILIES[path[-1]].collection

        async def answer(request: Request) -> Response:
            owners = tuple(request.path_params[f"id{number}"] for number in range(len(path) - 1))
            self._owners_must_exist(path, owners)
            asked = self._asked(request, collection)
            try:
                found = self._store.listing(path, owners, asked.filter, asked.sort, asked.descending)
            except FilterError as problem:
                raise Failure(400, "invalid_filter_field", str(problem)) from None
            page = [self._record(collection, key, asked) for key in found[asked.offset : asked.offset + asked.limit]]
            headers = {"X-Total-Count": str(len(found)), "Link": _link(request, asked, len(found))}
            return self._data({collection.value: msgspec.Raw(b"[" + b",".join(page) + b"]")}, asked, headers)

        return answer

    async def failed(self, _: Request, failure: Failure) -> Response:
        """The answer to a request that gets no data."""
        headers = {"WWW-Authenticate": 'Bearer realm="OneRoster demo"'} if failure.status == 401 else {}
        return _json(failure.status, msgspec.json.encode(self._rendering.status([failure.note])), headers)

    async def no_such_route(self, _: Request, problem: HTTPException) -> Response:
        """The answer to an address or a method that this server does not have."""
        minor = "unknown object" if problem.status_code == 404 else "invalid data"
        note = Note("error", minor, f"{problem.detail}: this server does not offer that.")
        headers = dict(problem.headers or {})
        return _json(problem.status_code, msgspec.json.encode(self._rendering.status([note])), headers)

    def _asked(self, request: Request, collection: Collection) -> Asked:
        known, strict = self._rendering.fields[collection], self._rendering.strict_fields
        return read_parameters(request.query_params, known, strict_fields=strict)

    def _record(self, collection: Collection, sourced_id: str, asked: Asked) -> bytes:
        table = self._store.tables[collection]
        if not asked.names:
            return table.encoded[sourced_id]
        document = table.documents[sourced_id]
        return msgspec.json.encode({name: document[name] for name in asked.names if name in document})

    def _data(self, body: dict[str, msgspec.Raw], asked: Asked, headers: Mapping[str, str]) -> Response:
        warnings = self._rendering.status(asked.warnings) if asked.warnings else {}
        return _json(200, msgspec.json.encode(body | warnings), headers)

    def _must_exist(self, family: str, sourced_id: str) -> None:
        if self._store.find(family, sourced_id) is None:
            raise Failure(404, "unknown object", f"There is nothing with the sourcedId {sourced_id} in {family}.")

    def _owners_must_exist(self, path: tuple[str, ...], owners: tuple[str, ...]) -> None:
        for family, sourced_id in zip(path, owners, strict=False):
            self._must_exist(family, sourced_id)
        if len(owners) == 2 and self._store.district.classes[owners[1]].school_sourced_id != owners[0]:
            raise Failure(404, "unknown object", f"The class {owners[1]} is not one of the school {owners[0]}.")


def _address(request: Request) -> str:
    """The address as the client wrote it, without the query: under `localhost` a signature covers `localhost`."""
    path: bytes = request.scope["raw_path"]
    return f"{request.url.scheme}://{request.headers.get('host', '')}{path.decode('ascii', 'replace')}"


def _link(request: Request, asked: Asked, total: int) -> str:
    """The Link header (RFC 8288) with the pages that exist; "last" is the last whole step of `limit`."""
    last = (max(total, 1) - 1) // asked.limit * asked.limit
    offsets = {"first": 0, "last": last}
    if asked.offset + asked.limit < total:
        offsets["next"] = asked.offset + asked.limit
    if asked.offset > 0:
        offsets["prev"] = max(asked.offset - asked.limit, 0)
    kept = [(name, value) for name, value in request.query_params.items() if name not in ("limit", "offset")]
    links = []
    for relation, offset in offsets.items():
        query = urlencode([*kept, ("limit", asked.limit), ("offset", offset)], quote_via=quote)
        links.append(f'<{_address(request)}?{query}>; rel="{relation}"')
    return ", ".join(links)


def _json(status: int, content: bytes, headers: Mapping[str, str]) -> Response:
    return Response(content, status, headers=headers, media_type="application/json")
