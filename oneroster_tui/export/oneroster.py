"""The roster as a OneRoster CSV bundle of 1.1 or 1.2: bulk, or a delta since a run (5 of the digest of facts).

A bulk bundle holds what is active here; in a delta, what is not active any more is `tobedeleted`. What the roster does not keep
(grades, phones, passwords …) is blank. A list leaves out who is not in the bundle; a single reference stays as it is stored. Where
a cell that OneRoster requires comes out blank, or names a record that is not in the bundle, that is counted as a gap and said.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import msgspec

from oneroster_tui.csv_columns import FILES, MANIFEST, MANIFEST_HEADER, manifest_rows
from oneroster_tui.errors import ConfigError
from oneroster_tui.export import words
from oneroster_tui.export.place import Opening, folder_or_zip
from oneroster_tui.export.report import Report
from oneroster_tui.export.rows import Stopping, never, one_line, write_rows
from oneroster_tui.roster.database import Roster
from oneroster_tui.roster.queries.export import Extract, extract, newest_run

SYSTEM = "oneroster-tui"
"""How a manifest names this program."""

ROLE_IDS = uuid.UUID("6f0c9c7e-1df1-5b52-9a45-4b9c7c2f7f0e")
"""The namespace of the sourcedIds of 1.2's roles: the roster has none for them, and the same role must keep the same one."""

USER_TEXTS = ("username", "identifier", "givenName", "familyName", "middleName", "email")
"""The columns that hold a person's texts, in the order of the roster's."""

decode_roles = msgspec.json.Decoder(list[dict[str, str]]).decode
decode_texts = msgspec.json.Decoder(list[str]).decode


def export_bundle(
    roster: Roster,
    source: str,
    path: Path,
    *,
    version: str = "1.1",
    schools: Sequence[str] = (),
    since: int | None = None,
    keep_runs: int = 0,
    columns: Iterable[str] = (),
    stopping: Stopping = never,
) -> Report:
    """Writes a bundle: a zip where the path ends in `.zip`, else a folder.

    Args:
        version: "1.1" or "1.2".
        schools: only these (sourcedIds).
        since: a delta: only what changed after this run.
        keep_runs: how many runs are remembered (`history.keep_runs`).
        columns: `file.column` of the optional columns to fill; none: all. A file that is not named keeps all of its own.

    Raises:
        ConfigError: a school, run or column that is not there, or the place is taken.
        ExportError: it cannot be written; what was there before is there still.
        RosterError: the roster cannot be read.
        Stopped: the same.
    """
    chosen = optional_columns(version, columns)
    report = Report("delta" if since is not None else "bulk")
    with extract(roster, source, schools=schools, since=since, keep_runs=keep_runs) as found:
        report.newest_run = newest_run(roster, source)
        bundle = Bundle(found, version, chosen, report)
        with folder_or_zip(path, is_ours) as opening:
            for file, rows in bundle.files():
                bundle.write(opening, file, rows, stopping)
            modes = dict.fromkeys(report.files, report.mode)
            with opening(f"{MANIFEST}.csv") as text:
                manifest = manifest_rows(version, modes, SYSTEM, source)
                write_rows(text, MANIFEST_HEADER, manifest, stopping)
    if since is None and not schools:
        report.note_absent("enrollments", "users", "classes", "orgs")
    return report


def is_ours(file: Path) -> bool:
    """Whether a file is one of a bundle's, and this program wrote the bundle: those that came from elsewhere bear the same names.

    Raises:
        OSError: its manifest cannot be read.
    """
    if file.suffix != ".csv" or file.stem not in (*FILES["1.1"], *FILES["1.2"], MANIFEST):
        return False
    try:
        return f"source.systemName,{SYSTEM}" in file.with_name(f"{MANIFEST}.csv").read_text(encoding="utf-8-sig")
    except (FileNotFoundError, UnicodeDecodeError):
        return False


def optional_columns(version: str, columns: Iterable[str]) -> dict[str, frozenset[str]]:
    """file -> the optional columns to fill, of `file.column` words.

    Raises:
        ConfigError: a word names no column.
    """
    chosen: dict[str, set[str]] = {}
    for word in columns:
        file, _, name = word.partition(".")
        if name not in [column.name for column in FILES[version].get(file, ())]:
            known = ", ".join(column.name for column in FILES[version].get(file, ()) if not column.required)
            raise ConfigError(
                f"OneRoster {version} has no column {word!r}.",
                where="--columns",
                do=f"{file} has {known}" if known else "name them as users.email, classes.classCode …",
            )
        chosen.setdefault(file, set()).add(name)
    return {file: frozenset(names) for file, names in chosen.items()}


Row = tuple[str, ...]


class Bundle:
    """What a bundle's files hold, each a stream of rows in the order of the version's columns."""

    def __init__(self, found: Extract, version: str, chosen: dict[str, frozenset[str]], report: Report) -> None:
        self.found = found
        self.version = version
        self.chosen = chosen
        self.report = report
        self.delta = found.since is not None
        self.org_types = {row[0]: row[4] for row in found.everything("orgs")}
        self.sessions = frozenset(row[0] for row in found.everything("academic_sessions"))
        self.courses = frozenset(row[0] for row in found.everything("courses"))
        self.several_roles = 0

    def files(self) -> Iterator[tuple[str, Iterator[Row]]]:
        """Each file and its rows, to be read before the next."""
        yield "orgs", self.org_rows()
        yield "academicSessions", self.session_rows()
        yield "courses", self.course_rows()
        yield "classes", self.class_rows()
        yield "users", self.user_rows()
        if self.version == "1.2":
            yield "roles", self.role_rows()
        yield "enrollments", self.enrollment_rows()

    def write(self, opening: Opening, file: str, rows: Iterator[Row], stopping: Stopping) -> None:
        """Writes a file; none where there is no row: OneRoster allows no empty one."""
        finished = self.finished(file, rows)
        first = next(finished, None)
        if first is None:
            return
        header = [column.name for column in FILES[self.version][file]]
        with opening(f"{file}.csv") as text:
            self.report.files[file] = write_rows(text, header, chain((first,), finished), stopping)

    def finished(self, file: str, rows: Iterator[Row]) -> Iterator[Row]:
        """The rows as they are written: one line a cell, without the columns that were not chosen, gaps counted."""
        columns = FILES[self.version][file]
        required = [place for place, one in enumerate(columns) if one.required or (one.delta_only and self.delta)]
        wanted = self.chosen.get(file)
        left_out = [
            place
            for place, one in enumerate(columns)
            if wanted is not None and not one.required and not one.delta_only and one.name not in wanted
        ]
        for row in rows:
            if not "".join(row).isprintable():
                row = tuple(map(one_line, row))
            if left_out:
                row = tuple("" if place in left_out else cell for place, cell in enumerate(row))
            if "" in row:
                for place in required:
                    if not row[place]:
                        self.report.gap(file, columns[place].name, "blank, which OneRoster requires", row[0])
            yield row

    def stamp(self, active: int, moment: str | None) -> tuple[str, str]:
        """`status` and `dateLastModified`: blank in a bulk file (5.3 of the digest)."""
        if not self.delta:
            return "", ""
        return "active" if active else "tobedeleted", in_milliseconds(moment or "")

    def named(self, file: str, column: str, name: str | None, known: Iterable[str], row: str) -> str:
        """A reference; where the record is not in the bundle, a gap. A delta's may have come earlier."""
        if name and not self.delta and name not in known:
            self.report.gap(file, column, "naming a record that is not in the bundle", row)
        return name or ""

    def listed(self, file: str, column: str, row: str, items: Iterable[str]) -> str:
        """A list in a cell; an item with a comma cannot stand in one (5.1 of the digest), which is a gap."""
        whole = [item for item in items if item]
        if any("," in item for item in whole):
            self.report.gap(file, column, "without an id that has a comma, which no list can hold", row)
        return ",".join(item for item in whole if "," not in item)

    def org_rows(self) -> Iterator[Row]:
        """orgs.csv"""
        for sourced_id, active, moment, name, kind, identifier, parent in self.found.rows("orgs"):
            above = parent if parent in self.org_types else ""
            yield (sourced_id, *self.stamp(active, moment), name, kind, identifier, above)

    def session_rows(self) -> Iterator[Row]:
        """academicSessions.csv"""
        for sourced_id, active, moment, title, kind, start, end, year, parent in self.found.rows("academic_sessions"):
            above = parent if parent in self.sessions else ""
            yield (sourced_id, *self.stamp(active, moment), title, kind, start or "", end or "", above, year)

    def course_rows(self) -> Iterator[Row]:
        """courses.csv"""
        for sourced_id, active, moment, title, code, org in self.found.rows("courses"):
            where = self.named("courses", "orgSourcedId", org, self.org_types, sourced_id)
            yield (sourced_id, *self.stamp(active, moment), "", title, code, "", where, "", "")

    def class_rows(self) -> Iterator[Row]:
        """classes.csv"""
        for sourced_id, active, moment, title, code, kind, course, school, terms, _, _ in self.found.rows("classes"):
            yield (
                *(sourced_id, *self.stamp(active, moment), title, ""),
                *(self.named("classes", "courseSourcedId", course, self.courses, sourced_id), code, kind, ""),
                self.named("classes", "schoolSourcedId", school, self.org_types, sourced_id),
                self.listed(
                    *("classes", "termSourcedIds", sourced_id),
                    (term for term in decode_texts(terms) if term in self.sessions or not active),
                ),
                *("", "", ""),
            )

    def user_rows(self) -> Iterator[Row]:
        """users.csv: in 1.1 with the one role and the orgs it has room for, in 1.2 with the primary org."""
        names = [column.name for column in FILES[self.version]["users"]]
        for sourced_id, active, moment, *texts, enabled, roles, named, linked in self.found.users():
            status, modified = self.stamp(active, moment)
            cells = dict(zip(USER_TEXTS, texts, strict=True)) | {
                "sourcedId": sourced_id,
                "status": status,
                "dateLastModified": modified,
                "enabledUser": "true" if enabled else "false",
                "agentSourcedIds": self.listed(
                    "users", "agentSourcedIds", sourced_id, sorted({*decode_texts(named), *decode_texts(linked)})
                ),
            }
            held = [role for role in decode_roles(roles) if role["role"] or role["org_sourced_id"]]
            cells |= self.v1p2_home(held) if self.version == "1.2" else self.v1p1_role(sourced_id, held)
            yield tuple([cells.get(name, "") for name in names])
        if self.several_roles:
            self.report.notes.append(
                f"OneRoster 1.1 has room for one role a person: {self.several_roles:,} of the people here have more, "
                "and only their primary one was written. 1.2 has them all."
            )

    def v1p1_role(self, sourced_id: str, roles: Sequence[dict[str, str]]) -> dict[str, str]:
        """The primary role, and the orgs where a person has it: the primary org first (6 of the digest)."""
        if not roles:
            return {}
        word = words.v1p1_role(roles[0]["role"])
        same = [role["org_sourced_id"] for role in roles if words.v1p1_role(role["role"]) == word]
        self.several_roles += len(same) < len(roles)
        if word and word not in words.V1P1_USER_ROLES:
            self.report.gap("users", "role", "that 1.1 has no word for", sourced_id)
        orgs = [self.named("users", "orgSourcedIds", org, self.org_types, sourced_id) for org in dict.fromkeys(same)]
        return {"role": word, "orgSourcedIds": self.listed("users", "orgSourcedIds", sourced_id, orgs)}

    def v1p2_home(self, roles: Sequence[dict[str, str]]) -> dict[str, str]:
        """The org of the primary role."""
        return {"primaryOrgSourcedId": roles[0]["org_sourced_id"]} if roles else {}

    def role_rows(self) -> Iterator[Row]:
        """roles.csv of 1.2: every role of everybody in users.csv; in a delta also what they are no longer."""
        gone: dict[str, Row] = {}
        if self.delta:
            for user, moment, roles in self.found.past_roles():
                gone |= {row[0]: row for row in self.roles_of(user, 0, moment, roles)}
        for sourced_id, active, moment, *_, roles, _, _ in self.found.users(agents=False):
            for row in self.roles_of(sourced_id, active, moment, decode_roles(roles)):
                gone.pop(row[0], None)
                yield row
        yield from gone.values()

    def roles_of(self, user: str, active: int, moment: str | None, roles: Iterable[dict[str, str]]) -> Iterator[Row]:
        """The rows of one person's roles. Their ids are made of what they say, so that the same role keeps its own."""
        for role in roles:
            org = role["org_sourced_id"]
            word = words.v1p2_user_role(role["role"], at_school=self.org_types.get(org, "school") == "school")
            kind = role["role_type"] if role["role_type"] in ("primary", "secondary") else "secondary"
            own_id = str(uuid.uuid5(ROLE_IDS, "\n".join((user, org, word, kind))))
            where = self.named("roles", "orgSourcedId", org, self.org_types, user)
            yield (own_id, *self.stamp(active, moment), user, kind, word, "", "", where, "")

    def enrollment_rows(self) -> Iterator[Row]:
        """enrollments.csv: the many, so with little ado."""
        of_version = words.v1p1_role if self.version == "1.1" else words.v1p2_enrollment_role
        roles: dict[str, str] = {}
        stamp, delta = self.stamp, self.delta
        for sourced_id, active, moment, class_, school, user, role, primary, begin, end in self.found.enrollments():
            word = roles.get(role)
            if word is None:
                word = roles[role] = of_version(role)
            status, modified = stamp(active, moment) if delta else ("", "")
            flag = "true" if primary else "false"
            yield (sourced_id, status, modified, class_, school or "", user, word, flag, begin or "", end or "")


def in_milliseconds(moment: str) -> str:
    """A stored time as OneRoster writes times."""
    return f"{moment[:-1]}.000Z" if len(moment) == len("2026-01-01T00:00:00Z") else moment
