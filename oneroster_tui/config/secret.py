"""Fetches a secret, as late as possible and without ever showing it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from oneroster_tui.errors import ConfigError

COMMAND_TIMEOUT: Final = 30.0
"""Seconds a `client_secret_command` may take."""
LONGEST: Final = 65536
"""Characters of the first line that are read: nobody waits for the end of /dev/zero."""


def resolve(
    *,
    value: str,
    variable: str,
    file: str,
    command: str,
    folder: Path,
    key: str = "connection.client_secret",
    noun: str = "client secret",
) -> str:
    """The secret from the one place that is set.

    Args:
        folder: relative files and commands start here (the config file's folder).
        key: the key that holds the secret itself; the other ways are named after it.
        noun: what the sentences call it.

    Raises:
        ConfigError: nothing is set, or what is set gives no secret. No message holds any of it.
    """
    if value:
        return value
    if variable:
        return _from_environment(variable, key, noun)
    if file:
        return _from_file(folder / Path(file).expanduser(), key, noun)
    if command:
        return _from_command(command, folder, key, noun)
    table, _, leaf = key.partition(".")
    raise ConfigError(
        f"The {noun} is not set.",
        where=key,
        do=f"set one of {leaf}_env, {leaf}_file, {leaf}_command or {leaf} in [{table}]",
    )


def origin(*, value: str, variable: str, file: str, command: str) -> str:
    """Where the secret comes from, as a part of a sentence. Of a command only the program is named."""
    if value:
        return "the config file itself"
    if variable:
        return f"environment variable {variable}"
    if file:
        return f"file {file}"
    if command:
        return f"command {_words(command)[0]}"
    return "not set"


def _from_environment(variable: str, key: str, noun: str) -> str:
    secret = os.environ.get(variable, "")
    if secret:
        return secret
    raise ConfigError(
        f"The environment variable {variable}, which should hold the {noun}, is "
        f"{'empty' if variable in os.environ else 'not set'}.",
        where=f"{key}_env",
        do=f"set {variable} where this program is started (cron and systemd have an environment of their own)",
    )


def _from_file(path: Path, key: str, noun: str) -> str:
    try:
        with path.open(encoding="utf-8-sig") as lines:
            secret = lines.readline(LONGEST).rstrip("\r\n")
    except UnicodeDecodeError:
        problem = "is not UTF-8 text"
    except (OSError, ValueError) as error:
        problem = f"cannot be read: {getattr(error, 'strerror', None) or 'not a usable path'}"
    else:
        if secret:
            return secret
        problem = "has an empty first line"
    # Raised outside the handler: a decoding error carries the file's bytes along.
    raise ConfigError(
        f"The file that should hold the {noun} {problem}.",
        where=f"{key}_file = {path}",
        do="put the secret on its first line and let the user who runs the sync read it",
    )


def _from_command(command: str, folder: Path, key: str, noun: str) -> str:
    import subprocess  # late: only this way of giving a secret needs it

    words = _words(command)
    try:
        done = subprocess.run(  # noqa: S603  the config file's owner chose the command; no shell sees it
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=COMMAND_TIMEOUT,
            cwd=folder,
            check=False,
        )
        first = done.stdout.decode("utf-8-sig").partition("\n")[0].rstrip("\r")
    except subprocess.TimeoutExpired:
        problem = f"did not end within {COMMAND_TIMEOUT:.0f} seconds"
    except UnicodeDecodeError:
        problem = "did not print UTF-8 text"
    except (OSError, ValueError) as error:
        problem = f"could not be started: {getattr(error, 'strerror', None) or 'not a usable command'}"
    else:
        if done.returncode == 0 and first:
            return first
        problem = f"ended with code {done.returncode}" if done.returncode else "printed an empty first line"
    raise ConfigError(
        f"The command that should print the {noun} ({words[0]}) {problem}.",
        where=f"{key}_command",
        do="run it by hand, as the user who runs the sync, to see why; it must print the secret on its first line",
    )


def _words(command: str) -> list[str]:
    """The command's words; never empty."""
    import shlex

    try:
        words = shlex.split(command)
    except ValueError:  # quotes that do not match; load() refuses them, a hand-made Connection may not
        words = []
    return words or ["(empty)"]
