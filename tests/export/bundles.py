"""Reads a written bundle back: as tables of cells, and as the records of a provider that a lab can sync."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

from tests.lab import COLLECTIONS, Provider

Table = list[dict[str, str]]


def texts(path: Path) -> dict[str, str]:
    """file name -> its text, of a folder or a zip."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            return {name: archive.read(name).decode() for name in archive.namelist()}
    return {one.name: one.read_bytes().decode() for one in path.iterdir()}


def tables(path: Path) -> dict[str, Table]:
    """file, without `.csv` -> its rows by column."""
    return {
        name.removesuffix(".csv"): list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
        for name, text in texts(path).items()
    }


def header(path: Path, file: str) -> list[str]:
    """A file's first line."""
    return next(csv.reader(io.StringIO(texts(path)[f"{file}.csv"], newline="")))


def load(provider: Provider, path: Path) -> Provider:
    """Makes the provider say what a bundle says: a bulk file is everything there is, a delta comes on top."""
    found = tables(path)
    manifest = {row["propertyName"]: row["value"] for row in found.pop("manifest")}
    for file, rows in found.items():
        mode = manifest[f"file.{file}"]
        kept = provider.records.setdefault(file, {})
        if mode == "bulk":
            kept.clear()
        kept.update({row["sourcedId"]: dict(row) for row in rows})
    with_roles(provider.records)
    for name in set(provider.records) - {*COLLECTIONS, "roles"}:
        raise AssertionError(f"unexpected file {name}")
    return provider


def with_roles(records: dict[str, dict[str, Any]]) -> None:
    """Puts 1.2's roles into their users, as its REST binding has them."""
    if "roles" not in records:
        return
    for user in records["users"].values():
        user["roles"] = []
    for role in records["roles"].values():
        if role["status"] != "tobedeleted" and role["userSourcedId"] in records["users"]:
            records["users"][role["userSourcedId"]]["roles"].append(
                {"roleType": role["roleType"], "role": role["role"], "org": {"sourcedId": role["orgSourcedId"]}}
            )
