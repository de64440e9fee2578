"""No secret is in the tree, and the scanner that says so sees one."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def scanner() -> ModuleType:
    """The scanner, which stands among the checks and is no package."""
    spec = importlib.util.spec_from_file_location("secrets_scanner", ROOT / ".ci" / "secrets.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SAMPLES = (
    "-----BEGIN RSA PRI" + "VATE KEY-----",
    "key = AKIA" + "ABCDEFGHIJKLMNOP",
    "token ghp_" + "a1" * 18,
    "pypi-" + "Ag" * 30,
    "xoxb-" + "1234567890",
    "eyJ" + "a" * 24 + ".eyJ" + "b" * 24 + "." + "c" * 24,
    'client_secret = "' + "d4" * 16 + '"',
    "postgresql://roster:" + "correcthorse@db.district.org/roster",
    "/ho" + "me/jane/project/",
)


@pytest.mark.parametrize("sample", SAMPLES, ids=range(len(SAMPLES)))
def test_each_kind_is_seen(scanner: ModuleType, sample: str) -> None:
    assert len(list(scanner.finds(f"first\n{sample}\n"))) == 1
    assert list(scanner.finds(f"{sample}  # {scanner.PARDON}: a test\n")) == []


def test_every_kind_has_a_sample(scanner: ModuleType) -> None:
    assert {kind for sample in SAMPLES for _, kind in scanner.finds(sample)} == set(scanner.KINDS)


def test_no_secret_is_in_the_tree(scanner: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    scanner.main()
    assert capsys.readouterr().out == "no secret in the tree\n"
