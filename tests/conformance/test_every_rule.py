"""Every rule of the book is found broken by some provider: by a quirk of the lab, or by one of these."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oneroster_tui.provider.conformance.judging import judge
from oneroster_tui.provider.conformance.model import MODELS, VOCABULARIES
from oneroster_tui.provider.conformance.rules import RULES, Outcome
from oneroster_tui.provider.conformance.text import lines
from oneroster_tui.provider.endpoints import OPERATIONS
from tests.conformance.examining import connection, examined, examined_lab, found
from tests.conformance.expected import EXPECTED, codes
from tests.provider import schemas
from tests.provider_lab.district import Version
from tests.provider_lab.server import Answer, LabProvider, Request, said, web_page
from tests.provider_lab.whole import LabTransport, WholeProvider, text

Wire = Callable[[WholeProvider], None]
SWITCHES: dict[str, tuple[Wire, str, Version, dict[str, Any]]] = {}
"""What must be found, space-separated, by the name of the function that makes a provider so."""


def finds(wanted: str, version: Version = "1.1", **settings: Any) -> Callable[[Wire], Wire]:
    """Puts a provider into the table."""

    def enter(wire: Wire) -> Wire:
        SWITCHES[wire.__name__] = (wire, wanted, version, settings)
        return wire

    return enter


def document(answer: Answer) -> Any:
    return json.loads(answer.body)


def after(provider: LabProvider, change: Callable[[Request, Answer], Answer | None]) -> None:
    """Sends something else where `change` says so."""
    provider.after = lambda asked, answer: change(asked, answer) or answer


@finds("another_record")
def gives_another_record(provider: WholeProvider) -> None:
    def change(asked: Request, answer: Answer) -> Answer | None:
        if asked.endpoint.startswith("courses/") and answer.status == 200 and "course" in document(answer):
            return said({"course": provider.rows["courses"][-1]})
        return None

    after(provider, change)


def without_parameter(provider: WholeProvider, name: str, pattern: str = "") -> None:
    """A parameter is not looked at."""
    usual = provider.request

    def request(*given: Any) -> Request:
        asked = usual(*given)
        if re.search(pattern, asked.params.get(name, "")):
            asked.params.pop(name, None)
        return asked

    provider.request = request  # type: ignore[method-assign]


@finds("filter_wrong bad_filter_accepted")
def ignores_filter(provider: WholeProvider) -> None:
    without_parameter(provider, "filter")


@finds("filter_wrong")
def ignores_or(provider: WholeProvider) -> None:
    without_parameter(provider, "filter", " OR ")


@finds("filter_wrong")
def ignores_nested_fields(provider: WholeProvider) -> None:
    without_parameter(provider, "filter", r"\.")


@finds("filter_wrong")
def ignores_times(provider: WholeProvider) -> None:
    without_parameter(provider, "filter", "dateLastModified<'")


@finds("sort_ignored")
def ignores_sort(provider: WholeProvider) -> None:
    without_parameter(provider, "sort")


@finds("sort_ignored")
def ignores_order_by(provider: WholeProvider) -> None:
    without_parameter(provider, "orderBy")


@finds("fields_ignored blank_field_status")
def ignores_fields(provider: WholeProvider) -> None:
    without_parameter(provider, "fields")


@finds("unknown_field_status", "1.2")
def forgives_unknown_fields(provider: WholeProvider) -> None:
    without_parameter(provider, "fields", "noSuch")


@finds("sort_collation")
def sorts_by_another_alphabet(provider: WholeProvider) -> None:
    provider.of("users")["s1-teacher"]["sourcedId"] = "S3-Zz"
    for row in provider.rows["enrollments"]:
        if text(row, "user", "sourcedId") == "s1-teacher":
            row["user"] |= {"sourcedId": "S3-Zz"}
    usual = provider.window

    def window(rows: list[Any], asked: Request) -> list[Any]:
        if "sort" in asked.params:
            down = asked.params.get("orderBy") == "desc"
            rows = sorted(rows, key=lambda row: row["sourcedId"].lower(), reverse=down)
        return usual(rows, asked)

    provider.window = window


@finds("fields_missing")
def forgets_status(provider: WholeProvider) -> None:
    def change(asked: Request, answer: Answer) -> Answer | None:
        if asked.params.get("fields", "").startswith("sourcedId,status"):
            rows = document(answer)["users"]
            return said({"users": [{"sourcedId": row["sourcedId"]} for row in rows]}, **{"X-Total-Count": "14"})
        return None

    after(provider, change)


def instead(provider: WholeProvider, parameter: str, pattern: str, answer: Answer) -> None:
    """Another answer to requests with such a parameter."""
    provider.before = lambda asked: answer if re.search(pattern, asked.params.get(parameter, "")) else None


@finds("filter_breaks")
def breaks_on_quotes(provider: WholeProvider) -> None:
    instead(provider, "filter", "''", said({}, 500))


@finds("spaces_refused")
def cannot_verify_blanks(provider: WholeProvider) -> None:
    instead(provider, "filter", "Colin", said({}, 401))


@finds("error_code")
def refuses_filters_for_another_reason(provider: WholeProvider) -> None:
    instead(provider, "filter", "noSuch", provider.refusal(400, "invalid data"))


@finds("error_body_shape", "1.2")
def wraps_status_information(provider: WholeProvider) -> None:
    after(
        provider,
        lambda _, answer: said({"imsx_StatusInfo": document(answer)}, answer.status) if answer.status > 399 else None,
    )


@finds("error_body")
def says_no_without_a_word(provider: WholeProvider) -> None:
    after(provider, lambda _, answer: Answer(answer.status) if answer.status > 399 else None)


@finds("unknown_id_status")
def calls_an_unknown_id_a_bad_request(provider: WholeProvider) -> None:
    def change(asked: Request, answer: Answer) -> Answer | None:
        return provider.refusal(400, "invalid data") if "no-such-id" in asked.path else None

    after(provider, change)


@finds("open_door")
def lets_everybody_in(provider: WholeProvider) -> None:
    provider.allows = lambda _: True


def refuses_strangers(provider: WholeProvider, refusal: Answer) -> None:
    """Another refusal of those who have no credentials."""
    usual = provider.refusal
    provider.refusal = lambda status, minor: refusal if status == 401 else usual(status, minor)  # type: ignore[method-assign]


@finds("wrong_refusal")
def refuses_strangers_with_403(provider: WholeProvider) -> None:
    refuses_strangers(provider, provider.refusal(403, "forbidden"))


@finds("wrong_refusal")
def shows_strangers_a_log_in_page(provider: WholeProvider) -> None:
    refuses_strangers(provider, web_page())


@finds("link_wrong")
def links_skip_a_row(provider: WholeProvider) -> None:
    usual = provider.headers

    def headers(rows: list[Any], page: list[Any], asked: Request) -> dict[str, str]:
        found = usual(rows, page, asked)
        return found | {"Link": re.sub(r"offset=(\d+)", lambda m: f"offset={int(m[1]) + 1}", found.get("Link", ""))}

    provider.headers = headers


@finds("link_wrong")
def links_lead_elsewhere(provider: WholeProvider) -> None:
    provider.headers = lambda rows, page, asked: {
        "X-Total-Count": str(len(rows)),
        "Link": '<https://elsewhere.example/users?offset=2>; rel="next"',
    }


@finds("link_missing")
def has_no_links(provider: WholeProvider) -> None:
    provider.headers = lambda rows, page, asked: {"X-Total-Count": str(len(rows))}


@finds("nested_disagrees")
def lists_others_classes(provider: WholeProvider) -> None:
    usual = provider._below

    def below(owner: str, sourced_id: str, word: str) -> Callable[[Any], bool]:
        return (lambda _: True) if (owner, word) == ("schools", "classes") else usual(owner, sourced_id, word)

    provider._below = below  # type: ignore[method-assign]


@finds("nested_disagrees")
def forgets_students_of_a_class(provider: WholeProvider) -> None:
    usual = provider._below

    def below(owner: str, sourced_id: str, word: str) -> Callable[[Any], bool]:
        return (lambda _: False) if (owner, word) == ("classes", "students") else usual(owner, sourced_id, word)

    provider._below = below  # type: ignore[method-assign]


@finds("wrong_kind")
def lists_everybody_as_students(provider: WholeProvider) -> None:
    usual = provider._flat
    provider._flat = lambda word, collection: usual("users" if word == "students" else word, collection)  # type: ignore[method-assign]


@finds("no_records")
def answers_a_number(provider: WholeProvider) -> None:
    provider.before = lambda asked: said({"classes": 7}) if asked.endpoint == "classes" else None


@finds("not_json")
def answers_text(provider: WholeProvider) -> None:
    provider.before = lambda asked: (
        Answer(200, b"soon", {"Content-Type": "text/plain"}) if asked.endpoint == "terms" else None
    )


@finds("refused")
def refuses_a_collection(provider: WholeProvider) -> None:
    provider.before = lambda asked: provider.refusal(400, "invalid data") if asked.endpoint == "terms" else None


@finds("token_refused")
def refuses_the_client(provider: WholeProvider) -> None:
    provider.token = lambda _: said({"error": "invalid_client"}, 401)


@finds("token_unreachable")
def has_no_tokens_today(provider: WholeProvider) -> None:
    provider.token = lambda _: said({}, 503)


@finds("plain_http", root_url="http://sis.example", token_url="http://sis.example/token")
def has_no_tls(provider: WholeProvider) -> None:
    pass


@finds("odd_href thin_reference bad_year long_id dates_reversed bad_word")
def writes_oddly(provider: WholeProvider) -> None:
    first, second, third = provider.rows["enrollments"][:3]
    first["school"] |= {"href": "~/ims/orgs/s1"}
    second["class"].pop("type")
    second["class"] |= {"href": ""}
    third["user"] |= {"type": "person"}
    third |= {"beginDate": "2027-06-11", "endDate": "2026-08-17", "sourcedId": "x" * 256}
    provider.rows["academicSessions"][0]["schoolYear"] = "2026/27"


@finds("primary_roles", "1.2")
def has_two_primary_roles(provider: WholeProvider) -> None:
    provider.rows["users"][0]["roles"] *= 2


@pytest.mark.parametrize("name", SWITCHES)
def test_exactly_these_are_found(name: str) -> None:
    wire, wanted, version, given = SWITCHES[name]
    provider = WholeProvider(version)
    wire(provider)
    card = examined_lab(provider, **given)
    missing = {finding.code for check in card.checks for finding in check.findings} & {"link_missing"}
    assert found(card) | missing == set(wanted.split())
    told = "\n".join(lines(card))
    assert all(RULES[code].amiss in told for code in wanted.split())


def test_silence_is_found() -> None:
    class Silent(LabTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/courses"):
                raise httpx.ReadTimeout("", request=request)
            return super().handle_request(request)

    assert found(examined(connection(), Silent(WholeProvider()))) == {"no_answer"}


def test_every_rule_is_reached() -> None:
    reached = set().union(
        *(codes(name) for name in EXPECTED), *(wanted.split() for _, wanted, _, _ in SWITCHES.values())
    )
    assert reached | {"no_answer"} == RULES.keys()


def test_rules_say_what_and_who() -> None:
    for code, rule in RULES.items():
        assert rule.amiss.strip(".") == rule.amiss, code
        assert rule.expected, code
        assert re.search(r"OneRoster|RFC \d+", rule.source), code
        assert rule.outcome in (Outcome.FAILED, Outcome.DEVIATES, Outcome.NOT_OFFERED)


# The data model


@schemas.needs_schemas
@pytest.mark.parametrize(
    ("entity", "schema"),
    [
        ("org", "OrgDType"),
        ("academicSession", "AcademicSessionDType"),
        ("course", "CourseDType"),
        ("class", "ClassDType"),
        ("user", "UserDType"),
        ("enrollment", "EnrollmentDType"),
        ("demographics", "DemographicsDType"),
        ("<userId>", "UserIdDType"),
        ("<role>", "RoleDType"),
        ("<userProfile>", "UserProfileDType"),
    ],
)
def test_the_model_of_1_2_is_the_official_one(entity: str, schema: str) -> None:
    official = schemas.schemas()[schema]
    ours = MODELS["1.2"][entity]
    assert ours.keys() == official["properties"].keys()
    assert {name for name, member in ours.items() if member.required} == set(official["required"])
    for name, member in ours.items():
        field = official["properties"][name]
        assert member.many == (field.get("type") == "array") or member.kind == "any", name
        choices = [field, *field.get("anyOf", []), *field.get("oneOf", [])]
        words = next((set(one["enum"]) for one in choices if "enum" in one), None)
        if words:
            assert words == (VOCABULARIES["1.2"].get(member.kind) or {"true", "false"}), name
        elif member.kind not in ("any", "boolean") and not member.kind.startswith(("@", "<")):
            assert member.kind in ("text", "date", "time", "year"), name


@schemas.needs_schemas
@pytest.mark.parametrize("entity", ["org", "academicSession", "course", "class", "user", "enrollment"])
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_the_official_schemas_allow_is_never_missing_or_of_another_type(entity: str, data: st.DataObject) -> None:
    schema = {"academicSession": "AcademicSessionDType"}.get(entity, f"{entity.title()}DType")
    row = data.draw(schemas.of(schema))
    allowed = {
        "blank_required", "bad_year", "control_characters", "odd_href", "thin_reference", "missing_required", "long_id",
        "dates_reversed", "primary_roles", "primary_not_teacher", "unknown_member",
    }  # fmt: skip
    assert {finding.code for finding in judge([row], entity, "1.2")} <= allowed


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_record_breaks_the_judge(version: str, data: st.DataObject) -> None:
    for entity, model in MODELS[version].items():
        row = data.draw(st.dictionaries(st.sampled_from([*model, "more"]), schemas.junk, max_size=8))
        for finding in judge([row, data.draw(schemas.junk)], entity, version):
            assert finding.code in RULES


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_records_break_the_examination(data: st.DataObject) -> None:
    provider = WholeProvider()
    for rows in provider.rows.values():
        for number, row in enumerate(rows[:3]):
            rows[number] = data.draw(schemas.mutated(st.just(row)))
    usual = provider.answer

    def answer(asked: Request) -> Answer:
        try:
            return usual(asked)
        except (TypeError, AttributeError, KeyError, ValueError):  # the lab's provider may break: it is not on trial
            return provider.refusal(500, "internal_server_error")

    provider.answer = answer  # type: ignore[method-assign]
    card = examined_lab(provider)
    assert len(card.checks) > len(OPERATIONS)
