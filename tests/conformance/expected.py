"""What the report card must say of each quirk of the provider lab: the codes it finds, or why a quirk is no deviation.

docs/conformance.md is made of this and of the rule book: `python -m tests.conformance.docs > docs/conformance.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NOT_OFFERED: Final = frozenset(("operation_missing",))
"""Of codes that make nothing fail or deviate, those that count: an operation other than demographics is missing."""


@dataclass(frozen=True, slots=True)
class Legitimate:
    """A quirk that goes against no rule, or that no single examination can see."""

    reason: str


GOOD = Legitimate("A good provider.")

EXPECTED: Final[dict[str, str | Legitimate]] = {
    # 0
    "good_1_0": GOOD,
    "good_1_1": GOOD,
    "good_1_2": GOOD,
    # 1, 2: limits, totals, links, offsets
    "clamped_limit": "limit_clamped default_limit",
    "clamped_limit_without_total": "limit_clamped total_missing",
    "one_row_pages": "limit_clamped default_limit",
    "ignores_limit": "limit_ignored link_wrong",
    "no_total_at_all": "total_missing",
    "total_in_the_body": "total_missing extra_key",
    "total_as_x_count": "total_missing",
    "total_of_the_page": "total_wrong",
    "total_too_small": "total_wrong",
    "total_too_large": "total_wrong",
    "total_of_nonsense": "total_malformed",
    "odd_links": "link_malformed total_missing",
    "ignores_offset": "offset_ignored",
    "ignores_offset_without_total": "offset_ignored total_missing",
    "ignores_offset_in_one_page": "offset_ignored",
    "ends_with_404": "past_the_end total_missing",
    "ends_with_400": "past_the_end",
    "ends_with_the_last_page": "past_the_end",
    # 3: empty and missing collections
    "empty_users": "unresolved_reference",
    "empty_orgs": "unresolved_reference",
    "empty_object": Legitimate("The list is not a required key of the body: {} is how an empty collection may look."),
    "empty_null": "list_is_null",
    "not_licensed": "operation_missing",
    "forbidden_collection": "forbidden",
    # 4: rows that move
    "row_added_in_front": "total_missing",  # that rows move is legitimate; that no total tells of it is not
    "row_removed_in_front": "total_missing unresolved_reference",
    "total_changes": Legitimate("People come while a provider is read; each answer agrees with its own total."),
    "never_still": Legitimate("People come while a provider is read; each answer agrees with its own total."),
    "sort_refused": "sort_refused unknown_sort_refused",
    "no_order": "order_unstable",
    # 5, 6
    "only_flat_collections": "operation_missing error_body",
    "refuses_parameters": "sort_refused unknown_sort_refused filter_refused fields_refused error_body",
    # 7 to 11: what is listed
    "one_person_two_records": Legitimate("In 1.1 a user has one role, so a person with two has two records."),
    "ended_enrollment": Legitimate("status is about the record: an enrollment that has ended stays active."),
    "user_without_orgs": "missing_required",
    "marked_as_deleted": Legitimate("That is what tobedeleted is for."),
    "disappeared": Legitimate("What is gone cannot be seen in one examination, and need not be listed."),
    "inactive": "bad_word",
    "odd_status": "bad_word blank_required missing_required",
    "unknown_user": "unresolved_reference",
    "unknown_class": "unresolved_reference",
    "null_reference": "missing_required",
    "bare_references": "bad_reference thin_reference",
    "unknown_term": "unresolved_reference",
    "unknown_agent": "unresolved_reference",
    "listed_twice": "listed_twice",
    "listed_twice_in_order": "listed_twice",
    "listed_twice_without_order": "listed_twice",
    "listed_twice_differently": "listed_twice",
    "listed_alive_and_deleted": "listed_twice",
    "ids_shared_by_collections": Legitimate("References carry their type: an id has to be the only one of its kind."),
    "opaque_ids": Legitimate("Over REST a sourcedId is opaque; only the CSV files restrict its letters."),
    "no_sourced_id": "missing_required unresolved_reference",
    # 12, 13: tokens
    "token_dies": "token_refused_early",
    "permission_as_401": "unauthorized",
    "no_expiry": "expiry_missing token_type",
    "odd_expiry": "expiry_malformed scope_malformed",
    "signed_with_sha1": Legitimate("OAuth 1.0a is what 1.0 has; HMAC-SHA1 is one of its methods."),
    "signed_with_sha256": "oauth1_in_1_2",
    "refuses_scopes": "scopes_refused",
    "own_scopes": "own_scopes scopes_refused",
    "basic_refused": "basic_refused",
    "body_wanted": "basic_refused",
    "token_page": "token_unreadable",
    "token_error_as_200": "token_error_as_200",
    "token_query": Legitimate("The address of a token endpoint may have a query (RFC 6749 section 3.2)."),
    # 14: addresses
    "whole_base_path": Legitimate("A provider may put a prefix before the version's path."),
    "prefix_only": Legitimate("A provider may put a prefix before the version's path."),
    "no_base_path": "other_base_path",
    "below_api": Legitimate("A provider may put a prefix before the version's path."),
    "site_everywhere": "unknown_id_found web_page",
    "not_there": "service_not_found",
    "gradebook_given": Legitimate("The settings were wrong, not the provider."),
    "speaks_another_version": "other_version missing_required unknown_member",
    # 15: busy and broken servers
    "busy_with_time": Legitimate("429 is one of the specification's answers; asked again, the provider answers."),
    "busy_without_time": Legitimate("429 is one of the specification's answers, and Retry-After none of its headers."),
    "gateway_pages": "server_errors",
    "out_of_order": "server_error",
    "large_pages_fail": "large_page_refused",
    "redirects": "redirected",
    "redirects_away": "redirected_away",
    # 16, 17: wrappers and types
    "wrong_key": "wrong_key",
    "data_key": "wrong_key",
    "bare_list": "not_wrapped",
    "object_for_a_list": "object_for_list",
    "odd_booleans": "bad_boolean",
    "no_boolean": "bad_boolean",
    "numbers_for_text": "bad_type thin_reference",
    "nulls": "null_value",
    "single_for_list": "bad_type",
    "any_case": "bad_word",
    "flat_json": "missing_required unknown_member",
    "more_members": "unknown_member",
    "row_of_text": "not_an_object",
    # 18, 19: dates and missing members
    "odd_times": "bad_time",
    "times_for_dates": "bad_date",
    "blank_dates": "bad_date null_value",
    "bad_date": "bad_date",
    "bad_time": "bad_time",
    "no_usernames": Legitimate("In 1.2 username, identifier and e-mail are optional."),
    "master_identifier": Legitimate("1.2 has userMasterIdentifier, and identifier is optional."),
    "bare_user": "missing_required",
    "shared_email": Legitimate("An e-mail address is no key."),
    # 20 to 23: orgs, roles, changes
    "department_as_school": "school_is_no_school",
    "parent_not_listed": "unresolved_reference",
    "circular_orgs": "circular_parents",
    "roles_that_differ": "primary_not_teacher",
    "silent_change": Legitimate("That a record changed without its time can only be seen in two examinations."),
    "no_times": "blank_required",
    "empty_class": Legitimate("A class may have nobody in it."),
    # 24, 25
    "failure_as_200": "failure_as_200",
    "page_as_200": "web_page",
    "status_info": "forbidden",
    "warnings_beside_data": "needless_warning",
    "byte_order_mark": "byte_order_mark",
    "latin_1": "bad_encoding",
    "control_characters": "control_characters",
}
"""By the quirk's name."""


def codes(name: str) -> set[str]:
    """The codes that must be found for a quirk; none where it is legitimate."""
    expected = EXPECTED[name]
    return set() if isinstance(expected, Legitimate) else set(expected.split())
