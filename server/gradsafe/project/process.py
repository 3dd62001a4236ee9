"""What a process that analyses asks of CPython; asked again it changes nothing."""

from __future__ import annotations

import gc
import sys

_FRAMES = 3_000
"""Python frames that bodies nested as deep as ``Budget.nesting`` allows may take; 1,000 end in the middle of a chain of 150 ``elif``."""

_YOUNG, _MIDDLE, _OLD = 100_000, 50, 100
"""Containers made before a collection, and collections before one of the next generation. Trees of a file are a million small
objects that live long: with CPython's 700 a quarter of the time went into looking at them again (measured on transformers),
half of it while its parser read 70,000 lines."""


def prepare() -> None:
    """Enough frames for the bodies that are followed, and fewer collections."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _FRAMES))
    if gc.isenabled() and gc.get_threshold()[0] < _YOUNG:
        gc.set_threshold(_YOUNG, _MIDDLE, _OLD)


def sweep() -> None:
    """Collect what only cycles hold, of all generations: with the thresholds above the oldest is hardly ever looked at."""
    gc.collect()
