"""`oneroster-tui check` and `schools`: is the connection good, and which schools does it offer?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oneroster_tui import config
from oneroster_tui.config import Settings
from oneroster_tui.errors import ConfigError, ExitCode
from oneroster_tui.headless.output import Output
from oneroster_tui.headless.workplace import Options, opened, require
from oneroster_tui.records import Org
from oneroster_tui.text import sanitise


def check(options: Options, output: Output) -> ExitCode:
    """Climbs the ladder of the connection and lists the schools.

    Raises:
        ConfigError: the connection is not configured.
    """
    with opened(options) as settings:
        require(settings, settings.connection.missing())
        from oneroster_tui.provider import probe
        from oneroster_tui.provider.client import Client

        with Client(settings.connection) as client:
            asked = client.base_url
            output.line(f"Checking {asked}")
            rungs = []
            for rung in probe.ladder(client):
                rungs.append(rung)
                mark, status = "✓" if rung.good else "✗", rung.status or "-"
                output.line(f" {mark} {rung.name:<17} {status!s:>4}  {rung.seconds:.2f} s  {sanitise(rung.text, 300)}")
            if client.base_url != asked:
                output.line(f"The service was found at {client.base_url}: set root_url to that.")
            code = next((rung.exit_code for rung in rungs if not rung.good), ExitCode.DONE)
            orgs = probe.all_orgs(client) if code == ExitCode.DONE else []
            list_orgs(orgs, settings, output)
    output.result(
        {
            "exit_code": int(code),
            "base_url": client.base_url,
            "checks": [
                {"name": r.name, "good": r.good, "status": r.status, "seconds": round(r.seconds, 3), "text": r.text}
                for r in rungs
            ],
            "schools": [org_facts(org, settings) for org in orgs],
        }
    )
    return code


def schools(options: Options, output: Output, select: Sequence[str], deselect: Sequence[str]) -> ExitCode:
    """Lists the orgs; selects and deselects schools in config.toml.

    Raises:
        ConfigError: the connection is not configured, or an id is not a school's.
        ProviderError: the provider cannot be read.
    """
    with opened(options) as settings:
        require(settings, settings.connection.missing())
        from oneroster_tui.provider import probe
        from oneroster_tui.provider.client import Client

        with Client(settings.connection) as client:
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
