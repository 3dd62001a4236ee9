"""Stands before torch's autograd engine: every ``backward()`` and ``autograd.grad`` passes here."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import _get_current_function_mode_stack

from ..care.quiet import capturing
from ..unseen.flow import followed
from ..unseen.proof import prove
from ..unseen.spoilt import Effects

if TYPE_CHECKING:
    from ..seen.recorder import Recorder

_OWNER: Any = torch.autograd.Variable


class Engine:
    """Torch's engine, with the start and the end of each run told to the recorder."""

    def __init__(self, original: Any, recorder: Recorder) -> None:
        self._original = original
        self._recorder = recorder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    def run_backward(self, roots: Any, *args: Any, **kwargs: Any) -> Any:
        recorder = self._recorder
        watch = recorder.watch_of_thread()
        if watch is None or not recorder.active:
            return self._original.run_backward(roots, *args, **kwargs)
        # run_backward(roots, grads, keep_graph, create_graph, inputs, allow_unreachable, accumulate_grad)
        keep = bool(kwargs.get("keep_graph", args[1] if len(args) > 1 else False))
        accumulate = bool(kwargs.get("accumulate_grad", args[5] if len(args) > 5 else False))
        note = recorder.backward_starts(roots, keep, "backward" if accumulate else "grad", sys._getframe(1))
        inputs = kwargs.get("inputs", args[3] if len(args) > 3 else ()) or ()
        grads = args[0] if args else None
        flow = None
        if not capturing():
            if recorder.doubtful(note):
                prove(recorder, self._original.run_backward, roots, grads, inputs, note)
            flow = followed(recorder, note, roots, grads or (), inputs, sys._getframe(1))
        effects = None
        if flow is not None:
            note.flow = flow
            effects = Effects(recorder, self._original.run_backward, inputs, accumulate, flow)
        try:
            if watch in _get_current_function_mode_stack():
                result = self._original.run_backward(roots, *args, **kwargs)
            else:
                # Inside a call the mode is off; hooks and custom functions run in here and must be seen.
                with watch:
                    result = self._original.run_backward(roots, *args, **kwargs)
        except RuntimeError as error:
            recorder.backward_failed(note, error)
            raise
        except BaseException:
            recorder.backward_ends(note, raised=True)
            raise
        finally:
            note.flow = None
            if effects is not None:
                effects.close()
        if effects is not None:
            effects.tell(result)
        recorder.backward_ends(note, raised=False)
        return result


def install(recorder: Recorder) -> Any:
    """Puts an :class:`Engine` in front; returns what to give to :func:`remove`."""
    original = _OWNER._execution_engine
    _OWNER._execution_engine = Engine(original, recorder)
    return original


def remove(original: Any) -> None:
    _OWNER._execution_engine = original
