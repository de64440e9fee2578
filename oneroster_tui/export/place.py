"""Where an export goes: a folder, a zip or a file, complete or not at all.

Everything is written beside its place under another name and moved there at the very end, so that whatever happens (a full disk, a
signal, a power cut) the place holds what it held before. Only the owner may read it: it names children.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TextIO

from oneroster_tui.errors import ConfigError, ExportError
from oneroster_tui.text import sanitise

LEFT_OVER = 24 * 3600.0
"""Seconds after which what a killed export left behind is nobody's work any more."""

Opening = Callable[[str], contextlib.AbstractContextManager[TextIO]]
"""Opens one file of an export by its name, for text; one at a time."""

Own = Callable[[Path], bool]
"""Whether a file is one that an export of this kind wrote: it is asked of each file of a folder that would be replaced."""


@contextlib.contextmanager
def folder_or_zip(path: Path, own: Own) -> Iterator[Opening]:
    """Writes several files: into a zip where the path ends in `.zip`, else into a folder.

    Args:
        own: a folder that holds anything else is left alone.

    Raises:
        ConfigError: the place is taken by something that no export wrote, or in no folder.
        ExportError: it cannot be written.
    """
    with _explained(path):
        place = _place(path)
        if place.suffix.lower() == ".zip":
            with _file(place) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
                yield lambda name: _member(archive, name)
        else:
            with _folder(place, own) as folder:
                yield lambda name: _opened(folder / name)


@contextlib.contextmanager
def one_file(path: Path) -> Iterator[TextIO]:
    """Writes a single text file.

    Raises:
        ConfigError: the place is a folder, or in none.
        ExportError: it cannot be written.
    """
    with _explained(path), _file(_place(path)) as stream, _text(stream) as text:
        yield text


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, zipfile.LargeZipFile, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "size too large" not in str(error):
            raise
        too_large = not isinstance(error, OSError)
        reason = "a file is too large for a zip" if too_large else getattr(error, "strerror", None) or str(error)
        raise ExportError(
            f"The export cannot be written: {reason}. What was there before is there still.",
            where=str(path),
            do="export into a folder" if too_large else "check the folder's owner and mode, and the disk's free space",
        ) from error


def _place(path: Path) -> Path:
    """Where a path leads, links followed.

    Raises:
        ConfigError: its folder is not there: that is a slip of the pen, and not the disk's fault.
    """
    place = path.resolve()
    if not place.parent.is_dir():
        raise ConfigError(
            "It cannot be written there: the folder does not exist.",
            where=str(path),
            do="name a place in a folder that exists",
        )
    return place


@contextlib.contextmanager
def _file(place: Path) -> Iterator[IO[bytes]]:
    """A file that takes its place when the block has ended well."""
    if place.exists() and not place.is_file():
        raise ConfigError("There is a folder of that name.", where=str(place), do="choose another name")
    _sweep(place)
    part = _beside(place)
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "w+b") as stream:
            yield stream
            _settle(stream)
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def _folder(place: Path, own: Own) -> Iterator[Path]:
    """A folder that takes its place, and that of an older export, when the block has ended well."""
    previous = place.with_name(f".{place.name}.previous")
    if previous.exists() and not place.exists():  # killed between the two moves below
        previous.rename(place)
    _require_own(place, own)
    _sweep(place)
    part = _beside(place)
    part.mkdir(mode=0o700)
    try:
        yield part
        shutil.rmtree(previous, ignore_errors=True)
        if place.exists():
            _dress_as(part, place)
            place.rename(previous)
        try:
            part.rename(place)
        except OSError:
            if previous.exists():
                previous.rename(place)
            raise
        shutil.rmtree(previous, ignore_errors=True)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _dress_as(part: Path, place: Path) -> None:
    """Gives the new folder the mode of the old one, and its owner and group where that is allowed: others may read there."""
    old = place.stat()
    with contextlib.suppress(OSError):
        os.chown(part, old.st_uid, old.st_gid)
    part.chmod(old.st_mode & 0o7777)


def _require_own(place: Path, own: Own) -> None:
    """Refuses to replace what no export wrote.

    Raises:
        ConfigError: it is a file, or a folder that holds something else.
    """
    if not place.exists():
        return
    if not place.is_dir():
        raise ConfigError("There is a file of that name.", where=str(place), do="choose another name")
    strange = next((one for one in sorted(place.iterdir()) if not (one.is_file() and own(one))), None)
    if strange is not None:
        raise ConfigError(
            "The folder holds something that no export of this kind wrote, and would be replaced as a whole.",
            where=sanitise(str(strange)),
            do="choose another folder, or empty this one",
        )


def _beside(place: Path) -> Path:
    return place.with_name(f".{place.name}.{os.getpid()}.part")


def _sweep(place: Path) -> None:
    """Removes what exports left behind that were killed long ago, and of this very process."""
    for one in place.parent.glob(f".{_literal(place.name)}.*.part"):
        if one == _beside(place) or time.time() - one.stat().st_mtime > LEFT_OVER:
            if one.is_dir():
                shutil.rmtree(one, ignore_errors=True)
            else:
                one.unlink(missing_ok=True)


def _literal(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as stream:
        with _text(stream) as text:
            yield text
        _settle(stream)


@contextlib.contextmanager
def _member(archive: zipfile.ZipFile, name: str) -> Iterator[TextIO]:
    about = zipfile.ZipInfo(name, time.localtime()[:6])
    about.compress_type, about.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
    with archive.open(about, "w") as stream, _text(stream) as text:
        yield text


@contextlib.contextmanager
def _text(stream: IO[bytes]) -> Iterator[TextIO]:
    """UTF-8 text over a stream, which stays open; line ends are the writer's own."""
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=False)
    try:
        yield text
        text.flush()
    finally:
        with contextlib.suppress(OSError, ValueError):
            text.detach()


def _settle(stream: IO[bytes]) -> None:
    """Has the disk keep what was written before the place is given to it."""
    stream.flush()
    os.fsync(stream.fileno())
