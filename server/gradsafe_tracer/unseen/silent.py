"""Writes that torch does not see, or whose derivative it leaves out: the gradient is wrong without a word.

Two kinds. A *saved* tensor's bytes change and its counter stays (``.data``, NumPy, fused optimizers):
proved when backward reads it, against a copy taken before the write. A tensor *inside the graph* is
written outside of it (``.data``, ``no_grad``): told when backward runs an operation that used it later.
"""

from __future__ import annotations

import sys
import weakref
from types import FrameType
from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple

import torch

from ..care.harmless import harmless
from ..care.quiet import capturing
from ..seen.families import Family, family_of, known_family
from ..seen.lineage import replaces_history
from ..seen.places import where
from ..seen.records import Hazard, PlainNote, WriteNote
from ..watching.operands import grad_fn_of, storage_of

if TYPE_CHECKING:
    from ..seen.recorder import Recorder
    from ..watching.mode import Watch

_IDENTITY = {"add_", "sub_", "subtract_", "iadd", "isub"}
_MAX_WAITING = 16


@harmless
def took_data(watch: Watch, tensor: Any, alias: Any) -> None:
    """``tensor.data``: the same storage under a counter of its own."""
    _took(watch, tensor, alias, "data")


@harmless
def took_detach(watch: Watch, tensor: Any, alias: Any) -> None:
    """``tensor.detach()``: the same counter, but no history."""
    _took(watch, tensor, alias, "detach")


def _took(watch: Watch, tensor: Any, alias: Any, how: str) -> None:
    watch.busy = True
    try:
        recorder = watch.recorder
        family = family_of(tensor, recorder.numbers)
        counter = family.counter
        if tensor.is_inference():
            return
        if how == "data":
            counter = family.set_apart(alias)
            if tensor.requires_grad:
                recorder.lineage.starts(alias)
        elif family.aliases and family.apart(tensor) is not None:
            family.aliases[id(alias)] = family.aliases[id(tensor)]
        if grad_fn_of(tensor) is not None:
            family.own(tensor)
        fields: Dict[str, Any] = {
            "tensor": 0,
            "base": family.tensor,
            "storage": family.number,
            "counter": counter,
            "how": how,
        }
        note = PlainNote(recorder.clock(), where(sys._getframe(3)), "alias", fields)
        if recorder.log.add(how, note, family):
            numbers = recorder.numbers
            fields["tensor"], fields["base"] = numbers.tensor(alias), numbers.tensor(tensor)
            family.tensor = family.tensor or fields["base"]
    finally:
        watch.busy = False


def in_graph(tensor: Any, family: Optional[Family], grad: bool, apart: bool) -> Any:
    """The tensor with a history whose memory an unrecorded write to ``tensor`` changes; None where there is none."""
    owners = list(family.owning()) if family is not None and family.owners else []
    if grad and not apart and not (owners and grad_fn_of(tensor) is None):
        return None
    candidates = (tensor, tensor._base, *owners)
    return next((one for one in candidates if one is not None and grad_fn_of(one) is not None), None)


def note_in_graph(
    watch: Watch, tensor: Any, family: Family, note: WriteNote, args: Tuple[Any, ...], repeat: Any
) -> None:
    """A write that autograd does not record, to a tensor that has a history: dangerous if it is used later."""
    apart = note.how == "data"
    owner = in_graph(tensor, family, bool(note.grad), apart)
    if owner is None or _is_identity(note.operation, tensor, args):
        return
    if repeat is not None and not repeat.changed(owner):
        return
    reason = "data-write" if apart else "detached-write" if note.grad else "no-grad-write"
    hazard = Hazard(note, reason)
    hazard.seq, hazard.output = grad_fn_of(owner)._sequence_nr(), owner.output_nr
    hazard.now = torch.autograd._get_sequence_nr()
    hazard.repeat = repeat
    watch.recorder.hazards = [*watch.recorder.hazards, hazard][-_MAX_WAITING:]


def _is_identity(operation: str, tensor: Any, args: Tuple[Any, ...]) -> bool:
    """Whether the derivative of the write by the old value is one: what autograd assumes of what it did not see."""
    if operation not in _IDENTITY:
        return False
    others = [other for other in args[1:] if isinstance(other, torch.Tensor)]
    return all(storage_of(other) != storage_of(tensor) for other in others)


def _drops_history(tensor: Any, node: Any, in_use: bool) -> bool:
    """Whether a swapped-in value with a history is more than a parameter's update (``w.data = w - lr * g``)."""
    if node is not None:
        return True
    if tensor.requires_grad:
        return in_use and tensor.grad is None
    return not isinstance(tensor, torch.nn.Parameter)


class Swap:
    """``tensor.data = value`` in progress."""

    def __init__(self, saved: Any, before: Any, lost: bool, replaced: bool, node: Any) -> None:
        self.replaced = replaced
        self.saved = saved
        self.before = before
        self.lost = lost
        self.node = node


@harmless
def before_data_set(watch: Watch, args: Tuple[Any, ...]) -> Optional[Swap]:
    """Which records follow the swap: those whose operand is this very object, and not an operation's result."""
    tensor, value = args[0], args[1]
    watch.busy = True
    try:
        family = known_family(tensor, watch.recorder.numbers)
        node = grad_fn_of(tensor)
        mine = [] if family is None else [one for one in family.live() if one.original() is tensor]
        saved = [one for one in mine if not one.result]
        lost = isinstance(value, torch.Tensor) and (
            _drops_history(tensor, node, bool(mine))
            if value.requires_grad
            else node is not None and replaces_history(watch.recorder.lineage.of(value))
        )
        replaced = replaces_history(watch.recorder.lineage.of(value))
        return Swap(saved, tensor.detach() if saved else None, lost, replaced, node)
    finally:
        watch.busy = False


@harmless
def after_data_set(watch: Watch, args: Tuple[Any, ...], swap: Optional[Swap]) -> None:
    """Torch would now read the new bytes: so must the records, and the gradient is as wrong as without tracing."""
    if swap is None:
        return
    tensor, recorder = args[0], watch.recorder
    watch.busy = True
    try:
        frame = sys._getframe(3)
        family = family_of(tensor, recorder.numbers)
        note = WriteNote(recorder.clock(), where(frame), "data.__set__", tensor._version, tensor._version)
        note.tensor, note.counter, note.how = recorder.numbers.tensor(tensor), family.counter, "data"
        note.grad, note.name = torch.is_grad_enabled(), recorder.name_of(tensor, frame)
        recorder.log.add("write", note, family)
        for saved in swap.saved:
            if saved.snapshot is None:
                saved.snapshot = swap.before
            if not saved.kept:
                saved.alias = tensor.detach()
            saved.note.storage = family.number
            family.add(weakref.ref(saved))
            recorder.doubt(saved, Hazard(note, "data-swap"))
        _wait_for_use(recorder, tensor, note, swap)
    finally:
        watch.busy = False


def _wait_for_use(recorder: Recorder, tensor: Any, note: WriteNote, swap: Swap) -> None:
    if not swap.lost:
        if swap.replaced and tensor.requires_grad and tensor.is_leaf and tensor.grad is None:
            hazard = Hazard(note, "data-swap")
            hazard.leaf, hazard.now = recorder.weak(tensor), torch.autograd._get_sequence_nr()
            recorder.hazards = [*recorder.hazards, hazard][-_MAX_WAITING:]
        return
    if swap.node is not None:
        hazard = Hazard(note, "data-swap")
        hazard.seq, hazard.output = swap.node._sequence_nr(), tensor.output_nr
        hazard.now = torch.autograd._get_sequence_nr()
        recorder.hazards = [*recorder.hazards, hazard][-_MAX_WAITING:]
    else:
        recorder.swaps[id(tensor)] = (recorder.weak(tensor), Hazard(note, "data-swap"))


@harmless
def uses_swapped(recorder: Recorder, args: Tuple[Any, ...]) -> None:
    """Whether a call reads a tensor whose swapped-in value came with a history that was dropped."""
    if not torch.is_grad_enabled():
        return
    for value in args:
        for one in value if isinstance(value, (list, tuple)) else (value,):
            waiting = recorder.swaps.get(id(one))
            if waiting is not None and waiting[0]() is one:
                waiting[1].used = True


def changed(saved: Any) -> Optional[bool]:
    """Whether a saved tensor's bytes differ from the copy taken before the write; None without a copy."""
    before, now = saved.snapshot, saved.alias
    if before is None:
        return None
    if before.shape != now.shape or before.dtype != now.dtype:
        return True
    if before.device.type == "meta" or capturing():
        return False  # no values, so no gradient that could be wrong; or none that may be read now
    same = before == now
    if before.is_floating_point() or before.is_complex():
        same = same | ((before != before) & (now != now))
    return not bool(same.all())


@harmless
def escaped(watch: Watch, tensor: Any, how: str, frame: Optional[FrameType]) -> None:
    """The storage can be written from outside torch from here on: its saved tensors are copied for comparison."""
    if not isinstance(tensor, torch.Tensor) or tensor.device.type == "meta" or capturing():
        return
    watch.busy = True
    try:
        recorder = watch.recorder
        family = family_of(tensor, recorder.numbers)
        write = WriteNote(recorder.clock(), where(frame), how.strip("_"), 0, 0)
        write.how, write.tensor, write.counter = "numpy", recorder.numbers.tensor(tensor), family.counter
        write.name = recorder.name_of(tensor, frame)
        hazard = Hazard(write, "numpy-write")
        fields = {"tensor": write.tensor, "storage": family.number, "how": how.strip("_")}
        recorder.log.add("escape", PlainNote(recorder.clock(), write.where, "escape", fields), family)
        for saved in family.live():
            if saved.snapshot is None:
                with torch.no_grad():
                    saved.snapshot = saved.alias.detach().clone()
                recorder.doubt(saved, hazard)
        family.escaped = hazard
        flow = recorder.running[-1].flow if recorder.running else None
        if flow is not None:
            flow.handed_out(tensor, write)
    finally:
        watch.busy = False
