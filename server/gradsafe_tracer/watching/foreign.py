"""Saved-tensor hooks that are not ours: the program's own, and those of ``torch.utils.checkpoint``.

Only the hooks that were set last are asked, so ours see nothing below such hooks. They are followed where torch sets and
drops them: which operation saves what, which region of a checkpoint runs, and what is kept by reference.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
from types import FrameType
from typing import TYPE_CHECKING, Any, Callable, Iterator, Optional

import torch
from torch.utils import checkpoint

from ..care.harmless import harmless
from ..care.quiet import top_hooks, were_dropped, were_set
from ..errors.nodes import asking
from ..seen.records import Saved, SaveNote
from ..unseen import unchecked
from ..unseen.unchecked import Region
from .operands import grad_fn_of, storage_of, tensors_in
from .saves import SaveHooks, where_saved

if TYPE_CHECKING:
    from .mode import Watch
    from .session import Session

HIDDEN = 20_000
"""How many saves below a checkpoint's hooks are remembered, to name the line whose backward runs it again."""
_OWNER: Any = torch._C._autograd
_FIRST, _AGAIN = "_checkpoint_hook.", "_recomputation_hook."


class Kept:
    """What the program's own hook made of a saved tensor that it keeps by reference, and our record of that tensor."""

    __slots__ = ("record", "value")

    def __init__(self, value: Any, record: Saved) -> None:
        self.value = value
        self.record = record


@contextlib.contextmanager
def hooks_followed(session: Session) -> Iterator[None]:
    """Stands where torch sets and drops hooks."""
    push, pop = _OWNER._push_saved_tensors_default_hooks, _OWNER._pop_saved_tensors_default_hooks
    recorder = session.recorder
    asking.others = False

    def pushed(pack: Any, unpack: Any) -> None:
        watch = recorder.watch_of_thread()
        if watch is None or not recorder.active or _is_ours(pack):
            push(pack, unpack)
            return were_set(pack, unpack)
        asking.others = True
        region = None
        name = getattr(pack, "__qualname__", "")
        if name.startswith(_FIRST):
            region, pack = _started(watch, pack), _noting(watch, pack)
        elif name.startswith(_AGAIN):
            _runs_again(watch, pack)
        else:
            pack, unpack = _referring(watch, pack), _reading(watch, unpack)
        push(pack, unpack)
        were_set(pack, unpack)
        return watch.enter(region)

    def popped() -> None:
        watch, hooks = recorder.watch_of_thread(), top_hooks()
        if watch is not None and hooks and not _is_ours(hooks[0]):
            watch.leave()
        pop()
        were_dropped()

    _OWNER._push_saved_tensors_default_hooks, _OWNER._pop_saved_tensors_default_hooks = pushed, popped
    try:
        with _reentrant_followed(session):
            yield
    finally:
        _OWNER._push_saved_tensors_default_hooks, _OWNER._pop_saved_tensors_default_hooks = push, pop


def _is_ours(pack: Any) -> bool:
    return isinstance(getattr(pack, "__self__", None), SaveHooks)


def _inside(function: Any, name: str) -> Any:
    """What a closure calls ``name``."""
    function = inspect.unwrap(function)  # some releases keep dynamo out of it with a wrapper
    names = function.__code__.co_freevars
    return function.__closure__[names.index(name)] if name in names else None


@harmless
def _started(watch: Watch, pack: Any) -> Optional[Region]:
    cell = _inside(pack, "frame")
    if cell is None:
        return None
    region = Region(watch.recorder)
    watch.recorder.regions.add(cell.cell_contents, region)
    return region


@harmless
def _runs_again(watch: Watch, pack: Any) -> None:
    cell = _inside(pack, "target_frame_ref")
    region = None if cell is None else watch.recorder.regions.of(cell.cell_contents())
    if region is not None:
        region.again()


def _noting(watch: Watch, pack: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Below a checkpoint's hooks nothing is kept; only which line made which node."""

    def noting(tensor: Any) -> Any:
        _note_hidden(watch, tensor, sys._getframe().f_back)
        return pack(tensor)

    return noting


@harmless
def _note_hidden(watch: Watch, tensor: Any, frame: Optional[FrameType]) -> None:
    recorder = watch.recorder
    place, inside = where_saved(frame)
    seq = torch.autograd._get_sequence_nr() - 1
    note = SaveNote(recorder.clock(), place, watch.func if inside else None, 0, seq, 0)
    while len(recorder.hidden) >= HIDDEN:
        del recorder.hidden[next(iter(recorder.hidden))]
    recorder.hidden.setdefault(seq, note)


def _referring(watch: Watch, pack: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def referring(tensor: Any) -> Any:
        value = pack(tensor)
        record = _kept_by_reference(watch, tensor, value)
        return value if record is None else Kept(value, record)

    return referring


@harmless
def _kept_by_reference(watch: Watch, tensor: Any, value: Any) -> Optional[Saved]:
    if not watch.recorder.active:
        return None
    with torch._C.DisableTorchFunction():
        if any(storage_of(one) == storage_of(tensor) for one in tensors_in(value)):
            record = unchecked.keep(watch.recorder, tensor, "hooked-write")
            # Torch's own check is off: the graph must not be held by its own result, whoever made it.
            record.alias = tensor if grad_fn_of(tensor) is None else tensor.detach()
            return record
    return None


def _reading(watch: Watch, unpack: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def reading(value: Any) -> Any:
        if type(value) is Kept:
            if watch.recorder.active:
                unchecked.read(watch.recorder, [value.record])
            value = value.value
        return unpack(value)

    return reading


@contextlib.contextmanager
def _reentrant_followed(session: Session) -> Iterator[None]:
    """The old kind of checkpoint is a custom Function, which runs the region without grad, and again in its backward."""
    owner: Any = getattr(checkpoint, "CheckpointFunction", None)
    if owner is None:
        yield
        return
    forward, backward = owner.forward, owner.backward
    recorder = session.recorder

    def first(ctx: Any, *args: Any) -> Any:
        watch = recorder.watch_of_thread()
        if watch is None or not recorder.active:
            return forward(ctx, *args)
        region = Region(recorder)
        recorder.regions.add(ctx, region)
        watch.enter(region)
        try:
            return forward(ctx, *args)
        finally:
            watch.leave()

    def again(ctx: Any, *grads: Any) -> Any:
        region = recorder.regions.of(ctx) if recorder.active else None
        if region is not None:
            region.again()
        return backward(ctx, *grads)

    owner.forward, owner.backward = staticmethod(first), staticmethod(again)
    try:
        yield
    finally:
        owner.forward, owner.backward = staticmethod(forward), staticmethod(backward)
