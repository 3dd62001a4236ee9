"""Runs cells as they are asked for, in one namespace and under one tracer, as the kernel of a notebook does.

Started by ``gradsafe.trace.session``. What is standard input at the start is our channel: one JSON object a line, one
for each run; the program itself finds it empty. A run ends with its report in a file and a marker in both output
streams, so that whoever reads them knows which output belongs to which run.
"""

from __future__ import annotations

import ast
import contextlib
import faulthandler
import json
import os
import sys
import threading
import traceback
from typing import Any, Dict, Iterator, List, Optional, TextIO

from .__main__ import described, print_error
from .running.ending import Ending
from .running.hints import hint
from .running.leaving import exit_code
from .running.magics import without_magics
from .running.opening import open_session
from .running.program import Cell, Program, ProgramError, compile_cells, main_module, run_code
from .seen import places

PATIENCE_S = 1.0
"""How long a run waits for threads that it has started; a cell of a kernel does not wait for ever."""


class Kernel:
    """The namespace, the tracer, and the streams' ends."""

    def __init__(self, path: str, token: str) -> None:
        self.path = path
        self.module: Any = None
        self.session: Any = None
        self._token = token
        self._watched = contextlib.ExitStack()
        self._streams = [os.dup(1), os.dup(2)]
        self._pid = os.getpid()

    def answer(self, request: Dict[str, Any]) -> bool:
        """Carries out one request; False where the session cannot go on."""
        ending = Ending(request["events"])
        goes_on = True
        try:
            cells, notes = _cells(request)
            ending.result["notes"] = notes
            codes = compile_cells(
                Program(self.path, tuple(cells), texts=tuple((cell.filename, cell.text) for cell in cells)),
                flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if request["notebook"] else 0,
            )
            self._open(request, [cell.filename for cell in cells])
            ending.session = self.session
            with ending.prepared(request["deadline"], request["memory"]):
                goes_on = self._run(cells, codes, ending.result)
        except ProgramError as error:
            ending.result.update(outcome="problem", problem=error.problem, message=str(error), row=error.row)
            goes_on = error.problem == "syntax" and self.session is not None
        ending.tell()
        self._mark(request["run"], ending.lost, not goes_on)
        return goes_on

    def _open(self, request: Dict[str, Any], filenames: List[str]) -> None:
        if self.session is None:
            self.session = open_session(filenames)
            self.module = main_module(self.path, request["arguments"])
            from .context import watching  # it imports torch

            self._watched.enter_context(watching(self.session))
        for filename in filenames:
            places.mark_user_file(filename)

    def _run(self, cells: List[Cell], codes: List[Any], result: Dict[str, Any]) -> bool:
        before = set(threading.enumerate())
        ran: List[int] = result.setdefault("ran", [])
        try:
            for cell, code in zip(cells, codes):
                with self._only_here():
                    run_code(code, self.module)
                ran.append(cell.number)
            result["notes"] += _left_running(before)
            result["outcome"] = "completed"
        except SystemExit as error:
            result.update(outcome="completed", exit=exit_code(error.code), left="sys.exit")
            return False
        except BaseException as error:
            result.update(outcome="raised", exception=described(error))
            result["notes"] += hint(error)
            print_error(error)
        finally:
            result["notes"] += self.session.remarks()
        return True

    @contextlib.contextmanager
    def _only_here(self) -> Iterator[None]:
        """A child made with ``os.fork`` that comes to the end of the cell ends there: it is not a second kernel."""
        status = 0
        try:
            yield
        except SystemExit as error:
            if os.getpid() == self._pid:
                raise
            status = exit_code(error.code)
        except BaseException as error:
            if os.getpid() == self._pid:
                raise
            status = 1
            print_error(error)
        if os.getpid() != self._pid:
            _flush()
            os._exit(status)

    def _mark(self, run: int, lost: Optional[str], last: bool) -> None:
        _flush()
        note = json.dumps({"run": run, "lost": None if lost is None else lost[:200], "last": last})
        for stream in self._streams:
            with contextlib.suppress(OSError):
                os.write(stream, f"\x1e{self._token}{note}\x1e\n".encode("ascii"))


def _cells(request: Dict[str, Any]) -> Any:
    cells: List[Cell] = []
    notes: List[str] = []
    for one in request["cells"]:
        text = one["text"]
        if request["notebook"]:
            text, skipped = without_magics(one["number"], text)
            notes += skipped
        cells.append(Cell(one["number"], one["file"], "\n" * one["above"] + text))
    return cells, notes


def _left_running(before: Any) -> List[str]:
    """Threads of this cell that still run after a moment: what they do is told with the next run."""
    started = [one for one in threading.enumerate() if one not in before and not one.daemon]
    for thread in started:
        thread.join(PATIENCE_S / len(started))
    names = [one.name for one in started if one.is_alive()]
    if not names:
        return []
    return [f"still running: {', '.join(names)}. What it does from here on is told with the next run."]


def _flush() -> None:
    for stream in {sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__}:
        with contextlib.suppress(Exception):  # the program may have closed or replaced them
            stream.flush()  # type: ignore[union-attr]


def _take_input() -> TextIO:
    """Our channel; the program, and what it starts, finds an empty input in its place."""
    channel = os.dup(0)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    return os.fdopen(channel, encoding="utf-8")


def main(path: str, token: str, crashes: str) -> int:
    """Answers requests until the channel ends or a run has ended the session."""
    channel = _take_input()
    kernel = Kernel(path, token)
    with contextlib.suppress(OSError):
        # Only a crash writes to it: where the interpreter was when a native extension broke it.
        faulthandler.enable(open(crashes, "w"), all_threads=False)  # noqa: SIM115, PTH123
    for line in channel:
        try:
            if not kernel.answer(json.loads(line)):
                return 0
        except Exception:
            traceback.print_exc()
            return 1
    return 0
