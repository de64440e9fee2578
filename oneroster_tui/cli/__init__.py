"""The command line: commands and options, no logic of their own. What a command does stands in `headless` and `app`."""

from __future__ import annotations

import sys

import click

from oneroster_tui.cli import asking, exporting, syncing, upkeep  # noqa: F401 -- each adds its commands to `cli`
from oneroster_tui.cli.options import SHARED
from oneroster_tui.cli.root import cli
from oneroster_tui.errors import ExitCode

__all__ = ["SHARED", "cli", "main"]


def main() -> None:
    """The entry point. An error nobody foresaw ends with a short message and exit code 1."""
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        code = ExitCode.INTERRUPTED
    except Exception as error:
        from oneroster_tui.headless.unforeseen import unforeseen

        click.echo(unforeseen(error), err=True)
        code = ExitCode.INTERNAL
    sys.exit(int(code or 0))
