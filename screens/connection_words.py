"""The prompter: what Connection says: of what is typed, why a key does nothing now, and how saving went."""

from __future__ import annotations

from collections.abc import Sequence

from screens.words import counted

NOT_EDITED = "Nothing is edited."
DEMO = (
    "This is the demo district's own connection: it cannot be changed, but t tests it. Your own: start without --demo."
)
DEMO_FIXED = "The demo's connection cannot be changed."
DEMO_SECRET = "The demo's secret is no secret: demo-secret."  # noqa: S105 -- a sentence
NO_SECRET = "There is no secret yet."  # noqa: S105 -- a sentence
NOTHING_SAVED = "Nothing is saved yet: fill this in, test it with ctrl+t, save it with ctrl+s."
TESTING = "A test is under way; esc stops it."
READS_BUNDLE = "CSV files are read here: there is no provider that answers requests."

SAVED = "The connection is saved"
AFTER_SAVING = "t tests it; 4 goes to Schools."
EDITED_ELSEWHERE = "config.toml was edited elsewhere"
NOT_SAVED = "Somebody else edited config.toml; not saved"
READ_AGAIN = "It was read again now, and your edits are still here: look at them, then ctrl+s once more."

Text = tuple[str, str]
"""A piece of a text with its style."""


def clashing(labels: Sequence[str]) -> str:
    """Fields that were changed in the file and here."""
    return f"{', '.join(labels)}: changed there and here. Yours is kept; ctrl+s saves it, ctrl+z takes theirs."


def from_elsewhere(origin: str) -> str:
    """In the place of a secret that the form does not hold."""
    return f"from {origin}; config.toml says so"


def look_there(origin: str) -> str:
    """Why such a secret cannot be shown."""
    return f"The secret comes from {origin}: look there."


def wrong(label: str, problem: str | None) -> str:
    """A field's mistake, where there is one line for it."""
    return f"{label}: {problem}"


def wrong_parts(label: str, problem: str | None) -> tuple[Text, str]:
    """A field's mistake, on top of the form."""
    return (f"✗ {label} is not right", "bold $error"), f": {problem}"


def edited_parts(labels: Sequence[str]) -> tuple[Text, str]:
    """The fields that are edited, on top of the form."""
    return (f"● {counted(len(labels), 'unsaved edit')}", "bold $accent"), f": {', '.join(labels)}. ctrl+s saves."


def saved_in(file: str) -> str:
    """On top of a form without edits."""
    return f"✓ Saved in {file}. ctrl+t tests it."


def still_needed(labels: Sequence[str]) -> str:
    """The fields that are to be filled in yet."""
    return f"Still needed: {', '.join(labels)}."


def unsaved(labels: Sequence[str]) -> str:
    """The question before edits are left."""
    return f"{', '.join(labels)}: not in config.toml yet."
