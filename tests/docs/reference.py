"""docs/reference: commands, keys of config.toml, exit codes and tables, each page made from the code it is about."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Iterator
from types import MappingProxyType

import peewee as pw

from oneroster_tui.config import KEYS, Key, allowed, plain_value
from oneroster_tui.errors import PRECEDENCE, ExitCode
from oneroster_tui.roster import models
from oneroster_tui.roster.models import TABLES
from tests.docs.commands import Entry, shared, walked

MADE = "<!-- Made by `make pages` from {0}; a test compares the two. -->"

TITLES = MappingProxyType({"": "Top of the file", "role_mapping": "[role_mapping]"})


def page(title: str, source: str, *body: str) -> str:
    """A page of the reference."""
    return "\n".join((f"# {title}", "", MADE.format(source), "", *body)).rstrip() + "\n"


def cell(text: str) -> str:
    """Text as a cell of a table: nothing in it ends the cell."""
    return text.replace("|", "\\|").replace("\n", " ")


def table(*heads: str) -> list[str]:
    """The head of a table."""
    return ["| " + " | ".join(heads) + " |", "| " + " | ".join("---" for _ in heads) + " |"]


# Commands


def commands() -> str:
    """Every command with its options."""
    whole, *others = walked()
    return page(
        "Commands",
        "the command table",
        whole.summary,
        "",
        *whole.more,
        "",
        "How a command ends is told by its [exit code](exit-codes.md). The same page is in the man page, `man oneroster-tui`.",
        "",
        "## Options of every command",
        "",
        "They are taken before or after the command's name; `completion` needs none of them.",
        "",
        *options(shared()),
        "",
        "## Options without a command",
        "",
        *options(whole.options),
        *(line for one in others for line in command(one)),
    )


def command(one: Entry) -> Iterator[str]:
    """A command's section."""
    yield from ("", f"## `{one.call}`", "", "```text", f"{one.call} {one.usage}", "```", "", one.summary, "")
    for more in one.more:
        yield from (("```text", inspect.cleandoc(more), "```", "") if more.startswith("  ") else (more, ""))
    yield from options(one.options)


def options(told: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Options as a table; nothing where there are none."""
    rows = [f"| `{cell(term)}` | {cell(meaning)} |" for term, meaning in told]
    yield from (*table("option", "does"), *rows) if rows else ()


# config.toml


def config_keys() -> str:
    """Every key of config.toml, by table."""
    body = [
        "TOML, read once at the start of each command; every key may be left out. `oneroster-tui config --sample` prints a file",
        "with all of them, `oneroster-tui config` what the file in force sets. A key or value that is not known ends a command",
        "with exit code 2, and all mistakes are named at once. The interface changes single values and leaves your comments alone.",
    ]
    place = None
    for key in KEYS:
        if (key.name if key.kind == "roles" else key.table) != place:
            place = key.name if key.kind == "roles" else key.table
            body += ["", f"## {TITLES.get(place, f'[{place}]')}", "", *table("key", "default", "takes", "")]
        name = "OneRoster role" if key.kind == "roles" else f"`{key.leaf}`"
        body.append(f"| {name} | {default(key)} | {cell(allowed(key))} | {cell(key.help)} |")
    return page("config.toml", "the table of keys", *body)


def default(key: Key) -> str:
    """A key's default as TOML writes it."""
    value = plain_value(key, key.default)
    if isinstance(value, dict):
        return "<br>".join(f"`{name} = {json.dumps(one)}`" for name, one in value.items())
    return f"`{json.dumps(value)}`"


# Exit codes


def exit_codes() -> str:
    """Every exit code."""
    order = ", ".join(str(int(code)) for code in PRECEDENCE)
    return page(
        "Exit codes",
        "`errors.ExitCode`",
        *table("code", "means"),
        *(f"| {int(code)} | {cell(code.meaning)} |" for code in ExitCode),
        "",
        f"Where several apply to a run, the first of {order} is the one.",
        "With `--json` the code is in the object, too (`exit_code`).",
    )


# The roster's tables


def schema() -> str:
    """Every table of the roster, with a picture of how they hang together."""
    return page(
        "The roster's tables",
        "`roster/models.py`",
        (models.__doc__ or "").partition("\n\n")[2].strip(),
        "",
        "The same on SQLite, PostgreSQL and CockroachDB. Read it with whatever reads your database; the sync is the only one that",
        "should write. A row that was removed keeps its id, and gets it back when it returns.",
        "",
        "```mermaid",
        "erDiagram",
        *diagram(),
        "```",
        *(line for model in TABLES for line in model_section(model)),
    )


def diagram() -> Iterator[str]:
    """The references between tables."""
    for model in TABLES:
        for field in fields(model):
            if isinstance(field, pw.ForeignKeyField):
                many = "}o--||"
                yield f"    {name_of(model)} {many} {name_of(field.rel_model)} : {field.column_name}"


def model_section(model: type[pw.Model]) -> Iterator[str]:
    """A table's section: its columns, and what identifies a row."""
    yield from ("", f"## {name_of(model)}", "", inspect.getdoc(model) or "", "")
    yield from table("column", "type", "may be null", "")
    for field in fields(model):
        notes = f"→ `{name_of(field.rel_model)}.id`" if isinstance(field, pw.ForeignKeyField) else ""
        notes = "primary key" if field.primary_key else notes
        yield f"| `{field.column_name}` | {kind(field)} | {'yes' if field.null else ''} | {notes} |"
    unique = [columns for columns, only in model._meta.indexes if only]
    key = model._meta.primary_key
    if isinstance(key, pw.CompositeKey):
        unique.insert(0, [model._meta.fields[name].column_name for name in key.field_names])
    if unique:
        yield from ("", "Unique: " + "; ".join(", ".join(f"`{one}`" for one in columns) for columns in unique) + ".")


def fields(model: type[pw.Model]) -> list[pw.Field]:
    """A table's columns, in their order."""
    return list(model._meta.sorted_fields)


def name_of(model: type[pw.Model]) -> str:
    """A table's name."""
    return str(model._meta.table_name)


def kind(field: pw.Field) -> str:
    """A column's type in words that every engine's manual has."""
    if isinstance(field, pw.ForeignKeyField):
        return "integer"
    return {"AUTO": "integer", "INT": "integer", "BIGINT": "integer", "BOOL": "boolean"}.get(field.field_type, "text")
