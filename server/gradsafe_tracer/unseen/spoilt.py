"""What a spoilt gradient does to the leaves: the change that others read, taken further down the graph.

Backward is linear in the gradients that come in. So the leaves' gradients with each buffer on its own are those that
the program has computed, less what the change alone gives: one more run of what has not run yet, from the very write.
"""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Optional, Sequence

import torch

from ..care.harmless import harmless
from ..errors.nodes import reachable
from .flow import Flow, Spoilt
from .proof import TIMES, Proof, names_of, shadow_run, worst
from .user_code import Listener, in_node

if TYPE_CHECKING:
    from ..seen.recorder import Recorder


class Effects:
    """The effects of all writes of one backward call on its leaves."""

    def __init__(
        self, recorder: Recorder, run: Callable[..., Any], inputs: Sequence[Any], accumulate: bool, flow: Flow
    ) -> None:
        self._recorder = recorder
        self._run = run
        self._inputs = list(inputs)
        self._accumulate = accumulate
        self._flow = flow
        flow.measure = self.measure
        self._leaves: Dict[int, Any] = {}
        self._arrived: Dict[int, Any] = {}
        self._handles: List[Any] = []

    def measure(self, one: Spoilt) -> None:
        """Right after the write: what has not run yet still has what it saved."""
        recorder, place = self._recorder, one.hazard.write.where
        if recorder.proved.get(place, 0) >= TIMES:
            one.cleared = place in recorder.innocent
            return
        if not all(isinstance(one, torch.Tensor) for one in self._inputs):
            return  # edges of the graph were asked for: there is no leaf to name
        nodes = reachable({id(buffer.node): buffer.node for buffer, _ in one.changed}.values())
        with _muted(recorder, one, nodes) as may_run:
            if not may_run or any(delta is None for _, delta in one.changed):
                return
            recorder.proved[place] = recorder.proved.get(place, 0) + 1
            below = [node for node in nodes if hasattr(node, "variable")]
            leaves = [node.variable for node in below] if self._accumulate else self._inputs
            try:
                edges = [
                    torch.autograd.graph.GradientEdge(buffer.node, buffer.output) for buffer, _ in one.changed
                ]
                found = shadow_run(recorder, self._run, edges, [delta for _, delta in one.changed], leaves)
            except (RuntimeError, TypeError, AttributeError):
                return  # the program's own backward will fail too, or this torch takes no edge of a graph as a root
        one.missing = {id(leaf): grad for leaf, grad in zip(leaves, found) if grad is not None}
        self._leaves.update((id(leaf), leaf) for leaf in leaves)
        if self._accumulate:
            for node in below:
                listener = Listener(recorder, partial(self._arrives, node.variable))
                self._handles.append(node.register_prehook(listener))

    def _arrives(self, leaf: Any, grads: Any) -> None:
        if grads[0] is not None and id(leaf) not in self._arrived:
            self._arrived[id(leaf)] = grads[0].detach().clone()

    @harmless
    def tell(self, result: Any) -> None:
        """The backward is through: which writes have made a gradient wrong, and by how much."""
        spoilt = self._flow.spoilt
        if not self._accumulate:
            self._arrived = {id(leaf): grad for leaf, grad in zip(self._inputs, result or ())}
        if (
            len(spoilt) > 1
            and all(one.missing is not None for one in spoilt)
            and self._proof(*spoilt) is None
        ):
            return  # what one write has spoilt another has mended
        for one in spoilt:
            proof = self._proof(one)
            place = one.hazard.write.where
            if one.missing is not None:
                innocent = self._recorder.innocent
                self._recorder.innocent = innocent | {place} if proof is None else innocent - {place}
            if proof is not None or (one.missing is None and not one.cleared):
                self._recorder.wrong_gradient(one.hazard, None, proof)

    def _proof(self, *spoilt: Spoilt) -> Optional[Proof]:
        """The worst element, if none of these had spoilt anything."""
        missing: Dict[int, Any] = {}
        for one in spoilt:
            for key, grad in (one.missing or {}).items():
                missing[key] = grad if key not in missing else missing[key] + grad
        leaves, computed, right = [], [], []
        for key, grad in missing.items():
            arrived = self._arrived.get(key)
            if arrived is not None:
                leaves.append(self._leaves[key])
                computed.append(arrived)
                right.append(arrived.detach() - grad)
        return worst(leaves, computed, right, names_of(leaves))

    def close(self) -> None:
        """No hook of ours stays behind."""
        self._flow.close()
        for handle in self._handles:
            handle.remove()


@contextlib.contextmanager
def _muted(recorder: Recorder, one: Spoilt, nodes: List[Any]) -> Iterator[bool]:
    """Whether ``nodes`` can run unheard by the program. The hook that has just written is kept from running again."""
    hooks, own = recorder.hooks, one.own
    table: Any = {}
    if own is not None and any(buffer is own for buffer, _ in one.changed):
        hooked = hooks.of(own.node, own.output)
        tensor = None if hooked is None else hooked.tensor()
        table = getattr(tensor, "_backward_hooks", None) or {}
        if len(table) != 1 or tensor is None or tensor.retains_grad:
            yield False
            return
    silent = own.node if own is not None and table else None
    if any(in_node(node) or (node is not silent and hooks.on_tensors(node)) for node in nodes):
        yield False
        return
    kept = dict(table)
    table.clear()
    try:
        yield True
    finally:
        table.update(kept)
