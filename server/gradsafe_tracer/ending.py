"""Tells the parent what was seen, once, however the program ends: by itself, by ``os._exit``, by its time limit."""

from __future__ import annotations

import _thread
import contextlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Dict, Iterator, Optional

from . import harmless
from .events import dump

TIMED_OUT = 124


class Ending:
    """The one report of a run: the events, and last the result line."""

    def __init__(self, path: Optional[str]) -> None:
        self.path = path
        self.session: Any = None
        self.result: Dict[str, Any] = {"kind": "result"}
        self._told = _thread.allocate_lock()
        self._pid = os.getpid()

    def tell(self) -> None:
        """Writes the report; only the first call of the traced process does anything."""
        if os.getpid() != self._pid or not self._told.acquire(blocking=False):
            return
        events = self.session.events() if self.session is not None else []
        if self.path is None:
            from .report import text_report

            sys.stderr.write(text_report(events))
            return
        result = {**self.result}
        if self.session is not None:
            result["dropped"] = self.session.recorder.log.dropped
            result["troubles"] = harmless.troubles
        try:
            self._write(dump(events) + json.dumps(result) + "\n")
        except OSError as error:
            with contextlib.suppress(OSError):
                self._write("\n" + json.dumps({**result, "log_error": str(error)}) + "\n")

    def _write(self, text: str) -> None:
        assert self.path is not None
        with Path(self.path).open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(text)

    @contextlib.contextmanager
    def prepared(self, deadline: Optional[float]) -> Iterator[None]:
        """While the program runs, ``os._exit`` and the time limit report before they end it."""
        original = os._exit

        def leave(status: int) -> Any:
            if os.getpid() == self._pid:
                self.result.setdefault("outcome", "completed")
                self.result.setdefault("exit", status)
                self.tell()
            original(status)

        def watch() -> None:
            time.sleep(max(0.0, (deadline or 0) - time.time()))
            if "outcome" not in self.result:
                self.result["outcome"] = "timeout"
                self.tell()
                original(TIMED_OUT)

        os._exit = leave
        if deadline is not None:
            # Not a threading.Thread: the program must not find one more in its list of threads.
            _thread.start_new_thread(watch, ())
        try:
            yield
        finally:
            os._exit = original
