"""Reads config.toml: finds it, checks every key against the table, and reports all mistakes at once."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from oneroster_tui.config.keys import KEYS, KEYS_BY_NAME, ROLES, SECRETS, suggestion, table_suggestion, tables
from oneroster_tui.config.settings import (
    Connection,
    Database,
    Fingerprint,
    Guards,
    History,
    Log,
    Monitoring,
    Moodle,
    Notify,
    Schools,
    Settings,
    SyncRules,
)
from oneroster_tui.config.values import BadValueError, parse_value, type_name
from oneroster_tui.errors import ConfigError

APP: Final = "oneroster-tui"
VARIABLE: Final = "ONEROSTER_TUI_CONFIG"
FILE: Final = "config.toml"

HELD_SECRETS: Final = {
    "connection.client_secret": "the client secret",
    "notify.smtp_password": "the mail password",
    "moodle.token": "the Moodle token",
    "notify.webhook": "the webhook's address",  # who knows it may post there
}
"""What only the file's owner should be able to read, by the key that holds it."""


def has_password(url: str) -> bool:
    """Whether a database url holds a password."""
    netloc, _, query = url.partition("://")[2].partition("?")
    return ":" in netloc.partition("/")[0].rpartition("@")[0] or "password=" in query


def find(explicit: Path | None, environ: Mapping[str, str]) -> Path:
    """Which config.toml: `explicit` (--config), $ONEROSTER_TUI_CONFIG, ./config.toml if there, the user's folder.

    The file need not exist.
    """
    if explicit is not None:
        return explicit
    if environ.get(VARIABLE):
        return Path(environ[VARIABLE]).expanduser()
    here = Path(FILE)
    if here.exists():
        return here
    import platformdirs  # late: the commonest start, with a file here, does not need it

    return platformdirs.user_config_path(APP, appauthor=False) / FILE


def load(path: Path) -> Settings:
    """Reads and checks the file.

    Raises:
        ConfigError: it is missing, unreadable, not UTF-8, not TOML, or has mistakes; `problems` names all of them.
    """
    content = read_bytes(path)
    if content is None:
        raise ConfigError(
            "There is no config file.",
            where=str(path),
            do="try `oneroster-tui --demo`, which needs none; begin one with `oneroster-tui config --sample >config.toml`, "
            "or in the interface: `oneroster-tui`",
        )
    return _settings(parse_toml(decode(content, path), path), path, content)


def from_text(text: str, path: Path) -> Settings:
    """The Settings of a config file's text; `path` is where it would stand.

    Raises:
        ConfigError: as for `load`.
    """
    return _settings(parse_toml(text, path), path, None)


def defaults(path: Path) -> Settings:
    """The Settings of an empty file at `path`: the start of a first configuration, and of tests."""
    return from_text("", path)


def fingerprint(path: Path) -> Fingerprint:
    """The fingerprint of the file as it is now.

    Raises:
        ConfigError: it cannot be read.
    """
    return digest(read_bytes(path))


def digest(content: bytes | None) -> Fingerprint:
    """The fingerprint of a content; of None, the one of a missing file."""
    import hashlib

    return Fingerprint("" if content is None else hashlib.sha256(content).hexdigest())


def read_bytes(path: Path) -> bytes | None:
    """The file's content, or None when there is no file.

    Raises:
        ConfigError: it is a folder or cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        what, do = "The config file is a folder.", f"name the file in it: {path / FILE}"
    except PermissionError:
        what, do = "The config file may not be read.", "check the owner and mode of the file and its folder"
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or "not a usable path"
        what, do = f"The config file cannot be read: {reason}.", "check the path given with --config"
    raise ConfigError(what, where=str(path), do=do)


def decode(content: bytes, path: Path) -> str:
    """The file's text, without a byte order mark.

    Raises:
        ConfigError: it is not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
    # Raised outside the handler: a decoding error carries the file, secret and all, along.
    raise ConfigError(
        f"The config file is not UTF-8 text: line {line} has a byte that is not.",
        where=f"{path}, line {line}",
        do="save it as UTF-8 in your editor",
    )


def parse_toml(text: str, path: Path) -> dict[str, Any]:
    """The text as TOML.

    Raises:
        ConfigError: a syntax error, with line and column.
    """
    try:
        return tomllib.loads(text)
    except RecursionError:
        reason = "brackets nested too deep"
    except ValueError as error:  # TOMLDecodeError, or a number with thousands of digits
        reason = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "a number that is far too long"
    what, _, place = reason.rstrip(")").partition(" (at ")
    raise ConfigError(
        f"The config file is not valid TOML: {what}.",
        where=", ".join(part for part in (str(path), place) if part),
        do="correct that place: texts stand in quotes, each key once, a table's name in [brackets]",
    )


def problems_of(data: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Every mistake in a file's content, a sentence each; `name` is how the sentences call the file."""
    problems: list[str] = []
    _values(data, name, problems)
    return tuple(problems)


def _settings(data: Mapping[str, Any], path: Path, content: bytes | None) -> Settings:
    problems: list[str] = []
    values = _values(data, path.name, problems)
    if problems:
        count = "a mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        raise ConfigError(
            f"The config file has {count}.", where=str(path), do="correct the file", problems=tuple(problems)
        )
    path = path.absolute()
    fields: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        table, _, leaf = name.rpartition(".")
        fields.setdefault(table, {})[leaf] = value
    return Settings(
        path=path,
        connection=Connection(folder=path.parent, **fields["connection"]),
        schools=Schools(**fields["schools"]),
        sync=SyncRules(**fields["sync"]),
        guards=Guards(**fields["guards"]),
        database=Database(**fields["database"]),
        notify=Notify(**fields["notify"]),
        log=Log(**fields["log"]),
        history=History(**fields["history"]),
        monitoring=Monitoring(**fields["monitoring"]),
        moodle=Moodle(**fields["moodle"]),
        warnings=tuple(_warnings(values, path, on_disk=content is not None)),
        fingerprint=digest(content),
        **fields[""],
    )


def _values(data: Mapping[str, Any], name: str, problems: list[str]) -> dict[str, Any]:
    """Every key's value as Settings holds it, the default where the file has none; mistakes go to `problems`."""
    present = dict(_present(data, name, problems))
    values: dict[str, Any] = {}
    for key in KEYS:
        try:
            values[key.name] = parse_value(key, present.get(key.name, key.default))
        except BadValueError as error:
            problems += [f"{name}: {key.name}: {reason}." for reason in error.reasons]
    for ways in SECRETS:
        given = [way for way in ways if values.get(way)]
        if len(given) > 1:
            problems.append(f"{name}: found {', '.join(given)}; allowed is only one of them: empty the others.")
    return values


def _present(data: Mapping[str, Any], name: str, problems: list[str]) -> Iterator[tuple[str, Any]]:
    """The known keys that the file holds, dotted, with their TOML values."""
    known_tables = tables()
    for word, value in data.items():
        if word in KEYS_BY_NAME:
            yield word, value
        elif word not in known_tables:
            problems.append(_unknown(word, value, name, table_suggestion(word) if isinstance(value, dict) else ""))
        elif not isinstance(value, dict):
            problems.append(f"{name}: {word}: found a {type_name(value)}; allowed is one table: [{word}].")
        else:
            for leaf, item in value.items():
                dotted = f"{word}.{leaf}"
                if dotted in KEYS_BY_NAME:
                    yield dotted, item
                else:
                    problems.append(_unknown(dotted, item, name))


def _unknown(dotted: str, value: object, name: str, table: str = "") -> str:
    """The sentence about an unknown key. It never shows the value: a misspelt client_secret is unknown, too."""
    near = f"[{table}]" if table else suggestion(dotted)
    if near in KEYS_BY_NAME:
        key = KEYS_BY_NAME[near]
        if key.table != dotted.rpartition(".")[0]:
            near += f", in the table [{key.table}]" if key.table else ", at the top of the file"
    shown = dotted.encode("unicode_escape").decode()[:80]
    help_ = f"did you mean {near}?" if near else f"the tables are {', '.join(f'[{one}]' for one in tables())}."
    return f"{name}: {shown}: unknown key, found a {type_name(value)}; {help_}"


def _warnings(values: Mapping[str, Any], path: Path, *, on_disk: bool) -> Iterator[str]:
    """What works but should not stay."""
    for name in ("connection.root_url", "connection.token_url", "notify.webhook", "moodle.url"):
        if values[name].lower().startswith("http:") and not _loopback(values[name]):
            yield f"{path.name}: {name} is http: everything sent there can be read on the way. Use https."
    if (
        values["notify.smtp_host"]
        and values["notify.smtp_tls"] == "none"
        and not _is_loopback(values["notify.smtp_host"])
    ):
        yield f'{path.name}: notify.smtp_tls is "none": mails, and the password, can be read on the way.'
    yield from _unknown_roles(values["role_mapping"], path)
    held = [words for name, words in HELD_SECRETS.items() if values[name]]
    if has_password(values["database.url"]):
        held.append("the database's password")
    if held and on_disk and os.name == "posix":
        try:
            mode = path.stat().st_mode & 0o777
        except OSError:  # gone since it was read
            return
        if mode & 0o077:
            yield (
                f"{path.name} holds {' and '.join(held)} and other users may open it (mode {mode:o}). "
                f"Run: chmod 600 {path}"
            )


def _unknown_roles(mapping: Mapping[str, str], path: Path) -> Iterator[str]:
    """Role words that are nearly, but not quite, one of OneRoster's: whoever has the role would be left out in silence."""
    known = {role.casefold(): role for role in ROLES}
    for role in mapping:
        if role.casefold() in known or role.casefold().startswith("ext:"):
            continue
        from difflib import get_close_matches  # late: hardly ever needed

        near = get_close_matches(role.casefold(), known, n=1, cutoff=0.75)
        if near:
            yield f"{path.name}: role_mapping.{role} is no role of OneRoster; did you mean {known[near[0]]}?"


def _loopback(url: str) -> bool:
    """Whether an address stays on this machine."""
    from urllib.parse import urlsplit

    return _is_loopback(urlsplit(url).hostname or "")


def _is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    import ipaddress

    host = host.rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
