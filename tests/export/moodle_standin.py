"""A Moodle for tests: its web services' parameters checked as Moodle checks them, and as much behind them as a push can tell.

Names, types, what is required, and lengths are those of Moodle's `external_function_parameters` and of its tables: a key that a
function does not know, a value that its cleaning would change, a text that its column cannot hold are refused, with status 200 and
an object that has `exception` and `errorcode`. A call is all or nothing. Variables beyond PHP's `max_input_vars` are dropped
without a word.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx

Json = Any
TOKEN = "t0ken-of-the-stand-in"
URL = "https://moodle.example.org"


class Refusal(Exception):
    """Moodle's exception: its class, its error code, its message."""

    def __init__(self, kind: str, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = {"exception": kind, "errorcode": code, "message": message}


def invalid(message: str) -> Refusal:
    """An invalid_parameter_exception."""
    return Refusal("invalid_parameter_exception", "invalidparameter", f"Invalid parameter value detected ({message})")


# The types: a pattern that every clean value matches

TYPES: dict[str, str] = {
    "INT": r"-?(0|[1-9]\d*)",
    "BOOL": r"[01]",
    "RAW": r"(?s).*",
    "TEXT": r"(?s)(?!.*<[a-zA-Z/!?]).*",
    "NOTAGS": r"(?s)(?!.*<[a-zA-Z/!?]).*",
    "USERNAME": r"[-.@_a-z0-9]*",
    "EMAIL": r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+",
    "ALPHA": r"[a-zA-Z]*",
    "PLUGIN": r"[a-z][a-z0-9_]*",
}


@dataclass(frozen=True)
class Value:
    """An external_value."""

    kind: str
    required: bool = True
    longest: int = 10**9


@dataclass(frozen=True)
class Many:
    """An external_multiple_structure."""

    item: Any


Object = dict[str, Any]
"""An external_single_structure: key -> what it takes."""


def optional(kind: str, longest: int = 10**9) -> Value:
    """A VALUE_OPTIONAL or VALUE_DEFAULT."""
    return Value(kind, required=False, longest=longest)


NEW_USER = {
    "createpassword": optional("BOOL"),
    "username": Value("USERNAME", longest=100),
    "auth": optional("PLUGIN", 20),
    "password": optional("RAW"),
    "firstname": Value("NOTAGS", longest=100),
    "lastname": Value("NOTAGS", longest=100),
    "email": Value("EMAIL", longest=100),
    "middlename": optional("NOTAGS", 255),
    "idnumber": optional("RAW", 255),
    "city": optional("TEXT", 120),
    "lang": optional("PLUGIN"),
}
USER = {
    "id": Value("INT"),
    "username": optional("USERNAME", 100),
    "auth": optional("PLUGIN", 20),
    "suspended": optional("BOOL"),
    "password": optional("RAW"),
    "firstname": optional("NOTAGS", 100),
    "lastname": optional("NOTAGS", 100),
    "email": optional("EMAIL", 100),
    "middlename": optional("NOTAGS", 255),
    "idnumber": optional("RAW", 255),
}
COURSE_FIELDS = {
    "idnumber": optional("RAW", 100),
    "summary": optional("RAW"),
    "startdate": optional("INT"),
    "enddate": optional("INT"),
    "visible": optional("INT"),
    "format": optional("PLUGIN"),
}
NEW_COURSE = COURSE_FIELDS | {
    "fullname": Value("TEXT", longest=254),
    "shortname": Value("TEXT", longest=255),
    "categoryid": Value("INT"),
}
COURSE = COURSE_FIELDS | {
    "id": Value("INT"),
    "fullname": optional("TEXT", 254),
    "shortname": optional("TEXT", 255),
    "categoryid": optional("INT"),
}
ENROLMENT = {
    "roleid": Value("INT"),
    "userid": Value("INT"),
    "courseid": Value("INT"),
    "timestart": optional("INT"),
    "timeend": optional("INT"),
    "suspend": optional("INT"),
}
ASSIGNMENT = {
    "roleid": Value("INT"),
    "userid": Value("INT"),
    "contextid": optional("INT"),
    "contextlevel": optional("ALPHA"),
    "instanceid": optional("INT"),
}

PARAMETERS: dict[str, Object] = {
    "core_webservice_get_site_info": {"serviceshortnames": Many(optional("RAW"))},
    "core_course_get_categories": {
        "criteria": Many({"key": Value("ALPHA"), "value": Value("RAW")}),
        "addsubcategories": optional("BOOL"),
    },
    "core_course_create_categories": {
        "categories": Many(
            {"name": Value("TEXT", longest=255), "parent": optional("INT"), "idnumber": optional("RAW", 100)}
        )
    },
    "core_course_update_categories": {
        "categories": Many(
            {
                "id": Value("INT"),
                "name": optional("TEXT", 255),
                "idnumber": optional("RAW", 100),
                "parent": optional("INT"),
            }
        )
    },
    "core_course_get_courses_by_field": {"field": optional("ALPHA"), "value": optional("RAW")},
    "core_course_create_courses": {"courses": Many(NEW_COURSE)},
    "core_course_update_courses": {"courses": Many(COURSE)},
    "core_user_get_users_by_field": {"field": Value("ALPHA"), "values": Many(Value("RAW"))},
    "core_user_create_users": {"users": Many(NEW_USER)},
    "core_user_update_users": {"users": Many(USER)},
    "enrol_manual_enrol_users": {"enrolments": Many(ENROLMENT)},
    "enrol_manual_unenrol_users": {
        "enrolments": Many({"userid": Value("INT"), "courseid": Value("INT"), "roleid": optional("INT")})
    },
    "core_role_assign_roles": {"assignments": Many(ASSIGNMENT)},
    "core_role_unassign_roles": {"unassignments": Many(ASSIGNMENT)},
}


def nested(pairs: list[tuple[str, str]]) -> Json:
    """Form variables as PHP reads them: `users[0][username]`."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        first, *rest = re.findall(r"[^\[\]]+", name)
        place: dict[str, Any] = root
        for part, following in zip((first, *rest), (*rest, None), strict=True):
            if following is None:
                place[part] = value
            else:
                place = place.setdefault(part, {})
    return root


def checked(takes: Any, given: Json, name: str) -> Json:
    """A value as the function gets it: numbers as numbers, lists as lists."""
    if isinstance(takes, Value):
        if not isinstance(given, str) or not re.fullmatch(TYPES[takes.kind], given):
            raise invalid(f"{name}: {takes.kind}")
        if len(given) > takes.longest:
            raise Refusal("dml_write_exception", "dmlwriteexception", "Error writing to database")
        return int(given) if takes.kind in ("INT", "BOOL") else given
    if not isinstance(given, Mapping):
        raise invalid(f"{name}: only arrays accepted")
    if isinstance(takes, Many):
        return [checked(takes.item, one, f"{name}[{place}]") for place, one in given.items()]
    unexpected = set(given) - set(takes)
    if unexpected:
        raise invalid(f"{name}: unexpected keys {sorted(unexpected)}")
    missing = [key for key, one in takes.items() if key not in given and isinstance(one, Value) and one.required]
    if missing:
        raise invalid(f"{name}: missing required key {missing[0]}")
    return {key: checked(takes[key], one, f"{name}[{key}]") for key, one in given.items()}


@dataclass
class State:
    """What the Moodle holds: rows by id; enrolments by (course, user); roles at people by (role, user, at)."""

    categories: dict[int, dict[str, Any]] = field(default_factory=dict)
    courses: dict[int, dict[str, Any]] = field(default_factory=dict)
    users: dict[int, dict[str, Any]] = field(default_factory=dict)
    enrolments: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    parents: set[tuple[int, int, int]] = field(default_factory=set)
    last: int = 100

    def new(self, rows: dict[int, dict[str, Any]], row: Mapping[str, Any]) -> int:
        """Files a row under a new id."""
        self.last += 1
        rows[self.last] = {"id": self.last, **row}
        return self.last


@dataclass
class Moodle:
    """The site. `fault` is asked before each call, with the function's name and its number; what it gives is the answer.

    `lost`: the numbers of calls that are done and never answered.
    """

    state: State = field(default_factory=State)
    calls: list[str] = field(default_factory=list)
    fault: Callable[[str, int], httpx.Response | None] = lambda function, number: None
    lost: set[int] = field(default_factory=set)
    roles: set[int] = field(default_factory=lambda: {3, 4, 5, 9})
    functions: set[str] = field(default_factory=lambda: set(PARAMETERS))
    max_input_vars: int = 1000

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answers a request; for httpx.MockTransport."""
        assert request.url.path == "/webservice/rest/server.php"
        assert not request.url.query, "a token in an address ends in logs"
        pairs = parse_qsl(request.content.decode(), keep_blank_values=True, strict_parsing=True)
        form = dict(pairs[:3])
        function = form["wsfunction"]
        self.calls.append(function)
        answer = self.fault(function, len(self.calls))
        if answer is not None:
            return answer
        before = copy.deepcopy(self.state)
        try:
            if form["wstoken"] != TOKEN:
                raise Refusal("moodle_exception", "invalidtoken", "Invalid token - token not found")
            if function not in self.functions:
                raise Refusal("webservice_access_exception", "accessexception", "Access control exception")
            parameters = checked(PARAMETERS[function], nested(pairs[3 : self.max_input_vars]), function)
            result = getattr(self, function)(**parameters)
        except Refusal as refusal:
            self.state = before
            return httpx.Response(200, json=refusal.answer)
        if len(self.calls) in self.lost:
            raise httpx.ReadTimeout("no answer", request=request)
        return httpx.Response(200, json=result)

    # The functions

    def core_webservice_get_site_info(self) -> Json:
        return {
            "sitename": "Stand-in",
            "functions": [{"name": name, "version": "1"} for name in sorted(self.functions)],
        }

    def core_course_get_categories(self, criteria: list[Json], addsubcategories: int = 1) -> Json:
        return [
            row for row in self.state.categories.values() if all(row[one["key"]] == one["value"] for one in criteria)
        ]

    def core_course_create_categories(self, categories: list[Json]) -> Json:
        made = []
        for one in categories:
            if one.get("parent") and one["parent"] not in self.state.categories:
                raise Refusal("moodle_exception", "unknowncategory", "Unknown category")
            self.unique(self.state.categories, "idnumber", one, "categoryidnumbertaken")
            made.append({"id": self.state.new(self.state.categories, {"parent": 0, **one}), "name": one["name"]})
        return made

    def core_course_update_categories(self, categories: list[Json]) -> None:
        for one in categories:
            self.state.categories[one["id"]].update(one)

    def core_course_get_courses_by_field(self, field: str = "", value: str = "") -> Json:
        return {"courses": [row for row in self.state.courses.values() if row.get(field) == value], "warnings": []}

    def core_course_create_courses(self, courses: list[Json]) -> Json:
        made = []
        for one in courses:
            if one["categoryid"] not in self.state.categories:
                raise Refusal("moodle_exception", "errorcatcontextnotvalid", "Category context is not valid")
            self.check_course(one)
            made.append(
                {"id": self.state.new(self.state.courses, {"visible": 1, **one}), "shortname": one["shortname"]}
            )
        return made

    def core_course_update_courses(self, courses: list[Json]) -> Json:
        warnings = []
        for one in courses:
            try:
                if one["id"] not in self.state.courses:
                    raise Refusal("moodle_exception", "invalidcourseid", "No such course")
                self.check_course(one)
                self.state.courses[one["id"]].update(one)
            except Refusal as refusal:
                warnings.append(
                    {
                        "item": "course",
                        "itemid": one["id"],
                        "warningcode": refusal.answer["errorcode"],
                        "message": refusal.answer["message"],
                    }
                )
        return {"warnings": warnings}

    def check_course(self, one: Json) -> None:
        self.unique(self.state.courses, "shortname", one, "shortnametaken")
        self.unique(self.state.courses, "idnumber", one, "courseidnumbertaken")
        if one.get("enddate") and one["enddate"] <= one.get("startdate", 0):
            raise Refusal("moodle_exception", "enddatebeforestartdate", "The end date must be after the start date")

    def unique(self, rows: dict[int, dict[str, Any]], key: str, one: Json, code: str) -> None:
        if one.get(key) and any(row.get(key) == one[key] for row in rows.values() if row["id"] != one.get("id")):
            raise Refusal("moodle_exception", code, f"{key} is already used")

    def core_user_get_users_by_field(self, field: str, values: list[str]) -> Json:
        return [row for row in self.state.users.values() if row.get(field) in values]

    def core_user_create_users(self, users: list[Json]) -> Json:
        made = []
        for one in users:
            if not one["username"].strip() or not one["firstname"].strip() or not one["lastname"].strip():
                raise invalid("a name cannot be blank")
            for key in ("username", "email"):
                if any(row[key].lower() == one[key].lower() for row in self.state.users.values()):
                    raise invalid(f"{key} already exists: {one[key]}")
            if one.get("auth", "manual") == "manual" and not (one.get("password") or one.get("createpassword")):
                raise invalid("you must provide a password, or set createpassword")
            made.append({"id": self.state.new(self.state.users, {"suspended": 0, **one}), "username": one["username"]})
        return made

    def core_user_update_users(self, users: list[Json]) -> None:
        for one in users:
            others = [row for row in self.state.users.values() if row["id"] != one["id"]]
            if one["id"] in self.state.users and not any(row["email"] == one.get("email") for row in others):
                self.state.users[one["id"]].update(one)  # what does not fit is passed over without a word

    def enrol_manual_enrol_users(self, enrolments: list[Json]) -> None:
        for one in enrolments:
            if one["courseid"] not in self.state.courses:
                raise Refusal("moodle_exception", "invalidrecord", "Can't find data record in database table course.")
            if one["userid"] not in self.state.users:
                raise Refusal("dml_missing_record_exception", "invaliduser", "Invalid user")
            if one["roleid"] not in self.roles:
                raise Refusal(
                    "moodle_exception", "wsusercannotassign", "You don't have the permission to assign this role"
                )
            row = self.state.enrolments.setdefault((one["courseid"], one["userid"]), {"roles": set()})
            row["roles"].add(one["roleid"])
            row |= {
                "start": one.get("timestart", 0),
                "end": one.get("timeend", 0),
                "suspended": one.get("suspend", 0),
            }

    def enrol_manual_unenrol_users(self, enrolments: list[Json]) -> None:
        for one in enrolments:
            self.state.enrolments.pop((one["courseid"], one["userid"]), None)

    def core_role_assign_roles(self, assignments: list[Json]) -> None:
        for one in assignments:
            assert one["contextlevel"] == "user"
            if one["instanceid"] not in self.state.users or one["userid"] not in self.state.users:
                raise Refusal("dml_missing_record_exception", "invalidrecord", "Can't find data record in database")
            self.state.parents.add((one["roleid"], one["userid"], one["instanceid"]))

    def core_role_unassign_roles(self, unassignments: list[Json]) -> None:
        for one in unassignments:
            if one["contextlevel"] == "user":
                self.state.parents.discard((one["roleid"], one["userid"], one["instanceid"]))
            else:
                self.state.enrolments[one["instanceid"], one["userid"]]["roles"].discard(one["roleid"])

    # What a test looks at

    def people(self) -> dict[str, dict[str, Any]]:
        """idnumber -> user."""
        return {str(row.get("idnumber", "")): row for row in self.state.users.values()}

    def course_ids(self) -> dict[str, dict[str, Any]]:
        """idnumber -> course."""
        return {str(row.get("idnumber", "")): row for row in self.state.courses.values()}

    def enrolled(self) -> dict[tuple[str, str], dict[str, Any]]:
        """(course's idnumber, user's idnumber) -> enrolment."""
        courses, users = self.state.courses, self.state.users
        return {
            (courses[course]["idnumber"], users[user]["idnumber"]): row
            for (course, user), row in self.state.enrolments.items()
        }
