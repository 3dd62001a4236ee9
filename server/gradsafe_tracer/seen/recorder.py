"""All that one traced run knows: the log in the making, live hazards, past backward calls."""

from __future__ import annotations

import itertools
import sys
import threading
import weakref
from collections import deque
from types import FrameType
from typing import Any, Deque, Dict, Iterator, List, Optional, Set, Tuple

import torch
from torch.overrides import _get_current_function_mode_stack

from ..care.harmless import harmless
from ..errors import failures
from ..errors.messages import reason_of
from ..errors.nodes import held_by, place_save, reachable
from ..unseen import silent
from ..unseen.in_graph import changed_values
from ..unseen.unchecked import Regions
from ..unseen.user_code import Hooks, Listener
from ..watching.mode import Watch
from ..watching.modules import Constructions
from ..watching.operands import edge_of, grad_fn_of, operation_name
from . import names
from .families import Numbers, known_family
from .lineage import Lineage
from .log import Log
from .places import Where, where
from .records import BackwardNote, Hazard, PlainNote, Saved, SaveNote

PARTS = 2_000
"""How many reads of one backward call are logged."""
PAST = 2_000
"""How many past backward calls are remembered at most."""
FREED = 5_000
"""How many freed saves are remembered, over all past backward calls, to say who freed a graph."""


class Recorder:
    """Shared by the hooks, the modes of all threads and the engine's stand-in."""

    def __init__(self, light: bool = False) -> None:
        self.active = True
        self.light = light
        self.numbers = Numbers()
        self.clock = itertools.count(1).__next__
        self.log = Log(self.numbers)
        self.constructions = Constructions()
        self.running: List[BackwardNote] = []
        self.past: Deque[BackwardNote] = deque()
        self._freed = 0
        self.hazards: List[Hazard] = []
        self.swaps: Dict[int, Tuple[Any, Hazard]] = {}
        self.regions = Regions()
        self.lineage = Lineage()
        self.hooks = Hooks()
        self.user_hooks = False
        self.flowing: Dict[Where, int] = {}
        self.protected: Dict[int, Saved] = {}
        self.proved: Dict[Where, int] = {}
        self.innocent: Set[Where] = set()
        self.doubts: List[Any] = []
        self.hidden: Dict[int, SaveNote] = {}
        self.broken: Optional[Saved] = None
        self.inspecting = False
        self.failing = -1
        self.watches: Dict[int, Watch] = {}
        self._nodes: Dict[Tuple[int, int], int] = {}

    # -- threads and names ----------------------------------------------------------------

    def watch_of_thread(self) -> Optional[Watch]:
        """The mode of this thread; in one of the engine's, which runs the backward of a GPU, that of who asked for it."""
        watch = self.watches.get(threading.get_ident())
        if watch is None and self.running:
            modes = _get_current_function_mode_stack()
            watch = next((one for one in modes if isinstance(one, Watch) and one.recorder is self), None)
        return watch

    def name_of(self, tensor: Any, frame: Optional[FrameType]) -> Optional[str]:
        return names.variable(tensor, frame)

    def parts_of(self, backward: BackwardNote) -> Iterator[PlainNote]:
        """What a backward call did, as far as it is still remembered: its reads, what it freed, its end."""
        for t, note, found in backward.found:
            if note.number:
                fields = {"save": note.number, "backward": backward.number, "found": found}
                yield PlainNote(t, backward.where, "read", fields)
        if backward.end:
            for note in backward.frees.values() if backward.found else ():
                if note.number:
                    fields = {"node": note.node or self.node_number(note), "backward": backward.number}
                    yield PlainNote(backward.end, backward.where, "free", fields)
            fields = {"backward": backward.number, "raised": backward.raised}
            yield PlainNote(backward.end, backward.where, "backward-end", fields)

    def node_number(self, note: SaveNote) -> int:
        """The number of the graph node that made this save."""
        key = (note.thread, note.seq)
        number = self._nodes.get(key)
        if number is None:
            if len(self._nodes) > 20_000:
                self._nodes.clear()
            number = self._nodes[key] = self.numbers.next()
        return number

    def weak(self, tensor: Any) -> Any:
        """A reference to a swapped tensor; once it is dead, an unused swap is forgotten."""
        key = id(tensor)

        def forget(_dead: Any) -> None:
            if key in self.swaps and not self.swaps[key][1].used:
                del self.swaps[key]

        return weakref.ref(tensor, forget)

    def forget(self, tensor: Any) -> None:
        """Drops every weak reference to ``tensor``: ``torch.utils.swap_tensors`` refuses tensors that have one."""
        self.numbers.forget(tensor)
        self.hooks.forget(tensor)
        self.swaps.pop(id(tensor), None)
        self.lineage.forget(tensor)
        family = known_family(tensor, self.numbers)
        for saved in family.live() if family is not None else ():
            if saved.weak is not None and saved.weak() is tensor:
                saved.weak = _nobody
        if family is not None:
            family.forget(tensor)

    # -- what operations tell -------------------------------------------------------------

    @harmless
    def scalar_save(self, func: Any, result: Any) -> None:
        """A Python number that a node keeps: it never breaks, but a second backward misses it."""
        if not isinstance(result, torch.Tensor) or not result.requires_grad:
            return
        node = grad_fn_of(result)
        if node is None:
            return
        note = SaveNote(
            self.clock(), where(sys._getframe(3)), func, 0, node._sequence_nr(), threading.get_ident()
        )
        note.operation, note.role = operation_name(func), "other"

        def runs(_grads: Any) -> None:
            if self.running:
                self.running[-1].ran.append(note)

        node.register_prehook(Listener(self, runs))

    def escaped(self, watch: Watch, tensor: Any, func: Any, frame: Optional[FrameType]) -> None:
        """The memory of ``tensor`` is known outside torch from here on."""
        silent.escaped(watch, tensor, operation_name(func), frame)

    @harmless
    def failed(self, watch: Watch, func: Any, args: Any, kwargs: Any, error: RuntimeError) -> None:
        """An operation raised: if it is one of autograd's checks, say which tensor and where."""
        failures.at_operation(self, watch, func, args, error)

    # -- backward -------------------------------------------------------------------------

    def backward_starts(
        self, roots: Any, retain: bool, operation: str, frame: Optional[FrameType]
    ) -> BackwardNote:
        note = BackwardNote(self.clock(), where(frame), operation, self.numbers.next(), retain)
        self.log.add("backward", note)
        note.edges = list(map(edge_of, roots))
        note.roots = [node for node, _ in note.edges]
        self.running.append(note)
        self.broken = None
        if self.hazards or self.swaps:
            self._check_graph(note)
        return note

    def read(self, saved: Saved, found: int) -> None:
        """The engine, or a custom function that it runs, unpacks a saved tensor at version ``found``."""
        running = self.running[-1]
        running.reads.append(saved.note)
        if len(running.found) < PARTS:
            running.found.append((self.clock(), saved.note, found))

    @harmless
    def backward_ends(self, note: BackwardNote, raised: bool) -> None:
        note.raised = raised
        if note in self.running:
            self.running.remove(note)
        if not note.retain:
            note.frees = {(read.thread, read.seq): read for read in (*note.ran, *note.reads)}
        if not raised and not note.cleared:
            # A write may be wrong in two ways at once: it is told once, with what was saved where that is known.
            writes: Dict[int, Tuple[Hazard, Optional[SaveNote]]] = {}
            for hazard, save in sorted(note.wrong, key=lambda one: one[1] is None):
                writes.setdefault(id(hazard.write), (hazard, save))
            for hazard, save in writes.values():
                self.wrong_gradient(hazard, save, note.proof)
        note.reads, note.ran, note.roots, note.edges, note.wrong = [], [], [], [], []
        self._remember(note)
        note.end = self.clock()

    def _remember(self, note: BackwardNote) -> None:
        self.past.append(note)
        self._freed += len(note.frees)
        while (self._freed > FREED or len(self.past) > PAST) and len(self.past) > 2:
            self._freed -= len(self.past.popleft().frees)

    @harmless
    def backward_failed(self, note: BackwardNote, error: RuntimeError) -> None:
        self.inspecting = True
        try:
            reason = reason_of(str(error))
            if reason is None or not self.log.first("raise", note.where):
                return
            if reason == "version" and self.broken is not None:
                failures.version_error(self, note, self.broken, str(error))
            elif reason == "freed":
                failures.freed_error(self, note, str(error))
            elif reason == "overlap":
                failures.overlap_error(self, note, str(error))
            elif reason != "version":
                failures.refused_by_backward(self, note, reason, error)
        finally:
            self.inspecting = False
            self.broken = None
            self.backward_ends(note, raised=True)

    # -- wrong gradients ------------------------------------------------------------------

    def doubt(self, saved: Saved, hazard: Hazard) -> None:
        """``saved`` may have been changed behind its counter."""
        saved.hazards = [*saved.hazards, hazard]
        if len(self.doubts) > 256:
            self.doubts = [one for one in self.doubts if one() is not None]
        self.doubts.append(weakref.ref(saved))

    def doubtful(self, note: BackwardNote) -> bool:
        """Whether a backward is to be put to the proof: something that it may read was changed unseen."""
        return bool(note.wrong or (self.doubts and any(one() is not None for one in self.doubts)))

    @harmless
    def wrong_read(self, saved: Saved) -> None:
        """Backward reads bytes that changed behind the counter: proved against the copy."""
        hazard = saved.hazards[0]
        if hazard.told or not self.running or self.running[-1].cleared:
            return
        if saved.note.unused or not silent.changed(saved):
            return
        hazard.told = hazard.reason != "numpy-write"
        self.running[-1].wrong.append((hazard, saved.note))

    @harmless
    def _check_graph(self, backward: BackwardNote) -> None:
        backward.wrong += [(hazard, None) for hazard in changed_values(self, backward)]

    @harmless
    def locate(self, saved: Saved) -> None:
        """Which node of the running graph holds ``saved``; only asked once something is broken."""
        self.inspecting = True
        current = getattr(torch._C, "_current_autograd_node", lambda: None)()
        self.failing = -1 if current is None else current._sequence_nr()
        try:
            for node in reachable(self.running[-1].roots if self.running else ()):
                for role, record in held_by(node):
                    if record is saved:
                        place_save(self, saved.note, node, role)
                        return
        finally:
            self.inspecting = False

    def wrong_gradient(self, hazard: Hazard, save: Optional[SaveNote], proof: Any) -> None:
        """The running backward has given a wrong gradient."""
        write = hazard.write
        if not self.log.first("wrong-gradient", write.where):
            return
        if save is not None:
            save.number = save.number or self.numbers.next()
            self.log.keep(save)
        self.log.keep(write)
        fields = {
            "reason": hazard.reason,
            "tensor": write.tensor or None,
            "save": None if save is None else save.number,
            "backward": self.running[-1].number if self.running else None,
            "operation": write.operation,
            "name": hazard.name,
            **({} if proof is None else proof._asdict()),
        }
        self.log.keep(PlainNote(self.clock(), write.where, "wrong-gradient", fields))
        if self.running:
            self.log.keep(self.running[-1])


def _nobody() -> None:
    """Stands for a reference whose tensor is no longer followed."""
