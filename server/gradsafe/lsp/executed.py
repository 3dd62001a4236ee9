"""In which order the cells of a notebook were run, as far as the client's ``executionSummary`` tells it.

An execution is known by its number, and its text is the one that the cell had when the number was first seen: cells are
edited, moved and deleted afterwards, and the kernel remembers what it was given. A number that is not above the last
one is of a kernel that has begun anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

REMEMBERED = 100
"""How many executions are judged together. Names from before are unknown then, and of those nothing is said."""


@dataclass(frozen=True)
class SeenCell:
    """A code cell as the client describes it now."""

    uri: str
    text: str
    order: int | None = None
    success: bool | None = None


@dataclass(frozen=True)
class Execution:
    """One run of a cell. ``certain``: all that the kernel had run before is known, too, as it was when it ran."""

    cell: str
    order: int
    text: str
    certain: bool = True
    success: bool | None = None


class History:
    """The executions of one notebook's kernel."""

    def __init__(self) -> None:
        self._runs: list[Execution] = []
        self._orders: dict[str, int | None] | None = None
        self._last = 0

    @property
    def runs(self) -> tuple[Execution, ...]:
        """The executions, oldest first; none while the client shows no number at all (its outputs were cleared)."""
        shown = any(order is not None for order in (self._orders or {}).values())
        return tuple(self._runs) if shown else ()

    def see(self, cells: Sequence[SeenCell]) -> None:
        """The notebook looks like this now."""
        known = self._orders
        self._orders = {cell.uri: cell.order for cell in cells}
        if known is None:
            self._read(cells)
            return
        here = self._orders.keys()
        for cell in sorted(cells, key=lambda cell: cell.order or 0):
            if cell.order is None:
                continue
            if cell.uri not in known and cell.order <= self._last:
                self._moved(cell, here)
            elif known.get(cell.uri) != cell.order:
                self._ran(cell, cell.order)
            self._ended(cell)
        del self._runs[:-REMEMBERED]

    def _read(self, cells: Sequence[SeenCell]) -> None:
        """Numbers that the notebook was opened with: of a kernel that may be gone, and of texts that may have been edited since."""
        ran = {cell.order: cell for cell in cells if cell.order is not None}
        self._last = max(ran, default=0)
        if len(ran) == sum(cell.order is not None for cell in cells):  # else they are of several kernels
            runs = (
                Execution(cell.uri, order, cell.text, False, cell.success)
                for order, cell in sorted(ran.items())
            )
            self._runs = list(runs)[-REMEMBERED:]

    def _ran(self, cell: SeenCell, order: int) -> None:
        if order <= self._last:
            self._runs, self._last = [], 0
        before = self._runs[-1] if self._runs else None
        unbroken = order == self._last + 1
        # Of a cell that failed nobody knows how far it came.
        certain = unbroken and (before is None or (before.certain and before.success is not False))
        self._runs.append(Execution(cell.uri, order, cell.text, certain, cell.success))
        self._last = order

    def _ended(self, cell: SeenCell) -> None:
        """Whether a cell has succeeded comes after its number."""
        for at, run in enumerate(self._runs):
            if run.cell == cell.uri and run.order == cell.order and run.success != cell.success:
                self._runs[at] = replace(run, success=cell.success)

    def _moved(self, cell: SeenCell, here: Iterable[str]) -> None:
        """Cut and pasted: the cell is a new one for the client, its execution is not."""
        for at, run in enumerate(self._runs):
            if run.order == cell.order and run.text == cell.text and run.cell not in here:
                self._runs[at] = replace(run, cell=cell.uri)


def is_another_order(runs: Sequence[Execution], cells: Mapping[str, str]) -> bool:
    """Whether the runs are something else than a beginning of the document; ``cells``: the texts by their URIs, in order."""
    return [(run.cell, run.text) for run in runs] != list(cells.items())[: len(runs)]
