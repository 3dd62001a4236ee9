"""Everything that can keep a run from being reported: what happened, and what to do about it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from gradsafe.trace.crashes import NATIVE, signal_name
from gradsafe.trace.result import TraceProblem, TraceRequest
from gradsafe_tracer.events import Place

_REMEDIES = {
    "no-torch": "Install torch into it (pip install torch), or name another interpreter with --python PATH.",
    "torch-broken": "Repair that installation, or name another interpreter with --python PATH.",
    "old-torch": "gradsafe traces torch 2.1 and newer: upgrade it, or name another interpreter with --python PATH.",
    "self-test": "The tracer and this torch do not fit each other. Please report it.",
    "no-file": "Check the spelling and the folder from which the command runs.",
    "no-module": "Check the spelling, and run from the folder that holds it; `-m pytest` needs pytest in that interpreter.",
    "no-cell": "Cells start with a line `# %%` and count from 1; code before the first marker is cell 0. "
    "What has none, as a marimo notebook, is run as a whole: leave the cell out.",
    "syntax": "Mend the syntax first: nothing was run.",
    "not-text": "Save it as UTF-8, or declare its encoding in the first line.",
    "not-a-notebook": "Save the notebook again, or give a Python file.",
    "unreadable": "Check its permissions.",
}


def before_start(request: TraceRequest, python: str) -> TraceProblem | None:
    """What can be said without starting anything."""
    file = Path(request.folder or ".", request.file)
    if request.module is None and request.text is None and file.is_dir() and request.pytest is None:
        return TraceProblem("a-folder", f"{request.file} is a folder", "Name a file: gradsafe trace FILE.")
    if request.module is None and request.text is None and not file.exists():
        return TraceProblem("no-file", f"{request.file}: no such file", _REMEDIES["no-file"])
    if shutil.which(python) is None:
        return TraceProblem(
            "no-interpreter",
            f"{python}: no such interpreter",
            "Name the interpreter that has torch with --python PATH.",
        )
    return None


def cannot_start(python: str, error: OSError) -> TraceProblem:
    remedy = "Name the interpreter that has torch with --python PATH."
    return TraceProblem("cannot-start", f"{python} cannot be started: {error}", remedy)


def told(request: TraceRequest, python: str, result: dict[str, Any]) -> TraceProblem:
    """What the tracer said before it ran anything."""
    slug = str(result.get("problem"))
    return TraceProblem(slug, str(result.get("message")), _REMEDIES.get(slug, ""), result.get("row"))


def old_python(python: str) -> TraceProblem:
    remedy = "The tracer needs Python 3.9 or newer: name another interpreter with --python PATH."
    return TraceProblem("old-python", f"{python} is older than Python 3.9", remedy)


def timed_out(request: TraceRequest) -> TraceProblem:
    seconds = f"{request.timeout:g} s" if request.timeout is not None else "its time limit"
    return TraceProblem(
        "timeout",
        f"{request.name} was still running after {seconds}, and was ended",
        "Give it longer with --timeout S, or make the run smaller.",
    )


def too_much_memory(request: TraceRequest) -> TraceProblem:
    return TraceProblem(
        "memory",
        f"{request.name} took more than its memory limit, and was ended",
        "Give it more, or make the run smaller: a smaller batch shows the same defects.",
    )


def died(status: int | None, place: Place | None) -> TraceProblem:
    """A signal has ended it: nothing in it could say a last word."""
    name = signal_name(status) or f"status {status}"
    if name in NATIVE:
        where = "" if place is None else f" at {place.file}:{place.row}"
        return TraceProblem(
            "killed",
            f"the interpreter crashed{where} ({name})",
            "Look at the native extension that runs there, and at indices that nobody checks. What was seen up to the crash is lost: "
            "trace what comes before it (--cell N, or gradsafe_tracer.trace() in the program).",
            None if place is None else place.row,
        )
    if name == "SIGKILL":
        remedy = "Make the run smaller: a smaller batch shows the same defects. --dry-run needs no memory for data."
        return TraceProblem(
            "killed",
            "the system ended the interpreter with SIGKILL, as happens where memory runs out",
            remedy,
        )
    return TraceProblem(
        "killed",
        f"the interpreter was ended by {name}",
        "Somebody asked it to end, or it did so itself: run it again.",
    )


def no_room(error: OSError) -> TraceProblem:
    """Nothing can be written where temporary files go."""
    return TraceProblem(
        "no-room",
        f"the tracer can write no file: {error}",
        "Free some space, or set TMPDIR to a folder that can be written.",
    )


def left_early(request: TraceRequest, status: int | None) -> TraceProblem:
    return TraceProblem(
        "no-report",
        f"{request.name} left with status {status} before the tracer could report",
        "It ended the interpreter itself. Trace the part before that.",
    )


def tracer_failed(python: str, error: str) -> TraceProblem:
    last = error.strip().splitlines()[-1] if error.strip() else "no message"
    return TraceProblem("tracer", f"the tracer failed in {python}: {last}", "Please report it.")


def cut_short(result: dict[str, Any]) -> TraceProblem | None:
    """A log that could not be written whole."""
    error = result.get("log_error")
    if error is None:
        return None
    return TraceProblem(
        "log", f"the events could not be written: {error}", "Free some space and run it again."
    )


def trouble(text: str) -> str:
    """An internal error of the tracer: the program ran on, and something may be missing from its story."""
    last = text.strip().splitlines()[-1] if text.strip() else "no message"
    return f"the tracer missed something: {last} (please report it)"
