"""Commands that run a sync, decide what one holds, take one back, or tell of the past."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from oneroster_tui.cli.options import bundled, perform, reporting, shared
from oneroster_tui.cli.root import cli


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

    Where the new plan removes more rows than the ceiling, nothing is removed and the new run holds them. What a
    bundle left out is approved with a bundle (--bundle), what a service left out with the service.
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
@click.option("--plan", is_flag=True, help="Only show what would be put back and deleted.")
@click.option(
    "--max", "maximum", type=click.IntRange(0), metavar="N", help="Let up to N rows that RUN created be deleted."
)
@click.pass_context
def undo(context: click.Context, /, *, run: int, plan: bool, maximum: int | None, **given: Any) -> None:
    """Take RUN back: every row it changed becomes what it was, as a run of its own.

    What changed again since is left alone, and said. Rows that RUN created are deleted; where they are more than
    the guards let pass, nothing is done (exit 4) unless --max allows it.
    """
    from oneroster_tui.headless import sync as headless

    perform(context, given, lambda options, output: headless.undo(options, output, run, plan=plan, maximum=maximum))


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
@click.pass_context
def log(context: click.Context, /, *, run: int, **given: Any) -> None:
    """Show one run: its changes, row by row, and its problems."""
    from oneroster_tui.headless import past

    perform(context, given, lambda options, output: past.log(options, output, run))
