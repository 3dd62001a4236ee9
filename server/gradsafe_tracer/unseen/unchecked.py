"""What a backward will read without a version check, as in ``gradsafe.interp.unchecked``.

Tensors kept as ``ctx.x``, parameters that a checkpointed region reads again, tensors that hooks of the program keep by
reference. A copy is taken just before such a tensor is written; what differs when it is read makes a wrong gradient.
"""

from __future__ import annotations

import itertools
import sys
import weakref
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Optional, Tuple

import torch

from ..care.harmless import harmless
from ..seen.families import family_of, known_family
from ..seen.places import where
from ..seen.records import Saved, SaveNote
from ..watching.operands import grad_fn_of
from .silent import changed
from .user_code import Listener

if TYPE_CHECKING:
    from ..seen.recorder import Recorder
    from ..watching.mode import Watch


def keep(recorder: Recorder, tensor: Any, reason: str, place: Tuple[Any, ...] = ()) -> Saved:
    """A record of ``tensor`` as it is now. Whoever will read it holds the record; the storage only knows of it."""
    note = SaveNote(recorder.clock(), place, None, tensor._version, -1, 0)
    node = grad_fn_of(tensor)
    saved = Saved(note, tensor.detach() if node is not None else tensor, type(node))
    saved.unchecked = reason
    family = family_of(tensor, recorder.numbers)
    note.storage, note.counter = family.number, family.apart(tensor) or family.counter
    family.add(weakref.ref(saved))
    return saved


@harmless
def read(recorder: Recorder, kept: Iterable[Saved]) -> None:
    """The running backward reads these now."""
    with torch._C.DisableTorchFunction():
        for saved in kept:
            hazard = next((one for one in saved.hazards if not one.told), None)
            if hazard is not None and recorder.running and changed(saved):
                hazard.told = True
                recorder.running[-1].wrong.append((hazard, None))


@harmless
def attributes_of(watch: Watch, result: Any) -> None:
    """``ctx.x = x`` in a custom Function: its node reads the attribute as it is when backward runs."""
    first = next(iter(result), None) if isinstance(result, (tuple, list)) else result
    node = grad_fn_of(first) if isinstance(first, torch.Tensor) else None
    if not isinstance(node, torch.autograd.function.BackwardCFunction):
        return
    values = itertools.chain.from_iterable(
        value if isinstance(value, (list, tuple)) else (value,) for value in vars(node).values()
    )
    tensors = [value for value in values if type(value) in (torch.Tensor, torch.nn.Parameter)]
    if not tensors:
        return
    recorder = watch.recorder
    kept = [keep(recorder, one, "ctx-attribute", where(sys._getframe(3))) for one in tensors]
    node.register_prehook(Listener(recorder, lambda _grads: read(recorder, kept)))


class Region:
    """A checkpointed stretch of the program: what it read of the outside, to be read again by backward."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.number = recorder.numbers.next()
        self.kept: Dict[int, Saved] = {}

    @harmless
    def reads(self, args: Iterable[Any]) -> None:
        """A call in the region reads ``args``: parameters, and what was of interest before the region began."""
        for value in args:
            for tensor in value if isinstance(value, (list, tuple)) else (value,):
                if isinstance(tensor, torch.Tensor) and id(tensor) not in self.kept and self._outside(tensor):
                    self.kept[id(tensor)] = keep(self.recorder, tensor, "recomputed")

    def _outside(self, tensor: Any) -> bool:
        if grad_fn_of(tensor) is not None:
            return False  # made in the region, or its argument, which is saved and checked
        if tensor.requires_grad:
            return True
        family = known_family(tensor, self.recorder.numbers)
        return family is not None and family.number < self.number

    def again(self) -> None:
        """Backward runs the region again."""
        read(self.recorder, self.kept.values())


class Regions:
    """The regions whose graphs are alive, by what torch keeps of them (a frame, or the ``ctx`` of a Function)."""

    def __init__(self) -> None:
        self._known: List[Tuple[Any, Region]] = []

    def add(self, owner: Any, region: Region) -> None:
        self._known = [one for one in self._known if one[0]() is not None]
        self._known.append((weakref.ref(owner), region))

    def of(self, owner: Any) -> Optional[Region]:
        return next((region for held, region in self._known if held() is owner), None)
