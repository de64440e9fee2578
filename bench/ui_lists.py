"""The long lists: milliseconds until the first rows of Courses, Participants and People are there, on a big roster.

    python bench/ui_lists.py [folder]

Makes a roster of 50 schools, 20,000 classes, 200,000 people and 1.2 million enrollments in the folder (a temporary one
where none is given; one that is there already is used again), and one of a hundredth of it, and times what the screens
ask: medians of ten, the same question of both, and the ratio. Ratios say whether a list grows with the roster.
"""

from __future__ import annotations

import dataclasses
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

from names import FAMILY, GIVEN, SUBJECTS  # noqa: E402

from oneroster_tui.roster import queries  # noqa: E402 -- after the path
from oneroster_tui.roster.database import Roster, open_roster  # noqa: E402

MOMENT = "2026-03-01T03:10:00Z"
TODAY = date(2026, 3, 3)


@dataclasses.dataclass(frozen=True)
class Size:
    """How much of everything; a tenth of the people are teachers, each pupil is in six classes or so."""

    schools: int
    classes: int
    people: int
    enrollments: int


BIG = Size(50, 20_000, 200_000, 1_200_000)
SMALL = Size(5, 200, 2_000, 12_000)


def fill(roster: Roster, size: Size) -> None:
    """Fills an empty roster, without a provider: in whole tables, so that it takes seconds."""
    insert = lambda table, columns, rows: roster.execute_many(  # noqa: E731
        f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * (columns.count(',') + 1))})", rows
    )
    roster.execute("INSERT INTO sources (id, name, root_url, oneroster_version, profile, delta_state) "
                   "VALUES (1, 'springfield', '', '1.1', '', '')")  # fmt: skip
    common = "id, source_id, sourced_id, status, missing_runs, created_at, updated_at"
    base = lambda kind, n: (n, 1, f"{kind}-{n:07}", "active", 0, MOMENT, MOMENT)  # noqa: E731
    courses = max(1, size.classes // 8)
    teachers = size.people // 10
    insert("orgs", f"{common}, name, type, identifier",
           ((*base("school", n), f"School {n:02}", "school", "") for n in range(1, size.schools + 1)))  # fmt: skip
    insert("courses", f"{common}, title, course_code, org_sourced_id",
           ((*base("course", n), f"{SUBJECTS[n % 10]} {n % 12 + 1}", f"C{n:05}", f"school-{n % size.schools + 1:07}")
            for n in range(1, courses + 1)))  # fmt: skip
    insert("classes", f"{common}, title, class_code, class_type, course_sourced_id, school_sourced_id, terms, origin",
           ((*base("class", n), f"{SUBJECTS[n % courses % 10]} {n:05}", f"K{n:05}", "scheduled",
             f"course-{n % courses + 1:07}", f"school-{n % size.schools + 1:07}", "[]", "provider")
            for n in range(1, size.classes + 1)))  # fmt: skip
    insert("users", f"{common}, username, identifier, given_name, family_name, middle_name, email, enabled, roles, agents, origin",
           (person(base("user", n), n) for n in range(1, size.people + 1)))  # fmt: skip
    insert("user_ids", "user_id, source_id, sourced_id", ((n, 1, f"user-{n:07}") for n in range(1, size.people + 1)))
    insert("user_roles", "user_id, org_sourced_id, role, role_type",
           ((n, f"school-{n % size.schools + 1:07}", "teacher" if n <= teachers else "student", "primary")
            for n in range(1, size.people + 1)))  # fmt: skip
    insert("enrollments", f"{common}, class_id, user_id, school_sourced_id, role, local_role, is_primary, begin_date, end_date, "
           "origin", enrollments(base, size, teachers))  # fmt: skip


def person(base: tuple[Any, ...], n: int) -> tuple[Any, ...]:
    """A row of users."""
    given, family = GIVEN[n * 7 % len(GIVEN)], f"{FAMILY[n * 11 % len(FAMILY)]}{'-' + str(n % 900) if n % 3 else ''}"
    return (
        *base,
        f"{given}.{family}{n}".lower(),
        f"ID{n:07}",
        given,
        family,
        "",
        f"u{n}@example.org",
        1,
        "[]",
        "[]",
        "provider",
    )


def enrollments(base: Callable[[str, int], tuple[Any, ...]], size: Size, teachers: int) -> Iterator[tuple[Any, ...]]:
    """Rows of enrollments: one teacher a class, the rest pupils."""
    for n in range(1, size.enrollments + 1):
        klass = n % size.classes + 1
        teaches = n <= size.classes
        user = n % teachers + 1 if teaches else teachers + n * 7919 % (size.people - teachers) + 1
        role = ("teacher", "Teacher") if teaches else ("student", "Student")
        end = "2026-06-30" if n % 5 else "2026-01-31"
        yield (*base("enr", n), klass, user, None, *role, int(teaches), "2025-08-17", end, "provider")


def questions(today: date) -> dict[str, Callable[[Roster], object]]:
    """What the screens ask before the first rows are there."""
    window = queries.Window(100)
    classes = lambda text, sort="school": queries.class_listing("springfield", text, sort=sort, today=today)  # noqa: E731
    people = lambda text, **more: queries.people_listing("springfield", text, **more)  # noqa: E731
    return {
        "Courses": lambda roster: classes("").window(roster, window),
        "Courses, by class": lambda roster: classes("", "class").window(roster, window),
        "Courses, find a subject": lambda roster: classes("biology").window(roster, window),
        "Courses, find a teacher": lambda roster: classes("garcía-112").window(roster, window),
        "Courses, find two words": lambda roster: classes("jones algebra").window(roster, window),
        "Courses, find nothing": lambda roster: classes("zzzz").window(roster, window),
        "Courses, count": lambda roster: classes("").count(roster),
        "Participants": lambda roster: queries.participant_listing(7, today=today).window(roster, window),
        "Participants, by status": lambda roster: queries.participant_listing(7, today=today, sort="status").window(roster, window),
        "People": lambda roster: people("").window(roster, window),
        "People, count": lambda roster: people("").count(roster),
        "People, from the middle": lambda roster: people("").window(roster, queries.Window(100, after=("Jones", "Kai", 70_000))),
        "People, one letter": lambda roster: people("s").window(roster, window),
        "People, family name": lambda roster: people("smith").window(roster, window),
        "People, given and family name": lambda roster: people("ada smith").window(roster, window),
        "People, id": lambda roster: people("user-0150000").window(roster, window),
        "People, e-mail": lambda roster: people("u150000@").window(roster, window),
        "People, identifier": lambda roster: people("ID0150000").window(roster, window),
        "People, anywhere": lambda roster: people("mith", anywhere=True).window(roster, window),
        "People, anywhere, nobody": lambda roster: people("zzzz").window(roster, window),
    }  # fmt: skip


def timed(roster: Roster, question: Callable[[Roster], object]) -> float:
    """Milliseconds of processor time, the median of ten: everything is read from memory, and others may be at work."""
    took = []
    for _ in range(10):
        began = time.process_time()
        question(roster)
        took.append((time.process_time() - began) * 1000)
    return statistics.median(took)


def roster_of(folder: Path, size: Size) -> Roster:
    """A roster of a size in a folder, filled where it is new."""
    path = folder / f"roster-{size.people}.db"
    made = path.exists()
    roster = open_roster(f"sqlite:///{path.name}", folder)
    if not made:
        began = time.perf_counter()
        fill(roster, size)
        roster.execute("ANALYZE") if "--analyze" in sys.argv else None
        print(f"made {path.name} in {time.perf_counter() - began:.0f} s")
    return roster


def main() -> None:
    """Measures and prints."""
    folder = next((Path(one) for one in sys.argv[1:] if not one.startswith("-")), None)
    with tempfile.TemporaryDirectory() as temporary:
        place = folder or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        took = []
        for size in (SMALL, BIG):
            roster = roster_of(place, size)
            took.append({name: timed(roster, question) for name, question in questions(TODAY).items()})
            roster.close()
        print(f"{'':32} {SMALL.people:>9,} {BIG.people:>9,}   ratio")
        for name, small in took[0].items():
            print(f"{name:32} {small:6.1f} ms {took[1][name]:6.1f} ms {took[1][name] / small:6.1f} times")


if __name__ == "__main__":
    main()
