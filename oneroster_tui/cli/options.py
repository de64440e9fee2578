"""What the commands share: options, and how a command is run and ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oneroster_tui.errors import ExitCode, RosterSyncError

if TYPE_CHECKING:
    from oneroster_tui.headless.output import Output
    from oneroster_tui.headless.workplace import Options


SHARED = ("config", "demo", "demo_day", "demo_version", "json")


class Somewhere(click.Path):
    """A path that is not empty: as of a shell's unset variable it would be the folder one stands in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuses nothing at all."""
        if not str(value).strip():
            self.fail("it is empty", param, ctx)
        return super().convert(value, param, ctx)


def not_blank(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Refuses a text that is blank."""
    if not value.strip():
        raise click.BadParameter("it is empty", context, parameter)
    return value


def shared(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that are taken before or after a command."""
    for option in (
        click.option("--json", is_flag=True, help="One JSON object on stdout, the log on stderr."),
        click.option("--demo-version", type=click.Choice(["1.0", "1.1", "1.2"]), help="What the demo district speaks."),
        click.option("--demo-day", type=click.IntRange(1, 365), metavar="N", help="The demo district on its Nth day."),
        click.option("--demo", is_flag=True, help="A generated district on this machine, with a roster of its own."),
        click.option(
            "--config",
            type=click.Path(path_type=Path),
            metavar="PATH",
            help="The config.toml. Default: $ONEROSTER_TUI_CONFIG, ./config.toml, or the user's config folder.",
        ),
    ):
        command = option(command)
    return command


def bundled(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option of commands that read a provider: a bundle in its place."""
    return click.option(
        "--bundle",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="A OneRoster CSV bundle in place of the provider: a zip, a folder of CSV files, or one where zips arrive.",
    )(command)


def reporting(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option of commands that read a bundle to its end."""
    return click.option(
        "--report",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="With a bundle: write what was used and what was not to FILE, .csv or .json.",
    )(command)


def perform(context: click.Context, given: dict[str, Any], work: Callable[[Options, Output], ExitCode]) -> None:
    """Runs a command with the options given before and after its name, and ends with its exit code."""
    from oneroster_tui.headless.output import Output
    from oneroster_tui.headless.workplace import Options

    before: dict[str, Any] = context.obj or {}
    merged = {name: given.get(name) or before.get(name) for name in SHARED}
    options = Options(
        config=merged["config"],
        bundle=given.get("bundle") or before.get("bundle"),
        demo=bool(merged["demo"] or merged["demo_day"] or merged["demo_version"]),
        demo_day=merged["demo_day"] or 1,
        demo_version=merged["demo_version"] or "1.1",
        json=bool(merged["json"]),
    )
    output = Output(json=options.json, command=options.command)
    try:
        code = work(options, output)
    except RosterSyncError as error:
        output.error(error)
        code = error.exit_code
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except Exception as error:
        from oneroster_tui.headless.unforeseen import unforeseen

        output.error(unforeseen(error))
        code = ExitCode.INTERNAL
    context.exit(int(code))
