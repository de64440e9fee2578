"""Quirks of what a provider lists: numbers 5 to 11 of the field notes."""

from __future__ import annotations

import copy

from tests.lab import ref
from tests.provider_lab.district import Rows
from tests.provider_lab.server import LabProvider, Request, said
from tests.provider_lab.table import as_it_is, quirk, with_fields, without

FLAT = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")


@quirk(
    5,
    "Offers the flat collections only: `/schools`, `/terms` and everything below a school is 404",
    who="Ed-Fi, Aeries (in part)",
    ours="Needs no other address: reads the flat collections and chooses locally.",
)
def only_flat_collections(provider: LabProvider) -> None:
    provider.before = lambda asked: None if asked.endpoint in FLAT else said({}, 404)


@quirk(
    6,
    "Refuses every parameter but `limit` and `offset` with 400",
    who="Ed-Fi (fields that are not listed), TimeBack (more than two clauses)",
    ours="A full sync needs no filter.",
)
def refuses_parameters(provider: LabProvider) -> None:
    provider.before = lambda asked: said({}, 400) if asked.params.keys() - {"limit", "offset"} else None


@quirk(
    7,
    "Lists one person once a role, with the same identifier",
    who="Infinite Campus 1.1 (prefixes s and t)",
    ours="Keeps both, and says that they are likely one person.",
    truth=lambda rows: rows["users"].append(second_record(rows)),
    problems=(("users", "p-s1-teacher", "warning", "likely_twins"),),
    says='if they are one person, set merge_users = "identifier"',
)
def one_person_two_records(provider: LabProvider) -> None:
    provider.rows["users"].append(second_record(provider.rows))


def second_record(rows: Rows) -> dict[str, object]:
    """The teacher of the first school, who is a parent too."""
    teacher = next(row for row in rows["users"] if row["sourcedId"] == "s1-teacher")
    return {**teacher, "sourcedId": "p-s1-teacher", "role": "parent", "username": "t.parent", "enabledUser": "true"}


@quirk(
    8,
    "Keeps ended enrollments active all year, with a past `endDate`",
    who="1EdTech's FAQ, Infinite Campus",
    ours="Status is about the record: the enrollment stays, with its dates.",
    truth=with_fields("enrollments", "s1-a-1", endDate="2026-09-01"),
)
def ended_enrollment(provider: LabProvider) -> None:
    provider.of("enrollments")["s1-a-1"]["endDate"] = "2026-09-01"


@quirk(
    8,
    "Leaves out the orgs of a person who is still enrolled",
    who="Infinite Campus",
    ours="Whoever is enrolled in a kept class is kept.",
    truth=with_fields("users", "s1-st1", orgs=[ref("", "org")]),
)
def user_without_orgs(provider: LabProvider) -> None:
    provider.of("users")["s1-st1"]["orgs"] = []


@quirk(
    9,
    "Marks what is gone as `tobedeleted`",
    ours="Removes it by `on_removed`; never creates it.",
    truth=without(enrollments="s1-a-1"),
)
def marked_as_deleted(provider: LabProvider) -> None:
    provider.of("enrollments")["s1-a-1"]["status"] = "tobedeleted"


@quirk(
    9,
    "Drops what is gone from its lists",
    ours="Removes it after a complete pull.",
    truth=without(enrollments="s1-a-1"),
)
def disappeared(provider: LabProvider) -> None:
    without(enrollments="s1-a-1")(provider.rows)


@quirk(
    9,
    "Says `inactive`, a word of 1.0",
    who="TimeBack",
    ours="Reads it as `tobedeleted`, as 1.2's text has it.",
    truth=without(enrollments="s1-a-1"),
)
def inactive(provider: LabProvider) -> None:
    provider.of("enrollments")["s1-a-1"]["status"] = "Inactive"


@quirk(
    9,
    "Sends no status, or one that nobody knows",
    ours="Active: nothing is removed on a word nobody knows.",
    problems=(("users", "s1-st1", "warning", "bad_status"),),
)
def odd_status(provider: LabProvider) -> None:
    provider.of("users")["s1-st1"]["status"] = "on leave"
    provider.of("users")["s1-st2"]["status"] = ""
    del provider.of("users")["s1-st3"]["status"]


@quirk(
    10,
    "Names a user in an enrollment who is not listed",
    who="Ed-Fi, Microsoft SDS (UnmatchedEntry)",
    ours="Leaves out that enrollment.",
    truth=without(enrollments="ghost"),
    problems=(("enrollments", "ghost", "error", "unknown_user"),),
    code=3,
)
def unknown_user(provider: LabProvider) -> None:
    provider.rows["enrollments"].append(
        {**provider.rows["enrollments"][0], "sourcedId": "ghost", "user": ref("nobody")}
    )


@quirk(
    10,
    "Names a class in an enrollment that is not listed",
    who="Ed-Fi, Microsoft SDS (InvalidLookupReference)",
    ours="Leaves out that enrollment.",
    problems=(("enrollments", "ghost", "error", "unknown_class"),),
    code=3,
)
def unknown_class(provider: LabProvider) -> None:
    provider.rows["enrollments"].append(
        {**provider.rows["enrollments"][0], "sourcedId": "ghost", "class": ref("none", "class")}
    )


@quirk(
    10,
    "Sends `null` for an enrollment's user",
    who="universis issue 19",
    ours="Leaves out that enrollment; one that is held stays.",
    truth=without(enrollments="s1-a-1"),
    held=as_it_is,
    problems=(("enrollments", "s1-a-1", "error", "missing_user"),),
    code=3,
)
def null_reference(provider: LabProvider) -> None:
    provider.of("enrollments")["s1-a-1"]["user"] = None


@quirk(10, "Sends references as bare ids, or as lists of one", who="universis issue 19", ours="Takes the id.")
def bare_references(provider: LabProvider) -> None:
    row = provider.of("enrollments")["s1-a-1"]
    row["user"], row["class"] = "s1-st1", ["s1-a"]
    row["school"] = {"sourcedId": "s1"}


@quirk(
    10,
    "Names a term and a course in a class that are not listed",
    who="Ed-Fi",
    ours="Keeps the class without them.",
    truth=with_fields("classes", "s1-a", terms=[]),
    problems=(("classes", "s1-a", "warning", "unknown_term"),),
    held_problems=(("classes", "s1-a", "warning", "unknown_term"),),
)
def unknown_term(provider: LabProvider) -> None:
    provider.of("classes")["s1-a"].update(terms=[ref("t9", "academicSession")], course=ref("c9", "course"))


@quirk(
    10,
    "Names a parent of a student who is not listed",
    ours="Keeps the student; the link waits.",
    problems=(("users", "s1-st1", "warning", "unknown_agent"),),
)
def unknown_agent(provider: LabProvider) -> None:
    provider.of("users")["s1-st1"]["agents"].append(ref("nobody"))


@quirk(
    11,
    "Lists the same record twice, on one page or on two",
    who="Ed-Fi (years)",
    ours="The first counts. Sees twice, sorted, that nothing moves, and takes it for complete.",
    says="Reading it again",
)
def listed_twice(provider: LabProvider) -> None:
    users = provider.rows["users"]
    users.append(copy.deepcopy(users[0]))
    users.insert(3, copy.deepcopy(users[2]))
    sort_by_id(provider)


def sort_by_id(provider: LabProvider) -> None:
    """The provider sorts by sourcedId when asked to."""
    usual = provider.window

    def window(rows: list[dict[str, object]], asked: Request) -> list[dict[str, object]]:
        if asked.params.get("sort") == "sourcedId":
            rows = sorted(rows, key=lambda row: str(row["sourcedId"]), reverse=asked.params.get("orderBy") == "desc")
        return usual(rows, asked)

    provider.window = window


@quirk(
    11,
    "Lists the same record on two pages, sorted by sourcedId",
    ours="Two readings that agree, both sorted, show that nothing moves: it is complete.",
    says="Reading it again (1 of 3)",
)
def listed_twice_in_order(provider: LabProvider) -> None:
    users = provider.rows["users"]
    users.sort(key=lambda row: str(row["sourcedId"]))
    users.insert(5, copy.deepcopy(users[4]))


@quirk(
    11,
    "Lists the same record on two pages, and has no order that we know",
    ours="Cannot tell it from rows that move: uses what came, and removes nothing.",
    code=7,
    says="users: 1 of 15 records came a second time, on another page, so others may have been missed",
)
def listed_twice_without_order(provider: LabProvider) -> None:
    users = provider.rows["users"]
    users.append(copy.deepcopy(users[0]))


@quirk(
    11,
    "Lists a sourcedId twice with different content",
    who="Ed-Fi, edu_ext_oneroster",
    ours="The first counts, and the other one is named.",
    problems=(("users", "s1-st1", "warning", "duplicate_sourced_id"),),
    says="listed more than once: given_name, email differ; the first counts",
)
def listed_twice_differently(provider: LabProvider) -> None:
    users = provider.rows["users"]
    place = next(number for number, row in enumerate(users) if row["sourcedId"] == "s1-st1")
    users.insert(place + 1, {**users[place], "givenName": "Other", "email": "other@example.org"})
    sort_by_id(provider)


@quirk(
    11,
    "Lists a record once as active and once as `tobedeleted`",
    ours="The active one counts, and it is said.",
    problems=(("users", "s1-st1", "warning", "duplicate_sourced_id"),),
)
def listed_alive_and_deleted(provider: LabProvider) -> None:
    provider.rows["users"].append({**provider.of("users")["s1-st1"], "status": "tobedeleted"})


@quirk(
    11,
    "Gives a user and a class the same sourcedId",
    who="code.org, edu_ext_oneroster",
    ours="Ids count within their collection.",
    truth=lambda rows: renamed(rows),
)
def ids_shared_by_collections(provider: LabProvider) -> None:
    renamed(provider.rows)


def renamed(rows: Rows) -> None:
    """The first class gets a student's id."""
    for row in rows["classes"]:
        if row["sourcedId"] == "s1-a":
            row["sourcedId"] = "s1-st1"
    for row in rows["enrollments"]:
        if row["class"]["sourcedId"] == "s1-a":
            row["class"] = ref("s1-st1", "class")


@quirk(
    11,
    "Uses slashes, blanks and non-ASCII letters in sourcedIds",
    ours="Ids are opaque.",
    truth=lambda rows: odd_ids(rows),
)
def opaque_ids(provider: LabProvider) -> None:
    odd_ids(provider.rows)


def odd_ids(rows: Rows) -> None:
    """A student gets an odd id."""
    for row in rows["users"]:
        if row["sourcedId"] == "s1-st1":
            row["sourcedId"] = "{A/b c}?ä=1&2"
    for row in rows["enrollments"]:
        if row["user"]["sourcedId"] == "s1-st1":
            row["user"] = ref("{A/b c}?ä=1&2")


@quirk(
    11,
    "Sends a record without a sourcedId",
    ours="Leaves it out; nothing counts as absent there in this run, for it may be any of those held.",
    truth=without(users="s1-pa1"),
    held=as_it_is,
    problems=(("users", "", "error", "missing_sourced_id"),),
    code=3,
    says="users: records came without a usable sourcedId, so nothing counts as absent there in this run",
    held_problems=(("users", "", "error", "missing_sourced_id"),),
)
def no_sourced_id(provider: LabProvider) -> None:
    del provider.of("users")["s1-pa1"]["sourcedId"]
