"""The front door for people: the Textual app with its eight modes, its themes, and the keys that work everywhere."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App
from textual.notifications import Notify
from textual.screen import Screen
from textual.theme import Theme

from oneroster_tui.errors import ConfigError, ExitCode
from screens import clipboard, memory, modes
from screens.commands import Command, Commanding, Offer, bindings, perform
from screens.desk import Desk
from screens.frame import FramedScreen
from screens.themes import THEMES, first_theme
from screens.thrifty_sheet import ThriftySheet
from screens.words import Clock, local_now
from styles import sheet

if TYPE_CHECKING:
    from textual.command import Provider

    from oneroster_tui.headless.output import Output
    from oneroster_tui.headless.workplace import Options

WATCH_SECONDS = 2.0
"""How often config.toml and the roster are looked at for what others did to them."""

TOASTS = 2
"""Messages that stand over the screen at a time; the oldest gives way."""

NO_TERMINAL = """The terminal interface needs a terminal{why}.
  do: run `oneroster-tui --sync` for one sync without it, or `oneroster-tui --help` for all commands
"""


def open_interface(options: Options, output: Output) -> ExitCode:  # noqa: ARG001 -- what every command takes
    """Opens the terminal interface and stays until the person leaves.

    Returns:
        USAGE where there is no terminal; else how the interface ended.
    """
    why = why_no_terminal(os.environ)
    if why is not None:
        sys.stderr.write(NO_TERMINAL.format(why=why))
        return ExitCode.USAGE
    app = InterfaceApp(options, economy=bool(os.environ.get("SSH_CONNECTION")))
    app.run()
    return ExitCode(app.return_code or 0)


def why_no_terminal(environ: Mapping[str, str]) -> str | None:
    """Why no interface can be shown here; None where one can."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return ", and this is a pipe or a file"
    if environ.get("TERM", "") in ("", "dumb", "unknown"):
        return f", and TERM is {environ.get('TERM') or 'not set'}"
    return None


def palette_provider() -> type[Provider]:
    """What feeds the palette; loaded when it is opened."""
    from screens.palette import CommandsProvider

    return CommandsProvider


def first_mode(kept: str) -> str:
    """The mode to begin with: the one remembered, else the first."""
    return kept if kept in modes.MODES_BY_ID else modes.MODES[0].id


class InterfaceApp(Commanding, App[None]):
    """The interface.

    Args:
        options: as given on the command line.
        now: the clock; tests set it.
        economy: whether the screen is far away (SSH): half the repaints, no blinking, no animation.
        watch: whether config.toml and the roster are watched; tests turn it off.
    """

    TITLE = "OneRoster"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS = {palette_provider}  # noqa: RUF012 -- as Textual declares it
    CSS = sheet("app")
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {mode.id: mode.open for mode in modes.MODES}
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 -- as Textual declares it

    VERBS = (
        *(
            Command(f"mode.{mode.id}", mode.key, mode.title, f"Go to {mode.title}.", "Everywhere", f"mode({mode.id!r})")
            for mode in modes.MODES
        ),
        Command("app.help", "question_mark,f1", "Keys", "List the keys that work here.", "Everywhere", "keys", 20),
        Command("app.palette", "ctrl+p", "Commands", "Find any command by name.", "Everywhere", "command_palette", 19),
        Command(
            "app.problem",
            "exclamation_mark",
            "Mistake",
            "Read what is wrong with config.toml.",
            "Everywhere",
            "problem",
            1,
            lambda app: None if app.desk.keeper.error else "config.toml is in order.",
        ),
        Command(
            "app.dismiss",
            "escape",
            "Dismiss",
            "Put the message away that stands over the screen.",
            "Everywhere",
            "dismiss",
            0,
            lambda app: None if app._notifications else "No message stands over the screen.",
            lambda app: bool(app._notifications),
        ),
        Command("app.theme", "", "Theme", "Choose other colours; they are remembered.", "Everywhere", "change_theme"),
        Command("app.quit", "q,ctrl+q", "Leave", "Leave; asks first while a sync runs.", "Everywhere", "leave", 18),
    )
    BINDINGS = bindings(VERBS)

    def __init__(self, options: Options, *, now: Clock = local_now, economy: bool = False, watch: bool = True) -> None:
        kept = memory.recall()
        self.desk = Desk(self, options, now, economy=economy)
        started = not self.desk.keeper.is_new
        # Before the base class begins: so the first screen is painted at once, in its own colours.
        self.DEFAULT_MODE = first_mode(kept.get("mode", "") if started else "")  # type: ignore[misc]
        super().__init__()
        self.stylesheet = ThriftySheet(variables=self.get_css_variables())
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = self.kept_theme = first_theme(
            kept.get("theme", ""), self.available_themes, self.console.color_system
        )
        self.economy = economy
        self.watching = watch
        if economy:
            self.animation_level = "none"

    # Coming and going

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Opens the interface on a terminal. Collects garbage seldom: a look at all objects made keys wait a tenth of a second."""
        gc.disable()
        gc.set_threshold(50_000, 20, 50)
        return super().run(*args, **kwargs)

    def on_load(self) -> None:
        """Takes Textual's eager tasks off, which it turns on where Python has them (3.12): every Python does the same then.

        With them a field of the first screen is mounted before the app has put that screen on its stack, and the app crashes.
        """
        import asyncio

        asyncio.get_running_loop().set_task_factory(None)

    async def on_mount(self) -> None:
        """Listens to what changes; the rest waits until the first frame is painted."""
        self.theme_changed_signal.subscribe(self, self.keep_theme)
        self.desk.settings_changed.subscribe(self, self.redraw_frame)
        self.desk.roster_changed.subscribe(self, self.redraw_frame)
        self.desk.runs.changed.subscribe(self, self.redraw_frame)
        self.call_after_refresh(self.begin)

    def keep_theme(self, theme: Theme) -> None:
        """Remembers colours that a person chose."""
        if theme.name != self.kept_theme:
            self.kept_theme = theme.name
            memory.remember(theme=theme.name)

    def begin(self) -> None:
        """What follows the first frame."""
        gc.freeze()
        gc.enable()
        self.run_worker(self.desk.open(), group="desk", exit_on_error=True)
        if self.watching:
            self.set_interval(WATCH_SECONDS, self.watch_outside)
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            import asyncio

            for number in (signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(number, partial(self.end, int(ExitCode.TERMINATED)))

    async def on_unmount(self) -> None:
        """Lets go of the roster and the demo provider."""
        import asyncio

        await asyncio.to_thread(self.desk.close)

    async def action_leave(self) -> None:
        """Leaves; asks first while a sync runs, and about unsaved edits."""
        if not (isinstance(self.screen, FramedScreen) and self.screen.asks_first(self.leave)):
            await self.leave()

    async def leave(self) -> None:
        """Leaves; asks first while a sync runs."""
        if not self.desk.runs.active:
            self.end(0)
            return
        from screens.widgets.confirm import Confirm

        question = Confirm(
            "A sync is under way",
            "Leaving stops it. The roster stays as it was before the run; nothing half-done remains.",
            act="Stop it and leave",
            rest="Stay",
        )
        self.push_screen(question, lambda yes: self.end(0) if yes else None)

    def end(self, code: int) -> None:
        """Stops a run, waits for its end, and leaves."""
        self.desk.runs.stop()
        self.exit(return_code=code)

    # The outside

    async def watch_outside(self) -> None:
        """Sees what others did: an editor to config.toml, cron to the roster."""
        seen = self.desk.keeper.look()
        if seen in ("changed", "mended"):
            self.desk.settings_changed.publish(self.desk.settings)
            self.notify("The new settings are in force.", title="config.toml was read again")
        elif seen == "broken":
            self.redraw_frame()
        await self.desk.refresh()

    def redraw_frame(self, _: object = None) -> None:
        """Brings top line, banner and footer up to date."""
        if isinstance(self.screen, FramedScreen):
            self.screen.refresh_frame()

    # Keys

    async def action_mode(self, mode: str) -> None:
        """Goes to a mode; from within one of its inner screens, back to its first."""
        if mode == self.current_mode:
            while len(self.screen_stack) > 1:
                await self.pop_screen()
            return
        if not (isinstance(self.screen, FramedScreen) and self.screen.asks_first(partial(self.go_to, mode))):
            await self.go_to(mode)

    async def go_to(self, mode: str) -> None:
        """Goes to another mode."""
        await self.switch_mode(mode)
        memory.remember(mode=mode)

    def action_keys(self) -> None:
        """Lists the keys that work here, and does what is chosen there."""
        from screens.help import HelpScreen

        self.push_screen(HelpScreen(), self.do_chosen)

    async def do_chosen(self, offer: Offer | None) -> None:
        """Runs a command chosen from the list of keys."""
        if offer is not None:
            await perform(offer)

    def action_problem(self) -> None:
        """Shows what is wrong with config.toml."""
        if self.desk.keeper.error is not None:
            self.show_error(self.desk.keeper.error)

    def show_error(self, error: Exception) -> None:
        """Shows an error that must be read."""
        from screens.widgets.notice import Notice

        title = error.what if isinstance(error, ConfigError) else "Something went wrong"
        self.push_screen(Notice(title, str(error)))

    def on_notify(self, event: Notify) -> None:
        """Makes room for a message: on 24 lines many of them hid the screen. One that says the same is not needed twice."""
        others = [one for one in self._notifications if one.message != event.notification.message]
        for one in list(self._notifications):
            if one not in others[1 - TOASTS :]:
                del self._notifications[one]

    def action_dismiss(self) -> None:
        """Puts the messages away."""
        self.clear_notifications()

    def copy_to_clipboard(self, text: str) -> None:
        """Copies through the terminal, also out of tmux and screen; what is too much goes to a file. A toast tells."""
        self._clipboard = text
        write = self._driver.write if self._driver is not None else None
        try:
            self.notify(clipboard.copy(text, write, memory.state_folder(), os.environ), markup=False)
        except OSError as error:
            self.notify(f"It can be neither copied nor saved: {error.strerror}.", severity="error", markup=False)
