"""The demo room, parameters: what a request asks for beside its address, checked before anything is looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oneroster_tui.demo.rendering import Note

DEFAULT_LIMIT, MOST_LIMIT = 100, 10_000


class Failure(Exception):
    """An answer without data: the HTTP status and the remark that its body carries."""

    def __init__(self, status: int, minor: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.note = Note("error", minor, description)


@dataclass(frozen=True)
class Asked:
    """A request's parameters; `names` is empty for all fields, `sort` is empty for the server's own order."""

    limit: int
    offset: int
    filter: str
    sort: str
    descending: bool
    names: tuple[str, ...]
    warnings: tuple[Note, ...]


def read_parameters(given: Mapping[str, str], known: frozenset[str], *, strict_fields: bool) -> Asked:
    """Read the query of a collection or single object whose entity has the fields `known`.

    Unknown names in sort and fields are forgiven with a warning, as OneRoster 1.1 has it; `strict_fields` makes the
    latter an error, as 1.2 does (spec 2.5).

    Raises:
        Failure: 400 for a limit or offset that is no such number, a blank field name, an unknown orderBy.
    """
    warnings = []
    sort = given.get("sort", "")
    if sort and sort not in known:
        warnings.append(Note("warning", "invalid_sort_field", f"There is no field {sort} here: nothing was sorted."))
        sort = ""
    order = given.get("orderBy", "asc")
    if order not in ("asc", "desc"):
        raise Failure(400, "invalid data", f"orderBy must be asc or desc, not {order}.")
    names = tuple(name.strip() for name in given["fields"].split(",")) if "fields" in given else ()
    if not all(names):
        raise Failure(400, "invalid_blank_selection_field", "fields holds a blank name.")
    unknown = [name for name in names if name not in known]
    if unknown and strict_fields:
        raise Failure(400, "invalid_selection_field", f"There is no field {', '.join(unknown)} here.")
    if unknown:
        text = f"There is no field {', '.join(unknown)} here: all fields are shown."
        warnings.append(Note("warning", "invalid_selection_field", text))
        names = ()
    return Asked(
        limit=min(_number(given, "limit", DEFAULT_LIMIT, least=1), MOST_LIMIT),
        offset=_number(given, "offset", 0, least=0),
        filter=given.get("filter", ""),
        sort=sort,
        descending=order == "desc",
        names=names,
        warnings=tuple(warnings),
    )


def _number(given: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    text = given.get(name, str(default))
    # More digits than any collection has records are refused before int() has to read them.
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least):
        raise Failure(400, "invalid data", f"{name} must be a whole number from {least} on, not {text}.")
    return int(text)
