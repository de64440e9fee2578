"""sort, orderBy and fields: whether records come in order, and with the members asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from oneroster_tui.provider.conformance.card import Section
from oneroster_tui.provider.conformance.errors import judge_error
from oneroster_tui.provider.conformance.paging import Subject, page, subject
from oneroster_tui.provider.conformance.trial import Step, Trial, Untested, accepted, records, rows_of
from oneroster_tui.provider.conformance.wire import Heard
from oneroster_tui.provider.endpoints import OPERATIONS


def steps() -> Iterator[Step]:
    """The checks, in order."""
    for name, title, expected, work in (
        ("sort_ascending", "sort=sourcedId, orderBy=asc", "records in the order of Unicode", ascending),
        ("sort_descending", "sort=sourcedId, orderBy=desc", "records in the reverse order", descending),
        (
            "sort_unknown_field",
            "sort by an unknown field",
            "1.1: 200 in the provider's order, with a warning",
            unknown_sort,
        ),
    ):
        yield Step(Section.PARAMETERS, name, title, expected, "OneRoster 1.1 and 1.2, REST binding: sorting", work)
    for name, title, expected, work in (
        ("fields", "fields=sourcedId,status on a collection", "records with these members only", chosen),
        ("fields_of_one", "fields=sourcedId on one record", "the record with this member only", chosen_of_one),
        (
            "fields_unknown",
            "An unknown name in fields",
            "1.1: 200, everything, with a warning; 1.2: 400",
            unknown_field,
        ),
        ("fields_blank", "Blank fields", "1.1: 400 invalid_blank_selection_field", blank_field),
    ):
        yield Step(
            Section.PARAMETERS, name, title, expected, "OneRoster 1.1 and 1.2, REST binding: field selection", work
        )


def ascending(trial: Trial) -> None:
    """From the smallest id on."""
    _sorted(trial, "asc")


def descending(trial: Trial) -> None:
    """From the largest id down."""
    _sorted(trial, "desc")


def _sorted(trial: Trial, order: str) -> None:
    on = subject(trial, least=3)
    params = {"limit": str(trial.known.page_size), "offset": "0", "sort": "sourcedId", "orderBy": order}
    found = page(trial, on, params, refused="sort_refused")
    if found is None:
        return
    ids = [row["sourcedId"] for row in records(found[0]) if isinstance(row.get("sourcedId"), str)]
    if order == "desc":
        ids.reverse()
    if len(ids) < 2 or _rises(ids):
        return
    folded = ["".join(letter for letter in one.casefold() if letter.isalnum()) for one in ids]
    trial.find("sort_collation" if _rises(folded) else "sort_ignored", f"{len(ids)} records of {on.word}")


def _rises(words: Sequence[str]) -> bool:
    return all(one <= two for one, two in pairwise(words))


def unknown_sort(trial: Trial) -> None:
    """A field that no version has; 1.2 does not say what is to come of it."""
    on = subject(trial)
    heard = trial.get(on.operation.path, {"limit": "2", "sort": "noSuchField", "orderBy": "asc"}, wrong=True)
    if heard.status == 400 and trial.version != "1.2":
        trial.find("unknown_sort_refused", f"{heard.status}")
    elif heard.status != 400:
        accepted(trial, heard, "unknown_sort_refused")


def _judge_members(trial: Trial, rows: Sequence[Any], names: set[str]) -> None:
    more = {name for row in records(rows) for name in row.keys() - names}
    missing = {name for name in names if any(name not in row for row in records(rows))}
    if more:
        trial.find("fields_ignored", f"{len(more)} other members")
    if missing:
        trial.find("fields_missing", f"without {', '.join(sorted(missing))}")


def _whole(on: Subject, *names: str) -> set[str]:
    """Those members that all records of the sample have."""
    return {name for name in names if all(name in row for row in on.sample.rows)}


def chosen(trial: Trial) -> None:
    """Two members of two records."""
    on = subject(trial)
    names = _whole(on, "sourcedId", "status")
    if not names:
        raise Untested("the records have neither sourcedId nor status")
    params = {"limit": "2", "offset": "0", "fields": ",".join(sorted(names))}
    if found := page(trial, on, params, refused="fields_refused"):
        _judge_members(trial, found[0], names)


def chosen_of_one(trial: Trial) -> None:
    """One member of one record."""
    on = subject(trial)
    single = next(one for one in OPERATIONS if one.path == f"/{on.word}/{{sourcedId}}")
    heard = trial.get(single.url_path(on.sample.ids()[0]), {"fields": "sourcedId"})
    if heard.status in (404, 405, 501):
        raise Untested(f"{single.name} is not offered")
    if accepted(trial, heard, "fields_refused"):
        record = heard.document.get(single.single_key) if isinstance(heard.document, dict) else None
        if isinstance(record, dict):
            _judge_members(trial, [record], {"sourcedId"})


def unknown_field(trial: Trial) -> None:
    """A name that no version has: forgiven in 1.1, refused in 1.2."""
    on = subject(trial)
    heard = trial.get(on.operation.path, {"limit": "2", "offset": "0", "fields": "sourcedId,noSuchField"}, wrong=True)
    if heard.reply is None:
        trial.find("no_answer", heard.silence)
    elif trial.version == "1.2":
        if heard.good:
            trial.find("unknown_field_status", f"{heard.status} in 1.2")
        else:
            _refused(trial, heard, "unknown_field_status")
    elif not heard.good:
        accepted(trial, heard, "fields_refused" if _refuses_fields(trial, on) else "unknown_field_status")


def _refuses_fields(trial: Trial, on: Subject) -> bool:
    """Whether not even a right name is taken."""
    return not trial.get(on.operation.path, {"limit": "1", "fields": "sourcedId"}).good


def blank_field(trial: Trial) -> None:
    """No name at all; 1.2 does not say what is to come of it."""
    on = subject(trial)
    heard = trial.get(on.operation.path, {"limit": "2", "fields": ""}, wrong=True)
    if heard.good and trial.version == "1.1":
        rows = rows_of(Trial(trial.wire, trial.known), heard, on.operation)
        trial.find("blank_field_status", f"{heard.status}, and {len(rows or [])} records")
    elif heard.status == 400 and trial.version == "1.1":
        judge_error(trial, heard, ("invalid_blank_selection_field",))
    elif not heard.good and heard.status != 400:
        accepted(trial, heard)


def _refused(trial: Trial, heard: Heard, code: str) -> None:
    if heard.status == 400:
        judge_error(trial, heard, ("invalid_selection_field",))
    else:
        accepted(trial, heard, code)
