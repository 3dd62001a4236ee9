"""Starts and stops the tracing of this process: hooks and mode in each thread, the engine's stand-in."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from typing import Any, Iterator, List

import torch

from ..errors.tracebacks import hide_ours
from ..events import Event
from ..seen.recorder import Recorder
from ..seen.records import BackwardNote
from ..told import source
from ..told.story import events_of
from . import engine, patches
from .compiled import compiled_undisturbed
from .foreign import hooks_followed
from .functions import functions_followed
from .mode import Watch
from .saves import SaveHooks

UNSEEN = (
    "writes through .data, NumPy or DLPack; fused optimizers; batch statistics; values changed under no_grad: "
    "whatever makes a gradient wrong and raises nothing"
)
"""What a light trace cannot see."""


class Session:
    """One traced stretch of a program."""

    def __init__(self, light: bool = False) -> None:
        self.recorder = Recorder(light)
        self._exits = contextlib.ExitStack()
        self._forks = 0

    def start(self) -> None:
        source.forget()
        hide_ours()
        exits = self._exits
        self.recorder.constructions.start()
        exits.callback(self.recorder.constructions.stop)
        original = engine.install(self.recorder)
        exits.callback(engine.remove, original)
        exits.enter_context(patches.patched_threads(self))
        exits.enter_context(patches.hooks_step_aside(self))
        if not self.recorder.light:
            exits.enter_context(patches.arrays_noticed(self))
        exits.enter_context(patches.same_objects())
        exits.enter_context(functions_followed(self))
        if hasattr(torch, "compile"):
            exits.enter_context(compiled_undisturbed(self))
        exits.enter_context(hooks_followed(self))
        if hasattr(torch.utils, "swap_tensors"):
            exits.enter_context(patches.swaps_allowed(self))
        exits.enter_context(self.thread())
        if hasattr(os, "register_at_fork"):  # not on Windows
            here, child = weakref.WeakMethod(self._forks_here), weakref.WeakMethod(self._is_child)
            os.register_at_fork(
                after_in_parent=lambda: (here() or _nothing)(), after_in_child=lambda: (child() or _nothing)()
            )

    def stop(self) -> None:
        self.recorder.active = False
        self._exits.close()

    def _forks_here(self) -> None:
        self._forks += 1

    def _is_child(self) -> None:
        # The parent writes the log; a child's notes would only double its memory.
        self.recorder.active = False

    def remarks(self) -> List[str]:
        """What a reader should know of a run beside its findings; each is told once."""
        forks, self._forks = self._forks, 0
        if not forks:
            return []
        what = "a child process was" if forks == 1 else f"{forks} child processes were"
        how = "by os.fork, multiprocessing or the workers of a DataLoader"
        return [f"{what} made with fork ({how}): what runs in there is not traced"]

    @contextlib.contextmanager
    def thread(self) -> Iterator[None]:
        """Hooks and mode for the calling thread: both are per thread."""
        watch = Watch(self.recorder)
        hooks = SaveHooks(self.recorder, watch)
        ident = threading.get_ident()
        self.recorder.watches[ident] = watch
        self.recorder.hooks.thread_starts()
        try:
            with hooks.context, watch:
                yield
        finally:
            self.recorder.watches.pop(ident, None)

    def notes(self) -> List[Any]:
        """What :meth:`events` is made from, oldest first."""
        notes = self.recorder.log.notes
        for note in [note for note in notes if isinstance(note, BackwardNote)]:
            notes += [*self.recorder.parts_of(note), *note.parts]
        return sorted(notes, key=lambda note: int(note.t))

    def events(self) -> List[Event]:
        return events_of(self.notes())


def _nothing() -> None:
    """Stands for a session that is gone."""
