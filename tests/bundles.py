"""CSV bundles for tests: a provider in memory, written as a bundle of any version; and the small faults of the field."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from oneroster_tui.csv_columns import manifest_rows
from oneroster_tui.provider.bundle.bundle import Bundle
from oneroster_tui.provider.bundle.schemas import columns
from oneroster_tui.sync.events import RunEnded
from tests.lab import Lab, Provider

Row = dict[str, str]
COMMON_FILES = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
RENAMED = {
    "org": "orgSourcedId",
    "course": "courseSourcedId",
    "school": "schoolSourcedId",
    "terms": "termSourcedIds",
} | {
    "parent": "parentSourcedId",
    "user": "userSourcedId",
    "class": "classSourcedId",
    "agents": "agentSourcedIds",
    "orgs": "orgSourcedIds",
}
OLD_NAMES = {"agentSourcedIds": "agents", "termSourcedIds": "termSourcedId", "grades": "grade"}


def cell(value: Any) -> str:
    """A JSON value as a cell: references as ids, lists with commas."""
    if isinstance(value, Mapping):
        return str(value["sourcedId"])
    if isinstance(value, list):
        return ",".join(map(cell, value))
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def flat(record: Mapping[str, Any]) -> Row:
    """A provider's record as a row, under 1.1's column names."""
    return {RENAMED.get(name, name): cell(value) for name, value in record.items()}


def rows_of(provider: Provider, version: str = "1.1", modes: Mapping[str, str] | None = None) -> dict[str, list[Row]]:
    """What a provider would put into each file; in bulk files status and dateLastModified are blank."""
    modes = modes or {}
    files = {name: [flat(record) for record in provider.records[name].values()] for name in COMMON_FILES}
    if version == "1.2":
        files["roles"] = []
        for user in files["users"]:
            for place, org in enumerate(filter(None, user.pop("orgSourcedIds").split(","))):
                role = {
                    "sourcedId": f"{user['sourcedId']}-{org}",
                    "userSourcedId": user["sourcedId"],
                    "role": user["role"],
                }
                kind = "secondary" if place else "primary"
                common = {name: user[name] for name in ("status", "dateLastModified")}
                files["roles"].append(role | {"orgSourcedId": org, "roleType": kind} | common)
            del user["role"]
    for name, rows in files.items():
        if modes.get(name, "bulk") == "bulk" and version != "1.0":
            for row in rows:
                row["status"] = row["dateLastModified"] = ""
    return files


def text_of(version: str, name: str, rows: Iterable[Row]) -> str:
    """A data file's text."""
    names = [column.name for column in columns(version, name)]  # type: ignore[arg-type]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, names, restval="", extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(row | {OLD_NAMES[key]: row[key] for key in row.keys() & OLD_NAMES.keys()})
    return stream.getvalue()


def manifest_text(version: str, modes: Mapping[str, str]) -> str:
    """The manifest's text."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\r\n").writerows([("propertyName", "value"), *manifest_rows(version, modes)])
    return stream.getvalue()


def texts_of(provider: Provider, version: str = "1.1", **modes: str) -> dict[str, str | bytes]:
    """A whole bundle as texts by file name; a file that is `absent` is not there, every other is bulk or as `modes` says."""
    files = rows_of(provider, version, modes)
    there = {name: modes.get(name, "bulk") for name in files if modes.get(name) != "absent"}
    texts: dict[str, str | bytes] = {f"{name}.csv": text_of(version, name, files[name]) for name in there}
    if version == "1.0":
        return texts | {"demographics.csv": text_of("1.0", "demographics", [])}
    return {"manifest.csv": manifest_text(version, there)} | texts


def zipped(path: Path, texts: Mapping[str, str | bytes]) -> Path:
    """A zip of files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    return path


def unzipped(path: Path, texts: Mapping[str, str | bytes]) -> Path:
    """A folder of files."""
    path.mkdir()
    for name, text in texts.items():
        (path / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def write(path: Path, provider: Provider, version: str = "1.1", **modes: str) -> Path:
    """A provider as a zip."""
    return zipped(path, texts_of(provider, version, **modes))


def sync_bundle(lab: Lab, path: Path, **changes: Any) -> RunEnded:
    """One sync of a bundle into a lab's roster; the arguments are those of `Lab.sync`."""
    with ExitStack() as stack:
        lab.provider = stack.enter_context(Bundle(path))  # type: ignore[assignment]
        return lab.sync(**changes)
