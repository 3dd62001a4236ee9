"""What ``torch.compile`` makes: it must not see the tracer, or it would compile the tracer.

Dynamo follows an active function mode into the mode's own code. Graphs break there, and what runs is no longer what would
have run (measured with torch 2.11 and 2.13: another node saves another tensor). So the mode is off from the call of a
compiled function to its end, and in the backward of one. What is written in there is told by the saved tensors that it moved.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
import weakref
from types import FrameType
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Tuple

import torch
from torch.overrides import _get_current_function_mode_stack, _pop_mode, _push_mode

from ..care.harmless import harmless
from ..seen.families import known_family
from ..seen.places import where
from ..seen.records import Saved, WriteNote
from .mode import Watch
from .writes import MOVES

if TYPE_CHECKING:
    from ..seen.recorder import Recorder
    from .session import Session

_DYNAMO = "torch._dynamo.eval_frame"
_BACKWARD_OF = "torch._functorch._aot_autograd"


class Away:
    """One call of a compiled function: the mode that makes way for it, and the versions of what is saved."""

    def __init__(self, recorder: Recorder, frame: FrameType) -> None:
        self.recorder = recorder
        self.frame = frame
        self.before = self._versions() or []
        self.first = torch.autograd._get_sequence_nr()
        self.taken = take()

    def back(self) -> None:
        put_back(self.taken)
        self._tell()

    @harmless
    def _versions(self) -> List[Tuple[Any, int]]:
        """Of all that is saved, held weakly: a graph may end in there."""
        live = [one for family in self.recorder.numbers for one in family.live()]
        return [(weakref.ref(one), one.alias._version) for one in live]

    @harmless
    def _tell(self) -> None:
        """One write for each counter that the call has moved."""
        recorder = self.recorder
        notes: Dict[int, WriteNote] = {}
        for reference, old in self.before:
            saved = reference()
            if saved is None or saved.unchecked is not None or saved.alias._version == old:
                continue
            note = notes.get(saved.note.counter)
            if note is None:
                note = notes[saved.note.counter] = self._note(saved, old)
                recorder.log.add("write", note, known_family(saved.alias, recorder.numbers))
            if len(saved.moves) < MOVES:
                saved.moves = [*saved.moves, note]

    def _note(self, saved: Saved, old: int) -> WriteNote:
        function = self.frame.f_locals.get("fn")
        name = getattr(function, "__name__", None) or type(function).__name__
        note = WriteNote(self.recorder.clock(), where(self.frame), name, old, saved.alias._version)
        note.counter, note.grad = saved.note.counter, torch.is_grad_enabled()
        note.first, note.last = self.first, torch.autograd._get_sequence_nr()
        note.name = self.recorder.name_of(saved.original(), self.frame)
        return note


def take() -> Optional[Tuple[Watch, int]]:
    """Takes the tracer's mode off this thread's stack, wherever it lies: the mode, and its depth."""
    stack = _get_current_function_mode_stack()
    depth = next((at for at, mode in enumerate(stack) if isinstance(mode, Watch)), None)
    if depth is None:
        return None
    above = [_pop_mode() for _ in stack[depth + 1 :]]
    watch = _pop_mode()
    watch.away = True
    for mode in reversed(above):
        _push_mode(mode)
    return watch, depth


def put_back(taken: Optional[Tuple[Watch, int]]) -> None:
    """Puts back what :func:`take` took."""
    if taken is None:
        return
    watch, depth = taken
    watch.away = False
    above = [_pop_mode() for _ in _get_current_function_mode_stack()[depth:]]
    for mode in [watch, *reversed(above)]:
        _push_mode(mode)


@contextlib.contextmanager
def compiled_undisturbed(session: Session) -> Iterator[None]:
    """Stands where Dynamo is switched on and off; Dynamo itself is imported by whoever compiles first."""
    with contextlib.ExitStack() as undo:
        original = torch.compile

        @functools.wraps(original)
        def compile(*args: Any, **kwargs: Any) -> Any:
            made = original(*args, **kwargs)
            stand()
            return made

        stand = functools.partial(_stand, session, undo, [])
        stand()
        torch.compile = compile
        undo.callback(setattr, torch, "compile", original)
        yield


class _Calls(threading.local):
    """The compiled functions that a thread is in, the innermost last."""

    def __init__(self) -> None:
        self.away: List[Away] = []


def _stand(session: Session, undo: contextlib.ExitStack, done: List[Any]) -> None:
    dynamo: Any = sys.modules.get(_DYNAMO)
    if dynamo is None or done:
        return
    original = dynamo.set_eval_frame
    of_thread = _Calls()

    def set_eval_frame(callback: Any) -> Any:
        frame = _compiled_call(sys._getframe(1))
        if frame is None or not session.recorder.active:
            return original(callback)
        away = of_thread.away
        if callable(callback):
            away.append(Away(session.recorder, frame))
            return original(callback)
        result = original(callback)
        if away and away[-1].frame is frame:
            away.pop().back()
        return result

    for name in ("set_eval_frame", "_maybe_set_eval_frame"):
        if getattr(dynamo, name, None) is original:  # the second is the first, or calls it
            setattr(dynamo, name, set_eval_frame)
            undo.callback(setattr, dynamo, name, original)
            done.append(name)


def _compiled_call(frame: Optional[FrameType]) -> Optional[FrameType]:
    """The frame of the wrapper around a compiled function, which is what holds Dynamo's ``callback``; None elsewhere."""
    if frame is not None and frame.f_code.co_name == "_maybe_set_eval_frame":
        frame = frame.f_back
    return frame if frame is not None and "callback" in frame.f_code.co_freevars else None


def is_compiled(cls: Any) -> bool:
    """Whether a custom Function is one that ``torch.compile`` has made: no code of the program runs in its backward."""
    return str(getattr(cls, "__module__", "")).startswith(_BACKWARD_OF)


def leave_backward_alone(cls: Any) -> None:
    """The backward of a compiled function is compiled when it runs first: without the mode, as the forward."""
    original = cls.backward
    if getattr(original, "runs_alone", False):
        return

    @functools.wraps(original)
    def backward(*args: Any) -> Any:
        taken = take()
        try:
            return original(*args)
        finally:
            put_back(taken)

    backward.runs_alone = True  # type: ignore[attr-defined]
    cls.backward = staticmethod(backward)
