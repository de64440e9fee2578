"""The data model of each version: which members a record has, which are required, and what they hold. Pure.

Written as `name:kind`, with `!` for required and `*` for a list. A kind is a plain one (`text`, `date`, `time`, `year`,
`boolean`, `any`), a vocabulary in capitals (`ORG_TYPE`), a part with members of its own (`<role>`), or a reference to an
entity (`@org`). Where the texts of 1.1 disagree on what is required, the milder one is taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

EXTENSION: Final = re.compile(r"ext:[a-zA-Z0-9.\-_]+")
"""1.2's words of one's own; earlier versions have none."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a record."""

    name: str
    kind: str
    required: bool
    many: bool


Entity = Mapping[str, Member]
_MEMBER = re.compile(r"(\w+):([@<]?\w+>?)(\*?)(!?)")


def _entity(text: str) -> dict[str, Member]:
    found = [_MEMBER.fullmatch(word) for word in text.split()]
    return {match[1]: Member(match[1], match[2], bool(match[4]), bool(match[3])) for match in found if match}


_COMMON = "sourcedId:text! status:STATUS! dateLastModified:time! metadata:any "

_V1P1 = {
    "org": "name:text! type:ORG_TYPE! identifier:text parent:@org children:@org*",
    "academicSession": "title:text! startDate:date! endDate:date! type:SESSION_TYPE! parent:@academicSession "
    "children:@academicSession* schoolYear:year!",
    "course": "title:text! schoolYear:@academicSession courseCode:text! grades:text* subjects:text* org:@org "
    "subjectCodes:text* resources:@resource*",
    "class": "title:text! classCode:text classType:CLASS_TYPE location:text grades:text* subjects:text* course:@course! "
    "school:@org! terms:@academicSession*! subjectCodes:text* periods:text* resources:@resource*",
    "user": "username:text! userIds:<userId>* enabledUser:boolean givenName:text! familyName:text! middleName:text "
    "role:USER_ROLE! identifier:text email:text sms:text phone:text agents:@user* orgs:@org*! grades:text* password:text",
    "enrollment": "user:@user! class:@class! school:@org! role:ENROLLMENT_ROLE! primary:boolean beginDate:date endDate:date",
    "demographics": "birthDate:date sex:SEX americanIndianOrAlaskaNative:boolean asian:boolean "
    "blackOrAfricanAmerican:boolean nativeHawaiianOrOtherPacificIslander:boolean white:boolean "
    "demographicRaceTwoOrMoreRaces:boolean hispanicOrLatinoEthnicity:boolean countryOfBirthCode:text "
    "stateOfBirthAbbreviation:text cityOfBirth:text publicSchoolResidenceStatus:text",
}
_V1P2 = _V1P1 | {
    "org": "name:text! type:ORG_TYPE! identifier:text! parent:@org children:@org*",
    "user": "userMasterIdentifier:text username:text userIds:<userId>* enabledUser:boolean! givenName:text! "
    "familyName:text! middleName:text preferredFirstName:text preferredMiddleName:text preferredLastName:text "
    "pronouns:text roles:<role>*! userProfiles:<userProfile>* primaryOrg:@org identifier:text email:text sms:text "
    "phone:text agents:@user* grades:text* password:text resources:@resource*",
}
_V1P0 = _V1P1 | {
    "academicSession": "title:text! startDate:date! endDate:date! type:SESSION_TYPE! parent:@academicSession "
    "children:@academicSession*",
    "course": "title:text! schoolYear:@academicSession courseCode:text grade:text subjects:any org:@org",
    "class": "title:text! classCode:text classType:CLASS_TYPE location:text grade:text subjects:any course:@course! "
    "school:@org! terms:@academicSession*!",
    "user": "username:text! userId:text givenName:text! familyName:text! role:USER_ROLE! identifier:text email:text "
    "sms:text phone:text agents:@user* orgs:@org*! demographics:@demographics",
    "enrollment": "user:@user! class:@class! school:@org! role:ENROLLMENT_ROLE! primary:boolean",
    "demographics": _V1P1["demographics"].replace("birthDate", "birthdate"),
}
_PARTS = {
    "<userId>": "type:text! identifier:text!",
    "<role>": "roleType:ROLE_TYPE! role:USER_ROLE! org:@org! userProfile:text beginDate:date endDate:date",
    "<userProfile>": "profileId:text! profileType:text! vendorId:text! applicationId:text description:text "
    "credentials:any",
}

MODELS: Final[Mapping[str, Mapping[str, Entity]]] = {
    version: {name: _entity(_COMMON + text) for name, text in texts.items()}
    | {name: _entity(text) for name, text in _PARTS.items()}
    for version, texts in {"1.0": _V1P0, "1.1": _V1P1, "1.2": _V1P2}.items()
}
"""Version -> entity or part -> its members."""

_ROLES_1_1 = "administrator aide guardian parent proctor relative student teacher"
_WORDS_1_1 = {
    "STATUS": "active tobedeleted",
    "ORG_TYPE": "department district local national school state",
    "SESSION_TYPE": "gradingPeriod semester schoolYear term",
    "CLASS_TYPE": "homeroom scheduled",
    "USER_ROLE": _ROLES_1_1,
    "ENROLLMENT_ROLE": _ROLES_1_1,
    "SEX": "male female",
    "ROLE_TYPE": "primary secondary",
}
_WORDS = {
    "1.0": _WORDS_1_1 | {"STATUS": "active inactive tobedeleted", "ORG_TYPE": "school local state national"},
    "1.1": _WORDS_1_1,
    "1.2": _WORDS_1_1
    | {
        "USER_ROLE": "aide counselor districtAdministrator guardian parent principal proctor relative siteAdministrator "
        "student systemAdministrator teacher",
        "ENROLLMENT_ROLE": "administrator proctor student teacher",
        "SEX": "male female unspecified other",
    },
}
VOCABULARIES: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    version: {name: frozenset(words.split()) for name, words in found.items()} for version, found in _WORDS.items()
}
"""Version -> vocabulary -> its words."""

CLOSED: Final = frozenset(("STATUS", "ROLE_TYPE"))
"""Vocabularies that not even 1.2 lets anybody extend."""

REFERENCE_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "academicSession": frozenset(("academicSession", "term", "gradingPeriod")),
    "user": frozenset(("user", "student", "teacher")),
}
"""`type` of a reference, in 1.0 and 1.1, where it may be another word than the entity's."""
