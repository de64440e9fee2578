"""The demo room, people: families with their children, the staff of each school, and who is in which class."""

from __future__ import annotations

from collections import defaultdict
from random import Random

import msgspec

from oneroster_tui.demo.names import FAMILY, GIVEN
from oneroster_tui.demo.registry import District, roles_at
from oneroster_tui.demo.schools import DISTRICT, ELEMENTARY, STAGE_OF, STAGES, Stage, core_course, is_elective
from oneroster_tui.records import Class, User

FAMILIES = 930
CLASSES_PER_TEACHER = 3
AGENT_ROLES = ("parent",) * 17 + ("guardian",) * 2 + ("relative",)


class Timetable:
    """Which active classes a school gives in a course; classes do not change from day to day."""

    def __init__(self, district: District) -> None:
        self.of_school: dict[str, list[Class]] = defaultdict(list)
        self._of_course: dict[tuple[str, str], list[Class]] = defaultdict(list)
        self._electives: dict[str, dict[tuple[str, ...], list[Class]]] = defaultdict(lambda: defaultdict(list))
        for class_ in district.classes.values():
            if class_.status == "active" and class_.school_sourced_id and class_.course_sourced_id:
                self.of_school[class_.school_sourced_id].append(class_)
                self._of_course[class_.school_sourced_id, class_.course_sourced_id].append(class_)
                if is_elective(class_.course_sourced_id):
                    self._electives[class_.school_sourced_id][class_.term_sourced_ids].append(class_)

    def of_student(self, school: str, grade: str, rng: Random) -> list[Class]:
        """The four or five classes of a student: the grade's subjects in one section, and electives in high school."""
        stage = STAGE_OF[school]
        section = rng.randrange(stage.sections)
        chosen = [self._of_course[school, core_course(subject, grade)][section] for subject in stage.subjects]
        return chosen + [rng.choice(classes) for classes in self._electives[school].values()]

    def alternatives(self, class_: Class) -> list[Class]:
        """Where a student of `class_` can change to: another section, or another elective of the same term."""
        return [
            other
            for other in self.of_school[class_.school_sourced_id or ""]
            if other is not class_
            and other.term_sourced_ids == class_.term_sourced_ids
            and (
                other.course_sourced_id == class_.course_sourced_id
                or (is_elective(other.course_sourced_id) and is_elective(class_.course_sourced_id))
            )
        ]


def move_in(district: District, rng: Random) -> None:
    """Fill in all people and enrollments of day 1."""
    timetable = Timetable(district)
    for number in range(FAMILIES):
        _family(district, timetable, number, rng)
    for school, stage in STAGE_OF.items():
        _staff(district, timetable, school, stage, rng)
    _share_teachers(district)
    for _ in range(2):
        district.add_person("administrator", rng.choice(GIVEN), rng.choice(FAMILY), (DISTRICT,))
    _already_gone(district, timetable, rng)


def add_student(
    district: District,
    timetable: Timetable,
    family: str,
    school: str,
    grade: str,
    agents: tuple[str, ...],
    rng: Random,
    begin: str | None = None,
) -> User:
    """Create a student and enroll him or her in the grade's classes, from `begin` on (default: from their start)."""
    student = district.add_person("student", rng.choice(GIVEN), family, (school,), agents=agents, grade=grade)
    for class_ in timetable.of_student(school, grade, rng):
        district.enroll(student, class_, "student", begin=begin)
    return student


def add_agents(district: District, family: str, schools: tuple[str, ...], rng: Random) -> tuple[str, ...]:
    """Create the adults of a family, two, one or none (the office does not know them), and give their sourcedIds."""
    made = []
    for number in range(rng.choices((0, 1, 2), (10, 30, 60))[0]):
        surname = rng.choice(FAMILY) if number and rng.random() < 0.3 else family
        made.append(district.add_person(rng.choice(AGENT_ROLES), rng.choice(GIVEN), surname, schools).sourced_id)
    return tuple(made)


def _family(district: District, timetable: Timetable, number: int, rng: Random) -> None:
    """One to three children, each at the school of its kind that is this family's turn, and their adults."""
    family = rng.choice(FAMILY)
    choices = [(stage.schools[number % len(stage.schools)], grade) for stage in STAGES for grade in stage.grades]
    places = [rng.choice(choices) for _ in range(rng.choices((1, 2, 3), (58, 32, 10))[0])]
    agents = add_agents(district, family, tuple(sorted({school for school, _ in places})), rng)
    for school, grade in places:
        add_student(district, timetable, family, school, grade, agents, rng)


def _staff(district: District, timetable: Timetable, school: str, stage: Stage, rng: Random) -> None:
    """Teachers enough for three classes each, now and then a second teacher, two aides and a head."""
    groups: dict[str, list[Class]] = defaultdict(list)
    homerooms = []
    for class_ in timetable.of_school[school]:
        _, subject, grade = (class_.course_sourced_id or "").split("-", 2)
        if stage is ELEMENTARY:
            groups["pe" if subject == "pe" else grade].append(class_)
        elif subject == "homeroom":
            homerooms.append(class_)
        else:
            groups[grade if subject == "elective" else subject].append(class_)
    teachers = []
    for classes in groups.values():
        for first in range(0, len(classes), CLASSES_PER_TEACHER):
            teacher = district.add_person("teacher", rng.choice(GIVEN), rng.choice(FAMILY), (school,))
            teachers.append(teacher)
            for class_ in classes[first : first + CLASSES_PER_TEACHER]:
                district.enroll(teacher, class_, "teacher", primary=True)
    for class_, teacher in zip(homerooms, teachers, strict=False):
        district.enroll(teacher, class_, "teacher", primary=True)
    district.enroll(teachers[0], groups[next(reversed(groups))][-1], "teacher")
    for _ in range(2):
        aide = district.add_person("aide", rng.choice(GIVEN), rng.choice(FAMILY), (school,))
        district.enroll(aide, rng.choice(timetable.of_school[school]), "aide")
    district.add_person("administrator", rng.choice(GIVEN), rng.choice(FAMILY), (school,))


def _share_teachers(district: District) -> None:
    """Three teachers also belong to a second school, as music and sports teachers do."""
    for second, first in zip(ELEMENTARY.schools[1:4], ELEMENTARY.schools[:3], strict=True):
        teacher = next(u for u in district.users.values() if u.roles == roles_at((first,), "teacher"))
        district.users[teacher.sourced_id] = msgspec.structs.replace(
            teacher, roles=roles_at((first, second), "teacher")
        )


def _already_gone(district: District, timetable: Timetable, rng: Random) -> None:
    """Three people who had left before day 1, with an enrollment each: a consumer that never held them skips them."""
    for role, school in (("student", "school-02"), ("student", "school-09"), ("aide", "school-12")):
        user = district.add_person(role, rng.choice(GIVEN), rng.choice(FAMILY), (school,))
        enrollment = district.enroll(user, timetable.of_school[school][0], role)
        district.users[user.sourced_id] = msgspec.structs.replace(user, status="tobedeleted")
        district.enrollments[enrollment.sourced_id] = msgspec.structs.replace(enrollment, status="tobedeleted")
