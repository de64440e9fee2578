"""An error that nobody foresaw, in one plain message: its kind and its place, never the values it carries."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

from oneroster_tui.errors import RosterSyncError

DEBUG = "ONEROSTER_TUI_DEBUG"
"""Set to 1, this environment variable asks for the whole trace. It may hold names and ids, so nobody gets it unasked."""

PACKAGE = Path(__file__).parents[1]


class InternalError(RosterSyncError):
    """A bug."""


def unforeseen(error: BaseException, *, quiet: bool = False) -> InternalError:
    """The message about an error; with ONEROSTER_TUI_DEBUG=1 (and not `quiet`) the whole trace goes to stderr before it."""
    if os.environ.get(DEBUG) == "1" and not quiet:
        traceback.print_exception(error)
    return InternalError(
        f"This should not have happened: {type(error).__name__}{place(error)}.",
        do=f"please report it, with what {DEBUG}=1 shows when you run it again (look through that first: it may name people)",
    )


def place(error: BaseException) -> str:
    """Where it happened: the innermost line of this program, without any value."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if PACKAGE in Path(frame.filename).parents]
    if not own:
        return ""
    file = Path(own[-1].filename).relative_to(PACKAGE.parent).as_posix()
    return f" in {file}, line {own[-1].lineno} ({own[-1].name})"
