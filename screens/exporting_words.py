"""The packing list: what the export dialog says: what can be written, what is wrong with a name, and how writing went."""

from __future__ import annotations

WRITE_TO = "Write to (↑ ↓ choose the form):"
NO_NAME = "✗ Type where to write it; esc leaves it."
IS_THERE = "▲ It is there already: Enter again replaces it."
GO_ON = "You can go on meanwhile."


def as_csv(what: str) -> str:
    """A list as CSV."""
    return f"{what}, CSV for a spreadsheet"


def as_json(what: str) -> str:
    """A list as JSON."""
    return f"{what}, JSON"


def as_bundle(whose: str, version: str) -> str:
    """The roster, or a school's part, as a OneRoster bundle."""
    return f"{whose}, OneRoster {version} bundle"


def for_moodle(whose: str) -> str:
    """The roster, or a school's part, as Moodle imports it."""
    return f"{whose}, files for Moodle, a folder"


def writing(name: str) -> str:
    """While it is written."""
    return f"Writing {name} …"


def written(rows: int) -> str:
    """Once it is."""
    return f"Written: {rows:,} rows"
