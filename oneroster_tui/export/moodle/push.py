"""The roster into a running Moodle, through its web services.

A push notes what Moodle is to have, compares that with what earlier pushes made (`moodle_links`), and tells the differences a
batch at a time; each batch is remembered before the next, so that a push that breaks off goes on where it was. What Moodle has
beside that is never touched: only what carries an idnumber of this source is taken for our own. Nobody is deleted: who left is
suspended, a class that ended is hidden, an enrolment is suspended or, where `on_removed` says so, undone. Many at once are held,
as a sync holds removals.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from oneroster_tui.config import Guards, Settings
from oneroster_tui.errors import ConfigError, ExitCode, RosterError, RunLocked
from oneroster_tui.export.moodle.client import MoodleClient
from oneroster_tui.export.moodle.reading import Reading
from oneroster_tui.export.moodle.telling import Telling
from oneroster_tui.export.moodle.wanted import KINDS, note_wanted
from oneroster_tui.export.report import Report
from oneroster_tui.roster.database import Roster
from oneroster_tui.roster.locks import Taken
from oneroster_tui.roster.queries.export import extract
from oneroster_tui.roster.queries.moodle_links import Links

ROLE_IDS = {"manager": 1, "coursecreator": 2, "editingteacher": 3, "teacher": 4, "student": 5}
"""The numbers of Moodle's own roles, as every new site has them."""

FUNCTIONS = (
    "core_course_create_categories",
    "core_course_create_courses",
    "core_course_get_categories",
    "core_course_get_courses_by_field",
    "core_course_update_categories",
    "core_course_update_courses",
    "core_role_assign_roles",
    "core_role_unassign_roles",
    "core_user_create_users",
    "core_user_get_users_by_field",
    "core_user_update_users",
    "core_webservice_get_site_info",
    "enrol_manual_enrol_users",
    "enrol_manual_unenrol_users",
)
"""What the token's service has to offer."""

Say = Callable[[str], None]


@dataclass(slots=True)
class Outcome:
    """What a push did, or would do: kind -> what -> how many; `held`: how many of each kind are to be suspended and were not."""

    site: str
    planned: bool
    report: Report
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    calls: int = 0

    @property
    def exit_code(self) -> ExitCode:
        """How the command ends."""
        if self.held:
            return ExitCode.HELD
        return ExitCode.RECORD_PROBLEMS if self.problems or self.report.gaps else ExitCode.DONE

    def facts(self) -> dict[str, Any]:
        """As --json tells it."""
        told = self.report.facts()
        return {
            "exit_code": int(self.exit_code),
            "site": self.site,
            "planned": self.planned,
            "counts": self.counts,
            "held": self.held,
            "problems": self.problems,
            "calls": self.calls,
            "gaps": told["gaps"],
            "notes": told["notes"],
        }


def push(
    roster: Roster,
    settings: Settings,
    client: MoodleClient | None,
    say: Say,
    *,
    allow_removals: bool = False,
) -> Outcome:
    """Brings a Moodle in step with the roster; without a client, says what would be done.

    Args:
        say: takes a line for a person.
        allow_removals: suspend however many there are to suspend.

    Raises:
        ConfigError: [moodle] is not finished, or names a role without a number.
        RunLocked: another push is under way.
        ProviderError: Moodle does not answer, or not to this token; what was done is remembered.
        RosterError, Stopped: the same.
    """
    site = settings.moodle.url.rstrip("/")
    roles = role_ids(settings)
    report = Report("plain")
    outcome = Outcome(site, client is None, report)
    with _lock(roster):
        if client is not None:
            require_functions(client)
        links = Links(roster, source_id(roster, settings), site)
        links.begin()
        try:
            with extract(roster, settings.source) as found:
                note_wanted(links, Reading(found, settings, report))
            before = {kind: links.counts(kind) for kind in KINDS}
            before["category"]["suspend"] = 0  # a category stays: other courses may stand in it
            outcome.held = {} if allow_removals else too_many(before, settings.guards)
            if client is None:
                outcome.counts = {
                    kind: {what: counts[what] for what in ("create", "update", "suspend")}
                    for kind, counts in before.items()
                }
            else:
                telling = Telling(links, client, settings, roles, say)
                try:
                    telling.tell_all(skip=frozenset(outcome.held))
                finally:
                    outcome.counts, outcome.problems = telling.counts, telling.problems
                    outcome.calls = client.calls
        finally:
            with contextlib.suppress(RosterError):
                links.end()
    return outcome


def source_id(roster: Roster, settings: Settings) -> int:
    """The id of the config's source.

    Raises:
        ConfigError: nothing was synced from it.
    """
    found = roster.value("SELECT id FROM sources WHERE name = ?", (settings.source,))
    if found is None:
        raise ConfigError(
            f"The roster holds nothing of the source {settings.source!r}.", where=roster.place, do="run a sync first"
        )
    return int(found)


def role_ids(settings: Settings) -> dict[str, int]:
    """Short name -> number of every role that is known: one that was mapped once may have to be taken away.

    Raises:
        ConfigError: the site is not named, or a role has no number.
    """
    if not settings.moodle.url:
        raise ConfigError("No Moodle is named.", where="moodle.url", do="set its address in [moodle]")
    known = ROLE_IDS | dict(settings.moodle.role_ids)
    wanted = {short for short in settings.moodle.roles.values() if short}
    unknown = sorted(wanted - known.keys())
    if unknown:
        raise ConfigError(
            f"Web services know roles by number only, and {', '.join(unknown)} has none.",
            where="[moodle.role_ids]",
            do="set it to the number in the address of the role's page: Site administration > Users > Define roles",
        )
    return known


def require_functions(client: MoodleClient) -> None:
    """Asks what the token may call, before anything is done.

    Raises:
        ConfigError: its service lacks a function.
    """
    info = client.call("core_webservice_get_site_info", {})
    offered = {str(one.get("name")) for one in (info or {}).get("functions", ()) if isinstance(one, dict)}
    missing = [name for name in FUNCTIONS if name not in offered]
    if missing:
        raise ConfigError(
            "The token's service lacks functions.",
            where=client.url,
            do="add them: Site administration > Server > Web services > External services",
            problems=tuple(missing),
        )


def too_many(counts: dict[str, dict[str, int]], guards: Guards) -> dict[str, int]:
    """What is to be suspended beyond both limits of [guards], by kind."""
    held = {}
    for kind, count in counts.items():
        limits = []
        if guards.max_remove_count is not None:
            limits.append(count["suspend"] > guards.max_remove_count)
        if guards.max_remove_percent is not None:
            limits.append(count["suspend"] * 100 > guards.max_remove_percent * count["there"])
        if count["suspend"] and limits and all(limits):
            held[kind] = count["suspend"]
    return held


@contextlib.contextmanager
def _lock(roster: Roster) -> Iterator[None]:
    """Keeps other pushes away.

    Raises:
        RunLocked: one is under way.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(roster.locks.hold("moodle push"))
        except Taken:
            raise RunLocked("Another push is under way.", where=roster.place, do="wait for it to end") from None
        yield
