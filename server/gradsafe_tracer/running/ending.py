"""Tells the parent what was seen, once, however the program ends: by itself, by ``os._exit``, by its time limit."""

from __future__ import annotations

import _thread
import contextlib
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

from ..care import harmless
from ..events import Event, WrongGradient, dump
from ..told.telling import tell
from . import limits
from .leaving import left
from .program import Program

LEFT = {limits.TIMEOUT: 124, limits.MEMORY: 125}
"""The exit status of a run that was ended at a limit."""


LOST = 96
"""The exit status of a run that could not even write how it ended; the last line of its standard error says why."""


class Ending:
    """The one report of a run: the events, and last the result line."""

    def __init__(self, path: Optional[str], html: Optional[str] = None, loud_only: bool = False) -> None:
        self.path = path
        self.status = 2
        self._html = html
        self._loud_only = loud_only
        self._title = ""
        self.session: Any = None
        self.result: Dict[str, Any] = {"kind": "result"}
        self.lost: Optional[str] = None
        self._told = _thread.allocate_lock()
        self._pid = os.getpid()

    @property
    def here(self) -> bool:
        """Whether this is the process that reports, and not a fork of it."""
        return os.getpid() == self._pid

    def begin(self, program: Program) -> None:
        """Notes what is going to run."""
        self._title = program.path
        self.result["notes"] = list(program.notes)
        if program.path.endswith(".ipynb"):
            # Whoever reads the report has the notebook's file, which is not what ran.
            self.result["texts"] = dict(program.texts)

    def tell(self) -> None:
        """Writes the report; only the first call of the traced process does anything."""
        if not self.here or not self._told.acquire(blocking=False):
            return
        events = self._events()
        if self.path is None:
            self.status = tell(self._title, self.result, events, self._html)
            return
        self.status = 0
        result = {**self.result}
        if self.session is not None:
            result["dropped"] = self.session.recorder.log.dropped
            result["troubles"] = harmless.troubles
        try:
            self._write(dump(events) + json.dumps(result) + "\n")
        except OSError as error:
            self.lost = str(error)
            try:
                self._write("\n" + json.dumps({**result, "log_error": self.lost}) + "\n")
            except OSError:
                self.status = LOST
                sys.stderr.write(f"gradsafe: {self.lost}\n")

    def _events(self) -> List[Event]:
        events: List[Event] = self.session.events() if self.session is not None else []
        if self._loud_only:
            # Without values nothing proves that a gradient is wrong.
            events = [event for event in events if not isinstance(event, WrongGradient)]
        return events

    def _write(self, text: str) -> None:
        assert self.path is not None
        with Path(self.path).open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(text)

    @contextlib.contextmanager
    def prepared(self, deadline: Optional[float], memory: Optional[int] = None) -> Iterator[None]:
        """While the program runs, ``os._exit`` and the limits report before they end it."""
        original = os._exit

        def leave(status: int) -> Any:
            if self.here:
                self.result.setdefault("outcome", "completed")
                self.result.setdefault("exit", status)
                self.result.setdefault("notes", []).extend(left(status, _row(sys._getframe(1))))
                self.tell()
            original(status)

        program = threading.get_ident()

        def over(limit: str) -> bool:
            if "outcome" in self.result:
                return False
            if limit:
                self.result["outcome"] = limit
                row = _row(sys._current_frames().get(program))
                if row is not None:
                    self.result.setdefault("notes", []).append(f"it was at line {row} when it was ended")
                self.tell()
                original(LEFT[limit])
            return True

        os._exit = leave
        limits.watch(deadline, memory, over)
        try:
            yield
        finally:
            os._exit = original


def _row(frame: Any) -> Optional[int]:
    """The row of the user's code that runs."""
    from ..seen.places import user_frames  # here: no torch, no program, no rows

    return next((one.f_lineno for one in user_frames(frame)), None)
