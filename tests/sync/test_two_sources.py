"""Several sources share one roster: their runs go on side by side, in processes of their own, and never meet but for a write."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from oneroster_tui.roster.database import open_roster
from tests.lab import empty_roster

ROOT = Path(__file__).resolve().parents[2]
NIGHTS = 3
CHILD = """
import sys
from dataclasses import replace
from pathlib import Path
from oneroster_tui import config
from oneroster_tui.roster.database import open_roster
from oneroster_tui.sync.core import sync
from tests.lab import ROLES, small_district

folder, source, nights = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
settings = replace(config.defaults(folder / "config.toml"), source=source, role_mapping=ROLES,
                   schools=config.Schools(sync=("s1", "s2")))
provider = small_district()
roster = open_roster("sqlite:///roster.db", folder)
print("ready", flush=True)
sys.stdin.readline()
for night in range(nights):
    for user in provider.records["users"].values():
        user["email"] = f"{source}{night}@example.org"
    ended = sync(settings, roster, provider, lambda event: None)
    assert ended.exit_code == 0, ended.message
print(ended.counts["users"])
"""


def test_two_sources_are_synced_in_parallel_processes_into_one_roster(tmp_path: Path) -> None:
    (tmp_path / "roster.db").write_bytes(empty_roster())
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    children = [
        subprocess.Popen(
            [*command, source, str(NIGHTS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        for source in ("state", "trust")
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    told = [child.communicate("go\n", timeout=60)[0] for child in children]
    assert [child.returncode for child in children] == [0, 0]
    assert told == ["{'updated': 14, 'unchanged': 0, 'problems': 0}\n"] * 2
    roster = open_roster("sqlite:///roster.db", tmp_path)
    try:
        rows = roster.execute(
            "SELECT s.name, COUNT(*), MIN(u.email), MAX(u.email) FROM users u JOIN sources s ON s.id = u.source_id GROUP BY 1"
        ).fetchall()
        assert rows == [
            ("state", 14, "state2@example.org", "state2@example.org"),
            ("trust", 14, "trust2@example.org", "trust2@example.org"),
        ]
        runs = roster.execute("SELECT COUNT(*), COUNT(DISTINCT source_id), MIN(outcome), MAX(outcome) FROM sync_runs")
        assert runs.fetchone() == (2 * NIGHTS, 2, "done", "done")
        assert (
            roster.value(
                "SELECT COUNT(*) FROM enrollments e JOIN users u ON u.id = e.user_id WHERE u.source_id <> e.source_id"
            )
            == 0
        )
        assert roster.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        roster.close()
