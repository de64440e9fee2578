"""A clock and a made-up server, for tests of the client."""

from __future__ import annotations

import pytest
import respx

from tests.provider.counter import TOKEN, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> respx.MockRouter:
    router = respx.MockRouter(assert_all_called=False)
    router.post(TOKEN, name="token").respond(json={"access_token": "T0ken", "expires_in": 3600, "scope": "a b"})
    router.get(url__regex=r"/orgs\?limit=1$").respond(404)  # the search for another base path finds nothing
    return router
