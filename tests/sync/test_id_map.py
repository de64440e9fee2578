"""New ids for everybody: rows, local ids and history stay; a mistaken map changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oneroster_tui.errors import ConfigError, ExitCode
from oneroster_tui.sync.id_map import import_id_map, read_id_map
from oneroster_tui.sync.undo import undo
from tests.lab import Lab, ref


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "map.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def renamed(lab: Lab, pairs: list[tuple[str, str]]) -> Any:
    return import_id_map(lab.settings, lab.roster, pairs, lab.events.append)


def test_after_the_map_the_next_sync_finds_everybody(lab: Lab) -> None:
    lab.sync()
    ids = dict(lab.rows("SELECT sourced_id, id FROM users"))  # type: ignore[arg-type]
    users, enrollments = lab.provider.records["users"], lab.provider.records["enrollments"]
    pairs = [("s1-st1", "N-1"), ("s1-pa1", "N-2"), ("s1-a", "N-3")]
    for old, new in pairs[:2]:
        users[new] = users.pop(old) | {"sourcedId": new}
    users["N-1"]["agents"] = [ref("N-2")]
    classes = lab.provider.records["classes"]
    classes["N-3"] = classes.pop("s1-a") | {"sourcedId": "N-3"}
    for record in enrollments.values():
        for old, new in pairs:
            for key in ("user", "class"):
                if record[key]["sourcedId"] == old:
                    record[key] = ref(new)
    ended = renamed(lab, pairs)
    assert (ended.exit_code, ended.message) == (ExitCode.DONE, "3 of 3 ids were renamed.")
    after = lab.sync(guards={"max_remove_count": 0})
    assert after.exit_code == ExitCode.DONE
    assert all(not actions.get("created") for actions in after.counts.values())
    found = dict(lab.rows("SELECT sourced_id, id FROM users"))  # type: ignore[arg-type]
    assert found["N-1"] == ids["s1-st1"]
    assert dict(lab.rows("SELECT sourced_id, user_id FROM user_ids"))["N-2"] == ids["s1-pa1"]  # type: ignore[arg-type]


def test_two_ids_may_change_places(lab: Lab) -> None:
    lab.sync()
    before = dict(lab.rows("SELECT sourced_id, id FROM users"))  # type: ignore[arg-type]
    renamed(lab, [("s1-st1", "s1-st2"), ("s1-st2", "s1-st1")])
    after = dict(lab.rows("SELECT sourced_id, id FROM users"))  # type: ignore[arg-type]
    assert (after["s1-st1"], after["s1-st2"]) == (before["s1-st2"], before["s1-st1"])


def test_a_renaming_can_be_undone(lab: Lab) -> None:
    lab.sync()
    before = lab.content()
    ended = renamed(lab, [("s1-st1", "N-1"), ("s1-pa1", "N-2"), ("s1-a", "N-3"), ("t1", "N-4"), ("never-seen", "N-5")])
    assert ended.message == "4 of 5 ids were renamed."
    undo(lab.settings, lab.roster, lab.events.append, ended.run_id)
    assert lab.content() == before
    assert lab.sync(guards={"max_remove_count": 0}).exit_code == ExitCode.DONE


CHANGING_PLACES = {
    "two": [("s1-st1", "s1-st2"), ("s1-st2", "s1-st1")],
    "three, and one moves up": [
        *(("s1-st1", "s1-st2"), ("s1-st2", "s1-st3"), ("s1-st3", "s1-st1")),
        *(("s1-pa1", "N-1"), ("s1-pa2", "s1-pa1"), ("s1-pa3", "s1-pa2")),
        *(("s1-a", "s1-b"), ("s1-b", "N-2"), ("s1-a-1", "s1-b-1"), ("s1-b-1", "s1-a-1")),
    ],
}


@pytest.mark.parametrize("pairs", CHANGING_PLACES.values(), ids=CHANGING_PLACES)
def test_ids_that_change_places_change_back(lab: Lab, pairs: list[tuple[str, str]]) -> None:
    for student in ("s1-st1", "s1-st2", "s1-st3"):  # brothers and sisters
        lab.provider.records["users"][student]["agents"] = [ref("s1-pa1"), ref("s1-pa2")]
    lab.sync()
    before = lab.content()
    ended = renamed(lab, pairs)
    after = lab.content()
    undone = undo(lab.settings, lab.roster, lab.events.append, ended.run_id)
    assert (undone.exit_code, lab.content()) == (ExitCode.DONE, before)
    redone = undo(lab.settings, lab.roster, lab.events.append, undone.run_id)
    assert (redone.exit_code, lab.content()) == (ExitCode.DONE, after)


def test_who_cannot_have_an_id_back_is_told_why(lab: Lab) -> None:
    """Of three who moved up, the last was changed since: who should be called as that one is now cannot, nor the one after."""
    lab.sync()
    ended = renamed(lab, [("s1-st1", "N-1"), ("s1-st2", "s1-st1"), ("s1-st3", "s1-st2"), ("s2-st1", "N-2")])
    lab.roster.execute("UPDATE users SET family_name = 'Since' WHERE sourced_id = 's1-st2'")
    before = lab.content()
    undone = undo(lab.settings, lab.roster, lab.events.append, ended.run_id)
    assert undone.exit_code == ExitCode.RECORD_PROBLEMS
    messages = dict(lab.rows("SELECT sourced_id, message FROM sync_problems WHERE run_id = ?", undone.run_id))  # type: ignore[arg-type]
    assert messages == {
        "N-1": "left alone: another row has the sourcedId s1-st1",
        "s1-st1": "left alone: another row has the sourcedId s1-st2",
        "s1-st2": "left alone: it was changed again since",
    }
    renamed(lab, [("s2-st1", "N-2")])
    assert lab.content() == before


def test_a_map_is_taken_back_where_the_id_of_one_person_means_another(lab: Lab) -> None:
    users = lab.provider.records["users"]
    lab.sync()
    users["s1-st2"]["username"] = users["s1-st1"]["username"]
    lab.sync(
        sync={"merge_users": "username", "on_removed": "keep"}
    )  # the row of the second stays, but its id means the first
    before = lab.content()
    ended = renamed(lab, [("s1-st2", "N-2")])
    assert ended.message == "1 of 1 ids were renamed."
    assert undo(lab.settings, lab.roster, lab.events.append, ended.run_id).exit_code == ExitCode.DONE
    assert lab.content() == before


def test_a_new_id_that_is_taken_changes_nothing(lab: Lab) -> None:
    lab.sync()
    before = lab.content()
    with pytest.raises(ConfigError, match="is taken in users"):
        renamed(lab, [("s1-a", "N-3"), ("s1-st1", "s1-st2")])
    assert lab.content() == before


def test_a_new_id_that_means_somebody_else_changes_nothing(lab: Lab) -> None:
    """No row is called by it: it is the second record of a person who was merged."""
    lab.provider.user("x1", username="one")
    lab.provider.user("x2", username="one")
    lab.sync(sync={"merge_users": "username"})
    before = lab.content()
    with pytest.raises(ConfigError, match=r"The new id x2 \(for s1-st1\) is taken in user_ids"):
        renamed(lab, [("s1-st1", "x2")])
    assert lab.content() == before


@pytest.mark.parametrize(
    "text",
    ["a,b\nc,d\n", "old,new\na,b\nc,d", "\ufeffoldSourcedId,newSourcedId\r\na , b\r\n\r\n'c',d\r\n".replace("'", '"')],
)
def test_headers_blanks_and_byte_order_marks_are_fine(tmp_path: Path, text: str) -> None:
    assert read_id_map(written(tmp_path, text)) == [("a", "b"), ("c", "d")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b,c\n", "line 1: expected old,new; found a,b,c"),
        ("a,b\na,c\n", "line 2: the old id a stands there twice"),
        ("a,b\nc,b\n", "line 2: the new id b stands there twice"),
        ("a,\n", "line 1: expected old,new"),
        ("", "empty"),
        (b"\xff\xfe\x00a", "cannot be read"),
        ("\n".join("x" for _ in range(40)), "and 30 more"),
    ],
)
def test_mistakes_are_named_by_line(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_id_map(written(tmp_path, text))
    assert words in str(caught.value)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_id_map(tmp_path / "none.csv")
