"""The bill of lading: manifest.csv, which says of each file whether it is everything (bulk), what changed (delta) or absent."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Final

from oneroster_tui.provider.bundle.findings import Findings
from oneroster_tui.provider.bundle.package import Package
from oneroster_tui.provider.bundle.reading import Broken, Table
from oneroster_tui.provider.bundle.schemas import ALL_FILES, READ, Mode, Version, files

FILE: Final = "manifest.csv"
MOST_ROWS: Final = 1000
"""Rows of a manifest that are read; the standard has 25."""


@dataclass(slots=True)
class Manifest:
    """What a bundle says about itself.

    Attributes:
        modes: for each file a sync reads, what it is; absent where the bundle does not have it, or does not speak of it.
        doubts: for files that cannot be relied on, why: what they lack means nothing.
        unsaid: files of which nobody said whether they are bulk or delta.
        system: the name of the system that made it.
    """

    version: Version = "1.1"
    modes: dict[str, Mode] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)
    unsaid: set[str] = field(default_factory=set)
    system: str = ""

    def mode(self, file: str) -> Mode:
        """What a file is."""
        return self.modes.get(file, "absent")


def read_manifest(package: Package, find: Findings) -> Manifest:
    """Reads the manifest and holds it against the files that are there (spec 5.1 to 5.3).

    Without one, the bundle is 1.0's, all bulk; a newer one that only lacks it is known by its files and columns.
    """
    entry = package.entries.get("manifest")
    if entry is None:
        return _without(package, find)
    properties = _properties(package, find)
    manifest = Manifest(_version(properties, find), system=properties.get("source.systemName", ""))
    for name in files(manifest.version):
        _settle(name, properties.get(f"file.{name}"), package, manifest, find)
    for name in package.entries.keys() - {"manifest"} - set(files(manifest.version)):
        if name in READ and f"file.{name}" in properties:
            _settle(name, properties[f"file.{name}"], package, manifest, find)
        else:
            text = f"OneRoster {manifest.version} has no such file, and it was not read."
            find("unknown_file", "error", text, file=f"{name}.csv")
    return manifest


def _properties(package: Package, find: Findings) -> dict[str, str]:
    """The rows of the manifest; names are found in any case, and said."""
    found: dict[str, str] = {}
    proper = {"manifest.version", "oneroster.version", "source.systemName", "source.systemCode"}
    proper |= {f"file.{name}" for name in ALL_FILES}
    folded = {name.lower(): name for name in proper}
    try:
        table = Table(package.entries["manifest"], find)
        header = [cell.strip().lower() for cell in table.header]
        if header[:2] != ["propertyname", "value"]:
            text = "The header should be propertyName,value."
            find("manifest_property", "warning", text, file=FILE, row=1)
        first = [] if header[:1] == ["propertyname"] else [(1, table.header)]
        rows = ((n, row) for batch in table.batches() for n, row in zip(batch.numbers, batch.rows, strict=True))
        for number, row in chain(first, islice(rows, MOST_ROWS)):
            if not any(cell.strip() for cell in row):
                continue
            name, value = row[0].strip(), row[1].strip() if len(row) > 1 else ""
            right = folded.get(name.lower())
            if right is None:
                find("manifest_property", "warning", f"{name!r} is not a property.", file=FILE, row=number)
            elif right in found:
                find(
                    "manifest_property",
                    "error",
                    f"{right} stands there twice; the first counts.",
                    file=FILE,
                    row=number,
                )
            else:
                if right != name:
                    find("manifest_property", "warning", f"{name!r} should be {right}.", file=FILE, row=number)
                found[right] = value
        table.close()
    except Broken as broken:
        find("unreadable", "error", f"The manifest cannot be read: {broken}.", file=FILE)
    return found


def _version(properties: dict[str, str], find: Findings) -> Version:
    said = properties.get("oneroster.version", "")
    if properties.get("manifest.version", "1.0") != "1.0":
        find("manifest_property", "warning", "manifest.version should be 1.0.", file=FILE)
    if said in ("1.1", "1.2"):
        return "1.1" if said == "1.1" else "1.2"
    guess: Version = "1.2" if said.startswith("1.2") or "file.roles" in properties else "1.1"
    what = f"oneroster.version {said!r} is not 1.1 or 1.2" if said else "oneroster.version is missing"
    find("manifest_property", "warning", f"{what}; the bundle was read as {guess}.", file=FILE)
    return guess


def _settle(name: str, said: str | None, package: Package, manifest: Manifest, find: Findings) -> None:
    """Finds the mode of one file, and whether it is there as announced."""
    file, there = f"{name}.csv", name in package.entries
    word = (said or "").lower()
    if said is not None and said != word and word in ("absent", "bulk", "delta"):
        find("manifest_property", "warning", f"{said!r} should be written {word}.", file=FILE, column=f"file.{name}")
    if word in ("bulk", "delta"):
        manifest.modes[name] = "bulk" if word == "bulk" else "delta"
        if not there:
            damaged = name in package.unusable
            why = "it could not be used" if damaged else f"the manifest says {word}, but it is not there"
            if not damaged:
                find("missing_file", "error", f"The manifest says {word}, but it is not in the bundle.", file=file)
            manifest.doubts[name] = why
        return
    if word == "absent":
        if there:
            find("extra_file", "error", "The manifest says absent; it was not read.", file=file)
            package.entries.pop(name)
        return
    if there:
        what = f"{said!r}" if said else "nothing"
        text = f"The manifest should say bulk, delta or absent, and says {what}; what the file lacks was left as it is."
        find("not_in_manifest", "error", text, file=file)
        manifest.modes[name] = "delta"
        manifest.unsaid.add(name)
        manifest.doubts[name] = "the manifest does not say whether it is bulk or delta"
    elif said is not None or name in READ:
        find("manifest_property", "warning", f"file.{name} should be bulk, delta or absent.", file=FILE)


def _without(package: Package, find: Findings) -> Manifest:
    """A bundle without a manifest: all bulk; by its files and columns, which version it is."""
    manifest = Manifest(version="1.0")
    if "roles" in package.entries:
        manifest.version = "1.2"
    elif "users" in package.entries and _is_newer(package):
        manifest.version = "1.1"
    if manifest.version != "1.0":
        text = f"There is no manifest.csv; the files look like {manifest.version}, and were read as bulk."
        find("no_manifest", "warning", text, file=FILE)
    for name in files(manifest.version):
        if name in package.entries:
            manifest.modes[name] = "bulk"
        elif name in READ or manifest.version == "1.0":
            damaged = name in package.unusable
            if not damaged:
                find("missing_file", "error", "It is not in the bundle.", file=f"{name}.csv")
            if name in READ:
                manifest.modes[name] = "bulk"
                manifest.doubts[name] = "it could not be used" if damaged else "it is not in the bundle"
    return manifest


def _is_newer(package: Package) -> bool:
    """Whether users.csv has columns that came with 1.1."""
    try:
        table = Table(package.entries["users"], Findings())
        table.close()
    except Broken:
        return False
    return bool({"enabledUser", "agentSourcedIds"} & set(table.header))
