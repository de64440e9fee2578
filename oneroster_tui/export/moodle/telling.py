"""What is told a Moodle, kind by kind: categories, courses, people, enrolments, parents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from oneroster_tui.errors import Unreachable
from oneroster_tui.export.moodle.client import Refused
from oneroster_tui.export.moodle.conversation import Conversation, Record
from oneroster_tui.export.moodle.wanted import decoded, encoded
from oneroster_tui.roster.queries.moodle_links import Difference, Gone

INTERNAL_AUTH = frozenset({"manual", "email"})
"""Authentication methods for which Moodle keeps the password itself, and so has to make one."""

D = TypeVar("D", Difference, Gone)


class Telling(Conversation):
    """One push's conversation."""

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
        self.update("user", "core_user_update_users", "users", self.user_update, self.still_ours)
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
