"""The command line: commands and options, no logic of their own. What a command does stands in `headless` and `app`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oneroster_tui import __version__
from oneroster_tui.errors import ExitCode, RosterSyncError

if TYPE_CHECKING:
    from oneroster_tui.headless.output import Output
    from oneroster_tui.headless.workplace import Options

EXIT_STATUS = "\b\nExit status:\n" + "\n".join(f"  {code:<4} {code.meaning}" for code in ExitCode)

SHARED = ("config", "demo", "demo_day", "demo_version", "json")


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
    output = Output(json=options.json)
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
    from oneroster_tui.app import open_interface

    perform(context, {}, open_interface)


@cli.command()
@shared
@bundled
@reporting
@click.option("--plan", is_flag=True, help="Write nothing; say what would change, by reason.")
@click.option("--detailed-exitcode", is_flag=True, help="With --plan: exit 10 when changes are pending.")
@click.option("--delta", is_flag=True, help="Read only what changed, where that is sure to be enough; else everything.")
@click.option("--ignore-guards", is_flag=True, help="Let every removal pass, this once. The run's record says so.")
@click.option(
    "--import-id-map",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="First rename sourcedIds by a file of old,new: when the provider gave everybody new ids.",
)
@click.pass_context
def sync(
    context: click.Context,
    /,
    *,
    plan: bool,
    detailed_exitcode: bool,
    ignore_guards: bool,
    import_id_map: Path | None,
    delta: bool,
    report: Path | None,
    **given: Any,
) -> None:
    """Run one sync: pull, plan, guard, apply; the log on stdout."""
    from oneroster_tui.headless import sync as headless

    if detailed_exitcode and not plan:
        raise click.UsageError("--detailed-exitcode goes with --plan.", context)
    if ignore_guards and plan:
        raise click.UsageError("--plan asks the guards: leave out --ignore-guards.", context)
    if import_id_map and plan:
        raise click.UsageError("--plan writes nothing: import the id map without it.", context)
    if delta and (plan or ignore_guards):
        raise click.UsageError("--plan and --ignore-guards read everything: leave out --delta.", context)
    perform(
        context,
        given,
        lambda options, output: headless.run(
            options,
            output,
            plan=plan,
            detailed_exitcode=detailed_exitcode,
            ignore_guards=ignore_guards,
            id_map=import_id_map,
            delta=delta,
            report=report,
        ),
    )


@cli.command()
@shared
@bundled
@click.argument("run", type=click.IntRange(1))
@click.option("--max", "maximum", type=click.IntRange(0), metavar="N", help="The ceiling; default: the number held.")
@click.pass_context
def approve(context: click.Context, /, *, run: int, maximum: int | None, **given: Any) -> None:
    """Approve the removals that RUN holds: pull again and apply.

    Where the new plan removes more rows than the ceiling, nothing is removed and the new run holds them.
    """
    from oneroster_tui.headless import sync as headless

    perform(context, given, lambda options, output: headless.approve(options, output, run, maximum))


@cli.command()
@shared
@click.argument("run", type=click.IntRange(1))
@click.pass_context
def discard(context: click.Context, /, *, run: int, **given: Any) -> None:
    """Close the hold of RUN without removing anything. The next sync asks again."""
    from oneroster_tui.headless import sync as headless

    perform(context, given, lambda options, output: headless.discard(options, output, run))


@cli.command()
@shared
@click.argument("run", type=click.IntRange(1))
@click.pass_context
def log(context: click.Context, /, *, run: int, **given: Any) -> None:
    """Show one run: its changes, row by row, and its problems."""
    from oneroster_tui.headless import past

    perform(context, given, lambda options, output: past.log(options, output, run))


@cli.command()
@shared
@bundled
@reporting
@click.pass_context
def check(context: click.Context, /, *, report: Path | None, **given: Any) -> None:
    """Test the connection, or a bundle: what can be read, and what not; list the schools."""
    from oneroster_tui.headless import provider

    perform(context, given, lambda options, output: provider.check(options, output, report))


@cli.command()
@shared
@click.option(
    "--html", type=click.Path(path_type=Path), metavar="FILE", help="Also write one self-contained page, to send on."
)
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Also write JUnit XML, for CI.")
@click.option("--max-requests", type=click.IntRange(1, 10_000), default=250, show_default=True, metavar="N")
@click.option("--max-seconds", type=click.FloatRange(1, 86_400), default=300, show_default=True, metavar="S")
@click.pass_context
def conformance(
    context: click.Context,
    /,
    *,
    html: Path | None,
    junit: Path | None,
    max_requests: int,
    max_seconds: float,
    **given: Any,
) -> None:
    """Examine the provider: every rostering operation and parameter, one request at a time; print a report card.

    Exit 0 when nothing failed, deviations or not; else 6 when the client was not let in or not allowed to read
    something, 7 when the provider could not be asked to the end, and 3 when other checks failed.
    """
    from oneroster_tui.headless import conformance as headless

    perform(
        context,
        given,
        lambda options, output: headless.conformance(
            options, output, html=html, junit=junit, requests=max_requests, seconds=max_seconds
        ),
    )


@cli.command()
@shared
@bundled
@click.option("--select", multiple=True, metavar="ID", help="Select a school, by its sourcedId; may be repeated.")
@click.option("--deselect", multiple=True, metavar="ID", help="Deselect one. Its rows stay until you decide.")
@click.argument("more", nargs=-1, metavar="[ID…]")
@click.pass_context
def schools(
    context: click.Context,
    /,
    *,
    select: tuple[str, ...],
    deselect: tuple[str, ...],
    more: tuple[str, ...],
    **given: Any,
) -> None:
    """List the orgs and which schools are selected; change the selection."""
    from oneroster_tui.headless import provider

    if more and bool(select) == bool(deselect):
        raise click.UsageError("More ids go after one --select or one --deselect.", context)
    chosen = (*select, *more) if select else select
    dropped = (*deselect, *more) if deselect else deselect
    perform(context, given, lambda options, output: provider.schools(options, output, chosen, dropped))


@cli.command()
@shared
@click.argument("text", metavar="ID")
@click.pass_context
def explain(context: click.Context, /, *, text: str, **given: Any) -> None:
    """Say why a person or class is not here, or is.

    ID is a sourcedId, username, e-mail address or full name; of a class its sourcedId, code or title.
    """
    from oneroster_tui.headless import explain as headless

    perform(context, given, lambda options, output: headless.explain(options, output, text))


@cli.command()
@shared
@click.pass_context
def status(context: click.Context, /, **given: Any) -> None:
    """Say how fresh the roster is; exit 1 when it is older than max_age_hours."""
    from oneroster_tui.headless import past

    perform(context, given, past.status)


@cli.command()
@shared
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many runs.")
@click.pass_context
def history(context: click.Context, /, *, limit: int, **given: Any) -> None:
    """List the past runs, newest first."""
    from oneroster_tui.headless import past

    perform(context, given, lambda options, output: past.history(options, output, limit))


@cli.command()
@shared
@click.argument("run", type=click.IntRange(1))
@click.option("--plan", is_flag=True, help="Only show what would be put back.")
@click.pass_context
def undo(context: click.Context, /, *, run: int, plan: bool, **given: Any) -> None:
    """Take RUN back: every row it changed becomes what it was, as a run of its own.

    What changed again since is left alone, and said.
    """
    from oneroster_tui.headless import sync as headless

    perform(context, given, lambda options, output: headless.undo(options, output, run, plan=plan))


@cli.group()
def export() -> None:
    """Write the local roster in another system's format.

    What stood at PATH is replaced when the new export is complete, and not before.
    """


SCHOOLS = click.option(
    "--school", "schools", multiple=True, metavar="ID", help="Only this school, by its sourcedId; may be repeated."
)
COLUMNS = click.option(
    "--columns",
    multiple=True,
    metavar="FILE.COLUMN,…",
    help="Only these of a file's optional columns, as users.email,users.identifier; other files keep all.",
)


TABLE_COLUMNS = click.option(
    "--columns",
    multiple=True,
    metavar="TABLE.COLUMN,…",
    help="Only these columns of a table, as users.id,users.email; other tables keep all.",
)


def words_of(given: tuple[str, ...]) -> tuple[str, ...]:
    """The words of options that may be repeated and may hold several, with commas."""
    return tuple(word for one in given for part in one.split(",") if (word := part.strip()))


@export.command("csv")
@shared
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--oneroster-version",
    "version",
    type=click.Choice(["1.1", "1.2"]),
    default="1.1",
    show_default=True,
    help="Of the bundle.",
)
@click.option("--since", type=click.IntRange(1), metavar="RUN", help="A delta: only what changed after that run.")
@SCHOOLS
@COLUMNS
@click.pass_context
def export_csv(
    context: click.Context,
    /,
    *,
    path: Path,
    version: str,
    since: int | None,
    schools: tuple[str, ...],
    columns: tuple[str, ...],
    **given: Any,
) -> None:
    """A OneRoster CSV bundle: a zip where PATH ends in .zip, else a folder.

    With everything that is active (bulk), or with --since what changed, removed records as `tobedeleted`. The exit code is 3
    where rows lack something that OneRoster requires; each such column is named.
    """
    from oneroster_tui.headless import export as headless

    if since and schools:
        raise click.UsageError("--since goes with all schools: people move between them.", context)
    perform(
        context,
        given,
        lambda options, output: headless.bundle(
            options, output, path, version=version, since=since, schools=words_of(schools), columns=words_of(columns)
        ),
    )


@export.command("moodle")
@shared
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option("--push", is_flag=True, help="Into the running Moodle that [moodle] names, in place of files.")
@click.option("--plan", is_flag=True, help="With --push: only say what it would do.")
@click.option(
    "--allow-removals", is_flag=True, help="With --push: suspend however many there are to suspend, this once."
)
@SCHOOLS
@COLUMNS
@click.pass_context
def export_moodle(
    context: click.Context,
    /,
    *,
    path: Path | None,
    push: bool,
    plan: bool,
    allow_removals: bool,
    schools: tuple[str, ...],
    columns: tuple[str, ...],
    **given: Any,
) -> None:
    """What Moodle's own tools import, into the folder PATH: users, courses, enrolments, relationships.

    With --push the same through Moodle's web services; it goes on where it was when it is run again, and touches nothing that
    it did not make. [moodle] in config.toml says how things are called there; docs/moodle.md has it all field by field. The exit
    code is 3 where people or enrollments are left out because Moodle would refuse them, 4 where suspensions are held.
    """
    from oneroster_tui.headless import export as headless

    if push == (path is not None):
        raise click.UsageError("Name the folder, or push: one of the two.", context)
    if (plan or allow_removals) and not push:
        raise click.UsageError("--plan and --allow-removals go with --push.", context)
    if plan and allow_removals:
        raise click.UsageError("--plan suspends nobody: leave out --allow-removals.", context)
    if push and (schools or columns):
        raise click.UsageError("A push is of the whole roster: leave out --school and --columns.", context)

    def work(options: Options, output: Output) -> ExitCode:
        if path is None:
            return headless.push_moodle(options, output, plan=plan, allow_removals=allow_removals)
        return headless.moodle(options, output, path, words_of(schools), words_of(columns))

    perform(context, given, work)


@export.command("json")
@shared
@click.argument("path", type=click.Path(path_type=Path))
@SCHOOLS
@TABLE_COLUMNS
@click.pass_context
def export_json(
    context: click.Context, /, *, path: Path, schools: tuple[str, ...], columns: tuple[str, ...], **given: Any
) -> None:
    """The roster's tables as one JSON file: an object of lists of rows."""
    from oneroster_tui.headless import export as headless

    perform(
        context,
        given,
        lambda options, output: headless.json(options, output, path, words_of(schools), words_of(columns)),
    )


@export.command("csv-tables")
@shared
@click.argument("path", type=click.Path(path_type=Path))
@SCHOOLS
@TABLE_COLUMNS
@click.option(
    "--raw", is_flag=True, help="For programs: no apostrophe before what begins like a formula, no byte order mark."
)
@click.pass_context
def export_csv_tables(
    context: click.Context,
    /,
    *,
    path: Path,
    schools: tuple[str, ...],
    columns: tuple[str, ...],
    raw: bool,
    **given: Any,
) -> None:
    """The roster's tables as CSV files, for a spreadsheet: a zip where PATH ends in .zip, else a folder."""
    from oneroster_tui.headless import export as headless

    perform(
        context,
        given,
        lambda options, output: headless.csv_tables(
            options, output, path, words_of(schools), words_of(columns), raw=raw
        ),
    )


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
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_context
def support_bundle(context: click.Context, /, *, file: Path, **given: Any) -> None:
    """Write an anonymised zip about this installation to FILE: no names, no ids, no secrets."""
    from oneroster_tui.headless import support

    perform(context, given, lambda options, output: support.bundle(options, output, file))


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
