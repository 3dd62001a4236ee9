"""Saved-tensor hooks that note every save and every read, and do again the check that hooks switch off.

Torch skips its version check wherever hooks are set, so :meth:`SaveHooks.unpack` does what ``SavedVariable::unpack``
does without hooks, in its order: ask an operand for its history, which a stale view refuses; refuse what was detached
in place; compare the counter.
"""

from __future__ import annotations

import sys
import threading
import weakref
from types import FrameType
from typing import TYPE_CHECKING, Any, List, Optional, Tuple

import torch

from ..care.harmless import trouble
from ..care.quiet import capturing
from ..errors.messages import DETACHED, version_message
from ..errors.nodes import asking
from ..seen.families import Family, family_of, known_family
from ..seen.places import OURS, STOP, USER, Where, kind_of_file, kinds
from ..seen.records import Saved, SaveNote
from .operands import grad_fn_of

if TYPE_CHECKING:
    from ..seen.recorder import Recorder
    from .mode import Watch

_unheard = torch._C.DisableTorchFunction
_sequence = torch.autograd._get_sequence_nr
_thread = threading.get_ident
"""Each thread counts its nodes for itself, and those of the engine know our hooks as well."""
_Custom = torch.autograd.function.BackwardCFunction
_PLAIN = (torch.Tensor, torch.nn.Parameter)
"""The types whose attributes run no code of the user's."""
_NO_NODE = type(None)


class SaveHooks:
    """The pair of hooks of one thread."""

    def __init__(self, recorder: Recorder, watch: Watch) -> None:
        self.recorder = recorder
        self.watch = watch
        self.context = torch.autograd.graph.saved_tensors_hooks(self.pack, self.unpack)

    def pack(self, tensor: Any) -> Saved:
        """An operation saves ``tensor``; called on the Python frame of that operation."""
        watch = self.watch
        busy, watch.busy = watch.busy, True
        frame = sys._getframe().f_back  # none in a thread of the engine, which runs the backward of a GPU
        try:
            if type(tensor) in _PLAIN:
                return self._save(tensor, frame)
            with _unheard():
                return self._save(tensor, frame)
        finally:
            watch.busy = busy

    def _save(self, tensor: Any, frame: Optional[FrameType]) -> Saved:
        recorder, watch = self.recorder, self.watch
        place, inside = where_saved(frame)
        if not place and recorder.running:
            place, inside = recorder.running[-1].where, True
        note = SaveNote(
            recorder.clock(),
            place,
            watch.func if inside else None,
            tensor._version,
            _sequence() - 1,
            _thread(),
        )
        node = grad_fn_of(tensor)
        if node is None:
            saved = Saved(note, tensor, _NO_NODE)
            self._register(saved, tensor)
            return saved
        if recorder.running:
            tensor = _the_same(tensor, node, known_family(tensor, recorder.numbers))
        number, maker = node._sequence_nr(), type(node)
        view = tensor._is_view()
        if inside:
            # Made before the call, or a view that a composite operation made on the way. Its results are neither.
            operand = number < watch.start or (view and not watch.writing)
        else:
            # Without the mode nobody knows where the call began; a result is what the newest node has made.
            operand = not (_of_a_function(node) or (watch.away and number == note.seq))
        saved = Saved(note, tensor if operand else tensor.detach(), maker)
        saved.view = view
        if not operand:
            saved.weak = weakref.ref(tensor)
            saved.output = tensor.output_nr
            # A result is saved inside the call that makes it; a custom Function's own node is of another kind.
            if inside or watch.away or isinstance(node, _Custom):
                saved.maker_seq = number
        self._register(saved, tensor)
        return saved

    def _register(self, saved: Saved, tensor: Any) -> None:
        try:
            self._enter(saved, tensor)
        except Exception:
            trouble()

    def _enter(self, saved: Saved, tensor: Any) -> None:
        recorder, note = self.recorder, saved.note
        family = family_of(saved.alias, recorder.numbers)
        family.add(weakref.ref(saved))
        note.storage = family.number
        note.counter = family.counter
        if family.aliases:
            note.counter = family.apart(tensor) or family.counter
        if family.escaped is not None and saved.snapshot is None and not capturing():
            saved.snapshot = saved.alias.detach().clone()
            recorder.doubt(saved, family.escaped)
        if self.watch.func_unused is not None:
            note.unused = id(tensor) in self.watch.func_unused
        watch = self.watch
        if recorder.light:
            return
        note.number = recorder.numbers.next()
        note.count = watch.count
        watch.count += 1
        if recorder.log.add("save", note, family):
            note.tensor = family.tensor = recorder.numbers.tensor(tensor)
            watch.pending.append(weakref.ref(saved))
        else:
            note.tensor = family.tensor

    def unpack(self, saved: Saved) -> Any:
        """Backward (or ``ctx.saved_tensors``) asks for what was saved. Runs in whatever thread the engine uses."""
        recorder = self.recorder
        if asking.found is not None:
            asking.found.append(saved)
            return saved.alias
        if recorder.inspecting:
            return saved.snapshot if id(saved) in recorder.protected else saved.alias
        with _unheard():
            found = saved.alias._version
            if recorder.running:
                recorder.read(saved, found)
            self._check(saved, found)
            if saved.hazards:
                recorder.wrong_read(saved)
        return saved.alias

    def _check(self, saved: Saved, found: int) -> None:
        """What torch does without hooks, in its words."""
        if saved.weak is None and saved.alias.grad_fn is None and saved.maker is not _NO_NODE:
            raise RuntimeError(DETACHED)
        if found != saved.note.version:
            self.recorder.broken = saved
            self.recorder.locate(saved)
            raise RuntimeError(version_message(saved))


def where_saved(frame: Any) -> Tuple[Where, bool]:
    """The user's frames, and whether torch ran the operation on the user's behalf: a custom Function shows no such frame."""
    found: List[Any] = []
    inside = False
    get = kinds.get
    while frame is not None:
        code = frame.f_code
        kind = get(code.co_filename)
        if kind is None:
            kind = kind_of_file(code.co_filename)
        if kind:
            if kind == USER:
                found.append(code)
                found.append(frame.f_lasti)
            elif kind == OURS:
                inside = inside or not found
            elif kind == STOP:
                break
        frame = frame.f_back
    return tuple(found), inside


def _of_a_function(node: Any) -> bool:
    """Whether a tensor with this history may be the result of the custom Function that is about to save it."""
    return isinstance(node, _Custom) or type(node).__name__ == "CopySlices"


def _the_same(tensor: Any, node: Any, family: Optional[Family]) -> Any:
    """In the graph of a gradient torch saves the operand itself again; hooks get a stand-in on the same edge."""
    for saved in family.live() if family is not None else ():
        one = saved.alias
        if saved.weak is None and grad_fn_of(one) is node and one.output_nr == tensor.output_nr:
            return one
    return tensor
