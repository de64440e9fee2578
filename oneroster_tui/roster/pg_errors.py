"""What PostgreSQL and CockroachDB say, in a person's words. The driver's own text stays on this machine's terminal only."""

from __future__ import annotations

from oneroster_tui.errors import ConfigError, RosterError, RosterSyncError

CODES: tuple[tuple[str, type[RosterSyncError], str, str], ...] = (
    (
        "28",
        ConfigError,
        "The database server refused the user or the password.",
        "check the user in [database] url, and its password in PGPASSWORD or ~/.pgpass",
    ),
    (
        "3D",
        ConfigError,
        "There is no such database on the server.",
        "make it (createdb), or check the name in [database] url",
    ),
    (
        "42501",
        ConfigError,
        "The database user may not do this.",
        "make the user the owner of the database, or grant it CREATE and TEMPORARY on it",
    ),
    (
        "25006",
        RosterError,
        "The database server is read-only.",
        "name the primary server in [database] url, not a standby",
    ),
    (
        "53100",
        RosterError,
        "The database server's disk is full: nothing was changed.",
        "free some space there and run again",
    ),
    (
        "53300",
        RosterError,
        "The database server has too many connections.",
        "run again later, or raise max_connections",
    ),
    (
        "53",
        RosterError,
        "The database server lacks resources: nothing was changed.",
        "run again later; see the server's log",
    ),
    (
        "57014",
        RosterError,
        "The database server ended a statement.",
        "look for statement_timeout in the server's settings",
    ),
    ("57", RosterError, "The database server shuts down or starts up.", "run again when it is up"),
    ("55P03", RosterError, "The roster is being written by another program.", "wait for it to end and run again"),
    ("40", RosterError, "Another program changed the same rows at the same time, again and again.", "run again"),
    (
        "08",
        RosterError,
        "The connection to the database server was lost: nothing was changed.",
        "check the server and run again",
    ),
    ("42P01", RosterError, "The roster lacks a table.", "check [database] url: is this another program's database?"),
    ("42703", RosterError, "The roster lacks a column.", "check [database] url: is this another program's database?"),
    ("XX", RosterError, "The database server found its data damaged.", "see the server's log; restore a backup"),
)
"""SQLSTATE (or its beginning) -> which error, what happened, what to do. The first that fits counts."""

MARKS: tuple[tuple[str, str], ...] = (
    ("password", "28"),
    ("authentication", "28"),
    ("no pg_hba.conf entry", "28"),
    ('role "', "28"),
    ('database "', "3D"),
    ("too many", "53300"),
    ("remaining connection slots", "53300"),
    ("starting up", "57"),
    ("shutting down", "57"),
)
"""What a server says before a connection stands has no code: a mark in its words -> the code it would have."""

LOST = ("server closed the connection", "connection is lost", "connection is closed", "consuming input failed")


def explain(error: BaseException, state: str, place: str) -> RosterSyncError | None:
    """An error of the driver in a person's words; None where nothing fits.

    Args:
        state: the SQLSTATE, "" where there is none.
    """
    text = str(error).lower()
    if not state:
        state = without_code(text)
        if not state:
            return None
    if state == "-":
        do = f"check that the server runs and its address in [database] url; it said: {first_line(error)}"
        return RosterError("The database server cannot be reached.", where=place, do=do)
    for code, kind, what, do in CODES:
        if state.startswith(code):
            return kind(what, where=place, do=do)
    return None


def without_code(text: str) -> str:
    """The code that an error without one would have; `-` for a server that cannot be reached, "" for something else."""
    if any(lost in text for lost in LOST):
        return "08"
    if "connection failed" not in text and "connection to server" not in text and "connection timeout" not in text:
        return "-" if "could not translate host name" in text or "failed to resolve host" in text else ""
    return next((code for mark, code in MARKS if mark in text), "-")


def first_line(error: BaseException) -> str:
    """The driver's own words, as far as they fit a line; they name host, port, user and database, never a password."""
    return str(error).strip().splitlines()[0][:300]
