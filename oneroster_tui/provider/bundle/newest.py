"""The sorting table: which bundle a path means: itself, or in a folder where bundles arrive the one that is due.

A delta builds on what came before it. So where deltas arrive, none is passed over: they are read one after another, from the
newest bundle that holds everything.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from oneroster_tui.errors import Unreadable
from oneroster_tui.provider.bundle.package import unreadable
from oneroster_tui.provider.bundle.schemas import ALL_FILES
from oneroster_tui.text import sanitise

_KNOWN = {f"{name}.csv".lower() for name in (*ALL_FILES, "manifest")}


@dataclass(frozen=True, slots=True)
class Choice:
    """The bundle that a path means.

    Attributes:
        path: the zip, or the folder of CSV files.
        said: which was taken and why, a sentence; "" where the path itself is the bundle.
        others: the other whole zips of the folder, newest first.
        more: how many are to be read after it.
    """

    path: Path
    said: str = ""
    others: tuple[Path, ...] = ()
    more: int = 0


def mark_of(path: Path) -> str:
    """Tells a bundle from those that come later: marks sort by time, then by name."""
    try:
        return f"{path.stat().st_mtime_ns:020} {path.name}"
    except OSError:  # gone since it was opened
        return path.name


def due(path: Path, imported: str, is_whole: Callable[[Path], bool]) -> Choice:
    """Finds the bundle to be read next.

    Args:
        imported: the mark of the last one that was; "" when none was.
        is_whole: whether a bundle holds everything, so that no earlier one matters.

    Raises:
        Unreadable: there is none.
    """
    choice = chosen(path)
    if choice.path == path:
        return choice
    newer = [one for one in (choice.path, *choice.others) if mark_of(one) > imported]
    if not newer:
        return replace(choice, said=f"{choice.said} It was read before: nothing newer has come.")
    place = next((place for place, one in enumerate(newer) if is_whole(one)), len(newer) - 1)
    if place == 0:
        return choice
    first = newer[place]
    said = f"Taking {sanitise(first.name, 120)}; {place:,} newer to be read after it, for they are deltas."
    return Choice(first, said, more=place)


def chosen(path: Path) -> Choice:
    """Finds the bundle: a zip, a folder with CSV files, or the newest whole zip of a folder, by time and then by name.

    A zip that is still being written has no end yet, so it is passed over, and said.

    Raises:
        Unreadable: there is none.
    """
    try:
        if not path.is_dir():
            path.stat()
            return Choice(path)
        children = sorted(path.iterdir())
        if any(child.name.lower() in _KNOWN for child in children):
            return Choice(path)
        zips = [child for child in children if child.suffix.lower() == ".zip" and child.is_file()]
        zips.sort(key=lambda child: (child.stat().st_mtime_ns, child.name), reverse=True)
    except OSError as error:
        raise unreadable(path, error) from None
    whole = [child for child in zips if _is_whole(child)]
    if not whole:
        what = "no zip file in it is whole" if zips else "there is no zip and no CSV file in it"
        raise Unreadable(
            f"The folder holds no bundle: {what}.",
            where=sanitise(str(path), 300),
            do="wait for the next delivery, or check the path; nothing was changed",
        )
    passed = zips[: zips.index(whole[0])]
    said = f"Taking {sanitise(whole[0].name, 120)}, the newest of {len(whole):,} bundles in {sanitise(str(path), 200)}."
    if passed:
        names = ", ".join(sanitise(child.name, 80) for child in passed[:3])
        said += f" Passed over, for it is not whole: {names}."
    return Choice(whole[0], said, tuple(whole[1:]))


def _is_whole(path: Path) -> bool:
    """Whether a zip has its end, and at least one of OneRoster's files."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = (name.replace("\\", "/").rpartition("/")[2].lower() for name in archive.namelist())
            return any(name in _KNOWN for name in names)
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError, EOFError):
        return False
