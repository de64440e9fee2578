"""What people were last told of a source."""

from __future__ import annotations

from dataclasses import dataclass

from oneroster_tui.roster.database import Roster, now


@dataclass(frozen=True, slots=True)
class Told:
    """One row of notifications; `discarded`: somebody has discarded the hold that it told of."""

    topic: str
    state: str
    told_at: str
    run_id: int | None
    discarded: bool = False


def told(roster: Roster, source: str, topic: str) -> Told | None:
    """What was told last of a topic, if anything."""
    row = roster.execute(
        "SELECT n.topic, n.state, n.told_at, n.run_id, r.decision FROM notifications n JOIN sources s ON s.id = n.source_id "
        "LEFT JOIN sync_runs r ON r.id = n.run_id WHERE s.name = ? AND n.topic = ?",
        (source, topic),
    ).fetchone()
    if row is None:
        return None
    topic, state, told_at, run_id, decision = row
    return Told(topic, state, told_at, run_id, decision == "discarded")


def can_remember(roster: Roster, source: str) -> bool:
    """Whether there is a place to remember in: the source is known, and the roster can be written.

    Raises:
        RosterError: it cannot.
    """
    with roster.transaction():
        roster.execute("UPDATE notifications SET topic = topic WHERE source_id = -1")
    return roster.value("SELECT id FROM sources WHERE name = ?", (source,)) is not None


def remember(roster: Roster, source: str, topic: str, state: str, run_id: int | None) -> None:
    """Stores what was told.

    Raises:
        RosterError: the roster cannot be written.
    """
    with roster.transaction():
        roster.execute(
            "INSERT INTO notifications (source_id, topic, state, told_at, run_id) "
            "SELECT id, ?, ?, ?, ? FROM sources WHERE name = ? ON CONFLICT (source_id, topic) DO UPDATE SET "
            "state = excluded.state, told_at = excluded.told_at, run_id = excluded.run_id",
            (topic, state, now(), run_id, source),
        )
