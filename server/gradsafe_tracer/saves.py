"""Saved-tensor hooks that note every save and every read, and do again the check that hooks switch off.

Torch skips its version check wherever hooks are set, so :meth:`SaveHooks.unpack` compares the counter
itself and raises torch's own error. What is kept is ``tensor.detach()``: the same storage and the same
counter, and no reference from the graph to itself.
"""

from __future__ import annotations

import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any, List

import torch

from .families import family_of
from .harmless import harmless
from .messages import DETACHED, version_message
from .operands import grad_fn_of
from .places import OURS, STOP, USER, kind_of_file, kinds
from .records import Saved, SaveNote

if TYPE_CHECKING:
    from .mode import Watch
    from .recorder import Recorder

_sequence = torch.autograd._get_sequence_nr
_Custom = torch.autograd.function.BackwardCFunction


class SaveHooks:
    """The pair of hooks of one thread."""

    def __init__(self, recorder: Recorder, watch: Watch) -> None:
        self.recorder = recorder
        self.watch = watch
        self.thread = threading.get_ident()
        self.context = torch.autograd.graph.saved_tensors_hooks(self.pack, self.unpack)

    def pack(self, tensor: Any) -> Saved:
        """An operation saves ``tensor``; called on the Python frame of that operation."""
        watch, recorder = self.watch, self.recorder
        busy, watch.busy = watch.busy, True
        try:
            func = None
            inside = False
            found: List[Any] = []
            frame: Any = sys._getframe(1)
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
                        # An operation that torch ran on the user's behalf; a custom Function shows no such frame.
                        inside = inside or not found
                    elif kind == STOP:
                        break
                frame = frame.f_back
            if inside:
                func = watch.func
            note = SaveNote(
                recorder.clock(), tuple(found), func, tensor._version, _sequence() - 1, self.thread
            )
            node = grad_fn_of(tensor)
            saved = Saved(note, tensor.detach(), weakref.ref(tensor), type(node), tensor.output_nr)
            # A result is saved inside the call that makes it; a custom Function's own node is of another kind.
            if node is not None:
                if inside or isinstance(node, _Custom):
                    saved.maker_seq = node._sequence_nr()
                saved.view = tensor._is_view()
            self._register(saved, tensor)
            return saved
        finally:
            watch.busy = busy

    @harmless
    def _register(self, saved: Saved, tensor: Any) -> None:
        recorder, note = self.recorder, saved.note
        family = family_of(saved.alias, recorder.numbers)
        family.add(weakref.ref(saved))
        note.storage = family.number
        note.counter = family.counter
        if family.aliases:
            note.counter = family.apart(tensor) or family.counter
        if family.escaped is not None and saved.snapshot is None:
            saved.snapshot = saved.alias.clone()
            saved.hazards = [family.escaped]
        if self.watch.func_unused is not None:
            note.unused = id(tensor) in self.watch.func_unused
        if recorder.log.room("save", note.where):
            note.number = recorder.numbers.next()
            note.tensor = recorder.numbers.tensor(tensor)
            recorder.log.keep(note)
            self.watch.pending.append(weakref.ref(saved))

    def unpack(self, saved: Saved) -> Any:
        """Backward (or ``ctx.saved_tensors``) asks for what was saved. Runs in whatever thread the engine uses."""
        note, alias = saved.note, saved.alias
        if self.recorder.inspecting:
            return alias
        if self.recorder.running:
            self.recorder.read(saved)
        if saved.maker is None:
            raise RuntimeError(DETACHED)
        if alias._version != note.version:
            self.recorder.broken = saved
            self.recorder.locate(saved)
            raise RuntimeError(version_message(saved))
        if saved.hazards:
            self.recorder.wrong_read(saved)
        original = saved.original()
        if original is not None and not original.requires_grad:
            return original
        return alias
