"""What is asked of a traced run, and what came of it: plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass

from gradsafe.rules.finding import Finding
from gradsafe_tracer.events import Event

COMPLETED, RAISED, TIMEOUT, CANCELLED, FAILED = "completed", "raised", "timeout", "cancelled", "failed"


@dataclass(frozen=True)
class TraceRequest:
    """Run ``file``; with ``cell``, up to that cell. ``text`` is run in place of what the file holds.

    ``module``: run this module as ``python -m`` does, and no file. ``pytest``: run the test of this name in ``file``, as pytest
    does (the whole file where it is empty). ``dry_run``: on meta tensors, as far as no value is needed.
    ``timeout`` in seconds, ``memory`` in bytes; ``light``: errors only, at a lower cost.
    """

    file: str
    cell: int | None = None
    arguments: tuple[str, ...] = ()
    python: str | None = None
    timeout: float | None = None
    text: str | None = None
    folder: str | None = None
    memory: int | None = None
    module: str | None = None
    pytest: str | None = None
    dry_run: bool = False
    light: bool = False

    @property
    def name(self) -> str:
        """What runs, for people."""
        return f"-m {self.module}" if self.module is not None else self.file


@dataclass(frozen=True)
class TraceException:
    """The error that ended the program; ``row`` is the innermost row of the user's code that it passed."""

    type: str
    message: str
    row: int | None
    file: str | None = None


@dataclass(frozen=True)
class TraceProblem:
    """Why there is no full report: ``slug`` for programs, ``message`` and ``remedy`` for people."""

    slug: str
    message: str
    remedy: str
    row: int | None = None

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}" if self.remedy else self.message


@dataclass(frozen=True)
class TraceResult:
    """``outcome``: completed, raised, timeout, cancelled, or failed where nothing could be run.

    ``problem`` may stand beside an outcome: the program ran, and its events are missing or cut short.
    ``output`` is the beginning of what the program printed; ``texts`` are the sources of files that are none (notebook cells);
    ``stopped``: a dry run that had to end early (a note says where).
    """

    outcome: str
    exception: TraceException | None = None
    events: tuple[Event, ...] = ()
    findings: tuple[Finding, ...] = ()
    problem: TraceProblem | None = None
    notes: tuple[str, ...] = ()
    output: str = ""
    texts: tuple[tuple[str, str], ...] = ()
    stopped: bool = False
