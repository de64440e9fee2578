"""The files that Moodle's own tools import: upload users, upload courses, flat-file enrolments. docs/moodle.md has the fields.

Nothing here is defused against spreadsheets: Moodle would take the apostrophe for a letter of the name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from oneroster_tui.config import Settings
from oneroster_tui.errors import ConfigError
from oneroster_tui.export.moodle.reading import Category, Course, Enrolment, Reading, User
from oneroster_tui.export.place import Opening, folder_or_zip
from oneroster_tui.export.report import Report
from oneroster_tui.export.rows import Stopping, never, write_lines, write_rows
from oneroster_tui.roster.database import Roster
from oneroster_tui.roster.queries.export import extract

USERS = ("username", "firstname", "lastname", "email", "auth", "idnumber", "middlename", "suspended")
COURSES = ("shortname", "fullname", "category_path", "idnumber", "startdate", "enddate", "visible")
COLUMNS = {
    "users": USERS,
    "suspended_users": ("username", "suspended"),
    "categories": ("path", "name", "idnumber"),
    "courses": COURSES,
    "hidden_courses": ("shortname", "visible"),
    "relationships": ("parent_username", "child_username", "parent_idnumber", "child_idnumber", "role"),
}
"""file, without `.csv` -> its columns."""

OPTIONAL = {
    "users": ("idnumber", "middlename", "suspended"),
    "courses": ("idnumber", "startdate", "enddate", "visible"),
}
"""What Moodle can do without; enrolments go by the idnumbers."""

ENROLMENTS = "enrolments.txt"
"""Moodle's own name for it; it has no header (enrol/flatfile)."""

SEPARATOR = " / "
"""Stands between the names of a category path."""


def export_files(
    roster: Roster,
    settings: Settings,
    path: Path,
    *,
    schools: Sequence[str] = (),
    columns: Iterable[str] = (),
    stopping: Stopping = never,
) -> Report:
    """Writes the files into a folder (a zip where the path ends in `.zip`).

    Args:
        settings: [moodle], the source and the rule of end dates.
        schools: only these (sourcedIds).
        columns: `users.middlename` … of the optional columns; a file that is not named keeps all.

    Raises:
        ConfigError: a school or column that is not there, or the place is taken.
        ExportError, RosterError, Stopped: nothing was written.
    """
    chosen = chosen_columns(columns)
    report = Report("plain")
    with extract(roster, settings.source, schools=schools) as found, folder_or_zip(path, is_ours) as opening:
        Files(Reading(found, settings, report), opening, chosen, stopping).write()
    return report


def is_ours(file: Path) -> bool:
    """Whether a file's name is one of these."""
    return file.name == ENROLMENTS or (file.suffix == ".csv" and file.stem in COLUMNS)


def chosen_columns(columns: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """file -> its columns: those Moodle needs, and of the others those that were asked for.

    Raises:
        ConfigError: a word names no optional column.
    """
    named: dict[str, set[str]] = {}
    for word in columns:
        file, _, name = word.partition(".")
        if name not in OPTIONAL.get(file, ()):
            some = ", ".join(f"{file}.{name}" for file, names in OPTIONAL.items() for name in names)
            raise ConfigError(
                f"{word!r} is no optional column of these files.", where="--columns", do=f"they are {some}"
            )
        named.setdefault(file, set()).add(name)
    return {
        file: tuple(name for name in names if file not in named or name not in OPTIONAL[file] or name in named[file])
        for file, names in COLUMNS.items()
    }


class Files:
    """One export into an open place."""

    def __init__(
        self, reading: Reading, opening: Opening, columns: dict[str, tuple[str, ...]], stopping: Stopping
    ) -> None:
        self.reading = reading
        self.opening = opening
        self.columns = columns
        self.stopping = stopping
        self.left: list[tuple[str, ...]] = []

    def write(self) -> None:
        """Writes all files."""
        self.save("users", self.user_rows())
        self.save_left("suspended_users")
        schools: set[str] = set()
        self.save("courses", self.course_rows(schools))
        self.save_left("hidden_courses")
        self.save("categories", map(category_row, self.reading.categories(schools)))
        with self.opening(ENROLMENTS) as text:
            lines = self.enrolment_lines()
            self.reading.report.files["enrolments"] = write_lines(text, lines, self.stopping)
        self.save("relationships", self.relationship_rows())
        self.reading.note_unmapped()

    def save(self, file: str, rows: Iterable[Sequence[object]]) -> None:
        """Writes one CSV file."""
        names = self.columns[file]
        places = [COLUMNS[file].index(name) for name in names]
        if len(places) < len(COLUMNS[file]):
            rows = ([row[place] for place in places] for row in rows)
        with self.opening(f"{file}.csv") as text:
            self.reading.report.files[file] = write_rows(text, names, rows, self.stopping)

    def save_left(self, file: str) -> None:
        """Writes who or what is no longer there, where there is any: Moodle refuses a file without rows."""
        if self.left:
            self.save(file, self.left)
        self.left = []

    def user_rows(self) -> Iterator[tuple[str, ...]]:
        """Who is active; the others are kept for a file of their own, which only updates."""
        for user in self.reading.users():
            if user.active:
                yield user_row(user, self.reading.moodle.auth)
            else:
                self.left.append((user.username, "1"))

    def course_rows(self, schools: set[str]) -> Iterator[tuple[str, ...]]:
        """The active classes, and which schools they belong to."""
        for course in self.reading.courses():
            if course.active:
                schools.add(course.category)
                yield course_row(course, self.reading.category(course.category))
            else:
                self.left.append((course.short_name, "0"))

    def enrolment_lines(self) -> Iterator[str]:
        """First who left, then who is there: whoever came back is there in the end."""
        left = (("del", one) for one in self.reading.enrolments(active=False))
        there = (("add", one) for one in self.reading.enrolments(active=True))
        for operation, enrolment in chain(left, there):
            if not enrolment.good:
                continue
            line = enrolment_line(operation, enrolment)
            if line is None:
                self.reading.report.gap("enrolments", "idnumber", "that the file cannot hold", enrolment.sourced_id)
            else:
                yield line

    def relationship_rows(self) -> Iterator[tuple[str, ...]]:
        """Parents and their children. Moodle has no import for them: `--push` assigns the role, or a plugin reads this."""
        left_out = self.reading.left_out
        for one in self.reading.parents():
            if one.active and one.parent not in left_out and one.child not in left_out:
                yield one.parent_username, one.child_username, one.parent, one.child, one.role or one.relation


def user_row(user: User, auth: str) -> tuple[str, ...]:
    """A row of users.csv."""
    return (
        *(user.username, user.first_name, user.last_name, user.email, auth, user.id_number, user.middle_name),
        "1" if user.suspended else "0",
    )


def course_row(course: Course, category: Category) -> tuple[str, ...]:
    """A row of courses.csv. Moodle takes no end without a start, nor one before it."""
    end = course.end if course.start and course.end > course.start else ""
    path = SEPARATOR.join(category.path)
    return course.short_name, course.full_name, path, course.id_number, course.start, end, "1"


def category_row(category: Category) -> tuple[str, ...]:
    """A row of categories.csv: a list for the person who makes them, as Moodle imports none."""
    return SEPARATOR.join(category.path), category.name, category.id_number


def enrolment_line(operation: str, enrolment: Enrolment) -> str | None:
    """A line of the flat file; None where an idnumber has what the file's reader would split or strip."""
    for name in (enrolment.user, enrolment.course):
        if "," in name or name.strip() != name or not name.isprintable():
            return None
    times = f",{enrolment.start},{enrolment.end}" if enrolment.start or enrolment.end else ""
    return f"{operation},{enrolment.role},{enrolment.user},{enrolment.course}{times}\n"
