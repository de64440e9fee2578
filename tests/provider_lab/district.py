"""The lab's district: two schools in the JSON of each version, and who must be in the roster for it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, Literal

from tests.e2e import roster_check
from tests.lab import COLLECTIONS as COLLECTIONS
from tests.lab import Json, ref, small_district

Version = Literal["1.0", "1.1", "1.2"]
Rows = dict[str, list[Json]]
SCHOOLS = ("s1", "s2")


def district() -> Rows:
    """The rows of a good 1.1 provider: two schools, 14 people, four classes, 16 enrollments."""
    rows = {name: list(found.values()) for name, found in small_district().records.items()}
    for number, row in enumerate(rows["users"]):
        row["givenName"], row["familyName"] = f"Given{number}", f"Family{number}"
    return copy.deepcopy(rows)


def _user_1_0(row: Json) -> Json:
    return {**_without(row, "enabledUser"), "userId": row.get("identifier", "")}


def _user_1_2(row: Json) -> Json:
    roles = [
        {"roleType": "secondary" if number else "primary", "role": row["role"], "org": org}
        for number, org in enumerate(row["orgs"])
    ]
    return {**_without(row, "role", "orgs"), "roles": roles, "primaryOrg": ref("d1", "org")}


def _without(row: Json, *names: str) -> Json:
    return {name: value for name, value in row.items() if name not in names}


def _org_1_0(row: Json) -> Json:
    return row | {"type": "local"} if row["type"] == "district" else row


_CHANGES: Mapping[Version, Mapping[str, Callable[[Json], Json]]] = {
    "1.0": {
        "orgs": _org_1_0,
        "users": _user_1_0,
        "enrollments": lambda row: _without(row, "beginDate", "endDate"),
        "academicSessions": lambda row: _without(row, "schoolYear"),
    },
    "1.1": {},
    "1.2": {"users": _user_1_2},
}


def in_version(rows: Rows, version: Version) -> Rows:
    """The same rows in another version's words."""
    changes = _CHANGES[version]
    return {name: [changes.get(name, dict)(row) for row in found] for name, found in rows.items()}


def roster_of(rows: Rows, version: Version, schools: tuple[str, ...], mapped: tuple[str, ...]) -> dict[str, set[Any]]:
    """What must be active in the roster, table by table, when a provider says this."""
    by_id = {name: {row["sourcedId"]: row for row in found} for name, found in in_version(rows, version).items()}
    return roster_check.expected(by_id, set(schools), set(mapped))
