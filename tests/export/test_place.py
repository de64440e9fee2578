"""Where exports go: complete or not at all, for their owner only, and never over what no export wrote."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from oneroster_tui.errors import ConfigError, ExportError
from oneroster_tui.export.place import folder_or_zip, one_file


def own(file: Path) -> bool:
    """What these exports write."""
    return file.name in ("a.csv", "b.csv")


def write(path: Path, content: dict[str, str]) -> None:
    """An export."""
    with folder_or_zip(path, own) as opening:
        for name, text in content.items():
            with opening(name) as stream:
                stream.write(text)


def write_and_fail(path: Path, error: Exception) -> None:
    """An export that something happens to."""
    with folder_or_zip(path, own) as opening, opening("a.csv") as stream:
        stream.write("new")
        raise error


def read(path: Path) -> dict[str, str]:
    """What an export left."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name).decode() for name in archive.namelist()}
    return {one.name: one.read_text() for one in path.iterdir()}


@pytest.mark.parametrize("name", ["out", "out.zip", "OUT.ZIP"])
def test_a_later_export_takes_the_place_of_an_earlier_one(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write(path, {"a.csv": "1", "b.csv": "2"})
    write(path, {"a.csv": "é"})
    content = {"a.csv": "é"}
    assert (read(path) if path.is_dir() else read(path.rename(tmp_path / "read.zip"))) == content
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_folder_that_others_read_stays_one(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o2770)
    write(shared, {"a.csv": "1"})
    assert shared.stat().st_mode & 0o7777 == 0o2770
    assert read(shared) == {"a.csv": "1"}


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_only_the_owner_may_read(tmp_path: Path) -> None:
    write(tmp_path / "out", {"a.csv": ""})
    write(tmp_path / "out.zip", {"a.csv": ""})
    with one_file(tmp_path / "out.json"):
        pass
    modes = {one.name: one.stat().st_mode & 0o777 for one in tmp_path.rglob("*")}
    assert modes == {"out": 0o700, "a.csv": 0o600, "out.zip": 0o600, "out.json": 0o600}
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.infolist()[0].external_attr >> 16 == 0o600


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_an_error_leaves_what_was_there(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write(path, {"a.csv": "old", "b.csv": "old"})
    with pytest.raises(ValueError, match="mine"):
        write_and_fail(path, ValueError("mine"))
    with pytest.raises(ExportError, match="full"):
        write_and_fail(path, OSError(28, "the disk is full"))
    assert read(path) == {"a.csv": "old", "b.csv": "old"}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_a_process_that_is_killed_leaves_what_was_there(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write(path, {"a.csv": "old"})
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom oneroster_tui.export.place import folder_or_zip\n"
        "with folder_or_zip(Path(sys.argv[1]), lambda file: True) as opening, opening('a.csv') as stream:\n"
        "    stream.write('new' * 100_000)\n    stream.flush()\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == -9
    assert read(path) == {"a.csv": "old"}
    (part,) = (one for one in tmp_path.iterdir() if one != path)
    write(path, {"a.csv": "new"})
    assert part.exists()  # perhaps somebody is still at it
    os.utime(part, (0, 0))
    write(path, {"a.csv": "newer"})
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_was_moved_away_comes_back(tmp_path: Path) -> None:
    """Killed between moving the old folder away and the new one into its place."""
    write(tmp_path / "out", {"a.csv": "old"})
    (tmp_path / "out").rename(tmp_path / ".out.previous")
    with pytest.raises(ValueError, match="mine"):
        write_and_fail(tmp_path / "out", ValueError("mine"))
    assert read(tmp_path / "out") == {"a.csv": "old"}


def test_what_no_export_wrote_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "a.csv").write_text("1")
    (folder / "chapter.txt").write_text("2")
    with pytest.raises(ConfigError, match="no export"):
        write(folder, {"a.csv": "3"})
    assert read(folder) == {"a.csv": "1", "chapter.txt": "2"}
    (tmp_path / "file").write_text("4")
    (tmp_path / "x.zip").mkdir()
    for taken in ("file", "x.zip"):
        with pytest.raises(ConfigError, match="of that name"):
            write(tmp_path / taken, {"a.csv": "3"})
    with pytest.raises(ConfigError, match="of that name"), one_file(folder):
        pass


def test_a_folder_that_cannot_be_looked_through_is_left_alone(tmp_path: Path) -> None:
    def refused(file: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(file))

    write(tmp_path / "out", {"a.csv": "1"})
    with pytest.raises(ExportError, match="Permission denied"), folder_or_zip(tmp_path / "out", refused):
        pass
    assert read(tmp_path / "out") == {"a.csv": "1"}


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(tmp_path / "link", {"a.csv": "1"})
    assert (tmp_path / "link").is_symlink()
    assert read(tmp_path / "real") == {"a.csv": "1"}


def test_a_place_in_no_folder_is_a_wrong_path(tmp_path: Path) -> None:
    for path in (tmp_path / "missing" / "out", tmp_path / "missing" / "out.zip"):
        with pytest.raises(ConfigError, match="does not exist"):
            write(path, {"a.csv": "1"})
