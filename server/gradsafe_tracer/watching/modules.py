"""Where in-place modules and optimizers were made, and whether an operation runs inside one."""

from __future__ import annotations

import functools
import sys
import weakref
from types import FrameType
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Tuple

import torch

from ..care.harmless import harmless
from ..seen.places import USER, Where, kind_of_file, kinds, where

if TYPE_CHECKING:
    from ..seen.recorder import Recorder


class Constructions:
    """The call that made each module with ``inplace=True`` and each optimizer."""

    def __init__(self) -> None:
        self._places: Dict[int, Tuple[Any, Where]] = {}
        self._undo: List[Callable[[], None]] = []

    def start(self) -> None:
        self._wrap(torch.nn.Module)
        self._wrap(torch.optim.Optimizer)

    def stop(self) -> None:
        while self._undo:
            self._undo.pop()()

    def place(self, made: Any) -> Where:
        known = self._places.get(id(made))
        return known[1] if known is not None and known[0]() is made else ()

    def _wrap(self, kind: Any) -> None:
        original = kind.__init__
        constructions = self

        @functools.wraps(original)
        def init(self: Any, *args: Any, **kwargs: Any) -> None:
            if kind is not torch.nn.Module or "inplace" in type(self).__init__.__code__.co_varnames:
                constructions.note(self, sys._getframe(1))
            original(self, *args, **kwargs)

        kind.__init__ = init

        def undo() -> None:
            kind.__init__ = original

        self._undo.append(undo)

    @harmless
    def note(self, made: Any, frame: Optional[FrameType]) -> None:
        key, places = id(made), self._places
        try:
            reference = weakref.ref(made, lambda _dead: places.pop(key, None))
        except TypeError:
            return
        places[key] = (reference, where(frame))


def declared_by(frame: Optional[FrameType], recorder: Recorder) -> Tuple[Where, Optional[str]]:
    """If a library's module or optimizer does the writing: where it was made, and which of the two it is."""
    while frame is not None:
        filename = frame.f_code.co_filename
        kind = kinds.get(filename)
        if (kind_of_file(filename) if kind is None else kind) == USER:
            return (), None
        if frame.f_code.co_argcount and frame.f_code.co_varnames[0] == "self":
            owner = frame.f_locals.get("self")
            if isinstance(owner, torch.optim.Optimizer):
                return recorder.constructions.place(owner), "optimizer"
            if isinstance(owner, torch.nn.Module) and getattr(owner, "inplace", False) is True:
                return recorder.constructions.place(owner), "module"
        frame = frame.f_back
    return (), None
