"""The demo room, query: the parameters filter, sort and fields, worked out on records as JSON shows them.

The rules are OneRoster's. Where the specification leaves something open, this server decides: `=` and the comparisons
go by Unicode code points, `~` ignores case, and a quote inside a value may be doubled or stand as it is.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping

from oneroster_tui.demo.rendering import Document

Test = Callable[[Document], bool]

_CLAUSE = re.compile(r"([A-Za-z][\w.]*)(!=|>=|<=|=|>|<|~)'(.*)'", re.DOTALL)
# A logical operator stands between a closing quote and the next field: AND inside a value is only a word.
_LOGICAL = re.compile(r"(?<=') (AND|OR) (?=[A-Za-z][\w.]*(?:!=|>=|<=|=|>|<|~)')")
_PARTS = frozenset(("href", "sourcedId", "type", "identifier", "role", "roleType", "org.sourcedId"))
_ORDER: Mapping[str, Callable[[str, str], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


class FilterError(ValueError):
    """The filter cannot be used; the text says why."""


def parse_filter(text: str, known: frozenset[str]) -> Test:
    """The test that a record must pass for `filter=text`.

    Raises:
        FilterError: not the grammar, more than one AND/OR, or a field that the entity does not have.
    """
    parts = _LOGICAL.split(text)
    if len(parts) > 3:
        raise FilterError("A filter may hold one AND or OR at most.")
    tests = [_clause(part, known) for part in parts[::2]]
    if len(tests) == 1:
        return tests[0]
    together = all if parts[1] == "AND" else any
    return lambda document: together(test(document) for test in tests)


def _clause(text: str, known: frozenset[str]) -> Test:
    match = _CLAUSE.fullmatch(text)
    if not match:
        raise FilterError(f"Not of the form field, predicate, 'value' in single quotes: {text}")
    field, predicate, value = match[1], match[2], match[3].replace("''", "'")
    head, _, rest = field.partition(".")
    if head not in known or (rest and head != "metadata" and rest not in _PARTS):
        raise FilterError(f"There is no field {field} here.")
    return lambda document: _matches(predicate, value, document.get(head), rest)


def _matches(predicate: str, wanted: str, found: object, part: str) -> bool:
    """Lists: `=` wants all the given values (comma-separated) in the record, `~` any of them."""
    values = _texts(found, part)
    if predicate in _ORDER:
        return any(_ORDER[predicate](value, wanted) for value in values)
    if predicate == "~":
        if isinstance(found, list):
            return not set(wanted.split(",")).isdisjoint(values)
        return any(wanted.casefold() in value.casefold() for value in values)
    equal = set(wanted.split(",")) <= set(values) if isinstance(found, list) else values == [wanted]
    return equal == (predicate == "=")


def _texts(found: object, part: str = "") -> list[str]:
    """A field's values as text, none, one or many; an object is asked for `part`, or for its id."""
    items = found if isinstance(found, list) else [] if found is None else [found]
    return [_text(item, part) for item in items]


def _text(item: object, part: str) -> str:
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, dict):
        if not part:
            return str(item.get("sourcedId") or item.get("identifier", ""))
        head, _, rest = part.partition(".")
        return _text(item.get(head, ""), rest) if rest else str(item.get(head, ""))
    return str(item)


def in_order(documents: Iterable[Document], field: str, *, descending: bool) -> list[Document]:
    """The documents sorted by a field; equal ones stay as they were."""
    return sorted(documents, key=lambda document: _texts(document.get(field)), reverse=descending)
