"""Many files judged by several processes at once.

What a root's result is depends on texts alone, and it is kept with all that it asked (:class:`~gradsafe.project.kept.Kept`): so
a process of its own can find it, and this one only merges. A process takes slices of files, and keeps its session from one to the next:
most of what they import is the same. After some files it gets a new one, for what a session keeps has to fit into memory. Results travel between our own processes; nothing is read from the disk but the sources.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context
from typing import TYPE_CHECKING

from gradsafe.project.kept import Found
from gradsafe.project.settings import Settings

if TYPE_CHECKING:
    from gradsafe.project.batch import Batch

FEWEST = 24
"""Files below which more processes are not worth their start (half a second of importing each)."""

SLICE = 60
"""Files to a slice, at most."""

SMALLEST = 4
"""Files to one of the last slices."""

_MOST = 61
"""Windows waits for no more processes at once (``concurrent.futures``)."""


def processes() -> int:
    """How many may run at once: the processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def judge_ahead(
    settings: Settings, root: str, scope: Sequence[str], files: Sequence[str], jobs: int
) -> Iterator[list[Found]]:
    """Run the roots of ``files`` in ``jobs`` processes: what they found, some files each time.

    A process that dies (for want of memory, say) loses nothing but time: what is missing is for the caller to find.
    """
    if jobs < 2 or len(files) < FEWEST:
        return
    slices = _slices(files, jobs)
    # New processes, not forked ones: a progress bar has a thread, and a fork of that may hang.
    workers = min(jobs, len(slices), _MOST)
    given = (settings, root, list(scope))
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_begin, initargs=given) as pool:
        try:
            # Nobody else holds them: what a slice found is let go once it is taken.
            for done in as_completed({pool.submit(judge_slice, part) for part in slices}):
                yield done.result()
        except BrokenProcessPool as broken:
            # CPython names a cause where what came from a process could not be read, and none where the process has died.
            what = "was ended from outside" if broken.__cause__ is None else "sent what cannot be read"
            print(f"gradsafe: a process that analysed files {what}; going on in this one", file=sys.stderr)
        except (
            BaseException
        ):  # an interrupt, or nobody wants the rest: the pool would see all its slices through
            pool.shutdown(wait=False, cancel_futures=True)
            for child in active_children():
                child.terminate()
            raise


def _slices(files: Sequence[str], jobs: int) -> list[list[str]]:
    """Files that stand together, in smaller and smaller portions: at the end no process waits long for another."""
    slices: list[list[str]] = []
    at = 0
    while at < len(files):
        size = max(SMALLEST, min(SLICE, (len(files) - at) // (4 * jobs)))
        slices.append(list(files[at : at + size]))
        at += size
    return slices


class _Process:
    """What the one process of the pool that this is keeps."""

    batch: Batch


def _begin(settings: Settings, root: str, scope: Sequence[str]) -> None:
    """In a process of the pool. Ctrl+C is for the one that started it, which ends the others."""
    from gradsafe.project.batch import Batch

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _Process.batch = Batch(settings, root, scope)


def judge_slice(files: list[str]) -> list[Found]:
    """In a process of the pool: the results of all roots of some files."""
    return _Process.batch.judge(files)
