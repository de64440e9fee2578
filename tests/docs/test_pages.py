"""The pages that are made from code say what the code says; licences are known and free."""

from __future__ import annotations

import re
import shutil
import subprocess
from importlib import metadata

import pytest

from tests.docs import licences, man
from tests.docs.commands import walked
from tests.docs.pages import PAGES, ROOT


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_as_the_code_has_it(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == PAGES[name](), f"{name} is old: run `make pages`"


def test_the_man_page_has_every_command_and_no_stray_request() -> None:
    page = man.page()
    for entry in walked():
        assert man.roff(entry.call) in page
    known = {'.\\"', ".TH", ".SH", ".SS", ".B", ".TP", ".PP", ".nf", ".fi"}
    assert {line.split(" ")[0] for line in page.splitlines() if line.startswith((".", "'"))} <= known


def test_man_reads_the_page_without_a_warning() -> None:
    if not shutil.which("groff"):
        pytest.skip("no groff here")
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", ROOT / "docs" / "oneroster-tui.1"], capture_output=True, check=True
    )
    assert done.stderr == b""


def listed_licences() -> dict[str, str]:
    """What docs/licences.md says, by package."""
    text = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\S+) \| ([^|]+) \| [^|]+ \|$", text, re.MULTILINE)
    return dict(rows[2:])


def test_every_pinned_package_has_its_licence_listed() -> None:
    listed = listed_licences()
    assert list(listed) == licences.pinned(), "docs/licences.md is old: run `make licences`"
    for name, words in listed.items():
        try:
            assert licences.licence(name) == words, name
        except metadata.PackageNotFoundError:
            continue  # the extra `docs` is not installed for the tests
    assert not {one for words in listed.values() for one in licences.parts(words)} - licences.FREE


def test_what_the_program_needs_is_pinned() -> None:
    pinned = {licences.canonicalize_name(name) for name in licences.pinned()}
    wanted = licences.wanted_by()
    assert licences.closure((*wanted["the program"], *wanted["extra `dev`"])) <= pinned
