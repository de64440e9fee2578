"""A bundle as headless commands tell it: `check --bundle`, and the report of a bundle as a file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from oneroster_tui.config import Settings
from oneroster_tui.errors import ConfigError, ExitCode, RosterSyncError
from oneroster_tui.headless.output import Output
from oneroster_tui.provider.opening import open_provider

if TYPE_CHECKING:
    from oneroster_tui.headless.workplace import Stopping
    from oneroster_tui.provider.bundle.bundle import Bundle
    from oneroster_tui.provider.bundle.report import Report
    from oneroster_tui.provider.client import Client

SHOWN = 5
"""Findings of one kind in one file that are shown; the report has all."""

SUFFIXES = (".csv", ".json")


def check(settings: Settings, output: Output, path: Path | None) -> ExitCode:
    """Reads a whole bundle, says what is wrong with it, and lists the schools.

    Args:
        path: where the report goes, too.

    Raises:
        Unreadable: it cannot be opened.
        ConfigError: the report cannot be written there.
    """
    from oneroster_tui.headless.provider import list_orgs, org_facts, rung_facts, show
    from oneroster_tui.provider.bundle.bundle import Bundle
    from oneroster_tui.provider.bundle.probe import ladder
    from oneroster_tui.provider.bundle.report import report_of

    with reported(settings, output, path) as provider:
        assert isinstance(provider, Bundle)  # noqa: S101 -- the settings name one
        output.line(f"Checking {provider.base_url}")
        rungs = [show(rung, output) for rung in ladder(provider)]
        code = next((rung.exit_code for rung in rungs if not rung.good), ExitCode.DONE)
        if code == ExitCode.DONE and provider.findings.count("error"):
            code = ExitCode.RECORD_PROBLEMS
        report = report_of(provider)
        tell(report, output)
        orgs = provider.orgs or []
        list_orgs(orgs, settings, output)
        output.result(
            {
                "exit_code": int(code),
                "base_url": provider.base_url,
                "checks": [rung_facts(rung) for rung in rungs],
                "report": report.facts(),
                "schools": [org_facts(org, settings) for org in orgs],
            }
        )
    return code


def tell(report: Report, output: Output) -> None:
    """The report for a person: certification's six lines, then what was found, by file and kind."""
    output.line(f"Test Identifier     {report.identifier}")
    output.line(f"Test Date           {report.date}")
    output.line(f"Status              {report.status}")
    output.line(f"CSV Files Imported  {', '.join(report.imported) or '-'}")
    output.line(f"CSV Files Rejected  {', '.join(report.rejected) or '-'}")
    from oneroster_tui.provider.bundle.findings import CODES

    kinds: dict[tuple[str, str], list[str]] = {}
    for one in report.findings:
        kinds.setdefault((one.file, one.code), []).append(f"{one.severity:<7} {one}")
    hidden = {(file, code): count for file, code, _, count in report.hidden}
    for kind, lines in kinds.items():
        for line in lines[:SHOWN]:
            output.line(f"  {line}  [{kind[1]}]")
        more = len(lines) - SHOWN + hidden.get(kind, 0)
        if more > 0:
            output.line(f"          {kind[0]}: {more:,} more. {CODES[kind[1]]}  [{kind[1]}]")


@contextlib.contextmanager
def reported(
    settings: Settings,
    output: Output,
    path: Path | None,
    *,
    stopping: Stopping = lambda: False,
    base_url: str = "",
    imported: str | None = None,
    client: Client | None = None,
) -> Iterator[Client | Bundle]:
    """The open provider; where a report of a bundle was asked for, it is written in the end, however that comes.

    Raises:
        ConfigError: a report was asked for that cannot be.
    """
    if path is None:
        with open_provider(
            settings.connection,
            stopping=stopping,
            base_url=base_url,
            imported=imported,
            say=output.line,
            client=client,
        ) as provider:
            yield provider
        return
    from oneroster_tui.provider.bundle.bundle import Bundle  # late: most have no bundle, and would wait for it
    from oneroster_tui.provider.bundle.report import report_of, report_of_nothing

    require_place(settings, path)
    try:
        provider = open_provider(
            settings.connection, stopping=stopping, base_url=base_url, imported=imported, say=output.line
        )
    except RosterSyncError as error:
        write(report_of_nothing(settings.connection.bundle_path.name, error), path, output)
        raise
    with provider:
        assert isinstance(provider, Bundle)  # noqa: S101 -- `require_place` saw to it
        failure: RosterSyncError | None = None
        try:
            yield provider
        except RosterSyncError as error:
            failure = error
            raise
        finally:
            write(report_of(provider, failure), path, output)


def require_place(settings: Settings, path: Path) -> None:
    """Refuses a report that nobody could write, before anything is done.

    Raises:
        ConfigError: nothing is read from a bundle, the file is neither CSV nor JSON, or its folder is not there.
    """
    if not settings.connection.bundle:
        raise ConfigError(
            "A report tells of a bundle, and none is read.", where="--report", do="name one with --bundle"
        )
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError("A report is CSV or JSON.", where=f"--report {path}", do="let its name end in .csv or .json")
    folder = path.absolute().parent
    if not folder.is_dir() or path.is_dir():
        what = "The report's name is that of a folder." if path.is_dir() else "There is no such folder for the report."
        raise ConfigError(
            what, where=str(path if path.is_dir() else folder), do="name a file in a folder that is there"
        )


def write(report: Report, path: Path, output: Output) -> None:
    """Writes a report, complete or not at all; only its owner may read it, for it names records.

    Where it cannot be written that is said, and what was read still counts.
    """
    from oneroster_tui.export.place import one_file

    try:
        with one_file(path) as stream:
            report.write(stream, as_json=path.suffix.lower() == ".json")
    except RosterSyncError as error:
        output.warn(f"The report was not written: {error.what} ({path})")
    else:
        output.line(f"Report: {path}")
