"""A OneRoster CSV bundle of any size, always the same for the same arguments, to measure an import with.

    python bench/bundle.py PATH.zip [--schools 50] [--version 1.1] [--measure]

A school has 4,000 users (2,400 students, 200 teachers, 1,400 parents), 400 classes and 24,000 enrollments; 50 schools make
200,000 users and 1.2 million enrollments. `--measure` imports the bundle into an empty roster in a process of its own, then
once more unchanged, and prints seconds, records a second and the peak of memory.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

from oneroster_tui.csv_columns import FILES, manifest_rows

STUDENTS, TEACHERS, PARENTS, CLASSES, COURSES, PER_CLASS = 2400, 200, 1400, 400, 40, 59
GIVEN = ("Ada", "Björn", "Chloé", "Dmitri", "Élodie", "Fatima", "Gregor", "Hana")
FAMILY = ("Adams", "Brontë", "Curie", "Dvořák", "Evans", "Faraday", "Gauss", "Hopper", "Ibsen", "Joule")

Rows = Iterator[dict[str, str]]


def orgs(schools: int) -> Rows:
    """The district and its schools."""
    yield {"sourcedId": "district", "name": "District", "type": "district"}
    for s in range(schools):
        yield {"sourcedId": f"s{s}", "name": f"School {s}", "type": "school", "parentSourcedId": "district"}


def sessions(_: int) -> Rows:
    """A school year of two terms."""
    year = {"startDate": "2026-08-17", "endDate": "2027-06-11", "schoolYear": "2027"}
    yield {"sourcedId": "y27", "title": "2026-27", "type": "schoolYear", **year}
    for n, (start, end) in enumerate((("2026-08-17", "2026-12-19"), ("2027-01-06", "2027-06-11")), 1):
        yield {
            "sourcedId": f"t{n}",
            "title": f"Term {n}",
            "type": "term",
            "startDate": start,
            "endDate": end,
            "parentSourcedId": "y27",
            "schoolYear": "2027",
        }


def courses(schools: int) -> Rows:
    """Each school's courses."""
    for s in range(schools):
        for c in range(COURSES):
            yield {
                "sourcedId": f"s{s}-co{c}",
                "schoolYearSourcedId": "y27",
                "title": f"Course {c}",
                "courseCode": f"C{c:03}",
                "orgSourcedId": f"s{s}",
            }


def classes(schools: int) -> Rows:
    """Each school's classes."""
    for s in range(schools):
        for c in range(CLASSES):
            yield {
                "sourcedId": f"s{s}-cl{c}",
                "title": f"Course {c % COURSES}, group {c // COURSES}",
                "courseSourcedId": f"s{s}-co{c % COURSES}",
                "classCode": f"G{c:03}",
                "classType": "scheduled",
                "schoolSourcedId": f"s{s}",
                "termSourcedIds": "t1,t2",
            }


def people(schools: int) -> Iterator[tuple[str, str, str, str]]:
    """(school, sourcedId, role, agents)."""
    for s in range(schools):
        for n in range(TEACHERS):
            yield f"s{s}", f"s{s}-te{n}", "teacher", ""
        for n in range(PARENTS):
            yield f"s{s}", f"s{s}-pa{n}", "parent", ""
        for n in range(STUDENTS):
            agents = f"s{s}-pa{n % PARENTS},s{s}-pa{(n + 1) % PARENTS}"
            yield f"s{s}", f"s{s}-st{n}", "student", agents


def users(schools: int, version: str) -> Rows:
    """Everybody; in 1.2 without their roles, which have a file of their own."""
    for place, (school, sourced_id, role, agents) in enumerate(people(schools)):
        row = {
            "sourcedId": sourced_id,
            "enabledUser": "true",
            "username": f"{sourced_id}@example.org",
            "givenName": GIVEN[place % len(GIVEN)],
            "familyName": FAMILY[place // 7 % len(FAMILY)],
            "identifier": f"{place:08}",
            "email": f"{sourced_id}@example.org",
            "agentSourcedIds": agents,
        }
        if version == "1.1":
            row |= {"orgSourcedIds": school, "role": role}
        else:
            row |= {"primaryOrgSourcedId": school}
        yield row


def roles(schools: int) -> Rows:
    """1.2's roles: one a person."""
    for school, sourced_id, role, _ in people(schools):
        yield {
            "sourcedId": f"r-{sourced_id}",
            "userSourcedId": sourced_id,
            "roleType": "primary",
            "role": role,
            "orgSourcedId": school,
        }


def enrollments(schools: int) -> Rows:
    """Who teaches and who learns in each class."""
    for s in range(schools):
        for c in range(CLASSES):
            who = [(f"te{c % TEACHERS}", "teacher")]
            who += [(f"st{(c * 6 + n * 37) % STUDENTS}", "student") for n in range(PER_CLASS)]
            for n, (user, role) in enumerate(who):
                yield {
                    "sourcedId": f"s{s}-cl{c}-{n}",
                    "classSourcedId": f"s{s}-cl{c}",
                    "schoolSourcedId": f"s{s}",
                    "userSourcedId": f"s{s}-{user}",
                    "role": role,
                    "primary": "true" if role == "teacher" else "false",
                    "beginDate": "2026-08-17",
                    "endDate": "2027-06-11",
                }


def write(path: Path, schools: int, version: str) -> None:
    """Writes the bundle."""
    made: dict[str, Rows] = {
        "orgs": orgs(schools),
        "academicSessions": sessions(schools),
        "courses": courses(schools),
        "classes": classes(schools),
        "users": users(schools, version),
        "enrollments": enrollments(schools),
    }
    if version == "1.2":
        made["roles"] = roles(schools)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        with archive.open("manifest.csv", "w") as raw, io.TextIOWrapper(raw, "utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(("propertyName", "value"))
            writer.writerows(manifest_rows(version, dict.fromkeys(made, "bulk")))
        for name, rows in made.items():
            columns = [column.name for column in FILES[version][name]]
            with archive.open(f"{name}.csv", "w") as raw, io.TextIOWrapper(raw, "utf-8", newline="") as stream:
                out = csv.DictWriter(stream, columns, restval="")
                out.writeheader()
                out.writerows(rows)


def config(schools: int) -> str:
    """A config that takes all of it."""
    ids = ", ".join(f'"s{s}"' for s in range(schools))
    mapping = '[role_mapping]\nstudent = "Student"\nteacher = "Teacher"\nparent = "Parent"\n'
    return f"{mapping}[schools]\nsync = [{ids}]\n"


def measure(bundle: Path, schools: int) -> None:
    """Imports the bundle twice, each in a process of its own."""
    records = schools * (STUDENTS + TEACHERS + PARENTS + CLASSES * (PER_CLASS + 2) + COURSES + 1)
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "config.toml"
        settings.write_text(config(schools), encoding="utf-8")
        command = [sys.executable, "-m", "oneroster_tui", "--config", str(settings), "sync", "--bundle", str(bundle)]
        for what in ("first", "unchanged"):
            began = time.monotonic()
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            _, status, used = os.wait4(process.pid, 0)
            seconds = time.monotonic() - began
            print(
                f"{what}: exit {os.waitstatus_to_exitcode(status)}, {seconds:.1f} s, {records / seconds:,.0f} records/s, "
                f"peak {used.ru_maxrss / 1024:.0f} MiB"
            )


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--schools", type=int, default=50)
    parser.add_argument("--version", choices=("1.1", "1.2"), default="1.1")
    parser.add_argument("--measure", action="store_true")
    given = parser.parse_args()
    write(given.path, given.schools, given.version)
    print(f"{given.path}: {given.path.stat().st_size / 1e6:.1f} MB")
    if given.measure:
        measure(given.path, given.schools)


if __name__ == "__main__":
    main()
