"""What a Moodle is to have, as a push notes it beside what it made before: keys, and contents that show what changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from oneroster_tui.export.moodle import fields
from oneroster_tui.export.moodle.reading import Reading
from oneroster_tui.roster.queries.moodle_links import Links, Wanted

KINDS = ("category", "course", "user", "enrolment", "parent")
"""In the order in which one needs the other."""


def note_wanted(links: Links, reading: Reading) -> None:
    """Notes everything that is active and that Moodle can have."""
    schools: set[str] = set()
    links.want("course", courses(reading, schools))
    links.want("category", categories(reading, schools))
    links.want("user", users(reading))
    links.want("enrolment", enrolments(reading))
    links.want("parent", parents(reading))
    reading.note_unmapped()


def encoded(content: dict[str, Any]) -> str:
    """A content as text; equal contents are equal texts."""
    return msgspec.json.encode(content, order="sorted").decode()


def decoded(text: str) -> dict[str, Any]:
    """The content again."""
    return msgspec.json.decode(text, type=dict[str, Any])


def categories(reading: Reading, schools: set[str]) -> Iterator[Wanted]:
    """The schools of the courses, and the orgs above them."""
    for one in reading.categories(schools):
        above = reading.category(one.parent).id_number if one.parent else ""
        yield Wanted(one.id_number, encoded({"name": one.name, "parent": above, "depth": len(one.path)}))


def courses(reading: Reading, schools: set[str]) -> Iterator[Wanted]:
    """The active classes; notes which schools they are of."""
    for one in reading.courses():
        if one.active:
            schools.add(one.category)
            start, end = fields.begins(one.start), fields.begins(one.end)
            content = {
                "shortname": one.short_name,
                "fullname": one.full_name,
                "category": reading.category(one.category).id_number,
                "startdate": start,
                "enddate": end if start and end > start else 0,  # Moodle takes no end without a start
            }
            yield Wanted(one.id_number, encoded(content))


def users(reading: Reading) -> Iterator[Wanted]:
    """The active people; those that Moodle cannot have as they are keep what it has of them."""
    for one in reading.users():
        if one.active:
            content = {
                "username": one.username,
                "firstname": one.first_name,
                "lastname": one.last_name,
                "middlename": one.middle_name,
                "email": one.email,
                "suspended": one.suspended,
            }
            yield Wanted(one.id_number, encoded(content))
    for id_number in sorted(reading.left_out):
        yield Wanted(id_number, "")


def enrolments(reading: Reading) -> Iterator[Wanted]:
    """The active enrollments."""
    for one in reading.enrolments(active=True):
        good = one.good and one.user not in reading.left_out
        key = "\n".join((one.course, one.user, one.role))
        yield Wanted(key, encoded({"start": one.start, "end": one.end}) if good else "", one.course, one.user, one.role)


def parents(reading: Reading) -> Iterator[Wanted]:
    """The active relationships with a role that Moodle knows."""
    left_out = reading.left_out
    for one in reading.parents():
        if one.active and one.role:
            good = one.parent not in left_out and one.child not in left_out
            key = "\n".join((one.parent, one.child, one.role))
            yield Wanted(key, "{}" if good else "", one.parent, one.child, one.role)
