"""The hatstand: theme and last mode, kept from one session to the next in the user's state folder."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

import platformdirs

FILE = "interface.json"


def state_folder() -> Path:
    """Where this user's state is kept; the folder need not exist."""
    return platformdirs.user_state_path("oneroster-tui", appauthor=False)


def recall() -> dict[str, str]:
    """What was remembered; nothing where the file is missing or not ours."""
    try:
        kept = json.loads((state_folder() / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in kept.items()} if isinstance(kept, dict) else {}


def remember(**facts: str) -> None:
    """Keeps these facts beside the others. A folder that cannot be written is no reason to trouble anybody."""
    with contextlib.suppress(OSError):
        folder = state_folder()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = folder / f"{FILE}.{os.getpid()}"
        new.touch(mode=0o600)
        new.write_text(json.dumps(recall() | facts), encoding="utf-8")
        new.replace(folder / FILE)
