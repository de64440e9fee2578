"""The few words of SQL that engines say differently; everything else in the roster's SQL is common to all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


class Engine:
    """SQLite's words. Other engines override what differs.

    Statements are written with `?` for each parameter; `execute` of the roster translates.
    """

    name = "sqlite"
    placeholder = "?"
    snapshot = "DEFERRED"
    """How a transaction begins whose reads all see the same moment."""

    def differs(self, left: str, right: str) -> str:
        """A comparison that treats NULL as a value."""
        return f"{left} IS NOT {right}"

    def json_object(self, columns: Iterable[str], row: str = "") -> str:
        """A JSON object of a row's columns; `row` is the alias the columns belong to."""
        prefix = f"{row}." if row else ""
        return "json_object(" + ", ".join(f"'{column}', {prefix}{column}" for column in columns) + ")"

    def json_set(self, document: str, values: Sequence[tuple[str, str]]) -> str:
        """A JSON object with some members replaced: pairs of a key and an SQL expression."""
        return f"json_set({document}, " + ", ".join(f"'$.{key}', {value}" for key, value in values) + ")"

    def json_list(self, value: str) -> str:
        """An aggregate: the JSON list of a column's values."""
        return f"json_group_array({value})"

    def as_json(self, text: str) -> str:
        """A text that is JSON, as a value inside another JSON document."""
        return f"json({text})"

    def json_each(self, document: str, alias: str) -> str:
        """A FROM item with one row for each element of a JSON list."""
        return f"json_each({document}) AS {alias}"

    def json_text(self, alias: str) -> str:
        """The element itself, where it is a text."""
        return f"{alias}.value"

    def json_member(self, alias: str, key: str) -> str:
        """A member of the element, where it is an object."""
        return f"json_extract({alias}.value, '$.{key}')"

    def insert_or_ignore(self, table: str, columns: Sequence[str], values: str) -> str:
        """An insert that leaves rows alone that are there already."""
        return f"INSERT INTO {table} ({', '.join(columns)}) {values} ON CONFLICT DO NOTHING"

    def settle(self, execute: Any) -> None:
        """What makes a connection quick with temporary tables: they are never needed after a crash."""
        for pragma in ("temp.journal_mode = OFF", "temp.synchronous = OFF", "temp.cache_size = -16000"):
            execute(f"PRAGMA {pragma}")

    def forbid_writing(self, execute: Any) -> None:
        """What keeps a connection that only reads from ever writing."""
        execute("PRAGMA query_only = ON")
