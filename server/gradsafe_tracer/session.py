"""Starts and stops the tracing of this process: hooks and mode in each thread, the engine's stand-in."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import threading
from typing import Any, Callable, Iterator, List, Optional

import torch

from . import engine, source
from .events import Event
from .mode import Watch
from .quiet import top_hooks
from .recorder import Recorder
from .records import Saved
from .saves import SaveHooks
from .story import events_of


class Session:
    """One traced stretch of a program."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self._exits = contextlib.ExitStack()
        self._pid = os.getpid()

    def start(self) -> None:
        source.forget()
        exits = self._exits
        self.recorder.constructions.start()
        exits.callback(self.recorder.constructions.stop)
        original = engine.install(self.recorder)
        exits.callback(engine.remove, original)
        exits.enter_context(_patched_threads(self))
        exits.enter_context(_hooks_step_aside(self))
        exits.enter_context(_arrays_noticed(self))
        exits.enter_context(_same_objects())
        exits.enter_context(self.thread())
        os.register_at_fork(after_in_child=self._forked)

    def stop(self) -> None:
        self.recorder.active = False
        self._exits.close()

    def _forked(self) -> None:
        # The parent writes the log; a child's notes would only double its memory.
        self.recorder.active = False

    @contextlib.contextmanager
    def thread(self) -> Iterator[None]:
        """Hooks and mode for the calling thread: both are per thread."""
        watch = Watch(self.recorder)
        hooks = SaveHooks(self.recorder, watch)
        ident = threading.get_ident()
        self.recorder.watches[ident] = watch
        try:
            with hooks.context, watch:
                yield
        finally:
            self.recorder.watches.pop(ident, None)

    def events(self) -> List[Event]:
        return events_of(self.recorder.log.notes)


@contextlib.contextmanager
def _patched_threads(session: Session) -> Iterator[None]:
    """New threads are traced too."""
    kind: Any = threading.Thread
    original: Optional[Callable[[Any], None]] = getattr(kind, "_bootstrap_inner", None)
    if original is None:
        yield
        return

    def bootstrap(self: Any) -> None:
        if not session.recorder.active:
            original(self)
            return
        with session.thread():
            original(self)

    kind._bootstrap_inner = bootstrap
    try:
        yield
    finally:
        kind._bootstrap_inner = original


@contextlib.contextmanager
def _hooks_step_aside(session: Session) -> Iterator[None]:
    """``torch.func`` refuses to run under saved-tensor hooks: ours make way for it, the user's own do not."""
    graph: Any = torch.autograd.graph
    original = graph.disable_saved_tensors_hooks

    @contextlib.contextmanager
    def disable(message: str) -> Iterator[None]:
        taken = None
        hooks = top_hooks()
        if hooks and isinstance(getattr(hooks[0], "__self__", None), SaveHooks):
            taken = hooks
            torch._C._autograd._pop_saved_tensors_default_hooks()
        try:
            with original(message):
                yield
        finally:
            if taken is not None:
                torch._C._autograd._push_saved_tensors_default_hooks(*taken)

    graph.disable_saved_tensors_hooks = disable
    try:
        yield
    finally:
        graph.disable_saved_tensors_hooks = original


@contextlib.contextmanager
def _arrays_noticed(session: Session) -> Iterator[None]:
    """``torch.from_numpy`` shares the array's memory and passes by every mode."""
    original = torch.from_numpy

    @functools.wraps(original)
    def from_numpy(*args: Any, **kwargs: Any) -> Any:
        made = original(*args, **kwargs)
        watch = session.recorder.watch_of_thread()
        if watch is not None and session.recorder.active and not watch.busy:
            session.recorder.escaped(watch, made, original, sys._getframe(1))
        return made

    torch.from_numpy = from_numpy
    try:
        yield
    finally:
        torch.from_numpy = original


@contextlib.contextmanager
def _same_objects() -> Iterator[None]:
    """``ctx.saved_tensors`` gives back the very objects that were saved, which hooks alone would not."""
    kind: Any = torch.autograd.function.BackwardCFunction
    plain = kind.saved_tensors

    def saved_tensors(self: Any) -> Any:
        values = plain.__get__(self)
        return tuple(map(_original, values, self._raw_saved_tensors))

    kind.saved_tensors = property(saved_tensors)
    try:
        yield
    finally:
        del kind.saved_tensors


def _original(value: Any, raw: Any) -> Any:
    try:
        record = raw.data
    except (RuntimeError, AttributeError):
        return value
    original = record.original() if isinstance(record, Saved) and not record.result else None
    return value if original is None else original
