"""What no hook and no mode reaches: functions of torch and of threading, replaced while a session runs."""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
from typing import TYPE_CHECKING, Any, Callable, Iterator, Optional

import torch
import torch.utils.dlpack

from ..care.quiet import top_hooks
from ..errors.tracebacks import without_ours
from ..seen.records import Saved
from .saves import SaveHooks

if TYPE_CHECKING:
    from .session import Session


@contextlib.contextmanager
def patched_threads(session: Session) -> Iterator[None]:
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
            _tells_plainly(self)
            original(self)

    kind._bootstrap_inner = bootstrap
    try:
        yield
    finally:
        kind._bootstrap_inner = original


def _tells_plainly(thread: Any) -> None:
    """What ends this thread is told as it would be without us, by whatever ``threading.excepthook`` is then."""
    told = getattr(thread, "_invoke_excepthook", None)
    if told is None:
        return

    def invoke(thread: Any) -> None:
        error = sys.exc_info()[1]
        if error is not None:
            error.__traceback__ = without_ours(error.__traceback__)
        told(thread)

    thread._invoke_excepthook = invoke


@contextlib.contextmanager
def hooks_step_aside(session: Session) -> Iterator[None]:
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
def arrays_noticed(session: Session) -> Iterator[None]:
    """Functions that share a tensor's memory with the outside and pass by every mode."""

    def wrapped(original: Any, from_outside: bool) -> Any:
        @functools.wraps(original)
        def share(*args: Any, **kwargs: Any) -> Any:
            made = original(*args, **kwargs)
            watch = session.recorder.watch_of_thread()
            if watch is not None and session.recorder.active and not watch.busy:
                tensor = made if from_outside else next(iter(args), None)
                session.recorder.escaped(watch, tensor, original, sys._getframe().f_back)
            return made

        return share

    with contextlib.ExitStack() as undo:
        for owner, name in ((torch, "from_numpy"), (torch, "to_dlpack"), (torch.utils.dlpack, "to_dlpack")):
            if hasattr(owner, name):
                undo.enter_context(replaced(owner, name, wrapped(getattr(owner, name), name == "from_numpy")))
        yield


@contextlib.contextmanager
def swaps_allowed(session: Session) -> Iterator[None]:
    """``torch.utils.swap_tensors`` refuses tensors with weak references: ours are dropped first."""
    original = torch.utils.swap_tensors

    @functools.wraps(original)
    def swap_tensors(*tensors: Any) -> Any:
        for tensor in tensors:
            session.recorder.forget(tensor)
        return original(*tensors)

    with replaced(torch.utils, "swap_tensors", swap_tensors):
        yield


@contextlib.contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """``owner.name`` is ``value`` for the block."""
    original = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, original)


@contextlib.contextmanager
def same_objects() -> Iterator[None]:
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
