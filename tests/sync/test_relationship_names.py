"""The sourcedIds of relationships, which providers do not give: made of the two people's, and no two pairs share one."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oneroster_tui.errors import ExitCode
from oneroster_tui.roster.database import migrate
from oneroster_tui.sync.entities import relationship_name
from oneroster_tui.sync.undo import undo
from tests.lab import Lab, new_lab, ref

PAIRS = {("a b", "c"), ("a", "b c"), ("a  b", "c"), ("a", "b  c"), ("plain", "other")}
"""Students and agents whose ids, joined by a blank, are two names in place of five."""


def families(lab: Lab, pairs: set[tuple[str, str]]) -> None:
    """Adds people, each student with the agents that the pairs name."""
    for agent in sorted({agent for _, agent in pairs}):
        lab.provider.user(agent, "parent")
    for student in sorted({student for student, _ in pairs}):
        lab.provider.user(student, agents=[ref(agent) for one, agent in sorted(pairs) if one == student])


def linked(lab: Lab) -> set[tuple[str, str]]:
    """The active relationships as pairs of the student's and the agent's sourcedId."""
    return {row[:2] for row in lab.picture()["relationships"]}


def make_old(lab: Lab) -> None:
    """Gives relationships the names that earlier versions gave them, as if one had written the roster."""
    joined = (
        "(SELECT s.sourced_id || ' ' || a.sourced_id FROM users s, users a WHERE s.id = student_id AND a.id = agent_id)"
    )
    lab.roster.execute(f"UPDATE relationships SET sourced_id = {joined}")
    named = "(SELECT r.sourced_id FROM relationships r WHERE r.id = local_id)"
    lab.roster.execute(f"UPDATE sync_changes SET sourced_id = {named} WHERE entity = 'relationships'")
    lab.roster.execute("DELETE FROM schema_migration WHERE name LIKE '0007%'")


def test_no_two_pairs_have_the_same_name(lab: Lab) -> None:
    ids = [
        text
        for size in range(1, 6)
        for letters in product(" ab", repeat=size)
        if (text := "".join(letters)) == text.strip()
    ]
    values = ", ".join(f"('{one}')" for one in ids)
    name = relationship_name("s.id", "a.id")
    rows = lab.rows(f"WITH ids (id) AS (VALUES {values}) SELECT COUNT(*), COUNT(DISTINCT {name}) FROM ids s, ids a")
    assert rows == [(len(ids) ** 2, len(ids) ** 2)]


def test_ids_with_blanks_do_not_collide(lab: Lab) -> None:
    families(lab, PAIRS)
    assert lab.sync().exit_code == ExitCode.DONE
    assert linked(lab) >= PAIRS
    assert {"plain other", "a  b c", "a b  c"} <= lab.active("relationships")
    lab.sync()
    assert lab.audit() == []


def test_old_names_become_new_ones_and_nothing_else_changes(lab: Lab) -> None:
    families(lab, {("a b", "c"), ("d", "e f"), ("plain", "other")})
    lab.sync()
    lab.provider.records["users"]["a b"]["agents"].append(ref("other"))
    second = lab.sync()
    now, audited = lab.content(), lab.audit()
    make_old(lab)
    assert "a b c" in lab.active("relationships")
    migrate(lab.roster.database)
    assert (lab.content(), lab.audit()) == (now, audited)
    assert lab.sync().exit_code == ExitCode.DONE
    assert lab.audit() == []
    assert undo(lab.settings, lab.roster, lab.events.append, second.run_id).exit_code == ExitCode.DONE
    assert linked(lab) >= {("a b", "c"), ("d", "e f"), ("plain", "other")}
    assert ("a b", "other") not in linked(lab)


@pytest.mark.parametrize("policy", ["suspend", "delete"])
def test_a_run_of_an_earlier_version_is_taken_back(lab: Lab, policy: str) -> None:
    """Its audit holds the names of then."""
    families(lab, {("a b", "c"), ("a b", "d")})
    lab.sync()
    before = lab.content()
    without = {role: local for role, local in lab.settings.role_mapping.items() if role != "parent"}
    ended = lab.sync(sync={"on_removed": policy}, role_mapping=without)
    assert {row[:2] for row in lab.audit()} >= {("relationships", "a  b c"), ("relationships", "a  b d")}
    for column in ("before", "after"):
        lab.roster.execute(
            f"UPDATE sync_changes SET {column} = REPLACE({column}, 'a  b', 'a b') WHERE entity = 'relationships'"
        )
    assert undo(lab.settings, lab.roster, lab.events.append, ended.run_id).exit_code == ExitCode.DONE
    assert lab.content() == before


def test_a_link_made_by_hand_keeps_its_name(lab: Lab) -> None:
    families(lab, {("a b", "c")})
    lab.sync()
    make_old(lab)
    lab.roster.execute("UPDATE relationships SET sourced_id = 'by hand', origin = 'local' WHERE sourced_id = 'a b c'")
    migrate(lab.roster.database)
    assert "by hand" in lab.active("relationships")


endings = st.sampled_from(("", " p", "  p", " p p", " p  p"))
pairs = st.sets(st.tuples(endings.map("s{}".format), endings.map("p{}".format)), max_size=8)


@settings(deadline=None, max_examples=20)
@given(first=pairs, second=pairs)
def test_whatever_blanks_ids_hold_everybody_is_linked_and_the_past_comes_back(
    first: set[tuple[str, str]], second: set[tuple[str, str]]
) -> None:
    with new_lab() as lab:
        families(lab, first)
        lab.sync(sync={"on_removed": "delete"})
        before = lab.content()
        for student, _ in first:
            lab.provider.records["users"].pop(student, None)
        families(lab, second)
        ended = lab.sync(sync={"on_removed": "delete"})
        assert ended.exit_code in (ExitCode.DONE, ExitCode.RECORD_PROBLEMS)
        assert linked(lab) >= second
        lab.sync(sync={"on_removed": "delete"})
        assert lab.audit() == []
        if lab.rows("SELECT 1 FROM sync_changes WHERE run_id = ? LIMIT 1", ended.run_id):
            undo(lab.settings, lab.roster, lab.events.append, ended.run_id)
            assert lab.content() == before
