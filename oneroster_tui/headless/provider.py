"""`oneroster-tui check` and `schools`: is the connection good, and which schools does it offer?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oneroster_tui import config
from oneroster_tui.config import Settings
from oneroster_tui.errors import ConfigError, ExitCode, NoRoster, RosterError
from oneroster_tui.headless.output import Output
from oneroster_tui.headless.workplace import Options, opened, require, roster_of
from oneroster_tui.records import Org
from oneroster_tui.text import sanitise

if TYPE_CHECKING:
    from oneroster_tui.provider.probe import Rung
    from oneroster_tui.provider.profile import Profile


def check(options: Options, output: Output, report: Path | None = None) -> ExitCode:
    """Climbs the ladder of the connection, finds out what else the provider can do, and lists the schools.

    Args:
        report: where the report of a bundle goes.

    Raises:
        ConfigError: the connection is not configured.
    """
    with opened(options) as settings:
        require(settings, settings.connection.missing())
        if settings.connection.bundle:
            from oneroster_tui.headless import bundle

            return bundle.check(settings, output, report)
        from oneroster_tui.provider import explore, probe
        from oneroster_tui.provider.client import Client
        from oneroster_tui.provider.profile import words

        profile = known_profile(settings, output)
        orgs: Sequence[Org] = []
        with Client(settings.connection, base_url=profile.base_url) as client:
            output.line(f"Checking {client.base_url}")
            rungs = [show(rung, output) for rung in probe.ladder(client)]
            code = next((rung.exit_code for rung in rungs if not rung.good), ExitCode.DONE)
            if code == ExitCode.DONE:
                version = settings.connection.oneroster_version
                rungs += [show(rung, output) for rung in explore.explore(client, profile, version)]
                keep_known(settings, profile, output)
                output.line("What is known of this provider:")
                for line in words(profile):
                    output.line(f"   {sanitise(line, 300)}")
                orgs = probe.all_orgs(client)
            list_orgs(orgs, settings, output)
    output.result(
        {
            "exit_code": int(code),
            "base_url": client.base_url,
            "checks": [rung_facts(rung) for rung in rungs],
            "profile": profile,
            "schools": [org_facts(org, settings) for org in orgs],
        }
    )
    return code


def show(rung: Rung, output: Output) -> Rung:
    """Says a rung: ✓ good, ✗ bad, ~ deviates (a sync does without it)."""
    mark, status = "✓" if rung.good else "~" if rung.deviates else "✗", rung.status or "-"
    output.line(f" {mark} {rung.name:<17} {status!s:>4}  {rung.seconds:.2f} s  {sanitise(rung.text, 300)}")
    return rung


def rung_facts(rung: Rung) -> dict[str, Any]:
    """A rung as --json tells it."""
    return {
        "name": rung.name,
        "good": rung.good,
        "deviates": rung.deviates,
        "status": rung.status,
        "seconds": round(rung.seconds, 3),
        "text": rung.text,
    }


def known_profile(settings: Settings, output: Output) -> Profile:
    """What is known of the provider so far; where there is no roster, or it cannot be read, nothing."""
    from oneroster_tui.provider.profile import Profile
    from oneroster_tui.sync.memory import profile_of

    try:
        with roster_of(settings, create=False) as roster:
            return profile_of(roster, settings.source)
    except NoRoster:
        pass
    except RosterError as error:
        output.line(f"Warning: {error.what}")
    return Profile()


def keep_known(settings: Settings, profile: Profile, output: Output) -> None:
    """Keeps what the check found out for the next sync; a roster is made for it where there is none."""
    from oneroster_tui.sync.memory import keep_profile
    from oneroster_tui.sync.runs import find_source

    try:
        with roster_of(settings) as roster:
            find_source(roster, settings)
            with roster.transaction():
                keep_profile(roster, settings.source, profile)
    except RosterError as error:
        output.line(f"Warning: what was found out could not be kept: {error.what}")


def schools(options: Options, output: Output, select: Sequence[str], deselect: Sequence[str]) -> ExitCode:
    """Lists the orgs; selects and deselects schools in config.toml.

    Raises:
        ConfigError: the connection is not configured, or an id is not a school's.
        ProviderError: the provider cannot be read.
    """
    with opened(options) as settings:
        require(settings, settings.connection.missing())
        from oneroster_tui.provider import probe
        from oneroster_tui.provider.opening import open_provider

        known = known_profile(settings, output).base_url
        with open_provider(settings.connection, base_url=known, say=output.line) as client:
            orgs = probe.all_orgs(client)
        if select or deselect:
            settings = choose(settings, orgs, select, deselect, demo=options.demo)
            output.line(f"Saved to {settings.path}. What a deselected school holds stays until you decide.")
        list_orgs(orgs, settings, output)
        output.result({"exit_code": 0, "schools": [org_facts(org, settings) for org in orgs]})
    return ExitCode.DONE


def choose(
    settings: Settings, orgs: Sequence[Org], select: Sequence[str], deselect: Sequence[str], *, demo: bool
) -> Settings:
    """Saves another selection.

    Raises:
        ConfigError: an id to select is not a school's.
    """
    schools_offered = {org.sourced_id for org in orgs if org.type == "school"}
    wrong = [school for school in select if school not in schools_offered]
    if wrong:
        raise ConfigError(
            "Only schools that the provider lists can be selected.",
            where="--select",
            do="see `oneroster-tui schools` for their ids",
            problems=tuple(f"{sanitise(school, 80)} is not a school of this provider" for school in wrong),
        )
    chosen = [school for school in dict.fromkeys([*settings.schools.sync, *select]) if school not in deselect]
    changes: dict[str, object] = {"schools.sync": chosen}
    if demo and not settings.path.exists():
        settings.path.parent.mkdir(exist_ok=True)
        changes |= {"source": settings.source} | {
            f"role_mapping.{role}": local for role, local in settings.role_mapping.items()
        }
    config.save(settings.path, changes, expected=settings.fingerprint or None)
    return config.load(settings.path)


def list_orgs(orgs: Sequence[Org], settings: Settings, output: Output) -> None:
    """The orgs as a tree, with what is selected marked."""
    by_parent: dict[str | None, list[Org]] = {}
    known = {org.sourced_id for org in orgs}
    for org in sorted(orgs, key=lambda org: org.name.casefold()):
        by_parent.setdefault(org.parent_sourced_id if org.parent_sourced_id in known else None, []).append(org)
    seen: set[str] = set()

    def show(parent: str | None, depth: int) -> None:
        for org in by_parent.get(parent, []):
            if org.sourced_id in seen:
                continue
            seen.add(org.sourced_id)
            box = ("[x]" if org.sourced_id in settings.schools.sync else "[ ]") if org.type == "school" else "   "
            indent = "  " * depth
            output.line(
                f" {box} {indent}{sanitise(org.name, 80)}  {sanitise(org.type, 20)}  {sanitise(org.sourced_id, 80)}"
            )
            show(org.sourced_id, depth + 1)

    show(None, 0)
    for org in orgs:
        if org.sourced_id not in seen:  # a circle of parents
            show(org.parent_sourced_id, 0)
    count = sum(org.type == "school" and org.sourced_id in settings.schools.sync for org in orgs)
    if orgs:
        output.line(f"{count} of {sum(org.type == 'school' for org in orgs)} schools selected")


def org_facts(org: Org, settings: Settings) -> dict[str, Any]:
    """An org as --json tells it."""
    return {
        "sourced_id": org.sourced_id,
        "name": org.name,
        "type": org.type,
        "parent_sourced_id": org.parent_sourced_id,
        "selected": org.sourced_id in settings.schools.sync,
    }
