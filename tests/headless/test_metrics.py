"""The metrics file: valid in Prometheus' exposition format, replaced at once, and true."""

from __future__ import annotations

import os
import re
import stat
import time
from pathlib import Path
from typing import Any

from oneroster_tui.errors import Unreachable
from oneroster_tui.headless.metrics import OUTCOMES, escaped
from tests.headless.conftest import Night
from tests.headless.test_who_is_told_when import GUARDED, fail
from tests.lab import Lab

SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\} (-?[0-9.e+-]+)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\["\\n])*)"')

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def parse(text: str) -> Samples:
    """The samples, by a strict reading of the format: HELP and TYPE before each family, each sample once."""
    found: Samples = {}
    family = ""
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            family = line.split(" ")[2]
        elif line.startswith("# TYPE "):
            assert line == f"# TYPE {family} gauge"
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            assert match[1] == family
            labels = frozenset(LABEL.findall(match[2]))
            assert (match[1], labels) not in found
            found[match[1], labels] = float(match[3])
    return found


def value(samples: Samples, name: str, **labels: str) -> float | None:
    """One sample of the source."""
    return samples.get((f"oneroster_tui_{name}", frozenset({"source": "default", **labels}.items())))


def read(lab: Lab) -> Samples:
    return parse((lab.folder / "m.prom").read_text())


def test_a_good_night(lab: Lab, night: Night) -> None:
    before = int(time.time())
    night(monitoring={"textfile": "m.prom"})
    found = read(lab)
    assert value(found, "last_run_exit_code") == 0
    assert value(found, "last_run_rows", table="users", action="created") == 14
    assert value(found, "last_run_problems", table="users") == 0
    assert value(found, "held_removals") == 0
    assert before <= (value(found, "last_run_timestamp_seconds") or 0) <= time.time()
    assert value(found, "last_run_timestamp_seconds") == value(found, "last_good_run_timestamp_seconds")
    assert {name: value(found, "last_run_outcome", outcome=name) for name in OUTCOMES} == {
        name: float(name == "done") for name in OUTCOMES
    }


def test_a_failure_keeps_the_time_of_the_last_good_run(lab: Lab, night: Night) -> None:
    night(monitoring={"textfile": "m.prom"})
    lab.roster.execute("UPDATE sync_runs SET finished_at = '2026-09-01T03:00:00Z'")
    fail(lab, Unreachable("No answer."))
    night(monitoring={"textfile": "m.prom"})
    found = read(lab)
    assert value(found, "last_good_run_timestamp_seconds") == 1788231600
    assert (value(found, "last_run_timestamp_seconds") or 0) > time.time() - 60
    assert value(found, "last_run_exit_code") == 7
    assert value(found, "last_run_outcome", outcome="failed") == 1
    assert value(found, "last_run_rows", table="users", action="created") is None


def test_a_first_failure_has_no_good_run_at_all(lab: Lab, night: Night) -> None:
    fail(lab, Unreachable("No answer."))
    night(monitoring={"textfile": "m.prom"})
    assert value(read(lab), "last_good_run_timestamp_seconds") is None


def test_held_removals_are_counted_as_long_as_they_wait(lab: Lab, night: Night) -> None:
    keys: Any = {"monitoring": {"textfile": "m.prom"}}
    night(**keys)
    lab.provider.drop("users", "s1-st1", "s1-st2", "s1-st3")
    night(**keys, guards=GUARDED)
    found = read(lab)
    assert value(found, "last_run_exit_code") == 4
    assert value(found, "held_removals") == sum(
        count for (name, labels), count in found.items() if name.endswith("_rows") and ("action", "held") in labels
    )
    assert (value(found, "held_removals") or 0) >= 3
    fail(lab, Unreachable("No answer."))
    night(**keys, guards=GUARDED)
    assert value(read(lab), "held_removals") == value(found, "held_removals")


def test_the_file_is_for_another_user_and_nothing_else_stays(lab: Lab, night: Night) -> None:
    before = os.umask(0o077)
    try:
        night(monitoring={"textfile": "metrics/m.prom"})  # no such folder: a warning, no more
        (lab.folder / "metrics").mkdir()
        night(monitoring={"textfile": "metrics/m.prom"})
    finally:
        os.umask(before)
    (path,) = (lab.folder / "metrics").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_folder_that_is_not_there_is_a_warning(lab: Lab, night: Night, capsys: Any) -> None:
    assert night(monitoring={"textfile": "nowhere/m.prom"}) is None
    assert capsys.readouterr().err == "Warning: The metrics cannot be written: No such file or directory.\n"


def test_an_odd_source_name_stays_one_label(lab: Lab, night: Night, tmp_path: Path) -> None:
    odd = 'o"a\\k'
    night(source=odd, monitoring={"textfile": "m.prom"})
    assert {dict(labels)["source"] for _, labels in read(lab)} == {escaped(odd)}


def test_a_plan_leaves_the_metrics_alone(lab: Lab, night: Night) -> None:
    night("nothing", mode="plan", monitoring={"textfile": "m.prom"})
    assert not (lab.folder / "m.prom").exists()
