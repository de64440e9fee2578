"""One sync in the interface, on a pseudo-terminal of 120x40, with Sync and its log open.

Prints the seconds that the run took, by its own word.

python bench/watched.py CONFIG
"""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import sys
import termios
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))


def watch(config: Path, told: int) -> None:
    """Opens the app at Sync, starts a run, waits for its end, writes what it took into `told`, and leaves."""
    from oneroster_tui.app import InterfaceApp
    from oneroster_tui.headless.workplace import Options
    from screens import memory

    class Watched(InterfaceApp):
        """The interface, with a hand that presses `s`."""

        def begin(self) -> None:
            super().begin()
            self.run_worker(self.press())

        async def press(self) -> None:
            """Starts the run as soon as the roster can be read."""
            await self.desk._open.wait()
            self.desk.runs.start()
            snapshot = await self.desk.runs.finished()
            os.write(told, (str(snapshot.ended.seconds) if snapshot.ended else f"failed: {snapshot.error}").encode())
            self.exit()

    memory.remember(mode="sync")
    Watched(Options(config=config), watch=False).run()


def main() -> None:
    """Runs the app in a child, and reads what it paints as a terminal would."""
    read, write = os.pipe()
    child, terminal = pty.fork()
    if child == 0:
        os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        watch(Path(sys.argv[1]), write)
        os._exit(0)
    os.close(write)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    painted = 0
    try:
        while piece := os.read(terminal, 65536):
            painted += len(piece)
    except OSError:  # how Linux says that the other end is closed
        pass
    os.waitpid(child, 0)
    seconds = os.read(read, 4096).decode()
    print(f"painted {painted:,} bytes", file=sys.stderr)
    if not seconds or seconds.startswith("failed"):
        raise SystemExit(f"The run in the interface {seconds or 'did not end'}")
    print(seconds)


if __name__ == "__main__":
    main()
