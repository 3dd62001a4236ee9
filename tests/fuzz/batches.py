"""Many programs at once, in processes of their own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from rich.console import Console
from rich.progress import track
from tests.oracle.score import Row

from .compare import compare
from .generate import Generated, generate

BATCH = 25
_BATCHES = 16
"""Batches that one process judges: torch and the caches of texts keep something of each program."""


def batches(seed: int, count: int, levels: Sequence[int], jobs: int) -> tuple[list[Generated], list[Row]]:
    """The programs of ``count`` seeds at each level and their rows, made by ``jobs`` processes.

    All levels advance together, and what torch sees otherwise is told at once: a long run can be looked at while it goes on.
    """
    last = seed + count
    todo = [
        (level, start, min(start + BATCH, last)) for start in range(seed, last, BATCH) for level in levels
    ]
    programs: list[Generated] = []
    rows: list[Row] = []
    console = Console(stderr=True)
    for made, scored in track(_judged(todo, jobs), "programs", len(todo), console=console):
        programs += made
        rows += scored
        for row in scored:
            if not row.good:
                text = f"{row.source} {row.name}: {row.outcome} {row.kind} {row.detail}"
                console.print(text, markup=False)
    return programs, rows


def _judged(todo: Sequence[tuple[int, int, int]], jobs: int) -> Iterator[tuple[list[Generated], list[Row]]]:
    # A pool for each part: with ``max_tasks_per_child`` the executor of CPython 3.11 waits for ever for a worker that has left.
    context = multiprocessing.get_context("spawn")
    for at in range(0, len(todo), jobs * _BATCHES):
        with ProcessPoolExecutor(jobs, context) as pool:
            yield from pool.map(batch, todo[at : at + jobs * _BATCHES])


def batch(part: tuple[int, int, int]) -> tuple[list[Generated], list[Row]]:
    """Generate, ask torch and gradsafe: level, first seed and the one after the last."""
    level, start, stop = part
    made = [generate(seed, level) for seed in range(start, stop)]
    return made, compare(made)
