"""The inquiry desk: why is this person or class not here? What the roster, its audit and the provider tell, in sentences."""

from oneroster_tui.explain.local import Answer, from_roster
from oneroster_tui.explain.remote import Reply, from_provider, single_of

__all__ = ["Answer", "Reply", "from_provider", "from_roster", "single_of"]
