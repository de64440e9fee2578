"""The entrance: the command oneroster-tui, and `python -m oneroster_tui`."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line. Ctrl-C while it still loads ends it like later: without a traceback, with its exit code."""
    try:
        from oneroster_tui.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)  # ExitCode.INTERRUPTED, which may not be loaded yet


if __name__ == "__main__":
    main()
