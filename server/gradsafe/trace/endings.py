"""Why a session is over, in words: what ended its process, where, and that the next run begins with a fresh one."""

from __future__ import annotations

from typing import Any

from gradsafe.trace.child import Ended
from gradsafe.trace.crashes import NATIVE, signal_name
from gradsafe.trace.result import TraceProblem, TraceResult

MEMORY = "memory"

FRESH = "The session's variables are gone; the next run begins with a fresh one."


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
    if name in NATIVE:
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
