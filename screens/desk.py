"""The front desk: the one object through which screens get settings, the roster, the provider and runs.

Nothing here blocks the screen: the roster is read on threads of its own, the provider is asked on others, and a run
works on one more. What changes is announced through signals; subscribe in `on_mount`:

    self.desk.roster_changed.subscribe(self, self.reload)
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

from textual.app import App
from textual.dom import DOMNode
from textual.signal import Signal

from oneroster_tui.config import Connection, Settings
from oneroster_tui.errors import NoRoster, RosterError
from screens.keeper import Keeper
from screens.reader import Reader
from screens.runs import Runs
from screens.words import Clock

if TYPE_CHECKING:
    from oneroster_tui.demo import DemoProvider
    from oneroster_tui.headless.workplace import Options
    from oneroster_tui.provider.bundle.bundle import Bundle
    from oneroster_tui.provider.client import Client
    from oneroster_tui.records import Org
    from oneroster_tui.roster.database import Roster
    from oneroster_tui.roster.queries import RunningRow, RunRow

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RosterState:
    """What the roster says of runs, looked up every two seconds.

    Args:
        exists: whether there is a roster yet.
        newest: the newest run, plans and running ones included.
        last: the newest run that was not only a plan.
        good: the newest after which the roster was fresh.
        running: a run under way in another process, alive as far as this machine can tell.
        error: why the roster cannot be read.
    """

    exists: bool = False
    newest: RunRow | None = None
    last: RunRow | None = None
    good: RunRow | None = None
    running: RunningRow | None = None
    error: RosterError | None = None


class Desk:
    """Settings, roster, provider and runs for every screen.

    Attributes:
        now: says what time it is, in the person's time zone; tests set it.
        economy: whether the screen is far away (SSH): fewer, smaller repaints.
        state: what the roster said of runs the last time it was asked.
        orgs: every org the provider lists, as it said the last time it was asked in this session; None before.
        settings_changed: config.toml was saved here or edited elsewhere, or the demo provider came up.
        roster_changed: the roster holds other rows than before: a run ended here or elsewhere, or began elsewhere.
    """

    def __init__(self, app: App[Any], options: Options, now: Clock, *, economy: bool) -> None:
        self.app = app
        self.options = options
        self.now = now
        self.economy = economy
        self.keeper = Keeper(options)
        self.state = RosterState()
        self.orgs: list[Org] | None = None
        self.settings_changed: Signal[Settings] = Signal(app, "settings_changed")
        self.roster_changed: Signal[RosterState] = Signal(app, "roster_changed")
        self.runs = Runs(self)
        self.reader = Reader()
        self._open = asyncio.Event()
        self._demo = contextlib.ExitStack()

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.keeper.settings

    @property
    def source(self) -> str:
        """The provider's name in the config: every stored row carries it."""
        return self.settings.source

    @property
    def demo_pending(self) -> bool:
        """Whether the demo provider was asked for and is not up yet."""
        return self.options.demo and self.keeper.provider is None

    @property
    def is_open(self) -> bool:
        """Whether the libraries are loaded and reading has begun."""
        return self._open.is_set()

    # The roster

    async def read(self, query: Callable[Concatenate[Roster, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `query(roster, …)` on a reading thread and gives its answer.

        Raises:
            NoRoster: there is none yet.
            RosterError: it cannot be opened or read.
        """
        await self._open.wait()
        place = (self.settings.database.url, self.settings.path.parent)
        return await self.reader.read(place, lambda roster: query(roster, *args, **kwargs))

    async def refresh(self) -> None:
        """Asks the roster for its state and announces a change of it."""
        before, self.state = self.state, await self._state()
        if before != self.state:
            self.roster_changed.publish(self.state)

    async def _state(self) -> RosterState:
        """The roster's state."""
        try:
            return await self.read(read_state, self.source)
        except NoRoster:
            return RosterState()
        except RosterError as error:
            same = self.state.error is not None and str(self.state.error) == str(error)
            return self.state if same else RosterState(exists=True, error=error)

    # Settings

    async def save(self, changes: Mapping[str, object]) -> Settings:
        """Saves keys of config.toml, and announces the new settings; comments and other keys stay.

        Args:
            changes: dotted key (`schools.sync`, `role_mapping.student`) -> value, or `config.RESET`.

        Raises:
            ConfigError: a value is not allowed, somebody else changed the file, or it cannot be written.
        """
        settings = await asyncio.to_thread(self.keeper.save, changes)
        self.settings_changed.publish(settings)
        return settings

    # The provider

    async def ask(self, question: Callable[Concatenate[Client | Bundle, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `question(client, …)` on a thread, with the connection in force.

        Raises:
            ConfigError: the connection is not configured.
            ProviderError: the provider cannot be read.
        """

        def work() -> T:
            with self.client() as client:
                return question(client, *args, **kwargs)

        return await asyncio.to_thread(work)

    @contextlib.contextmanager
    def client(
        self,
        connection: Connection | None = None,
        stopping: Callable[[], bool] = lambda: False,
        imported: str | None = None,
    ) -> Iterator[Client | Bundle]:
        """A client, or a bundle, to use on a thread other than the screen's; `connection` where not the one in force.

        Raises:
            ConfigError: it is not configured.
        """
        from oneroster_tui.provider.opening import open_provider

        with open_provider(connection or self.settings.connection, stopping=stopping, imported=imported) as client:
            yield client

    # Coming and going; the app calls these

    async def open(self) -> None:
        """Begins to read; called once the first frame is painted, since this loads the libraries."""
        await asyncio.to_thread(load_libraries)
        self._open.set()
        await self.refresh()
        if self.options.demo:
            await self._open_demo()

    async def _open_demo(self) -> None:
        """Takes the demo provider into use; where it cannot start, says so: the roster can still be read."""
        try:
            provider = await asyncio.to_thread(self._start_demo)
        except (OSError, RuntimeError) as error:
            self.app.notify(str(error), title="The demo provider did not start", severity="error", markup=False)
            return
        self.keeper.adopt(provider)
        self.settings_changed.publish(self.settings)

    def close(self) -> None:
        """Stops a run, the readers and the demo provider; waits for them."""
        self.runs.close()
        self.reader.close()
        self._demo.close()

    def _start_demo(self) -> DemoProvider:
        """Starts the demo provider."""
        from oneroster_tui import demo

        return self._demo.enter_context(demo.running(day=self.options.demo_day, version=self.options.demo_version))


class HasDesk(Protocol):
    """An app with a desk."""

    desk: Desk


def desk_of(node: DOMNode) -> Desk:
    """The desk, from any widget or screen."""
    return cast(HasDesk, node.app).desk


def load_libraries() -> None:
    """Imports what the first frame could do without: a fifth of a second, while somebody already reads it."""
    import oneroster_tui.provider.client
    import oneroster_tui.roster.queries
    import oneroster_tui.sync.core  # noqa: F401


def read_state(roster: Roster, source: str) -> RosterState:
    """The state of the roster's runs."""
    from oneroster_tui.roster import queries

    running = queries.running_run(roster, source)
    if running is not None and (running.pid == os.getpid() or not alive(running.pid, running.host)):
        running = None
    return RosterState(
        exists=True,
        newest=next(iter(queries.runs(roster, source, limit=1)), None),
        last=queries.last_run(roster, source),
        good=queries.last_run(roster, source, good=True),
        running=running,
    )


def alive(pid: int | None, host: str) -> bool:
    """Whether a process still runs; yes where nobody here can tell."""
    if pid is None or host != socket.gethostname() or os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
