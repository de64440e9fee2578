"""What a wheel holds: the three packages with their data, the sample config and the man page, and nothing else."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

SAMPLE = "oneroster_tui/config/sample.toml"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of this tree, built with the build tool that `pip install .` uses."""
    from hatchling.build import build_wheel

    folder = tmp_path_factory.mktemp("wheel")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return zipfile.ZipFile(folder / build_wheel(str(folder)))


def in_the_packages() -> set[str]:
    """The files of the three packages."""
    found = (path for package in ("oneroster_tui", "screens", "styles") for path in (ROOT / package).rglob("*"))
    return {path.relative_to(ROOT).as_posix() for path in found if path.is_file() and path.suffix != ".pyc"}


def test_a_wheel_holds_the_three_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = {name for name in wheel.namelist() if ".dist-info/" not in name and ".data/" not in name}
    assert names == in_the_packages() | {SAMPLE}
    assert {Path(name).suffix for name in names} == {".py", ".tcss", ".toml", ".typed"}
    assert any(name.startswith("oneroster_tui/roster/migrations/0001") for name in names)


def test_a_wheel_brings_sample_config_man_page_licence_and_command(wheel: zipfile.ZipFile) -> None:
    held = {name.split("/", 1)[-1] if ".data/" in name else name: name for name in wheel.namelist()}
    assert wheel.read(SAMPLE) == (ROOT / "config.toml").read_bytes()
    assert wheel.read(held["data/share/man/man1/oneroster-tui.1"]) == (ROOT / "docs/oneroster-tui.1").read_bytes()
    (info,) = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    assert b"oneroster-tui = oneroster_tui.__main__:main" in wheel.read(f"{info}/entry_points.txt")
    assert f"{info}/licenses/LICENSE" in wheel.namelist()
