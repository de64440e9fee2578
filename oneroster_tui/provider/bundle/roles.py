"""The role book: 1.2's roles.csv, read before users.csv, so that a person is one record again, as in every other version."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import TYPE_CHECKING, Final

import msgspec

from oneroster_tui.errors import Stopped
from oneroster_tui.provider.bundle.rules import GUID
from oneroster_tui.provider.bundle.schemas import words
from oneroster_tui.provider.dialects.values import STATUS, clean, read_id, read_word
from oneroster_tui.records import Role

if TYPE_CHECKING:
    from oneroster_tui.provider.bundle.bundle import Bundle
    from oneroster_tui.provider.bundle.file import FileReader

NOBODY: Final[tuple[Role, ...]] = ()


class RoleBook:
    """Who is what, where. 200,000 people hold few different roles: each is kept once.

    Attributes:
        mode: what roles.csv is. With a delta, or none at all, the roles that are stored stay as they are but for what it says.
        broken: people of whom a row could not be used: they stay as they are.
        lost: rows of nobody knows whom.
        complete, why: whether the file was read to its end, and why not.
    """

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.broken: set[str] = set()
        self.lost = 0
        self.complete = False
        self.why = ""
        self._roles: dict[str, tuple[Role, ...]] = {}
        self._gone: dict[str, tuple[Role, ...]] = {}
        self._texts: dict[tuple[Role, ...], str] = {}
        self._same: dict[tuple[Role, ...], tuple[Role, ...]] = {}

    def add(self, user: str, org: str, role: str, kind: str, status: str) -> None:
        """Takes a row of cells that are in order, or as good as."""
        gone = STATUS.get(status.strip().lower()) == "tobedeleted"
        book = self._gone if gone else self._roles
        before = book.get(user, NOBODY)
        word = read_word(kind)
        if word not in ("primary", "secondary"):
            word = "secondary" if before else "primary"
        found = Role(org_sourced_id=org, role=read_word(role), role_type=word)
        if found not in before:
            roles = (*before, found)
            book[user] = self._same.setdefault(roles, roles)

    def of(self, user: str, stored: tuple[Role, ...] = NOBODY) -> tuple[Role, ...]:
        """A person's roles.

        Args:
            stored: those in the roster.
        """
        said = self._roles.get(user, NOBODY)
        if self.mode == "bulk":
            return said
        gone = {(role.org_sourced_id, role.role) for role in self._gone.get(user, NOBODY)}
        gone |= {(role.org_sourced_id, role.role) for role in said}
        kept = [role for role in stored if (role.org_sourced_id, role.role) not in gone]
        if any(role.role_type == "primary" for role in said):
            at = {role.org_sourced_id for role in said if role.role_type == "primary"}
            kept = [
                msgspec.structs.replace(role, role_type="secondary") if role.org_sourced_id in at else role
                for role in kept
            ]
        return (*said, *kept)

    def sure(self, user: str) -> tuple[Role, ...]:
        """The same, where every row of the person could be used; else none."""
        return NOBODY if user in self.broken else self.of(user)

    def text(self, user: str) -> str:
        """A person's roles as they go into a fingerprint; the same text for the same roles."""
        roles = self.sure(user)
        text = self._texts.get(roles)
        if text is None:
            text = self._texts[roles] = repr(roles)
        return text

    def people(self) -> Iterable[str]:
        """Everybody of whom the file says something."""
        return self._roles.keys() | self._gone.keys()


def usable(user: str, org: str, role: str) -> tuple[str, str, str] | None:
    """The cells of a role that count, cleaned; None where one of them cannot be used."""
    user_id, org_id, word = read_id(user), read_id(org), clean(role)
    return (user_id, org_id, word) if user_id and org_id and word else None


def read_roles(bundle: Bundle) -> RoleBook:
    """Reads roles.csv; `complete` of the book says whether to its end."""
    reader = bundle.reader("roles")
    book = RoleBook(reader.mode)
    if reader.open():
        assert reader.layout is not None  # noqa: S101 -- it is open
        at, width = reader.layout.at, reader.layout.width
        names = ("userSourcedId", "orgSourcedId", "role", "roleType", "status")
        pick = itemgetter(*(at.get(name, width) for name in names))
        sound = words(reader.version, "roles", "role")
        for batch in reader.batches():
            if bundle.stopping():
                raise Stopped
            for place, row in enumerate(batch.rows):
                cells = row if len(row) == width else reader.fit(batch.numbers[place], row)
                if cells:
                    user, org, role, kind, status = pick([*cells, ""])
                    is_plain: object = (
                        role in sound and kind in ("primary", "secondary") and GUID.fullmatch(f"{user}{org}")
                    )
                    is_plain = is_plain and user and org and status in ("", "active", "tobedeleted")
                    if not is_plain or reader.is_delta or not bundle.known.has("orgs", org):
                        _odd(reader, batch.numbers[place], cells, book, (user, org, role, kind, status))
                    else:
                        book.add(user, org, role, kind, status)
                elif cells is None:
                    _lose(book, row[at["userSourcedId"]] if len(row) > at["userSourcedId"] else "")
            for cells in batch.lost.values():
                _lose(book, cells[at["userSourcedId"]] if len(cells) > at["userSourcedId"] else "")
    bundle.ended(reader)
    book.complete, book.why = reader.complete, reader.why
    if reader.complete and reader.mode == "bulk" and not reader.rows:
        book.complete, book.why = False, "it has no rows"
    return book


def _odd(
    reader: FileReader, number: int, cells: list[str], book: RoleBook, found: tuple[str, str, str, str, str]
) -> None:
    """A row with something odd: used where person, org and role are clear."""
    user, org, role, kind, status = found
    good = usable(user, org, role)
    remarks = reader.remarks(cells)
    if good is None:
        remarks = remarks or [("bad_id", "", "The row names no person, org or role.")]
        _lose(book, user)
    else:
        book.add(*good, kind, status)
    reader.say(remarks, number, reader.id_of(cells), used=good is not None)


def _lose(book: RoleBook, user: str) -> None:
    """A row was lost: of this person, or of nobody knows whom."""
    user_id = read_id(user)
    if user_id:
        book.broken.add(user_id)
    else:
        book.lost += 1
