"""Speaks OneRoster over HTTP and turns what comes into records; knows nothing of the database."""

import sys

# httpx imports its own command line when it can, and with it Rich and Pygments: 40 ms that no sync needs. A None here makes
# that import fail, which httpx is ready for.
if "httpx" not in sys.modules:
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
