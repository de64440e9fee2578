"""The concierge: every command by name, through ctrl+p. What does not apply now stays in the list and says why."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from screens.commands import Command, Offer, all_commands, nearness, offers, perform
from screens.modes import MODES, Mode


class CommandsProvider(Provider):
    """Feeds the palette: what is within reach of the screen below it, and, once words are typed, what other modes have."""

    async def startup(self) -> None:
        """Notes the offers before the palette itself is the screen in front."""
        found = {offer.command.id: offer for offer in offers(self.app, self.screen, by_key=False)}
        self.offered = sorted(found.values(), key=nearness)

    async def discover(self) -> Hits:
        """Everything within reach, before a word is typed."""
        for offer in self.offered:
            yield DiscoveryHit(title(offer.command), partial(perform, offer), help=sentence(offer))

    async def search(self, query: str) -> Hits:
        """What matches the words typed."""
        matcher = self.matcher(query)
        for offer in self.offered:
            score = matcher.match(title(offer.command))
            if score > 0:
                yield Hit(score, matcher.highlight(title(offer.command)), partial(perform, offer), help=sentence(offer))
        for command, mode in self.elsewhere():
            score = matcher.match(title(command))
            if score > 0:
                why = f"{command.help} Not here: choosing it goes to {mode.title} ({mode.key})."
                yield Hit(score / 2, matcher.highlight(title(command)), partial(self.go, mode), help=why)

    def elsewhere(self) -> Iterator[tuple[Command, Mode]]:
        """The commands of the other modes, and which mode that is."""
        near = {offer.command.id for offer in self.offered}
        by_title = {mode.title: mode for mode in MODES}
        for command in all_commands():
            if command.group in by_title and command.id not in near:
                yield command, by_title[command.group]

    async def go(self, mode: Mode) -> None:
        """Goes to a mode."""
        await self.app.run_action(f"mode({mode.id!r})")


def title(command: Command) -> str:
    """A command's name as the palette lists it."""
    keys = f"  ({command.shown_keys})" if command.keys else ""
    return f"{command.group}: {command.label}{keys}"


def sentence(offer: Offer) -> str:
    """What a command does, and why it does not apply where that is so."""
    reason = offer.reason
    return f"{offer.command.help} Not now: {reason}" if reason else offer.command.help
