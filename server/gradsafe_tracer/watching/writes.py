"""One call that may write in place: what it moved, seen from outside."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Optional, Set, Tuple

import torch

from ..care.harmless import harmless
from ..care.quiet import capturing
from ..seen.families import Family, family_of, known_family, shares_counter
from ..seen.places import Where, where
from ..seen.records import Hazard, WriteNote
from ..unseen.replay import Repeat, before_write
from ..unseen.silent import in_graph, note_in_graph
from .modules import declared_by
from .operands import operation_name, overlaps_itself, storage_of, tensors_in
from .plans import Plan

if TYPE_CHECKING:
    from ..seen.recorder import Recorder
    from .mode import Watch

_FIRST = {"running_mean": 1, "running_var": 2}
MOVES = 4
"""How many writes after a save are remembered: the first is to blame, the others are told."""


class Writing:
    """The versions before a call, and after it the notes of what changed."""

    def __init__(
        self, watch: Watch, func: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any], plan: Plan
    ) -> None:
        self.watch = watch
        self.func = func
        self.args = args
        self.kwargs = kwargs
        self.plan = plan
        self.targets: List[Tuple[Any, int]] = []
        self.saved: List[Tuple[Any, int]] = []
        self.repeats: Dict[int, Optional[Repeat]] = {}
        self.gradients: Dict[int, Callable[[WriteNote], None]] = {}
        self.place: Optional[Where] = None
        self.declared: Optional[Tuple[Where, Optional[str]]] = None
        self.first = torch.autograd._get_sequence_nr()
        self._look()

    @harmless
    def _look(self) -> None:
        """The versions of everything that the call may write."""
        self.watch.busy = True
        values = not capturing()
        try:
            for tensor in self._candidates():
                if not tensor.is_inference():
                    self.targets.append((tensor, tensor._version))
                    family = known_family(tensor, self.watch.recorder.numbers)
                    self._remember(tensor, family, values)
                    if values and not self.watch.recorder.light:
                        self._repeat(tensor, family)
                        self._of_a_gradient(tensor)
        finally:
            self.watch.busy = False

    def _candidates(self) -> Iterator[Any]:
        if self.plan is Plan.NORM:
            return iter([tensor for tensor in self._statistics() if tensor is not None])
        name = getattr(self.func, "__name__", "")
        if self.args and isinstance(self.args[0], torch.Tensor) and name.endswith("_"):
            return iter(self.args[:1])
        return tensors_in((self.args, self.kwargs))

    def _statistics(self) -> List[Any]:
        found = [self._argument(position, name) for name, position in _FIRST.items()]
        if len(self.args) > 4 and isinstance(self.args[3], torch.Tensor) and isinstance(self.args[5], bool):
            found = [self.args[3], self.args[4]]  # torch.batch_norm: the weight and the bias come first
        return [tensor for tensor in found if isinstance(tensor, torch.Tensor)]

    def _argument(self, position: int, name: str) -> Any:
        return self.args[position] if len(self.args) > position else self.kwargs.get(name)

    def statistics_unused(self) -> Optional[Set[int]]:
        """In training, normalisation saves its running statistics and never reads them."""
        return {id(tensor) for tensor in self._statistics()} if self._trains() else None

    def _trains(self) -> bool:
        named = self.kwargs.get("training", self.kwargs.get("use_input_stats"))
        flags = [value for value in self.args if isinstance(value, bool)]
        return bool(named if named is not None else flags[0] if flags else False)

    def _repeat(self, tensor: Any, family: Optional[Family]) -> None:
        """The derivative of a write that the graph of ``tensor`` will not know."""
        apart = family is not None and bool(family.aliases) and family.apart(tensor) is not None
        owner = in_graph(tensor, family, torch.is_grad_enabled(), apart)
        if owner is not None:
            recorder = self.watch.recorder
            self.repeats[id(tensor)] = before_write(recorder, self.func, self.args, self.kwargs, owner)

    def _of_a_gradient(self, tensor: Any) -> None:
        """Code that backward runs writes, perhaps, a gradient that others will read."""
        running = self.watch.recorder.running
        flow = running[-1].flow if running else None
        if flow is None:
            return
        before = flow.before(self.func, self.args, self.kwargs, tensor)
        if before is not None:
            self.gradients[id(tensor)] = partial(flow.after, before)

    def _remember(self, tensor: Any, family: Optional[Family], copies: bool) -> None:
        """The saved tensors on this storage; a copy of each that this call may change behind torch's back."""
        if family is None:
            return
        for saved in family.live():
            self.saved.append((saved, saved.alias._version))
            hidden = copies and (self.plan is not Plan.WRITER or not shares_counter(tensor, saved.alias))
            if (hidden or (copies and saved.unchecked)) and saved.snapshot is None and not saved.note.unused:
                with torch.no_grad():
                    saved.snapshot = saved.alias.detach().clone()

    @harmless
    def finish(self, result: Any) -> None:
        """Notes the writes; called after the operation, also when it raised."""
        watch = self.watch
        watch.busy = True
        try:
            silent = self.plan is Plan.SILENT_WRITER or (self.plan is Plan.NORM and self._trains())
            seen: Set[int] = set()
            for tensor, before in self.targets:
                after = tensor._version
                if after == before and not silent:
                    continue
                family = family_of(tensor, watch.recorder.numbers)
                counter = family.apart(tensor) if family.aliases else None
                if (counter or family.counter) not in seen:
                    seen.add(counter or family.counter)
                    self._note(tensor, family, counter, before, after)
        finally:
            watch.busy = False

    def _note(self, tensor: Any, family: Family, counter: Optional[int], before: int, after: int) -> None:
        recorder = self.watch.recorder
        frame = sys._getframe(3)
        if self.place is None:
            self.place = where(frame)
        note = WriteNote(recorder.clock(), self.place, operation_name(self.func), before, after)
        note.counter = counter or family.counter
        note.grad = torch.is_grad_enabled()
        note.first, note.last = self.first, torch.autograd._get_sequence_nr()
        close = recorder.log.add("write", note, family)
        if self.declared is None:
            self.declared = declared_by(frame, recorder)
        note.declared, how = self.declared
        note.how = "data" if counter is not None else how
        if close:
            note.tensor = family.tensor = recorder.numbers.tensor(tensor)
            family.name = recorder.name_of(tensor, frame) or family.name
        else:
            note.tensor = family.tensor
        note.name = family.name
        touched = [(saved, old) for saved, old in self.saved if saved.note.storage == family.number]
        # `h.mul_(h)` saves what it is about to write.
        before_call = {id(saved) for saved, _ in touched}
        touched += [
            (saved, before)
            for saved in family.live()
            if id(saved) not in before_call and saved.note.version == before != after
        ]
        self._break(touched, note, counter is not None)
        note_in_graph(self.watch, tensor, family, note, self.args, self.repeats.get(id(tensor)))
        written = self.gradients.get(id(tensor))
        if written is not None:
            written(note)

    def _break(self, touched: List[Tuple[Any, int]], note: WriteNote, data: bool) -> None:
        for saved, old in touched:
            if saved.unchecked is not None:
                if saved.snapshot is not None:
                    saved.hazards = [*saved.hazards, Hazard(note, saved.unchecked)]
            elif saved.alias._version != old:
                if len(saved.moves) < MOVES:
                    saved.moves = [*saved.moves, note]
                note.counter = saved.note.counter
            elif saved.snapshot is not None and not saved.note.unused:
                self.watch.recorder.doubt(saved, Hazard(note, self._reason(data)))

    def _reason(self, data: bool) -> str:
        name = getattr(self.func, "__name__", "")
        if data:
            return "data-write"
        if name.startswith("_fused_"):
            return "fused-step"
        return "statistics" if self.plan is Plan.NORM else "uncounted-write"


@harmless
def harmless_write(recorder: Recorder, func: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> bool:
    """Whether a method writes a tensor of which no graph holds a save, nor will after the call."""
    tensor = args[0] if args else None
    method = getattr(func, "__name__", "").endswith(
        "_"
    )  # add_, __iadd__, __setitem__: what they write comes first
    if not method or not isinstance(tensor, torch.Tensor) or "out" in kwargs:
        return False
    if torch.is_grad_enabled() and _makes_a_node(func, tensor):
        return False
    family = known_family(tensor, recorder.numbers)
    if family is not None and family.live():
        return False
    if not torch.is_grad_enabled():
        return True  # this call saves nothing
    storage = storage_of(tensor)
    return all(storage_of(one) != storage for one in args[1:] if isinstance(one, torch.Tensor))


def _makes_a_node(func: Any, tensor: Any) -> bool:
    """Whether backward may raise at this write itself: at an item that is freed, at memory that overlaps itself."""
    item = tensor.requires_grad and getattr(func, "__name__", "") == "__setitem__"
    return bool(item or (tensor._is_view() and overlaps_itself(tensor.size(), tensor.stride())))
