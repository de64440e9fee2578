"""The front door: opens the provider that a connection means: a REST service, or a CSV bundle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
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
    imported: str | None = None,
    say: Callable[[str], None] = lambda _: None,
    client: Client | None = None,
) -> Client | Bundle:
    """Opens it; a context manager, whichever it is.

    Args:
        stopping: asked often; once it says yes, reading ends.
        base_url: where a service was found before.
        imported: the mark of the bundle that was read last, so that no delta is passed over; None takes the newest bundle.
        say: told which bundle of several was taken.
        client: the client, where one was opened ahead.

    Raises:
        ConfigError: an address cannot be used.
        Unreadable: there is no bundle, or it cannot be opened.
    """
    if connection.bundle:
        from oneroster_tui.provider.bundle.bundle import Bundle
        from oneroster_tui.provider.bundle.newest import chosen, due

        path = connection.bundle_path
        choice = chosen(path) if imported is None else due(path, imported, holds_everything)
        if choice.said:
            say(choice.said)
        return Bundle(choice.path, stopping=stopping, more=choice.more)
    if client is not None:
        client.remember(base_url)
        return client
    from oneroster_tui.provider.client import Client

    return Client(connection, stopping=stopping, base_url=base_url)


def holds_everything(path: Path) -> bool:
    """Whether a bundle holds everything a sync needs; one that cannot be opened does not."""
    from oneroster_tui.errors import Unreadable
    from oneroster_tui.provider.bundle.bundle import Bundle

    try:
        with Bundle(path) as bundle:
            return bundle.is_whole
    except Unreadable:
        return False
