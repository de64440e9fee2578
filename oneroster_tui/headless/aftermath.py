"""What follows a run, however it ended: its log file is closed, the metrics are written, and whoever is to know is told.

Nothing here changes how a run ends: what goes wrong is a warning on stderr.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

from oneroster_tui.config import Settings
from oneroster_tui.errors import ConfigError, ExitCode, RosterError, RosterSyncError, public
from oneroster_tui.headless.log_file import LogFile
from oneroster_tui.headless.output import Output
from oneroster_tui.headless.unforeseen import unforeseen
from oneroster_tui.headless.workplace import Stopping, roster_of
from oneroster_tui.roster.database import Roster, sqlite_path
from oneroster_tui.sync.events import Event, RunEnded, RunStarted

if TYPE_CHECKING:
    from oneroster_tui.headless.news import End


class Witness:
    """Sees a run pass, from its first event to its last.

    Attributes:
        ended: how the newest run of this command ended, None while it has not.
    """

    def __init__(self, settings: Settings, output: Output) -> None:
        self.output = output
        self.log = LogFile(settings, output.warn)
        self.ended: RunEnded | None = None
        self.mode = ""
        output.copy = self.log.write

    def take(self, event: Event) -> None:
        """Takes an event: says it, and files it."""
        if isinstance(event, RunStarted):
            self.log.start(event.run_id)
            self.mode, self.ended = event.mode, None
        elif isinstance(event, RunEnded):
            self.ended = event
        self.output.event(event)

    def end(self, error: BaseException | None) -> End | None:
        """How it ended, for those outside; None where nothing was begun and nothing failed."""
        from oneroster_tui.headless.news import End  # late: what follows a run must not make its first request wait

        run = self.ended
        if isinstance(error, RosterSyncError):
            outcome = "blackout" if error.exit_code == ExitCode.BLACKOUT else run.outcome if run else "failed"
            return End(
                self.mode,
                outcome,
                error.exit_code,
                error.public,
                run.run_id if run else None,
                run.counts if run else {},
                run.seconds if run else 0.0,
            )
        if error is not None:
            what = unforeseen(error, quiet=True).what
            return End(self.mode, "failed", ExitCode.INTERNAL, what, run.run_id if run else None)
        if run is None:
            return None
        return End(self.mode, run.outcome, run.exit_code, public(run.message), run.run_id, run.counts, run.seconds)


Following = Literal["everything", "runs", "nothing"]
"""What follows: `runs` leaves out a wrong argument or config that no run came of, for whoever is at the keyboard reads it;
`nothing` but the log file follows a plan or an undo."""


@contextlib.contextmanager
def witnessed(settings: Settings, output: Output, stopping: Stopping, following: Following) -> Iterator[Witness]:
    """Watches the run in the block, and sees to what follows it; `stopping` ends the telling, too."""
    witness = Witness(settings, output)
    failure: BaseException | None = None
    try:
        try:
            yield witness
        finally:
            output.release()
    except Exception as error:
        failure = error
        witness.log.write(f"{error}\n" if isinstance(error, RosterSyncError) else f"{unforeseen(error, quiet=True)}\n")
        raise
    finally:
        unread = following == "everything" or not (isinstance(failure, ConfigError) and witness.ended is None)
        if following != "nothing" and unread:
            follow(settings, output, witness.end(failure), stopping)
        witness.log.close()
        output.copy = lambda _: None


def follow(settings: Settings, output: Output, end: End | None, stopping: Stopping) -> None:
    """Writes the metrics and tells whoever is to know."""
    if end is None:
        return
    from oneroster_tui.headless import metrics, notify

    with again(settings) as roster:
        if end.exit_code != ExitCode.LOCKED:  # the run that holds the lock writes them
            attempt(output, "The metrics cannot be written", lambda: metrics.write(settings, roster, end))
        attempt(
            output,
            "Nobody could be told",
            lambda: notify.tell_end(settings, roster, end, output.warn, stopping),
        )


@contextlib.contextmanager
def again(settings: Settings) -> Iterator[Roster | None]:
    """The roster, opened anew after the run has closed it; None where that is not possible."""
    with contextlib.ExitStack() as stack:
        roster = None
        with contextlib.suppress(RosterSyncError):
            roster = stack.enter_context(roster_of(settings, create=False))
        yield roster


def attempt(output: Output, what: str, work: Callable[[], None]) -> None:
    """Does something that must not change how the run ends."""
    try:
        work()
    except OSError as error:
        output.warn(f"{what}: {error.strerror or type(error).__name__}.")
    except RosterSyncError as error:
        output.warn(f"{what}: {error.what}")
    except Exception as error:
        output.warn(f"{what}: {unforeseen(error, quiet=True).what}")


def privacy_warnings(settings: Settings) -> Iterator[str]:
    """A sentence for each file of the roster that other users may open."""
    if os.name != "posix":
        return
    with contextlib.suppress(ConfigError, RosterError, OSError):
        path = sqlite_path(settings.database.url, settings.path.parent)
        mode = path.stat().st_mode & 0o777
        if mode & 0o077:
            yield f"Other users may open the roster (mode {mode:o}). Run: chmod 600 {path}"
