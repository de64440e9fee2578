"""Quirks of how a provider writes it: numbers 16 to 23 of the field notes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.lab import ref
from tests.provider_lab.district import Json, Rows
from tests.provider_lab.server import LabProvider
from tests.provider_lab.table import quirk, with_fields, without

WORDS = {"orgs": "schools", "users": "students", "academicSessions": "terms"}


@quirk(
    16,
    "Wraps a page in the endpoint's word (`students`, `terms`, `schools`)",
    who="several; the first Moodle plug-in has lists of them",
    ours="Takes it.",
)
def wrong_key(provider: LabProvider) -> None:
    provider.wrap = lambda page, rows, asked: {WORDS.get(asked.collection, asked.collection): page}


@quirk(16, "Wraps every page in `data`", ours="Takes the only list there is.")
def data_key(provider: LabProvider) -> None:
    provider.wrap = lambda page, rows, asked: {"data": page, "success": True}


@quirk(16, "Sends a bare list", ours="Takes it.")
def bare_list(provider: LabProvider) -> None:
    provider.wrap = lambda page, rows, asked: page


@quirk(16, "Sends an object where the list has one row", ours="Takes it for a list of one.")
def object_for_a_list(provider: LabProvider) -> None:
    provider.wrap = lambda page, rows, asked: {asked.collection: page[0] if len(page) == 1 else page}


def each(collection: str, change: Callable[[Json], Any]) -> Callable[[LabProvider], None]:
    """Changes every row of a collection."""

    def wire(provider: LabProvider) -> None:
        for row in provider.every(collection):
            change(row)

    return wire


@quirk(
    17,
    "Writes booleans as `True`, `1`, `yes` or real ones",
    who="RIC One, Chalk and others",
    ours="Reads them all.",
    truth=with_fields("users", "s1-st2", enabledUser="false"),
)
def odd_booleans(provider: LabProvider) -> None:
    users = provider.of("users")
    for sourced_id, spelling in zip(users, ["True", 1, "yes", True, "TRUE", " true ", "Y", "1", "t"] * 2, strict=False):
        users[sourced_id]["enabledUser"] = spelling
    users["s1-st2"]["enabledUser"] = 0
    for row in provider.every("enrollments"):
        row["primary"] = row["primary"] == "true"


@quirk(
    17,
    "Writes a boolean that is none",
    ours="Takes the default: enabled.",
    problems=(("users", "s1-st1", "warning", "bad_boolean"),),
)
def no_boolean(provider: LabProvider) -> None:
    provider.of("users")["s1-st1"]["enabledUser"] = "perhaps"


@quirk(17, "Writes numbers where text is meant", ours="Writes them out.", truth=lambda rows: numbered(rows, str))
def numbers_for_text(provider: LabProvider) -> None:
    numbered(provider.rows, int)
    for row in provider.every("academicSessions"):
        row["schoolYear"] = 2027


def numbered(rows: Rows, kind: Callable[[str], object]) -> None:
    """A student whose identifier, and a class whose id, are numbers."""
    for row in rows["users"]:
        if row["sourcedId"] == "s1-st1":
            row["identifier"] = kind("4711")
    for row in rows["classes"]:
        if row["sourcedId"] == "s1-a":
            row["sourcedId"] = kind("1001")
    for row in rows["enrollments"]:
        if row["class"]["sourcedId"] == "s1-a":
            row["class"] = {"sourcedId": kind("1001")}


@quirk(
    17,
    "Sends `null` for everything that is blank",
    who="Aeries",
    ours="Reads nothing there.",
    truth=lambda rows: [row.update(email="") for row in rows["users"]],
)
def nulls(provider: LabProvider) -> None:
    for row in provider.every("users"):
        row.update(email=None, middleName=None, sms=None, phone=None, metadata=None, grades=None)
        row["agents"] = row["agents"] or None
    for row in provider.every("orgs"):
        row.setdefault("parent", None)


@quirk(17, "Sends one object where a list is meant", ours="Takes it for a list of one.")
def single_for_list(provider: LabProvider) -> None:
    for row in provider.every("users"):
        row["orgs"] = row["orgs"][0]
    for row in provider.every("classes"):
        row["terms"] = row["terms"][0]


@quirk(17, "Writes roles and types in any case", ours="Words match in any case.")
def any_case(provider: LabProvider) -> None:
    for row in provider.every("users") + provider.every("enrollments"):
        row["role"] = row["role"].upper()
    for row in provider.every("orgs"):
        row["type"] = row["type"].title()


@quirk(
    17,
    "Sends the flat columns of the CSV files as JSON",
    ours="Reads `classSourcedId`, `termSourcedIds` with commas, and so on.",
)
def flat_json(provider: LabProvider) -> None:
    for row in provider.every("enrollments"):
        for name in ("user", "class", "school"):
            row[f"{name}SourcedId"] = row.pop(name)["sourcedId"]
    for row in provider.every("users"):
        row["orgSourcedIds"] = ",".join(org["sourcedId"] for org in row.pop("orgs"))
        row["agentSourcedIds"] = ",".join(agent["sourcedId"] for agent in row.pop("agents"))
    for row in provider.every("classes"):
        row["courseSourcedId"], row["schoolSourcedId"] = row.pop("course")["sourcedId"], row.pop("school")["sourcedId"]
        row["termSourcedIds"] = ",".join(term["sourcedId"] for term in row.pop("terms"))
    for row in provider.every("courses"):
        row["orgSourcedId"] = row.pop("org")["sourcedId"]
    for row in provider.every("orgs"):
        if "parent" in row:
            row["parentSourcedId"] = row.pop("parent")["sourcedId"]


@quirk(17, "Adds members that no version has", ours="Passes over them.")
def more_members(provider: LabProvider) -> None:
    for collection in provider.rows:
        for row in provider.every(collection):
            row.update(vendorThing={"a": [1, {"b": None}]}, metadata={"x.y": "z"}, extra="x" * 2000)


@quirk(
    17,
    "Sends a row that is no object",
    ours="Leaves it out; the rest of its page is read.",
    problems=(("users", "", "error", "not_an_object"),),
    code=3,
)
def row_of_text(provider: LabProvider) -> None:
    rows: list[Any] = provider.rows["users"]
    rows.insert(3, "and so on")


STAMPS = (
    "2026-09-01T06:00:00Z",
    "2026-09-01T08:00:00+02:00",
    "2026-09-01T06:00:00.123456Z",
    "2026-09-01 06:00:00",
    "2026-09-01",
)


@quirk(
    18,
    "Writes times without a fraction, with an offset, without a zone, or as a day",
    who="edlink: the specification names no zone",
    ours="Reads them as UTC.",
)
def odd_times(provider: LabProvider) -> None:
    for number, row in enumerate(provider.every("users")):
        row["dateLastModified"] = STAMPS[number % len(STAMPS)]


@quirk(
    18, "Writes a time where a date is meant, or another order of signs", ours="The day as written is the day meant."
)
def times_for_dates(provider: LabProvider) -> None:
    forms = (
        "2026-08-17T00:00:00.000Z",
        "2026-08-17 00:00:00",
        "20260817",
        "2026/08/17",
        "2026-8-17",
        "2026-08-17T23:30:00-05:00",
    )
    for number, row in enumerate(provider.every("enrollments")):
        row["beginDate"] = forms[number % len(forms)]


@quirk(
    18,
    "Leaves dates blank, or at 0000-00-00",
    ours="Reads no date.",
    truth=lambda rows: [row.update(beginDate=None, endDate=None) for row in rows["enrollments"]],
)
def blank_dates(provider: LabProvider) -> None:
    for number, row in enumerate(provider.every("enrollments")):
        row["beginDate"], row["endDate"] = ("", None) if number % 2 else ("0000-00-00", " ")


@quirk(
    18,
    "Writes a date that is none",
    ours="Keeps the record without it.",
    truth=with_fields("enrollments", "s1-a-1", endDate=None),
    problems=(("enrollments", "s1-a-1", "warning", "bad_date"),),
    says="endDate: expected a date, found “31/12/2026”",
)
def bad_date(provider: LabProvider) -> None:
    provider.of("enrollments")["s1-a-1"]["endDate"] = "31/12/2026"


@quirk(
    18,
    "Writes a `dateLastModified` that cannot be read",
    ours="The record still updates: content decides.",
    truth=with_fields("users", "s1-st1", givenName="Renamed"),
    problems=(("users", "s1-st1", "warning", "bad_time"),),
)
def bad_time(provider: LabProvider) -> None:
    provider.of("users")["s1-st1"].update(dateLastModified="yesterday", givenName="Renamed")


@quirk(
    19,
    "Leaves out usernames",
    who="1.2 allows it; Google and others",
    ours="The identifier, else the e-mail's local part, else the sourcedId stands in.",
    version="1.2",
    truth=lambda rows: nameless(rows, fill=True),
)
def no_usernames(provider: LabProvider) -> None:
    nameless(provider.rows, fill=False)


def nameless(rows: Rows, *, fill: bool) -> None:
    """Three students without a username; with what stands in for it."""
    for row in rows["users"]:
        if row["sourcedId"] in ("s1-st1", "s1-st2", "s1-st3"):
            row["username"] = row["identifier"] if fill else ""
        if row["sourcedId"] == "s1-st2":
            row["identifier"] = ""
            row["username"] = "s1-st2" if fill else ""
        if row["sourcedId"] == "s1-st3":
            row["identifier"] = row["email"] = ""
            row["username"] = "s1-st3" if fill else ""


@quirk(
    19,
    "Sends the master identifier in the place of the identifier",
    who="1.2",
    ours="Takes it: it means the same person in every system.",
    version="1.2",
)
def master_identifier(provider: LabProvider) -> None:
    for row in provider.every("users"):
        row["userMasterIdentifier"] = row.pop("identifier")


@quirk(
    19,
    "Sends users without names, e-mail or enabledUser",
    ours="Keeps them, enabled.",
    truth=with_fields("users", "s1-st1", givenName="", familyName="", email=""),
)
def bare_user(provider: LabProvider) -> None:
    row = provider.of("users")["s1-st1"]
    for name in ("givenName", "familyName", "email", "enabledUser"):
        del row[name]


@quirk(
    19,
    "Gives two people one e-mail address",
    who="shared by a parent and staff",
    ours="Addresses are no key.",
    truth=with_fields("users", "s1-pa1", email="s1-teacher@example.org"),
)
def shared_email(provider: LabProvider) -> None:
    provider.of("users")["s1-pa1"]["email"] = "s1-teacher@example.org"


@quirk(
    20,
    "Has departments where schools are meant",
    who="Rediker, edu_ext_oneroster",
    ours="Any org can be selected, whatever its type.",
    truth=lambda rows: departments(rows),
)
def department_as_school(provider: LabProvider) -> None:
    departments(provider.rows)


def departments(rows: Rows) -> None:
    """Both schools are departments."""
    for row in rows["orgs"]:
        row["type"] = "department" if row["type"] == "school" else row["type"]


@quirk(20, "Names a parent org that is not listed", ours="Keeps the name of it.", truth=without(orgs="d1"))
def parent_not_listed(provider: LabProvider) -> None:
    without(orgs="d1")(provider.rows)


@quirk(
    20,
    "Has orgs that are each other's parent",
    ours="No walk over the tree is needed; lists show each once.",
    truth=lambda rows: circle(rows),
)
def circular_orgs(provider: LabProvider) -> None:
    circle(provider.rows)


def circle(rows: Rows) -> None:
    """A circle of parents."""
    for row in rows["orgs"]:
        row["parent"] = ref({"d1": "s1", "s1": "d1", "s2": "s2"}[row["sourcedId"]], "org")


@quirk(
    21,
    "Enrolls a teacher as student, or marks two teachers as primary",
    who="code.org; Ed-Fi",
    ours="The enrollment's own word counts.",
    truth=lambda rows: odd_roles(rows),
)
def roles_that_differ(provider: LabProvider) -> None:
    odd_roles(provider.rows)


def odd_roles(rows: Rows) -> None:
    """The teacher sits in a class; a student's enrollment is primary."""
    for row in rows["enrollments"]:
        if row["sourcedId"] == "s1-b-teacher":
            row["role"] = "student"
        if row["sourcedId"] == "s1-a-1":
            row["primary"] = "true"


@quirk(
    22,
    "Changes a record without moving `dateLastModified`",
    who="common",
    ours="Compares content, not times.",
    truth=with_fields("classes", "s1-a", title="Renamed"),
)
def silent_change(provider: LabProvider) -> None:
    provider.of("classes")["s1-a"]["title"] = "Renamed"


@quirk(
    22,
    "Sends no `dateLastModified`",
    who="providers fed by CSV",
    ours="Compares content.",
    truth=with_fields("classes", "s1-a", title="Renamed"),
)
def no_times(provider: LabProvider) -> None:
    for collection in provider.rows:
        for row in provider.every(collection):
            row["dateLastModified"] = ""
    provider.of("classes")["s1-a"]["title"] = "Renamed"


@quirk(
    23,
    "Has a class with nobody in it",
    who="code.org",
    ours="That is a class.",
    truth=without(enrollments=("s1-a-teacher", "s1-a-1", "s1-a-2", "s1-a-3")),
)
def empty_class(provider: LabProvider) -> None:
    without(enrollments=("s1-a-teacher", "s1-a-1", "s1-a-2", "s1-a-3"))(provider.rows)


@quirk(24, "Puts warnings or a status object beside the data", who="1.1", ours="Reads the data.")
def warnings_beside_data(provider: LabProvider) -> None:
    info = {"imsx_codeMajor": "success", "imsx_severity": "warning", "imsx_codeMinor": "invalid_sort_field"}
    provider.wrap = lambda page, rows, asked: {"statusInfoSet": [info], "warnings": [info], asked.collection: page}


@quirk(25, "Starts its JSON with a byte order mark", ours="Passes over it.")
def byte_order_mark(provider: LabProvider) -> None:
    provider.encode = lambda document: b"\xef\xbb\xbf" + json.dumps(document).encode()


@quirk(
    25,
    "Sends Latin-1 for UTF-8",
    ours="Reads on; what cannot be read is shown as �.",
    truth=with_fields("users", "s1-st1", givenName="Zo\ufffd"),
    problems=(("users", "", "warning", "bad_encoding"),),
)
def latin_1(provider: LabProvider) -> None:
    provider.of("users")["s1-st1"]["givenName"] = "Zoë"
    provider.encode = lambda document: json.dumps(document, ensure_ascii=False).encode("latin-1")


@quirk(
    25,
    "Puts control characters, tabs and blanks into names",
    ours="Takes them out.",
    truth=with_fields("users", "s1-st1", givenName="A B", familyName="C"),
)
def control_characters(provider: LabProvider) -> None:
    provider.of("users")["s1-st1"].update(givenName=" A\tB\u0000 ", familyName="\u001bC\r\n")
