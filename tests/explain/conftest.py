"""The lab as a fixture."""

from tests.sync.conftest import engine, lab  # noqa: F401 -- fixtures
