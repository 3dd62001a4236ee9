"""Turns an error of torch into a Raise event: which check, which tensor, whose write, whose backward."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from ..seen import names
from ..seen.places import where
from ..seen.records import BackwardNote, PlainNote, Saved, SaveNote, WriteNote
from ..watching.modules import declared_by
from ..watching.operands import operation_name, tensors_in
from .messages import reason_of
from .nodes import reachable

if TYPE_CHECKING:
    from ..seen.recorder import Recorder
    from ..watching.mode import Watch

_WATCHING = Path(__file__).parents[1] / "watching"
_FOLLOWED = {
    str(_WATCHING / "mode.py"): "__torch_function__",
    str(_WATCHING / "functions.py"): "apply",
}
"""Where calls are followed: by file, the function that does it. A dry run's mode is another, and follows nothing."""


def at_operation(recorder: Recorder, watch: Watch, func: Any, args: Any, error: RuntimeError) -> None:
    """An operation raised in the forward pass."""
    reason = reason_of(str(error))
    if reason in (None, "version", "freed") or _times_told(error) > 1 or _in_backward(error):
        return
    frame = sys._getframe(3)
    if not recorder.log.first("raise", where(frame)):
        return
    watch.busy = True
    try:
        tensor = _guilty(reason, args)
        name = operation_name(func)
        declared, how = declared_by(frame, recorder)
        fields = {
            "reason": reason,
            "tensor": None if tensor is None else recorder.numbers.tensor(tensor),
            "operation": name,
            "message": str(error),
            "name": recorder.name_of(tensor, frame),
            "how": how,
            "declared": declared,
        }
        recorder.log.keep(PlainNote(recorder.clock(), where(frame), "raise", fields))
    finally:
        watch.busy = False


def _times_told(error: BaseException) -> int:
    """Calls of torch nest: the innermost one that was followed has told it."""
    step: Optional[TracebackType] = error.__traceback__
    times = 0
    while step is not None:
        code = step.tb_frame.f_code
        times += _FOLLOWED.get(code.co_filename) == code.co_name
        step = step.tb_next
    return times


def _in_backward(error: BaseException) -> bool:
    """The engine's stand-in tells what fails inside backward."""
    step: Optional[TracebackType] = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_name == "run_backward":
            return True
        step = step.tb_next
    return False


def refused_by_backward(recorder: Recorder, backward: BackwardNote, reason: str, error: RuntimeError) -> None:
    """Backward fails one of the checks that operations make: a saved view that is stale, say."""
    if _times_told(error):
        return  # an operation of a hook, or of a custom Function's backward
    recorder.log.keep(backward)
    fields = {
        "reason": reason,
        "backward": backward.number,
        "operation": backward.operation,
        "message": str(error),
    }
    recorder.log.keep(PlainNote(recorder.clock(), backward.where, "raise", fields))


def _guilty(reason: Optional[str], args: Any) -> Any:
    operands = list(tensors_in(args))
    if reason in ("inference-save", "inference-write"):
        operands = [one for one in operands if one.is_inference()] or operands
    if reason == "leaf":
        operands = [one for one in operands if one.requires_grad and one.is_leaf] or operands
    return operands[0] if operands else None


def version_error(recorder: Recorder, backward: BackwardNote, saved: Saved, message: str) -> None:
    """Backward refused ``saved``: pins its story in the log."""
    note = _in_region(recorder, saved.note)
    recorder.log.keep(note)
    recorder.log.keep(backward)
    note.number = note.number or recorder.numbers.next()
    _name_node(recorder, note)
    if note.name is None and (saved.view or saved.maker is type(None)):
        # Parameters and data: a view of them was saved, and the variables that hold the storage name it.
        note.name = next(iter(names.holders(saved.alias, sys._getframe(1))), None)
    moves = [move for move in saved.moves if move.after > note.version]
    for move in moves or [_unseen_write(recorder, saved)]:
        move.counter = note.counter
        recorder.log.keep(move)
    fields = {
        "reason": "version",
        "tensor": note.tensor or None,
        "save": note.number,
        "node": note.node or None,
        "backward": backward.number,
        "operation": note.operation,
        "message": message,
        "name": note.name,
    }
    recorder.log.keep(PlainNote(recorder.clock(), backward.where, "raise", fields))


def _unseen_write(recorder: Recorder, saved: Saved) -> WriteNote:
    """The counter moved and no call was seen to move it: backward itself, adding to a gradient, or nobody we know."""
    note = saved.note
    found = saved.alias._version
    added = [
        one for one in (*recorder.past, *recorder.running) if one.t > note.t and one.operation == "backward"
    ]
    if saved.maker is type(None) and added:
        write = WriteNote(added[0].t, added[0].where, "AccumulateGrad", note.version, found)
    else:
        write = WriteNote(recorder.clock(), (), "unobserved", note.version, found)
    write.tensor, write.how = note.tensor, "other"
    return write


def _in_region(recorder: Recorder, note: SaveNote) -> SaveNote:
    """A checkpointed region that cannot run again: torch was at the operation in it that backward had come to."""
    hidden = recorder.hidden.get(recorder.failing)
    if hidden is None:
        return note
    found = SaveNote(note.t, hidden.where, hidden.func, note.version, hidden.seq, note.thread)
    found.counter, found.storage, found.tensor, found.role = note.counter, note.storage, note.tensor, "self"
    return found


def _name_node(recorder: Recorder, note: SaveNote) -> None:
    note.node = note.node or recorder.node_number(note)
    if note.operation is None and note.func is not None:
        note.operation = operation_name(note.func)


def freed_error(recorder: Recorder, backward: BackwardNote, message: str) -> None:
    """A second backward: which node was freed, by which earlier call, and where it had been made."""
    recorder.log.keep(backward)
    note, earlier = _freed_by(recorder, backward)
    fields: Dict[str, Any] = {"reason": "freed", "backward": backward.number, "message": message}
    if note is not None:
        note.number = note.number or recorder.numbers.next()
        note.node = note.node or recorder.node_number(note)
        if note.operation is None and note.func is not None:
            note.operation = operation_name(note.func)
        recorder.log.keep(note)
        fields.update(save=note.number, node=note.node, operation=note.operation)
    if earlier is not None:
        recorder.log.keep(earlier)
        free = {"node": note.node if note else 0, "backward": earlier.number}
        earlier.parts.append(PlainNote(earlier.t, earlier.where, "free", free))
    recorder.log.keep(PlainNote(recorder.clock(), backward.where, "raise", fields))


_Freed = Tuple[Optional[SaveNote], Optional[BackwardNote]]


def _freed_by(recorder: Recorder, backward: BackwardNote) -> _Freed:
    """The freed node that the engine met first: of those below ``roots``, the one made last."""
    nodes = sorted(reachable(backward.roots), key=lambda node: int(node._sequence_nr()), reverse=True)
    for reach in (0, 2):
        for node in nodes:
            # CopySlices hides the operation that it wraps, whose number lies next to its own.
            if reach == 0 or type(node).__name__ == "CopySlices":
                found = _freed_near(recorder, node._sequence_nr(), reach)
                if found is not None:
                    return found
    copied = _copied(recorder, nodes)
    past = [one for one in recorder.past if one is not backward and not one.retain]
    return copied, past[-1] if past else None


def _copied(recorder: Recorder, nodes: List[Any]) -> Optional[SaveNote]:
    """A CopySlices that saved nothing fails the second time all the same; the write that made it stands for it."""
    write = _write_of_slices(recorder, nodes)
    if write is None:
        return None
    note = SaveNote(write.t, write.where, None, write.after, write.first, 0)
    note.operation, note.role, note.counter, note.tensor = (
        write.operation,
        "self",
        write.counter,
        write.tensor,
    )
    return note


def _write_of_slices(recorder: Recorder, nodes: List[Any]) -> Optional[WriteNote]:
    for node in nodes:
        if type(node).__name__ == "CopySlices":
            for note in recorder.log.notes:
                if isinstance(note, WriteNote) and note.first <= node._sequence_nr() < note.last:
                    return note
    return None


def overlap_error(recorder: Recorder, backward: BackwardNote, message: str) -> None:
    """Backward repeats a write to overlapping memory, and there it raises: the write is to blame."""
    nodes = sorted(reachable(backward.roots), key=lambda node: int(node._sequence_nr()), reverse=True)
    write = _write_of_slices(recorder, nodes)
    if write is None:
        return
    recorder.log.keep(backward)
    fields = {
        "reason": "overlap",
        "tensor": write.tensor or None,
        "backward": backward.number,
        "operation": write.operation,
        "message": message,
        "name": write.name,
    }
    recorder.log.keep(PlainNote(recorder.clock(), write.where, "raise", fields))


def _freed_near(recorder: Recorder, seq: int, reach: int) -> Optional[_Freed]:
    for past in reversed(recorder.past):
        for note in past.frees.values():
            if abs(note.seq - seq) <= reach:
                return note, past
    return None
