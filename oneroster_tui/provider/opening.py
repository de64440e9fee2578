"""The front door: opens the provider that a connection means: a REST service, or a CSV bundle."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oneroster_tui.config import Connection
    from oneroster_tui.provider.bundle.bundle import Bundle
    from oneroster_tui.provider.client import Client


def open_provider(
    connection: Connection,
    *,
    stopping: Callable[[], bool] = lambda: False,
    base_url: str = "",
    say: Callable[[str], None] = lambda _: None,
) -> Client | Bundle:
    """Opens it; a context manager, whichever it is.

    Args:
        stopping: asked often; once it says yes, reading ends.
        base_url: where a service was found before.
        say: told which bundle of several was taken.

    Raises:
        ConfigError: an address cannot be used.
        Unreadable: there is no bundle, or it cannot be opened.
    """
    if connection.bundle:
        from oneroster_tui.provider.bundle.bundle import Bundle
        from oneroster_tui.provider.bundle.newest import chosen

        choice = chosen(connection.bundle_path)
        if choice.said:
            say(choice.said)
        return Bundle(choice.path, stopping=stopping)
    from oneroster_tui.provider.client import Client

    return Client(connection, stopping=stopping, base_url=base_url)
