"""The log pane under load: how long a key waits while 20,000 log lines a second arrive.

    python bench/ui_log.py [lines a second] [seconds]

The whole app runs in a pseudo-terminal of 120x36, with a run that only talks; keys are pressed from outside and timed
until the terminal gets an answer to them. Prints p50 and p95 of the wait, the lines shown, and the processor time.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
CHILD = """
import sys, time
from pathlib import Path
from textual.app import ComposeResult
from oneroster_tui.app import InterfaceApp
from oneroster_tui.errors import ExitCode
from oneroster_tui.headless.workplace import Options
from oneroster_tui.sync.events import Decision, RunEnded, RunStarted
from screens.frame import FramedScreen
from screens.widgets.log_pane import LogPane

RATE, SECONDS = {rate}, {seconds}

def talk(settings, roster, client, emit, stopping):
    emit(RunStarted(1, "full", "bench", 2))
    began, told = time.monotonic(), 0
    while (now := time.monotonic() - began) < SECONDS:
        while told < now * RATE:
            emit(Decision("users", "user", "unchanged", f"0_pat_{{told}}", told, f"PAT_{{told}}"))
            told += 1
        time.sleep(0.002)
    return RunEnded(1, "done", ExitCode.DONE, f"told {{told}}", {{}}, SECONDS)

class LogScreen(FramedScreen):
    def body(self) -> ComposeResult:
        yield LogPane()
    def on_mount(self):
        runs = self.desk.runs
        runs.changed.subscribe(self, lambda _: self.query_one(LogPane).update_lines())
        self.set_timer(0.5, self.start)
    def start(self):
        self.desk.runs.start("full", talk)
        self.query_one(LogPane).show(self.desk.runs.book)

class Bench(InterfaceApp):
    MODES = InterfaceApp.MODES | {{"overview": LogScreen}}

Bench(Options(config=Path("config.toml")), watch=False).run()
"""


def drain(terminal: int, seconds: float) -> bytes:
    """What the terminal gets within some seconds."""
    got, until = b"", time.perf_counter() + seconds
    while (left := until - time.perf_counter()) > 0:
        if select.select([terminal], [], [], left)[0]:
            got += os.read(terminal, 1 << 16)
    return got


def wait_for(terminal: int, mark: bytes, seconds: float = 2.0) -> float:
    """Seconds until the terminal gets a mark."""
    began, got = time.perf_counter(), b""
    while time.perf_counter() - began < seconds:
        if select.select([terminal], [], [], 0.01)[0]:
            got = got[-64:] + os.read(terminal, 1 << 16)
            if mark in got:
                return time.perf_counter() - began
    return float("nan")


def cpu(pid: int) -> float:
    """Processor seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measures and prints."""
    rate = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.toml").write_text(
            '[connection]\nroot_url = "http://127.0.0.1:9"\ntoken_url = "http://127.0.0.1:9"\nclient_id = "x"\n'
            'client_secret = "x"\n',
            encoding="utf-8",
        )
        environ = os.environ | {"PYTHONPATH": str(HERE), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        environ |= {"HOME": folder, "XDG_STATE_HOME": folder}
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(folder)
            code = CHILD.format(rate=rate, seconds=seconds + 4)
            os.execve(sys.executable, [sys.executable, "-c", code], environ)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        wait_for(terminal, b"PAT_", 15)
        drain(terminal, 2)
        before, began = cpu(child), time.perf_counter()
        waits = []
        while time.perf_counter() - began < seconds:
            # `f` pauses, and the status line says so; nothing else prints that word.
            os.write(terminal, b"f")
            waits.append(wait_for(terminal, b"paused"))
            drain(terminal, 0.033)
            os.write(terminal, b"f")
            drain(terminal, 0.1 + len(waits) % 7 / 100)  # not in step with the ticks
        spent = (cpu(child) - before) / (time.perf_counter() - began)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    waits.sort()
    p95 = waits[int(len(waits) * 0.95) - 1]
    print(f"{rate:,} lines a second, {len(waits)} keys")
    print(
        f"key to answer: p50 {statistics.median(waits) * 1000:.1f} ms  p95 {p95 * 1000:.1f} ms  worst {waits[-1] * 1000:.1f} ms"
    )
    print(f"processor: {spent:.2f} of a core, the run included")


if __name__ == "__main__":
    main()
