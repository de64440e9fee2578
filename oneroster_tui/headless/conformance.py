"""`oneroster-tui conformance`: examines the provider and prints its report card; also as JSON, HTML and JUnit XML."""

from __future__ import annotations

from pathlib import Path

from oneroster_tui.errors import ConfigError, ExitCode, Stopped
from oneroster_tui.export.place import one_file
from oneroster_tui.headless.output import Output
from oneroster_tui.headless.signals import stop_signals
from oneroster_tui.headless.workplace import Options, opened, require


def conformance(
    options: Options,
    output: Output,
    *,
    html: Path | None = None,
    junit: Path | None = None,
    requests: int = 250,
    seconds: float = 300.0,
) -> ExitCode:
    """Examines the provider.

    Args:
        html, junit: files to write, beside the card on the terminal.
        requests, seconds: the most it may send and take.

    Raises:
        ConfigError: the connection is not configured, or a file's place is taken or in no folder.
        ExportError: a file cannot be written.
    """
    from oneroster_tui.provider.conformance import facts, page, text
    from oneroster_tui.provider.conformance import junit as xml
    from oneroster_tui.provider.conformance.examine import Bounds, Examination

    marks = {path: mark for path, mark in ((html, page.MARK), (junit, xml.MARK)) if path}
    for path, mark in marks.items():
        refuse_to_overwrite(path, mark)
    with opened(options) as settings, stop_signals() as caught:
        if settings.connection.bundle:
            raise ConfigError(
                "The config names CSV files, and conformance is about a provider that answers requests.",
                where="connection.bundle",
                do="take bundle out, or examine another config; `check` looks at a bundle",
            )
        require(settings, settings.connection.missing())
        examination = Examination(settings.connection, bounds=Bounds(requests, seconds), stopping=lambda: bool(caught))
        card = examination.card
        output.line(f"Examining {card.address}: {len(examination.steps)} checks, one request at a time.")
        try:
            for _ in examination:
                pass
        except Stopped:
            card.ended_early = "it was stopped"
            card.stopped_with = caught[0] if caught else ExitCode.INTERRUPTED
    if html:
        save(html, page.page(card))
    if junit:
        save(junit, xml.junit(card))
    for line in text.lines(card):
        output.line(line)
    output.result(facts.card_facts(card))
    return card.exit_code


def refuse_to_overwrite(path: Path, mark: str) -> None:
    """Refuses, before anything is asked, a file that cannot be written, or that is there and is no earlier report.

    Raises:
        ConfigError: it is so.
    """
    if not path.parent.is_dir() or path.is_dir():
        raise ConfigError(
            "The report cannot be written there.", where=str(path), do="name a file in a folder that exists"
        )
    try:
        with path.open("rb") as file:
            earlier = file.read(len(mark.encode())) == mark.encode()
    except FileNotFoundError:
        return
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise ConfigError(f"The report cannot be written: {reason}.", where=str(path), do="name another file") from None
    if not earlier:
        raise ConfigError(
            "The file is there already, and is no earlier report.",
            where=str(path),
            do="name another file, or move this one",
        )


def save(path: Path, content: str) -> None:
    """Writes a report, for its owner only: it names ids, and the provider's own words.

    Raises:
        ExportError: it cannot be written.
    """
    with one_file(path) as stream:
        stream.write(content)
