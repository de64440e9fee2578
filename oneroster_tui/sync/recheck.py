"""One more look: before a row is deleted, its record is asked for by itself."""

from __future__ import annotations

from collections.abc import Callable

from oneroster_tui.errors import NotFound, ProviderError
from oneroster_tui.provider.client import Client
from oneroster_tui.provider.dialects import single
from oneroster_tui.provider.endpoints import SINGLE
from oneroster_tui.sync.entities import BY_COLLECTION, Entity

COLLECTIONS = {entity: collection for collection, entity in BY_COLLECTION.items()}
"""How the provider calls a table."""


def asker(client: Client) -> Callable[[Entity, str], str]:
    """Makes the question to the provider: blank when a record is gone, else why its row must stay.

    Only a 404, or the record itself marked tobedeleted, says that it is gone; whatever else comes (an error, a refusal, a
    page that cannot be read) proves nothing.
    """

    def is_gone(entity: Entity, sourced_id: str) -> str:
        collection = COLLECTIONS[entity]
        try:
            record = single(collection, client.get(SINGLE[collection].url_path(sourced_id), tries=2).body)
        except NotFound:
            return ""
        except ProviderError:
            return "not_confirmed"
        if record is None:
            return "not_confirmed"
        return "still_there" if record.status == "active" else ""

    return is_gone
