"""The mask: names, ids and hosts become pseudonyms, the same one for the same value throughout one support bundle.

Text is not searched for what looks personal; the other way round, only words that this program itself writes stay, and of
those none that is also somebody's name. Whatever else stands there becomes a pseudonym.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from oneroster_tui.provider.profile import Known, Profile
from oneroster_tui.sync.entities import ENTITIES
from oneroster_tui.sync.events import HEADINGS, REASONS, VERBS

PACKAGE = Path(__file__).parents[1]
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LONGEST_NUMBER = 6
"""Digits of a number that may be a count; longer ones may be an id."""
SHORTEST_ID = 3
"""Digits below which a number stays even where it is a part of somebody's id: every log is full of such numbers."""

_WORD = re.compile(r"[^\W_]+(?:_[^\W_]+)*")
STANDARD_ROLES = frozenset(
    _WORD.findall(
        "administrator aide counselor districtadministrator guardian parent principal proctor relative siteadministrator "
        "student systemadministrator teacher"
    )
)
PATHS = frozenset(
    _WORD.findall("api campus ims learningdata oauth oauth2 oneroster rostering token v1 v1p0 v1p1 v1p2 v2")
)
"""Parts of an address that tell nothing of whose it is."""

FIELDS = frozenset((*Known.__struct_fields__, *Profile.__struct_fields__))
"""What the provider's profile calls its parts."""

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9:]+)?)?")
_DECISION = re.compile(
    rf"(    (?:{'|'.join(map(re.escape, VERBS.values()))})) "
    rf"({'|'.join(sorted((re.escape(entity.noun) for entity in ENTITIES), key=len, reverse=True))}) "
    r"(.*?)(?: with id ([0-9]+))? \((.*?)\)"
    rf"(: (?:{'|'.join(map(re.escape, REASONS.values()))})| [0-9?]+ [<>=|] [0-9?]+)?"
)
_MANY = re.compile(rf"(    (?:{'|'.join(map(re.escape, VERBS.values()))}) )(.*): ([0-9,]+)")
KIND = {entity.noun: entity.table for entity in ENTITIES}


@cache
def vocabulary() -> frozenset[str]:
    """The words of this program's own sentences: those in its code's texts, comments and invented people left out."""
    words: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).parts[0] == "demo":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                words.update(word.casefold() for word in _WORD.findall(node.value))
    return frozenset(words)


class Pseudonyms:
    """Gives pseudonyms, and remembers them.

    Args:
        ids: sourcedId -> table, of all that the roster holds.
        people: names, usernames, e-mails and ids of people: no word of them stays in any text.
    """

    def __init__(self, ids: Mapping[str, str], people: Iterable[str]) -> None:
        self._given: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}
        self._ids = ids
        self._people = frozenset(word.casefold() for text in people for word in _WORD.findall(text))

    def of(self, kind: str, value: object) -> str:
        """The pseudonym of a value: `users-12`; nothing stays nothing."""
        text = str(value).strip().casefold()
        if value is None or not text:
            return ""
        if (kind, text) not in self._given:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._given[kind, text] = f"{kind}-{self._counts[kind]}"
        return self._given[kind, text]

    def words(self, text: str) -> str:
        """A sentence of this program with whatever is not its own word masked."""
        return re.sub(r"\S+", lambda match: self._chunk(match[0]), text)

    def _chunk(self, chunk: str) -> str:
        bare = chunk.strip("()[]:;,.'\"")
        if bare in self._ids:
            return chunk.replace(bare, self.of(self._ids[bare], bare))
        return _WORD.sub(lambda match: self._word(match[0]), chunk)

    def _word(self, word: str) -> str:
        plain = word.casefold()
        number = plain.isascii() and plain.isdigit() and len(plain) <= LONGEST_NUMBER
        told = plain in self._people and not (number and len(plain) < SHORTEST_ID)
        return word if (number or plain in vocabulary()) and not told else self.of("word", plain)

    def line(self, line: str) -> str:
        """A line of a log."""
        if line.strip() in HEADINGS.values():
            return line
        match = _DECISION.fullmatch(line)
        if match:
            verb, noun, name, local_id, sourced_id, tail = match.groups()
            place = f" with id {self.of('row', local_id)}" if local_id else ""
            table = KIND[noun]
            return f"{verb} {noun} {self.of('name', name)}{place} ({self.of(table, sourced_id)}){tail or ''}"
        many = _MANY.fullmatch(line)
        if many:
            return f"{many[1]}{self.words(many[2])}: {many[3]}"
        return line[: len(line) - len(line.lstrip())] + self.words(line.strip())

    def host(self, host: str) -> str:
        """A server's name; this machine's stays."""
        return host if host in LOOPBACK else self.of("host", host)

    def url(self, address: str) -> str:
        """An address: its scheme, port and OneRoster's own path parts stay."""
        if not address:
            return ""
        parts = urlsplit(address)
        path = "/".join(self._segment(part) for part in parts.path.split("/"))
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{self.host(parts.hostname or '')}{port}{path}{'?…' if parts.query else ''}"

    def _segment(self, part: str) -> str:
        return part if part.casefold() in PATHS else self.of("segment", part)

    def role(self, role: str) -> str:
        """A role's word; those that are not OneRoster's may be somebody's own."""
        return role if role.casefold() in STANDARD_ROLES or not role else self.of("role", role)

    def tree(self, value: Any) -> Any:
        """A JSON document with every text in it masked, the keys too."""
        match value:
            case dict():
                return {self._key(key): self.tree(item) for key, item in value.items()}
            case list():
                return [self.tree(item) for item in value]
            case str():
                if "://" in value:
                    return self.url(value)
                return value if _TIME.fullmatch(value) else self.words(value)
            case _:
                return value

    def _key(self, key: str) -> str:
        return key if key.casefold() in STANDARD_ROLES or key in FIELDS else self.words(key)


def masked_lines(masks: Pseudonyms, lines: Iterable[str]) -> Iterator[str]:
    """The lines of a log, masked."""
    return (masks.line(line.rstrip("\n")) for line in lines)
