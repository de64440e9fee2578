"""The picture rail: the lines around every screen: product and last run on top, the tabs, a banner, the footer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import PurePath
from urllib.parse import urlsplit

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from oneroster_tui.text import sanitise
from screens.commands import Offer, key_name, offers, perform
from screens.desk import Desk, desk_of
from screens.fitting import cut
from screens.modes import MODES
from screens.widgets.line import Line, Part
from screens.words import NEVER, Look, ago, outcome, when

PRODUCT = "OneRoster"
UNDER_WAY = {"plan": "planning", "undo": "taking a run back"}
"""What the top line says of a run by its mode, where it is not `syncing`."""

SIX = 6
"""Verbs in the footer at 80 columns; more only confuse."""


class TopLine(Line):
    """Product, source, host; at the right the last run. Asks the desk each time it is drawn."""

    def on_mount(self) -> None:
        """Keeps the age of the last run true."""
        self.set_interval(20, self.redraw)

    def parts(self, width: int) -> Iterator[Part]:
        """The line, as wide as the screen."""
        desk = desk_of(self)
        look, words = last_run_words(desk)
        right = cut(f"{look.glyph} {words}", width)
        room = max(0, width - cell_len(right) - len(PRODUCT) - 4)
        left = cut(" · ".join(part for part in (sanitise(desk.source, 40), host(desk)) if part), room)
        yield Part(PRODUCT, "bold $primary")
        yield Part(f"  {left}", "dim")
        yield Part(" " * max(2, width - len(PRODUCT) - 2 - cell_len(left) - cell_len(right)))
        yield Part(right, look.style)


def host(desk: Desk) -> str:
    """The provider's host, for the top line."""
    if desk.options.demo:
        return "demo district"
    if bundle := desk.settings.connection.bundle:
        return f"CSV bundle {sanitise(PurePath(bundle).name, 40)}"
    return sanitise(urlsplit(desk.settings.connection.root_url).hostname or "", 60)


def last_run_words(desk: Desk) -> tuple[Look, str]:
    """The last run as the top line tells it: `ok 03:10, 14 h ago`, `held: 214 removals`, `never`."""
    snapshot, state, now = desk.runs.snapshot, desk.state, desk.now()
    if desk.runs.active and snapshot is not None:
        share = "" if snapshot.fraction is None else f" {int(snapshot.fraction * 100)} %"
        return outcome("running"), f"{UNDER_WAY.get(snapshot.mode, 'syncing')}{share}"
    if state.running is not None:
        return outcome("running"), f"another process syncs since {when(state.running.started_at, now)}"
    if state.error is not None:
        return Look("✗", "unreadable", "error"), "roster unreadable"
    if state.last is None:
        return NEVER, "never synced"
    look = outcome(state.last.outcome)
    if state.last.outcome == "held":
        return look, f"held: {state.last.total('held'):,} removals"
    moment = state.last.finished_at or state.last.started_at
    return look, f"{look.word} {when(moment, now)}, {ago(moment, now)}"


class ModeTabs(Line):
    """The eight modes; brackets and bold mark the one in front."""

    def parts(self, width: int) -> Iterator[Part]:
        """The line: full titles where they fit, numbers where the screen is very narrow."""
        current = self.app.current_mode
        gap = "  " if width >= 98 else ""
        short = width < 78
        before = ""
        for mode in MODES:
            here = mode.id == current
            text = f"{mode.key} {mode.title}" if here or not short else mode.key
            opening = "[" if here else before or " "
            yield Part(opening, "bold $primary")
            yield Part(text, "bold $primary" if here else "dim", partial(self.go, mode.id))
            before = "]" if here else ""
            if gap:
                yield Part((before or " ") + gap, "bold $primary")
                before = ""
        if before:
            yield Part(before, "bold $primary")

    async def go(self, mode: str) -> None:
        """Goes where the tab that was clicked leads."""
        await self.app.run_action(f"mode({mode!r})")


class Banner(Static):
    """One line that stays until what it says is mended; hidden while there is nothing to say."""

    def on_mount(self) -> None:
        """Hidden at first."""
        self.tell("")

    def tell(self, text: str) -> None:
        """Shows a text; hides the banner for an empty one."""
        self.display = bool(text)
        self.update(Content(text))


class FooterBar(Line):
    """The verbs that apply now, most important first, only as many as fit whole; `?` at the end lists all keys."""

    def on_mount(self) -> None:
        """Follows the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self.redraw)

    def parts(self, width: int) -> Iterator[Part]:
        """The verbs."""
        for offer in chosen(offers(self.app, self.screen), width):
            yield Part(shown_key(offer), "bold $accent", partial(perform, offer))
            yield Part(f" {offer.command.label}   ", "", partial(perform, offer))


def chosen(offered: list[Offer], width: int) -> list[Offer]:
    """The verbs for a footer of a width: those that apply, the most important that fit; the last place is `?`'s."""
    ranked = sorted(
        (one for one in offered if one.command.footer and not one.reason), key=lambda one: one.command.footer
    )
    help_ = [one for one in ranked if one.command.id == "app.help"]
    most = SIX if width < 100 else SIX + 3
    shown: list[Offer] = []
    room = width - sum(map(verb_width, help_))
    for offer in ranked:
        room -= verb_width(offer)
        if offer in help_:
            continue
        if room < 0 or len(shown) + len(help_) >= most:
            break
        shown.append(offer)
    return shown + help_


def verb_width(offer: Offer) -> int:
    """The cells a verb takes in the footer."""
    return cell_len(shown_key(offer)) + len(offer.command.label) + 4


def shown_key(offer: Offer) -> str:
    """The one key that the footer shows."""
    return key_name(offer.keys[0]) if offer.keys else ""
