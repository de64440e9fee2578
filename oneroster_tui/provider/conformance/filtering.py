"""filter: each predicate, AND and OR, blanks and quotes, nested fields, and what happens to a filter that is wrong."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from oneroster_tui.provider.conformance.card import Section
from oneroster_tui.provider.conformance.errors import judge_error
from oneroster_tui.provider.conformance.judging import is_time
from oneroster_tui.provider.conformance.operations import reference
from oneroster_tui.provider.conformance.paging import Rows, Subject, page, subject
from oneroster_tui.provider.conformance.trial import Json, Step, Trial, Untested, accepted, rows_of, total_of
from oneroster_tui.provider.endpoints import BY_NAME

_ORDERS: Final[dict[str, tuple[str, Callable[[str, str], bool]]]] = {
    "greater": (">", operator.gt),
    "greater_or_equal": (">=", operator.ge),
    "less": ("<", operator.lt),
    "less_or_equal": ("<=", operator.le),
}
_NAMES: Final = ("familyName", "givenName", "title", "name")
"""Members with text that people wrote."""


def steps() -> Iterator[Step]:
    """The checks, in order."""
    source = "OneRoster 1.1 and 1.2, REST binding: filtering"
    checks: list[tuple[str, str, str, Callable[[Trial], None]]] = [
        ("filter_equal", "filter: =", "the one record with this sourcedId", equal),
        ("filter_not_equal", "filter: !=", "all records but one", not_equal),
        *(
            (
                f"filter_{name}",
                f"filter: {sign}",
                f"records whose dateLastModified is {sign} a time",
                partial(compare, name=name),
            )
            for name, (sign, _) in _ORDERS.items()
        ),
        ("filter_contains", "filter: ~", "records whose text contains a piece of text", contains),
        ("filter_and", "filter: AND", "records for which both hold", both),
        ("filter_or", "filter: OR", "records for which one of them holds", either),
        ("filter_nested", "filter on a nested field", "enrollments of one class, by class.sourcedId", nested),
        ("filter_blanks", "filter with blanks in the value", "the records with this text", blanks),
        (
            "filter_quotes",
            "filter with a quote in the value",
            "records, or 400: how quotes are written is not laid down",
            quotes,
        ),
        ("filter_nobody", "filter that nothing matches", "200 with an empty list", nobody),
        (
            "filter_unknown_field",
            "filter with an unknown field",
            "400 invalid_filter_field, and no data",
            unknown_field,
        ),
    ]
    for name, title, expected, work in checks:
        yield Step(Section.PARAMETERS, name, title, expected, source, work)


def filtered(trial: Trial, on: Subject, text: str) -> tuple[Rows, int | None] | None:
    """The rows that a filter brings, and their total; None where it is refused, which is noted."""
    found = page(
        trial, on, {"limit": str(trial.known.page_size), "offset": "0", "filter": text}, refused="filter_refused"
    )
    return None if found is None else (found[0], total_of(found[1]))


def wrong(trial: Trial, rows: Rows, test: Callable[[Json], bool], wanted: str = "") -> bool:
    """Notes rows that a filter should have kept out, and the record that it should have brought."""
    others = [row for row in rows if not (isinstance(row, dict) and test(row))]
    if others:
        trial.find("filter_wrong", f"{len(others)} of {len(rows)} records do not match")
    elif wanted and wanted not in [row.get("sourcedId") for row in rows]:
        trial.find("filter_wrong", f"a record that matches is not among the {len(rows)} that came")
    else:
        return False
    return True


def quoted(value: str) -> str:
    """A value in a filter, its quotes doubled."""
    return "'" + value.replace("'", "''") + "'"


def _plain_ids(on: Subject, least: int) -> list[str]:
    ids = [one for one in dict.fromkeys(on.sample.ids()) if "'" not in one and "," not in one]
    if len(ids) < least:
        raise Untested(f"fewer than {least} {on.word} could be read")
    return ids


def equal(trial: Trial) -> None:
    """One record by its id."""
    on = subject(trial)
    wanted = _plain_ids(on, 1)[0]
    if found := filtered(trial, on, f"sourcedId={quoted(wanted)}"):
        wrong(trial, found[0], lambda row: row.get("sourcedId") == wanted, wanted)


def not_equal(trial: Trial) -> None:
    """All records but one."""
    on = subject(trial, least=2)
    first, second = _plain_ids(on, 2)[:2]
    if found := filtered(trial, on, f"sourcedId!={quoted(first)}"):
        wrong(
            trial,
            found[0],
            lambda row: row.get("sourcedId") != first,
            second if len(found[0]) < trial.known.page_size else "",
        )


def compare(trial: Trial, name: str) -> None:
    """Times before or after one in the middle of those that were read."""
    on = subject(trial)
    sign, holds = _ORDERS[name]
    times = sorted(str(moment) for row in on.sample.rows if is_time(moment := row.get("dateLastModified")))
    if not times or len(times) < len(on.sample.rows):
        raise Untested(f"dateLastModified of {on.word} cannot be compared")
    middle = times[len(times) // 2]
    if found := filtered(trial, on, f"dateLastModified{sign}{quoted(middle)}"):
        fits = [row for row in on.sample.rows if holds(_comparable(row["dateLastModified"]), _comparable(middle))]
        few = found[1] is not None and found[1] <= len(found[0])
        wanted = next((str(row["sourcedId"]) for row in fits if row.get("sourcedId")), "") if few else ""
        wrong(trial, found[0], lambda row: holds(_comparable(row.get("dateLastModified")), _comparable(middle)), wanted)


def _comparable(moment: object) -> str:
    """A time with its fraction filled up: `…:03Z` is `…:03.000000Z`."""
    seconds, _, fraction = str(moment).removesuffix("Z").partition(".")
    return f"{seconds}.{fraction:0<6}"


def _text(row: Json, name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def contains(trial: Trial) -> None:
    """A piece of somebody's name."""
    on, row, name = _somewhere(trial, lambda text: len(text) > 3 and text[1:4].isalnum() and text.isascii())
    piece = _text(row, name)[1:4]
    if found := filtered(trial, on, f"{name}~{quoted(piece)}"):
        wanted = _text(row, "sourcedId") if len(found[0]) < trial.known.page_size else ""
        wrong(trial, found[0], lambda one: piece.lower() in _text(one, name).lower(), wanted)


def both(trial: Trial) -> None:
    """A condition that one record meets, and one that contradicts itself."""
    on = subject(trial, least=2)
    first, second = _plain_ids(on, 2)[:2]
    status = next(row.get("status") for row in on.sample.rows if row.get("sourcedId") == first)
    if not isinstance(status, str) or not status.isalpha():
        raise Untested("the first record has no status to filter by")
    one = filtered(trial, on, f"sourcedId={quoted(first)} AND status={quoted(status)}")
    if one is None or wrong(trial, one[0], lambda row: row.get("sourcedId") == first, first):
        return
    if none := filtered(trial, on, f"sourcedId={quoted(first)} AND sourcedId={quoted(second)}"):
        wrong(trial, none[0], lambda _: False)


def either(trial: Trial) -> None:
    """Two records by their ids."""
    on = subject(trial, least=2)
    pair = _plain_ids(on, 2)[:2]
    if found := filtered(trial, on, " OR ".join(f"sourcedId={quoted(one)}" for one in pair)):
        for one in pair:
            if wrong(trial, found[0], lambda row: row.get("sourcedId") in pair, one):
                return


def nested(trial: Trial) -> None:
    """Enrollments of one class."""
    on = Subject(BY_NAME["getAllEnrollments"], trial.known.sample("enrollments"))
    row = next((one for one in on.sample.rows if "'" not in reference(one, "class") and reference(one, "class")), None)
    if row is None or not _text(row, "sourcedId"):
        raise Untested("no enrollment names a class")
    class_id = reference(row, "class")
    if found := filtered(trial, on, f"class.sourcedId={quoted(class_id)}"):
        wanted = _text(row, "sourcedId") if len(found[0]) < trial.known.page_size else ""
        wrong(trial, found[0], lambda one: reference(one, "class") in ("", class_id), wanted)


def _somewhere(trial: Trial, test: Callable[[str], bool]) -> tuple[Subject, Json, str]:
    """A record with a name that passes a test, of whatever collection.

    Raises:
        Untested: there is none.
    """
    for operation in ("getAllUsers", "getAllOrgs", "getAllCourses", "getAllClasses", "getAllAcademicSessions"):
        on = Subject(BY_NAME[operation], trial.known.sample(BY_NAME[operation].endpoint))
        for row in on.sample.rows:
            for name in _NAMES:
                if test(text := _text(row, name)) and text.isprintable() and _text(row, "sourcedId"):
                    return on, row, name
    raise Untested("no record that was read has such a name")


def _by_name(trial: Trial, on: Subject, row: Json, name: str) -> None:
    text = _text(row, name)
    if found := filtered(trial, on, f"{name}={quoted(text)}"):
        wanted = _text(row, "sourcedId") if len(found[0]) < trial.known.page_size else ""
        wrong(trial, found[0], lambda one: _text(one, name).lower() == text.lower(), wanted)


def blanks(trial: Trial) -> None:
    """A name with a blank in it."""
    _by_name(trial, *_somewhere(trial, lambda text: " " in text.strip() and "'" not in text and "," not in text))


def quotes(trial: Trial) -> None:
    """A quote in a value, doubled; no text says how it is to be written, so any answer will do that is one."""
    on = subject(trial)
    name = next((one for one in _NAMES if one in on.sample.rows[0]), "sourcedId")
    heard = trial.get(on.operation.path, {"limit": "1", "filter": f"{name}='O''Brien'"}, wrong=True)
    if heard.status is not None and heard.status >= 500:
        trial.find("filter_breaks", f"{heard.status}")
    elif heard.good:
        accepted(trial, heard)


def nobody(trial: Trial) -> None:
    """An id that does not exist."""
    on = subject(trial)
    if found := filtered(trial, on, "sourcedId='no-such-id-5f2b9c1e'"):
        wrong(trial, found[0], lambda _: False)


def unknown_field(trial: Trial) -> None:
    """A field that no version has."""
    on = subject(trial)
    params = {"limit": "2", "offset": "0", "filter": "noSuchField='x'"}
    heard = trial.get(on.operation.path, params, wrong=True)
    if heard.reply is None:
        trial.find("no_answer", heard.silence)
    elif heard.status == 400:
        judge_error(trial, heard, ("invalid_filter_field",))
    elif heard.good:
        rows: list[Any] = []
        if accepted(trial, heard):
            rows = rows_of(Trial(trial.wire, trial.known), heard, on.operation) or []
            trial.find("bad_filter_accepted", f"{heard.status}, and {len(rows)} records")
    else:
        accepted(trial, heard, "bad_filter_accepted")
