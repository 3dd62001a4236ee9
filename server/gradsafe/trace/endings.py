"""Why a session is over, in words: what ended its process, where, and that the next run begins with a fresh one."""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path
from typing import Any

from gradsafe.trace.child import Ended
from gradsafe.trace.result import TraceProblem, TraceResult
from gradsafe_tracer.events import Place

MEMORY = "memory"

FRESH = "The session's variables are gone; the next run begins with a fresh one."
_FRAME = re.compile(r'^  File "(?P<file>.+)", line (?P<row>\d+) in ', re.MULTILINE)
_NATIVE = {"SIGSEGV", "SIGBUS", "SIGABRT", "SIGFPE", "SIGILL"}


def crash_place(file: Path) -> Place | None:
    """The innermost line of a cell that Python's fault handler found running; cells' names hold a ``#``."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    for frame in _FRAME.finditer(text):
        if "#" in frame["file"]:
            row = int(frame["row"])
            return Place(frame["file"], row, 1, row, 1)
    return None


def why_over(told: TraceResult, ended: Ended, result: dict[str, Any]) -> str:
    """What ended the process of a session, as the rest of a sentence that begins with "it"."""
    if ended.cancelled:
        return "was cancelled"
    if told.outcome == "timeout":
        return "took longer than its time limit"
    if result.get("outcome") == MEMORY:
        return "took more than its memory limit"
    if "exit" in result:
        return f"called {result.get('left', 'os._exit')}({result['exit']})"
    name = signal_name(ended.status)
    if name in _NATIVE:
        return f"crashed its interpreter ({name}): look at native extensions and at indices that CUDA checks"
    if name == "SIGKILL":
        return "was ended by the system with SIGKILL, as happens where memory runs out"
    if name is not None:
        return f"was ended by {name}"
    if told.problem is not None:
        return told.problem.message
    return f"ended its interpreter with status {ended.status}"


def in_session(told: TraceResult, over: str | None) -> TraceProblem | None:
    """The problem of a run in a session; a run that ended the session says so."""
    problem = told.problem
    if over is None or told.outcome == "failed":
        return problem
    slug = "session-over" if problem is None else problem.slug
    message = f"it {over}" if problem is None or told.outcome != "timeout" else problem.message
    return TraceProblem(slug, message, FRESH)


def signal_name(status: int | None) -> str | None:
    """The signal that a process died of; None where it did not."""
    if status is None or status >= 0 or sys.platform == "win32":
        return None
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
