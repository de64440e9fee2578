"""What a source remembers from run to run: the profile of its provider."""

from __future__ import annotations

from oneroster_tui.provider.profile import Profile, read_profile
from oneroster_tui.roster.database import Roster


def profile_of(roster: Roster, source: str) -> Profile:
    """What is known of a source's provider; an empty profile where nothing is."""
    return read_profile(roster.value("SELECT profile FROM sources WHERE name = ?", (source,)))


def keep_profile(roster: Roster, source: str, profile: Profile) -> None:
    """Stores what is known. The caller holds a transaction."""
    roster.execute("UPDATE sources SET profile = ? WHERE name = ?", (profile.encode(), source))
