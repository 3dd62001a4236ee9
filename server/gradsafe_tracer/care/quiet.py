"""Runs torch as if no tracer were there: no function mode, no saved-tensor hooks."""

from __future__ import annotations

import contextlib
from typing import Any, Iterator, Optional

import torch

_push = torch._C._autograd._push_saved_tensors_default_hooks
_pop = torch._C._autograd._pop_saved_tensors_default_hooks
"""Torch's own, whoever stands in their place later."""


def top_hooks() -> Optional[Any]:
    """The pair of saved-tensor hooks in force, if any."""
    autograd = torch._C._autograd
    top = getattr(autograd, "_top_saved_tensors_default_hooks", None)
    if top is None:
        return None
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
    try:
        with torch._C.DisableTorchFunction():
            yield
    finally:
        for pack, unpack in reversed(taken):
            _push(pack, unpack)
