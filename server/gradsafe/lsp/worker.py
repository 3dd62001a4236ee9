"""One thread that owns the analysis: the newest text wins, and a question goes before a check.

pygls reads the client through its own thread pool, so long work there would keep us from hearing the
client; nothing of ours runs in that pool.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

PATIENCE_S = 0.1
"""Between a check and idle work. What callers of a function would say of half a word interests nobody, and while it is worked out the
next keystroke has to wait for the interpreter again and again. Who types has stopped for a moment after that."""

REST_S = 0.5
"""With nothing to do, before what is done in idle times: somebody who types has stopped to think."""

State = TypeVar("State")
Result = TypeVar("Result")


class Worker(Generic[State]):
    """Runs jobs one at a time on a state that no other thread ever sees.

    ``create`` makes the state, in the thread, before the first job. An exception in a job goes to
    ``on_error`` (or to whoever asked) and never ends the thread; one in ``create`` does. ``on_idle`` is called, in the thread,
    when there has been nothing to do for a moment.
    """

    def __init__(
        self,
        create: Callable[[], State],
        on_error: Callable[[Exception], None],
        on_idle: Callable[[], None] = lambda: None,
    ) -> None:
        self._create = create
        self._on_error = on_error
        self._on_idle = on_idle
        self._wake = threading.Condition()
        self._questions: deque[tuple[Callable[[State], None], Future[Any]]] = deque()
        self._checks: dict[str, Callable[[State], None]] = {}
        self._later: dict[str, Callable[[State], None]] = {}
        self._stopped = False
        self._idle_from = 0.0
        """When idle work may begin, by the monotonic clock."""
        self._is_rested = True
        self._thread: threading.Thread | None = None

    def check(self, key: str, job: Callable[[State], None]) -> None:
        """Run ``job`` soon; a job that waits under the same key is dropped, in both queues."""
        with self._wake:
            self._later.pop(key, None)
            self._checks.pop(key, None)
            self._checks[key] = job
            self._start()

    def later(self, key: str, job: Callable[[State], None]) -> None:
        """Run ``job`` when there is nothing else to do; the next :meth:`check` of the key drops it."""
        with self._wake:
            if key not in self._checks:
                self._later[key] = job
            self._start()

    def hurry(self) -> None:
        """Somebody waits for what idle work finds: it begins at once."""
        with self._wake:
            self._idle_from = 0.0
            self._wake.notify()

    def forget(self, key: str) -> None:
        """Drop what waits under ``key``."""
        with self._wake:
            self._checks.pop(key, None)
            self._later.pop(key, None)

    def ask(self, question: Callable[[State], Result]) -> Future[Result]:
        """Run ``question`` before any check that waits; its result or exception comes in the future."""
        answer: Future[Result] = Future()

        def job(state: State) -> None:
            if not answer.set_running_or_notify_cancel():
                return
            try:
                answer.set_result(question(state))
            except Exception as error:
                answer.set_exception(error)

        with self._wake:
            if self._stopped:
                answer.cancel()
            else:
                self._questions.append((job, answer))
                self._start()
        return answer

    def busy(self) -> bool:
        """Something more urgent than idle work waits; a long idle job asks this to give way."""
        return bool(self._questions or self._checks)

    def has_checks(self) -> bool:
        """A document has changed and waits to be checked; even a job that loses its work may give way to that."""
        return bool(self._checks)

    def stop(self) -> None:
        """Drop all that waits. The thread is a daemon: a job that runs does not hold up the exit."""
        with self._wake:
            self._stopped = True
            for _, answer in self._questions:
                answer.cancel()
            self._questions.clear()
            self._checks.clear()
            self._later.clear()
            self._wake.notify()

    def _start(self) -> None:
        if self._thread is None and not self._stopped:
            self._thread = threading.Thread(target=self._run, name="gradsafe-analysis", daemon=True)
            self._thread.start()
        self._wake.notify()

    def _run(self) -> None:
        try:
            state = self._create()
        except Exception as error:
            self._on_error(error)
            self.stop()
            return
        while (job := self._next()) is not None:
            try:
                job(state)
            except Exception as error:
                self._on_error(error)

    def _next(self) -> Callable[[State], None] | None:
        with self._wake:
            while not self._stopped:
                job = self._waiting()
                if job is not None:
                    self._is_rested = False
                    return job
                if self._later:
                    self._wake.wait(self._idle_from - time.monotonic())
                elif self._is_rested:
                    self._wake.wait()
                elif not self._wake.wait(REST_S):
                    self._is_rested = True
                    return lambda _: self._on_idle()
        return None

    def _waiting(self) -> Callable[[State], None] | None:
        if self._questions:
            return self._questions.popleft()[0]
        if self._checks:
            check = self._checks.pop(next(iter(self._checks)))
            return lambda state: self._checked(check, state)
        is_time = time.monotonic() >= self._idle_from
        return self._later.pop(next(iter(self._later))) if self._later and is_time else None

    def _checked(self, check: Callable[[State], None], state: State) -> None:
        self._idle_from = math.inf  # a hurry while it runs is heard
        try:
            check(state)
        finally:
            with self._wake:
                if self._idle_from:
                    self._idle_from = time.monotonic() + PATIENCE_S
