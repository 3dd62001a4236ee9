"""A session: one child process that keeps its variables from cell to cell, and one tracer that has seen them all."""

from __future__ import annotations

import contextlib
import json
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gradsafe.trace import endings, problems
from gradsafe.trace.bootstrap import environment, start
from gradsafe.trace.child import GRACE, POLL, Ended, end_group, spawn
from gradsafe.trace.crashes import crash_place
from gradsafe.trace.result import FAILED, TraceRequest, TraceResult
from gradsafe.trace.run import LAST_WORDS, judged, outcome_of, read_log
from gradsafe.trace.streams import OnOutput, Pump
from gradsafe_tracer.events import Event, Place, Raise, WrongGradient


@dataclass(frozen=True)
class CellText:
    """Code to run under the name ``file``, which must be new in its session: it tells one run of a cell from another.

    ``above`` rows are put before ``text``, so that rows in what comes of it are those of the whole file.
    """

    number: int
    file: str
    text: str
    above: int = 0


@dataclass(frozen=True)
class Limits:
    """What a run may take: seconds and bytes; None for no limit."""

    timeout: float | None = None
    memory: int | None = None


@dataclass(frozen=True)
class SessionRun:
    """What came of one run. ``result.events`` are those of the whole session, ``result.findings`` the new ones.

    ``ran``: the numbers of the cells that came to their end. ``over``: why the session has ended, where it has,
    ``crash``: the line that its interpreter was at.
    """

    result: TraceResult
    ran: tuple[int, ...] = ()
    over: str | None = None
    crash: Place | None = None


class TraceSession:
    """Not for two threads at once; ``close`` may be called from any."""

    def __init__(self, file: str, python: str | None, folder: str | None, notebook: bool = False) -> None:
        self.file = file
        self._python = python or sys.executable
        self._folder = folder
        self._notebook = notebook
        self._token = secrets.token_hex(16)
        self._work = tempfile.TemporaryDirectory(prefix="gradsafe-session-", ignore_cleanup_errors=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._pumps: list[Pump] = []
        self._runs = 0
        self._marks: dict[str, dict[str, Any]] = {}
        self._marked = threading.Event()
        self._known: frozenset[Event] = frozenset()

    @property
    def alive(self) -> bool:
        """The child runs, or has not been needed yet."""
        return self._process is None or self._process.poll() is None

    @property
    def status(self) -> int | None:
        """With what the child has ended."""
        return None if self._process is None else self._process.poll()

    def close(self) -> None:
        """Ends the child and its children."""
        if self._process is not None:
            end_group(self._process)
        self._work.cleanup()

    def run(
        self,
        cells: Sequence[CellText],
        limits: Limits,
        *,
        cancel: threading.Event,
        arguments: Sequence[str] = (),
        on_output: OnOutput | None = None,
    ) -> SessionRun:
        """Runs ``cells`` one after another, as far as they come. Never raises."""
        request = TraceRequest(self.file, timeout=limits.timeout, text="", folder=self._folder)
        problem = problems.before_start(request, self._python)
        if problem is not None:
            return SessionRun(TraceResult(FAILED, problem=problem), over=problem.message)
        try:
            log = self._ask(cells, limits, arguments, on_output)
        except OSError as error:
            if self._process is None:
                problem = problems.cannot_start(self._python, error)
                return SessionRun(TraceResult(FAILED, problem=problem), over=problem.message)
            log = Path(self._work.name, f"{self._runs}.jsonl")  # it died between two runs
        ended = self._wait(limits, cancel)
        return self._told_of(request, log, ended)

    def _ask(
        self, cells: Sequence[CellText], limits: Limits, arguments: Sequence[str], on_output: OnOutput | None
    ) -> Path:
        process = self._process or self._start()
        self._runs += 1
        self._marks, self._marked = {}, threading.Event()
        for pump in self._pumps:
            pump.begin()
            pump.on_output = on_output
        log = Path(self._work.name, f"{self._runs}.jsonl")
        request = {
            "run": self._runs,
            "events": str(log),
            "cells": [vars(cell) for cell in cells],
            "notebook": self._notebook,
            "arguments": list(arguments),
            "deadline": None if limits.timeout is None else time.time() + limits.timeout,
            "memory": limits.memory,
        }
        assert process.stdin is not None
        process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
        process.stdin.flush()
        return log

    def _start(self) -> subprocess.Popen[bytes]:
        # The token is an argument: the program finds it in sys.orig_argv, and whoever forges marks harms himself.
        call = f"code = main({self.file!r}, {self._token!r}, {str(self._crashes)!r})"
        # A window of a plot would wait for somebody to close it.
        ours = {"MPLBACKEND": "Agg", **environment()}
        process = spawn(start(self._python, call, "kernel"), ours, self._folder, subprocess.PIPE)
        assert process.stdout is not None and process.stderr is not None
        self._process = process
        self._pumps = [
            Pump(name, pipe, None, self._token, self._mark)
            for name, pipe in (("stdout", process.stdout), ("stderr", process.stderr))
        ]
        return process

    @property
    def _crashes(self) -> Path:
        return Path(self._work.name, "crash")

    def _mark(self, stream: str, mark: dict[str, Any]) -> None:
        if mark.get("run") == self._runs:
            self._marks[stream] = mark
            if len(self._marks) == 2:
                self._marked.set()

    def _wait(self, limits: Limits, cancel: threading.Event) -> Ended:
        """Until both streams are marked, the child has ended, or it has to be ended."""
        process = self._process
        assert process is not None
        ended = Ended(None)
        deadline = None if limits.timeout is None else time.monotonic() + limits.timeout + LAST_WORDS
        while not self._marked.wait(POLL):
            if process.poll() is not None:
                break
            ended.cancelled = cancel.is_set()
            ended.timed_out = deadline is not None and time.monotonic() >= deadline
            if ended.cancelled or ended.timed_out:
                break
        if not self._marked.is_set() or self._ends_itself(process):
            end_group(process)
            ended.status = process.returncode
            for pump in self._pumps:
                pump.join(GRACE * 4)
        ended.output = {pump.stream: pump.text() for pump in self._pumps}
        return ended

    def _ends_itself(self, process: subprocess.Popen[bytes]) -> bool:
        """A run whose mark says so was the session's last; it may clean up, for a moment."""
        if not any(mark.get("last") for mark in self._marks.values()):
            return False
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(LAST_WORDS)
        return True

    def _told_of(self, request: TraceRequest, log: Path, ended: Ended) -> SessionRun:
        events, result = _report(log)
        lost = next((mark["lost"] for mark in self._marks.values() if mark.get("lost")), None)
        if lost is not None:
            result = {"outcome": "completed", **result, "log_error": lost}
        told = judged(outcome_of(request, self._python, ended, result), self._new(events))
        over = None if self.alive else endings.why_over(told, ended, result)
        notes = (*result.get("notes", ()), *map(problems.trouble, result.get("troubles", ())))
        told = replace(
            told,
            events=events,
            notes=notes,
            output=ended.output.get("stdout", ""),
            problem=endings.in_session(told, over),
        )
        crash = crash_place(self._crashes, _is_cell) if over is not None else None
        return SessionRun(told, tuple(result.get("ran", ())), over, crash)

    def _new(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """Without the outcomes that earlier runs have told: the log is that of the whole session."""
        outcomes = {event for event in events if isinstance(event, (Raise, WrongGradient))}
        left = tuple(event for event in events if event not in self._known)
        self._known |= outcomes
        return left


def _report(log: Path) -> tuple[tuple[Event, ...], dict[str, Any]]:
    """What the run has left; nothing where it left nothing, or where :meth:`TraceSession.close` was faster."""
    try:
        events, result = read_log(log)
        log.unlink(missing_ok=True)
    except OSError:
        return (), {}
    return events, result


def _is_cell(file: str) -> bool:
    """Cells' names hold a ``#``."""
    return "#" in file
