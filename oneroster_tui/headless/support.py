"""`oneroster-tui support-bundle`: a zip that tells how this installation does, and of nobody in it.

What goes in is built up from what is known to be harmless; names, ids, hosts and texts become pseudonyms on the way.
"""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from oneroster_tui import __version__
from oneroster_tui.config import KEYS, KEYS_BY_NAME, Key, Settings
from oneroster_tui.errors import ConfigError, ExitCode, RosterError, RosterSyncError
from oneroster_tui.headless.log_file import newest
from oneroster_tui.headless.output import Output
from oneroster_tui.headless.pseudonyms import Pseudonyms, masked_lines
from oneroster_tui.headless.settings import value_of
from oneroster_tui.headless.workplace import Options, opened, roster_of
from oneroster_tui.roster.database import Roster
from oneroster_tui.roster.queries import support as queries

LIBRARIES = ("authlib", "click", "filelock", "httpx", "msgspec", "peewee", "platformdirs", "rich", "textual", "tomlkit")
MOST_LINES = 50_000
"""Lines of a log that go in; the last ones tell most."""

README = """\
A support bundle of oneroster-tui. Names, ids, hosts and texts in it are pseudonyms, the same one for the same value in
all its files; secrets are not in it at all. Do look through it before you send it.

about.json     versions
config.json    the configuration, masked
runs.json      the last runs
problems.json  records that the last runs could not use, by code
changes.json   what the last runs changed, by table, action and reason
roster.json    tables, rows and sizes
profile.json   what is known of the provider
log.txt        the last log, masked
"""


def bundle(options: Options, output: Output, file: Path) -> ExitCode:
    """Writes the bundle.

    Raises:
        ConfigError: the file is there already, or cannot be written.
    """
    parts: dict[str, str] = {"README.txt": README, "about.json": pretty(about())}
    try:
        with opened(options) as settings:
            parts |= gathered(settings)
    except ConfigError as error:
        # A problem's sentence shows what it found; only the key it is about is told.
        named = (problem.split(": ")[1] for problem in error.problems if problem.count(": ") > 1)
        broken = [key if key in KEYS_BY_NAME else "an unknown key" for key in named]
        parts["config.json"] = pretty({"cannot be used": True, "problems with": broken})
    save(file, parts)
    output.line(f"Written: {file} ({file.stat().st_size:,} bytes). Look through it before you send it.")
    output.result({"exit_code": 0, "file": str(file), "parts": sorted(parts)})
    return ExitCode.DONE


def gathered(settings: Settings) -> dict[str, str]:
    """What config, roster and log tell, masked."""
    try:
        with roster_of(settings, create=False) as roster:
            masks = Pseudonyms(queries.ids(roster), queries.people(roster))
            found = {name: pretty(part) for name, part in roster_parts(settings, roster, masks)}
    except RosterSyncError as error:
        masks = Pseudonyms({}, ())
        found = {"roster.json": pretty({"cannot be read": type(error).__name__, "what": masks.words(error.public)})}
    found["config.json"] = pretty(masked_config(settings, masks))
    log = newest(settings)
    if log is not None:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-MOST_LINES:]
        found["log.txt"] = "\n".join(masked_lines(masks, lines)) + "\n"
    return found


def about() -> dict[str, Any]:
    """Versions of everything that matters."""
    libraries = {}
    for name in LIBRARIES:
        try:
            libraries[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            libraries[name] = "?"
    return {
        "oneroster-tui": __version__,
        "made_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "sqlite": sqlite3.sqlite_version,
        "encoding": sys.getfilesystemencoding(),
        "libraries": libraries,
    }


def masked_config(settings: Settings, masks: Pseudonyms) -> dict[str, Any]:
    """Every key's value, masked by its kind: what is not known to be harmless is not shown."""
    return {key.name: masked_value(key, value_of(settings, key), masks) for key in KEYS}


def masked_value(key: Key, value: Any, masks: Pseudonyms) -> Any:
    """One value of the config."""
    match key.kind:
        case "choice" | "whole" | "number" | "periods":
            return value
        case "url" | "base url":
            parts = masks.url(value)
            return parts if key.table == "connection" else "/".join(parts.split("/")[:3])
        case "database url":
            return f"{value.partition(':')[0]}:…"
        case "roles":
            return {masks.role(role): masks.role(local) for role, local in value.items()}
        case "ids":
            return {masks.role(role): number for role, number in value.items()}
        case "template" | "optional template" | "course template":
            return re.sub(r"\{\w+\}|[^{}]+", lambda part: part[0] if part[0][0] == "{" else "…", value)
        case "texts":
            if key.name == "schools.sync":
                return [masks.of("orgs", one) for one in value]
            if key.name == "guards.protected_roles":
                return [masks.role(one) for one in value]
            return [masks.url(one) if "://" in one else masks.of("text", one) for one in value]
        case "name":
            return masks.of(key.leaf, value)
        case "text" if key.leaf in ("client_id", "smtp_host", "smtp_user", "mail_from"):
            return masks.of("host" if key.leaf == "smtp_host" else key.leaf, value)
        case _:
            return "(set)" if value else ""


def roster_parts(settings: Settings, roster: Roster, masks: Pseudonyms) -> Iterator[tuple[str, Any]]:
    """What the roster tells: its runs, problems, changes, size, and the provider's profile."""
    runs = list(queries.runs(roster, settings.source, limit=30))
    yield (
        "runs.json",
        [
            {
                "run": run.id,
                "mode": run.mode,
                "outcome": run.outcome,
                "exit_code": run.exit_code,
                "started_at": run.started_at,
                "finished_at": run.finished_at,
                "message": masks.words(run.message),
                "decision": masks.words(run.decision),
                "counts": run.counts,
            }
            for run in runs
        ],
    )
    yield (
        "problems.json",
        [
            {
                "run": run.id,
                "table": group.entity,
                "severity": group.severity,
                "code": group.code,
                "count": group.count,
                "some": [masks.of(group.entity, one) for one in group.some],
                "message": masks.words(group.message),
            }
            for run in islice(runs, 5)
            for group in queries.problem_groups(roster, run.id)
        ],
    )
    yield (
        "changes.json",
        [
            {"run": run.id, "table": table, "action": action, "reason": masks.words(reason), "count": count}
            for run in islice(runs, 5)
            for table, action, reason, count in queries.change_groups(roster, run.id)
        ],
    )
    yield "roster.json", queries.sizes(roster)
    profile = queries.profile(roster, settings.source)
    if profile:
        yield "profile.json", masks.tree(profile)


def pretty(part: Any) -> str:
    """A part as JSON for people."""
    return msgspec.json.format(msgspec.json.encode(part)).decode() + "\n"


def save(file: Path, parts: dict[str, str]) -> None:
    """Writes the zip, for its owner's eyes only.

    Raises:
        ConfigError: it is there already, or cannot be written.
    """
    try:
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        with os.fdopen(handle, "w+b") as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(parts):
                archive.writestr(name, parts[name])
    except FileExistsError:
        raise ConfigError("There is such a file already.", where=str(file), do="choose another name") from None
    except OSError as error:
        raise RosterError(
            f"The bundle cannot be written: {error.strerror or type(error).__name__}.",
            where=str(file),
            do="choose a folder that can be written",
        ) from error
