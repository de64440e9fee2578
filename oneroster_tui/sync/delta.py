"""Deltas: when a run may read only what changed, from when on, and what must be remembered for that to be right.

The cursor is taken before the pull, by the provider's clock or the own one, whichever is behind, and moves only when a run was
applied whole. What makes a delta doubtful makes the run a full one: it costs time, and nothing else (quirk 22; spec 8).
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec

from oneroster_tui import __version__
from oneroster_tui.config import Settings
from oneroster_tui.provider.profile import Profile
from oneroster_tui.provider.proving import DELTAS, earlier
from oneroster_tui.provider.retry import http_date
from oneroster_tui.records import Collection
from oneroster_tui.roster.database import Roster
from oneroster_tui.sync import merge
from oneroster_tui.sync.entities import USERS
from oneroster_tui.sync.memory import profile_of
from oneroster_tui.sync.stage import Stage

OVERLAP: Final = timedelta(minutes=15)
"""How much more than asked for: clocks differ, and a record may be stamped before it can be seen."""

_FORM: Final = 2
"""Of the memory below; another form makes the next run a full one."""


class DeltaState(msgspec.Struct, omit_defaults=True):
    """Where the next delta begins.

    Attributes:
        rules: fingerprint of the settings that decide what is kept.
        full_at: when the last full run that was applied began (UTC, ISO 8601).
        cursors: for each collection, from when on it is to be read.
        waiting: whether removals wait for the end of a freeze.
        bundle: the mark of the last bundle that was read, where bundles are.
    """

    rules: str = ""
    full_at: str = ""
    cursors: dict[str, str] = msgspec.field(default_factory=dict)
    waiting: bool = False
    bundle: str = ""


def read_state(roster: Roster, source: str) -> DeltaState:
    """A source's state; an empty one when there is none, or one that cannot be read."""
    text = roster.value("SELECT delta_state FROM sources WHERE name = ?", (source,))
    try:
        return msgspec.json.decode(text or "{}", type=DeltaState)
    except msgspec.DecodeError:
        return DeltaState()


def fingerprint(settings: Settings) -> str:
    """Stands for what decides what is kept (settings, release): with another, records that did not change matter anew."""
    rules = settings.sync
    told = (
        _FORM,
        __version__,
        settings.connection.oneroster_version,
        sorted(settings.schools.sync),
        sorted(settings.role_mapping.items()),
        (rules.terms, rules.end_date, rules.username, rules.merge_users),
    )
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def why_full(settings: Settings, roster: Roster, source_id: int, today: date) -> str:
    """Why a delta that was asked for has to be a full run, as the end of a sentence; "" when it may be a delta."""
    why = why_doubtful(settings, roster, source_id)
    if why:
        return why
    state = read_state(roster, settings.source)
    days, moment = settings.sync.full_every_days, present()
    if moment - datetime.fromisoformat(state.full_at) >= timedelta(days=days):
        return f"the last full run is {days} days old or older (full_every_days)"
    if any(datetime.fromisoformat(mark) > moment for mark in (state.full_at, *state.cursors.values())):
        return "by this machine's clock the last run is still to come: the clock was put back"
    if state.waiting and not settings.guards.is_frozen(today):
        return "removals waited for the end of a freeze"
    if not changing(profile_of(roster, settings.source), state).keys() & {Collection.USERS, Collection.ENROLLMENTS}:
        return "the provider's filter for changes is not proved"
    return ""


def why_doubtful(settings: Settings, roster: Roster, source_id: int) -> str:
    """Why a record that did not change may matter all the same, as the end of a sentence; "" when it does not.

    It does not where the last run left nothing undone, by the present rules, and every record is a person of its own.
    """
    state = read_state(roster, settings.source)
    last = roster.execute(
        "SELECT id, mode, outcome FROM sync_runs WHERE source_id = ? AND mode <> 'plan' ORDER BY id DESC LIMIT 1",
        (source_id,),
    ).fetchone()
    if last is None or not state.full_at:
        return "there was no full run yet of the provider at this address"
    number, mode, outcome = last
    if outcome != "done":
        return f"the last run ({number}) ended {outcome}"
    if mode not in ("full", "delta", "approve", "unguarded"):
        return f"the last run ({number}) was of another kind ({mode})"
    if state.rules != fingerprint(settings):
        return "the settings that decide what is kept have changed"
    if settings.sync.merge_users != "none" or merge.is_merged(roster, source_id):
        return "people are merged, and a person is only known from all their records"
    return ""


def changing(profile: Profile, state: DeltaState) -> dict[Collection, str]:
    """The collections that can be read by what changed, and since when."""
    return {
        collection: earlier(state.cursors[collection.value], OVERLAP)
        for collection in DELTAS
        if profile.of(collection).filter and collection.value in state.cursors
    }


def present() -> datetime:
    """This moment, by the own clock."""
    return datetime.now(UTC)


def cursor(provider_date: str, own: datetime) -> str:
    """The moment before a pull, by the provider's `Date` header or the own clock, whichever is behind.

    A clock that is ahead, were it for one night only, would hide all that changes until that time has come.
    """
    moment = min(http_date(provider_date) or own, own)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def advance(stage: Stage, settings: Settings, began: str, *, waiting: bool, mark: str = "") -> None:
    """Moves the cursors to where this run began, and remembers its loose ends. The caller holds the transaction.

    Args:
        mark: which bundle was read; nobody can be asked for what changed since a bundle was made.
    """
    anew = DeltaState(rules=fingerprint(settings), full_at=began)
    state = read_state(stage.roster, settings.source) if stage.is_delta else anew
    state.waiting |= waiting
    whole = {Collection.CLASSES} if has_class_problems(stage) else set()
    state.cursors = {collection.value: began for collection in DELTAS if not mark and collection not in whole}
    state.bundle = mark
    stage.execute(
        "UPDATE sources SET delta_state = ? WHERE id = ?", (msgspec.json.encode(state).decode(), stage.source_id)
    )
    keep_loose_ends(stage)


def has_class_problems(stage: Stage) -> bool:
    """Whether classes came broken, or contradict each other: the next run reads them whole, and says so again.

    Not for a term that nobody lists: once it is listed, the classes are read whole for that.
    """
    found = "SELECT 1 FROM stage_problems WHERE entity = 'classes' AND code <> 'unknown_term' LIMIT 1"
    return stage.value(found) is not None


def why_all_classes(settings: Settings, stage: Stage) -> str:
    """Why the classes that did not change may not be as they stand in the roster; "" when they are.

    What else than its own record decides about a class: the day, its terms, and a person's hand. Those that are missing may
    be back. The academic sessions are read and decided by now.
    """
    if settings.sync.terms == "current":
        return "which of them are current changes by the day"
    source = stage.source_id
    active = f"source_id = {source} AND status = 'active'"
    moved = (
        "SELECT 1 FROM changes WHERE entity = 'academic_sessions' UNION ALL SELECT 1 FROM academic_sessions "
        f"WHERE {active} AND sourced_id NOT IN (SELECT sourced_id FROM stage_academic_sessions) LIMIT 1"
    )
    if stage.value(moved):
        return "academic sessions changed"
    if stage.value(f"SELECT 1 FROM classes WHERE {active} AND (missing_runs > 0 OR origin <> 'provider') LIMIT 1"):
        return "some are missing, or made by hand"
    return ""


def keep_loose_ends(stage: Stage) -> None:
    """Remembers what is named or listed and has no use: anew after a full run, besides what is known after a delta."""
    if not stage.partial:
        stage.execute(
            "DELETE FROM loose_ends WHERE source_id = ? AND NOT EXISTS (SELECT 1 FROM stage_loose_ends n "
            "WHERE n.entity = loose_ends.entity AND n.sourced_id = loose_ends.sourced_id "
            "AND n.named_by = loose_ends.named_by)",
            (stage.source_id,),
        )
    else:
        for named_by in ("enrollments", "agents"):  # what names those who go does not change with them
            stage.execute(
                f"INSERT INTO stage_loose_ends (entity, sourced_id, named_by, reason) SELECT 'users', sourced_id, '{named_by}', "
                "CASE reason WHEN 'tobedeleted' THEN 'user_removed' ELSE '' END "
                "FROM dropped WHERE entity = 'users' AND reason IN ('tobedeleted', 'absent')"
            )
    stage.execute(  # a class that is to go and stays for now is not there for what names it
        "INSERT INTO stage_loose_ends (entity, sourced_id, named_by, reason) SELECT 'classes', sourced_id, 'classes', "
        "'class_removed' FROM changes WHERE entity = 'classes' AND action IN ('kept', 'missing', 'waiting') AND "
        "sourced_id NOT IN (SELECT sourced_id FROM stage_loose_ends WHERE named_by = 'classes')"
    )
    if not stage.is_delta:  # all classes were listed, but for those that are not there any more
        stage.execute(
            "DELETE FROM loose_ends WHERE source_id = ? AND named_by = 'classes' AND sourced_id NOT IN "
            "(SELECT sourced_id FROM stage_loose_ends WHERE named_by = 'classes')",
            (stage.source_id,),
        )
    # Whoever came is listed, of use or not: to be asked for when somebody names them.
    for table in ("users", "classes"):
        stage.execute(
            f"DELETE FROM loose_ends WHERE source_id = ? AND entity = '{table}' AND sourced_id IN "
            f"(SELECT s.sourced_id FROM stage_{table} s UNION ALL SELECT d.sourced_id FROM dropped d "
            f"WHERE d.entity = '{table}' AND d.reason IN ('tobedeleted', 'out_of_scope'))",
            (stage.source_id,),
        )
    stage.execute(
        "INSERT INTO loose_ends (source_id, entity, sourced_id, named_by, reason) "
        f"SELECT {stage.source_id}, entity, sourced_id, named_by, MIN(reason) FROM stage_loose_ends WHERE 1 = 1 "
        "GROUP BY entity, sourced_id, named_by ON CONFLICT (source_id, entity, sourced_id, named_by) "
        "DO UPDATE SET reason = excluded.reason WHERE loose_ends.reason <> excluded.reason"
    )


def tied_up(stage: Stage, entity: str) -> int:
    """How many loose ends find an end in this run; what named them did not change, so a delta does not show it.

    A record came that is of use now; or one that nobody knew when enrollments named it, and that is of no use: they go. Not
    so where it was known for gone: then they went with it.
    """
    loose = f"FROM loose_ends l JOIN {{}} s ON s.sourced_id = l.sourced_id WHERE l.source_id = {stage.source_id} AND l.entity = ?"
    held = (
        f" AND NOT EXISTS (SELECT 1 FROM user_ids i WHERE i.source_id = {stage.source_id} AND i.sourced_id = s.sourced_id)"
        if entity == USERS.table
        else ""
    )
    return int(
        stage.value(
            f"SELECT (SELECT COUNT(*) {loose.format(f'stage_{entity}')} AND l.named_by <> 'agents') "
            f"+ (SELECT COUNT(*) {loose.format('dropped')} AND l.named_by = 'enrollments' AND l.reason = '' AND s.entity = ? "
            f"AND s.reason IN ('tobedeleted', 'out_of_scope'){held})",
            (entity, entity, entity),
        )
    )
