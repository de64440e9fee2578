"""The pictures in README and docs: recorded screens of the demo district, under a name of their own.

`make screenshots` copies them from `snapshots/`, where the tests of the screens compare them with what the program draws.
"""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]

PICTURES = {
    "first-start": "test_overview/test_first_start[80x24]",
    "review": "test_review/test_held[120x40]",
    "participants": "test_courses/test_participants[120x40]",
    "why": "test_people/test_why[120x40]",
    "history": "test_history/test_full[120x40]",
}
"""Each picture's name, and the recorded screen it is."""


def paths() -> dict[Path, Path]:
    """Each picture's file, and the file it is a copy of."""
    return {
        ROOT / "docs" / "images" / f"{name}.svg": ROOT / "snapshots" / f"{screen}.svg"
        for name, screen in PICTURES.items()
    }


if __name__ == "__main__":
    for picture, screen in paths().items():
        shutil.copyfile(screen, picture)
