"""Strategies from the official OpenAPI file of 1.2's rostering service, where it is at hand; it is not ours to copy."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

FILE = Path(__file__).parents[3] / "shared" / "spec" / "openapi" / "onerosterv1p2rostersservice_openapi3_v1p0.json"

needs_schemas = pytest.mark.skipif(
    not FILE.exists(), reason="the official OpenAPI files are not beside the repository, in ../shared/spec/openapi"
)

IDS = ("a", "b", "c", "d", "e")
"""Few, so that references meet what they mean, and duplicates happen."""

ids = st.sampled_from((*IDS, *IDS, "", " a", "a\n", "ä/ b", "x" * 256)) | st.text(max_size=3)
texts = st.text(max_size=6)
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts | ids | st.just("x" * 300),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["sourcedId", "role", "x"]), inner, max_size=2)
    ),
    max_leaves=3,
)


@cache
def schemas() -> dict[str, Any]:
    """The component schemas by name."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))["components"]["schemas"]
    return found


@cache
def of(name: str) -> st.SearchStrategy[Any]:
    """What a component schema allows."""
    return _strategy(schemas()[name], name)


def _strategy(schema: dict[str, Any], name: str) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return of(schema["$ref"].rpartition("/")[2])
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return st.one_of([_strategy(choice, name) for choice in schema[word]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("type"):
        case "object":
            return _object(schema)
        case "array":
            return st.lists(_strategy(schema["items"], name), min_size=schema.get("minItems", 0), max_size=2)
        case "string":
            return _text(schema, name)
        case other:
            raise AssertionError(f"{name}: there is no {other} in the rostering schemas")


def _object(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    fields = {name: _strategy(field, name) for name, field in schema.get("properties", {}).items()}
    needed = set(schema.get("required", ()))
    made = st.fixed_dictionaries(
        {name: field for name, field in fields.items() if name in needed},
        optional={name: field for name, field in fields.items() if name not in needed},
    )
    if not schema.get("additionalProperties", True):
        return made
    return st.builds(lambda own, more: more | own, made, st.dictionaries(texts, junk, max_size=2))


def _text(schema: dict[str, Any], name: str) -> st.SearchStrategy[Any]:
    if name == "sourcedId":
        return ids
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    match schema.get("format"):
        case "date":
            return st.dates().map(str)
        case "date-time":
            return st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z")
        case "uri":
            return texts.map(lambda text: f"https://sis.example/{text}")
        case _:
            return texts


@st.composite
def mutated(draw: st.DrawFn, documents: st.SearchStrategy[Any]) -> Any:
    """A document of which some members, at any depth, were dropped, set to null, or made something else."""
    document = json.loads(json.dumps(draw(documents)))
    for _ in range(draw(st.integers(1, 4))):
        places = list(_places(document))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(("drop", "null", "retype"))):
            case "drop":
                del holder[key]
            case "null":
                holder[key] = None
            case _:
                holder[key] = draw(junk)
    return document


def _places(value: Any) -> Any:
    """Everything inside a document that can be replaced: (its holder, its key)."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in members:
        yield value, key
        yield from _places(inner)
