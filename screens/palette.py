"""The concierge: every command by name, through ctrl+p. What does not apply now stays in the list and says why."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from screens.commands import Offer, in_order, offers, perform


class CommandsProvider(Provider):
    """Feeds the palette from the commands within reach of the screen below it."""

    async def startup(self) -> None:
        """Notes the offers before the palette itself is the screen in front."""
        self.offered = list(self.within_reach())

    def within_reach(self) -> Iterator[Offer]:
        """The offers of the screen the palette was opened over, in the order of the help."""
        found = {offer.command.id: offer for offer in offers(self.app, self.screen, by_key=False)}
        for command in in_order(offer.command for offer in found.values()):
            yield found[command.id]

    async def discover(self) -> Hits:
        """Everything, before a word is typed."""
        for offer in self.offered:
            yield DiscoveryHit(title(offer), partial(perform, offer), help=sentence(offer))

    async def search(self, query: str) -> Hits:
        """What matches the words typed."""
        matcher = self.matcher(query)
        for offer in self.offered:
            score = matcher.match(title(offer))
            if score > 0:
                yield Hit(score, matcher.highlight(title(offer)), partial(perform, offer), help=sentence(offer))


def title(offer: Offer) -> str:
    """A command's name as the palette lists it."""
    command = offer.command
    keys = f"  ({command.shown_keys})" if command.keys else ""
    return f"{command.group}: {command.label}{keys}"


def sentence(offer: Offer) -> str:
    """What a command does, and why it does not apply where that is so."""
    reason = offer.reason
    return f"{offer.command.help} Not now: {reason}" if reason else offer.command.help
