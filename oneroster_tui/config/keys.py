"""The table of keys: everything that may stand in config.toml, its default and one sentence about it, each once."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

Kind = Literal[
    "text",  # any text, may be empty
    "name",  # text that is not blank
    "secret",  # text that is never shown
    "variable",  # the name of an environment variable
    "command",  # a command line, split like a shell does, run without one
    "url",  # http or https, or empty
    "base url",  # the same without ? and #
    "database url",
    "choice",  # one of `choices`
    "whole",  # a whole number from `low` to `high`, or one of `choices`
    "number",  # any number from `low` to `high`, or one of `choices`
    "texts",  # a list of texts
    "periods",  # a list of "FIRST..LAST"
    "roles",  # a table: OneRoster role = local role
    "ids",  # a table: word = whole number
    "template",  # text with {column} fields of users
    "optional template",  # the same, or empty
    "course template",  # text with {column} fields of classes, or empty
]
"""What a value looks like; `values.py` has one reader for each."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of config.toml.

    Args:
        name: dotted, as in `connection.page_size`.
        kind: what its value looks like.
        default: the value of a file that leaves it out, as TOML would hold it.
        help: one sentence for screens and docs, units included.
        choices: the words it takes; for numbers, the words it takes besides ("auto", "off").
        low: the smallest number it takes.
        high: the largest number it takes, or None.
    """

    name: str
    kind: Kind
    default: object = field(hash=False)
    help: str
    choices: tuple[str, ...] = ()
    low: int = 0
    high: int | None = None

    @property
    def table(self) -> str:
        """The table the key stands in; "" is the top of the file."""
        return self.name.rpartition(".")[0]

    @property
    def leaf(self) -> str:
        """The key's name within its table."""
        return self.name.rpartition(".")[2]

    @property
    def hidden(self) -> bool:
        """Whether a value may hold a secret (or be one, pasted into the wrong place) and is never shown."""
        return self.name in SECRET_KEYS


ROLES: Final = (
    *("student", "teacher", "aide", "proctor", "administrator", "parent", "guardian", "relative"),
    *("counselor", "districtAdministrator", "principal", "siteAdministrator", "systemAdministrator"),
)
"""The role words of OneRoster 1.1, then those that 1.2 adds; any other is the provider's own."""


KEYS: Final[tuple[Key, ...]] = (
    Key("source", "name", "default", "The name of this provider; every stored row carries it."),
    Key(
        "connection.bundle",
        "text",
        "",
        "A OneRoster CSV bundle in place of a service: a zip, a folder of CSV files, or one where zips arrive (the newest).",
    ),
    Key("connection.oneroster_version", "choice", "1.1", "The OneRoster version to speak.", ("1.0", "1.1", "1.2")),
    Key("connection.oauth_version", "choice", "2.0", "How requests are authenticated.", ("2.0", "1.0a")),
    Key("connection.token_url", "url", "", "Where OAuth 2.0 tokens come from; OAuth 1.0a has none."),
    Key("connection.root_url", "base url", "", "The server's root, or its whole OneRoster base path."),
    Key("connection.client_id", "text", "", "The client ID (OAuth 1.0a: consumer key) that the provider gave you."),
    Key("connection.client_secret", "secret", "", "The client secret itself; better kept outside this file."),
    Key("connection.client_secret_env", "variable", "", "The environment variable that holds the client secret."),
    Key("connection.client_secret_file", "text", "", "A file whose first line is the client secret."),
    Key(
        "connection.client_secret_command", "command", "", "A command whose first line of output is the client secret."
    ),
    Key(
        "connection.page_size", "whole", "auto", "Records a page; auto follows the server's pace.", ("auto",), 1, 10000
    ),
    Key("connection.concurrency", "whole", 4, "How many pages are asked for at a time.", low=1, high=32),
    Key("connection.timeout", "number", 30, "Seconds to wait for each answer.", low=1, high=600),
    Key(
        "connection.oauth1_signature",
        "choice",
        "HMAC-SHA256",
        "How OAuth 1.0a requests are signed.",
        ("HMAC-SHA256", "HMAC-SHA1"),
    ),
    Key("connection.scopes", "texts", (), "OAuth 2.0 scopes to ask for; empty: what the version needs."),
    Key("connection.client_auth", "choice", "basic", "Where the token request carries the secret.", ("basic", "body")),
    Key(
        "role_mapping",
        "roles",
        MappingProxyType({"student": "Student", "teacher": "Teacher"}),
        'OneRoster role = local role, in any case; "" or absent: not mapped, not enrolled at all.',
    ),
    Key("schools.sync", "texts", (), "The sourcedIds of the schools to sync."),
    Key(
        "sync.on_removed",
        "choice",
        "suspend",
        "What becomes of a row that the provider removed.",
        ("keep", "suspend", "unenrol", "delete"),
    ),
    Key("sync.grace_runs", "whole", 0, "How many complete runs a row may be missing before that; 0: none.", high=365),
    Key(
        "sync.terms",
        "choice",
        "all",
        "Which classes are kept: all, or those with a term running today (or with none).",
        ("all", "current"),
    ),
    Key("sync.username", "template", "{username}", "Template over the columns of users; the result is lower-cased."),
    Key(
        "sync.merge_users",
        "choice",
        "none",
        "What makes several provider records one local user.",
        ("none", "username", "identifier"),
    ),
    Key(
        "sync.end_date",
        "choice",
        "exclusive",
        "Whether somebody is still enrolled on the end date (inclusive) or not.",
        ("exclusive", "inclusive"),
    ),
    Key("sync.max_age_hours", "number", 26, "Hours after which the last good run is too old for status.", high=8760),
    Key("sync.full_every_days", "whole", 7, "Days between full pulls where deltas are used; 0: always full.", high=365),
    Key(
        "guards.max_remove_percent",
        "number",
        10,
        "Removals are held above this share of the rows, in percent, when both limits are exceeded.",
        ("off",),
        high=100,
    ),
    Key(
        "guards.max_remove_count",
        "whole",
        10,
        "Removals are held above this number of rows, when both limits are exceeded.",
        ("off",),
    ),
    Key(
        "guards.max_change_percent",
        "number",
        "off",
        "Updates of a table are held when more than this share of its rows would say something else, in percent.",
        ("off",),
        high=100,
    ),
    Key("guards.protected_roles", "texts", (), "OneRoster roles whose people and enrollments are never removed."),
    Key("guards.blackout", "periods", (), "Days on which no run applies."),
    Key("guards.freeze_removals", "periods", (), "Days on which a run adds and updates only."),
    Key("database.url", "database url", "sqlite:///roster.db", "Where the roster is; relative to the config file."),
    Key("notify.webhook", "url", "", "Gets a JSON summary POSTed on failure, hold, staleness and recovery."),
    Key("notify.smtp_host", "text", "", "The mail server that sends the same by e-mail; empty: no mail."),
    Key("notify.smtp_port", "whole", 587, "The mail server's port.", low=1, high=65535),
    Key(
        "notify.smtp_tls",
        "choice",
        "starttls",
        "How the way to the mail server is protected: from the greeting on (tls), after it (starttls), or not at all.",
        ("starttls", "tls", "none"),
    ),
    Key("notify.smtp_user", "text", "", "The mail server's user; empty: no log-in."),
    Key("notify.smtp_password", "secret", "", "The user's password itself; better kept outside this file."),
    Key("notify.smtp_password_env", "variable", "", "The environment variable that holds the password."),
    Key("notify.smtp_password_file", "text", "", "A file whose first line is the password."),
    Key("notify.smtp_password_command", "command", "", "A command whose first line of output is the password."),
    Key("notify.mail_from", "text", "", "The sender of the mails."),
    Key("notify.mail_to", "texts", (), "The mails' recipients."),
    Key("log.folder", "text", "", "Where each run leaves its log as a file; empty: no files."),
    Key("log.keep_days", "whole", 30, "Days after which a log file is removed.", low=1, high=3650),
    Key("history.keep_runs", "whole", 400, "How many runs are remembered, with their changes.", low=1, high=100_000),
    Key("monitoring.textfile", "text", "", "A file of metrics for Prometheus' node exporter; empty: none."),
    Key("moodle.auth", "name", "manual", "The authentication method of the users that Moodle gets."),
    Key(
        "moodle.course_shortname",
        "course template",
        "",
        "Template over the columns of classes; empty: the class code, else the sourcedId. What is taken gets the sourcedId too.",
    ),
    Key(
        "moodle.missing_email",
        "optional template",
        "",
        "Template for the e-mail of those who have none, as Moodle asks for one; empty: they are left out, and said.",
    ),
    Key("moodle.url", "base url", "", "The address of the Moodle site to push to."),
    Key("moodle.token", "secret", "", "The token of Moodle's web services itself; better kept outside this file."),
    Key("moodle.token_env", "variable", "", "The environment variable that holds the token."),
    Key("moodle.token_file", "text", "", "A file whose first line is the token."),
    Key("moodle.token_command", "command", "", "A command whose first line of output is the token."),
    Key("moodle.batch", "whole", 100, "How many records one request of a push carries.", low=1, high=1000),
    Key("moodle.timeout", "number", 120, "Seconds to wait for each of Moodle's answers.", low=1, high=3600),
    Key(
        "moodle.roles",
        "roles",
        MappingProxyType({"student": "student", "teacher": "editingteacher"}),
        "OneRoster role = short name of Moodle's role; not named: not enrolled, not assigned.",
    ),
    Key(
        "moodle.role_ids",
        "ids",
        MappingProxyType({}),
        "Short name = number of a role of that Moodle, where it is not the usual one: web services know numbers only.",
    ),
)
"""Every key, in the order of the file."""

KEYS_BY_NAME: Final[dict[str, Key]] = {key.name: key for key in KEYS}

SECRETS: Final = tuple(
    tuple(f"{name}{way}" for way in ("", "_env", "_file", "_command"))
    for name in ("connection.client_secret", "notify.smtp_password", "moodle.token")
)
"""The ways to give each secret; at most one of them is set."""

SECRET_KEYS: Final = tuple(key for ways in SECRETS for key in ways)
"""Keys that hold a secret, or the way to one."""

USERNAME_COLUMNS: Final = (
    "username",
    "identifier",
    "given_name",
    "family_name",
    "middle_name",
    "email",
    "sourced_id",
)
"""The columns of users that `sync.username` may name."""

COURSE_COLUMNS: Final = ("title", "class_code", "course_code", "school", "sourced_id")
"""What `moodle.course_shortname` may name of a class; `school` is the org's identifier, else its sourcedId."""


def tables() -> tuple[str, ...]:
    """The names of the tables config.toml may have, in the order of the file."""
    named = (key.name if key.kind in ("roles", "ids") else key.table for key in KEYS)
    return tuple(dict.fromkeys(name for name in named if name))


def suggestion(name: str) -> str:
    """The valid key (or table) an unknown dotted name most likely means, or "".

    The same key in another table comes first: a right word in a wrong place is the commonest mistake.
    """
    import difflib

    table, _, leaf = name.lower().rpartition(".")
    for key in KEYS:
        if key.leaf == leaf and key.name != name:
            return key.name
    near = difflib.get_close_matches(leaf, [key.leaf for key in KEYS if key.table == table], 1, 0.6)
    if near:
        return f"{table}.{near[0]}".lstrip(".")
    near = difflib.get_close_matches(leaf, [key.leaf for key in KEYS], 1, 0.75)
    return next((key.name for key in KEYS if near and key.leaf == near[0]), "")


def table_suggestion(name: str) -> str:
    """The valid table an unknown one most likely means, or ""."""
    import difflib

    near = difflib.get_close_matches(name.lower(), tables(), 1, 0.6)
    return near[0] if near else ""
