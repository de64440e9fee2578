"""`oneroster-tui explain ID`: why is this person or class not here?"""

from __future__ import annotations

from oneroster_tui.config import Settings
from oneroster_tui.errors import ConfigError, ExitCode, NoRoster, ProviderError, RosterError
from oneroster_tui.explain import Answer, Reply, from_provider, from_roster, single_of
from oneroster_tui.headless.output import Output
from oneroster_tui.headless.workplace import Options, opened, roster_of
from oneroster_tui.provider.opening import open_provider
from oneroster_tui.text import sanitise


def explain(options: Options, output: Output, text: str) -> ExitCode:
    """Tells what the roster and its audit know of an id or name, and what the provider says when asked now.

    What keeps either from answering is part of the answer, for the other may still help; the exit code tells where the
    provider could not be asked. Nothing is changed.
    """
    with opened(options) as settings:
        here = known_here(settings, text, output.command)
        there = known_there(settings, here.ids)
    output.line("Here:")
    for line in here.said:
        output.line(f"  {sanitise(line, 500)}".rstrip())
    output.line("At the provider:")
    for line in there.said:
        output.line(f"  {sanitise(line, 500)}")
    output.result(
        {
            "exit_code": int(there.exit_code),
            "found": here.found,
            "here": [line for line in here.said if line],
            "provider": there.said,
        }
    )
    return there.exit_code


def known_here(settings: Settings, text: str, command: str) -> Answer:
    """What the roster knows."""
    try:
        with roster_of(settings, create=False) as roster:
            return from_roster(roster, settings, text)
    except NoRoster:
        return Answer([f"There is no roster yet: {command} --sync makes it."], [text])
    except RosterError as error:
        return Answer([f"The roster cannot be read: {error.what}"], [text])


def known_there(settings: Settings, ids: list[str]) -> Reply:
    """What the provider says."""
    if missing := settings.connection.missing():
        why = f"the connection is not configured ({', '.join(missing)})"
        return Reply([f"The provider was not asked: {why}."], ConfigError.exit_code)
    try:
        with open_provider(settings.connection) as client:
            return from_provider(settings, single_of(client), ids)
    except ProviderError as error:
        return Reply([f"The provider cannot be asked: {error.what}"], error.exit_code)
