"""The lab as a fixture."""

from tests.sync.conftest import lab  # noqa: F401 -- a fixture
