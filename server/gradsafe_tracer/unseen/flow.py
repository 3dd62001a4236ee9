"""Which memory the gradients of a running backward lie in, and who will still read it.

Torch hands one buffer to several readers: both sides of an addition get the same tensor, a sum passes on one number
expanded. User code that the engine calls (a hook, the ``backward`` of a custom Function) and that writes the gradient it
was given changes it for all who have not read it yet. What it returns concerns nobody else, and neither does a write
to memory that it has for itself. So each node tells what it passes on to whom, and a write is compared with what waits.
"""

from __future__ import annotations

from functools import partial
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Iterable,
    List,
    NamedTuple,
    Optional,
    Set,
    Tuple,
)

import torch

from ..care.harmless import harmless
from ..care.quiet import quiet
from ..errors.nodes import reachable
from ..seen import names
from ..seen.places import Where
from ..seen.records import BackwardNote, Hazard, WriteNote
from ..watching.operands import edge_of, overlaps_itself
from .replay import RANDOM
from .user_code import Listener

if TYPE_CHECKING:
    from types import FrameType

    from ..seen.recorder import Recorder

ROUNDS = 24
"""How many backward calls of one place are followed; then only where user code wrote a gradient there."""
LOOKS = 2
"""How many of them are looked through where no hook was registered and no custom Function ran since the trace began."""
ALWAYS = -1
PLACES = 4_000
"""How many places are counted; then counting begins anew."""

Input = Tuple[int, int]
"""An input of the backward of a node: the node's identity, and the number of its output in forward."""


class Buffer(NamedTuple):
    """A gradient that waits for its reader: who that is, and where in which memory it lies."""

    node: Any
    output: int
    storage: int
    dtype: Any
    size: Tuple[int, ...]
    stride: Tuple[int, ...]
    offset: int

    def seen(self, storage: Any) -> Any:
        """The gradient, as a tensor of our own on its memory."""
        empty = torch.empty(0, dtype=self.dtype, device=storage.device)
        return empty.set_(storage, self.offset, self.size, self.stride)


class Before(NamedTuple):
    """What a write may change for others, as it was; and what it should make of the gradient that it was given."""

    storage: Any
    own: Optional[Buffer]
    others: List[Tuple[Buffer, Any]]
    given: Any
    intended: Any
    node: int
    """The identity of the node whose code writes."""
    written: int
    """How many elements are written. The tensor itself is not held: torch takes over a gradient that nobody else holds."""


class Spoilt:
    """A gradient that was written while others still had to read it."""

    def __init__(self, hazard: Hazard, changed: List[Tuple[Buffer, Any]], own: Optional[Buffer]) -> None:
        self.hazard = hazard
        self.changed = changed
        self.own = own
        self.missing: Optional[Dict[int, Any]] = None
        """What it makes of each leaf's gradient, by the leaf's identity; None where that is not known."""
        self.cleared = False


class Flow:
    """One backward call: the gradients that wait, and those that were spoilt."""

    def __init__(
        self,
        recorder: Recorder,
        where: Where,
        nodes: List[Any],
        inputs: Iterable[Any],
        frame: Optional[FrameType],
    ) -> None:
        self.recorder = recorder
        self.where = where
        self.spoilt: List[Spoilt] = []
        self.measure: Callable[[Spoilt], None] = _ignored
        self._frame = frame
        self._nodes = nodes
        self._waiting: Dict[Input, Optional[Buffer]] = {}
        there = set(nodes)
        self._captured = {(id(node), output) for node, output in map(edge_of, inputs) if node in there}
        self._passed_on: Set[int] = set()
        self._handles: List[Any] = []
        self._handed_out: Dict[int, List[Tuple[Before, WriteNote]]] = {}
        self._written: Dict[int, List[Tuple[Before, Spoilt]]] = {}

    def follow(self, roots: Iterable[Any], grads: Iterable[Any]) -> None:
        """Listens to all nodes: the last to hear of each, and where it has hooks of the program the first as well."""
        for root, grad in zip(roots, grads):
            self._pass(*edge_of(root), grad)
        for node in self._nodes:
            listener = Listener(self.recorder, partial(self._ran, node))
            handle = node.register_hook(listener)
            self._handles.append(handle)
            table = handle.hooks_dict_ref() or {}
            if len(table) > 1:
                # Torch calls them in the order in which they went in.
                for key in [key for key in table if key != handle.id]:
                    table[key] = table.pop(key)
                self._handles.append(node.register_hook(listener))

    def close(self) -> None:
        """Lets go of the graph: an error's traceback may hold this for long."""
        for handle in self._handles:
            handle.remove()
        self._handles, self._nodes, self._frame, self.measure = [], [], None, _ignored
        self._waiting.clear()
        self._written.clear()

    @harmless
    def _ran(self, node: Any, passed: Any, given: Any) -> None:
        for before, note in self._handed_out.pop(id(node), ()):
            self.after(before, note)
        self._settle(self._written.pop(id(node), []))
        again = id(node) in self._passed_on
        self._passed_on.add(id(node))
        for output in range(len(given)):
            if (id(node), output) not in self._captured:
                self._waiting.pop((id(node), output), None)
        for (below, output), grad in zip(node.next_functions, passed):
            if below is not None and not (again and self._waiting.get((id(below), output)) is None):
                self._pass(below, output, grad, again)

    def _pass(self, node: Any, output: int, grad: Any, again: bool = False) -> None:
        """What waits for ``node`` is ``grad``; a second gradient is added to the first in memory of its own."""
        key = (id(node), output)
        if node is None or grad is None:
            return
        first = again or key not in self._waiting
        self._waiting[key] = (
            _buffer(node, output, grad) if first and not _is_converted(node, output, grad) else None
        )

    # -- writes ---------------------------------------------------------------------------

    @harmless
    def before(
        self, func: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any], target: Any
    ) -> Optional[Before]:
        """A call is about to write ``target``: what that may change for others."""
        current = getattr(torch._C, "_current_autograd_node", lambda: None)()
        storage = _memory(target)
        if current is None or storage is None:
            return None
        sharing = [one for one in self._waiting.values() if one is not None and one.storage == storage._cdata]
        own, others = self._parted(sharing, current)
        if own is None and not others:
            return None
        self.recorder.flowing[self.where] = ALWAYS  # what changes nothing today may clip tomorrow
        with torch.no_grad():
            given = intended = None
            if own is not None and overlaps_itself(own.size, own.stride):
                given = own.seen(storage).clone(memory_format=torch.contiguous_format)
                intended = _intended(func, args, kwargs, target, own, given)
            return Before(
                storage,
                own,
                [(one, one.seen(storage).clone()) for one in others],
                given,
                intended,
                id(current),
                target.numel(),
            )

    def _parted(self, sharing: List[Buffer], current: Any) -> Tuple[Optional[Buffer], List[Buffer]]:
        """The gradient that the running code was given, and those of others."""
        if id(current) in self._passed_on:
            # A hook that runs after its node was given what the node passes on.
            below = {(id(node), output) for node, output in current.next_functions}
            own = [one for one in sharing if (id(one.node), one.output) in below]
        else:
            own = [one for one in sharing if one.node is current]
            own.sort(key=lambda one: self.recorder.hooks.of(current, one.output) is None)
        mine = own[0] if own else None
        return mine, [one for one in sharing if one is not mine]

    @harmless
    def after(self, before: Before, note: WriteNote) -> None:
        """The write is done."""
        with torch.no_grad():
            changed = []
            for buffer, old in before.others:
                new = buffer.seen(before.storage)
                if _differ(new, old):
                    changed.append((buffer, new - old))
            if before.own is not None and before.given is not None:
                changed += _beyond(before, before.own)
        if not changed:
            return
        hazard = Hazard(note, "gradient-write")
        if before.own is not None:
            hazard.name = self._name(before.own)
        one = Spoilt(hazard, changed, before.own)
        self.spoilt.append(one)
        self._written.setdefault(before.node, []).append((before, one))
        self.measure(one)

    def _settle(self, written: List[Tuple[Before, Spoilt]]) -> None:
        """Code that is through has spoilt nothing where it has put back what it wrote: nobody has read it meanwhile."""
        with torch.no_grad():
            at_first: Dict[Buffer, Tuple[Any, Any]] = {}
            for before, _ in written:
                own = [] if before.own is None or before.given is None else [(before.own, before.given)]
                for buffer, old in [*before.others, *own]:
                    at_first.setdefault(buffer, (before.storage, old))
            if any(_differ(buffer.seen(storage), old) for buffer, (storage, old) in at_first.items()):
                return
        put_back = [one for _, one in written]
        self.spoilt = [one for one in self.spoilt if one not in put_back]

    @harmless
    def handed_out(self, target: Any, note: WriteNote) -> None:
        """Code that backward runs has a NumPy array, say, of ``target``: what it did with it shows when it is through."""
        before = self.before(None, (), {}, target)
        current = getattr(torch._C, "_current_autograd_node", lambda: None)()
        if before is not None:
            self._handed_out.setdefault(id(current), []).append((before, note))

    def _name(self, own: Buffer) -> Optional[str]:
        """What the program calls the tensor whose gradient it is."""
        leaf = getattr(own.node, "variable", None)
        if leaf is not None:
            return names.variable(leaf, self._frame)
        hooked = self.recorder.hooks.of(own.node, own.output)
        return None if hooked is None else hooked.name


def _buffer(node: Any, output: int, grad: Any) -> Optional[Buffer]:
    storage = _memory(grad)
    if storage is None:
        return None
    return Buffer(
        node,
        output,
        storage._cdata,
        grad.dtype,
        tuple(grad.size()),
        tuple(grad.stride()),
        grad.storage_offset(),
    )


def _memory(tensor: Any) -> Any:
    """The storage of a tensor; None where it has none of its own (sparse, or a level of ``vmap``)."""
    try:
        return tensor.untyped_storage() if tensor.layout is torch.strided else None
    except (RuntimeError, NotImplementedError):
        return None


def _is_converted(node: Any, output: int, grad: Any) -> bool:
    """Whether the engine hands on a copy: summed to the shape that a broadcast began with, or of another type."""
    known = getattr(node, "_input_metadata", None)
    if known is None or output >= len(known):
        return True  # an older torch does not tell
    return bool(tuple(known[output].shape) != tuple(grad.shape) or known[output].dtype != grad.dtype)


def _intended(
    func: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any], target: Any, own: Buffer, given: Any
) -> Any:
    """The same write to a copy whose elements do not share memory; None where it is not to the whole gradient."""
    whole = (tuple(target.size()), tuple(target.stride()), target.storage_offset())
    if whole != (own.size, own.stride, own.offset) or not args or args[0] is not target:
        return None
    if getattr(func, "__name__", "") in RANDOM:
        return None
    copy = given.clone()
    try:
        with quiet():
            func(copy, *(given if one is target else one for one in args[1:]), **kwargs)
    except (RuntimeError, TypeError, ValueError, IndexError):
        return None
    return copy


def _beyond(before: Before, own: Buffer) -> List[Tuple[Buffer, Any]]:
    """Elements of an expanded gradient that a write to others of its elements has changed too."""
    now = own.seen(before.storage)
    if before.intended is not None:
        return [(own, now - before.intended)] if _differ(now, before.intended) else []
    moved = int(_unlike(now, before.given).sum())
    return [(own, None)] if moved > before.written else []


def _differ(one: Any, other: Any) -> bool:
    return bool(_unlike(one, other).any())


def _unlike(one: Any, other: Any) -> Any:
    return (one != other) & ~((one != one) & (other != other))


def _ignored(_one: Spoilt) -> None:
    """Nobody measures."""


@harmless
def followed(
    recorder: Recorder, note: BackwardNote, roots: Any, grads: Any, inputs: Any, frame: Optional[FrameType]
) -> Optional[Flow]:
    """Follows a backward that may run code of the program; None where there is none, or it was seen often enough."""
    seen = recorder.flowing.get(note.where, 0)
    if recorder.light or seen >= ROUNDS:
        return None
    if len(recorder.flowing) > PLACES:
        recorder.flowing.clear()
    if seen != ALWAYS:
        recorder.flowing[note.where] = seen + 1
    if not recorder.user_hooks and seen >= LOOKS:
        return None
    nodes = reachable(note.roots)
    if not recorder.user_hooks and not any(map(recorder.hooks.shown, nodes)):
        return None
    flow = Flow(recorder, note.where, nodes, inputs, frame)
    flow.follow(roots, grads)
    return flow
