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


YOUNG_AT_REST = 20_000
"""Containers made before a collection once the process has rested: a collection looks at those that have been made since, and
100,000 of them take 20 ms (with a second process on the core a tenth of a second), in the middle of a keystroke."""

ROUNDS = 200
"""So many rests after which all that is held is looked at: what had been put aside may be a cycle that nobody needs any more."""


class Rest:
    """What a process that waits for somebody does about its memory: later collections are not to look again at what stays."""

    def __init__(self) -> None:
        self._rounds = 0

    def __call__(self) -> None:
        """Collect cycles among what has been made since the last time, and put the rest aside.

        What there is at the first rest is hardly ever garbage, but so much (modules, the trees of what was opened) that to look at it
        takes as long as all later rests.
        """
        self._rounds += 1
        if self._rounds % ROUNDS == 0:
            gc.unfreeze()
            gc.collect()
        elif self._rounds > 1:
            gc.collect(1)
        gc.freeze()
        gc.set_threshold(YOUNG_AT_REST, *gc.get_threshold()[1:])
