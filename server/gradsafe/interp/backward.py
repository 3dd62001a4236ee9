"""The autograd engine on abstract graphs: which nodes run, in which order, what they unpack and free.

Follows ``torch/csrc/autograd/engine.cpp`` (ready queue by sequence number) and
``saved_variable.cpp`` (the version check in ``unpack``).
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gradsafe.domain.state import Path, Status
from gradsafe.domain.tensors import Bypass, SavedTensor, Tensor, Tri
from gradsafe.domain.values import Const, Source, TensorRef
from gradsafe.interp import autograd, double_backward, shadow, unchecked, unseen
from gradsafe_tracer.events import BackwardEnd, BackwardStart, Free, Raise, Read, WrongGradient


@dataclass(frozen=True, slots=True)
class Request:
    """One call of the engine. ``inputs`` None: all leaves; ``real`` False: nobody calls it yet (a returned graph)."""

    roots: tuple[int, ...]
    operation: str = "backward"
    inputs: tuple[int, ...] | None = None
    retain: Tri = Tri.NO
    create_graph: bool = False
    accumulate: bool = True
    real: bool = True
    name: str | None = None


@dataclass(slots=True)
class _Run:
    path: Path
    source: Source
    request: Request
    backward: int
    failed: int | None = None
    """The node at which torch raises."""
    cut: set[int] = field(default_factory=set)
    """Nodes that the shadow of a failed backward leaves out: what was freed, and all behind it."""
    wrong: list[tuple[Bypass, SavedTensor | None, bool]] = field(default_factory=list)


def run(path: Path, source: Source, request: Request) -> tuple[int, ...]:
    """Execute the backward on ``path``; the nodes that ran, in order.

    The path ends (status RAISED) where torch raises for certain.
    """
    roots: list[int] = []
    for oid in request.roots:
        above = autograd.edge(path, oid, source)
        if path.status is not Status.RUN:
            return ()
        if above is not None:
            roots.append(above)
    backward = path.new_id()
    if not roots:
        if request.real and all(_plain(path, oid) for oid in request.roots):
            # "element 0 of tensors does not require grad": torch raises, but no write is to blame.
            autograd.refuse(path)
        return ()
    path.emit(BackwardStart(source.place, source.stack, backward, request.operation, request.name))
    state = _Run(path, source, request, backward)
    order = execution_order(path, roots, _targets(path, source, request))
    executed: list[int] = []
    for node in order:
        if request.real and _has_no_derivative(path, node):
            autograd.refuse(path)
            break
        if node not in state.cut:
            _execute(state, node)
            executed.append(node)
    if state.failed is None:
        _leaves_changed_between_uses(state, executed)
        for bypass, saved, certain in state.wrong:
            _wrong(state, bypass, saved, certain)
    elif request.real and path.real is None:
        _finish(state, shadow.keep_real(path), executed[: executed.index(state.failed)])
    path.emit(BackwardEnd(source.place, source.stack, backward, state.failed is not None))
    _finish(state, path, executed)
    if state.failed is not None and request.real:
        path.fail()
    return tuple(executed)


NOT_DERIVED = frozenset({"floor_divide", "heaviside", "histogram", "histogramdd"})
"""What takes a tensor that requires grad and has no derivative: "derivative for aten::floor_divide is not implemented", in
backward (of all of torch's ``op_db`` on 2.13 those whose ``grad_fn`` is ``NotImplemented``)."""


def _has_no_derivative(path: Path, number: int) -> bool:
    node = path.node(number)
    return node.certain is Tri.YES and node.operation.removesuffix("_") in NOT_DERIVED


def _plain(path: Path, oid: int) -> bool:
    return autograd.requires_grad(path, oid) is Tri.NO


def _targets(path: Path, source: Source, request: Request) -> frozenset[int] | None:
    if request.inputs is None:
        return None
    edges = (autograd.edge(path, oid, source) for oid in request.inputs)
    return frozenset(edge for edge in edges if edge is not None)


def execution_order(path: Path, roots: Sequence[int], targets: frozenset[int] | None) -> list[int]:
    """The nodes that the engine runs, first to last: of those that are ready, the youngest first.

    With ``targets`` (the edges of ``inputs=``) only nodes that lead to one of them run,
    and a target itself runs only on the way to another.
    """
    waiting: dict[int, int] = {}
    stack, seen = list(roots), set(roots)
    while stack:
        for above in path.node(stack.pop()).inputs:
            waiting[above] = waiting.get(above, 0) + 1
            if above not in seen:
                seen.add(above)
                stack.append(above)
    needed = seen if targets is None else _leading_to(path, seen, targets)
    ready = [(-_priority(path, node), node) for node in dict.fromkeys(roots) if not waiting.get(node)]
    heapq.heapify(ready)
    order: list[int] = []
    while ready:
        _, node = heapq.heappop(ready)
        if node in needed:
            order.append(node)
        for above in path.node(node).inputs:
            waiting[above] -= 1
            if waiting[above] == 0:
                heapq.heappush(ready, (-_priority(path, above), above))
    return order


def _priority(path: Path, node: int) -> int:
    """AccumulateGrad runs as soon as it is ready; otherwise the sequence number, which our ids follow."""
    return 1 << 60 if path.node(node).leaf is not None else node


def _leading_to(path: Path, nodes: set[int], targets: frozenset[int]) -> set[int]:
    """Those of ``nodes`` from which a target can be reached, targets only if another lies behind."""
    leading: set[int] = set()
    for node in sorted(
        nodes
    ):  # an input is always older than the node that uses it, except regenerated views
        if any(above in targets or above in leading for above in path.node(node).inputs):
            leading.add(node)
    changed = True
    while changed:
        more = {
            node for node in nodes - leading
            if any(above in targets or above in leading for above in path.node(node).inputs)
        }  # fmt: skip
        changed = bool(more)
        leading |= more
    return leading


def _execute(state: _Run, number: int) -> None:
    path, node = state.path, state.path.node(number)
    freed = path.vars.get((number, "#freed"))
    # `loss.backward(); return loss` is no defect: nobody has to call backward on what is returned.
    if freed is not None and state.request.real and (node.saves or node.raises_when_freed):
        certain = node.certain is Tri.YES and freed == Const(True, bool)
        certain = certain and (node.raises_when_freed or any(s.certain is Tri.YES for s in node.saves))
        if not (path.mended and shadow.freed_by(path, number) <= path.mended):
            _fail(state, "freed", certain, number, node.saves[0] if node.saves else None)
        if certain:
            state.cut |= _behind(path, number)
            return
    if node.overlap_write is not None and state.failed is None and node.certain is Tri.YES:
        # CopySlices cannot scatter a gradient into memory that overlaps itself: torch raises in backward (measured).
        _failed(state, number)
        path.mended |= {node.source.place}
        state.path.emit(
            Raise(
                node.source.place, node.source.stack, "overlap", tensor=node.overlap_write, node=number,
                backward=state.backward, operation=node.operation, name=path.tensor(node.overlap_write).name,
            )
        )  # fmt: skip
        if state.request.real:
            path.begin_shadow()
        return
    for saved in sorted(node.saves, key=_unpacked):
        found = path.version(saved.counter)
        source = state.source
        path.emit(Read(source.place, source.stack, saved.save, state.backward, found))
        # `SavedVariable::unpack` asks for the `grad_fn` of what it holds before it looks at the version.
        asked = state.request.real and not saved.as_output
        unusable = autograd.unusable_view(path, saved.tensor) if asked else None
        if found != saved.version and not _is_mended(path, saved):
            _fail(state, unusable or "version", saved.certain is Tri.YES, number, saved)
        elif state.failed is None:
            _hidden(state, saved)
    if node.replayed_write is not None and state.failed is None and node.certain is Tri.YES:
        _replay(state, number, node.replayed_write)
    if state.failed is None:
        state.wrong.extend((bypass, None, node.certain is Tri.YES) for bypass in node.bypasses)
        state.wrong.extend((bypass, None, sure) for bypass, sure in unchecked.changed(path, node.unchecked))


def _unpacked(saved: SavedTensor) -> tuple[bool, str]:
    """Generated backward functions unpack operands by name, then results (torchgen's ``all_saved_inputs`` is sorted;
    measured on 2.13: of ``mul``, ``maximum``, ``atan2``, ``hypot`` the ``other`` before ``self``, and that before ``result``)."""
    return saved.role.startswith("result"), saved.role


def _replay(state: _Run, number: int, write: Bypass) -> None:
    """A checkpointed region runs again, and writes its argument, which now is a leaf."""
    _failed(state, number)
    state.path.mended |= {write.source.place}
    state.path.emit(
        Raise(
            write.source.place, write.source.stack, write.reason, tensor=write.tensor, node=number, backward=state.backward,
            operation=write.operation, name=write.name,
        )
    )  # fmt: skip
    if state.request.real:
        state.path.begin_shadow()


def _fail(state: _Run, reason: str, certain: bool, node: int, saved: SavedTensor | None) -> None:
    """The first certain failure is the error that torch raises; what is broken by other writes is the shadow's."""
    if state.failed is not None and not (certain and reason == "version"):
        return
    path, source, operation = state.path, state.source, state.path.node(node).operation
    if certain:
        _failed(state, node)
        if reason == "freed":
            path.mended |= shadow.freed_by(path, node)
        elif saved is not None:
            path.mended |= shadow.writes_since(path, saved)
    how = "" if reason in ("version", "freed") else "base-modified"
    path.emit(
        Raise(
            source.place, source.stack, reason, certain, tensor=saved.tensor if saved else None,
            save=saved.save if saved else None, node=node, backward=state.backward, operation=operation,
            name=saved.name if saved else None, how=how if state.request.real else "returned",
            message="argument" if saved and saved.argument else None,
        )
    )  # fmt: skip
    if certain and state.request.real:
        path.begin_shadow()


def _failed(state: _Run, node: int) -> None:
    state.failed = node if state.failed is None else state.failed


def _is_mended(path: Path, saved: SavedTensor) -> bool:
    """After an error: was the saved tensor changed only by writes that count as out of place?"""
    return bool(path.mended) and shadow.writes_since(path, saved) <= path.mended


def _behind(path: Path, node: int) -> set[int]:
    """The node and all that its gradient flows on to."""
    found, stack = {node}, [node]
    while stack:
        for above in path.node(stack.pop()).inputs:
            if above not in found:
                found.add(above)
                stack.append(above)
    return found


def _hidden(state: _Run, saved: SavedTensor) -> None:
    """A saved tensor whose bytes were changed without its counter: torch computes with the new ones."""
    path = state.path
    if saved.by_object and not saved.as_output:
        tensor = path.tensor(saved.tensor)
        if tensor.storage != saved.storage:
            swapped = path.vars.get((saved.tensor, "#swapped"))
            place = swapped.value if isinstance(swapped, Const) else None
            if isinstance(place, Bypass):
                state.wrong.append((place, saved, saved.certain is Tri.YES))
            return
    hidden = unchecked.hidden(path, saved)
    state.wrong.extend((bypass, saved, saved.certain is Tri.YES) for bypass in hidden)


def _leaves_changed_between_uses(state: _Run, executed: list[int]) -> None:
    """One graph used a leaf before and after it was changed unseen: its gradient adds up two different values."""
    path = state.path
    first: dict[int, int] = {}
    uses = [(use, node) for node in executed for use in path.node(node).leaves]
    for (leaf, seen), _ in uses:
        first[leaf] = min(first.get(leaf, seen), seen)
    for (leaf, seen), node in uses:
        for bypass in unseen.storage_of(path, leaf).flow[first[leaf] : seen]:
            state.wrong.append((bypass, None, path.node(node).certain is Tri.YES))


def _wrong(state: _Run, bypass: Bypass, saved: SavedTensor | None, certain: bool) -> None:
    # A copy made in the `forward` of a custom Function has no history, and a second derivative asks for it.
    kept_at = bypass.kept_at if not state.request.create_graph else None
    state.path.emit(
        WrongGradient(
            bypass.source.place, bypass.source.stack, bypass.reason, certain, bypass.tensor,
            saved.save if saved else None, state.backward, bypass.operation, bypass.name,
            kept_at=kept_at.place if kept_at is not None else None,
        )
    )  # fmt: skip


def _finish(state: _Run, path: Path, ran: list[int]) -> None:
    """Accumulate gradients and free what was saved, for the nodes that ran to their end."""
    source, request = state.source, state.request
    if not request.real:
        return
    graph = double_backward.graph(path, source, ran) if request.create_graph and request.accumulate else None
    for number in ran:
        node = path.node(number)
        if node.leaf is not None:
            if request.accumulate and (request.inputs is None or node.leaf in request.inputs):
                _accumulate(path, source, node.leaf, graph)
        elif request.retain is not Tri.YES and (node.saves or node.raises_when_freed):
            path.vars[number, "#freed"] = Const(request.retain is Tri.NO, bool)
            path.emit(Free(source.place, source.stack, number, state.backward))


def _accumulate(path: Path, source: Source, leaf: int, graph: tuple[int, Tri] | None) -> None:
    """``AccumulateGrad``: the first gradient is stored, later ones are added in place (out of place with a ``graph``)."""
    old = path.vars.get((leaf, "grad"))
    if isinstance(old, TensorRef) and graph is None:
        autograd.bump(path, source, old.oid, 1, "AccumulateGrad", "other")
        return
    tensor = path.tensor(leaf)
    made = Tensor(0, 0, Tri.NO, shape=tensor.shape, dtype=tensor.dtype)
    if graph is not None and graph[1] is not Tri.NO:
        made = replace(
            made, requires_grad=graph[1], node=graph[0], leaf=Tri.NO if graph[1] is Tri.YES else Tri.MAYBE
        )
    oid = autograd.new_tensor(path, source, "grad", made)
    path.heap[oid] = replace(path.tensor(oid), name=f"{tensor.name}.grad" if tensor.name else None)
    path.vars[leaf, "grad"] = TensorRef(oid)
