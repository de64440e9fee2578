"""The 41 operations: each asked once, with real ids found on the way, and what comes held against the data model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from oneroster_tui.provider.conformance.card import Section
from oneroster_tui.provider.conformance.errors import judge_error
from oneroster_tui.provider.conformance.judging import judge
from oneroster_tui.provider.conformance.trial import (
    Json,
    Known,
    Sample,
    Step,
    Trial,
    Untested,
    accepted,
    records,
    rows_of,
    total_of,
)
from oneroster_tui.provider.conformance.wire import Heard
from oneroster_tui.provider.endpoints import BY_NAME, OPERATIONS, Operation

SMALL_PAGE: Final = 20
"""Rows to ask for where the specification's default, 100, is too many."""
_VARIABLE: Final = re.compile(r"\{\w+\}")
UNKNOWN_ID: Final = "no-such-id-5f2b9c1e"

_ENTITIES: Final = {
    "orgs": "org",
    "academicSessions": "academicSession",
    "courses": "course",
    "classes": "class",
    "users": "user",
    "enrollments": "enrollment",
    "demographics": "demographics",
}
"""Body key of a list -> the entity in it."""
_KINDS: Final = {
    "schools": "school",
    "terms": "term",
    "gradingPeriods": "gradingPeriod",
    "students": "student",
    "teachers": "teacher",
}
"""What an endpoint lists of its entity."""

# Collections first, so that ids are at hand; of those, what others refer to first.
_FIRST = ("orgs", "schools", "academicSessions", "terms", "gradingPeriods", "courses", "classes", "users", "students")
_FLAT = (*_FIRST, "teachers", "enrollments", "demographics")


def in_order() -> list[Operation]:
    """The operations in the order they are tried: flat collections, single records, what is below a record."""
    flat = [next(one for one in OPERATIONS if one.path == f"/{word}") for word in _FLAT]
    single = [one for one in OPERATIONS if not one.is_collection]
    return [*flat, *single, *(one for one in OPERATIONS if one.is_collection and "{" in one.path)]


def steps() -> Iterator[Step]:
    """One check an operation, and one for ids that do not exist."""
    for operation in in_order():
        if not operation.is_collection:
            work: Callable[[Operation, Trial], None] = single
            expected = f"200, one {operation.single_key} as the data model has it, under “{operation.single_key}”"
        else:
            work = nested if "{" in operation.path else flat
            expected = f"200, a list of records as the data model has them, under “{operation.list_key}”"
        yield Step(
            Section.ENDPOINTS,
            operation.name,
            f"GET {_VARIABLE.sub('{id}', operation.path)}",
            expected,
            "OneRoster 1.1 and 1.2, REST binding: " + operation.name,
            partial(work, operation),
        )
    yield Step(
        Section.ENDPOINTS,
        "unknown_id",
        "An id that does not exist",
        "404, with status information: unknown object",
        "OneRoster 1.1 and 1.2, REST binding: HTTP status codes",
        unknown_id,
    )


def entity_of(operation: Operation) -> str:
    """Which entity an operation gives."""
    return operation.single_key or _ENTITIES[operation.list_key]


def taken(trial: Trial, heard: Heard, operation: Operation) -> bool:
    """Whether an operation brought data; demographics need not be granted, and what is missing is not offered."""
    demographics = operation.endpoint == "demographics" or "demographics" in operation.path
    if heard.status in (404, 405, 501) or (demographics and heard.status in (400, 401, 403)):
        trial.find("operation_missing", f"{heard.status}")
        return False
    return accepted(trial, heard)


def flat(operation: Operation, trial: Trial) -> None:
    """Reads the first page of a collection, and keeps it for the checks that follow."""
    if trial.known.wanted:
        raise Untested(trial.known.wanted)
    path = operation.path
    heard = trial.get(path, {"limit": str(trial.known.page_size), "offset": "0"})
    if heard.status == 413:
        trial.find("large_page_refused", f"413 for limit={trial.known.page_size}")
        trial.known.page_size = SMALL_PAGE
        heard = trial.get(path, {"limit": str(SMALL_PAGE), "offset": "0"})
    if not taken(trial, heard, operation):
        return
    rows = rows_of(trial, heard, operation)
    if rows is None:
        return
    total = total_of(heard)
    complete = (
        len(rows) == total
        if total is not None
        else len(rows) < trial.known.page_size and _ends(trial, operation, len(rows))
    )
    trial.known.samples[operation.endpoint] = Sample(records(rows), total, complete)
    _judge_rows(trial, rows, operation)


def _ends(trial: Trial, operation: Operation, count: int) -> bool:
    """Whether nothing follows so many records, where no total is said: a provider may give fewer than were asked for."""
    after = trial.get(operation.path, {"limit": "1", "offset": str(count)})
    return not after.good or not (after.document and rows_of(Trial(trial.wire, trial.known), after, operation))


def _judge_rows(trial: Trial, rows: list[Any], operation: Operation) -> None:
    trial.findings += judge(rows, entity_of(operation), trial.version)
    ids = [row["sourcedId"] for row in records(rows) if isinstance(row.get("sourcedId"), str)]
    if len(set(ids)) < len(ids):
        trial.find("listed_twice", f"{len(ids) - len(set(ids))} of {len(ids)} rows of {operation.path}")
    kind = _KINDS.get(operation.endpoint)
    others = [row for row in records(rows) if kind and not _is_kind(row, kind)]
    if others and kind and "{" not in operation.path:
        trial.find("wrong_kind", f"{len(others)} of {len(rows)} rows of {operation.path} are not of the kind {kind}")


def _is_kind(row: Json, kind: str) -> bool:
    roles = row.get("roles")
    if isinstance(roles, list):
        return any(isinstance(role, dict) and _same(role.get("role"), kind) for role in roles)
    return _same(row.get("role", row.get("type")), kind)


def _same(word: object, kind: str) -> bool:
    return not isinstance(word, str) or word.lower() == kind.lower()  # what is no word is another check's matter


def single(operation: Operation, trial: Trial) -> None:
    """Reads one record by the id of one that was listed."""
    endpoint = operation.path.split("/")[1]
    found = trial.known.sample(endpoint).ids()
    if not found:
        raise Untested(f"no {endpoint} were listed, so there is no id to ask for")
    heard = trial.get(operation.url_path(found[0]))
    if not taken(trial, heard, operation):
        return
    document, key = heard.document, operation.single_key
    if not isinstance(document, dict) or not isinstance(document.get(key), dict):
        inside = (
            [name for name, value in document.items() if isinstance(value, dict)] if isinstance(document, dict) else []
        )
        if len(inside) != 1:
            trial.find("no_records", f"no object under “{key}”")
            return
        trial.find("wrong_key", f"“{inside[0]}” for “{key}”")
        key = inside[0]
    record = document[key]
    trial.findings += judge([record], entity_of(operation), trial.version)
    if str(record.get("sourcedId")) != found[0]:
        trial.find("another_record", "its sourcedId is another one")


def nested(operation: Operation, trial: Trial) -> None:
    """Reads what is listed below a record, and compares it with what the records themselves say."""
    owners = _owners(trial.known, operation)
    heard = trial.get(operation.url_path(*owners), {"limit": str(trial.known.page_size), "offset": "0"})
    if not taken(trial, heard, operation):
        return
    rows = rows_of(trial, heard, operation)
    if rows is None:
        return
    _judge_rows(trial, rows, operation)
    total = total_of(heard)
    whole = total is not None and total <= len(rows)
    if problem := _disagreement(trial.known, operation, owners, records(rows), whole=whole):
        trial.find("nested_disagrees", problem)


def reference(row: Json, name: str) -> str:
    """The sourcedId that a member refers to; "" where it does not."""
    value = row.get(name)
    found = value.get("sourcedId") if isinstance(value, dict) else value
    return found if isinstance(found, str) else ""


def references(row: Json, name: str) -> list[str]:
    """The sourcedIds that a list of references holds."""
    value = row.get(name)
    return [reference({name: item}, name) for item in value] if isinstance(value, list) else []


def _enrolled(known: Known, role: str) -> Json:
    """An enrollment of a role, of records that are listed; an empty one where there is none."""
    listed = set(known.sample(f"{role}s").ids())
    rows = [
        row for row in known.sample("enrollments").rows if row.get("role") == role and row.get("status") == "active"
    ]
    return next((row for row in rows if reference(row, "user") in listed), {})


def _owners(known: Known, operation: Operation) -> list[str]:
    """Ids for the path's variables, such that something should be listed there."""
    row = _enrolled(known, "teacher" if "teacher" in operation.path else "student")
    given = {
        "classes": reference(row, "class"),
        "schools": reference(row, "school"),
        "students": reference(row, "user"),
    }
    given |= {"teachers": given["students"], "users": given["students"]}
    classes = known.sample("classes").rows
    mine = next((one for one in classes if one.get("sourcedId") == given["classes"]), next(iter(classes), {}))
    given |= {"courses": reference(mine, "course"), "terms": next(iter(references(mine, "terms")), "")}
    if operation.endpoint == "gradingPeriods":  # of a term that has some
        periods = known.sample("gradingPeriods").rows
        given["terms"] = next((reference(one, "parent") for one in periods if reference(one, "parent")), given["terms"])
    ids = []
    for word, after in zip(parts := operation.path.split("/")[1:], parts[1:], strict=False):
        if not after.startswith("{"):
            continue
        sample, found = known.sample(word), given.get(word, "")
        fallback = sample.ids()
        if found not in fallback and (sample.complete or word == "terms"):  # a class may name its semester there
            found = ""
        if not (found or fallback):
            raise Untested(f"no {word} were listed, so there is no id to ask with")
        ids.append(found or fallback[0])
    return ids


def _disagreement(known: Known, operation: Operation, owners: list[str], rows: list[Json], *, whole: bool) -> str:
    """How a list below a record differs from what the records say; "" where it does not."""
    last = operation.endpoint
    owner_words = [part for part in operation.path.split("/")[1:-1] if not part.startswith("{")]
    for word, owner in zip(owner_words, owners, strict=True):
        member = {"schools": "school", "classes": "class", "courses": "course"}.get(word, "")
        wrong = [
            row for row in rows if last in ("classes", "enrollments") and reference(row, member) not in ("", owner)
        ]
        if member and member != last and wrong:
            return f"{len(wrong)} of {len(rows)} {last} name another {member}"
    if owner_words[-1] == "terms" and last == "classes":
        wrong = [row for row in rows if references(row, "terms") and owners[-1] not in references(row, "terms")]
        if wrong:
            return f"{len(wrong)} of {len(rows)} classes do not name the term"
    if owner_words[-1] == "classes" and last in ("students", "teachers") and whole:
        row = _enrolled(known, last.removesuffix("s"))
        ids = [one.get("sourcedId") for one in rows]
        if row and reference(row, "class") == owners[-1] and reference(row, "user") not in ids:
            return f"somebody whom an active enrollment names is not among the {len(rows)} {last}"
    return ""


def unknown_id(trial: Trial) -> None:
    """Asks for a record that does not exist."""
    operation = BY_NAME["getUser"] if "users" in trial.known.samples else BY_NAME["getOrg"]
    if not trial.known.samples:
        raise Untested(trial.known.wanted or "no collection could be read")
    heard = trial.get(operation.url_path(UNKNOWN_ID), wrong=True)
    failure = any(word.code_major == "failure" for word in heard.words)
    if heard.reply is None:
        trial.find("no_answer", heard.silence)
    elif heard.good and not failure:
        trial.find("unknown_id_found", "200, and a web page" if heard.reply.is_html() else "200")
    elif heard.good:
        trial.find("failure_as_200", "200")
    elif heard.status != 404:
        trial.find("unknown_id_status", f"{heard.status}")
    else:
        judge_error(trial, heard, ("unknown_object", "unknownobject"))
