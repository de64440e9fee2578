"""Quirks of paging and of completeness: numbers 1 to 4 of the field notes."""

from __future__ import annotations

from tests.provider_lab.district import Json, Rows, district
from tests.provider_lab.server import Answer, LabProvider, Request, said
from tests.provider_lab.table import as_it_is, nothing, quirk

NO_TOTAL: dict[str, str] = {}


def no_totals(provider: LabProvider) -> None:
    """The provider never says how many rows there are."""
    provider.headers = lambda rows, page, asked: NO_TOTAL


def first(count: int) -> object:
    """A truth of only the first rows of each collection."""

    def change(rows: Rows) -> None:
        for name, found in rows.items():
            rows[name] = found[:count]
        known = {user["sourcedId"] for user in rows["users"]}
        rows["enrollments"] = [row for row in rows["enrollments"] if row["user"]["sourcedId"] in known]

    return change


@quirk(
    0,
    "A good provider of OneRoster 1.0",
    ours="Reads it: `inactive`, `userId`, enrollments without dates.",
    version="1.0",
)
def good_1_0(provider: LabProvider) -> None:
    pass


@quirk(0, "A good provider of OneRoster 1.1", ours="Reads it.")
def good_1_1(provider: LabProvider) -> None:
    pass


@quirk(
    0,
    "A good provider of OneRoster 1.2",
    ours="Reads it: roles with orgs, booleans as text, `ext:` words.",
    version="1.2",
)
def good_1_2(provider: LabProvider) -> None:
    pass


@quirk(
    1,
    "Gives fewer rows than `limit` asks for",
    who="Ed-Fi (500 by default), TimeBack (100), PowerSchool (set by its administrator), Infinite Campus",
    ours="Moves on by the rows that came; a short page is never taken for the last one.",
)
def clamped_limit(provider: LabProvider) -> None:
    provider.window = lambda rows, asked: rows[asked.offset : asked.offset + min(asked.limit, 3)]


@quirk(1, "Clamps `limit`, and says no total", who="Ed-Fi", ours="Asks until a page brings nothing new.")
def clamped_limit_without_total(provider: LabProvider) -> None:
    clamped_limit(provider)
    no_totals(provider)


@quirk(1, "Gives one row at a time", ours="Reads them all, one request a row.")
def one_row_pages(provider: LabProvider) -> None:
    provider.window = lambda rows, asked: rows[asked.offset : asked.offset + 1]


@quirk(
    1, "Ignores `limit` and sends everything at once", ours="Takes it, and asks once more to see that nothing follows."
)
def ignores_limit(provider: LabProvider) -> None:
    provider.window = lambda rows, asked: rows[asked.offset :]


@quirk(
    2,
    "Sends neither `X-Total-Count` nor `Link`",
    who="Ed-Fi",
    ours="Ends at a page without anything new; each page begins with the last row of the one before, so that no row slips by.",
)
def no_total_at_all(provider: LabProvider) -> None:
    no_totals(provider)


@quirk(2, "Says the total in the body", who="TimeBack", ours="Reads `total` and `totalCount` of the body too.")
def total_in_the_body(provider: LabProvider) -> None:
    no_totals(provider)
    provider.wrap = lambda page, rows, asked: {
        asked.collection: page,
        "total": len(rows),
        "limit": asked.limit,
        "offset": asked.offset,
    }


@quirk(2, "Says the total as `X-Count`", who="ClassLink", ours="Reads that header too.")
def total_as_x_count(provider: LabProvider) -> None:
    provider.headers = lambda rows, page, asked: {"X-Count": str(len(rows))}


@quirk(
    2,
    "Counts the rows of the page as the total",
    who="ClassLink (“miscounted headers”)",
    ours="Forgets a total that its own rows exceed.",
)
def total_of_the_page(provider: LabProvider) -> None:
    provider.headers = lambda rows, page, asked: {"X-Total-Count": str(len(page))}


@quirk(2, "Says a total that is too small", ours="Forgets it as soon as more rows come.")
def total_too_small(provider: LabProvider) -> None:
    provider.headers = lambda rows, page, asked: {"X-Total-Count": str(len(rows) - 1)}


@quirk(
    2,
    "Says a total that is larger than what it gives",
    ours="Believes it: some rows were not shown, so nothing is removed.",
    code=7,
    held=as_it_is,
    says="orgs: the provider says 5 records, 3 came.",
)
def total_too_large(provider: LabProvider) -> None:
    provider.headers = lambda rows, page, asked: {"X-Total-Count": str(len(rows) + 2)}


@quirk(2, "Says nonsense for a total", ours="Reads on as if there were none.")
def total_of_nonsense(provider: LabProvider) -> None:
    provider.headers = lambda rows, page, asked: {"X-Total-Count": "many"}


@quirk(
    2,
    "Writes `Link` headers without angle brackets, which skip a row",
    who="GG4L",
    ours="Does not need them: offsets are its own.",
)
def odd_links(provider: LabProvider) -> None:
    provider.headers = lambda rows, page, asked: {
        "Link": f"{asked.path}?limit={asked.limit}&offset={asked.offset + asked.limit + 1}; rel=next"
    }


@quirk(
    2,
    "Ignores `offset`",
    ours="Sees the same rows again and stops. What came is used; nothing is removed.",
    code=7,
    truth=first(5),
    held=as_it_is,
    says="users: the provider says 14 records, 5 came, then the same ones again.",
)
def ignores_offset(provider: LabProvider) -> None:
    provider.window = lambda rows, asked: rows[: asked.limit]


@quirk(
    2,
    "Ignores `offset`, and says no total",
    ours="The same.",
    code=7,
    truth=first(5),
    held=as_it_is,
    says="users: the provider ignores offset: after 5 records the same ones came again.",
)
def ignores_offset_without_total(provider: LabProvider) -> None:
    ignores_offset(provider)
    no_totals(provider)


@quirk(
    2,
    "Ignores `offset`, but everything fits one page",
    ours="A total that was reached proves that this is all.",
    connection={"page_size": 100},
)
def ignores_offset_in_one_page(provider: LabProvider) -> None:
    ignores_offset(provider)


@quirk(2, "Answers 404 where the rows have ended", ours="Takes it for an empty page.")
def ends_with_404(provider: LabProvider) -> None:
    no_totals(provider)
    provider.before = lambda asked: (
        said({}, 404) if asked.offset >= len(provider.rows.get(asked.collection, [])) else None
    )


@quirk(2, "Answers 400 where the rows have ended", ours="Takes it for an empty page where the total says the same.")
def ends_with_400(provider: LabProvider) -> None:
    provider.before = lambda asked: (
        said({}, 400) if asked.offset >= len(provider.rows.get(asked.collection, [])) else None
    )


@quirk(2, "Shows the last page again where the rows have ended", ours="Sees that it is the same page.")
def ends_with_the_last_page(provider: LabProvider) -> None:
    provider.window = lambda rows, asked: rows[asked.offset : asked.offset + asked.limit] or rows[-asked.limit :]


@quirk(
    3,
    "Lists no users, with status 200, where a permission or the year is wrong",
    who="Ed-Fi, Infinite Campus",
    ours="An empty answer where the roster holds rows proves nothing: nothing is removed.",
    truth=lambda rows: (rows["users"].clear(), rows["enrollments"].clear()),
    code=3,
    problems=tuple(("enrollments", row["sourcedId"], "error", "unknown_user") for row in district()["enrollments"]),
    held_problems=(),
    held=as_it_is,
    held_code=7,
    says="users: the provider sent none, the roster holds 14",
)
def empty_users(provider: LabProvider) -> None:
    provider.rows["users"].clear()


@quirk(
    3,
    "Lists no orgs at all",
    ours="A selected school that is not listed makes the pull incomplete: its rows stay.",
    truth=lambda rows: rows["orgs"].clear(),
    held=as_it_is,
    code=7,
    says="does not list the selected school",
)
def empty_orgs(provider: LabProvider) -> None:
    provider.rows["orgs"].clear()


@quirk(3, "Answers `{}` where a collection is empty", ours="Reads an empty page.")
def empty_object(provider: LabProvider) -> None:
    provider.wrap = lambda page, rows, asked: {asked.collection: page} if page else {}


@quirk(3, "Answers `null` where a collection is empty", ours="Reads an empty page.")
def empty_null(provider: LabProvider) -> None:
    provider.wrap = lambda page, rows, asked: {asked.collection: page or None}


@quirk(
    3,
    "Answers 404: the module is not licensed",
    who="Infinite Campus",
    ours="Cannot go on without a collection: the run ends, and nothing changes.",
    truth=nothing,
    held=as_it_is,
    code=7,
    says="The provider does not know enrollments (404).",
)
def not_licensed(provider: LabProvider) -> None:
    provider.before = lambda asked: said({}, 404) if asked.collection == "enrollments" else None


@quirk(
    3,
    "Answers 403 for one collection",
    ours="The run ends, names the collection, and nothing changes.",
    truth=nothing,
    held=as_it_is,
    code=6,
    says="The provider does not let this client read courses (403).",
)
def forbidden_collection(provider: LabProvider) -> None:
    provider.before = lambda asked: said({}, 403) if asked.collection == "courses" else None


def moving(provider: LabProvider, times: int, move: object) -> None:
    """Has the users change between two pages, during each of the first `times` readings."""
    readings = []

    def after(asked: Request, answer: Answer) -> Answer:
        if asked.collection == "users" and asked.offset == 0:
            readings.append(asked)
            if len(readings) <= times:
                move(len(readings))  # type: ignore[operator]
        return answer

    provider.after = after


@quirk(
    4,
    "Adds a user in front while users are read: the rest moves down",
    ours="Sees a row twice, or another total, and reads the collection again, sorted by sourcedId.",
    truth=lambda rows: rows["users"].append(newcomer(1)),
    says="users: rows moved while they were read, so some may have been missed. Reading it again (1 of 3).",
)
def row_added_in_front(provider: LabProvider) -> None:
    no_totals(provider)
    moving(provider, 1, lambda turn: provider.rows["users"].insert(0, newcomer(turn)))


def newcomer(number: int) -> Json:
    """A student who has just been registered."""
    return {
        **LabProvider().of("users")["s1-st1"],
        "sourcedId": f"s1-new{number}",
        "username": f"new{number}",
        "identifier": f"N{number}",
        "agents": [],
    }


@quirk(
    4,
    "Drops a user while users are read: the rest moves up, and one would be missed",
    who="every live system; ClassLink marks it with `x-perm-rev`",
    ours="The last row is not where it was: reads the collection again.",
    truth=lambda rows: rows.update(
        users=rows["users"][1:],
        enrollments=[row for row in rows["enrollments"] if row["user"]["sourcedId"] != "s1-teacher"],
    ),
    problems=(
        ("enrollments", "s1-a-teacher", "error", "unknown_user"),
        ("enrollments", "s1-b-teacher", "error", "unknown_user"),
    ),
    held_problems=(),
    code=3,
    held_code=0,
    says="Reading it again (1 of 3).",
)
def row_removed_in_front(provider: LabProvider) -> None:
    no_totals(provider)
    moving(provider, 1, lambda turn: provider.rows["users"].pop(0))


@quirk(
    4,
    "Changes its total while users are read",
    ours="Reads the collection again.",
    truth=lambda rows: rows["users"].append(newcomer(1)),
    says="users: the provider's total changed from 14 to 15 while it was read.",
)
def total_changes(provider: LabProvider) -> None:
    moving(provider, 1, lambda turn: provider.rows["users"].append(newcomer(turn)))


@quirk(
    4,
    "Never stands still",
    ours="Reads the collection four times in all; then uses what came, and removes nothing.",
    truth=lambda rows: rows["users"].extend(newcomer(turn) for turn in range(1, 5)),
    code=7,
    says="Reading it again (3 of 3).",
)
def never_still(provider: LabProvider) -> None:
    moving(provider, 99, lambda turn: provider.rows["users"].append(newcomer(turn)))


@quirk(
    4,
    "Moves users, and refuses `sort` with 400",
    ours="Reads again in the provider's own order.",
    truth=lambda rows: rows["users"].append(newcomer(1)),
    says="Reading it again (1 of 3).",
)
def sort_refused(provider: LabProvider) -> None:
    total_changes(provider)
    provider.before = lambda asked: said({}, 400) if "sort" in asked.params else None


def shuffled(provider: LabProvider) -> None:
    """Each page is cut from rows in another order, unless they are sorted."""

    def window(rows: list[Json], asked: Request) -> list[Json]:
        if asked.params.get("sort") == "sourcedId":
            rows = sorted(rows, key=lambda row: row["sourcedId"], reverse=asked.params.get("orderBy") == "desc")
        else:
            turn = (asked.offset // max(asked.limit, 1)) * 3 % max(len(rows), 1)
            rows = rows[turn:] + rows[:turn]
        return rows[asked.offset : asked.offset + asked.limit]

    provider.window = window


@quirk(
    4,
    "Has no order of its own: every page is cut from another one",
    who="Ed-Fi (an unknown sort field), Untis (“order is implementation-dependent”)",
    ours="Sees rows twice, and asks for `sort=sourcedId`.",
    says="Reading it again (1 of 3).",
)
def no_order(provider: LabProvider) -> None:
    shuffled(provider)
