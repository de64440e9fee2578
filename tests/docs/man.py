"""docs/oneroster-tui.1, the man page, made from the command table and the exit codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from oneroster_tui import __version__
from oneroster_tui.errors import ExitCode
from tests.docs.commands import PROGRAM, Entry, shared, walked

FILES = (
    ("./config.toml", "The configuration, where there is one in the current folder."),
    ("~/.config/oneroster-tui/config.toml", "The configuration otherwise; other systems have another folder for it."),
    (
        "~/.local/state/oneroster-tui/",
        "What the interface remembers (theme, last screen) and what could not be copied.",
    ),
    ("./oneroster-demo/", "All that --demo keeps."),
)
ENVIRONMENT = (
    ("ONEROSTER_TUI_CONFIG", "The config.toml to use where --config is not given."),
    ("ONEROSTER_TUI_DEBUG", "When 1: an error that nobody foresaw shows its whole trace."),
    ("NO_COLOR", "When set: no colours."),
)


def page() -> str:
    """The man page, as roff."""
    return "\n".join(lines()) + "\n"


def lines() -> Iterator[str]:
    """The page, line by line."""
    whole, *commands = walked()
    yield '.\\" Made by `make pages` from the command table; a test compares the two.'
    yield f'.TH {PROGRAM.upper()} 1 "" "{PROGRAM} {__version__}"'
    yield f".SH NAME\n{PROGRAM} \\- keep a local roster in step with a OneRoster provider"
    yield f".SH SYNOPSIS\n.B {PROGRAM}\n{roff(whole.usage)}"
    yield ".SH DESCRIPTION"
    yield from texts(whole)
    yield ".SH OPTIONS\nThese are taken before or after the name of a command."
    yield from tagged(shared())
    yield ".PP\nThese are taken without a command."
    yield from tagged(whole.options)
    yield ".SH COMMANDS"
    for command in commands:
        yield f".SS {roff(command.call)} {roff(command.usage)}"
        yield from texts(command)
        yield from tagged(command.options)
    yield ".SH EXIT STATUS"
    yield from tagged((str(int(code)), code.meaning) for code in ExitCode)
    yield ".SH ENVIRONMENT"
    yield from tagged(ENVIRONMENT)
    yield ".SH FILES"
    yield from tagged(FILES)


def texts(command: Entry) -> Iterator[str]:
    """What a command's help says; lines that stay as they are, unfilled."""
    yield roff(command.summary)
    for one in command.more:
        yield f".PP\n.nf\n{roff(one)}\n.fi" if one.startswith("  ") else f".PP\n{roff(one)}"


def tagged(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Terms, each with what it means below it."""
    for term, meaning in pairs:
        yield f".TP\n.B {roff(term)}\n{roff(meaning)}"


def roff(text: str) -> str:
    """Text in which nothing is a request or an escape of roff, and a hyphen is what the reader types."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...").replace("`", "\\(ga")
    return "\n".join(f"\\&{line}" if line[:1] in (".", "'") else line for line in text.splitlines())
