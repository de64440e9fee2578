"""The cast list: OneRoster's roles with a sentence each, and what of the mapping and the roster each row shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from screens.fitting import clean
from screens.words import counted

if TYPE_CHECKING:
    from oneroster_tui.errors import RosterSyncError
    from oneroster_tui.roster.queries.roles import RoleCount

ROLES = {
    "student": "Is taught in classes.",
    "teacher": "Teaches classes.",
    "aide": "Helps a teacher.",
    "proctor": "Watches over tests.",
    "administrator": "Runs a school or district.",
    "parent": "Mother or father.",
    "guardian": "Legal guardian.",
    "relative": "Others of the family.",
    "counselor": "Advises students (1.2).",
    "districtAdministrator": "Runs a district (1.2).",
    "principal": "Heads a school (1.2).",
    "siteAdministrator": "Runs a site (1.2).",
    "systemAdministrator": "Runs the computers (1.2).",
}
"""Role -> what it means."""

FAMILY = ("parent", "guardian", "relative")
"""Roles that become relationships with students, not enrollments in classes."""

USUAL = ("Student", "Teacher", "Aide", "Administrator", "Parent", "Guardian", "Relative")
"""Local roles to choose from, besides those in use."""

NOT_MAPPED = "Not mapped"
CHOOSING = "Enter on a role chooses it."
ACTED_ON = "The next sync acts on it."
MAP_FIRST = "This role is not mapped; Enter maps it."
NOT_MAPPED_NOW = "This role is not mapped."
KEEP_IT = "Keep it"
READ_AGAIN = "It was read again now. Look at the roles, then choose once more."
NEW_ROLE = "A new local role"
NEW_ROLE_TEXT = "A name for people in your system. It is kept in config.toml once a role becomes it."


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role as the list shows it.

    Args:
        role: as OneRoster writes it.
        local: the local role; "" for not mapped.
        is_new: whether the provider sends it and config.toml says nothing of it.
        people: how many active people have it; None before the first pull.
        enrolled: how many active enrollments and relationships have it.
        text: what it means.
    """

    role: str
    local: str
    is_new: bool
    people: int | None
    enrolled: int
    text: str


def role_rows(mapping: Mapping[str, str], counts: Sequence[RoleCount] | None) -> list[RoleRow]:
    """Every role: what the provider sends and nobody decided about, then OneRoster's own, then others that are mapped.

    Args:
        mapping: OneRoster role in lower case -> local role, "" for a decided no.
        counts: None before the first pull.
    """
    sent = {one.role: one for one in counts or ()}
    names = {name.lower(): name for name in ROLES}
    others = sorted((set(sent) | set(mapping)) - set(names))
    rows = [row_of(name, mapping, sent, known=counts is not None) for name in (*ROLES, *others)]
    return sorted(rows, key=lambda row: not row.is_new)


def row_of(name: str, mapping: Mapping[str, str], sent: Mapping[str, RoleCount], *, known: bool) -> RoleRow:
    """One role's row."""
    found = sent.get(name.lower())
    own = "The provider's own." if name.startswith("ext:") else "Not one of OneRoster's."
    return RoleRow(
        role=name,
        local=mapping.get(name.lower(), ""),
        is_new=found is not None and name.lower() not in mapping,
        people=(found.people if found else 0) if known else None,
        enrolled=found.enrollments if found else 0,
        text=ROLES.get(name, own),
    )


def local_roles(mapping: Mapping[str, str], added: Iterable[str]) -> list[str]:
    """The local roles to choose from: those in use first, then those added here, then the usual ones."""
    used = [local for local in mapping.values() if local]
    return list(dict.fromkeys([*used, *added, *USUAL]))


def unmapping(row: RoleRow) -> str:
    """What it means that a role is mapped no more, before it is saved."""
    kind = "relationship" if row.role.lower() in FAMILY else "enrollment"
    people = f" ({counted(row.people, 'person', 'people')} now)" if row.people else ""
    text = f"Whoever is {row.role} at the provider{people} will not be enrolled at all."
    if not row.enrolled:
        return f"{text} No {kind} of that role is stored now, so nothing is removed."
    return (
        f"{text} The {counted(row.enrolled, f'{kind} of that role', f'{kind}s of that role')} in the roster will be "
        "removals at the next sync; if they are many, the guard holds them until you approve. Nothing happens before."
    )


def renaming(old: str, new: str, roles: Sequence[str], *, merges: bool) -> str:
    """What a rename means, before it is saved."""
    text = f"{old} becomes {new} for {', '.join(roles)}. Enrollments follow at the next sync, as updates."
    return f"{text} {new} is in use already: afterwards the two are one, and cannot be told apart." if merges else text


def no_counts(error: RosterSyncError) -> Content:
    """Above the list, where the roster cannot be asked."""
    return Content.assemble(("✗ The counts cannot be read. ", "bold $error"), f"{clean(error.what)} {clean(error.do)}")


def standing(rows: Sequence[RoleRow], *, counted_people: bool) -> Content:
    """Above the list: what nobody decided about; else how many roles are mapped.

    Args:
        counted_people: whether the roster knows how many people each role concerns.
    """
    new = [row for row in rows if row.is_new]
    if new:
        people = sum(row.people or 0 for row in new)
        return Content.assemble(
            (f"▲ {counted(len(new), 'role')} nobody decided about", "bold $warning"),
            f": {counted(people, 'person', 'people')} left out so far. Enter maps one, x says no for good.",
        )
    mapped = counted(sum(bool(row.local) for row in rows), "role")
    text = f"{mapped} mapped. Whoever has another role is not enrolled at all. Enter changes a role."
    if not counted_people:
        text += " How many people each concerns is known after the first sync."
    return Content.styled(text, "dim")


def unmap_question(role: str) -> tuple[str, str]:
    """The question before a role is unmapped, and its button."""
    return f"{clean(role, 60)}: not mapped any more?", f"Unmap {clean(role, 24)}"


def saved(role: str, local: str) -> str:
    """That a role's mapping was saved."""
    said = f"{role} becomes {local}" if local else f"{role}: {NOT_MAPPED.lower()}"
    return f"Saved: {clean(said, 80)}"


def already(name: str) -> str:
    """That a local role needs no adding."""
    return f"{name} is there already"


def added(name: str) -> str:
    """That a local role was added to those to choose from."""
    return f"{name} can be chosen now"


def rename_ask(local: str, using: Sequence[str]) -> tuple[str, str]:
    """What is asked for a local role's other name, and what uses it."""
    return f"Rename {clean(local, 60)}", clean(f"Used for {', '.join(using)}.", 200)


def rename_question(old: str, new: str) -> tuple[str, str]:
    """The question before a rename, and its button."""
    return f"Rename {clean(old, 40)}?", f"Rename to {clean(new, 24)}"


def renamed(old: str, new: str, roles: int) -> str:
    """That a local role was renamed."""
    return clean(f"Saved: {old} is {new} now, {counted(roles, 'role')}", 120)
