"""The inquiry desk: what is said while somebody is looked for who is not here."""

from __future__ import annotations

QUESTION = "Why is somebody not here?"
ASK_FOR = "an id, username, e-mail or full name"
TYPE = "Type whom you miss, and press enter."
TYPE_FIRST = "Type an id, a username, an e-mail address or a full name first."
LOOKING = "Looking …"
ASKING = "Asking …"
HERE = "Here"
AT_PROVIDER = "At the provider"
NOTHING_HERE = "The roster cannot be read, or nothing was synced yet. 5 goes to Sync."


def not_asked(why: str) -> str:
    """Why the provider does not tell."""
    return f"The provider was not asked: {why}"
