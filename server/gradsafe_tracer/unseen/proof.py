"""The gradient as computed beside the gradient of a run that protects what was saved: is anything wrong, and by how much?

Both are taken just before the program's own backward, on the same graph, which they leave as it is. No code of the
program may run twice for that: where its hooks, custom Functions or saved-tensor hooks are in the graph there is no proof.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import torch

from ..care.harmless import harmless
from ..care.quiet import quiet
from ..errors.nodes import held_by, reachable
from ..seen import names
from ..seen.records import BackwardNote, Hazard, Saved
from ..watching.operands import edge_of
from .silent import changed

if TYPE_CHECKING:
    from ..seen.recorder import Recorder

RELATIVE = 1e-4
"""From this relative difference on a gradient is called wrong (the project's decision 14)."""
NOISE = 1.2e-7
"""Gradients below this part of the gradient at the roots are what float32 leaves of numbers that cancel: the mean of a
softmax does not depend on anything, and half of nothing is no wrong gradient.
"""
_CALLER = -1
"""Stands for the call of backward among the nodes that use a value."""
TIMES = 3
"""How often one write is put to the proof: it costs three backward runs."""


class Proof(NamedTuple):
    """The worst element of all leaves: what backward computes there, and what a protected run gives."""

    leaf: str
    computed: float
    protected: float
    difference: float


@harmless
def prove(
    recorder: Recorder, run: Callable[..., Any], roots: Any, grads: Any, inputs: Any, note: BackwardNote
) -> None:
    """Fills ``note.proof``, or ``note.cleared`` where nothing is wrong after all."""
    nodes = reachable(note.roots)
    if len(recorder.running) > 1:
        return
    suspects = {id(saved): saved for node in nodes for _, saved in held_by(node) if _is_suspect(saved)}
    inside = [hazard for hazard, _ in note.wrong]
    if not (suspects or inside) or not all(one.repeat and one.repeat.pull for one in inside):
        return
    if any(map(recorder.hooks.may_run, nodes)):
        return
    writes = [hazard.write for hazard in inside] + [saved.hazards[0].write for saved in suspects.values()]
    places = {write.where for write in writes}
    if all(recorder.proved.get(place, 0) >= TIMES for place in places):
        note.cleared = places <= recorder.innocent
        return
    for place in places:
        recorder.proved[place] = recorder.proved.get(place, 0) + 1
    leaves = list(inputs) or [node.variable for node in nodes if hasattr(node, "variable")]
    shadow = _Shadow(recorder, run, roots, grads, leaves)
    try:
        computed = shadow.gradients({})
        right = shadow.corrected(suspects, inside)
    except (RuntimeError, TypeError, AttributeError):
        return  # the program's own backward will fail too, or this torch takes no edge of a graph as a root
    note.proof = worst(leaves, computed, right, names_of(leaves), _largest(grads))
    note.cleared = note.proof is None
    recorder.innocent = recorder.innocent | places if note.cleared else recorder.innocent - places


def _is_suspect(saved: Saved) -> bool:
    return bool(saved.hazards) and not saved.note.unused and bool(changed(saved))


class _Shadow:
    """Runs of the graph that nobody sees."""

    def __init__(
        self, recorder: Recorder, run: Callable[..., Any], roots: Any, grads: Any, leaves: List[Any]
    ) -> None:
        self._recorder = recorder
        self._run = run
        self._roots = roots
        self._grads = grads
        self._leaves = leaves

    def gradients(self, protected: Dict[int, Saved], roots: Any = None, grads: Any = None) -> Sequence[Any]:
        """The leaves' gradients, ``protected`` saves as they were when they were saved."""
        return shadow_run(
            self._recorder, self._run, roots or self._roots, grads or self._grads, self._leaves, protected
        )

    def corrected(self, protected: Dict[int, Saved], inside: List[Hazard]) -> Sequence[Any]:
        """The same, with the derivative of each write that the graph does not know put in: backward is linear."""
        passed: Dict[Tuple[int, int, int], Any] = {}
        for (node, output), grad in zip(map(edge_of, self._roots), self._grads or ()):
            if node is not None and grad is not None:
                key = (_CALLER, node._sequence_nr(), output)
                passed[key] = passed[key] + grad if key in passed else grad.detach()
        handles = [_listen(node, passed) for node in {id(n): n for h in inside for n in h.users}.values()]
        try:
            found = list(self.gradients(protected))
        finally:
            for handle in handles:
                handle.remove()
        nodes = _nodes_of(inside, self._roots)
        for edge in nodes:
            hazards = sorted(
                (one for one in inside if (one.seq, one.output) == edge), key=lambda one: one.now
            )
            delta = _missing(edge, hazards, passed)
            if delta is not None:
                root = torch.autograd.graph.GradientEdge(nodes[edge], edge[1])
                more = self.gradients(protected, (root,), (delta,))
                found = [a if b is None else b if a is None else a + b for a, b in zip(found, more)]
        return found


def shadow_run(
    recorder: Recorder,
    run: Callable[..., Any],
    roots: Any,
    grads: Any,
    leaves: Sequence[Any],
    protected: Optional[Dict[int, Saved]] = None,
) -> Sequence[Any]:
    """The gradients of ``leaves``; the graph stays as it is, and nobody hears of it."""
    anomaly, check_nan = torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()
    recorder.inspecting, recorder.protected = True, protected or {}
    torch.set_anomaly_enabled(False, check_nan)
    try:
        with torch._C.DisableTorchFunction():
            # roots, grads, keep_graph, create_graph, inputs
            found: Sequence[Any] = run(
                tuple(roots), grads if grads is None else tuple(grads), True, False, tuple(leaves),
                allow_unreachable=True, accumulate_grad=False,
            )  # fmt: skip
            return found
    finally:
        recorder.inspecting, recorder.protected = False, {}
        torch.set_anomaly_enabled(anomaly, check_nan)


def _listen(node: Any, passed: Dict[Tuple[int, int, int], Any]) -> Any:
    number = node._sequence_nr()

    def hear(grad_inputs: Any, _grad_outputs: Any) -> None:
        for (below, output), grad in zip(node.next_functions, grad_inputs):
            if below is not None and grad is not None:
                key = (number, below._sequence_nr(), output)
                passed[key] = passed[key] + grad if key in passed else grad.detach().clone()

    return node.register_hook(hear)


def _nodes_of(inside: List[Hazard], roots: Any) -> Dict[Tuple[int, int], Any]:
    """The nodes whose results were changed, by number and output."""
    wanted = {(hazard.seq, hazard.output) for hazard in inside}
    above = [below for hazard in inside for user in hazard.users for below in user.next_functions]
    edges = [*map(edge_of, roots), *above]
    found = {(node._sequence_nr(), output): node for node, output in edges if node is not None}
    return {edge: node for edge, node in found.items() if edge in wanted}


def _missing(
    edge: Tuple[int, int], hazards: List[Hazard], passed: Dict[Tuple[int, int, int], Any]
) -> Optional[Any]:
    """What the edge's gradient lacks: the writes' own derivatives, the last write first."""
    right, plain = None, None
    done = set()
    for hazard in reversed(hazards):
        for number in ([_CALLER] if hazard.root else []) + [user._sequence_nr() for user in hazard.users]:
            grad = passed.get((number, *edge))
            if number in done or grad is None:
                continue
            done.add(number)
            plain = grad if plain is None else plain + grad
            right = grad if right is None else right + grad
        if right is not None:
            right = hazard.repeat.pull(right)
    return None if right is None or plain is None else right - plain.sum_to_size(right.shape)


def names_of(leaves: List[Any]) -> List[str]:
    """How the program calls its leaves."""
    frame = sys._getframe(1)
    return [names.variable(leaf, frame) or f"a leaf of size {list(leaf.shape)}" for leaf in leaves]


def _largest(grads: Any) -> float:
    """The largest gradient that backward begins with: 1 where none is given, as for a loss."""
    given = [grad for grad in grads or () if isinstance(grad, torch.Tensor) and grad.numel()]
    with torch.no_grad(), quiet():
        return max((float(grad.abs().max()) for grad in given), default=1.0)


def worst(
    leaves: List[Any], computed: Sequence[Any], right: Sequence[Any], called: List[str], begun: float = 1.0
) -> Optional[Proof]:
    """The element that differs most, relative to the largest of its leaf; None where none does.

    ``begun`` is the largest gradient at the roots.
    """
    found: Optional[Proof] = None
    with torch.no_grad(), quiet():
        for name, leaf, one, other in zip(called, leaves, computed, right):
            a, b = (torch.zeros_like(leaf) if grad is None else grad for grad in (one, other))
            proof = _compare(name, a.to_dense().flatten(), b.to_dense().flatten(), begun)
            if proof is not None and (found is None or proof.difference > found.difference):
                found = proof
    return found


def _compare(name: str, computed: Any, protected: Any, begun: float) -> Optional[Proof]:
    if computed.is_meta or not computed.numel():
        return None
    if computed.is_complex():
        computed, protected = (torch.view_as_real(one).flatten() for one in (computed, protected))
    noise = begun * min(NOISE, torch.finfo(computed.dtype).eps)
    computed, protected = computed.double(), protected.double()
    apart = (computed - protected).abs()
    apart = torch.where(computed.isnan() & protected.isnan(), torch.zeros_like(apart), apart)
    apart = torch.nan_to_num(apart, nan=float("inf"))
    place = int(apart.argmax())
    scale = max(float(computed.abs().max()), float(protected.abs().max()))
    difference = float(apart[place]) / scale if scale > noise else 0.0
    if not difference > RELATIVE:
        return None
    return Proof(f"{name}.grad", float(computed[place]), float(protected[place]), difference)
