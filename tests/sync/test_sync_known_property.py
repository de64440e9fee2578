"""A full run that recognises records by their bytes ends as one that decodes everything, whatever changed."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.lab import Lab, new_lab
from tests.sync.test_sync_delta_property import alter, change, three_schools
from tests.sync.test_sync_properties import changes, district, mutate

EXAMPLES = int(os.environ.get("KNOWN_EXAMPLES", "12"))
TABLES = ("orgs", "academic_sessions", "courses", "classes", "users", "enrollments", "relationships")

policies = st.sampled_from(["keep", "suspend", "unenrol", "delete"])
rules = st.fixed_dictionaries(
    {"on_removed": policies, "grace_runs": st.sampled_from([0, 0, 1, 2]), "terms": st.sampled_from(["all", "current"])}
)


def told(lab: Lab) -> dict[str, Any]:
    """What a run left behind and said, but for local ids and times."""
    found: dict[str, Any] = {
        table: lab.rows(f"SELECT sourced_id, status, missing_runs FROM {table} ORDER BY sourced_id") for table in TABLES
    }
    found["picture"] = lab.picture()
    found["audit"] = sorted(row[:4] for row in lab.audit())
    found["problems"] = lab.problems()
    return found


def compare(known: Lab, plain: Lab, **rule: Any) -> None:
    """One night for both: one recognises what it can, the other forgets beforehand that there is anything to recognise."""
    plain.rows("UPDATE sources SET delta_state = ''")
    ended, expected = known.sync(sync=rule), plain.sync(sync=rule)
    assert (ended.outcome, ended.exit_code) == (expected.outcome, expected.exit_code)
    assert ended.counts == expected.counts
    assert told(known) == told(plain)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nights=st.lists(st.lists(change, max_size=6), min_size=1, max_size=4), rule=rules)
@example(  # the one enrollment that held somebody cannot be read any more, and nothing else of theirs changed
    nights=[[("school", "s3-a", "s1")], [("enroll", "s3-a-1", ("s1-st1", "new-a", "student"))]],
    rule={"on_removed": "keep", "grace_runs": 0, "terms": "all"},
)
def test_recognising_changes_nothing_in_what_a_run_does(nights: list[list[Any]], rule: dict[str, Any]) -> None:
    provider = three_schools()
    with new_lab(provider) as known, new_lab(provider) as plain:
        compare(known, plain, **rule)
        for changed in nights:
            for kind, name, what in changed:
                alter(provider, kind, name, what)
            compare(known, plain, **rule)
        compare(known, plain, **rule)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=st.lists(changes, min_size=1, max_size=4), rule=rules)
def test_nor_does_it_where_records_come_and_go(history: list[list[Any]], rule: dict[str, Any]) -> None:
    provider = district()
    with new_lab(provider) as known, new_lab(provider) as plain:
        for steps in history:
            mutate(provider, steps)
            compare(known, plain, **rule)
        compare(known, plain, **rule)
