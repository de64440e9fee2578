"""The order form: the fields of the connection, what is typed into them, and what that would mean in config.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlsplit

from oneroster_tui.config import KEYS_BY_NAME, BadValueError, Connection, Key, allowed, parse_value, plain_value

WAY = "oauth_version"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
BUNDLE = "none: a CSV bundle"
"""What stands among the OAuth versions for a connection that needs none: files are read in place of a service."""
SECRET = "client_secret"  # noqa: S105 -- the name of a key


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form.

    Args:
        name: of the key in [connection].
        label: as a person reads it.
        folded: whether it stands under "More".
        only: the OAuth version it belongs to, or BUNDLE; "" for both versions.
        needed: whether nothing can be asked without it.
    """

    name: str
    label: str
    folded: bool = False
    only: str = ""
    needed: bool = False

    @property
    def key(self) -> Key:
        """The key in config.toml."""
        return KEYS_BY_NAME[f"connection.{self.name}"]

    @property
    def choices(self) -> tuple[str, ...]:
        """The words to choose from."""
        return (*self.key.choices, BUNDLE) if self.name == WAY else self.key.choices

    @property
    def help(self) -> str:
        """One sentence, and the default."""
        default = as_text(self.key.default)
        return f"{self.key.help} Default: {default}." if default else self.key.help


FIELDS = (
    Field("oneroster_version", "OneRoster version"),
    Field(WAY, "OAuth version"),
    Field("bundle", "Bundle", only=BUNDLE, needed=True),
    Field("token_url", "Token URL", only="2.0", needed=True),
    Field("root_url", "Root URL", needed=True),
    Field("client_id", "Client ID", needed=True),
    Field(SECRET, "Client secret", needed=True),
    Field("page_size", "Page size"),
    Field("oauth1_signature", "Signature method", folded=True, only="1.0a"),
    Field("scopes", "Scopes", folded=True, only="2.0"),
    Field("client_auth", "Client authentication", folded=True, only="2.0"),
    Field("concurrency", "Concurrency", folded=True),
    Field("timeout", "Timeout", folded=True),
)
FIELDS_BY_NAME = {field.name: field for field in FIELDS}


def as_text(value: object) -> str:
    """A value of Settings as it stands in its field."""
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def from_text(key: Key, text: str) -> object:
    """What is typed, as TOML would hold it; what cannot be read stays text, which the key then refuses."""
    text = text if key.kind == "secret" else text.strip()
    if key.kind == "texts":
        return text.replace(",", " ").split()
    if key.kind not in ("whole", "number"):
        return text
    for kind in (int, float) if key.kind == "number" else (int,):
        try:
            return kind(text) if text.isascii() and len(text) < 20 else text
        except ValueError:
            continue
    return text


def insecure(text: str) -> bool:
    """Whether an address would send the secret in the open."""
    try:
        parts = urlsplit(text.strip())
        return parts.scheme == "http" and parts.hostname not in LOOPBACK
    except ValueError:
        return False


class Draft:
    """What is typed, against what config.toml says.

    Args:
        connection: the one in force.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.base = texts_of(connection)
        self.typed = dict(self.base)

    @property
    def secret_elsewhere(self) -> bool:
        """Whether the secret comes from outside config.toml, and is none of this form's business."""
        one = self.connection
        return bool(one.client_secret_env or one.client_secret_file or one.client_secret_command)

    @property
    def reads_bundle(self) -> bool:
        """Whether a CSV bundle is read in place of a service."""
        return self.typed[WAY] == BUNDLE

    def applies(self, field: Field) -> bool:
        """Whether a field has a meaning with the OAuth version, or the bundle, chosen."""
        if self.reads_bundle:
            return field.name == WAY or field.only == BUNDLE
        return field.only in ("", self.typed[WAY])

    def edits(self, field: Field) -> bool:
        """Whether a field may be changed, and holds something else than config.toml."""
        if not self.applies(field) or (field.name == SECRET and self.secret_elsewhere):
            return False
        return self.typed[field.name].strip() != self.base[field.name].strip()

    @property
    def edited(self) -> list[Field]:
        """The fields that hold something else than config.toml."""
        return [field for field in FIELDS if self.edits(field)]

    def problem(self, field: Field) -> str:
        """Why a field's text is not allowed; "" where it is."""
        if not self.applies(field) or (field.name == WAY and self.reads_bundle):
            return ""
        try:
            parse_value(field.key, from_text(field.key, self.typed[field.name]))
        except BadValueError:
            words = allowed(field.key).replace("text in quotes", "text without control characters")
            return f"This takes {words}."
        return ""

    @property
    def wrong(self) -> list[Field]:
        """The fields whose text is not allowed."""
        return [field for field in FIELDS if self.problem(field)]

    def warning(self, field: Field) -> str:
        """What to think about before it is saved; "" where nothing."""
        if field.name == "bundle" and self.reads_bundle and (path := self.typed["bundle"].strip()):
            return "" if replace(self.connection, bundle=path).bundle_path.exists() else "Nothing is there yet."
        if field.key.kind in ("url", "base url") and insecure(self.typed[field.name]):
            return "Without https the secret and everybody's data travel in the open."
        if field.name == SECRET and self.typed[SECRET] and not self.secret_elsewhere:
            return "It stands in config.toml. Safer: client_secret_env, _file or _command there instead."
        return ""

    def changes(self) -> dict[str, object]:
        """What is to be saved: dotted key -> value."""
        changed = {field.key.name: from_text(field.key, self.typed[field.name]) for field in self.edited}
        if self.reads_bundle or self.typed[WAY] == self.connection.oauth_version:
            changed.pop(f"connection.{WAY}", None)
        if self.reads_bundle:
            return changed
        if self.connection.bundle:
            changed["connection.bundle"] = ""
        return changed

    def meant(self) -> Connection:
        """The connection as typed; every field must be allowed."""
        values: dict[str, Any] = {
            name.rpartition(".")[2]: parse_value(KEYS_BY_NAME[name], value) for name, value in self.changes().items()
        }
        return replace(self.connection, **values)

    def missing(self) -> list[str]:
        """The labels of what is still needed."""
        if self.reads_bundle:
            return [] if self.typed["bundle"].strip() else [FIELDS_BY_NAME["bundle"].label]
        names = [name.rpartition(".")[2] for name in self.meant().missing()]
        return [FIELDS_BY_NAME[name].label for name in names]

    def adopt(self, connection: Connection) -> list[Field]:
        """Takes another connection as the one in force; what was edited stays.

        Returns:
            The fields that were edited here and have become something else there, too.
        """
        edited = {field.name for field in self.edited}
        before, self.base, self.connection = self.base, texts_of(connection), connection
        self.typed |= {name: text for name, text in self.base.items() if name not in edited}
        return [field for field in self.edited if self.base[field.name] != before[field.name]]

    def discard(self) -> None:
        """Forgets what was typed."""
        self.typed = dict(self.base)


def texts_of(connection: Connection) -> Mapping[str, str]:
    """Every field's text of a connection."""
    known = {field.name for field in fields(connection)}
    texts = {
        field.name: as_text(plain_text(field.key, getattr(connection, field.name)))
        for field in FIELDS
        if field.name in known
    }
    return texts | {WAY: BUNDLE} if connection.bundle else texts


def plain_text(key: Key, value: object) -> object:
    """A value as TOML would hold it, lists as tuples."""
    plain = plain_value(key, value)
    return tuple(plain) if isinstance(plain, list) else plain
