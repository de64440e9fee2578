"""The copying room: text to the person's clipboard through the terminal, or into a file where that cannot work."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from pathlib import Path

LIMIT = 74_994
"""Bytes of text that terminals take: 100,000 of escape sequence, less its frame, less a quarter for base64."""


def sequence(text: str, environ: Mapping[str, str]) -> str | None:
    """What to write to the terminal so that it copies `text`; None where no terminal would.

    tmux and screen swallow the sequence unless it is wrapped; tmux gets both forms, since which one works is a matter of
    its `set-clipboard` and `allow-passthrough`.
    """
    content = text.encode()
    if len(content) > LIMIT or environ.get("TERM", "") == "linux":
        return None
    plain = f"\x1b]52;c;{base64.b64encode(content).decode()}\x07"
    if environ.get("TMUX"):
        escaped = plain.replace("\x1b", "\x1b\x1b")
        return f"{plain}\x1bPtmux;{escaped}\x1b\\"
    if environ.get("STY"):
        return "".join(
            f"\x1bP{plain[at : at + 250]}\x1b\\" for at in range(0, len(plain), 250)
        )  # screen cuts longer ones
    return plain


def save(text: str, folder: Path, name: str) -> Path:
    """Writes text to a new file that only its owner may read, and says where.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for number in range(1, 10_000):
        path = folder / (name if number == 1 else f"{Path(name).stem}-{number}{Path(name).suffix}")
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(text if text.endswith("\n") else f"{text}\n")
        return path
    raise FileExistsError(name)


def copy(text: str, write: Callable[[str], None] | None, folder: Path, environ: Mapping[str, str]) -> str:
    """Copies text and says what came of it, as a sentence for a toast.

    Args:
        write: writes to the terminal; None where there is none.
        folder: where the text is saved when the terminal cannot take it.

    Raises:
        OSError: it can neither be copied nor saved.
    """
    control = sequence(text, environ)
    if control is not None and write is not None:
        write(control)
        first, _, rest = text.partition("\n")
        shown = first if len(first) <= 50 else f"{first[:49]}…"
        more = f" and {rest.count(chr(10)) + 1} lines more" if rest else ""
        return f"Copied: {shown}{more}"
    return f"Too much for the terminal's clipboard: saved to {save(text, folder, 'copied.txt')}"
