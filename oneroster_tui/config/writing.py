"""Writes config.toml: changes single keys, keeps a person's comments, order and unknown keys, and never half a file."""

from __future__ import annotations

import contextlib
import copy
import os
import stat
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from oneroster_tui.config.keys import KEYS, KEYS_BY_NAME, Key, suggestion
from oneroster_tui.config.reading import HELD_SECRETS, decode, digest, has_password, parse_toml, problems_of, read_bytes
from oneroster_tui.config.settings import Fingerprint
from oneroster_tui.config.values import BadValueError, parse_value, plain_value
from oneroster_tui.errors import ConfigError

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

RESET: Final = object()
"""As a change: take the key out of the file, so that its default applies."""

_ROLES = "role_mapping"
Edits = list[tuple[Key, str, Any]]
"""Key, role (for `role_mapping.student`; else ""), TOML value or RESET."""


def save(path: Path, changes: Mapping[str, object], *, expected: Fingerprint | None = None) -> Fingerprint:
    """Changes keys of the file, which is made if it is missing; everything else in it stays as it is.

    Args:
        path: the file; a symlink is followed, not replaced.
        changes: dotted key ("schools.sync", "role_mapping.student") = value, as Settings or TOML holds it, or RESET.
        expected: refuse when the file is no longer the one with this fingerprint (`Settings.fingerprint`).

    Returns:
        The fingerprint of what was written.

    Raises:
        ConfigError: a key or value is not allowed, the file has changed, or it cannot be read or written. Nothing
            was written then. Mistakes that stood in the file before do not stop a save, new ones do.
    """
    target = Path(os.path.realpath(path))
    content = read_bytes(target)
    if expected is not None and digest(content) != expected:
        _refuse_stale(path)
    text = "" if content is None else decode(content, path)
    crlf = "\r\n" in text
    before = parse_toml(text, path)
    edits = _edits(changes, path)
    if _ROLES not in before:
        edits = _with_default_roles(edits)
    edits.sort(key=lambda edit: KEYS.index(edit[0]))
    after = _applied(before, edits, path)
    _refuse_new_mistakes(before, after, path)
    if after == before and content is not None:
        return digest(content)
    written = _edited(text.replace("\r\n", "\n"), edits, after, path)
    new = (written.replace("\n", "\r\n") if crlf else written).encode()
    _replace(target, new, content, path, secret=_holds_secret(after))
    return digest(new)


def _refuse_stale(path: Path) -> NoReturn:
    raise ConfigError(
        "The config file was changed by somebody else since it was read; nothing was saved.",
        where=str(path),
        do="read it again, then make your changes once more",
    )


def _edits(changes: Mapping[str, object], path: Path) -> Edits:
    """The changes, checked one by one.

    Raises:
        ConfigError: with every unknown key and every value that is not allowed.
    """
    edits: Edits = []
    problems: list[str] = []
    for name, value in changes.items():
        role = name.removeprefix(f"{_ROLES}.") if name.startswith(f"{_ROLES}.") else ""
        key = KEYS_BY_NAME.get(_ROLES if role else name)
        if key is None:
            near = suggestion(name)
            problems.append(f"{path.name}: {name}: unknown key{f'; did you mean {near}?' if near else '.'}")
            continue
        plain = value if value is RESET else plain_value(key, value)
        edits.append((key, role, plain))
        try:
            if plain is not RESET:
                parse_value(key, {role: plain} if role else plain)
        except BadValueError as error:
            problems += [f"{path.name}: {key.name}: {reason}." for reason in error.reasons]
    if problems:
        raise ConfigError("The change is not allowed.", where=str(path), do="correct it", problems=tuple(problems))
    return edits


def _with_default_roles(edits: Edits) -> Edits:
    """A first [role_mapping] table ends the default mapping: a change of one role writes out the default ones first."""
    key = KEYS_BY_NAME[_ROLES]
    first = next(((role, value) for edited, role, value in edits if edited is key), None)
    return [(key, "", plain_value(key, key.default)), *edits] if first is not None and first[0] else edits


def _applied(before: Mapping[str, Any], edits: Edits, path: Path) -> dict[str, Any]:
    """What the file must say after the edits: checked before tomlkit works, and tomlkit's work against it.

    Raises:
        ConfigError: a value stands where a table should.
    """
    data = copy.deepcopy(dict(before))
    for key, role, value in edits:
        section = _section(key, role)
        table = data.get(section, {}) if section else data
        if not isinstance(table, dict):
            raise ConfigError(
                f"{section} is not a table.", where=str(path), do=f"make it one in an editor: [{section}]"
            )
        _set(table, _spelling(table, key, role), value if value is RESET else copy.deepcopy(value))
        if section and table:
            data[section] = table
    return data


def _section(key: Key, role: str) -> str:
    """The table an edit works in; "" is the top of the file."""
    return key.name if role else key.table


def _spelling(table: Mapping[str, Any], key: Key, role: str) -> str:
    """How the file spells the key: roles keep the case a person gave them."""
    if not role:
        return key.leaf
    return next((name for name in table if name.strip().lower() == role.strip().lower()), role)


def _set(table: MutableMapping[str, Any], name: str, value: object) -> None:
    if value is RESET:
        table.pop(name, None)
    else:
        table[name] = value


def _holds_secret(data: Mapping[str, Any]) -> bool:
    tables = {name: data.get(name.partition(".")[0]) for name in HELD_SECRETS}
    if any(isinstance(table, dict) and table.get(name.partition(".")[2]) for name, table in tables.items()):
        return True
    database = data.get("database")
    url = database.get("url") if isinstance(database, dict) else None
    return isinstance(url, str) and has_password(url)


def _refuse_new_mistakes(before: Mapping[str, Any], after: Mapping[str, Any], path: Path) -> None:
    old = problems_of(before, path.name)
    problems = tuple(problem for problem in problems_of(after, path.name) if problem not in old)
    if problems:
        raise ConfigError(
            "The change would make a config file that cannot be used; nothing was saved.",
            where=str(path),
            do="correct the change",
            problems=problems,
        )


def _edited(text: str, edits: Edits, after: Mapping[str, Any], path: Path) -> str:
    """The text with the edits made, proved to say what was meant and nothing else."""
    import tomlkit  # late: only saving needs it, and it is slow to load
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text)
        for key, role, value in edits:
            _edit(document, key, role, value)
        written = tomlkit.dumps(document)
        good = _same(parse_toml(written, path), after)
    except (TOMLKitError, ConfigError, ValueError, TypeError, AttributeError, LookupError):
        good = False
    if not good:
        raise ConfigError(
            "The change could not be made without disturbing the rest of the file; nothing was saved.",
            where=str(path),
            do="make the change in an editor, or write the tables in the usual form: [table], then key = value",
        )
    return written


def _edit(document: TOMLDocument, key: Key, role: str, value: object) -> None:
    import tomlkit

    section = _section(key, role)
    if section and section not in document:
        if value is RESET:
            return
        document[section] = tomlkit.table()
    table: Any = document[section] if section else document
    name = _spelling(table, key, role)
    old = table.get(name)
    if isinstance(value, list) and isinstance(old, list) and _edit_list(old, value):
        return
    if isinstance(value, dict) and isinstance(old, dict):
        for gone in [one for one in old if one not in value]:
            del old[gone]
        for one, item in value.items():
            if old.get(one) != item:
                old[one] = item
        return
    if not _same(getattr(old, "unwrap", lambda: old)(), value):
        _set(table, name, value)


def _edit_list(old: list[Any], new: list[Any]) -> bool:
    """Edits a list entry by entry, so that the comments beside the entries that stay survive; whether it could."""
    kept = [item for item in old if item in new]
    if kept != new[: len(kept)] or len(set(map(str, kept))) != len(kept):
        return False  # another order: the list is written anew
    for place in reversed(range(len(old))):
        if old[place] not in new:
            del old[place]
    old.extend(new[len(kept) :])
    return old == new


def _same(one: object, other: object) -> bool:
    """Equal in type and value, all the way down; nan equals nan."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and (one == other or (one != one and other != other))


def _replace(target: Path, new: bytes, old: bytes | None, path: Path, *, secret: bool) -> None:
    """Puts the new content in the file's place at once; whoever reads it meanwhile sees the old one or the new one."""
    import tempfile

    temporary = ""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)  # mode 0600
        with os.fdopen(handle, "wb") as file:
            file.write(new)
            file.flush()
            if old is not None:
                _keep_owner_and_mode(file.fileno(), target, secret=secret)
            os.fsync(file.fileno())
        if read_bytes(target) != old:
            _refuse_stale(path)
        os.replace(temporary, target)
        temporary = ""
        _sync_folder(target.parent)
    except OSError as error:
        raise ConfigError(
            f"The config file cannot be written: {error.strerror or type(error).__name__}.",
            where=str(path),
            do="check the owner and mode of the file and its folder, and the free space of the disk",
        ) from error
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _keep_owner_and_mode(handle: int, target: Path, *, secret: bool) -> None:
    if os.name != "posix":
        return
    was = target.stat()
    with contextlib.suppress(PermissionError):  # only root gives files away
        os.fchown(handle, was.st_uid, was.st_gid)
    os.fchmod(handle, 0o600 if secret else stat.S_IMODE(was.st_mode))


def _sync_folder(folder: Path) -> None:
    """Makes the renaming last through a power cut, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
