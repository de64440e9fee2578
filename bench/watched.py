"""One sync in the interface, without a terminal: prints the seconds it took, by its own word.

python bench/watched.py CONFIG
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

from oneroster_tui.app import InterfaceApp  # noqa: E402 -- after the path
from oneroster_tui.headless.workplace import Options  # noqa: E402
from screens import memory  # noqa: E402


async def watch(config: Path) -> float:
    """Opens the app at Sync, starts a run, waits for its end."""
    memory.remember(mode="sync")
    app = InterfaceApp(Options(config=config), watch=False)
    async with app.run_test(size=(120, 40)) as pilot:
        while not app.desk.is_open:
            await pilot.pause(0.05)
        app.desk.runs.start()
        snapshot = await app.desk.runs.finished()
    if snapshot.ended is None:
        raise SystemExit(f"The run failed: {snapshot.error}")
    return snapshot.ended.seconds


if __name__ == "__main__":
    print(asyncio.run(watch(Path(sys.argv[1]))))
