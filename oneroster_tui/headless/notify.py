"""Who is told when: on failure, hold, staleness and recovery, each once, and again after a week; never every night.

What was told last stands in the roster's `notifications`. A run that cannot reach the roster tells without remembering;
`status`, which may be asked every minute, tells only where it can remember.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from oneroster_tui.config import Settings
from oneroster_tui.errors import ConfigError, ExitCode, RosterSyncError
from oneroster_tui.headless.delivery import deliver
from oneroster_tui.headless.news import End, Kind, News, Topic
from oneroster_tui.headless.output import Output
from oneroster_tui.headless.workplace import Options, Stopping, opened, roster_of
from oneroster_tui.roster import queries
from oneroster_tui.roster.database import now
from oneroster_tui.roster.queries.told import Told, can_remember, remember, told

if TYPE_CHECKING:
    from oneroster_tui.roster.database import Roster

AGAIN_AFTER_HOURS = 7 * 24
"""A state that stays is told again after a week."""

Warn = Callable[[str], None]


def is_due(last: Told | None, state: str) -> bool:
    """Whether a state is to be told, after what was told last. A hold that somebody discarded is news when it comes again."""
    if state == "good":
        return last is not None and last.state != "good"
    if last is None or last.state != state or last.discarded:
        return True
    return queries.age_hours(last.told_at) >= AGAIN_AFTER_HOURS


def kind_of(state: str) -> Kind:
    """What to call the news of a state."""
    match state:
        case "good":
            return "recovery"
        case "held":
            return "hold"
        case "stale":
            return "stale"
        case _:
            return "failure"


def tell_end(settings: Settings, roster: Roster | None, end: End, warn: Warn, stopping: Stopping) -> None:
    """Tells how a run ended, where that is news; of an end that is none, tells where the roster has grown old."""
    if not channels(settings):
        return
    if end.state is None:
        if roster is not None and end.exit_code != ExitCode.BLACKOUT:
            tell_age(settings, roster, warn, stopping)
        return
    last = {topic: recall(roster, settings.source, topic) for topic in ("run", "age")}
    topics: list[Topic] = ["run", "age"] if end.state == "good" else ["run"]
    topics = [topic for topic in topics if is_due(last[topic], end.state)]
    if not topics:
        return
    news = News(kind_of(end.state), settings.source, now(), end, age(settings, roster))
    if send(settings, news, warn, stopping) and roster is not None:
        for topic in topics:
            keep(roster, settings.source, topic, end.state, end.run_id)


def tell_age(settings: Settings, roster: Roster, warn: Warn, stopping: Stopping = lambda: False) -> None:
    """Tells where the last good run is too long ago, or is so no more. During a blackout an old roster is no news.

    Raises:
        RosterError: the roster cannot be read.
    """
    hours = age(settings, roster)
    stale = hours is None or hours > settings.sync.max_age_hours
    blackout = settings.guards.blackout_on(date.today())  # noqa: DTZ011 -- a calendar's days are the school's own
    state = "stale" if stale else "good"
    if (stale and blackout) or not channels(settings) or not is_due(told(roster, settings.source, "age"), state):
        return
    if can_remember(roster, settings.source) and send(
        settings, News(kind_of(state), settings.source, now(), age_hours=hours), warn, stopping
    ):
        keep(roster, settings.source, "age", state, None)


def age(settings: Settings, roster: Roster | None) -> float | None:
    """Hours since the last good run; None where there was none, or where the roster cannot say."""
    try:
        good = queries.last_run(roster, settings.source, good=True) if roster else None
    except RosterSyncError:
        return None
    return queries.age_hours(good.finished_at) if good and good.finished_at else None


def recall(roster: Roster | None, source: str, topic: Topic) -> Told | None:
    """What was told last; None where the roster cannot say."""
    try:
        return told(roster, source, topic) if roster else None
    except RosterSyncError:
        return None


def keep(roster: Roster, source: str, topic: Topic, state: str, run_id: int | None) -> None:
    """Remembers what was told. Where that fails the same is told again: better twice than never."""
    try:
        remember(roster, source, topic, state, run_id)
    except RosterSyncError:
        return


Channel = tuple[str, Callable[[News], None]]
"""What a person calls it, and what sends."""


def channels(settings: Settings) -> list[Channel]:
    """The channels that are configured."""
    found: list[Channel] = []
    notify, folder = settings.notify, settings.path.parent
    if notify.webhook:
        from oneroster_tui.headless import webhook  # late: most runs tell nobody

        found.append((webhook.name(notify), lambda news: webhook.post(notify, news, folder)))
    if notify.smtp_host and not notify.missing():
        from oneroster_tui.headless import mail

        found.append((mail.name(notify), lambda news: mail.send(notify, news, folder)))
    return found


def send(settings: Settings, news: News, warn: Warn, stopping: Stopping) -> bool:
    """Sends to every channel; whether one of them took it. Those that did not are named on stderr, nothing more."""
    taken = False
    for name, work in channels(settings):
        problem = deliver(partial(work, news), stopping)
        taken = taken or not problem
        if problem:
            warn(f"The {name} did not take the notification: {problem}.")
    return taken


def command(options: Options, output: Output, *, test: bool) -> ExitCode:
    """`oneroster-tui notify`: says who is told, and what they were told last; with `test`, sends a message.

    Raises:
        ConfigError: there is nobody to tell.
    """
    with opened(options) as settings:
        if settings.notify.missing() or not channels(settings):
            raise ConfigError(
                "There is nobody to tell.",
                where=f"{settings.path} [notify]",
                do="set webhook, or smtp_host with mail_from and mail_to",
                problems=tuple(f"{key} is not set" for key in settings.notify.missing()),
            )
        results = {}
        for name, work in channels(settings):
            problem = deliver(partial(work, News("test", settings.source, now()))) if test else ""
            results[name] = problem
            output.line(f"{name}{': ' + (problem or 'it took the message') if test else ''}")
        last = last_told(settings)
        for one in last:
            output.line(f"Told last of the {one.topic}: {one.state}, {one.told_at}")
    code = ExitCode.INTERNAL if any(results.values()) else ExitCode.DONE
    output.result(
        {
            "exit_code": int(code),
            "channels": [{"name": name, "problem": problem} for name, problem in results.items()],
            "told": [{"topic": one.topic, "state": one.state, "at": one.told_at} for one in last],
        }
    )
    return code


def last_told(settings: Settings) -> list[Told]:
    """What was told last of each topic; nothing where there is no roster."""
    try:
        with roster_of(settings, create=False) as roster:
            found = [told(roster, settings.source, topic) for topic in ("run", "age")]
    except RosterSyncError:
        return []
    return [one for one in found if one is not None]
