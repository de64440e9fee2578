"""The shelf labels: what `csv_columns` does not say of a bundle's files: 1.0's columns, what values look like, vocabularies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from oneroster_tui.csv_columns import FILES

Version = Literal["1.0", "1.1", "1.2"]
Mode = Literal["bulk", "delta", "absent"]

VERSIONS: Final[tuple[Version, ...]] = ("1.0", "1.1", "1.2")
_V1_0: Final = {
    "orgs": "sourcedId* status dateLastModified name type identifier metadata.classification metadata.gender "
    "metadata.boarding parentSourcedId",
    "users": "sourcedId* status dateLastModified orgSourcedIds* role* username userId givenName familyName identifier "
    "email sms phone agents",
    "courses": "sourcedId* status dateLastModified schoolYearId metadata.duration title courseCode grade orgSourcedId "
    "subjects",
    "classes": "sourcedId* status dateLastModified title grade courseSourcedId* classCode classType location "
    "schoolSourcedId* termSourcedId subjects",
    "enrollments": "sourcedId* classSourcedId* schoolSourcedId userSourcedId* role* status dateLastModified primary",
    "academicSessions": "sourcedId* status dateLastModified title type startDate endDate parentSourcedId",
    "demographics": "userSourcedId* status dateLastModified birthdate sex americanIndianOrAlaskaNative asian "
    "blackOrAfricanAmerican nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces "
    "hispanicOrLatinoEthnicity countryOfBirthCode stateOfBirthAbbreviation cityOfBirth publicSchoolResidenceStatus",
}
"""1.0's files. Which values are required is not documented: only what a record cannot do without is marked (`*`)."""

_DATES: Final = "startDate endDate beginDate birthDate birthdate assignDate dueDate scoreDate"
_FLAGS: Final = (
    "enabledUser primary americanIndianOrAlaskaNative asian blackOrAfricanAmerican "
    "nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces hispanicOrLatinoEthnicity inProgress "
    "incomplete late missing"
)
_KINDS: Final[dict[str, str]] = {
    **dict.fromkeys(_DATES.split(), "date"),
    **dict.fromkeys(_FLAGS.split(), "flag"),
    "status": "status",
    "dateLastModified": "time",
    "schoolYear": "year",
    "schoolYearId": "id",
    "agents": "ids",
    "classType": "class",
    "roleType": "roleType",
    "sex": "sex",
}
_KINDS_BY_FILE: Final[dict[tuple[str, str], str]] = {
    ("academicSessions", "type"): "session",
    ("orgs", "type"): "org",
    ("users", "role"): "role",
    ("roles", "role"): "role",
    ("enrollments", "role"): "role",
    ("classes", "termSourcedId"): "ids",  # 1.0 has one, and some send several
}

READ: Final = ("orgs", "academicSessions", "courses", "classes", "users", "roles", "enrollments")
"""The files a sync reads, in the order that satisfies references; the others are recognised and left alone."""

OPTIONAL_COLUMNS: Final = {("1.2", "users"): frozenset({"resourceSourcedIds"})}
"""Columns that one edition of a version has and another has not."""

ALIASES: Final = {
    "agents": "agentSourcedIds",
    "grade": "grades",
    "termSourcedId": "termSourcedIds",
    "schoolYearId": "schoolYearSourcedId",
}
"""1.0's names of columns that have another one since (spec 6); inside, the newer one is used."""

_ROLES_1_1: Final = "administrator aide guardian parent proctor relative student teacher"
_ROLES_1_2: Final = (
    "aide counselor districtAdministrator guardian parent principal proctor relative siteAdministrator student "
    "systemAdministrator teacher"
)
_ENROLLED: Final = "administrator proctor student teacher"
_WORDS: Final[dict[str, str]] = {
    "status": "active tobedeleted",
    "flag": "true false",
    "session": "gradingPeriod semester schoolYear term",
    "org": "department school district local state national",
    "class": "homeroom scheduled",
    "roleType": "primary secondary",
    "sex": "male female unspecified other",
}
EXTENDABLE: Final = frozenset({"session", "org", "class", "role", "sex"})
"""Vocabularies that 1.2 lets a provider extend by words that begin with `ext:` (spec 5.5)."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file.

    Attributes:
        need: "*" where a value is required, "+" in a delta only (and forbidden in a bulk file), "" nowhere.
        kind: `text`, `id`, `ids`, `date`, `time`, `year`, `flag`, or a vocabulary's name.
    """

    name: str
    need: Literal["*", "+", ""]
    kind: str


@cache
def columns(version: Version, file: str) -> tuple[Column, ...]:
    """The columns of a file (`users`), in order; none where the version does not have the file."""
    if version == "1.0":
        words = _V1_0.get(file, "").split()
        return tuple(Column(word.rstrip("*"), "*" if word.endswith("*") else "", _kind(file, word)) for word in words)
    return tuple(
        Column(one.name, "+" if one.delta_only else "*" if one.required else "", _kind(file, one.name))
        for one in FILES[version].get(file, ())
    )


def _kind(file: str, word: str) -> str:
    name = word.rstrip("*")
    if found := _KINDS_BY_FILE.get((file, name)) or _KINDS.get(name):
        return found
    return "id" if name.endswith(("SourcedId", "sourcedId")) else "ids" if name.endswith("SourcedIds") else "text"


def files(version: Version) -> tuple[str, ...]:
    """The data files of a version, without `.csv`."""
    return tuple(_V1_0 if version == "1.0" else FILES[version])


ALL_FILES: Final = tuple(dict.fromkeys(name for version in VERSIONS for name in files(version)))
"""Every data file of any version."""


@cache
def words(version: Version, file: str, kind: str) -> frozenset[str]:
    """The vocabulary of a column's kind; empty where any text will do."""
    if kind == "role":
        by_file = {"roles": _ROLES_1_2, "enrollments": _ENROLLED if version == "1.2" else _ROLES_1_1}
        return frozenset(by_file.get(file, _ROLES_1_1).split())
    found = _WORDS.get(kind, "")
    if kind == "status" and version == "1.0":
        found += " inactive"
    return frozenset(found.split())
