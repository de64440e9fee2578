"""`make bench`: what a sync costs, against the floor: the same pages fetched and parsed with json, and dropped.

    python bench/run.py [S M L …] [--page-size auto|200] [--rounds N] [--no-interface]

For each scale a provider of its own process (`provider.py`), an empty SQLite roster, and the real command in a process of
its own: a first sync, unchanged ones, one after 1 % of people and enrollments changed, and a delta after as many changed
again. The floor is measured before, between and after; ratios are against the mean, and hold on a noisy machine better than
seconds: those of processor time best.
Then how long `--help` takes, how long until the first request, and what it costs to watch a sync in the interface.
Prints everything and writes it to bench/results.md.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
COLLECTIONS = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
COMMAND = (sys.executable, "-c", "from oneroster_tui.cli import main; main()")
BASE = "/ims/oneroster/v1p1/"
CONFIG = """
[connection]
oneroster_version = "1.1"
token_url = "http://127.0.0.1:{port}/token"
root_url = "http://127.0.0.1:{port}"
client_id = "bench"
client_secret = "bench"
page_size = {page_size}
[role_mapping]
student = "Student"
teacher = "Teacher"
parent = "Parent"
[schools]
sync = {schools}
"""


@dataclass(frozen=True)
class Floor:
    """Seconds, and processor seconds, in which all pages are fetched over one connection, parsed and dropped."""

    wall: float
    cpu: float

    @classmethod
    def mean(cls, floors: list[Floor]) -> Floor:
        """The mean of some."""
        return cls(statistics.mean(one.wall for one in floors), statistics.mean(one.cpu for one in floors))


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds, processor seconds, peak memory in MB, requests; `rows` is what the provider holds."""

    name: str
    wall: float
    cpu: float
    memory: float
    requests: int
    rows: int

    def row(self, floor: Floor) -> str:
        """A line of the table."""
        return (
            f"| {self.name} | {self.wall:.2f} | {self.cpu:.2f} | {self.memory:.0f} | {self.requests:,} "
            f"| {self.rows / self.wall:,.0f} | {self.wall / floor.wall:.2f} | {self.cpu / floor.cpu:.2f} |"
        )


class Bench:
    """A provider at one scale, and a roster that is synced from it."""

    def __init__(self, folder: Path, port: int, page_size: str) -> None:
        self.folder = folder
        self.port = port
        self.rows = 0
        schools = [row["sourcedId"] for row in self.get(f"{BASE}orgs?limit=1000")["orgs"] if row["type"] == "school"]
        size = f'"{page_size}"' if page_size == "auto" else page_size
        config = folder / "config.toml"
        config.write_text(CONFIG.format(port=port, page_size=size, schools=json.dumps(schools)), encoding="utf-8")
        config.chmod(0o600)

    def get(self, path: str, method: str = "GET") -> Any:
        """Asks the provider for something."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request(method, path)
        body = json.loads(connection.getresponse().read())
        connection.close()
        return body

    def floor(self) -> Floor:
        """Fetches all pages, and counts the rows."""
        connection, self.rows = http.client.HTTPConnection("127.0.0.1", self.port), 0
        began, worked = time.perf_counter(), time.process_time()
        for name in COLLECTIONS:
            offset, total = 0, 1
            while offset < total:
                connection.request("GET", f"{BASE}{name}?limit=200&offset={offset}")
                answer = connection.getresponse()
                total = int(answer.headers["X-Total-Count"])
                self.rows += len(json.loads(answer.read())[name])
                offset += 200
        connection.close()
        return Floor(time.perf_counter() - began, time.process_time() - worked)

    def sync(self, name: str, *arguments: str) -> Cost:
        """One sync in a process of its own."""
        command = [*COMMAND, "sync", *arguments, "--config", str(self.folder / "config.toml")]
        before = self.get("/stats")["requests"]
        with (self.folder / "sync.log").open("wb") as log:
            began = time.perf_counter()
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=HERE.parent)
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said = (self.folder / "sync.log").read_text(encoding="utf-8")[-2000:]
            raise SystemExit(f"{name} ended with {process.returncode}:\n{said}")
        requests = self.get("/stats")["requests"] - before
        return Cost(name, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, requests, self.rows)

    def last_mode(self) -> str:
        """How the newest run was made, and what it changed."""
        with contextlib.closing(sqlite3.connect(self.folder / "roster.db")) as roster:
            mode, counts = roster.execute("SELECT mode, counts FROM sync_runs ORDER BY id DESC LIMIT 1").fetchone()
        return f"{mode}: {sum(table.get('updated', 0) for table in json.loads(counts).values()):,} updated"


@contextlib.contextmanager
def provided(scale: str, page_size: str, latency: int = 0) -> Iterator[Bench]:
    """A provider and an empty folder for a roster."""
    command = [sys.executable, str(HERE / "provider.py"), scale, str(latency)]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process,
    ):
        assert process.stdout is not None
        assert process.stdin is not None
        yield Bench(Path(folder), int(process.stdout.readline()), page_size)
        process.stdin.close()


def measured(scale: str, page_size: str, rounds: int) -> tuple[list[Cost], Floor, list[str]]:
    """The costs at one scale, the floor, and what else there is to say."""
    with provided(scale, page_size) as bench:
        floors = [bench.floor()]
        costs = [bench.sync("first")]
        costs += [bench.sync("unchanged") for _ in range(rounds)]
        floors.append(bench.floor())
        bench.get("/churn/10", "POST")
        costs.append(bench.sync("1 % changed"))
        notes = [f"1 % changed: {bench.last_mode()}"]
        bench.sync("full, to prove the filter", "--delta")
        bench.get("/churn/10", "POST")
        costs.append(bench.sync("1 % changed, delta", "--delta"))
        notes.append(f"delta: {bench.last_mode()}")
        floors.append(bench.floor())
        return costs, Floor.mean(floors), notes


def report(scale: str, page_size: str, rounds: int) -> list[str]:
    """A scale's table."""
    costs, floor, notes = measured(scale, page_size, rounds)
    return [
        f"## {scale}: {costs[0].rows:,} records, page_size = {page_size}",
        "",
        f"The floor: {floor.wall:.2f} s, {floor.cpu:.2f} s of them processor time.",
        "",
        "| run | wall s | CPU s | peak MB | requests | records/s | wall : floor | CPU : floor |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(cost.row(floor) for cost in costs),
        "",
        *(f"* {note}" for note in notes),
        "",
    ]


def startup() -> list[str]:
    """How long `--help` takes, and `--sync` until its first request."""
    helped = []
    for _ in range(10):
        began = time.perf_counter()
        subprocess.run([*COMMAND, "--help"], stdout=subprocess.DEVNULL, check=True, cwd=HERE.parent)
        helped.append(time.perf_counter() - began)
    asked = []
    for _ in range(5):
        with provided("S", "auto") as bench:
            bench.rows = 1
            bench.sync("first")  # so that the roster is there
            with provided("S", "auto") as other:
                config = other.folder / "config.toml"
                (other.folder / "roster.db").write_bytes((bench.folder / "roster.db").read_bytes())
                command = [*COMMAND, "sync", "--config", str(config)]
                began_at = time.time()
                subprocess.run(command, stdout=subprocess.DEVNULL, check=True, cwd=HERE.parent)
                asked.append(other.get("/stats")["first"] - began_at)
    with provided("S", "auto", 50) as bench:
        bench.rows = 1
        bench.sync("first")
        slow = bench.sync("unchanged").wall
    return [
        "## Start, and latency",
        "",
        f"* `--help`: {statistics.median(helped) * 1000:.0f} ms (median of 10)",
        f"* `--sync` until the first request: {statistics.median(asked) * 1000:.0f} ms (median of 5)",
        f"* S unchanged, where each answer takes 50 ms longer: {slow:.2f} s",
        "",
    ]


def watched(scale: str) -> list[str]:
    """What it costs to watch a sync in the interface, a first and an unchanged one, against the same without a screen."""
    lines = ["## The interface", ""]
    with provided(scale, "auto") as bench:
        bench.rows = 1
        for name, fresh in (("first", True), ("unchanged", False)):
            plain, shown = [], []
            for _ in range(3):
                empty_roster(bench, fresh)
                bench.sync(name)
                plain.append(seconds(bench))
                empty_roster(bench, fresh)
                shown.append(seconds_watched(bench))
            ratio = statistics.median(shown) / statistics.median(plain)
            lines.append(
                f"* A sync at {scale} watched in the interface ({name}): {statistics.median(shown):.2f} s, "
                f"without: {statistics.median(plain):.2f} s, {ratio:.2f} times as long (medians of three)"
            )
    return [*lines, ""]


def empty_roster(bench: Bench, fresh: bool) -> None:
    """Takes the roster away where the next sync is to be a first one."""
    if fresh:
        for file in bench.folder.glob("roster.db*"):
            file.unlink()


def seconds_watched(bench: Bench) -> float:
    """How long a run took in the interface, on a terminal with Sync and its log open."""
    command = [sys.executable, str(HERE / "watched.py"), str(bench.folder / "config.toml")]
    environment = os.environ | {"XDG_STATE_HOME": str(bench.folder)}
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=HERE.parent, env=environment)
    return float(told.stdout)


def seconds(bench: Bench) -> float:
    """How long the last run took, by its own word at the end of its log."""
    log = (bench.folder / "sync.log").read_text(encoding="utf-8")
    return float(log.rsplit("(", 1)[1].split(" s)")[0])


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scales", nargs="*", default=["S", "M"])
    parser.add_argument("--page-size", default="auto")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--no-interface", action="store_true")
    asked = parser.parse_args()
    lines = [
        "# What `make bench` measured",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{os.cpu_count()} cores ({platform.machine()}). The floor: all pages fetched at 200 rows a page over one connection, "
        "parsed with `json`, dropped.",
        "",
    ]
    sections = [lambda scale=scale: report(scale, asked.page_size, asked.rounds) for scale in asked.scales]
    sections.append(startup)
    if not asked.no_interface:
        sections.append(lambda: watched("M" if "M" in asked.scales else asked.scales[0]))
    print("\n".join(lines), flush=True)
    for section in sections:
        found = section()
        print("\n".join(found), flush=True)
        lines += found
    (HERE / "results.md").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
