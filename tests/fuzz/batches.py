"""Many programs at once, in processes of their own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from rich.console import Console
from rich.progress import track
from tests.oracle.score import Row

from .compare import compare
from .generate import Generated, generate

BATCH = 25


def batches(seed: int, count: int, levels: Sequence[int], jobs: int) -> tuple[list[Generated], list[Row]]:
    """The programs of ``count`` seeds at each level and their rows, in order, made by ``jobs`` processes."""
    last = seed + count
    todo = [
        (level, start, min(start + BATCH, last)) for level in levels for start in range(seed, last, BATCH)
    ]
    programs: list[Generated] = []
    rows: list[Row] = []
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        results = pool.map(batch, todo)
        for made, scored in track(results, "programs", len(todo), console=Console(stderr=True)):
            programs += made
            rows += scored
    return programs, rows


def batch(part: tuple[int, int, int]) -> tuple[list[Generated], list[Row]]:
    """Generate, ask torch and gradsafe: level, first seed and the one after the last."""
    level, start, stop = part
    made = [generate(seed, level) for seed in range(start, stop)]
    return made, compare(made)
