"""The faulty bundles: what is done to a good one, and what its report must say. A table, one line a fault.

Rows are lines of the file, the header being 1. A fault that is not about the bundle's outside works on the texts of a
1.1 bundle of the small district (`users.csv`: line 2 is s1-teacher, 3 s1-pa1, 4 s1-st1 ...), unless `version` says otherwise.
"""

from __future__ import annotations

import random
import struct
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.bundles import unzipped, zipped

Texts = dict[str, str | bytes]
Found = tuple[str, str, str, int | None, str]
"""Code, severity, file, row, column."""


@dataclass(frozen=True)
class Fault:
    """One faulty bundle.

    Attributes:
        do: changes the texts.
        found: what the report lists, in any order.
        rejected: the files that count as not read.
        version, modes: of the good bundle it is made of.
        make: writes the bundle where a zip of the texts is not what is wanted.
        refused: what the error says, where the bundle cannot be opened at all.
    """

    name: str
    do: Callable[[Texts], object] = lambda _: None
    found: frozenset[Found] = frozenset()
    rejected: frozenset[str] = frozenset()
    version: str = "1.1"
    modes: Mapping[str, str] = field(default_factory=dict)
    make: Callable[[Path, Texts], Path] = zipped
    refused: str = ""


FAULTS: list[Fault] = []


def fault(
    name: str, do: Callable[[Texts], object], *found: Found, rejected: str = "", version: str = "1.1", **more: object
) -> None:
    """Adds one to the table."""
    made = Fault(name, do, frozenset(found), frozenset(rejected.split()), version, **more)  # type: ignore[arg-type]
    FAULTS.append(made)


def error(code: str, file: str = "", row: int | None = None, column: str = "") -> Found:
    return (code, "error", file, row, column)


def warning(code: str, file: str = "", row: int | None = None, column: str = "") -> Found:
    return (code, "warning", file, row, column)


def note(code: str, file: str = "") -> Found:
    return (code, "note", file, None, "")


def swap(file: str, old: str, new: str, count: int = 1) -> Callable[[Texts], None]:
    """Replaces text in a file."""

    def do(texts: Texts) -> None:
        before = str(texts[file])
        texts[file] = before.replace(old, new, count)
        assert texts[file] != before, (file, old)

    return do


def line(file: str, number: int, change: Callable[[str], str]) -> Callable[[Texts], None]:
    """Changes one line of a file."""

    def do(texts: Texts) -> None:
        lines = str(texts[file]).split("\r\n")
        lines[number - 1] = change(lines[number - 1])
        texts[file] = "\r\n".join(lines)

    return do


def cells(file: str, number: int, **changed: str) -> Callable[[Texts], None]:
    """Changes cells of one line, by their columns; only for lines without quotation marks."""

    def do(texts: Texts) -> None:
        header = str(texts[file]).split("\r\n")[0].split(",")
        lines = str(texts[file]).split("\r\n")
        row = lines[number - 1].split(",")
        for column, cell in changed.items():
            row[header.index(column)] = cell
        lines[number - 1] = ",".join(row)
        texts[file] = "\r\n".join(lines)

    return do


def without(*names: str) -> Callable[[Texts], None]:
    """Takes files out."""

    def do(texts: Texts) -> None:
        for name in names:
            del texts[name]

    return do


def renamed(old: str, new: str) -> Callable[[Texts], None]:
    """Gives a file another name."""

    def do(texts: Texts) -> None:
        texts[new] = texts.pop(old)

    return do


def added(name: str, text: str | bytes) -> Callable[[Texts], None]:
    """Adds a file."""

    def do(texts: Texts) -> None:
        texts[name] = text

    return do


def every_line(file: str, more: str, header: str) -> Callable[[Texts], None]:
    """Adds something to every line, and to the header in its place."""

    def do(texts: Texts) -> None:
        first, *lines = str(texts[file]).split("\r\n")
        first = first.replace(header.split(",")[0], header)
        texts[file] = "\r\n".join([first, *(line and line + more for line in lines)])

    return do


def encoded(file: str, encoding: str) -> Callable[[Texts], None]:
    """Writes a file in another encoding."""

    def do(texts: Texts) -> None:
        texts[file] = str(texts[file]).encode(encoding)

    return do


def both(*steps: Callable[[Texts], object]) -> Callable[[Texts], None]:
    """Several changes."""

    def do(texts: Texts) -> None:
        for step in steps:
            step(texts)

    return do


def column_gone(file: str, column: str) -> Callable[[Texts], None]:
    """Takes a column out of every row; only for files without quotation marks."""

    def do(texts: Texts) -> None:
        rows = [row.split(",") for row in str(texts[file]).split("\r\n")]
        place = rows[0].index(column)
        texts[file] = "\r\n".join(",".join(row[:place] + row[place + 1 :]) for row in rows)

    return do


def column_first(file: str, column: str) -> Callable[[Texts], None]:
    """Moves a column to the front."""

    def do(texts: Texts) -> None:
        rows = [row.split(",") for row in str(texts[file]).split("\r\n") if row]
        place = rows[0].index(column)
        texts[file] = "\r\n".join(",".join([row[place], *row[:place], *row[place + 1 :]]) for row in rows)

    return do


# The zip


def in_folder(path: Path, texts: Texts) -> Path:
    return zipped(path, {f"export/{name}": text for name, text in texts.items()})


def in_two_folders(path: Path, texts: Texts) -> Path:
    return zipped(path, {(f"old/{name}" if name == "users.csv" else name): text for name, text in texts.items()})


def twice(path: Path, texts: Texts) -> Path:
    zipped(path, texts)
    with zipfile.ZipFile(path, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("users.csv", texts["users.csv"])
    return path


def patched(path: Path, texts: Texts, old_flag: int, at_local: int, at_central: int) -> Path:
    """Sets a field of every entry named users.csv, in both of its headers."""
    zipped(path, texts)
    raw = bytearray(path.read_bytes())
    for mark, name_at, place in ((b"PK\x03\x04", 30, at_local), (b"PK\x01\x02", 46, at_central)):
        start = -1
        while (start := raw.find(mark, start + 1)) >= 0:
            if raw[start + name_at : start + name_at + 9] == b"users.csv":
                struct.pack_into("<H", raw, start + place, old_flag)
    path.write_bytes(raw)
    return path


def encrypted(path: Path, texts: Texts) -> Path:
    return patched(path, texts, 1, 6, 8)


def strange_method(path: Path, texts: Texts) -> Path:
    return patched(path, texts, 98, 8, 10)


def damaged(path: Path, texts: Texts) -> Path:
    """Turns some bytes of users.csv's packed data."""
    zipped(path, texts)
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("users.csv")
    raw = bytearray(path.read_bytes())
    start = info.header_offset + 30 + len("users.csv") + 20
    for place in range(start, start + 20):
        raw[place] ^= 0xFF
    path.write_bytes(raw)
    return path


def bomb(path: Path, texts: Texts) -> Path:
    return zipped(path, texts | {"users.csv": b"0" * 40_000_000})


def bomb_in_hiding(path: Path, texts: Texts) -> Path:
    noise = random.Random(1).randbytes(200_000)
    return zipped(path, texts | {"users.csv": b"0" * 40_000_000, "photo.jpg": noise})


def climbing(path: Path, texts: Texts) -> Path:
    return zipped(path, texts | {"../users.csv": "x"})


def absolute(path: Path, texts: Texts) -> Path:
    return zipped(path, texts | {"/etc/users.csv": "x"})


def linked(path: Path, texts: Texts) -> Path:
    zipped(path, {name: text for name, text in texts.items() if name != "users.csv"})
    link = zipfile.ZipInfo("users.csv")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    return path


def linked_folder(path: Path, texts: Texts) -> Path:
    folder = unzipped(path.with_suffix(""), {name: text for name, text in texts.items() if name != "users.csv"})
    (path.parent / "elsewhere.csv").write_text("x")
    (folder / "users.csv").symlink_to(path.parent / "elsewhere.csv")
    return folder


def junk(path: Path, texts: Texts) -> Path:
    return zipped(path, texts | {"__MACOSX/._users.csv": b"\0", ".DS_Store": b"\0"})


def cut(path: Path, texts: Texts) -> Path:
    zipped(path, texts)
    path.write_bytes(path.read_bytes()[:-200])
    return path


def no_zip(path: Path, texts: Texts) -> Path:
    path.write_text("sourcedId,status\n")
    return path


def nothing(path: Path, texts: Texts) -> Path:
    path.write_bytes(b"")
    return path


def crowd(path: Path, texts: Texts) -> Path:
    return zipped(path, texts | {f"x{number}.csv": "" for number in range(600)})


none = lambda _: None  # noqa: E731
U, E, G, C, M, A, R = (
    "users.csv",
    "enrollments.csv",
    "orgs.csv",
    "classes.csv",
    "manifest.csv",
    "academicSessions.csv",
    "roles.csv",
)

fault("nothing wrong", none)
fault("what archivers leave behind", none, make=junk)
fault("files in a folder", none, warning("nested_folder"), make=in_folder)
fault("one file in a folder", none, error("nested_folder", "old/users.csv"), rejected="users", make=in_two_folders)
fault(
    "a name that climbs out",
    none,
    error("path", "../users.csv"),
    error("duplicate_file", U),
    rejected="users",
    make=climbing,
)
fault(
    "an absolute name",
    none,
    error("path", "/etc/users.csv"),
    error("duplicate_file", U),
    rejected="users",
    make=absolute,
)
fault("a link in the zip", none, error("path", U), rejected="users", make=linked)
fault("a link out of the folder", none, error("path", U), rejected="users", make=linked_folder)
fault("a file twice", none, error("duplicate_file", U), rejected="users", make=twice)
fault("an encrypted file", none, error("encrypted", U), rejected="users", make=encrypted)
fault("another way of packing", none, error("compression", U), rejected="users", make=strange_method)
fault("a damaged file", none, error("unreadable", U), rejected="users", make=damaged)
fault("a zip bomb", none, refused="zip bomb", make=bomb)
fault(
    "a zip bomb beside something large",
    none,
    error("too_large", U),
    error("unknown_file", "photo.jpg"),
    rejected="users",
    make=bomb_in_hiding,
)
fault("a cut zip", none, refused="only a part", make=cut)
fault("no zip", none, refused="not a zip", make=no_zip)
fault("an empty file for a zip", none, refused="not a zip", make=nothing)
fault("hundreds of files", none, refused="OneRoster has 22", make=crowd)
SEVEN = ("academicSessions", "classes", "courses", "demographics", "enrollments", "orgs", "users")
fault(
    "nothing in the zip",
    lambda texts: texts.clear(),
    *(error("missing_file", f"{name}.csv") for name in SEVEN),
    rejected="academicSessions classes courses enrollments orgs users",
)

fault("a name in capitals", renamed(U, "Users.CSV"), warning("file_name", U))
fault(
    "a misspelt name",
    renamed(E, "enrolments.csv"),
    error("unknown_file", "enrolments.csv"),
    error("missing_file", E),
    rejected="enrollments",
)
fault("a strange file", added("readme.txt", "hello"), error("unknown_file", "readme.txt"))
fault("a file of another version", added("roles.csv", "sourcedId\r\n"), error("unknown_file", "roles.csv"))
fault(
    "a file that is not needed",
    both(added("demographics.csv", "sourcedId\r\n"), swap(M, "file.demographics,absent", "file.demographics,bulk")),
    note("unread_file", "demographics.csv"),
)

# The manifest

fault("no manifest", without(M), warning("no_manifest", M))
fault("no manifest, and 1.2", without(M), warning("no_manifest", M), version="1.2")
fault(
    "no manifest, and not seven files",
    without(M, C),
    warning("no_manifest", M),
    error("missing_file", C),
    rejected="classes",
)
fault("1.0 without demographics", without("demographics.csv"), error("missing_file", "demographics.csv"), version="1.0")
fault("announced and missing", without(U), error("missing_file", U), rejected="users")
fault("there, and called absent", swap(M, "file.users,bulk", "file.users,absent"), error("extra_file", U))
fault(
    "a mode nobody knows",
    swap(M, "file.users,bulk", "file.users,full"),
    error("not_in_manifest", U),
    rejected="users",
)
fault("a file not spoken of", swap(M, "file.users,bulk\r\n", ""), error("not_in_manifest", U), rejected="users")
fault(
    "a mode in capitals",
    swap(M, "file.users,bulk", "file.users,Bulk"),
    warning("manifest_property", M, None, "file.users"),
)
fault("a property in another case", swap(M, "file.users", "file.Users"), warning("manifest_property", M, 16))
fault("a property nobody knows", swap(M, "manifest.version", "manifest.verson"), warning("manifest_property", M, 2))
fault(
    "another manifest.version", swap(M, "manifest.version,1.0", "manifest.version,2.0"), warning("manifest_property", M)
)
fault(
    "another oneroster.version",
    swap(M, "oneroster.version,1.1", "oneroster.version,9"),
    warning("manifest_property", M),
)
fault(
    "1.2.1 for a version",
    swap(M, "oneroster.version,1.2", "oneroster.version,1.2.1"),
    warning("manifest_property", M),
    version="1.2",
)
fault("no version", swap(M, "oneroster.version,1.1\r\n", ""), warning("manifest_property", M))
fault(
    "a property twice",
    swap(M, "file.users,bulk", "file.users,bulk\r\nfile.users,absent"),
    error("manifest_property", M, 17),
)
fault(
    "a strange header of the manifest",
    swap(M, "propertyName,value", "propertyName,values"),
    warning("manifest_property", M, 1),
)

# Bytes

fault("a byte order mark", encoded(U, "utf-8-sig"))
fault("UTF-16", encoded(U, "utf-16"), warning("utf16", U))
fault("UTF-16 without a mark", encoded(U, "utf-16-le"), warning("utf16", U))
fault("UTF-32", encoded(U, "utf-32"), error("unreadable", U), rejected="users")
fault(
    "Windows-1252", both(swap(U, "Given,Family", "Gérard,Family"), encoded(U, "cp1252")), warning("bad_encoding", U, 2)
)
fault("NULs", swap(U, "Given,Family", "Gi\0ven,Family"), warning("nul", U, 2))
fault("lines that end with LF", swap(U, "\r\n", "\n", -1))
fault("lines that end with CR", swap(U, "\r\n", "\r", -1))
fault("semicolons", swap(C, ",", ";", -1), warning("delimiter", C))
fault("an endless line", added(C, "x" * 2_000_000), error("unreadable", C), rejected="classes")
fault("an empty file", added(C, ""), error("no_header", C, 1), rejected="classes")
fault("no rows", lambda texts: added(E, str(texts[E]).split("\r\n")[0] + "\r\n")(texts), error("no_rows", E))
fault(
    "binary rubbish",
    added(C, bytes(range(256)) * 20),
    warning("nul", C, 1),
    warning("bad_encoding", C, 3),
    warning("delimiter", C),
    error("no_header", C, 1),
    rejected="classes",
)

# Headers

fault("a header in other case", swap(U, "sourcedId", "SourcedID"), warning("header_spelling", U, 1, "sourcedId"))
fault("blanks in a header", swap(U, "givenName", " given Name"), warning("header_spelling", U, 1, "givenName"))
fault("an unseen character in a header", swap(U, "email", "\u200bemail"), warning("header_spelling", U, 1, "email"))
fault(
    "a misspelt column",
    swap(U, "orgSourcedIds", "orgSourceIds"),
    error("misspelt_column", U, 1, "orgSourcedIds"),
    rejected="users",
)
fault(
    "a misspelt column that may be blank",
    swap(U, "agentSourcedIds", "agentsSourcedIds"),
    error("misspelt_column", U, 1, "agentSourcedIds"),
    rejected="users",
)
fault(
    "a column that must be there",
    column_gone(E, "userSourcedId"),
    error("missing_column", E, 1, "userSourcedId"),
    rejected="enrollments",
)
fault("a column that may be blank", column_gone(U, "phone"), warning("missing_column", U, 1, "phone"))
fault(
    "a required column that a sync can do without",
    column_gone(C, "classType"),
    warning("missing_column", C, 1, "classType"),
)
fault(
    "a column too many",
    lambda texts: every_line(G, ",red", "parentSourcedId,colour")(texts),
    warning("unknown_column", G, 1, "colour"),
)
fault("an extension column", every_line(G, ",7", "parentSourcedId,metadata.x"))
fault("columns in another order", column_first(C, "title"), warning("column_order", C, 1, "title"))
fault(
    "a column twice",
    swap(C, "subjectCodes", "title"),
    error("duplicate_column", C, 1, "title"),
    rejected="classes",
)
fault("no header", line(C, 1, lambda _: "a,b,c"), error("no_header", C, 1), rejected="classes")

# Rows

fault(
    "an id missing",
    cells(U, 2, sourcedId=""),
    error("missing_value", U, 2, "sourcedId"),
    *(warning("unknown_reference", E, row, "userSourcedId") for row in (2, 3)),
)
fault("a value missing", cells(U, 2, givenName=""), warning("missing_value", U, 2, "givenName"))
fault("an enrollment of nobody", cells(E, 2, userSourcedId=""), error("missing_value", E, 2, "userSourcedId"))
fault(
    "an id with a blank in it",
    cells(G, 2, sourcedId="d 1"),
    warning("bad_id", G, 2, "sourcedId"),
    *(warning("unknown_reference", G, row, "parentSourcedId") for row in (3, 4)),
)
fault("an id of 300 characters", cells(E, 2, sourcedId="x" * 300), error("bad_id", E, 2, "sourcedId"))
fault("a date that is none", cells(E, 2, beginDate="soon"), warning("bad_date", E, 2, "beginDate"))
fault("a date in another form", cells(E, 2, beginDate="2026/08/17"), warning("bad_date", E, 2, "beginDate"))
fault("a year that is none", cells(A, 2, schoolYear="26/27"), warning("bad_year", A, 2, "schoolYear"))
fault("a flag in another word", cells(E, 2, primary="Yes"), warning("bad_flag", E, 2, "primary"))
fault("a role nobody knows", cells(U, 2, role="Wizard"), warning("bad_word", U, 2, "role"))
fault("a role in capitals", cells(E, 2, role="Teacher"), warning("bad_word", E, 2, "role"))
fault("an extended role, in 1.1", cells(E, 2, role="ext:coach"), warning("bad_word", E, 2, "role"))
fault("an extended role, in 1.2", cells(E, 2, role="ext:coach"), version="1.2")
fault("a type nobody knows", cells(G, 2, type="planet"), warning("bad_word", G, 2, "type"))
fault(
    "a list with an empty item",
    line(U, 2, lambda text: text.replace("s1,teacher", '"s1,",teacher')),
    warning("empty_item", U, 2, "orgSourcedIds"),
)
fault("status in a bulk file", cells(U, 3, status="active"), warning("status_in_bulk", U, 3, "status"))
fault(
    "no status in a delta", cells(U, 3, status=""), warning("missing_value", U, 3, "status"), modes={"users": "delta"}
)
fault(
    "no time in a delta",
    cells(U, 3, dateLastModified=""),
    warning("missing_value", U, 3, "dateLastModified"),
    modes={"users": "delta"},
)
fault(
    "a time in another form",
    cells(U, 3, dateLastModified="2026-09-01"),
    warning("bad_time", U, 3, "dateLastModified"),
    modes={"users": "delta"},
)
fault(
    "a status nobody knows", cells(U, 3, status="gone"), warning("bad_word", U, 3, "status"), modes={"users": "delta"}
)
fault("too few cells", line(E, 2, lambda text: text.rsplit(",", 6)[0]), error("cell_count", E, 2))
fault("blank cells left out", line(U, 2, lambda text: text.rstrip(",")), warning("cell_count", U, 2))
fault("too many cells", line(E, 2, lambda text: text + ",one,more"), error("cell_count", E, 2))
fault("blank cells too many", line(E, 2, lambda text: text + ",,"), warning("cell_count", E, 2))
fault("a blank line", line(E, 3, lambda text: "\r\n" + text), warning("empty_row", E, 3))
fault("a line break in a cell", swap(C, "Class s1-a", '"Class\r\ns1-a"'), warning("line_break", C, 2))
fault("a quotation mark that is not closed", swap(C, "Class s1-a", '"Class s1-a'), error("unclosed_quote", C, 2))
fault("a stray quotation mark", swap(C, "Class s1-a", '"Class" s1-a'), warning("unclosed_quote", C, 2))
fault(
    "a huge cell",
    swap(C, "Class s1-a", "x" * 200_000),
    error("long_cell", C, 2),
    *(warning("unknown_reference", E, row, "classSourcedId") for row in (2, 4, 6, 8)),
)
fault(
    "subjects without their codes",
    line(C, 2, lambda text: text[: text.rindex(",,,")] + ',"a,b",x,'),
    warning("unequal_lists", C, 2, "subjectCodes"),
)

# Rows against each other

fault(
    "an id twice",
    lambda texts: line(E, 3, lambda _: str(texts[E]).split("\r\n")[1])(texts),
    warning("duplicate_sourced_id", E, 3, "sourcedId"),
)
fault(
    "a person twice",
    lambda texts: line(U, 3, lambda _: str(texts[U]).split("\r\n")[1])(texts),
    warning("duplicate_sourced_id", U, 3, "sourcedId"),
    warning("unknown_reference", U, 4, "agentSourcedIds"),
)
fault("a class nobody has", cells(E, 2, classSourcedId="nowhere"), warning("unknown_reference", E, 2, "classSourcedId"))
fault("a person nobody has", cells(E, 2, userSourcedId="nobody"), warning("unknown_reference", E, 2, "userSourcedId"))
fault("a person nobody has, in a delta of users", cells(E, 2, userSourcedId="nobody"), modes={"users": "delta"})
fault(
    "an agent nobody has", cells(U, 4, agentSourcedIds="nobody"), warning("unknown_reference", U, 4, "agentSourcedIds")
)
fault(
    "a parent org nobody has", cells(G, 3, parentSourcedId="d9"), warning("unknown_reference", G, 3, "parentSourcedId")
)
fault("a term nobody has", cells(C, 2, termSourcedIds="t9"), warning("unknown_reference", C, 2, "termSourcedIds"))
fault("a class at a district", cells(C, 2, schoolSourcedId="d1"), warning("not_a_school", C, 2, "schoolSourcedId"))
fault(
    "an enrollment at a district", cells(E, 2, schoolSourcedId="d1"), warning("not_a_school", E, 2, "schoolSourcedId")
)

# 1.2's roles

fault("no roles", without(R), error("missing_file", R), rejected="roles users", version="1.2")
fault(
    "a person without a role",
    lambda texts: line(R, 2, lambda _: "")(texts),
    warning("empty_row", R, 2),
    warning("no_role", U, 2),
    version="1.2",
)
fault(
    "a role of nobody",
    cells(R, 2, userSourcedId="nobody"),
    warning("unknown_reference", R, 2, "userSourcedId"),
    warning("no_role", U, 2),
    version="1.2",
)
fault(
    "a role that is missing",
    cells(R, 2, role=""),
    error("missing_value", R, 2, "role"),
    error("no_role", U, 2),
    version="1.2",
)
fault("a role type nobody knows", cells(R, 2, roleType="main"), warning("bad_word", R, 2, "roleType"), version="1.2")
fault(
    "a role row that is cut",
    line(R, 2, lambda text: text[:12]),
    error("cell_count", R, 2),
    error("no_role", U, 2),
    version="1.2",
)
fault(
    "an org nobody has",
    cells(R, 2, orgSourcedId="nowhere"),
    warning("unknown_reference", R, 2, "orgSourcedId"),
    version="1.2",
)
