"""The local username of a record, by the config's template."""

from __future__ import annotations

from collections.abc import Callable

from oneroster_tui.records import User

FIELDS = ("username", "identifier", "given_name", "family_name", "middle_name", "email", "sourced_id")


def username_maker(template: str) -> Callable[[User], str]:
    """Makes the function from a record to its local username (contract: [sync] username).

    The template's text is lower-cased; where it comes out blank, the identifier, the e-mail's local part, or the sourcedId
    stands in.
    """
    if template == "{username}":
        return lambda user: user.username.strip().lower() or stand_in(user)

    def make(user: User) -> str:
        filled = template.format_map({name: getattr(user, name) for name in FIELDS})
        return filled.strip().lower() or stand_in(user)

    return make


def stand_in(user: User) -> str:
    """What names a person when the template does not."""
    return (user.identifier.strip() or user.email.partition("@")[0].strip() or user.sourced_id).lower()
