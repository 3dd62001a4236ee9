"""What a process and those that it has started hold in memory (Linux: ``/proc``; nothing elsewhere)."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

_EVERY_S, _PART = 0.05, 0.004
"""At first, and later by how long it has run: looking every 50 ms takes a fifth of a processor, which is taken from who is measured."""


def resident_mb(pid: int) -> float:
    """Of a process and its children, now; pages that they share are counted once for each sharer's part."""
    return sum(_proportional(each) for each in (pid, *_children(pid))) / 1024


def _proportional(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:  # it has ended, or this is no Linux
        pass
    return 0


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *_children(int(child))]
    except OSError:
        pass
    return found


def run_watched(command: Sequence[str], folder: Path) -> tuple[float, float, int, str]:
    """Seconds, peak megabytes (0: not known), exit status and output of a command."""
    before = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    peak = 0.0
    over = threading.Event()

    def look() -> None:
        nonlocal peak
        while not over.wait(max(_EVERY_S, _PART * (time.perf_counter() - before))):
            peak = max(peak, resident_mb(process.pid))

    watcher = threading.Thread(target=look)
    watcher.start()
    out, _ = process.communicate()
    taken = time.perf_counter() - before
    over.set()
    watcher.join()
    return taken, peak, process.returncode, out
