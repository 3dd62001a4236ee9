"""``with gradsafe_tracer.trace() as report:`` in a program, a notebook or a test."""

from __future__ import annotations

import contextlib
from typing import Iterator, List, Tuple

from .events import Event, Raise, WrongGradient
from .report import text_report
from .session import Session


class Report:
    """What a traced block did; complete once the block is left."""

    def __init__(self) -> None:
        self.events: Tuple[Event, ...] = ()

    @property
    def raised(self) -> List[Raise]:
        """The errors of autograd in the block."""
        return [event for event in self.events if isinstance(event, Raise)]

    @property
    def wrong_gradients(self) -> List[WrongGradient]:
        """The gradients that are wrong without a word."""
        return [event for event in self.events if isinstance(event, WrongGradient)]

    def __str__(self) -> str:
        return text_report(self.events)


@contextlib.contextmanager
def trace(light: bool = False) -> Iterator[Report]:
    """Traces the block. Errors pass through; the report is filled in any case.

    ``light`` is cheaper, and sees what raises only (``gradsafe_tracer.session.UNSEEN`` says what it cannot see).
    """
    report = Report()
    session = Session(light)
    session.start()
    try:
        yield report
    finally:
        session.stop()
        report.events = tuple(session.events())
