"""The rule book: everything that can be found amiss, how grave it is, what should have been, and which text says so.

Cited are the public texts: the OneRoster specifications by their chapter's subject, RFCs by section.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from oneroster_tui.errors import ExitCode


class Outcome(StrEnum):
    """How a check came out."""

    PASSED = "passed"
    DEVIATES = "deviates"
    """Usable, but not to the letter."""
    FAILED = "failed"
    NOT_OFFERED = "not offered"
    """The provider says plainly that it does not have this."""
    NOT_TESTED = "not tested"
    """There was nothing to try it with, or the provider stopped answering before."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that can be found amiss.

    Attributes:
        outcome: what a check becomes that finds it.
        amiss: what is wrong, for a person.
        expected: what should have been.
        source: the text that says so.
        exit_code: what the command ends with for it, where it is a failure.
    """

    outcome: Outcome
    amiss: str
    expected: str
    source: str
    exit_code: ExitCode = ExitCode.RECORD_PROBLEMS


_PAGING = "OneRoster 1.1 and 1.2, REST binding: pagination"
_FILTER = "OneRoster 1.1 and 1.2, REST binding: filtering"
_SORT = "OneRoster 1.1 and 1.2, REST binding: sorting"
_FIELDS = "OneRoster 1.1 and 1.2, REST binding: field selection"
_MODEL = "OneRoster 1.1 and 1.2, data model"
_STATUS = "OneRoster 1.1 and 1.2, REST binding: HTTP status codes and status information"
_ENDPOINTS = "OneRoster 1.1 and 1.2, REST binding: endpoints"
_OAUTH2 = "RFC 6749 section 5.1"

_D, _F, _N = Outcome.DEVIATES, Outcome.FAILED, Outcome.NOT_OFFERED
_AUTH, _AWAY = ExitCode.UNAUTHORIZED, ExitCode.INCOMPLETE

RULES: Final[dict[str, Rule]] = {
    # Getting in
    "token_refused": Rule(
        _F, "The token endpoint refuses this client", "200 with an access_token", "RFC 6749 section 4.4", _AUTH
    ),
    "token_error_as_200": Rule(
        _F,
        "The token endpoint reports an error with status 200",
        "400 or 401 for an error",
        "RFC 6749 section 5.2",
        _AUTH,
    ),
    "token_unreadable": Rule(
        _F, "The token endpoint's answer holds no token", "a JSON object with an access_token", _OAUTH2, _AWAY
    ),
    "token_unreachable": Rule(_F, "The token endpoint does not answer", "an answer", "RFC 6749 section 3.2", _AWAY),
    "basic_refused": Rule(
        _D,
        "The token endpoint does not take client id and secret as HTTP Basic, only in the body",
        "HTTP Basic must be supported",
        "RFC 6749 section 2.3.1",
    ),
    "scopes_refused": Rule(
        _D,
        "The specification's scopes are refused",
        "the scopes of the version",
        "OneRoster 1.1 and 1.2, security: scopes",
    ),
    "own_scopes": Rule(
        _D,
        "The client has to ask for scopes that are not the specification's",
        "the scopes of the version",
        "OneRoster 1.1 and 1.2, security: scopes",
    ),
    "token_type": Rule(_D, "token_type is not bearer", "token_type: bearer, in any case", _OAUTH2),
    "expiry_missing": Rule(_D, "The token does not say how long it lasts", "expires_in (recommended)", _OAUTH2),
    "expiry_malformed": Rule(_D, "expires_in is not a number of seconds", "expires_in as a number", _OAUTH2),
    "scope_malformed": Rule(_D, "scope is not text", "scope as words separated by blanks", "RFC 6749 section 3.3"),
    "token_refused_early": Rule(
        _D, "A token was refused before its time was over", "a token that lasts as long as expires_in says", _OAUTH2
    ),
    "oauth1_in_1_2": Rule(
        _D,
        "OneRoster 1.2 is served with OAuth 1.0a",
        "OAuth 2.0 client credentials",
        "OneRoster 1.2, security framework",
    ),
    "plain_http": Rule(_D, "The address is not https", "TLS for everything", "OneRoster 1.1 and 1.2, security"),
    "open_door": Rule(
        _F,
        "Records are given to a client that was not let in",
        "401",
        "OneRoster 1.1 and 1.2, security; RFC 6750 section 3",
    ),
    "wrong_refusal": Rule(_D, "A request without good credentials is refused with another status", "401", _STATUS),
    "spaces_refused": Rule(
        _F, "A request with blanks in a parameter is refused", "200", "RFC 5849 section 3.4.1.3; RFC 3986 section 2.1"
    ),
    "other_base_path": Rule(
        _D, "The service is not below the version's path", "a base URL that ends in the version's path", _ENDPOINTS
    ),
    "service_not_found": Rule(_F, "There is no rostering service at this address", "orgs, as JSON", _ENDPOINTS, _AWAY),
    "redirected": Rule(_D, "Requests are sent on to another address", "an answer, not a redirect", _ENDPOINTS),
    "redirected_away": Rule(
        _F, "Requests are sent to another server; credentials do not follow", "an answer", _ENDPOINTS, _AWAY
    ),
    # Answers
    "no_answer": Rule(_F, "No answer came", "an answer", _ENDPOINTS, _AWAY),
    "server_error": Rule(_F, "The server fails", "200", _STATUS, _AWAY),
    "server_errors": Rule(_D, "The server fails now and then, and answers when asked again", "200", _STATUS),
    "unauthorized": Rule(
        _F, "Refused with 401, and with a fresh token too", "200; 403 where a right is missing", _STATUS, _AUTH
    ),
    "forbidden": Rule(_F, "The client may not read this", "200", _STATUS, _AUTH),
    "refused": Rule(_F, "The request is refused", "200", _STATUS),
    "web_page": Rule(_F, "A web page came instead of JSON", "application/json", _ENDPOINTS, _AWAY),
    "not_json": Rule(_F, "The answer is not JSON", "application/json in UTF-8", "RFC 8259", _AWAY),
    "byte_order_mark": Rule(_D, "JSON begins with a byte order mark", "JSON without one", "RFC 8259 section 8.1"),
    "bad_encoding": Rule(_D, "JSON is not in UTF-8", "UTF-8", "RFC 8259 section 8.1"),
    "failure_as_200": Rule(_F, "A failure is reported with status 200", "the status code of the failure", _STATUS),
    "needless_warning": Rule(
        _D, "A warning stands beside the data of a request that is right", "no warning without a cause", _STATUS
    ),
    "operation_missing": Rule(_N, "The operation is not offered", "200", _ENDPOINTS),
    # Wrappers
    "wrong_key": Rule(
        _D, "The body has another key than the entity's", "one key that names the entity class", _ENDPOINTS
    ),
    "not_wrapped": Rule(_D, "The body is a bare list", "an object with one key", _ENDPOINTS),
    "list_is_null": Rule(_D, "null stands where the list is empty", "an empty list", _ENDPOINTS),
    "object_for_list": Rule(_D, "One object stands where a list is meant", "a list of one", _ENDPOINTS),
    "extra_key": Rule(_D, "The body has keys beside the entity's", "one key", _ENDPOINTS),
    "no_records": Rule(
        _F, "The body holds no records that could be read", "one key that names the entity class", _ENDPOINTS
    ),
    "another_record": Rule(
        _F, "Another record came than the one asked for", "the record with this sourcedId", _ENDPOINTS
    ),
    "listed_twice": Rule(_D, "A sourcedId is listed more than once", "each record once", _MODEL),
    "wrong_kind": Rule(_D, "Records of another kind are listed", "only those that the endpoint names", _ENDPOINTS),
    "nested_disagrees": Rule(
        _F,
        "What is listed below a record disagrees with the records themselves",
        "the same as the flat collections say",
        _ENDPOINTS,
    ),
    # Records
    "not_an_object": Rule(_F, "A record is not an object", "an object", _MODEL),
    "missing_required": Rule(_F, "A required member is missing", "required (1, or 1..*)", _MODEL),
    "blank_required": Rule(
        _D, "A required member is blank", "a value; blank only for records of a bulk CSV load not yet activated", _MODEL
    ),
    "null_value": Rule(_D, "null stands for a member that is absent", "the member left out", _MODEL),
    "bad_type": Rule(_D, "A member has another JSON type", "the type of the data model", _MODEL),
    "bad_boolean": Rule(_D, "A boolean is written otherwise", "true or false", _MODEL),
    "bad_word": Rule(_D, "A word is not of the vocabulary", "a word of the vocabulary, in its spelling", _MODEL),
    "bad_date": Rule(_D, "A date is not YYYY-MM-DD", "YYYY-MM-DD", _MODEL),
    "bad_time": Rule(_D, "A time is not ISO 8601 in UTC", "such as 2012-04-23T18:25:43.511Z", _MODEL),
    "bad_year": Rule(_D, "A school year is not four digits", "YYYY", _MODEL),
    "bad_reference": Rule(
        _D, "A reference is not an object", "href, sourcedId and type", "OneRoster 1.1 and 1.2, GUIDRef"
    ),
    "thin_reference": Rule(
        _D, "A reference lacks href or type", "href, sourcedId and type", "OneRoster 1.1 and 1.2, GUIDRef"
    ),
    "odd_href": Rule(
        _D, "A reference's href is no absolute address", "an absolute URI", "OneRoster 1.1 and 1.2, GUIDRef"
    ),
    "unknown_member": Rule(
        _D, "A record has members that the version does not have", "extensions in metadata only", _MODEL
    ),
    "other_version": Rule(_D, "Records are written as another version has them", "the version of the address", _MODEL),
    "control_characters": Rule(_D, "Text holds control characters", "text for people", _MODEL),
    "long_id": Rule(_D, "A sourcedId is longer than 255 characters", "at most 255", _MODEL),
    "dates_reversed": Rule(_D, "Something ends before it begins", "the begin before the end", _MODEL),
    "primary_roles": Rule(
        _D, "A user has not one primary role at each org", "one and only one", "OneRoster 1.2, data model: roles"
    ),
    "primary_not_teacher": Rule(
        _D,
        "Somebody who does not teach is the primary one of a class",
        "primary for teachers only",
        "OneRoster 1.2, data model: enrollment",
    ),
    "school_is_no_school": Rule(
        _D,
        "A class or an enrollment is at an org that is not a school",
        "an org of type school",
        "OneRoster 1.1 and 1.2, data model: class, enrollment",
    ),
    "circular_parents": Rule(_D, "Orgs or sessions are each other's parent", "a tree", _MODEL),
    "unresolved_reference": Rule(
        _F, "A reference names a record that is not there", "a record of the same provider", _MODEL
    ),
    # Errors
    "unknown_id_found": Rule(_F, "Something is answered for an id that does not exist", "404", _STATUS),
    "unknown_id_status": Rule(_D, "An unknown id gets another status", "404", _STATUS),
    "error_body": Rule(_D, "A refusal does not say why in OneRoster's words", "status information", _STATUS),
    "error_body_shape": Rule(
        _D, "Status information has another shape", "imsx_StatusInfo as 1.2 has it", "OneRoster 1.2, imsx_StatusInfo"
    ),
    "error_code": Rule(_D, "Status information has another minor code", "the code for this failure", _STATUS),
    # limit, offset
    "limit_ignored": Rule(_D, "More records come than limit allows", "at most limit records", _PAGING),
    "limit_clamped": Rule(
        _D, "Fewer records come than limit asks for, though there are more", "limit records", _PAGING
    ),
    "large_page_refused": Rule(_D, "Large pages are refused", "limit records, or fewer", _PAGING),
    "default_limit": Rule(_D, "Without limit another number comes", "100 records", _PAGING),
    "offset_ignored": Rule(_F, "offset does not move the page", "the page that begins there", _PAGING),
    "order_unstable": Rule(_F, "Pages are cut from another order each time", "pages that fit together", _PAGING),
    "past_the_end": Rule(_D, "Behind the last record there is no empty page", "200 with an empty list", _PAGING),
    "total_missing": Rule(_D, "The total is not said", "X-Total-Count", _PAGING),
    "total_malformed": Rule(_D, "X-Total-Count is not a number", "a number", _PAGING),
    "total_wrong": Rule(_F, "X-Total-Count is not the number of records", "the number of records", _PAGING),
    "link_missing": Rule(
        _N, "No Link header leads to the next page", "Link with next, prev, first, last (recommended)", _PAGING
    ),
    "link_malformed": Rule(_D, "The Link header cannot be read", '<address>; rel="next"', "RFC 8288 section 3"),
    "link_wrong": Rule(_F, "The next link leads elsewhere than to the next page", "the next page", _PAGING),
    # filter
    "filter_refused": Rule(_N, "The filter is refused", "the records that match", _FILTER),
    "filter_wrong": Rule(
        _F, "Other records come than the filter asks for", "the records that match, all and only those", _FILTER
    ),
    "filter_breaks": Rule(_F, "The server breaks on a filter", "the records that match, or 400", _FILTER),
    "bad_filter_accepted": Rule(
        _D, "A filter with an unknown field is not refused", "400 invalid_filter_field, and no data", _FILTER
    ),
    # sort
    "sort_refused": Rule(_N, "sort is refused", "sorted records", _SORT),
    "sort_ignored": Rule(_D, "Records do not come sorted", "sorted records", _SORT),
    "sort_collation": Rule(_D, "Records are sorted by another alphabet", "the order of Unicode", _SORT),
    "unknown_sort_refused": Rule(
        _D,
        "An unknown sort field is refused",
        "200 in the provider's order, with a warning",
        "OneRoster 1.1, REST binding: sorting",
    ),
    # fields
    "fields_refused": Rule(_N, "fields is refused", "the members asked for", _FIELDS),
    "fields_ignored": Rule(_D, "Other members come than fields asks for", "only those", _FIELDS),
    "fields_missing": Rule(_F, "Members that fields asks for do not come", "all of those", _FIELDS),
    "unknown_field_status": Rule(
        _D, "An unknown name in fields gets another status", "1.1: 200, everything, and a warning; 1.2: 400", _FIELDS
    ),
    "blank_field_status": Rule(
        _D,
        "A blank name in fields is accepted",
        "400 invalid_blank_selection_field",
        "OneRoster 1.1, REST binding: field selection",
    ),
}
