"""Commands that ask the provider, and choose the schools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from oneroster_tui.cli.options import bundled, not_blank, perform, reporting, shared
from oneroster_tui.cli.root import cli


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
@click.argument("text", metavar="ID", callback=not_blank)
@click.pass_context
def explain(context: click.Context, /, *, text: str, **given: Any) -> None:
    """Say why a person or class is not here, or is.

    ID is a sourcedId, username, e-mail address or full name; of a class its sourcedId, code or title.
    Where the provider could not be asked, what is known here is told all the same, and the exit code says why.
    """
    from oneroster_tui.headless import explain as headless

    perform(context, given, lambda options, output: headless.explain(options, output, text))
