"""A run as the server asks for it and hears of it: the seam to ``gradsafe.trace``."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from gradsafe.lsp.documents import Cell
from gradsafe.report.entry import Entry


@dataclass(frozen=True)
class RunRequest:
    """Run ``text``, which ``file`` may hold in an older or longer state; of a notebook, these ``cells``.

    Places in what comes of it are in the text that was judged: that of all cells, for a notebook.
    """

    file: str
    text: str
    cells: tuple[Cell, ...]
    interpreter: str | None
    timeout: float


@dataclass(frozen=True)
class TracedRun:
    """What came of it. ``outcome``: completed, raised, timeout, cancelled or failed (nothing could be run).

    ``summary`` is one line; ``report`` is the story of each finding, then what the program wrote.
    """

    outcome: str
    summary: str
    report: str
    findings: tuple[Entry, ...] = ()


Run = Callable[[RunRequest, threading.Event], TracedRun]
"""Blocks until the run has ended; the event ends it early. Called in a thread of its own."""
