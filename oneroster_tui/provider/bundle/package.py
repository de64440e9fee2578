"""The goods entrance: a zip or a folder of CSV files, opened without trusting it. Nothing is ever unpacked to disk."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from oneroster_tui.errors import Unreadable
from oneroster_tui.provider.bundle.findings import Findings
from oneroster_tui.provider.bundle.schemas import ALL_FILES
from oneroster_tui.text import sanitise

LARGEST_FILE: Final = 16 * 1024**3
"""Bytes of one file, unpacked: ten times the enrollments of the largest district."""
MOST_NAMES: Final = 500
"""Names in a bundle; the standard has 22."""
LARGEST_RATIO: Final = 400
"""How many times its size a file may unpack to; rosters pack to a tenth, very regular ones to a hundredth."""
WORTH_A_LOOK: Final = 32 * 1024**2
"""Bytes, unpacked, below which no ratio is dangerous."""

_JUNK: Final = ("__macosx", ".ds_store", "thumbs.db", "desktop.ini")
_KNOWN: Final = {name.lower(): name for name in (*ALL_FILES, "manifest")}


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a bundle: its size in bytes as it claims, unpacked, and how to open it."""

    name: str
    size: int
    open: Callable[[], BinaryIO]


class Package:
    """An open bundle. `entries` are the usable files under their right names, without `.csv`.

    Args:
        path: a zip file, or a folder.
        findings: takes what is wrong with it.

    Raises:
        Unreadable: it is not there, not a zip, or damaged as a whole.
    """

    def __init__(self, path: Path, findings: Findings) -> None:
        self.path = path
        self.entries: dict[str, Entry] = {}
        self.unusable: set[str] = set()
        """Names of files that are there and cannot be used."""
        self._find = findings
        self._zip: zipfile.ZipFile | None = None
        try:
            if path.is_dir():
                self._list_folder(path)
            else:
                self._zip = zipfile.ZipFile(path)
                self._list_zip(self._zip)
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
            self.close()
            raise unreadable(path, error) from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Closes the zip."""
        if self._zip is not None:
            self._zip.close()

    def _list_folder(self, path: Path) -> None:
        root = path.resolve()
        found = []
        for child in sorted(path.iterdir()):
            if child.is_dir():
                continue
            if not child.resolve().is_relative_to(root):
                self._refuse("path", child.name, "is a link that leads out of the folder")
            elif child.suffix.lower() != ".zip":
                found.append((child.name, child.stat().st_size, cast("Callable[[], BinaryIO]", _opener(child))))
        self._take(found)

    def _list_zip(self, archive: zipfile.ZipFile) -> None:
        infos = [info for info in archive.infolist() if not info.filename.endswith("/") and not _is_junk(info.filename)]
        if len(infos) > MOST_NAMES:
            raise Unreadable(f"The bundle holds {len(infos):,} files, and OneRoster has 22.", where=str(self.path))
        whole = max(self.path.stat().st_size, 1)
        if sum(info.file_size for info in infos) > max(whole * LARGEST_RATIO, WORTH_A_LOOK):
            raise Unreadable(
                "The bundle unpacks to far more than any roster takes (a zip bomb): nothing of it was read.",
                where=str(self.path),
            )
        folders = {info.filename.replace("\\", "/").rpartition("/")[0] for info in infos}
        shared = folders.pop() if len(folders) == 1 else ""
        found: list[tuple[str, int, Callable[[], BinaryIO]]] = []
        for info in infos:
            name = info.filename.replace("\\", "/")
            why = _why_not(info, name)
            if why:
                self._refuse(*why)
            elif "/" in name and name.rpartition("/")[0] != shared:
                self._refuse("nested_folder", name, "stands in a folder of its own, and was not read")
            else:
                found.append((name.rpartition("/")[2], info.file_size, _zip_opener(archive, info)))
        if shared and found:
            text = f"All files stand in the folder {shared}; they belong at the top."
            self._find("nested_folder", "warning", text)
        self._take(found)

    def _refuse(self, code: str, name: str, why: str) -> None:
        self._find(code, "error", f"{name} {why}.", file=name)
        known = _KNOWN.get(name.rpartition("/")[2].lower().removesuffix(".csv"))
        if known:
            self.unusable.add(known)

    def _take(self, found: list[tuple[str, int, Callable[[], BinaryIO]]]) -> None:
        """Files under their right names; what has no place is said."""
        for name, size, opened in found:
            stem = name[:-4] if name.lower().endswith(".csv") else ""
            known = _KNOWN.get(stem.lower())
            if known is None:
                if not name.startswith("."):
                    near = nearest(stem or name)
                    hint = f" Did you mean {near}.csv?" if near else ""
                    self._find("unknown_file", "error", f"{name} is not one of OneRoster's files.{hint}", file=name)
                continue
            if name != f"{known}.csv":
                self._find("file_name", "warning", f"{name} should be called {known}.csv.", file=f"{known}.csv")
            if known in self.entries or known in self.unusable:
                self._refuse("duplicate_file", name, "is there twice, so nobody can tell which one counts")
                self.entries.pop(known, None)
                continue
            self.entries[known] = Entry(known, size, opened)


def nearest(word: str) -> str:
    """The data file that a name most likely means, or ""."""
    import difflib

    near = difflib.get_close_matches(word.lower(), _KNOWN, 1, 0.75)
    return _KNOWN[near[0]] if near else ""


def unreadable(path: Path, error: Exception) -> Unreadable:
    """Why a bundle cannot be opened, in a person's words."""
    if isinstance(error, FileNotFoundError):
        why, do = "There is no bundle", "check the path of the bundle; nothing was changed"
    elif isinstance(error, PermissionError):
        why, do = "The bundle may not be read", "check the owner and mode of the file"
    elif isinstance(error, OSError):
        why, do = f"The bundle cannot be read ({error.strerror or type(error).__name__})", "check the disk"
    else:
        why = "The bundle is not a zip file, or only a part of one"
        do = "have it sent again; it may still have been on its way"
    return Unreadable(f"{why}.", where=sanitise(str(path), 300), do=do)


def _why_not(info: zipfile.ZipInfo, name: str) -> tuple[str, str, str] | None:
    """Why a file of a zip is not used: code, name, and the sentence's end."""
    if name.startswith("/") or ".." in name.split("/") or ":" in name or stat.S_ISLNK(info.external_attr >> 16):
        return "path", name, "leads out of the bundle, and was not read"
    if info.flag_bits & 0x1:
        return "encrypted", name, "is encrypted, and was not read"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "compression", name, "is not packed with deflate, and was not read"
    too_much = info.file_size > WORTH_A_LOOK and info.file_size > LARGEST_RATIO * max(info.compress_size, 1)
    if info.file_size > LARGEST_FILE or too_much:
        return "too_large", name, f"would unpack to {info.file_size:,} bytes, and was not read"
    return None


def _is_junk(name: str) -> bool:
    """What archivers leave behind."""
    parts = name.lower().replace("\\", "/").split("/")
    return any(part in _JUNK or part.startswith("._") for part in parts)


def _opener(path: Path) -> Callable[[], object]:
    return lambda: path.open("rb")


def _zip_opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    return lambda: cast("BinaryIO", archive.open(info))
