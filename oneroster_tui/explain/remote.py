"""What the provider says, asked for the single record now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from oneroster_tui.errors import ExitCode, NotFound, ProviderError
from oneroster_tui.records import Class, Collection, Enrollment, User

if TYPE_CHECKING:
    from oneroster_tui.config import Settings
    from oneroster_tui.provider.bundle.bundle import Bundle
    from oneroster_tui.provider.client import Client
    from oneroster_tui.provider.dialects import Page
    from oneroster_tui.records import Record

Ask = Callable[[Collection, str], "Page"]
"""Asks for one record by itself; raises NotFound where the provider does not know it, ProviderError where it cannot tell."""

KINDS: Final = {Collection.USERS: "user", Collection.CLASSES: "class", Collection.ENROLLMENTS: "enrollment"}
"""What an id may be of, the likeliest first."""

MOST: Final = 8
"""So many ids are asked for."""


def single_of(client: Client | Bundle) -> Ask:
    """The question to a provider; over REST it is asked twice at most, for somebody waits."""
    from oneroster_tui.provider.bundle.bundle import Bundle
    from oneroster_tui.provider.bundle.walks import single
    from oneroster_tui.provider.dialects import read_single
    from oneroster_tui.provider.endpoints import SINGLE

    if isinstance(client, Bundle):
        return partial(single, client)

    def ask(collection: Collection, sourced_id: str) -> Page:
        return read_single(collection, client.get(SINGLE[collection].url_path(sourced_id), tries=2).body)

    return ask


@dataclass(slots=True)
class Reply:
    """What the provider said, in sentences; `exit_code` tells where it could not be asked."""

    said: list[str] = field(default_factory=list)
    exit_code: ExitCode = ExitCode.DONE


def from_provider(settings: Settings, ask: Ask, ids: Iterable[str]) -> Reply:
    """What the provider has under some sourcedIds now, and what a sync makes of it."""
    whole = Reply()
    for sourced_id in list(dict.fromkeys(ids))[:MOST]:
        reply = of_id(settings, ask, sourced_id)
        whole.said += reply.said
        whole.exit_code = whole.exit_code or reply.exit_code
    return whole


def of_id(settings: Settings, ask: Ask, sourced_id: str) -> Reply:
    """What the provider says of an id, whatever it is of."""
    trouble = Reply()
    for collection, kind in KINDS.items():
        try:
            page = ask(collection, sourced_id)
        except NotFound:
            continue
        except ProviderError as error:
            trouble.said.append(f"Asked for the {kind} {sourced_id}: {error.what}")
            trouble.exit_code = error.exit_code
            if error.status is None:  # nobody answers: the others will not either
                break
            continue
        if page.records:
            said = of_record(settings, page.records[0])
            return Reply([f"The provider has the {kind} {sourced_id}. {line}" for line in said])
        if page.problems:
            known = f"The provider has the {kind} {sourced_id}, but not usable"
            return Reply([f"{known}: {found.message}" for found in page.problems])
    if trouble.said:
        return trouble
    return Reply([f"Asked just now, the provider has no user, class or enrollment with the id {sourced_id}."])


def of_record(settings: Settings, record: Record) -> Iterator[str]:
    """What a sync makes of a record."""
    if record.status == "tobedeleted":
        yield "It is marked tobedeleted, so a sync does not create it, and removes it where it is here."
    elif isinstance(record, User):
        yield from of_user(settings, record)
    elif isinstance(record, Class):
        yield of_class(settings, record)
    elif isinstance(record, Enrollment):
        mapped = settings.local_role(record.role)
        fate = (
            f"role {record.role}, here {mapped}" if mapped else f"its role {record.role} is not mapped: it is not kept"
        )
        yield f"It names the user {record.user_sourced_id} and the class {record.class_sourced_id}; {fate}."


def of_user(settings: Settings, user: User) -> Iterator[str]:
    """Why a sync keeps somebody, or not."""
    selected = set(settings.schools.sync)
    here = [role for role in user.roles if role.org_sourced_id in selected]
    elsewhere = sorted({role.org_sourced_id for role in user.roles if role.org_sourced_id} - selected)
    if not here and not elsewhere:
        yield "It names no org: kept only where an enrollment or a student of a selected school names it."
    elif not here:
        yield f"Its orgs are not among the selected schools: {', '.join(elsewhere)}."
    else:
        roles = ", ".join(f"{role.role} at {role.org_sourced_id}" for role in here)
        yield f"It is kept for {roles}: the next sync brings it where it is not here yet."
        unmapped = sorted({role.role for role in here if not settings.local_role(role.role)})
        if unmapped:
            yield f"Not mapped, so leading into no class: {', '.join(unmapped)}."


def of_class(settings: Settings, record: Class) -> str:
    """Why a sync keeps a class, or not."""
    if record.school_sourced_id is None:
        return "It names no school, so nobody can tell whether it is a selected one."
    if record.school_sourced_id not in settings.schools.sync:
        return f"Its school {record.school_sourced_id} is not selected."
    if settings.sync.terms == "current":
        return 'Its school is selected; with terms = "current" it is kept while one of its terms runs.'
    return "Its school is selected: the next sync brings it where it is not here yet."
