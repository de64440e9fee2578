"""The command itself: without a word of its own it opens the interface."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import click

from oneroster_tui import __version__
from oneroster_tui.cli.options import bundled, perform, shared
from oneroster_tui.errors import ExitCode

EXIT_STATUS = "\b\nExit status:\n" + "\n".join(f"  {code:<4} {code.meaning}" for code in ExitCode)


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXIT_STATUS,
)
@shared
@bundled
@click.option("--sync", "sync_now", is_flag=True, help="One headless sync; the same as the command `sync`.")
@click.option(
    "--support-bundle",
    "support_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The same as `support-bundle FILE`.",
)
@click.version_option(__version__, prog_name="oneroster-tui")
@click.pass_context
def cli(context: click.Context, /, *, sync_now: bool, support_file: Path | None, **given: Any) -> None:
    """Keep a local roster in step with a OneRoster provider.

    Without a command the terminal interface opens. `oneroster-tui --demo --sync` shows a whole sync without any set-up.
    """
    context.obj = given
    if context.invoked_subcommand is not None or (sync_now and support_file):
        for option, asked in (("--sync", sync_now), ("--support-bundle", support_file)):
            if asked:
                raise click.UsageError(f"{option} is a command of its own: leave out the other one.", context)
        return
    if support_file:
        from oneroster_tui.headless import support

        perform(context, {}, lambda options, output: support.bundle(options, output, support_file))
    if sync_now:
        from oneroster_tui.headless import sync

        perform(context, {}, sync.run)
    gc.disable()  # nothing is garbage while modules load; the app turns it on again
    from oneroster_tui.app import open_interface

    perform(context, {}, open_interface)
