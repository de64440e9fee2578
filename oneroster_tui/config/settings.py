"""What config.toml says, as frozen values: one field a key, under the key's own name.

Defaults stand in `keys.py` only: `config.defaults(path)` makes the Settings of an empty file, and
`dataclasses.replace` makes others from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal, NewType

from oneroster_tui.config import secret

Fingerprint = NewType("Fingerprint", str)
"""Tells one content of a file from another; "" is a file that does not exist."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days from `start` to `end`, both included."""

    start: date
    end: date

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end

    def __str__(self) -> str:
        return f"{self.start}..{self.end}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """[connection]: how the provider is reached. `timeout` in seconds; `folder` is the config file's, no key.

    Where `bundle` is set, CSV files are read, and nothing else here matters.
    """

    bundle: str
    oneroster_version: Literal["1.0", "1.1", "1.2"]
    oauth_version: Literal["2.0", "1.0a"]
    token_url: str
    root_url: str
    client_id: str
    client_secret: str = field(repr=False)
    client_secret_env: str
    client_secret_file: str
    client_secret_command: str = field(repr=False)
    page_size: int | Literal["auto"]
    concurrency: int
    timeout: float
    oauth1_signature: Literal["HMAC-SHA256", "HMAC-SHA1"]
    scopes: tuple[str, ...]
    client_auth: Literal["basic", "body"]
    folder: Path = field(default=Path(), repr=False, compare=False)

    def secret(self) -> str:
        """The client secret, fetched now from wherever the file says it is.

        Raises:
            ConfigError: none is set, or the variable, file or command does not give one.
        """
        return secret.resolve(
            value=self.client_secret,
            variable=self.client_secret_env,
            file=self.client_secret_file,
            command=self.client_secret_command,
            folder=self.folder,
        )

    def secret_origin(self) -> str:
        """Where the secret comes from, for screens: "environment variable ONEROSTER_SECRET"; never the secret."""
        return secret.origin(
            value=self.client_secret,
            variable=self.client_secret_env,
            file=self.client_secret_file,
            command=self.client_secret_command,
        )

    @property
    def bundle_path(self) -> Path:
        """Where the bundle is; a relative path starts from the config file's folder."""
        return self.folder / Path(self.bundle).expanduser()

    def missing(self) -> tuple[str, ...]:
        """The dotted keys that are still to be set before the provider can be asked anything."""
        if self.bundle:
            return ()
        wanted = {
            "connection.root_url": self.root_url,
            "connection.client_id": self.client_id,
            "connection.client_secret": self.client_secret
            or self.client_secret_env
            or self.client_secret_file
            or self.client_secret_command,
            "connection.token_url": self.token_url or self.oauth_version == "1.0a",
        }
        return tuple(name for name, value in wanted.items() if not value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schools:
    """[schools]: sourcedIds, each once, in the file's order."""

    sync: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRules:
    """[sync]: what a sync makes of what it reads."""

    on_removed: Literal["keep", "suspend", "unenrol", "delete"]
    grace_runs: int
    terms: Literal["all", "current"]
    username: str
    merge_users: Literal["none", "username", "identifier"]
    end_date: Literal["exclusive", "inclusive"]
    max_age_hours: float
    full_every_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """[guards]: what a sync does not do by itself. A limit of None is "off"."""

    max_remove_percent: float | None
    max_remove_count: int | None
    max_change_percent: float | None
    protected_roles: tuple[str, ...]
    blackout: tuple[Period, ...]
    freeze_removals: tuple[Period, ...]

    def blackout_on(self, day: date) -> Period | None:
        """The blackout that a day lies in, if any."""
        return next((period for period in self.blackout if day in period), None)

    def is_frozen(self, day: date) -> bool:
        """Whether removals wait on a day."""
        return any(day in period for period in self.freeze_removals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """[database]: the url may hold a password, so no repr shows it."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """[notify]: who is told of failures and holds. A webhook's address is often its password, so no repr shows it."""

    webhook: str = field(repr=False)
    smtp_host: str
    smtp_port: int
    smtp_tls: Literal["starttls", "tls", "none"]
    smtp_user: str
    smtp_password: str = field(repr=False)
    smtp_password_env: str
    smtp_password_file: str
    smtp_password_command: str = field(repr=False)
    mail_from: str
    mail_to: tuple[str, ...]

    def password(self, folder: Path) -> str:
        """The mail server's password, fetched now from wherever the file says it is; `folder` is the config file's.

        Raises:
            ConfigError: none is set, or the variable, file or command does not give one.
        """
        return secret.resolve(
            value=self.smtp_password,
            variable=self.smtp_password_env,
            file=self.smtp_password_file,
            command=self.smtp_password_command,
            folder=folder,
            key="notify.smtp_password",
            noun="mail password",
        )

    def missing(self) -> tuple[str, ...]:
        """The dotted keys without which no mail can be sent, where a mail server is named."""
        wanted = {"notify.mail_from": self.mail_from, "notify.mail_to": self.mail_to}
        return tuple(name for name, value in wanted.items() if self.smtp_host and not value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """[log]: the runs' logs as files. `keep_days` in days."""

    folder: str
    keep_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """[history]: how much of the past stays in the roster."""

    keep_runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitoring:
    """[monitoring]: what other programs look at."""

    textfile: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moodle:
    """[moodle]: how the roster looks in a Moodle, and how one is reached. `timeout` in seconds."""

    auth: str
    course_shortname: str
    missing_email: str
    url: str
    token: str = field(repr=False)
    token_env: str
    token_file: str
    token_command: str = field(repr=False)
    batch: int
    timeout: float
    roles: Mapping[str, str]
    role_ids: Mapping[str, int]

    def secret(self, folder: Path) -> str:
        """The token, fetched now from wherever the file says it is; `folder` is the config file's.

        Raises:
            ConfigError: none is set, or the variable, file or command does not give one.
        """
        return secret.resolve(
            value=self.token,
            variable=self.token_env,
            file=self.token_file,
            command=self.token_command,
            folder=folder,
            key="moodle.token",
            noun="Moodle token",
        )

    def role(self, role: str) -> str:
        """The short name of Moodle's role for a OneRoster role, in whatever case; "" where there is none."""
        return self.roles.get(role.strip().lower(), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of config.toml.

    Args:
        path: the file, absolute.
        role_mapping: OneRoster role in lower case = local role; ask `local_role`.
        warnings: sentences about what works but should not stay.
        fingerprint: of the file as it was read; give it to `save`, which then refuses to overwrite someone else's edit.
    """

    path: Path
    source: str
    connection: Connection
    role_mapping: Mapping[str, str]
    schools: Schools
    sync: SyncRules
    guards: Guards
    database: Database
    notify: Notify
    log: Log
    history: History
    monitoring: Monitoring
    moodle: Moodle
    warnings: tuple[str, ...] = field(default=(), compare=False)
    fingerprint: Fingerprint = field(default=Fingerprint(""), repr=False, compare=False)

    def local_role(self, role: str) -> str:
        """The local role of a OneRoster role, in whatever case it is written; "" when it is not mapped."""
        return self.role_mapping.get(role.strip().lower(), "")

    def beside(self, place: str) -> Path:
        """A path of the config: relative ones start from the config file's folder."""
        return self.path.parent / Path(place).expanduser()

    def missing(self) -> tuple[str, ...]:
        """The dotted keys that are still to be set before a sync can run."""
        return self.connection.missing() + (() if self.schools.sync else ("schools.sync",))
