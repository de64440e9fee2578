"""`oneroster-tui export`: the roster written in another system's format; what was written is said, and what it lacks."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from oneroster_tui.config import Settings
from oneroster_tui.errors import ExitCode, Stopped
from oneroster_tui.export.moodle.files import export_files
from oneroster_tui.export.oneroster import export_bundle
from oneroster_tui.export.report import Report
from oneroster_tui.export.rows import Stopping
from oneroster_tui.export.tables import export_json, export_tables
from oneroster_tui.headless.output import Output
from oneroster_tui.headless.signals import stop_signals
from oneroster_tui.headless.workplace import Options, opened, roster_of
from oneroster_tui.roster.database import Roster
from oneroster_tui.text import sanitise

Work = Callable[[Settings, Roster, Stopping], Report]


def bundle(
    options: Options,
    output: Output,
    path: Path,
    *,
    version: str,
    since: int | None,
    schools: tuple[str, ...],
    columns: tuple[str, ...],
) -> ExitCode:
    """Writes a OneRoster bundle.

    Raises:
        ConfigError, ExportError, RosterError, Stopped: nothing was written.
    """

    def work(settings: Settings, roster: Roster, stopping: Stopping) -> Report:
        return export_bundle(
            roster,
            settings.source,
            path,
            version=version,
            since=since,
            schools=schools,
            keep_runs=settings.history.keep_runs,
            columns=columns,
            stopping=stopping,
        )

    return conducted(options, output, path, work)


def json(options: Options, output: Output, path: Path, schools: tuple[str, ...], columns: tuple[str, ...]) -> ExitCode:
    """Writes the roster's tables as JSON.

    Raises:
        ConfigError, ExportError, RosterError, Stopped: nothing was written.
    """

    def work(settings: Settings, roster: Roster, stopping: Stopping) -> Report:
        return export_json(roster, settings.source, path, schools=schools, columns=columns, stopping=stopping)

    return conducted(options, output, path, work)


def csv_tables(
    options: Options, output: Output, path: Path, schools: tuple[str, ...], columns: tuple[str, ...], *, raw: bool
) -> ExitCode:
    """Writes the roster's tables as CSV.

    Raises:
        ConfigError, ExportError, RosterError, Stopped: nothing was written.
    """

    def work(settings: Settings, roster: Roster, stopping: Stopping) -> Report:
        return export_tables(
            roster, settings.source, path, schools=schools, columns=columns, raw=raw, stopping=stopping
        )

    return conducted(options, output, path, work)


def moodle(
    options: Options, output: Output, path: Path, schools: tuple[str, ...], columns: tuple[str, ...]
) -> ExitCode:
    """Writes the files that Moodle's own tools import.

    Raises:
        ConfigError, ExportError, RosterError, Stopped: nothing was written.
    """

    def work(settings: Settings, roster: Roster, stopping: Stopping) -> Report:
        return export_files(roster, settings, path, schools=schools, columns=columns, stopping=stopping)

    return conducted(options, output, path, work)


def push_moodle(options: Options, output: Output, *, plan: bool, allow_removals: bool) -> ExitCode:
    """Brings a running Moodle in step with the roster.

    Raises:
        ConfigError, ProviderError, RosterError, Stopped: what was told Moodle until then is remembered.
    """
    from oneroster_tui.export.moodle.client import MoodleClient  # late: the files need no network
    from oneroster_tui.export.moodle.push import push

    with opened(options) as settings, roster_of(settings, create=False) as roster, stop_signals() as caught:
        if plan:
            outcome = push(roster, settings, None, output.line)
        else:
            url, token = settings.moodle.url, ""
            if url:
                token = settings.moodle.secret(settings.path.parent)
            with MoodleClient(url, token, settings.moodle.timeout, stopping=lambda: bool(caught)) as client:
                try:
                    outcome = push(roster, settings, client, output.line, allow_removals=allow_removals)
                except Stopped:
                    what = "The push was stopped. What was told Moodle until then is remembered: run it again to go on."
                    raise Stopped(caught[0] if caught else ExitCode.INTERRUPTED, what) from None
    for kind, counts in outcome.counts.items():
        told = ", ".join(f"{what} {count:,}" for what, count in counts.items() if count)
        output.line(f"  {kind:<10} {told or 'nothing to do'}")
    for kind, count in outcome.held.items():
        output.warn(
            f"{count:,} of kind {kind} are no longer in the roster: more than [guards] lets pass, so they were left as they are. "
            "If that is right: export moodle --push --allow-removals"
        )
    for sentence in outcome.report.sentences():
        output.warn(sanitise(sentence, 400))
    if outcome.problems:
        output.warn(f"{len(outcome.problems):,} records could not be told, the first: {outcome.problems[0]}")
    end = f"{outcome.calls:,} calls" if not plan else "nothing was sent: this was a plan"
    output.line(f"{outcome.site}: {end}, {len(outcome.problems):,} problems.")
    output.result(outcome.facts())
    return outcome.exit_code


def conducted(options: Options, output: Output, path: Path, work: Work) -> ExitCode:
    """Does the work with the roster open, ends cleanly on a signal, and says what came of it.

    Raises:
        RosterSyncError: what the work raises.
    """
    began = time.monotonic()
    with opened(options) as settings, roster_of(settings, create=False) as roster, stop_signals() as caught:
        report = work(settings, roster, lambda: caught[0] if caught else None)
    seconds = time.monotonic() - began
    code = ExitCode.RECORD_PROBLEMS if report.gaps else ExitCode.DONE
    for file, rows in report.files.items():
        output.line(f"  {file:<18} {rows:>10,}")
    kind = f" ({report.mode})" if report.mode != "plain" else ""
    output.line(f"Written: {path}{kind}, {sum(report.files.values()):,} rows in {seconds:.1f} s.")
    if report.newest_run is not None and report.mode != "plain":
        output.line(f"What changes from now on: --since {report.newest_run}")
    for sentence in report.sentences():
        output.warn(sanitise(sentence, 400))
    output.result({"exit_code": int(code), "path": str(path), "seconds": round(seconds, 3)} | report.facts())
    return code
