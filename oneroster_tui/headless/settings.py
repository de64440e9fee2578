"""`oneroster-tui config`: which config.toml is in force and what it sets, without its secrets; or the sample file."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from oneroster_tui.config import KEYS, Key, Settings, plain_value
from oneroster_tui.config.reading import HELD_SECRETS
from oneroster_tui.errors import ExitCode
from oneroster_tui.headless.output import Output
from oneroster_tui.headless.workplace import Options, opened

MASK = "(set; not shown)"


def settings(options: Options, output: Output) -> ExitCode:
    """Prints the file in force and each key that differs from its default.

    Raises:
        ConfigError: the config cannot be used.
    """
    with opened(options) as found:
        values = {key.name: shown(key, value) for key in KEYS if (value := value_of(found, key)) != default_of(key)}
        output.line(f"# {found.path.absolute()}")
        for name, value in values.items():
            output.line(f"{name} = {toml(value)}")
        if not values:
            output.line("# Every key has its default.")
        output.result({"exit_code": 0, "path": str(found.path.absolute()), "values": values})
    return ExitCode.DONE


def value_of(found: Settings, key: Key) -> Any:
    """A key's value in force, as TOML holds it."""
    value: Any = found
    for part in key.name.split("."):
        value = getattr(value, part)
    return plain_value(key, value)


def default_of(key: Key) -> Any:
    """A key's default, as TOML holds it."""
    return plain_value(key, key.default)


def shown(key: Key, value: Any) -> Any:
    """A value that may be seen: of a secret, or a way to one, only that it is set."""
    if key.hidden or key.name in HELD_SECRETS:
        return MASK
    if key.kind == "database url":
        from oneroster_tui.roster.database import public_url  # late: the sample is printed without peewee

        return public_url(value)
    return value


def toml(value: Any) -> str:
    """A value as TOML writes it; texts, numbers and lists of them look alike in JSON."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(name)} = {toml(one)}" for name, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def sample(_: Options, output: Output) -> ExitCode:
    """Prints the sample config.toml."""
    text = sample_text()
    if not output.json:
        output.line(text.rstrip("\n"))
    output.result({"exit_code": 0, "text": text})
    return ExitCode.DONE


def sample_text() -> str:
    """The sample config.toml: a wheel carries it beside the code, in a checkout it stands at the top."""
    package = files("oneroster_tui") / "config" / "sample.toml"
    if package.is_file():
        return package.read_text(encoding="utf-8")
    return (Path(__file__).parents[2] / "config.toml").read_text(encoding="utf-8")
