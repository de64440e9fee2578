"""The pages that are made from code: `python -m tests.docs.pages` writes them, test_pages.py compares them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.docs import man, reference

ROOT = Path(__file__).parents[2]

PAGES: dict[str, Callable[[], str]] = {
    "docs/oneroster-tui.1": man.page,
    "docs/reference/commands.md": reference.commands,
    "docs/reference/config.md": reference.config_keys,
    "docs/reference/exit-codes.md": reference.exit_codes,
    "docs/reference/schema.md": reference.schema,
}
"""Each page, below the top of the project, and what makes it."""


def write() -> None:
    """Writes every page anew."""
    for name, make in PAGES.items():
        (ROOT / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    write()
