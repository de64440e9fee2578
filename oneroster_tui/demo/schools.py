"""The demo room, schools: the district, its 14 schools, what they teach and in which classes."""

from __future__ import annotations

from dataclasses import dataclass

from oneroster_tui.demo.registry import District
from oneroster_tui.demo.schoolyear import ALL_YEAR, TERMS
from oneroster_tui.records import Class, Course, Org, Status

DISTRICT = "district-01"


@dataclass(frozen=True)
class Stage:
    """One kind of school: its grades, the subjects everybody there takes, and how many sections a grade has."""

    name: str
    grades: tuple[str, ...]
    subjects: tuple[str, ...]
    sections: int
    schools: tuple[str, ...]
    """sourcedIds."""


ELEMENTARY = Stage(
    "elementary",
    ("KG", "01", "02", "03", "04", "05"),
    ("homeroom", "reading", "math", "pe"),
    1,
    tuple(f"school-{n:02d}" for n in range(1, 8)),
)
MIDDLE = Stage(
    "middle",
    ("06", "07", "08"),
    ("homeroom", "english", "math", "science", "social"),
    2,
    tuple(f"school-{n:02d}" for n in range(8, 12)),
)
HIGH = Stage(
    "high", ("09", "10", "11", "12"), ("english", "math", "science"), 2, tuple(f"school-{n:02d}" for n in range(12, 15))
)
STAGES = (ELEMENTARY, MIDDLE, HIGH)
STAGE_OF = {school: stage for stage in STAGES for school in stage.schools}

SCHOOL_NAMES = (
    "Maple Hollow Elementary School",
    "Stone Creek Elementary School",
    "Juniper Hill Elementary School",
    "Orchard Lane Elementary School",
    "Harbor Point Elementary School",
    "Larkspur Elementary School",
    "Old Mill Elementary School",
    "Cedar Ridge Middle School",
    "Willow Bend Middle School",
    "Summit Park Middle School",
    "Northgate Middle School",
    "Fairhaven High School",
    "Meridian High School",
    "Westbrook High School",
)

SUBJECTS = {
    "homeroom": ("HR", "Homeroom"),
    "reading": ("READ", "Reading"),
    "math": ("MATH", "Mathematics"),
    "pe": ("PE", "Physical Education"),
    "english": ("ENG", "English"),
    "science": ("SCI", "Science"),
    "social": ("SOC", "Social Studies"),
}

ELECTIVES = {
    "art": ("ART", "Visual Arts"),
    "band": ("BAND", "Concert Band"),
    "coding": ("CS", "Computer Science"),
    "history": ("HIST", "World History"),
    "spanish": ("SPAN", "Spanish"),
}


def core_course(subject: str, grade: str) -> str:
    """The sourcedId of the course of a subject in a grade."""
    return f"course-{subject}-{grade.lower()}"


def is_elective(course: str | None) -> bool:
    """Whether a course is one of those that high-school students choose, one a term."""
    return bool(course) and str(course).startswith("course-elective-")


def open_schools(district: District) -> None:
    """Fill in the orgs, courses and classes."""
    _orgs(district)
    _courses(district)
    for stage in STAGES:
        for school in stage.schools:
            _classes(district, stage, school)
    # Two classes that were planned and given up: no one is enrolled in them.
    for school in ("school-08", "school-12"):
        dropped = next(c for c in district.classes.values() if c.school_sourced_id == school)
        _class(district, school, dropped.course_sourced_id or "", "Cancelled section", "X-1", status="tobedeleted")


def _orgs(district: District) -> None:
    rows: list[tuple[str, str, str, str | None, Status]] = [
        (DISTRICT, "Silver Valley Unified School District", "district", None, "active")
    ]
    rows += [(f"school-{n:02d}", name, "school", DISTRICT, "active") for n, name in enumerate(SCHOOL_NAMES, 1)]
    rows += [
        ("department-01", "Summer Programmes (closed)", "department", DISTRICT, "tobedeleted"),
        ("department-02", "Evening Courses (closed)", "department", DISTRICT, "tobedeleted"),
    ]
    for number, (sourced_id, name, kind, parent, status) in enumerate(rows):
        district.orgs[sourced_id] = Org(
            sourced_id=sourced_id,
            status=status,
            date_last_modified=district.now(),
            name=name,
            type=kind,
            identifier=f"SV{number:03d}",
            parent_sourced_id=parent,
        )


def _courses(district: District) -> None:
    rows: list[tuple[str, str, str, str, Status]] = [
        (
            core_course(subject, grade),
            f"{SUBJECTS[subject][1]} {_spoken(grade)}",
            f"{SUBJECTS[subject][0]}{grade}",
            DISTRICT,
            "active",
        )
        for stage in STAGES
        for grade in stage.grades
        for subject in stage.subjects
    ]
    rows += [(f"course-elective-{key}", title, code, DISTRICT, "active") for key, (code, title) in ELECTIVES.items()]
    # Each high school has one course of its own, so that not every course belongs to the district.
    rows += [
        (f"course-elective-studio-{school[-2:]}", "Design Studio", f"DS{school[-2:]}", school, "active")
        for school in HIGH.schools
    ]
    rows += [
        ("course-typing", "Typewriting", "TYPE", DISTRICT, "tobedeleted"),
        ("course-latin", "Latin", "LAT", DISTRICT, "tobedeleted"),
    ]
    for sourced_id, title, code, org, status in rows:
        district.courses[sourced_id] = Course(
            sourced_id=sourced_id,
            status=status,
            date_last_modified=district.now(),
            title=title,
            course_code=code,
            org_sourced_id=org,
        )


def _classes(district: District, stage: Stage, school: str) -> None:
    for grade in stage.grades:
        for subject in stage.subjects:
            for section in range(1, stage.sections + 1):
                code, title = SUBJECTS[subject]
                title = f"{title} {_spoken(grade)}" + (f", section {section}" if stage.sections > 1 else "")
                _class(district, school, core_course(subject, grade), title, f"{code}-{grade}-{section}")
    if stage is HIGH:
        electives = [*ELECTIVES, f"studio-{school[-2:]}"]
        for number, term in enumerate(TERMS, 1):
            for key in electives:
                course = district.courses[f"course-elective-{key}"]
                code, title = f"{course.course_code}-T{number}", f"{course.title}, term {number}"
                _class(district, school, course.sourced_id, title, code, terms=(term,))


def _class(
    district: District,
    school: str,
    course: str,
    title: str,
    code: str,
    *,
    terms: tuple[str, ...] = ALL_YEAR,
    status: Status = "active",
) -> None:
    number = 1 + sum(c.school_sourced_id == school for c in district.classes.values())
    sourced_id = f"class-{school[-2:]}-{number:03d}"
    district.classes[sourced_id] = Class(
        sourced_id=sourced_id,
        status=status,
        date_last_modified=district.now(),
        title=title,
        class_code=code,
        class_type="homeroom" if course.startswith("course-homeroom") else "scheduled",
        course_sourced_id=course,
        school_sourced_id=school,
        term_sourced_ids=terms,
    )


def _spoken(grade: str) -> str:
    return "K" if grade == "KG" else str(int(grade))
