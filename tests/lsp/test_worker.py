"""The thread that owns the analysis: what goes first, and what is done when there is nothing to do."""

from __future__ import annotations

import gc
import queue
import weakref
from collections.abc import Iterator

import pytest

from gradsafe.lsp.worker import Worker
from gradsafe.project.process import ROUNDS, Rest

WAIT_S = 60.0
"""For what must happen; a test that waits so long has failed."""


@pytest.fixture
def done() -> queue.Queue[str]:
    return queue.Queue()


@pytest.fixture
def worker(done: queue.Queue[str]) -> Iterator[Worker[list[str]]]:
    """A worker whose state nobody needs, and which tells when it is idle."""
    worker: Worker[list[str]] = Worker(list, lambda error: done.put(str(error)), lambda: done.put("idle"))
    yield worker
    worker.stop()


def test_questions_before_checks_before_what_can_wait(
    worker: Worker[list[str]], done: queue.Queue[str]
) -> None:
    begun, go = queue.Queue[str](), queue.Queue[str]()

    def first(_: list[str]) -> None:
        begun.put("")
        go.get(timeout=WAIT_S)

    worker.check("first", first)
    begun.get(timeout=WAIT_S)
    worker.later("a", lambda _: done.put("later"))
    worker.check("b", lambda _: done.put("check"))
    worker.ask(lambda _: done.put("question"))
    assert worker.busy() and worker.has_checks()
    go.put("")
    assert [done.get(timeout=WAIT_S) for _ in range(4)] == ["question", "check", "later", "idle"]


def test_it_rests_once_after_each_time_that_it_had_something_to_do(
    worker: Worker[list[str]], done: queue.Queue[str]
) -> None:
    for name in ("a", "b"):
        worker.check(name, lambda _: done.put("check"))
        assert [done.get(timeout=WAIT_S) for _ in range(2)] == ["check", "idle"]
    # What is asked while it rests is heard: nothing is locked meanwhile.
    worker.check("c", lambda _: done.put("check"))
    assert done.get(timeout=WAIT_S) == "check"


def test_who_waits_for_idle_work_has_it_begun(worker: Worker[list[str]], done: queue.Queue[str]) -> None:
    """Also where that is said while the check still runs: the pause after it is left out, or soon over."""
    begun, go = queue.Queue[str](), queue.Queue[str]()

    def check(_: list[str]) -> None:
        begun.put("")
        go.get(timeout=WAIT_S)
        worker.later("a", lambda _: done.put("later"))

    worker.check("a", check)
    begun.get(timeout=WAIT_S)
    worker.hurry()
    go.put("")
    assert done.get(timeout=WAIT_S) == "later"
    worker.check("b", lambda _: worker.later("b", lambda _: done.put("later")))
    worker.hurry()
    assert [done.get(timeout=WAIT_S) for _ in range(2)] == ["later", "idle"]


class Cycle:
    """Holds itself."""

    def __init__(self) -> None:
        self.me = self


def test_a_rest_collects_and_puts_aside() -> None:
    thresholds = gc.get_threshold()
    try:
        rest = Rest()
        rest()
        early = weakref.ref(Cycle())
        rest()
        assert early() is None
        kept = Cycle()
        rest()
        assert gc.get_freeze_count()
        gone = weakref.ref(kept)
        del kept
        gc.collect()
        assert gone() is not None  # it was put aside before it became a cycle that nobody needs
        for _ in range(ROUNDS):
            rest()
        assert gone() is None
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
