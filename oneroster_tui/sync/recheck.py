"""One more look: before a row is deleted, its record is asked for by itself."""

from __future__ import annotations

from collections.abc import Callable

from oneroster_tui.errors import NotFound, ProviderError
from oneroster_tui.provider.dialects import Page
from oneroster_tui.records import Collection
from oneroster_tui.sync.entities import BY_COLLECTION, Entity

COLLECTIONS = {entity: collection for collection, entity in BY_COLLECTION.items()}
"""How the provider calls a table."""


def asker(single: Callable[[Collection, str], Page]) -> Callable[[Entity, str], str]:
    """Makes the question to the provider: blank when a record is gone, else why its row must stay.

    Only a 404, or the record itself marked tobedeleted, says that it is gone; whatever else comes (an error, a refusal, a
    page that cannot be read) proves nothing.

    Args:
        single: asks for one record by itself; raises NotFound where the provider does not know it.
    """

    def is_gone(entity: Entity, sourced_id: str) -> str:
        try:
            records = single(COLLECTIONS[entity], sourced_id).records
        except NotFound:
            return ""
        except ProviderError:
            return "not_confirmed"
        if not records:
            return "not_confirmed"
        return "still_there" if records[0].status == "active" else ""

    return is_gone
