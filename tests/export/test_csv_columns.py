"""The table of CSV files and columns, against the facts of the specification where they are at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oneroster_tui.csv_columns import FILES, manifest_rows

FACTS = Path(__file__).parents[3] / "shared" / "spec" / "facts"


def facts(name: str) -> Any:
    """A facts file; a checkout by itself has none."""
    for folder in (FACTS, FACTS.parents[3] / "shared" / "spec" / "facts"):
        if (folder / name).exists():
            return json.loads((folder / name).read_text())
    return pytest.skip(f"{name} is not at hand")


@pytest.mark.parametrize(("version", "edition"), [("1.1", "1.1"), ("1.2", "1.2.0")])
def test_columns_are_those_of_the_specification(version: str, edition: str) -> None:
    words = {"yes": (True, False), "delta": (False, True), "no": (False, False)}
    expected = {
        file.removesuffix(".csv"): [(column["name"], *words[column["required"]]) for column in columns]
        for file, columns in facts("csv_schemas.json")[edition].items()
    }
    assert {name: list(map(tuple, columns)) for name, columns in FILES[version].items()} == expected


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_the_manifest_names_every_file(version: str) -> None:
    rows = manifest_rows(version, {"users": "bulk", "orgs": "delta"}, "name", "code")
    assert {key for key, _ in rows} == set(facts("csv_manifest.json")[version])
    assert rows[:2] == [("manifest.version", "1.0"), ("oneroster.version", version)]
    assert dict(rows)["file.users"] == "bulk"
    assert dict(rows)["file.orgs"] == "delta"
    assert dict(rows)["file.results"] == "absent"
