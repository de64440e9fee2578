"""Commands for the months after: who is told, what starts the sync, settings, completion, moving house."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from oneroster_tui.cli.options import Somewhere, perform, shared
from oneroster_tui.cli.root import cli


@cli.command()
@shared
@click.option("--test", is_flag=True, help="Send a message to everybody who would be told.")
@click.pass_context
def notify(context: click.Context, /, *, test: bool, **given: Any) -> None:
    """Say who is told of failures and holds, and what they were told last."""
    from oneroster_tui.headless import notify as headless

    perform(context, given, lambda options, output: headless.command(options, output, test=test))


@cli.command()
@shared
@click.option("--cron", is_flag=True, help="Crontab lines instead of a systemd service and timer.")
@click.pass_context
def schedule(context: click.Context, /, *, cron: bool, **given: Any) -> None:
    """Print what starts the sync every night: a systemd service and timer, or crontab lines. Writes nothing."""
    from oneroster_tui.headless import schedule as headless

    perform(context, given, lambda options, output: headless.schedule(options, output, cron=cron))


@cli.command("config")
@shared
@click.option("--sample", is_flag=True, help="The sample instead: every key, its default, and a word about it.")
@click.pass_context
def config_command(context: click.Context, /, *, sample: bool, **given: Any) -> None:
    """Show which config.toml is in force and what it sets; secrets are not shown. Writes nothing."""
    from oneroster_tui.headless import settings as headless

    perform(context, given, headless.sample if sample else headless.settings)


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that makes a shell complete commands and options.

    \b
    bash  eval "$(oneroster-tui completion bash)"      in ~/.bashrc
    zsh   eval "$(oneroster-tui completion zsh)"       in ~/.zshrc
    fish  oneroster-tui completion fish | source       in ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 -- the three are click's own
    click.echo(kind(cli, {}, "oneroster-tui", "_ONEROSTER_TUI_COMPLETE").source())


@cli.command("migrate-db")
@shared
@click.argument("url", metavar="URL")
@click.pass_context
def migrate_db(context: click.Context, /, *, url: str, **given: Any) -> None:
    """Move the roster to the empty database at URL: sqlite, postgresql or cockroachdb.

    Every row keeps its id. A password for URL comes from PGPASSWORD or ~/.pgpass. The old roster stays as it is.
    """
    from oneroster_tui.headless import moving

    perform(context, given, lambda options, output: moving.migrate_db(options, output, url))


@cli.command("support-bundle")
@shared
@click.argument("file", type=Somewhere(path_type=Path))
@click.pass_context
def support_bundle(context: click.Context, /, *, file: Path, **given: Any) -> None:
    """Write an anonymised zip about this installation to FILE: no names, no ids, no secrets."""
    from oneroster_tui.headless import support

    perform(context, given, lambda options, output: support.bundle(options, output, file))
