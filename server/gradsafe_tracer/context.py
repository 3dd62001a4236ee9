"""``with gradsafe_tracer.trace() as report:`` in a program, a notebook or a test."""

from __future__ import annotations

import contextlib
from html import escape
from pathlib import Path
from typing import Any, Callable, Iterator, List, Optional, Set, Tuple, Union

from .events import BackwardStart, Event, Raise, Save, Write, WrongGradient
from .findings import Finding
from .told.report import findings_of, text_of
from .told.story import events_of
from .watching.session import Session

_running: Optional[Session] = None


def running_session() -> Optional[Session]:
    """The session that watches this process, if any: there is one at a time."""
    return _running


@contextlib.contextmanager
def watching(session: Session) -> Iterator[Session]:
    """Starts ``session`` for the block and stops it, however the block ends."""
    global _running
    session.start()
    _running = session
    try:
        yield session
    finally:
        _running = None
        session.stop()


class Report:
    """What a traced block did; complete once the block is left."""

    def __init__(self) -> None:
        self._events: Optional[Tuple[Event, ...]] = None
        self._so_far: Callable[[], Tuple[Event, ...]] = tuple
        self.outcome = "still running"

    @property
    def events(self) -> Tuple[Event, ...]:
        """What happened; inside of the block, what has happened so far."""
        return self._so_far() if self._events is None else self._events

    @property
    def findings(self) -> List[Finding]:
        """Each line that made torch raise or a gradient wrong, with its story."""
        return findings_of(self.events)

    @property
    def raised(self) -> List[Raise]:
        """The errors of autograd in the block."""
        return [event for event in self.events if isinstance(event, Raise)]

    @property
    def wrong_gradients(self) -> List[WrongGradient]:
        """The gradients that are wrong without a word."""
        return [event for event in self.events if isinstance(event, WrongGradient)]

    def html(self, path: Union[str, Path, None] = None) -> str:
        """The report as one page with a timeline; written to ``path`` where one is given."""
        from .timeline import page, timeline, write_page

        text = page(
            timeline(self.events, self.findings, title="gradsafe_tracer.trace()", outcome=self.summary)
        )
        if path is not None:
            write_page(path, text)
        return text

    @property
    def summary(self) -> str:
        """One line: how the block ended and what was found."""
        count = len(self.findings)
        found = "no finding" if not count else "1 finding" if count == 1 else f"{count} findings"
        saves, writes, backwards = (
            sum(isinstance(event, kind) for event in self.events) for kind in (Save, Write, BackwardStart)
        )
        return f"{self.outcome}, {found} (logged: saves {saves}, in-place writes {writes}, backward calls {backwards})"

    def __str__(self) -> str:
        return f"gradsafe: {self.summary}\n" + "".join(map(text_of, self.findings))

    def __repr__(self) -> str:
        return f"<gradsafe report: {self.summary}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What IPython shows in a terminal."""
        printer.text(str(self).rstrip("\n"))

    def _repr_html_(self) -> str:
        """What a notebook shows: the page in a frame of its own, so that neither's style touches the other."""
        # Bounded: a notebook keeps its outputs in its file.
        if not self.findings:
            return f"<p>gradsafe: {escape(self.summary)}</p>"
        return (
            f'<iframe title="gradsafe report" srcdoc="{escape(self.html(), quote=True)}" sandbox="allow-scripts" '
            'style="width:100%;height:640px;border:1px solid #8888"></iframe>'
        )


@contextlib.contextmanager
def trace(light: bool = False) -> Iterator[Report]:
    """Traces the block. Errors pass through; the report is filled in any case.

    Inside another traced block (or a program run by ``python -m gradsafe_tracer``) the outer one goes on watching, and
    the report holds the inner block's part of its log. ``light`` is cheaper, and sees what raises only
    (``gradsafe_tracer.watching.session.UNSEEN`` says what it cannot see).
    """
    report = Report()
    outer = _running
    with contextlib.ExitStack() as exits:
        session = outer or exits.enter_context(watching(Session(light)))
        if session.recorder.watch_of_thread() is None:
            exits.enter_context(session.thread())  # a thread that was there before the session
        since = session.recorder.clock()
        report._so_far = lambda: _part(session, since, session.recorder.clock())
        try:
            yield report
        except BaseException as error:
            report.outcome = f"raised {type(error).__name__}"
            raise
        else:
            report.outcome = "completed"
        finally:
            report._events = report._so_far()
            report._so_far = tuple  # the session's log goes with it


def _part(session: Session, since: int, until: int) -> Tuple[Event, ...]:
    """The events of the block, and what its failures need of the time before."""
    notes = session.notes()
    events = events_of(notes)
    inside = {number for number, note in enumerate(notes) if since <= note.t <= until}
    if len(inside) == len(events):
        return tuple(events)
    failures: List[Any] = [
        event
        for number, event in enumerate(events)
        if number in inside and isinstance(event, (Raise, WrongGradient))
    ]
    wanted: Set[Tuple[str, Any]] = set()
    for event in failures:
        wanted |= {("save", event.save), ("backward", event.backward), ("node", getattr(event, "node", None))}
    counters = {
        event.counter for event in events if isinstance(event, Save) and ("save", event.save) in wanted
    }
    return tuple(
        event
        for number, event in enumerate(events)
        if number in inside
        or any((key, getattr(event, key, 0) or 0) in wanted for key in ("save", "backward", "node"))
        or (isinstance(event, Write) and event.counter in counters)
    )
