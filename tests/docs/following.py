"""Follows a document as its reader would: its shell commands, word for word and in order, in a home where nothing is.

`python -m tests.docs.following docs/tutorial.md` does it with the program beside the running Python.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAKES_ITSELF = "make test"
"""The command of README that would run the tests from within the tests."""


def blocks(document: Path) -> list[list[str]]:
    """The `sh` blocks of a document, each as its commands."""
    found = re.findall(r"^```sh\n(.*?)^```$", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [block.strip().splitlines() for block in found]


@contextmanager
def clean_place(where: Path) -> Iterator[dict[str, str]]:
    """An environment with an empty home, and a checkout to work in whose `make` finds the running Python's tools.

    Args:
        where: an empty folder; `home` and `checkout` are made in it.
    """
    tools = Path(sys.executable).parent
    (where / "home").mkdir()
    checkout = where / "checkout"
    checkout.mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy2(ROOT / name, checkout / name)
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "bin").symlink_to(tools)
    (checkout / ".venv" / ".ready").touch()
    keep = ("LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE")
    yield {
        **{name: os.environ[name] for name in keep if name in os.environ},
        "HOME": str(where / "home"),
        "PATH": f"{tools}:{os.environ['PATH']}",
        "TERM": "dumb",
    }


def follow(commands: Sequence[str], environment: dict[str, str], folder: Path) -> str:
    """Runs commands in one shell, as somebody types them, and gives back what they said.

    Raises:
        AssertionError: a command failed.
    """
    script = "\n".join(one for one in commands if not one.startswith(MAKES_ITSELF))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout[-3000:]}"
    return done.stdout


def main(documents: Sequence[str]) -> None:
    """Follows each document in a place of its own."""
    for document in documents:
        with tempfile.TemporaryDirectory() as folder, clean_place(Path(folder)) as environment:
            for commands in blocks(ROOT / document):
                follow(commands, environment, Path(folder) / "checkout")
        sys.stdout.write(f"{document}: every command works.\n")


if __name__ == "__main__":
    main(sys.argv[1:])
