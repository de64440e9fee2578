"""No secret in the tree: looks through every file that git knows for what keys, tokens and passwords look like.

A line that only looks like one ends in `not a secret`, and a word why. Prints each find by place and kind, never the find itself.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARDON = "not a secret"

KINDS = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a key of a cloud": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[\w-]{35}\b",
    "a token of a code host": r"\bgh[pousr]_\w{36,}\b|\bgithub_pat_\w{22,}\b|\bglpat-[\w-]{20,}",
    "a token of a package index": r"\bpypi-[\w-]{50,}",
    "a token of a chat": r"\bxox[abprs]-[\w-]{10,}|hooks\.slack\.com/services/T\w{8}",
    "a signed token": r"\beyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,}",
    "a secret written out": r"""(?i)(?:secret|password|passwd|token|api_?key)["']?\s*[:=]\s*["'][A-Za-z0-9+/_=-]{24,}["']""",
    "an address with a password": r"\b[a-z][a-z0-9+.-]*://[^\s/:@\"'<>{}]+:[^\s/@\"'<>{}…]{6,}@(?!(?:[\w-]+\.)*example\b|localhost|127\.|host\b|\w[:/])",
    "a home of somebody": r"(?<![\w.])/(?:home|Users)/(?!you\b|user\b|USER\b|me\b|roster\b|oneroster\b)[a-z][\w-]+/",
}
"""What is looked for, each kind with its look."""


def finds(text: str) -> Iterator[tuple[int, str]]:
    """Line number and kind of everything in a text that looks like a secret."""
    for kind, look in KINDS.items():
        for found in re.finditer(look, text):
            number = text.count("\n", 0, found.start()) + 1
            if PARDON not in text.splitlines()[number - 1]:
                yield number, kind


def files() -> Iterator[Path]:
    """The files that git knows, new ones too."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    yield from (ROOT / name for name in listed.stdout.decode().split("\0") if name)


def main() -> int:
    """Looks through the tree; 1 where something was found."""
    count = 0
    for path in files():
        if path.is_file():
            for number, kind in finds(path.read_text(encoding="utf-8", errors="replace")):
                sys.stdout.write(f"{path.relative_to(ROOT)}:{number}: {kind}\n")
                count += 1
    sys.stdout.write("no secret in the tree\n" if not count else f"{count} found\n")
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
