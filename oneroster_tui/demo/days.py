"""The demo room, days: what happens in the district overnight, about 1 % of its people a day.

Somebody joins, leaves, changes school, name, address or class. The removals of a day stay small (no school loses more
than five users or five enrollments), so a guard of "10 % and 10" lets every single day pass.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import chain

from oneroster_tui.demo.names import FAMILY, GIVEN
from oneroster_tui.demo.people import Timetable, add_agents, add_student
from oneroster_tui.demo.registry import District, email, roles_at, seeded
from oneroster_tui.demo.schools import ELEMENTARY, STAGE_OF
from oneroster_tui.demo.schoolyear import day_date
from oneroster_tui.records import Enrollment, User

STUDENTS_LEAVE = 3
STUDENTS_MOVE = 3
STUDENTS_JOIN = 3
CLASS_CHANGES = 5
RENAMED = 6
MOST_REMOVED = 5
"""Enrollments a school may lose in a day; each departure costs a school about that many."""
MOST_USERS_REMOVED = 8
"""Users the whole district may lose in a day."""


def advance(district: District, timetable: Timetable, day: int) -> None:
    """Turn the district of the day before into that of `day`."""
    district.begin_day(day)
    night = _Night(district, timetable, day)
    night.students_leave()
    night.staff_leaves()
    night.students_move()
    night.classes_change()
    night.people_are_renamed()
    night.students_join()


class _Night:
    """One night's changes; nobody is touched twice in it."""

    def __init__(self, district: District, timetable: Timetable, day: int) -> None:
        self.district = district
        self.timetable = timetable
        self.day = day
        self.date = day_date(district.start_year, day)
        self.rng = seeded(f"day {day}")
        self.touched: set[str] = set()
        self.lost: Counter[str] = Counter()
        self.users_lost = 0
        upper = [school for school, stage in STAGE_OF.items() if stage is not ELEMENTARY]
        # Nobody leaves these tonight, so that some school always has room for changes of class.
        self.kept_for_class_changes = set(self.rng.sample(upper, 3))
        self.children: dict[str, list[str]] = defaultdict(list)
        self.enrollments: dict[str, list[str]] = defaultdict(list)
        self.people: dict[str, list[str]] = defaultdict(list)
        for user in district.users.values():
            if user.status == "active":
                self.people[user.roles[0].role].append(user.sourced_id)
                self.people[""].append(user.sourced_id)
            for agent in user.agent_sourced_ids:
                self.children[agent].append(user.sourced_id)
        for enrollment in district.enrollments.values():
            self.enrollments[enrollment.user_sourced_id].append(enrollment.sourced_id)

    # The changes, in the order they are made

    def students_leave(self) -> None:
        """Some students leave, and with them the adults who have no other child here."""
        left = 0
        for student in self._some("student", 120):
            lone = [a for a in student.agent_sourced_ids if self._active_children(a) == [student.sourced_id]]
            if left == STUDENTS_LEAVE:
                break
            # One place is kept for the teacher or aide who leaves tonight.
            if self.users_lost + 1 + len(lone) >= MOST_USERS_REMOVED or not self._make_room(student):
                continue
            for user_id in (student.sourced_id, *lone):
                self._leave(user_id, vanish=(self.day + left) % 2 == 0)
            self._refresh(student.agent_sourced_ids)
            left += 1

    def staff_leaves(self) -> None:
        """One teacher or aide leaves; a new one takes over the classes."""
        role = "teacher" if self.day % 3 else "aide"
        for old in self._some(role, 60):
            held = self._active(old)
            if len(old.roles) > 1 or not self._make_room(old):
                continue
            school = old.roles[0].org_sourced_id
            new = self.district.add_person(role, self.rng.choice(GIVEN), self.rng.choice(FAMILY), (school,))
            for enrollment in held:
                class_ = self.district.classes[enrollment.class_sourced_id]
                self.district.enroll(new, class_, role, primary=enrollment.is_primary, begin=self.date)
            self.touched.add(new.sourced_id)
            self._leave(old.sourced_id, vanish=(self.day + STUDENTS_LEAVE) % 2 == 0)
            break

    def students_move(self) -> None:
        """Some students go to another school of the same kind; their families' schools follow."""
        moved = 0
        for student in self._some("student", 120):
            if moved == STUDENTS_MOVE:
                break
            if not self._make_room(student):
                continue
            old = student.roles[0].org_sourced_id
            school = self.rng.choice([s for s in STAGE_OF[old].schools if s != old])
            for enrollment in self._active(student):
                self._put(self.district.changed(enrollment, status="tobedeleted"))
            self._put_user(self.district.changed(student, roles=roles_at((school,), "student")))
            for class_ in self.timetable.of_student(school, student.grades[0], self.rng):
                self.district.enroll(student, class_, "student", begin=self.date)
            self._refresh(student.agent_sourced_ids)
            moved += 1

    def classes_change(self) -> None:
        """Some students change class: one enrollment ends, another begins on the same day."""
        changed = 0
        for student in self._some("student", 400):
            school = student.roles[0].org_sourced_id
            if changed == CLASS_CHANGES:
                break
            if school not in self.kept_for_class_changes or self.lost[school] == MOST_REMOVED:
                continue
            held = self._active(student)
            taken = {e.class_sourced_id for e in held}
            choices = [
                (enrollment, class_)
                for enrollment in held
                if (enrollment.begin_date or "") < self.date < (enrollment.end_date or "")
                for class_ in self.timetable.alternatives(self.district.classes[enrollment.class_sourced_id])
                if class_.sourced_id not in taken
            ]
            if not choices:
                continue
            enrollment, class_ = self.rng.choice(choices)
            self._put(self.district.changed(enrollment, end_date=self.date))
            self.district.enroll(student, class_, "student", begin=self.date)
            self.touched.add(student.sourced_id)
            self.lost[school] += 1
            changed += 1

    def people_are_renamed(self) -> None:
        """Some people get another family name (and username and e-mail with it), some only another e-mail address."""
        for number, user in enumerate(self._some("", RENAMED)):
            if number % 2:
                address = email(f"{user.username}.{self.day}", user.roles[0].role)
                self._put_user(self.district.changed(user, email=address))
                continue
            family = self.rng.choice([name for name in FAMILY if name != user.family_name])
            username = self.district.new_username(user.given_name, family)
            address = email(username, user.roles[0].role)
            self._put_user(self.district.changed(user, family_name=family, username=username, email=address))

    def students_join(self) -> None:
        """Some students join: one into a family that is already here, the others with new families."""
        schools = list(STAGE_OF)
        sibling = next(user for user in self._some("student", 60) if user.agent_sourced_ids)
        for number in range(STUDENTS_JOIN):
            school = sibling.roles[0].org_sourced_id if number == 0 else self.rng.choice(schools)
            family = sibling.family_name if number == 0 else self.rng.choice(FAMILY)
            agents = (
                sibling.agent_sourced_ids if number == 0 else add_agents(self.district, family, (school,), self.rng)
            )
            grade = self.rng.choice(STAGE_OF[school].grades)
            add_student(self.district, self.timetable, family, school, grade, agents, self.rng, begin=self.date)

    # What they are made of

    def _some(self, role: str, most: int) -> Iterator[User]:
        """Up to `most` active users of a role (any role when blank) in random order, but none touched meanwhile."""
        pool = self.people[role]
        for user_id in self.rng.sample(pool, min(most, len(pool))):
            if user_id not in self.touched:
                yield self.district.users[user_id]

    def _active(self, user: User) -> list[Enrollment]:
        found = (self.district.enrollments[e] for e in self.enrollments[user.sourced_id])
        return [enrollment for enrollment in found if enrollment.status == "active"]

    def _active_children(self, agent: str) -> list[str]:
        users = self.district.users
        return [c for c in self.children[agent] if c in users and users[c].status == "active"]

    def _make_room(self, user: User) -> bool:
        """Book the loss of a user's enrollments at the school; False when that would be too many in one night."""
        school, cost = user.roles[0].org_sourced_id, len(self._active(user))
        if school in self.kept_for_class_changes or self.lost[school] + cost > MOST_REMOVED:
            return False
        # One departure fills a school's night, however few classes it concerns: users are counted too.
        self.lost[school] = MOST_REMOVED
        return True

    def _leave(self, user_id: str, *, vanish: bool) -> None:
        """Take a person and his or her enrollments away, either marked `tobedeleted` or without a trace."""
        user = self.district.users[user_id]
        self.users_lost += 1
        self.touched.add(user_id)
        if not vanish:
            for enrollment in self._active(user):
                self._put(self.district.changed(enrollment, status="tobedeleted"))
            self._put_user(self.district.changed(user, status="tobedeleted"))
            return
        for enrollment_id in self.enrollments.pop(user_id, []):
            del self.district.enrollments[enrollment_id]
        del self.district.users[user_id]
        for child_id in self.children.pop(user_id, []):
            if child := self.district.users.get(child_id):
                # An older brother or sister, marked `tobedeleted` long ago, must not point at nobody.
                rest = tuple(a for a in child.agent_sourced_ids if a != user_id)
                self._put_user(self.district.changed(child, agent_sourced_ids=rest))

    def _refresh(self, agents: tuple[str, ...]) -> None:
        """Bring the schools of the remaining adults in line with those of their children."""
        for agent_id in agents:
            agent = self.district.users.get(agent_id)
            if agent is None or agent.status != "active":
                continue
            homes = chain.from_iterable(self.district.users[c].roles for c in self._active_children(agent_id))
            schools = sorted({role.org_sourced_id for role in homes})
            if schools != [role.org_sourced_id for role in agent.roles]:
                role = agent.roles[0].role
                self._put_user(self.district.changed(agent, roles=roles_at(schools, role)))

    def _put(self, enrollment: Enrollment) -> None:
        self.district.enrollments[enrollment.sourced_id] = enrollment

    def _put_user(self, user: User) -> None:
        self.district.users[user.sourced_id] = user
        self.touched.add(user.sourced_id)
