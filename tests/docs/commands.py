"""The command table as the man page and docs/reference/commands.md read it: click's own, walked once."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass

import click

from oneroster_tui.cli import SHARED, cli

PROGRAM = "oneroster-tui"


@dataclass(frozen=True, slots=True)
class Entry:
    """A command of the program.

    Args:
        name: its words, without the program's.
        usage: how it is called.
        summary: its first sentence.
        more: what else its help says, by paragraph; lines that are to stay as they are begin with two blanks.
        options: what is written, and what it does; without those that every command takes.
    """

    name: str
    usage: str
    summary: str
    more: tuple[str, ...]
    options: tuple[tuple[str, str], ...]

    @property
    def call(self) -> str:
        """The program's and the command's words."""
        return f"{PROGRAM} {self.name}".strip()


def context_of(words: tuple[str, ...]) -> click.Context:
    """A context that names a command in full."""
    context = click.Context(cli, info_name=PROGRAM)
    for word in words:
        assert isinstance(context.command, click.Group)
        context = click.Context(context.command.commands[word], info_name=word, parent=context)
    return context


def walked(words: tuple[str, ...] = ()) -> Iterator[Entry]:
    """A command and all below it, by name; a group without an act of its own is only what its commands begin with."""
    context = context_of(words)
    command = context.command
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield entry(context, words)
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from walked((*words, name))


def entry(context: click.Context, words: tuple[str, ...]) -> Entry:
    """What a command's own help says."""
    own = [one for one in context.command.params if isinstance(one, click.Option) and one.name not in SHARED]
    paragraphs = [paragraph(one) for one in inspect.cleandoc(context.command.help or "").split("\n\n")]
    return Entry(
        name=" ".join(words),
        usage=" ".join(context.command.collect_usage_pieces(context)),
        summary=paragraphs[0],
        more=tuple(paragraphs[1:]),
        options=told(own, context),
    )


def told(options: list[click.Option], context: click.Context) -> tuple[tuple[str, str], ...]:
    """What is written for each option, and what it does."""
    return tuple(record for one in options if (record := one.get_help_record(context)))


def shared() -> tuple[tuple[str, str], ...]:
    """The options that every command takes."""
    return told([one for one in cli.params if isinstance(one, click.Option) and one.name in SHARED], context_of(()))


def paragraph(text: str) -> str:
    """A paragraph of a help text on one line, but for those that click leaves alone, too (`\\b`)."""
    if text.startswith("\b"):
        return "\n".join(f"  {line}" for line in text.lstrip("\b\n").splitlines())
    return re.sub(r"\s+", " ", text)
