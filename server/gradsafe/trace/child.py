"""One child process: output as it comes and bounded, ended with all its own children when it must be."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gradsafe.trace.streams import OnOutput, Pump

POLL = 0.02
GRACE = 0.15
"""How long a process may take to end by itself after it was asked to."""


@dataclass
class Ended:
    """How the child ended: its exit status (negative: a signal), or what made us end it."""

    status: int | None
    timed_out: bool = False
    cancelled: bool = False
    output: dict[str, str] = field(default_factory=dict)


def run_child(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    folder: str | None = None,
    timeout: float | None = None,
    cancel: threading.Event | None = None,
    on_output: OnOutput | None = None,
) -> Ended:
    """Runs ``command`` to its end, to ``timeout`` or to ``cancel``; raises OSError where it cannot start."""
    process = spawn(command, environment, folder, subprocess.DEVNULL)
    assert process.stdout is not None and process.stderr is not None
    pumps = [Pump("stdout", process.stdout, on_output), Pump("stderr", process.stderr, on_output)]
    ended = Ended(None)
    try:
        _wait(process, ended, timeout, cancel)
    except KeyboardInterrupt:
        ended.cancelled = True
    finally:
        end_group(process)
    ended.status = process.returncode
    for pump in pumps:
        pump.join(GRACE * 4)
        ended.output[pump.stream] = pump.text()
    return ended


def spawn(
    command: Sequence[str], environment: Mapping[str, str], folder: str | None, stdin: int
) -> subprocess.Popen[bytes]:
    """A child with a process group of its own, so that :func:`end_group` reaches what it starts."""
    return subprocess.Popen(
        command,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environment),
        cwd=folder,
        start_new_session=True,
    )


def _wait(
    process: subprocess.Popen[bytes], ended: Ended, timeout: float | None, cancel: threading.Event | None
) -> None:
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(POLL)
            return
        if cancel is not None and cancel.is_set():
            ended.cancelled = True
            return
        if deadline is not None and time.monotonic() >= deadline:
            ended.timed_out = True
            return


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Ends the child, if it still runs, and whatever it has started: first asked, then killed."""
    if process.poll() is None:
        _signal_group(process, hard=False)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    _signal_group(process, hard=True)
    process.wait()


def _signal_group(process: subprocess.Popen[bytes], hard: bool) -> None:
    if sys.platform == "win32":
        if process.poll() is None:
            subprocess.run(
                ["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False
            )
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL if hard else signal.SIGTERM)
