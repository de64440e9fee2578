"""First paint: seconds from the start of the process to the first words on the screen, against an empty Textual app.

    python bench/ui_first_paint.py [rounds]

Runs both through a pseudo-terminal of 80x24, in turn, in an empty folder; prints medians, and the resident memory.
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
BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("Overview")
Bare().run()
"""
OURS = "import sys; sys.argv = ['oneroster-tui', *{arguments}]; from oneroster_tui.cli import main; main()"


def first_paint(code: str, folder: str, *, stay: float = 0.0) -> tuple[float, float]:
    """Seconds until `Overview` is on the screen, and MB resident after `stay` seconds more."""
    environ = os.environ | {
        "PYTHONPATH": str(HERE),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "HOME": folder,
        "XDG_STATE_HOME": folder,
        "XDG_CONFIG_HOME": folder,
    }
    began = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execve(sys.executable, [sys.executable, "-c", code], environ)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    seen = b""
    seconds = float("nan")
    while time.perf_counter() - began < 10:
        if select.select([terminal], [], [], 0.1)[0]:
            seen += os.read(terminal, 65536)
            if b"Overview" in seen:
                seconds = time.perf_counter() - began
                break
    until = time.perf_counter() + stay
    while time.perf_counter() < until:
        if select.select([terminal], [], [], 0.05)[0]:
            os.read(terminal, 65536)
    resident = memory(child) if stay else float("nan")
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(terminal)
    return seconds, resident


def memory(pid: int) -> float:
    """Resident memory of a process, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def main() -> None:
    """Measures and prints."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    times: dict[str, list[float]] = {"empty Textual app": [], "no config": [], "--demo": []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for name, code in (
                ("empty Textual app", BARE),
                ("no config", OURS.format(arguments=[])),
                ("--demo", OURS.format(arguments=["--demo"])),
            ):
                times[name].append(first_paint(code, folder)[0])
        _, resident = first_paint(OURS.format(arguments=["--demo"]), folder, stay=4)
    bare = statistics.median(times["empty Textual app"])
    for name, values in times.items():
        middle = statistics.median(values)
        print(f"{name:<18} median {middle * 1000:4.0f} ms  worst {max(values) * 1000:4.0f} ms  {middle / bare:.2f} x")
    print(f"resident, --demo, 4 s after: {resident:.0f} MB")


if __name__ == "__main__":
    main()
