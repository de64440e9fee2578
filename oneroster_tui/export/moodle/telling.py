"""Telling Moodle the differences, kind by kind and a batch at a time; what it refuses is found out record by record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from oneroster_tui.config import Settings
from oneroster_tui.errors import ExportError, Unreachable
from oneroster_tui.export.moodle.client import MOST_VARIABLES, MoodleClient, Refused
from oneroster_tui.export.moodle.wanted import decoded, encoded
from oneroster_tui.provider.retry import TRIES
from oneroster_tui.roster.queries.moodle_links import Difference, Gone, Links
from oneroster_tui.text import sanitise

INTERNAL_AUTH = frozenset({"manual", "email"})
"""Authentication methods for which Moodle keeps the password itself, and so has to make one."""

MOST_PROBLEMS = 1000
"""Refusals after which something is wrong with more than the records."""

T = TypeVar("T")
D = TypeVar("D", Difference, Gone)
Record = dict[str, Any]


class Telling:
    """One push's conversation.

    Args:
        links: what was made before, and what is wanted.
        roles: short name -> number.
        say: takes a line for a person.
    """

    def __init__(
        self,
        links: Links,
        client: MoodleClient,
        settings: Settings,
        roles: Mapping[str, int],
        say: Callable[[str], None],
    ) -> None:
        self.links = links
        self.client = client
        self.settings = settings
        self.roles = roles
        self.say = say
        self.counts: dict[str, dict[str, int]] = {}
        self.problems: list[str] = []

    def tell_all(self, *, skip: frozenset[str] = frozenset()) -> None:
        """Tells everything; of the kinds in `skip` nothing is suspended.

        Raises:
            ProviderError, RosterError, Stopped: what was told until then is remembered.
            ExportError: Moodle refuses too much.
        """
        self.create_categories()
        self.update("category", "core_course_update_categories", "categories", self.category_update)
        self.create("course", self.create_courses)
        self.update("course", "core_course_update_courses", "courses", self.course_update)
        self.create("user", self.create_users)
        self.update("user", "core_user_update_users", "users", self.user_update)
        for linked in (False, True):
            self.enrol(linked=linked)
            self.assign(linked=linked)
        removals = (
            ("enrolment", self.leave),
            ("parent", self.unassign),
            ("user", self.suspend_users),
            ("course", self.hide_courses),
        )
        for kind, remove in removals:
            if kind not in skip:
                for gone in self.gone(kind):
                    remove(gone)

    # What every kind needs

    def batches(self, kind: str, *, linked: bool, variables: int) -> Iterator[list[Difference]]:
        """The differences of a kind, as many at a time as a request can carry with so many variables each."""
        size = min(self.settings.moodle.batch, max(MOST_VARIABLES // variables - 1, 1))
        after = ""
        while batch := self.links.differences(kind, linked=linked, after=after, limit=size):
            after = batch[-1].key
            yield batch

    def gone(self, kind: str) -> Iterator[list[Gone]]:
        """What is wanted no longer, in batches."""
        after = ""
        while batch := self.links.gone(kind, after=after, limit=min(self.settings.moodle.batch, 150)):
            after = batch[-1].key
            yield batch

    def settle(
        self, kind: str, items: Sequence[T], key: Callable[[T], str], send: Callable[[Sequence[T]], None]
    ) -> None:
        """Sends items together; where Moodle refuses, in halves, until it is known which ones it refuses."""
        if not items:
            return
        try:
            send(items)
        except Refused as refused:
            if len(items) == 1:
                self.problem(kind, key(items[0]), refused.what)
                return
            half = len(items) // 2
            self.settle(kind, items[:half], key, send)
            self.settle(kind, items[half:], key, send)

    def problem(self, kind: str, key: str, what: str) -> None:
        """Notes what could not be done.

        Raises:
            ExportError: there are too many by now.
        """
        text = f"{kind} {sanitise(' '.join(key.splitlines()), 200)}: {what}"
        self.problems.append(text)
        self.say(f"  {text}")
        if len(self.problems) >= MOST_PROBLEMS:
            raise ExportError(
                f"Moodle refused {len(self.problems):,} records.",
                where=self.client.url,
                do="see what it said; the push goes on where it was when you run it again",
            )

    def done(self, kind: str, what: str, rows: Sequence[tuple[str, int | None, str]]) -> None:
        """Remembers a batch, and counts it."""
        self.links.note(kind, rows)
        self.count(kind, what, len(rows))

    def count(self, kind: str, what: str, number: int) -> None:
        """Counts."""
        counts = self.counts.setdefault(kind, {})
        counts[what] = counts.get(what, 0) + number
        if number:
            self.say(f"  {kind}: {what} {counts[what]:,}")

    def create(self, kind: str, create: Callable[[Sequence[Difference]], None]) -> None:
        """Makes what is lacking."""
        for batch in self.batches(kind, linked=False, variables=10):
            self.persist(create, batch)

    def persist(self, create: Callable[[T], None], what: T) -> None:
        """Tries again where no answer came: it may have been a yes, so each try looks first what is there.

        Raises:
            Unreachable: none came in the end.
        """
        for attempt in range(1, TRIES):
            try:
                create(what)
            except Unreachable:
                self.client.pause(attempt)
            else:
                return
        create(what)

    def update(
        self, kind: str, function: str, name: str, record: Callable[[Difference, Record], Record | None]
    ) -> None:
        """Tells what is otherwise. Moodle skips what it does not like and says so in warnings, at best."""

        def send(items: Sequence[tuple[Difference, Record]]) -> None:
            answer = self.client.call(function, {name: [told for _, told in items]})
            warnings = (answer or {}).get("warnings", ()) if isinstance(answer, dict) else ()
            refused = {int(one["itemid"]): str(one.get("message", "")) for one in warnings if one.get("itemid")}
            for item, told in items:
                if told["id"] in refused:
                    self.problem(kind, item.key, f"Moodle said: {sanitise(refused[told['id']], 300)}")
            kept = [item for item, told in items if told["id"] not in refused]
            self.done(kind, "updated", [(one.key, one.remote_id, one.content) for one in kept])

        for batch in self.batches(kind, linked=True, variables=10):
            if kind == "user":
                batch = self.still_ours(batch)
            pairs = [(one, told) for one in batch if (told := record(one, decoded(one.content))) is not None]
            self.settle(kind, pairs, lambda pair: pair[0].key, send)

    # Categories and courses

    def create_categories(self) -> None:
        """Makes the categories that are lacking, those above first; one that is there under our idnumber is ours."""
        lacking = [one for batch in self.batches("category", linked=False, variables=10) for one in batch]
        for one in sorted(lacking, key=lambda difference: int(decoded(difference.content)["depth"])):
            self.persist(self.find_or_create_category, one)

    def find_or_create_category(self, one: Difference) -> None:
        """Makes one, where it is not there."""
        found = self.client.call(
            "core_course_get_categories",
            {"criteria": [{"key": "idnumber", "value": one.key}], "addsubcategories": 0},
        )
        parent = self.category_above(decoded(one.content))
        if found:
            self.done("category", "found", [(one.key, int(found[0]["id"]), "")])
        elif parent is None:
            self.problem("category", one.key, "the category above it could not be made")
        else:
            self.settle("category", [(one, parent)], lambda pair: pair[0].key, self.create_category)

    def category_above(self, content: Record) -> int | None:
        """Moodle's id of the category above one; 0 at the top."""
        return self.links.remote_id("category", content["parent"]) if content["parent"] else 0

    def category_update(self, one: Difference, content: Record) -> Record | None:
        """What to tell of a category: its name, and where it stands."""
        parent = self.category_above(content)
        if parent is None:
            self.problem("category", one.key, "the category above it could not be made")
            return None
        return {"id": one.remote_id, "name": content["name"], "parent": parent}

    def create_category(self, items: Sequence[tuple[Difference, int]]) -> None:
        """Makes one."""
        ((one, parent),) = items
        told = {"name": decoded(one.content)["name"], "parent": parent, "idnumber": one.key}
        made = self.client.call("core_course_create_categories", {"categories": [told]}, once=True)
        self.done("category", "created", [(one.key, int(made[0]["id"]), one.content)])

    def create_courses(self, batch: Sequence[Difference]) -> None:
        """Makes courses; where Moodle refuses, those that are there under our idnumber already are ours."""
        ready: list[tuple[Difference, Record]] = []
        for one in batch:
            content = decoded(one.content)
            category = self.links.remote_id("category", content["category"])
            if category is None:
                self.problem("course", one.key, "its category could not be made")
                continue
            ready.append((one, {**content, "category": category}))

        def send(items: Sequence[tuple[Difference, Record]]) -> None:
            told = [course_record(content) | {"idnumber": one.key} for one, content in items]
            try:
                made = self.client.call("core_course_create_courses", {"courses": told}, once=True)
            except (Refused, Unreachable) as error:
                there = self.courses_there([one for one, _ in items])
                self.done("course", "found", [(one.key, there[one.key], "") for one, _ in items if one.key in there])
                rest = [item for item in items if item[0].key not in there]
                if len(rest) == len(items) or isinstance(error, Unreachable):
                    raise
                self.settle("course", rest, lambda pair: pair[0].key, send)
                return
            self.require_all(made, items)
            ids = [int(one["id"]) for one in made]
            self.done(
                "course", "created", [(one.key, place, one.content) for (one, _), place in zip(items, ids, strict=True)]
            )

        self.settle("course", ready, lambda pair: pair[0].key, send)

    def courses_there(self, items: Sequence[Difference]) -> dict[str, int]:
        """Which of some courses Moodle has under our idnumber; it answers for one at a time."""
        there = {}
        for one in items:
            found = self.client.call("core_course_get_courses_by_field", {"field": "idnumber", "value": one.key})
            for course in (found or {}).get("courses", ()):
                there[one.key] = int(course["id"])
        return there

    def course_update(self, one: Difference, content: Record) -> Record | None:
        """What to tell of a course; a hidden one is shown again."""
        category = self.links.remote_id("category", content["category"])
        if category is None or one.remote_id is None:
            self.problem("course", one.key, "its category could not be made")
            return None
        return {"id": one.remote_id, **course_record({**content, "category": category}), "visible": 1}

    def hide_courses(self, gone: Sequence[Gone]) -> None:
        """Hides the courses of classes that are no longer active."""
        self.remove(
            "course",
            gone,
            "core_course_update_courses",
            "courses",
            "hidden",
            lambda one: {"id": one.remote_id, "visible": 0},
        )

    # People

    def create_users(self, batch: Sequence[Difference]) -> None:
        """Makes users; those that are there under our idnumber are ours: an answer may have been lost."""
        there = self.users_there([one.key for one in batch])
        self.done("user", "found", [(one.key, there[one.key], "") for one in batch if one.key in there])

        def send(items: Sequence[Difference]) -> None:
            made = self.client.call("core_user_create_users", {"users": list(map(self.new_user, items))}, once=True)
            self.require_all(made, items)
            rows = []
            for one, user in zip(items, made, strict=True):
                # There is no way to make somebody suspended: what is remembered differs, so the update tells it.
                told = encoded({**decoded(one.content), "suspended": False})
                rows.append((one.key, int(user["id"]), told))
            self.done("user", "created", rows)

        self.settle("user", [one for one in batch if one.key not in there], lambda one: one.key, send)

    def users_there(self, keys: Sequence[str]) -> dict[str, int]:
        """Which of some users Moodle has under our idnumber; a number that several carry is nobody's."""
        found = self.client.call("core_user_get_users_by_field", {"field": "idnumber", "values": list(keys)})
        ids: dict[str, list[int]] = {}
        for one in found or ():
            ids.setdefault(str(one.get("idnumber", "")), []).append(int(one["id"]))
        for key, several in ids.items():
            if len(several) > 1:
                self.problem("user", key, f"{len(several)} users of Moodle carry this idnumber")
        return {key: several[0] for key, several in ids.items() if len(several) == 1}

    def still_ours(self, items: Sequence[D]) -> list[D]:
        """The users that still carry our idnumber: Moodle passes over deleted ones without a word, and others are not ours."""
        there = self.users_there([one.key for one in items])
        for one in items:
            if there.get(one.key) != one.remote_id:
                self.problem("user", one.key, "Moodle has nobody under this idnumber any more, or somebody else")
        return [one for one in items if there.get(one.key) == one.remote_id]

    def new_user(self, one: Difference) -> Record:
        """What to tell of somebody new."""
        content = decoded(one.content)
        auth = self.settings.moodle.auth
        password = {"createpassword": True} if auth in INTERNAL_AUTH else {}
        return {**{name: content[name] for name in USER_FIELDS}, "auth": auth, "idnumber": one.key, **password}

    def user_update(self, one: Difference, content: Record) -> Record:
        """What to tell of somebody known; how they log in is their own matter."""
        return {"id": one.remote_id, **{name: content[name] for name in USER_FIELDS}, "suspended": content["suspended"]}

    def suspend_users(self, gone: Sequence[Gone]) -> None:
        """Suspends who is no longer active."""
        self.remove(
            "user",
            self.still_ours(gone),
            "core_user_update_users",
            "users",
            "suspended",
            lambda one: {"id": one.remote_id, "suspended": True},
        )

    # Enrolments and parents

    def enrol(self, *, linked: bool) -> None:
        """Enrols, or tells other dates; who or what is not there was said already."""

        def send(items: Sequence[Difference]) -> None:
            told = [self.enrolment(one, suspend=False) for one in items]
            self.client.call("enrol_manual_enrol_users", {"enrolments": told})
            self.done("enrolment", "updated" if linked else "created", [(one.key, None, one.content) for one in items])

        for batch in self.batches("enrolment", linked=linked, variables=6):
            self.settle("enrolment", self.with_both_ends("enrolment", batch), lambda one: one.key, send)

    def enrolment(self, one: Difference, *, suspend: bool) -> Record:
        """An enrolment as Moodle takes it."""
        content = decoded(one.content)
        return {
            "roleid": self.roles[one.role],
            "userid": one.other_id,
            "courseid": one.one_id,
            "timestart": content["start"],
            "timeend": content["end"],
            "suspend": suspend,
        }

    def with_both_ends(self, kind: str, batch: Sequence[Difference]) -> list[Difference]:
        """Those whose course and people are there; the others are counted."""
        ready = [one for one in batch if one.one_id is not None and one.other_id is not None]
        if len(ready) < len(batch):
            self.count(kind, "waiting", len(batch) - len(ready))
        return ready

    def leave(self, gone: Sequence[Gone]) -> None:
        """Ends enrolments: suspended, or undone where `on_removed` says so; one role of several is only taken away."""
        undone = self.settings.sync.on_removed in ("unenrol", "delete")
        roles, whole = [], []
        for one in gone:
            course, user, short = one.key.split("\n")
            ends = self.links.remote_id("course", course), self.links.remote_id("user", user)
            role = self.roles.get(short)
            if None in ends or role is None:
                self.problem(
                    "enrolment", one.key, "its role has no number any more" if role is None else "is not known"
                )
            elif self.links.other_role(course, user):
                roles.append(
                    (one, {"roleid": role, "userid": ends[1], "contextlevel": "course", "instanceid": ends[0]})
                )
            else:
                told = {"roleid": role, "userid": ends[1], "courseid": ends[0]}
                whole.append((one, told if undone else {**told, "suspend": True}))
        self.remove_told("enrolment", roles, "core_role_unassign_roles", "unassignments", "role taken")
        function = "enrol_manual_unenrol_users" if undone else "enrol_manual_enrol_users"
        self.remove_told("enrolment", whole, function, "enrolments", "undone" if undone else "suspended")

    def assign(self, *, linked: bool) -> None:
        """Gives parents their role at each child."""

        def send(items: Sequence[Difference]) -> None:
            told = [user_role(self.roles[one.role], one.one_id, one.other_id) for one in items]
            self.client.call("core_role_assign_roles", {"assignments": told})
            self.done("parent", "updated" if linked else "created", [(one.key, None, one.content) for one in items])

        for batch in self.batches("parent", linked=linked, variables=4):
            self.settle("parent", self.with_both_ends("parent", batch), lambda one: one.key, send)

    def unassign(self, gone: Sequence[Gone]) -> None:
        """Takes the role at a child away."""
        told = []
        for one in gone:
            parent, child, short = one.key.split("\n")
            ends = self.links.remote_id("user", parent), self.links.remote_id("user", child)
            role = self.roles.get(short)
            if None in ends or role is None:
                self.problem("parent", one.key, "its role has no number any more" if role is None else "is not known")
            else:
                told.append((one, user_role(role, *ends)))
        self.remove_told("parent", told, "core_role_unassign_roles", "unassignments", "role taken")

    def remove(
        self, kind: str, gone: Sequence[Gone], function: str, name: str, what: str, record: Callable[[Gone], Record]
    ) -> None:
        """Tells that things are no longer active."""
        self.remove_told(kind, [(one, record(one)) for one in gone], function, name, what)

    def remove_told(self, kind: str, items: Sequence[tuple[Gone, Record]], function: str, name: str, what: str) -> None:
        """The same, of finished records."""

        def send(some: Sequence[tuple[Gone, Record]]) -> None:
            self.client.call(function, {name: [told for _, told in some]})
            self.links.note_gone(kind, [one.key for one, _ in some])
            self.count(kind, what, len(some))

        self.settle(kind, items, lambda pair: pair[0].key, send)

    def require_all(self, made: Any, items: Sequence[Any]) -> None:
        """Refuses to go on where Moodle made fewer than it was told: PHP drops variables beyond its limit without a word.

        Raises:
            ExportError: it is so.
        """
        if not isinstance(made, list) or len(made) != len(items):
            number = len(made) if isinstance(made, list) else 0
            raise ExportError(
                f"Moodle was told of {len(items)} records and made {number}.",
                where=self.client.url,
                do="set [moodle] batch lower, or PHP's max_input_vars higher, and run again",
            )


USER_FIELDS = ("username", "firstname", "lastname", "middlename", "email")


def course_record(content: Record) -> Record:
    """A course as Moodle takes it."""
    return {
        "fullname": content["fullname"],
        "shortname": content["shortname"],
        "categoryid": content["category"],
        "startdate": content["startdate"],
        "enddate": content["enddate"],
    }


def user_role(role: int, user: int | None, at: int | None) -> Record:
    """A role that somebody has at another person."""
    return {"roleid": role, "userid": user, "contextlevel": "user", "instanceid": at}
