"""The session of one document: its process, which code it has run, and what its runs have shown."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from gradsafe.lsp.cells import code_of
from gradsafe.lsp.kept import Kept
from gradsafe.lsp.running import CellRunner, Kind, OnOutput, RunCell, Runner, RunRequest, TracedRun


@dataclass
class Active:
    """The run that is going on, and how to end it."""

    cancel: threading.Event
    request: int | str | None


class DocumentSession:
    """Everything here but :meth:`work` belongs to the event loop."""

    def __init__(self, runner: Runner) -> None:
        self.kept = Kept()
        self.active: Active | None = None
        self.page: TracedRun | None = None
        self.always = False
        self._runner = runner
        self._cells: CellRunner | None = None
        self._ran: set[str] = set()
        self._texts: Counter[int] = Counter()
        self._idle: asyncio.TimerHandle | None = None
        self._gone: str | None = None
        self._ending = False

    def missing(self, cells: Sequence[RunCell], number: int) -> list[RunCell]:
        """The cells before ``number`` from the first one on that this session has not run as it stands."""
        above = list(takewhile(lambda cell: cell.number != number, cells))
        if self._cells is not None and not self._cells.alive:
            self._lost("its process had ended by itself")
        for at, cell in enumerate(above):
            if code_of(cell.text) not in self._ran:
                return above[at:]
        return []

    def named(self, request: RunRequest) -> RunRequest:
        """The request with a name for each of its cells that no earlier run has used."""
        if request.kind is not Kind.CELLS:
            return request
        cells = []
        for cell in request.cells:
            self._texts[cell.number] += 1
            again = self._texts[cell.number]
            name = f"{request.file}#{cell.number}" + (f".{again}" if again > 1 else "")
            cells.append(replace(cell, name=name))
        return replace(request, cells=tuple(cells))

    def work(self, request: RunRequest, cancel: threading.Event, on_output: OnOutput) -> TracedRun:
        """Blocks until the run is over; in a thread of its own."""
        if request.kind is not Kind.CELLS:
            return self._runner.run(request, cancel, on_output)
        if self._cells is None:
            self._cells = self._runner.session(request)
        return self._cells.run(request, cancel, on_output)

    def done(self, request: RunRequest, traced: TracedRun) -> TracedRun:
        """Remembers what has come of a run; its report says what became of the session before."""
        self.kept.add(request.cells, traced)
        self.page = traced
        if self._ending:
            self._ending = False
            self._lost(None)
        if request.kind is not Kind.CELLS:
            return traced
        if self._gone is not None:
            why, self._gone = self._gone, None
            traced = replace(
                traced, report=f"This is a fresh session; the last one is over: {why}.\n{traced.report}"
            )
        self._ran |= {code_of(cell.text) for cell in request.cells if cell.number in traced.ran}
        if traced.over is not None:
            self._lost(None)
        return traced

    def end(self, why: str | None) -> bool:
        """Ends the process and forgets what it has run; ``why`` is told with the next run. False: there was none."""
        if self.active is not None:
            self.active.cancel.set()
            self._ending = True  # once the run is through: nobody else may touch its process
            return True
        if self._cells is None:
            return False
        self._lost(why)
        return True

    def close(self) -> None:
        """Ends the process, and waits until it is gone."""
        if self.active is not None:
            self.active.cancel.set()
        if self._cells is not None:
            self._cells.close()

    def wait_idle(self, loop: asyncio.AbstractEventLoop, seconds: float | None) -> None:
        """A session that nobody uses gives its memory back after ``seconds``."""
        self.stop_waiting()
        if seconds is not None and self._cells is not None:
            minutes = f"{seconds / 60:g} minutes"
            self._idle = loop.call_later(seconds, self.end, f"nothing had run in it for {minutes}")

    def stop_waiting(self) -> None:
        """It is used again."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _lost(self, why: str | None) -> None:
        cells, self._cells = self._cells, None
        self._ran = set()
        self._gone = why
        self.stop_waiting()
        if cells is not None:
            # Ending a process takes a moment, and the loop has others to serve.
            threading.Thread(target=cells.close, name="gradsafe-end", daemon=True).start()
