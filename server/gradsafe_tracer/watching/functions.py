"""Custom autograd Functions: ``apply`` passes by the function mode, so it is followed here."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Iterator

import torch

from ..unseen.unchecked import attributes_of
from .compiled import is_compiled, leave_backward_alone

if TYPE_CHECKING:
    from .session import Session

_OWNER: Any = torch.autograd.Function


@contextlib.contextmanager
def functions_followed(session: Session) -> Iterator[None]:
    """Tells the recorder what ``apply`` raises."""
    original = _OWNER.__dict__["apply"]
    run = original.__func__

    def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
        recorder = session.recorder
        watch = recorder.watch_of_thread()
        if watch is None or watch.busy or not recorder.active:
            return run(cls, *args, **kwargs)
        try:
            result = run(cls, *args, **kwargs)
        except RuntimeError as error:
            recorder.failed(watch, cls.apply, args, kwargs, error)
            raise
        if is_compiled(cls):
            leave_backward_alone(cls)
        elif not recorder.light:
            recorder.user_hooks = True  # its backward is code of the program
            attributes_of(watch, result)
        return result

    apply.__doc__ = run.__doc__
    _OWNER.apply = classmethod(apply)
    try:
        yield
    finally:
        _OWNER.apply = original
