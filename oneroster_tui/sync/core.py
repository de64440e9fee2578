"""The one sync that both faces drive: pull -> plan -> guard -> apply, told through events."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Literal

from oneroster_tui.config import Settings
from oneroster_tui.errors import PRECEDENCE, BlackoutPeriod, ExitCode, RosterSyncError, Stopped
from oneroster_tui.provider.client import Client
from oneroster_tui.roster.database import Roster, now
from oneroster_tui.sync import delta, plan, recognise, removals, runs, suspicion
from oneroster_tui.sync.apply import apply
from oneroster_tui.sync.beacon import Beacon
from oneroster_tui.sync.delta_pull import DeltaPull
from oneroster_tui.sync.entities import ENTITIES, partial_tables
from oneroster_tui.sync.events import Emit, Note, RunEnded, RunStarted
from oneroster_tui.sync.guard import Trip, trips
from oneroster_tui.sync.holding import EDITS, hold_together
from oneroster_tui.sync.known_pull import KnownPull
from oneroster_tui.sync.memory import keep_profile, profile_of
from oneroster_tui.sync.pull import Pull
from oneroster_tui.sync.recheck import asker
from oneroster_tui.sync.stage import MEASURED, Stage
from oneroster_tui.sync.taking import Pulled
from oneroster_tui.sync.walks import Walks, open_walks

if TYPE_CHECKING:
    from oneroster_tui.provider.bundle.bundle import Bundle

Mode = Literal["full", "plan", "approve", "unguarded", "delta"]
"""What a run is for: everything; to say what it would do; to apply removals that were held; everything, with the guards off
this once; or what changed, as far as that is sure to be enough."""

Stopping = Callable[[], bool]

FILLED = (*(entity.table for entity in ENTITIES), "user_ids", "user_roles", "class_sessions")
"""The tables that a first sync fills."""

OUTCOMES = {ExitCode.HELD: "held", ExitCode.INCOMPLETE: "incomplete"}
"""The run's outcome by exit code; every other end that applies is `done`."""


def sync(
    settings: Settings,
    roster: Roster,
    client: Client | Bundle,
    emit: Emit,
    *,
    mode: Mode = "full",
    ceiling: int = 0,
    stopping: Stopping = lambda: False,
    today: date | None = None,
) -> RunEnded:
    """Brings the roster to what the provider says now, for the selected schools.

    Args:
        client: the provider: a REST service, or a CSV bundle.
        emit: takes every event, on the calling thread.
        mode: `plan` goes the whole way but writes nothing to the roster; `delta` becomes `full` where that is due.
        ceiling: how many removals, over all tables, an `approve` lets pass; one more and all are held again.
        stopping: asked often; once it says yes the run ends with nothing changed.
        today: the date that blackouts, freezes and `terms = "current"` are judged by.

    Raises:
        BlackoutPeriod, RunLocked, ProviderError, RosterError, Stopped: and then nothing was changed.
    """
    today = today or date.today()  # noqa: DTZ011 -- calendars are the school's, so the machine's own date counts
    if mode != "plan":
        check_blackout(settings, today)
    with runs.hold_lock(roster, settings.source):
        source_id = runs.find_source(roster, settings)
        is_known, why_full = False, ""
        if client.kind == "bundle":
            mode = bundle_mode(client, mode)
            is_known = client.is_whole and recognise.can_recognise(settings, roster, source_id)
        else:
            why_full = delta.why_full(settings, roster, source_id, today) if mode == "delta" else ""
            is_known = (mode != "delta" or bool(why_full)) and recognise.can_recognise(settings, roster, source_id)
        with runs.recorded(roster, source_id, "full" if why_full else mode, bundle=path_of(client)) as run:
            emit = Beacon(roster, run.id, emit)
            emit(RunStarted(run.id, run.mode, settings.source, len(settings.schools.sync)))
            if why_full:
                emit(Note(f"A full run in place of a delta: {why_full}."))
            session = Session(settings, roster, client, run, emit, stopping, today, ceiling, is_known=is_known)
            readers = True  # something may still read the stage, and SQLite does not drop what is read
            try:
                session.conduct(proving=bool(why_full))
                readers = False
            except RosterSyncError as error:
                readers = False
                session.abandon(error)
                raise
            except Exception as error:
                run.explain(error)
                raise
            finally:
                emit(RunEnded(run.id, run.outcome, run.exit_code, run.message, run.counts, run.seconds))
                if not readers:
                    session.stage.drop()  # else the next run does, or the connection's end
        with contextlib.suppress(RosterSyncError):  # this run is done, and the next one forgets the same
            runs.prune(roster, source_id, settings.history.keep_runs)
    return RunEnded(run.id, run.outcome, run.exit_code, run.message, run.counts, run.seconds)


def check_blackout(settings: Settings, today: date) -> None:
    """Refuses to run in a blackout period.

    Raises:
        BlackoutPeriod: today lies in one.
    """
    period = settings.guards.blackout_on(today)
    if period:
        raise BlackoutPeriod(
            f"Today lies in the blackout {period.start}..{period.end}: nothing was done.",
            where="[guards] blackout",
            do="run again after it, or change the period",
        )


def path_of(client: Client | Bundle) -> str:
    """Where a bundle is; "" for a service."""
    return str(client.path) if client.kind == "bundle" else ""


def bundle_mode(bundle: Bundle, mode: Mode) -> Mode:
    """What a run of a bundle is: its manifest says what is whole and what is a delta, so nobody else can."""
    if mode not in ("full", "delta"):
        return mode
    return "delta" if bundle.partial else "full"


class Session:
    """One run, from its first request to its last row."""

    def __init__(
        self,
        settings: Settings,
        roster: Roster,
        client: Client | Bundle,
        run: runs.Run,
        emit: Emit,
        stopping: Stopping,
        today: date,
        ceiling: int = 0,
        *,
        is_known: bool = False,
    ) -> None:
        self.ceiling = ceiling
        self.settings = settings
        self.roster = roster
        self.run = run
        self.emit = emit
        self.stopping = stopping
        self.today = today
        self.planning = run.mode == "plan"
        self.began = delta.present()
        self.walks = open_walks(settings, client, profile_of(roster, settings.source), stopping)
        is_delta = run.mode == "delta" and not self.walks.mark
        if is_delta:
            self.walks.since = delta.changing(self.walks.profile, delta.read_state(roster, settings.source))
        partial = {entity.table for entity in ENTITIES} if is_delta else partial_tables(self.walks.partial)
        if is_known:
            partial = set(recognise.TABLES)
        self.is_known = is_known
        self.stage = Stage(roster, run.source_id, settings.schools.sync, planning=self.planning, partial=partial)

    def conduct(self, *, proving: bool = False) -> None:
        """Pull, plan, guard, apply.

        Args:
            proving: whether to find out if the next run may be a delta.
        """
        pulled = self.pull().run()
        if proving:
            self.walks.prove_filters()
        exceeded = self.ask_about_edits()
        if pulled.incomplete:
            hold_together(self.stage, removals=False)
        else:
            exceeded += self.plan_removals(pulled)
        self.check_stop()
        self.run.counts = plan.counts(self.stage)
        self.conclude(pulled, exceeded)
        self.roster.transact(lambda: self.write(pulled))

    def write(self, pulled: Pulled) -> None:
        """Writes all that the run leaves behind; the caller holds the transaction, and may have to do it anew."""
        self.run.finished = False
        self.roster.locks.assure(self.settings.source)
        if not self.planning:
            apply(self.stage, self.run.id)
            if sum(actions.get("created", 0) for actions in self.run.counts.values()) >= MEASURED:
                self.stage.measure(*FILLED)
            self.remember(pulled)
        runs.keep_problems(self.stage, self.run.id)
        self.check_stop()
        runs.finish(self.roster, self.run)

    def pull(self) -> Pull:
        """The kind of pull that fits: of everything (known or not), of what changed, or of a bundle that leaves files out."""
        if not isinstance(self.walks, Walks) and self.walks.partial:
            from oneroster_tui.sync.bundle_pull import BundlePull  # late: most have no bundle, and would wait for it

            return BundlePull(self.settings, self.stage, self.walks, self.emit, self.today)
        if self.is_known:
            return KnownPull(self.settings, self.stage, self.walks, self.emit, self.today)
        kind = DeltaPull if self.stage.partial else Pull
        return kind(self.settings, self.stage, self.walks, self.emit, self.today)

    def remember(self, pulled: Pulled) -> None:
        """Keeps what was learned, and where the next delta begins; not after a delta of which something is left to do."""
        keep_profile(self.roster, self.settings.source, self.walks.learned(now()))
        left = self.planned("held") + self.planned("waiting")
        if pulled.incomplete or (self.stage.is_delta and left):
            return
        began = delta.cursor(self.walks.first_date, self.began)
        delta.advance(self.stage, self.settings, began, waiting=bool(left), mark=self.walks.mark)

    def plan_removals(self, pulled: Pulled) -> list[Trip]:
        """Plans what goes, and gives it its end: as the policy says, or held, or waiting. Says which and why."""
        rules = self.settings.sync
        removals.plan_removals(
            self.stage,
            grace_runs=rules.grace_runs,
            unidentified=self.stage.partial | pulled.unidentified,
            deleting=rules.on_removed == "delete",
            protected=[role.casefold() for role in self.settings.guards.protected_roles],
            is_gone=asker(self.walks.single) if rules.on_removed == "delete" else None,
        )
        exceeded: list[Trip] = []
        end: str = rules.on_removed
        if self.settings.guards.is_frozen(self.today):
            end = "waiting"
        elif end != "keep":
            exceeded = self.ask_guards()
            end = "held" if exceeded else end
        hold_together(self.stage, removals=end == "held")
        removals.settle_removals(self.stage, end)
        for entity in ENTITIES:
            removals.announce(self.stage, entity, self.emit)
        for table in sorted(pulled.unidentified - (self.stage.partial if self.stage.is_delta else frozenset())):
            text = f"{table}: records came without a usable sourcedId, so nothing counts as absent there in this run"
            self.emit(Note(text, "warning"))
        return exceeded

    def ask_about_edits(self) -> list[Trip]:
        """Holds updates where too much would change at once; who approves, or sets the guards aside, lets them pass."""
        if self.run.mode in ("unguarded", "approve"):
            return []
        return suspicion.hold_mass_edits(self.stage, self.settings.guards.max_change_percent)

    def ask_guards(self) -> list[Trip]:
        """What speaks against the planned removals: the guards, or for an approval its ceiling."""
        if self.run.mode == "unguarded":
            return []
        if self.run.mode == "approve":
            planned = removals.removal_count(self.stage)
            over = Trip("rows", None, planned, self.ceiling, "beyond what was approved")
            return [over] if planned > self.ceiling else []
        limits = self.settings.guards
        return [
            *trips(self.stage, limits),
            *suspicion.grinding(self.stage, limits),
            *suspicion.emptied_classes(self.stage, limits),
            *suspicion.hold_rekeyed(self.stage, limits),
        ]

    def conclude(self, pulled: Pulled, exceeded: list[Trip]) -> None:
        """Finds how the run ends, by the order of exit codes, and says what becomes of the decisions."""
        for line in removals.by_reason(self.stage):
            self.emit(Note(line))
        for trip in exceeded:
            self.emit(Note(f"Held by a guard: {trip}", "warning"))
        broken = any(actions["problems"] for actions in self.run.counts.values())
        applying = {
            ExitCode.INCOMPLETE: bool(pulled.incomplete),
            ExitCode.HELD: bool(exceeded),
            ExitCode.RECORD_PROBLEMS: broken,
        }
        self.run.exit_code = next((code for code in PRECEDENCE if applying.get(code)), ExitCode.DONE)
        self.run.outcome = "planned" if self.planning else OUTCOMES.get(self.run.exit_code, "done")
        self.run.message = self.message(pulled)

    def message(self, pulled: Pulled) -> str:
        """What became of the decisions, in a sentence."""
        if self.planning:
            return "A plan only: nothing was written."
        if pulled.incomplete:
            return f"Additions and updates were applied; nothing was removed: {'; '.join(pulled.incomplete.values())}."
        held, waiting = self.planned("held"), self.planned("waiting")
        if held and self.stage.value(f"SELECT 1 FROM changes WHERE action = 'held' AND reason IN {EDITS} LIMIT 1"):
            return f"The rest was applied; {held:,} changes are held."
        if held:
            return f"Additions and updates were applied; {held:,} removals are held."
        if waiting:
            return f"Additions and updates were applied; {waiting:,} removals wait for the end of a freeze."
        return "All decisions were applied."

    def planned(self, action: str) -> int:
        """How many rows have an end, over all tables: `held` by a guard, `waiting` for the end of a freeze."""
        return sum(actions.get(action, 0) for actions in self.run.counts.values())

    def check_stop(self) -> None:
        """Ends the run where somebody asked for it.

        Raises:
            Stopped: somebody did.
        """
        if self.stopping():
            raise Stopped

    def abandon(self, error: RosterSyncError) -> None:
        """Notes that the run failed, and keeps its problems: they may tell why."""
        self.run.exit_code = error.exit_code
        self.run.outcome = "stopped" if isinstance(error, Stopped) else "failed"
        self.run.message = f"None of these decisions was applied. {error.what}"
        self.run.counts = {}
        self.run.finished = False  # what a transaction that failed wrote of its end was taken back
        with contextlib.suppress(RosterSyncError), self.roster.transaction():
            runs.keep_problems(self.stage, self.run.id)
            if not self.planning:
                keep_profile(self.roster, self.settings.source, self.walks.learned(now()))
