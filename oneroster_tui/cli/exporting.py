"""Commands that write the roster for another system."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oneroster_tui.cli.options import Somewhere, perform, shared
from oneroster_tui.cli.root import cli

if TYPE_CHECKING:
    from oneroster_tui.errors import ExitCode
    from oneroster_tui.headless.output import Output
    from oneroster_tui.headless.workplace import Options


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
@click.argument("path", type=Somewhere(path_type=Path))
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
@click.argument("path", type=Somewhere(path_type=Path), required=False)
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
@click.argument("path", type=Somewhere(path_type=Path))
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
@click.argument("path", type=Somewhere(path_type=Path))
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
