"""The files of a OneRoster CSV bundle and their columns in order, one table for reading and for writing.

Pure, and at the bottom of the house beside records. From the CSV bindings of 1.1 and 1.2 (5.4 of the digest of facts); a name
ends in `*` where each row must have a value, and in `+` where a delta must have one and a bulk file must not.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class Column(NamedTuple):
    """A column: its name as the header has it, whether every row needs a value, and whether only a delta has one."""

    name: str
    required: bool
    delta_only: bool


Columns = tuple[Column, ...]


def _columns(text: str) -> Columns:
    return tuple(Column(word.rstrip("*+"), word.endswith("*"), word.endswith("+")) for word in text.split())


_COMMON: Final = "sourcedId* status+ dateLastModified+ "

_V1P1: Final = {
    "academicSessions": "title* type* startDate* endDate* parentSourcedId schoolYear*",
    "categories": "title*",
    "classes": (
        "title* grades courseSourcedId* classCode classType* location schoolSourcedId* termSourcedIds* "
        "subjects subjectCodes periods"
    ),
    "classResources": "title classSourcedId* resourceSourcedId*",
    "courseResources": "title courseSourcedId* resourceSourcedId*",
    "courses": "schoolYearSourcedId title* courseCode grades orgSourcedId* subjects subjectCodes",
    "demographics": (
        "birthDate sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican "
        "nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces hispanicOrLatinoEthnicity "
        "countryOfBirthCode stateOfBirthAbbreviation cityOfBirth publicSchoolResidenceStatus"
    ),
    "enrollments": "classSourcedId* schoolSourcedId* userSourcedId* role* primary beginDate endDate",
    "lineItems": (
        "title* description assignDate* dueDate* classSourcedId* categorySourcedId* gradingPeriodSourcedId* "
        "resultValueMin* resultValueMax*"
    ),
    "orgs": "name* type* identifier parentSourcedId",
    "resources": "vendorResourceId* title roles importance vendorId applicationId",
    "results": "lineItemSourcedId* studentSourcedId* scoreStatus* score* scoreDate* comment",
    "users": (
        "enabledUser* orgSourcedIds* role* username* userIds givenName* familyName* middleName identifier "
        "email sms phone agentSourcedIds grades password"
    ),
}

_V1P2_CHANGES: Final = {
    "categories": "title* weight",
    "lineItems": (
        "title* description assignDate* dueDate* classSourcedId* categorySourcedId* academicSessionSourcedId* "
        "resultValueMin resultValueMax schoolSourcedId*"
    ),
    "results": (
        "lineItemSourcedId* studentSourcedId* scoreStatus* score scoreDate* comment textScore classSourcedId "
        "inProgress incomplete late missing"
    ),
    "users": (
        "enabledUser* username* userIds givenName* familyName* middleName identifier email sms phone "
        "agentSourcedIds grades password userMasterIdentifier resourceSourcedIds preferredGivenName "
        "preferredMiddleName preferredFamilyName primaryOrgSourcedId pronouns"
    ),
    "roles": "userSourcedId* roleType* role* beginDate endDate orgSourcedId* userProfileSourcedId",
    "userProfiles": "userSourcedId* profileType* vendorId* applicationId description credentialType* username* password",
    "userResources": "userSourcedId* orgSourcedId classSourcedId resourceSourcedId*",
    "scoreScales": "title* type* orgSourcedId* courseSourcedId* classSourcedId* scoreScaleValue*",
    "lineItemScoreScales": "title lineItemSourcedId* scoreScaleSourcedId*",
    "resultScoreScales": "title resultSourcedId* scoreScaleSourcedId*",
    "lineItemLearningObjectiveIds": "lineItemSourcedId* source* learningObjectiveId*",
    "resultLearningObjectiveIds": "resultSourcedId* source* learningObjectiveId* score textScore",
}


def _table(files: Mapping[str, str]) -> Mapping[str, Columns]:
    return MappingProxyType({name: _columns(_COMMON + words) for name, words in files.items()})


FILES: Final[Mapping[str, Mapping[str, Columns]]] = MappingProxyType(
    {"1.1": _table(_V1P1), "1.2": _table(_V1P1 | _V1P2_CHANGES)}
)
"""Version -> file, by its name without `.csv` -> columns in order. 1.2.1 is 1.2 without users' `resourceSourcedIds`."""

MANIFEST: Final = "manifest"
"""The file that says what is in a bundle."""

MANIFEST_HEADER: Final = ("propertyName", "value")


def manifest_rows(
    version: str, modes: Mapping[str, str], system_name: str = "", system_code: str = ""
) -> list[tuple[str, str]]:
    """The manifest's rows: every file of the version with its mode, `absent` where `modes` has none (5.2 of the digest)."""
    return [
        ("manifest.version", "1.0"),
        ("oneroster.version", version),
        *((f"file.{name}", modes.get(name, "absent")) for name in sorted(FILES[version], key=str.lower)),
        *(
            (key, text)
            for key, text in (("source.systemName", system_name), ("source.systemCode", system_code))
            if text
        ),
    ]
