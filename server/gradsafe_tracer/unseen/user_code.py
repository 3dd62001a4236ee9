"""Code of the program that the engine runs on its way through a graph: hooks of tensors and nodes, custom Functions.

Such code must not run twice, so a proof first asks here. A node tells of its own hooks (a hook that is registered and
removed again shares their table), a leaf of its own; hooks of other tensors hang on a node that does not show them, so
they are noted when they are registered. A graph from before the trace may hang full of them.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, NamedTuple, Optional

import torch

from ..care.harmless import harmless
from ..errors.nodes import asking, slots_of
from ..seen import names
from ..seen.records import Saved
from ..watching.operands import grad_fn_of

if TYPE_CHECKING:
    from types import FrameType

    from ..seen.recorder import Recorder

_Custom = torch.autograd.function.BackwardCFunction
REMEMBERED = 20_000
"""How many hooked nodes are remembered. One that fell out may carry its hook still: no node as old is trusted then."""


class HookedTensor(NamedTuple):
    """A tensor with a hook: what the program calls it, and the tensor while it lives."""

    name: Optional[str]
    tensor: Any


class Hooks:
    """The hooks of tensors that have a history, by the node and the output on which they hang."""

    def __init__(self) -> None:
        self._known: Dict[int, Dict[int, HookedTensor]] = {}
        self._trusted = 0
        """Nodes with a lower number may have hooks that nobody has seen. Each thread counts its own: the highest is taken."""

    def thread_starts(self) -> None:
        """What this thread has made so far was made unwatched."""
        self._trusted = max(self._trusted, torch.autograd._get_sequence_nr())

    @harmless
    def registered(self, tensor: Any, frame: Optional[FrameType]) -> None:
        """``tensor.register_hook`` or ``tensor.retain_grad``: an in-place operation later leaves the hook on this node."""
        node = grad_fn_of(tensor)
        if node is None:
            return  # a leaf shows its hooks itself
        if len(self._known) >= REMEMBERED:
            oldest = next(iter(self._known))
            del self._known[oldest]
            self._trusted = max(self._trusted, oldest + 1)
        outputs = self._known.setdefault(node._sequence_nr(), {})
        outputs[tensor.output_nr] = HookedTensor(names.variable(tensor, frame), weakref.ref(tensor))

    def forget(self, tensor: Any) -> None:
        """Drops the weak reference to ``tensor``; that its node has a hook is remembered."""
        for outputs in self._known.values():
            for output, one in outputs.items():
                if one.tensor() is tensor:
                    outputs[output] = HookedTensor(one.name, _nobody)

    def of(self, node: Any, output: int) -> Optional[HookedTensor]:
        """The hooked tensor that is output number ``output`` of ``node``."""
        leaf = getattr(node, "variable", None)
        if leaf is not None:
            return HookedTensor(None, weakref.ref(leaf)) if leaf._backward_hooks else None
        return self._known.get(node._sequence_nr(), {}).get(output)

    def may_run(self, node: Any) -> bool:
        """Whether a run of ``node`` may run code of the program."""
        return self.on_tensors(node) or in_node(node)

    def shown(self, node: Any) -> bool:
        """The same at a glance: without the node's own hooks, which somebody must have asked for its ``grad_fn`` to add."""
        return isinstance(node, _Custom) or self.on_tensors(node)

    def on_tensors(self, node: Any) -> bool:
        """Whether a tensor that ``node`` makes may have a hook, or keep its gradient (a second run would add to it)."""
        leaf = getattr(node, "variable", None)
        if leaf is not None:
            return bool(leaf._backward_hooks)
        number = node._sequence_nr()
        return number in self._known or number < self._trusted


class Listener:
    """A hook of ours: known among those of the program, and deaf in runs that the program does not see."""

    __slots__ = ("_hear", "_recorder")

    def __init__(self, recorder: Recorder, hear: Callable[..., None]) -> None:
        self._recorder = recorder
        self._hear = hear

    def __call__(self, *grads: Any) -> None:
        if not self._recorder.inspecting:
            self._hear(*grads)


def in_node(node: Any) -> bool:
    """Whether ``node`` is a custom Function, unpacks what the program's hooks packed, or has hooks of its own."""
    return isinstance(node, _Custom) or _unpacks(node) or any(_hooks_of(node))


def _unpacks(node: Any) -> bool:
    for slot in slots_of(node):
        try:
            raw = getattr(node, slot)
            for one in raw if isinstance(raw, (tuple, list)) else (raw,):
                if one is not None and not isinstance(one.data, (Saved, torch.Tensor, type(None))):
                    return True
        except RuntimeError:
            continue
        except AttributeError:
            return asking.others  # an older torch does not show it
    return False


def _hooks_of(node: Any) -> Iterator[Any]:
    """The hooks of ``node``, before and after it: torch keeps them in a table that a new hook is put into."""
    for register in (node.register_prehook, node.register_hook):
        handle = register(_nothing)
        table = handle.hooks_dict_ref() or {}
        handle.remove()
        yield from (hook for hook in table.values() if not isinstance(hook, Listener))


def _nobody() -> None:
    """Stands for a reference whose tensor is no longer followed."""


def _nothing(*_grads: Any) -> None:
    """A hook for a moment."""
