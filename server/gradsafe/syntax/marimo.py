"""What marimo makes of the cells of its notebooks: the order in which they run."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import NamedTuple


class Names(NamedTuple):
    """The names that a cell takes from others, and those that it gives them."""

    takes: tuple[str, ...]
    gives: tuple[str, ...]


def running_order(cells: Sequence[Names]) -> list[int]:
    """The cells (by their places in the file) in the order in which marimo runs them.

    A cell runs after those that give what it takes; of two that may run, the one that stands first (``topological_sort`` in
    marimo's ``_runtime/dataflow``). Cells that wait for each other do not run.
    """
    givers: dict[str, int] = {}
    for at, cell in enumerate(cells):
        for name in cell.gives:
            givers.setdefault(name, at)
    waits = [{givers[name] for name in cell.takes if name in givers} - {at} for at, cell in enumerate(cells)]
    ready = [at for at, before in enumerate(waits) if not before]
    order: list[int] = []
    while ready:
        at = heapq.heappop(ready)
        order.append(at)
        for other, before in enumerate(waits):
            if at in before:
                before.discard(at)
                if not before:
                    heapq.heappush(ready, other)
    return order
