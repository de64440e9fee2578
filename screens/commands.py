"""The signboard: what a command is, and everything rendered from it: bindings, footer, palette, `?` and docs/keys.md.

A class that offers commands lists them in `VERBS` and takes its bindings from them:

    VERBS = (Command("history.undo", "u", "Undo", "Take the run back.", "History", "undo", footer=2, applies=...),)
    BINDINGS = bindings(VERBS)

    def action_undo(self) -> None: ...
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, ClassVar, cast

from textual.app import App
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.keys import key_to_character
from textual.screen import Screen
from textual.widget import Widget

Applies = Callable[[Any], str | None]

KEY_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "exclamation_mark": "!",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}

PRINTED = {"slash": "/"}
"""Characters of keys for which Textual finds none."""

GROUPS = (
    "Everywhere",
    "Lists",
    "Log",
    "Overview",
    "Connection",
    "Report card",
    "Roles",
    "Schools",
    "Sync",
    "Courses",
    "People",
    "History",
    "Export",
)
"""The order of sections in help and docs; other groups follow."""


def always(_: Any) -> None:
    """For a command that applies whenever its key is there."""


def everywhere(_: Any) -> bool:
    """For a command that every node of its class has."""
    return True


@dataclass(frozen=True, slots=True)
class Command:
    """Something a person can do.

    Args:
        id: stable, dotted: `history.undo`; key remapping and the palette go by it.
        keys: Textual's key names, by commas; empty for the palette only.
        label: the footer's text, one word or two.
        help: one sentence for palette, help and docs.
        group: the section in help and docs; a screen's own commands carry its title.
        action: `undo` runs `action_undo` of the node that offers the command; `app.quit` and the like work too.
        footer: 0 is not in the footer; 1 comes first.
        applies: given the node that offers it, says why the command does not apply now, or None where it does.
        here: given the node, whether it has this command at all; where not, the key is somebody else's.
    """

    id: str
    keys: str
    label: str
    help: str
    group: str
    action: str
    footer: int = 0
    applies: Applies = always
    here: Callable[[Any], bool] = everywhere

    @property
    def shown_keys(self) -> str:
        """The keys as a person reads them: `j ↓`."""
        return " ".join(key_name(key) for key in self.key_list)

    @property
    def key_list(self) -> tuple[str, ...]:
        """The keys, one by one."""
        return tuple(key.strip() for key in self.keys.split(",") if key.strip())


def key_name(key: str) -> str:
    """A key as a person reads it."""
    return KEY_NAMES.get(key, key)


def bindings(commands: Sequence[Command]) -> list[BindingType]:
    """Textual's bindings for commands; all lead through `action_command`, which knows when they do not apply."""
    return [
        Binding(command.keys, f"command({command.id!r})", command.label, show=False, id=command.id)
        for command in commands
        if command.keys
    ]


class Commanding:
    """What an app, screen or widget is that offers commands; a mixin."""

    VERBS: ClassVar[tuple[Command, ...]] = ()

    async def action_command(self, command_id: str) -> None:
        """Runs a command of this node, or says why it does not apply."""
        node = cast(DOMNode, self)
        await perform(Offer(verb(type(node), command_id), node))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leaves the keys of commands that this node does not have to those around it. Textual asks."""
        return action != "command" or verb(type(self), str(parameters[0])).here(self)


@dataclass(frozen=True, slots=True)
class Offer:
    """A command, the node that offers it now, and the keys that lead to it from where the focus is."""

    command: Command
    node: DOMNode
    keys: tuple[str, ...] = ()

    @property
    def reason(self) -> str | None:
        """Why it does not apply now; None where it does."""
        return self.command.applies(self.node)


async def perform(offer: Offer) -> None:
    """Runs an offered command; where it does not apply, a toast says why."""
    reason = offer.reason
    if reason:
        offer.node.app.notify(reason, title=offer.command.label, severity="warning")
        return
    await offer.node.app.run_action(offer.command.action, offer.node)


def verb(kind: type, command_id: str) -> Command:
    """A command of a class by its id."""
    return next(command for command in verbs_of(kind) if command.id == command_id)


def verbs_of(kind: type) -> Iterator[Command]:
    """The commands of a class, its own first, then those it inherits."""
    for base in kind.__mro__:
        yield from base.__dict__.get("VERBS", ())


def offers(app: App[Any], on: Screen[Any] | None = None, *, by_key: bool = True) -> list[Offer]:
    """The commands within reach right now, nearest first: of the focused widget, what it stands in, the screen, the app.

    A key that two of them use belongs to the nearest; keys that the focused widget takes as text are not offered.

    Args:
        on: the screen to look at; the one in front where none is given.
        by_key: whether only commands count that a key can reach now.
    """
    screen = on or app.screen
    focused = screen.focused
    chain: list[DOMNode] = list(focused.ancestors_with_self) if focused else [screen, app]
    found: list[Offer] = []
    taken: set[str] = set()
    for node in chain:
        for command in verbs_of(type(node)):
            if not command.here(node):
                continue
            free = tuple(key for key in command.key_list if key not in taken and not (by_key and typed(focused, key)))
            if free or not command.keys:
                taken.update(free)
                found.append(Offer(command, node, free))
        if isinstance(node, Screen) and node.is_modal:
            break
    return found


def typed(focused: Widget | None, key: str) -> bool:
    """Whether the focused widget takes a key as text."""
    return focused is not None and focused.check_consume_key(key, PRINTED.get(key) or key_to_character(key))


def all_commands() -> list[Command]:
    """Every command there is, by group; imports every screen."""
    import screens

    for module in walk_packages(screens.__path__, "screens."):
        import_module(module.name)
    from oneroster_tui.app import InterfaceApp

    # By name: the order of imports is whoever asks first's.
    kinds: list[type] = [
        InterfaceApp,
        *sorted(descendants(Commanding), key=lambda kind: (kind.__module__, kind.__name__)),
    ]
    found = {command.id: command for kind in kinds for command in kind.__dict__.get("VERBS", ())}
    return in_order(found.values())


def descendants(kind: type[Any]) -> Iterator[type[Any]]:
    """All classes below a class."""
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


def in_order(commands: Iterable[Command]) -> list[Command]:
    """Commands by group; within one, in the order they were declared."""
    return sorted(commands, key=lambda command: group_place(command.group))


def group_place(group: str) -> int:
    """Where a group stands among the others."""
    return GROUPS.index(group) if group in GROUPS else len(GROUPS)


def nearness(offer: Offer) -> int:
    """Where a command stands in lists of what works here: the screen's own first, what works everywhere last."""
    return GROUPS[2::-1].index(offer.command.group) + 1 if offer.command.group in GROUPS[:3] else 0


def keys_page() -> str:
    """docs/keys.md: every key, by section."""
    lines = [
        "# Keys",
        "",
        "<!-- Made by `python -m screens.commands > docs/keys.md`; a test compares the two. -->",
        "",
        "`?` lists the keys that work where you are; `ctrl+p` finds any command by name.",
    ]
    group = ""
    for command in all_commands():
        if command.group != group:
            group = command.group
            lines += ["", f"## {group}", "", "| Key | Does | |", "| --- | --- | --- |"]
        keys = " ".join(f"`{key_name(key)}`" for key in command.key_list) or "`ctrl+p`"
        lines.append(f"| {keys} | {command.label} | {command.help} |".replace("`|`", "`\\|`"))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    from screens import commands  # the module the screens know, not this one run as a script

    sys.stdout.write(commands.keys_page())
