"""docs/licences.md: every package that is pinned in constraints.txt, its licence, and what needs it.

The page is made where all of them are installed (`make licences` sees to that).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]

FOUND_BY_HAND = {"peewee": "MIT", "mkdocs-material-extensions": "MIT"}
"""Packages whose metadata name no licence; these are what their licence files say."""

WORDS = {
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD 2-Clause License": "BSD-2-Clause",
}
"""How older metadata say what SPDX has a word for."""

FREE = {
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "LGPL-3.0-only",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "PSF-2.0",
    "CNRI-Python",
}
"""What an MIT program may need without another word: none asks anything of who only runs it."""

PYTHON = {"python_version": "3.11", "python_full_version": "3.11.0", "extra": ""}
"""The requirements are those of the oldest Python, wherever the page is made."""


def pinned() -> list[str]:
    """The names in constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line.partition("==")[0] for line in lines if "==" in line and not line.startswith("#")]


def wanted_by() -> dict[str, list[str]]:
    """The requirements that pyproject.toml lists, by what they are for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {f"extra `{name}`": list(words) for name, words in project["optional-dependencies"].items()}
    return {"the program": project["dependencies"]} | extras


def closure(wanted: Iterable[str]) -> set[str]:
    """The packages that requirements lead to, as far as they are installed."""
    found: set[str] = set()
    waiting = [Requirement(one) for one in wanted]
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        key = f"{name}[{','.join(sorted(one.extras))}]"
        if key in found:
            continue
        found |= {name, key}
        try:
            inner = metadata.requires(one.name) or []
        except metadata.PackageNotFoundError:
            continue
        for text in inner:
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is None or any(marker.evaluate(PYTHON | {"extra": extra}) for extra in ("", *one.extras)):
                waiting.append(requirement)
    return {name for name in found if "[" not in name}


def licence(name: str) -> str:
    """A package's licence as an SPDX expression.

    Raises:
        PackageNotFoundError: it is not installed.
        ValueError: its metadata name none.
    """
    told = metadata.metadata(name)
    words = told.get("License-Expression") or FOUND_BY_HAND.get(canonicalize_name(name), "")
    if not words:
        short = told.get("License") or ""
        words = short if "\n" not in short and len(short) < 40 and short != "UNKNOWN" else ""
        classes = [
            one.rpartition(" :: ")[2] for one in told.get_all("Classifier") or [] if one.startswith("License ::")
        ]
        words = words or " AND ".join(WORDS.get(one, one) for one in classes)
    if not words:
        raise ValueError(f"{name} does not say what its licence is: look into its files and add it to FOUND_BY_HAND.")
    return WORDS.get(words, words)


def parts(expression: str) -> set[str]:
    """The licences of an expression."""
    return set(re.split(r" (?:AND|OR|WITH) ", expression.replace("(", "").replace(")", "")))


def rows() -> list[tuple[str, str, str]]:
    """Name, licence and need of each pinned package."""
    needs = {what: closure(wanted) for what, wanted in wanted_by().items()}
    return [
        (name, licence(name), next((what for what, names in needs.items() if canonicalize_name(name) in names), ""))
        for name in pinned()
    ]


def page() -> str:
    """The page."""
    head = """\
# Licences

<!-- Made by `make licences` from the installed packages' metadata; a test compares the two. -->

oneroster-tui is under the MIT licence. It is installed with the packages that "the program" needs, and with those of an extra where
one was asked for; the extras `dev` and `docs` are for those who work on it. None of them is part of what is published here.

| package | licence | needed by |
| --- | --- | --- |
"""
    return head + "".join(f"| {name} | {words} | {need} |\n" for name, words, need in rows())


if __name__ == "__main__":
    (ROOT / "docs" / "licences.md").write_text(page(), encoding="utf-8")
