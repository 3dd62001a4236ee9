"""A run as the server asks for it and hears of it: the seam to ``gradsafe.trace``."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Protocol

from gradsafe.report.entry import Entry
from gradsafe_tracer.events import Place

OnOutput = Callable[[str, str], None]
"""Called with ``stdout`` or ``stderr`` and a piece of text, from a thread of its own."""


class Kind(Enum):
    """What is run: cells in the session, or, in a process of their own, the file, one test, a dry run."""

    CELLS = "cells"
    FILE = "file"
    TEST = "test"
    DRY_RUN = "dry-run"


@dataclass(frozen=True)
class RunCell:
    """One cell as it is run: ``text`` is Python, its rows begin at ``first_row`` (1-based) of ``document``.

    ``document`` is the path of a file, or the URI of a notebook's cell. ``name`` is what the run calls this text; no
    other run of the session has it. ``notes``: what was left out of it.
    """

    number: int
    document: str
    first_row: int
    text: str
    name: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunRequest:
    """Run ``cells`` of ``file``, or ``text``, which ``file`` may hold in an older state. ``memory`` in bytes.

    ``target`` is the name of a test. ``predicted``: what the analysis says of the lines that run; None where it
    has not said it yet.
    """

    kind: Kind
    file: str
    text: str
    cells: tuple[RunCell, ...] = ()
    interpreter: str | None = None
    timeout: float | None = None
    memory: int | None = None
    arguments: tuple[str, ...] = ()
    target: str | None = None
    notebook: bool = False
    predicted: tuple[Entry, ...] | None = None

    def only(self, cells: tuple[RunCell, ...]) -> RunRequest:
        """The same with these cells."""
        return replace(self, cells=cells)


@dataclass(frozen=True)
class VersionMark:
    """What a run saw of a tensor's version counter on one line; ``detail`` is the longer story."""

    place: Place
    text: str
    detail: str


@dataclass(frozen=True)
class TracedRun:
    """What came of it. ``outcome``: completed, raised, timeout, cancelled or failed (nothing could be run).

    ``summary`` is one line; ``report`` is the story of each finding. Places are in the files as the run calls them.
    ``ran``: the numbers of the cells that came to their end. ``over``: why the session has ended, where it has.
    ``page`` makes the timeline, as one HTML page.
    """

    outcome: str
    summary: str
    report: str
    findings: tuple[Entry, ...] = ()
    marks: tuple[VersionMark, ...] = ()
    ran: tuple[int, ...] = ()
    over: str | None = None
    page: Callable[[], str] | None = field(default=None, compare=False)


class CellRunner(Protocol):
    """A session: it keeps its variables from run to run."""

    @property
    def alive(self) -> bool:
        """Another run would find the variables of the last one."""

    def run(self, request: RunRequest, cancel: threading.Event, on_output: OnOutput) -> TracedRun:
        """Blocks until the cells have run; the event ends the session early."""

    def close(self) -> None:
        """Ends it with all that it has started."""


class Runner(Protocol):
    """Everything that runs code. Called in threads of their own."""

    def run(self, request: RunRequest, cancel: threading.Event, on_output: OnOutput) -> TracedRun:
        """Blocks until a process of its own has ended; the event ends it early."""

    def session(self, request: RunRequest) -> CellRunner:
        """A fresh session for the document of ``request``. Starts nothing yet."""
