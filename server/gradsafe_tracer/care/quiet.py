"""Runs torch as if no tracer were there: no function mode, no saved-tensor hooks, nothing in a captured graph."""

from __future__ import annotations

import contextlib
import threading
from typing import Any, Iterator, List, Optional, Tuple

import torch

_push = torch._C._autograd._push_saved_tensors_default_hooks
_pop = torch._C._autograd._pop_saved_tensors_default_hooks
"""Torch's own, whoever stands in their place later."""


class _Known(threading.local):
    """The hooks of a thread, as far as a session has seen them set: older releases do not tell which are."""

    def __init__(self) -> None:
        self.stack: List[Tuple[Any, Any]] = []


_known = _Known()


def were_set(pack: Any, unpack: Any) -> None:
    """Somebody has set a pair of hooks."""
    _known.stack.append((pack, unpack))


def were_dropped() -> None:
    """The pair that was set last is dropped."""
    if _known.stack:
        _known.stack.pop()


def top_hooks() -> Optional[Any]:
    """The pair of saved-tensor hooks in force, if any."""
    top = getattr(torch._C._autograd, "_top_saved_tensors_default_hooks", None)
    if top is None:
        return _known.stack[-1] if _known.stack else None
    try:
        return top(True)
    except TypeError:
        return top()
    except RuntimeError:
        return None


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Hides all hooks and modes of this thread for a moment."""
    taken = []
    while True:
        hooks = top_hooks()
        if not hooks:
            break
        taken.append(hooks)
        _pop()
        were_dropped()
    try:
        with torch._C.DisableTorchFunction():
            yield
    finally:
        for pack, unpack in reversed(taken):
            _push(pack, unpack)
            were_set(pack, unpack)


def capturing() -> bool:
    """Whether CUDA records the operations of this thread as a graph: reading a value would end that, and a copy be a part of it."""
    return bool(torch.cuda.is_initialized() and torch.cuda.is_current_stream_capturing())
