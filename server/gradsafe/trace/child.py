"""One child process: output as it comes and bounded, ended with all its own children when it must be."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

OUTPUT_LIMIT = 1 << 20
"""How many characters of each stream are passed on; a program may print for ever."""
POLL = 0.02
GRACE = 0.15
"""How long a process may take to end by itself after it was asked to."""

OnOutput = Callable[[str, str], None]
"""Called with the stream's name (``stdout``, ``stderr``) and a piece of text; from a thread of its own."""


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
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environment),
        cwd=folder,
        start_new_session=True,
    )
    assert process.stdout is not None and process.stderr is not None
    pumps = [_Pump("stdout", process.stdout, on_output), _Pump("stderr", process.stderr, on_output)]
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


class _Pump:
    """Empties one pipe, so that the child never blocks on it, and passes on the beginning."""

    def __init__(self, stream: str, pipe: IO[bytes], on_output: OnOutput | None) -> None:
        self.stream = stream
        self._pipe = pipe
        self._on_output = on_output
        self._pieces: list[str] = []
        self._room = OUTPUT_LIMIT
        self._thread = threading.Thread(target=self._run, name=f"gradsafe-{stream}", daemon=True)
        self._thread.start()

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def text(self) -> str:
        return "".join(self._pieces)

    def _run(self) -> None:
        import codecs

        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with self._pipe as pipe:
            while piece := os.read(pipe.fileno(), 1 << 16):
                if self._room > 0:
                    self._pass(decoder.decode(piece))

    def _pass(self, text: str) -> None:
        text = text[: self._room]
        self._room -= len(text)
        if self._room <= 0:
            text += f"\n[gradsafe: the program prints more than {OUTPUT_LIMIT:,} characters; the rest is left out]\n"
        self._pieces.append(text)
        if self._on_output is not None:
            with contextlib.suppress(Exception):  # a listener that fails must not stop the child
                self._on_output(self.stream, text)
