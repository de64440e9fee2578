"""OneRoster's vocabularies as the two versions have them: a role of one in the words of the other. Pure."""

from __future__ import annotations

V1P1_USER_ROLES = frozenset(
    ("administrator", "aide", "guardian", "parent", "proctor", "relative", "student", "teacher")
)
V1P2_USER_ROLES = V1P1_USER_ROLES - {"administrator"} | {
    "counselor",
    "districtAdministrator",
    "principal",
    "siteAdministrator",
    "systemAdministrator",
}
ENROLLMENT_ROLES = frozenset(("administrator", "proctor", "student", "teacher"))

OLDER = {
    "counselor": "aide",
    "districtAdministrator": "administrator",
    "principal": "administrator",
    "siteAdministrator": "administrator",
    "systemAdministrator": "administrator",
}
"""What 1.1 calls the roles that came with 1.2; it has no word for staff who neither teach nor administer but `aide`."""


def v1p1_role(role: str) -> str:
    """A role in 1.1's words, which have no `ext:`; what has none there stays as it is."""
    return OLDER.get(role, role.removeprefix("ext:"))


def v1p2_user_role(role: str, *, at_school: bool) -> str:
    """A person's role in 1.2's words; what has none there becomes an `ext:` word, as 1.2 asks for."""
    if role == "administrator":
        return "siteAdministrator" if at_school else "districtAdministrator"
    return extended(role, V1P2_USER_ROLES)


def v1p2_enrollment_role(role: str) -> str:
    """An enrollment's role in 1.2's words."""
    return extended(role, ENROLLMENT_ROLES)


def extended(role: str, vocabulary: frozenset[str]) -> str:
    """A word as it is, or marked as an extension of the vocabulary."""
    return role if not role or role in vocabulary or role.startswith("ext:") else f"ext:{role}"
