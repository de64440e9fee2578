"""The lab as a fixture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import Lab, lab_in


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A small district of two schools, both selected, guards off, and an empty roster."""
    with lab_in(tmp_path) as made:
        yield made
