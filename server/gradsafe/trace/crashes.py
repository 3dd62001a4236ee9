"""What is left of a process that a signal has ended: the signal's name, and the line that Python's fault handler found."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from gradsafe_tracer.events import Place

NATIVE = frozenset({"SIGSEGV", "SIGBUS", "SIGABRT", "SIGFPE", "SIGILL"})
"""Signals that native code brings on itself."""
_FRAME = re.compile(r'^  File "(?P<file>.+)", line (?P<row>\d+) in ', re.MULTILINE)
_NOT_THE_USERS = re.compile(r"site-packages|dist-packages|gradsafe_tracer|[/\\]lib[/\\]python\d|^<")


def crash_place(file: Path, is_users: Callable[[str], bool]) -> Place | None:
    """The innermost line of the user's that was running, by what the fault handler wrote to ``file``."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    for frame in _FRAME.finditer(text):
        if is_users(frame["file"]):
            row = int(frame["row"])
            return Place(frame["file"], row, 1, row, 1)
    return None


def is_no_library(file: str) -> bool:
    """Whether a file is probably the user's: of another interpreter's libraries only the usual names are known."""
    return _NOT_THE_USERS.search(file) is None


def signal_name(status: int | None) -> str | None:
    """The signal that a process died of; None where it did not."""
    if status is None or status >= 0 or sys.platform == "win32":
        return None
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
