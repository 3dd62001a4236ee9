"""PyTorch's autograd bookkeeping on abstract tensors: views, writes, saves, history.

Function by function this follows ``torch/csrc/autograd``: ``check_inplace``, ``as_view``,
``rebase_history``, ``VariableHooks::grad_fn``, ``SavedVariable``. The place to add a fact
about how torch keeps its books.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gradsafe.domain import layout as layouts
from gradsafe.domain.layout import Layout, dense_strides, layout_of
from gradsafe.domain.state import Path, Status
from gradsafe.domain.tensors import (
    Bypass,
    Creation,
    GradMode,
    Node,
    SavedTensor,
    Storage,
    Tensor,
    Tri,
)
from gradsafe.domain.values import Const, Source
from gradsafe.interp import handed, unseen
from gradsafe_tracer.events import Alias, Create, Raise, Save, Write

GRAD_ENABLED = {
    GradMode.ENABLED: Tri.YES,
    GradMode.NO_GRAD: Tri.NO,
    GradMode.INFERENCE: Tri.NO,
    GradMode.UNKNOWN: Tri.MAYBE,
}
_CREATION_OF_MODE = {
    GradMode.ENABLED: Creation.DEFAULT,
    GradMode.UNKNOWN: Creation.DEFAULT,
    GradMode.NO_GRAD: Creation.NO_GRAD,
    GradMode.INFERENCE: Creation.INFERENCE,
}
_VIEW_REASON = {
    Creation.MULTI_OUTPUT: "multi-output-view",
    Creation.NO_GRAD: "no-grad-view",
    Creation.INFERENCE: "inference-write",
    Creation.CUSTOM: "function-view",
}
_WRITES_A_VIEW = frozenset({"fill_diagonal_"})
"""In-place operations that are composed of a write to a view of their tensor: of a leaf, torch names the view."""
_BOOL = {Tri.YES: True, Tri.NO: False, Tri.MAYBE: None}


@dataclass(frozen=True, slots=True)
class ToSave:
    """An operand that an operation wants to keep: ``certain`` says whether it does."""

    tensor: int
    role: str
    certain: Tri = Tri.YES
    as_output: bool = False
    by_object: bool = True
    unread: bool = False
    """Kept and version-checked, but not computed with: a change of its value alone does no harm."""


def raise_error(path: Path, source: Source, reason: str, certain: bool = True, **fields: object) -> None:
    """Torch raises RuntimeError here; the path ends unless it is only possible."""
    event = Raise(source.place, source.stack, reason, certain, **fields)  # type: ignore[arg-type]
    path.emit(event)
    if certain:
        path.fail()


REFUSED = (0, "#refused")
"""Set on a path that ends where torch raises and no write is to blame."""


def refuse(path: Path) -> None:
    """Torch raises RuntimeError here for a reason that is none of ours: backward through nothing, a shape that does not fit."""
    path.status, path.raised = Status.RAISED, "RuntimeError"
    path.vars[REFUSED] = Const(True, bool)


def raise_overlap(path: Path, source: Source, oid: int, **fields: object) -> None:
    """Elements of the written tensor share memory: with each other (after an expand), else with an operand."""
    message = None if path.tensor(oid).overlap is Tri.YES else "operand"
    raise_error(path, source, "overlap", True, tensor=oid, message=message, **fields)


def new_tensor(
    path: Path, source: Source, operation: str, tensor: Tensor | None = None, **fields: object
) -> int:
    """A tensor on a fresh storage; ``fields`` are those of :class:`Tensor`."""
    oid, storage, counter = path.new_id(), path.new_id(), path.new_id()
    version = fields.pop("version", 0)
    made = Tensor(storage, counter, Tri.NO) if tensor is None else tensor
    changes: dict[str, Any] = {"storage": storage, "counter": counter, "offset": 0, **fields}
    if made.strides is None and made.contiguous is Tri.YES:
        changes["strides"] = dense_strides(changes.get("shape", made.shape))
    if path.grad_mode is GradMode.INFERENCE:
        changes["inference"] = True
    made = made.but(changes)
    path.heap[oid], path.heap[storage], path.heap[counter] = made, Storage(), version
    path.emit(
        Create(
            source.place, source.stack, oid, storage, counter, int(str(version)), operation,
            _BOOL[made.requires_grad], _BOOL[made.leaf], made.name,
        )
    )  # fmt: skip
    return oid


def requires_grad(path: Path, oid: int) -> Tri:
    """``Tensor.requires_grad``: a view requires grad as soon as its base does."""
    tensor = path.tensor(oid)
    if tensor.base is not None:
        return tensor.requires_grad | path.tensor(tensor.base).requires_grad
    return tensor.requires_grad


def any_requires_grad(path: Path, oids: Iterable[int]) -> Tri:
    """``compute_requires_grad``: grad mode on, and one of the tensors requires grad."""
    found = Tri.NO
    for oid in oids:
        found = found | requires_grad(path, oid)
    return found & GRAD_ENABLED[path.grad_mode]


def any_edge(path: Path, oids: Iterable[int]) -> Tri:
    """``should_compute_output``: does a gradient flow on to one of the tensors? This is what the guard of a save asks.

    A view made under ``no_grad`` of a tensor that requires grad requires grad itself, and has no edge until its base is
    written (measured on 2.13: ``e = d.view(-1)`` under ``no_grad``, then ``e * e`` saves nothing).
    """
    found = Tri.NO
    for oid in oids:
        tensor = path.tensor(oid)
        cut = tensor.base is not None and tensor.node is None and tensor.creation is not Creation.DEFAULT
        if not (cut and path.version(tensor.counter) == tensor.base_version):
            found = found | requires_grad(path, oid)
    return found & GRAD_ENABLED[path.grad_mode]


def accumulate_node(path: Path, oid: int, source: Source) -> int:
    """The AccumulateGrad of a leaf, made on first use."""
    known = path.vars.get((oid, "#accumulate"))
    if isinstance(known, Const) and isinstance(known.value, int):
        return known.value
    node = path.new_id()
    tensor = path.tensor(oid)
    certain = tensor.requires_grad
    path.heap[node] = Node("AccumulateGrad", (), (), source, certain=certain, leaf=oid)
    path.vars[oid, "#accumulate"] = Const(node, int)
    return node


def edge(path: Path, oid: int, source: Source) -> int | None:
    """The node that a gradient of this tensor goes to; a stale view's is regenerated first.

    Raises (on the path) where the view must not be used any more: a multi-output or no-grad
    view whose base was modified since.
    """
    tensor = path.tensor(oid)
    if requires_grad(path, oid) is Tri.NO:
        return None
    if tensor.base is not None:
        version = path.version(tensor.counter)
        if version != tensor.base_version:
            reason = unusable_view(path, oid)
            if reason is not None:
                raise_error(path, source, reason, tensor=oid, name=tensor.name, how="base-modified")
                return None
            above = edge(path, tensor.base, source)
            return _set_view_node(path, oid, above, version, source)
        if tensor.node is None:
            return edge(path, tensor.base, source) if tensor.creation is Creation.DEFAULT else None
    if tensor.node is not None:
        return tensor.node
    return accumulate_node(path, oid, source)


def _is_of_leaf(path: Path, tensor: Tensor) -> bool:
    if tensor.base is None:
        return False
    base = path.tensor(tensor.base)
    return base.leaf is Tri.YES and base.storage == tensor.storage  # `v.data = t` parts them


def unusable_view(path: Path, oid: int) -> str | None:
    """Why ``grad_fn`` of this view raises (``handle_view_on_rebase``): its base was modified since it was made, and
    it is one of several or was made without grad. None where it does not, or not for certain."""
    tensor = path.tensor(oid)
    if tensor.base is None or tensor.creation is Creation.DEFAULT:
        return None
    stale = path.version(tensor.counter) != tensor.base_version
    return _VIEW_REASON[tensor.creation] if stale and requires_grad(path, tensor.base) is Tri.YES else None


def _set_view_node(path: Path, oid: int, above: int | None, version: int, source: Source) -> int | None:
    if above is None:
        return None
    node = path.new_id()
    path.heap[node] = Node("AsStrided", (above,), (), source, certain=path.node(above).certain)
    tensor = path.tensor(oid)
    flow = path.tensor(tensor.base).flow if tensor.base is not None else tensor.flow
    if _is_of_leaf(path, tensor):
        flow = len(unseen.storage_of(path, oid).flow)  # a view of what the leaf is now
    path.heap[oid] = replace(tensor, node=node, leaf=Tri.NO, base_version=version, flow=flow)
    return node


def record(
    path: Path, source: Source, operation: str, inputs: Sequence[int], saves: Sequence[ToSave], certain: Tri,
    view: bool = False,
) -> int | None:  # fmt: skip
    """Make the node of an operation on ``inputs`` and save its operands; None if the path ended in it.

    A ``view`` does not read its operand's value: whoever uses the view does.

    ``certain`` is :func:`any_requires_grad` of the differentiable inputs and is not NO.
    """
    edges: list[int] = []
    bypasses: list[Bypass] = []
    leaves: list[tuple[int, int]] = []
    for oid in dict.fromkeys(inputs):
        above = edge(path, oid, source)
        if path.status is not Status.RUN:
            return None
        if above is not None:
            edges.append(above)
        bypasses.extend(unseen.behind(path, oid, requires_grad(path, oid)))
        used = path.tensor(oid)
        if above is not None and not view and (used.leaf is Tri.YES or _is_of_leaf(path, used)):
            leaf = used.base if used.base is not None and used.leaf is not Tri.YES else oid
            seen = len(unseen.storage_of(path, oid).flow) if used.leaf is Tri.YES else used.flow
            leaves.append((leaf, seen))
    node = path.new_id()
    path.heap[node] = Node(
        operation, tuple(edges), (), source, certain=certain, bypasses=tuple(bypasses), leaves=tuple(leaves)
    )
    save(path, source, node, saves)
    return node if path.status is Status.RUN else None


def save(path: Path, source: Source, node: int, saves: Sequence[ToSave]) -> None:
    """Add ``saves`` to what ``node`` keeps; an inference tensor cannot be kept (torch raises)."""
    kept: list[SavedTensor] = []
    if path.saving == "nothing":
        return
    for item in saves:
        certain = item.certain & path.node(node).certain
        if certain is Tri.NO:
            continue
        tensor = path.tensor(item.tensor)
        operation = path.node(node).operation
        if tensor.inference and path.grad_mode is not GradMode.INFERENCE:
            raise_error(
                path, source, "inference-save", certain is Tri.YES,
                tensor=item.tensor, operation=operation, name=tensor.name,
            )  # fmt: skip
            return
        number, version = path.new_id(), path.version(tensor.counter)
        kept.append(
            SavedTensor(
                number, item.tensor, tensor.counter, version, item.role, certain,
                item.as_output, tensor.name, tensor.storage,
                sys.maxsize if item.unread else len(unseen.storage_of(path, item.tensor).hidden),
                not tensor.known, item.by_object,
            )
        )  # fmt: skip
        path.emit(
            Save(
                source.place, source.stack, number, node, operation, item.role, item.tensor, tensor.counter,
                version, tensor.name,
            )
        )  # fmt: skip
    if kept:
        old = path.node(node)
        path.heap[node] = replace(old, saves=old.saves + tuple(kept))


def make_view(
    path: Path, source: Source, base: int, operation: str, layout: Layout | None = None, *, multi: bool = False,
    node: int | None = None, differentiable: bool = True,
) -> int:  # fmt: skip
    """``as_view``: a tensor on the storage and the counter of ``base``; ``layout`` None: not known."""
    parent = path.tensor(base)
    oid = path.new_id()
    creation = _CREATION_OF_MODE[path.grad_mode]
    if multi and creation is Creation.DEFAULT:
        creation = Creation.MULTI_OUTPUT
    if parent.base is not None and creation is Creation.DEFAULT:
        creation = parent.creation  # `propagate_creation_meta`
    layout = layout or Layout(None, None, None, Tri.MAYBE, parent.overlap)
    root = base if parent.base is None else parent.base
    own = requires_grad(path, base) & GRAD_ENABLED[path.grad_mode] if differentiable else Tri.NO
    if node is None and own is not Tri.NO:
        node = record(path, source, operation, [base], (), own, view=True)
    view = replace(
        parent, requires_grad=own, node=node if own is not Tri.NO else None,
        leaf=Tri.NO if own is Tri.YES else Tri.MAYBE if own is Tri.MAYBE else Tri.YES,
        base=root if differentiable else None, creation=creation if differentiable else Creation.DEFAULT,
        base_version=path.version(parent.counter), shape=layout.shape, strides=layout.strides, offset=layout.offset,
        contiguous=layout.contiguous, overlap=layout.overlap, name=None, flow=len(unseen.storage_of(path, base).flow),
        bypasses=parent.bypasses if differentiable else (),
        origin="made" if parent.origin in ("parameter", DETACHED_INFERENCE) else parent.origin,
    )  # fmt: skip
    path.heap[oid] = view
    path.emit(Alias(source.place, source.stack, oid, base, view.storage, view.counter, operation))
    return oid


DETACHED_INFERENCE = "detached inference"
"""``c.detach()`` and ``c.data`` of an inference tensor, taken outside: still one, and yet they may be written as a
whole (measured on 2.13); their views may not."""


def detach(path: Path, source: Source, base: int, how: str = "detach") -> int:
    """``detach()``: storage and counter shared, no history, not a differentiable view."""
    parent = path.tensor(base)
    oid = make_view(path, source, base, how, layout_of(parent), differentiable=False)
    origin = "detached" if how == "detach" and requires_grad(path, base) is not Tri.NO else "made"
    if parent.inference and path.grad_mode is not GradMode.INFERENCE:
        origin = DETACHED_INFERENCE
    path.heap[oid] = replace(
        path.tensor(oid), origin=origin if parent.known else parent.origin,
        derived=frozenset() if how in ("detach", "data") else parent.derived,
    )  # fmt: skip
    return oid


def data_of(path: Path, source: Source, base: int, how: str = "data") -> int:
    """``.data`` (and NumPy's view): the storage is shared, the counter is new."""
    oid, counter = detach(path, source, base, how), path.new_id()
    path.heap[counter] = 0
    path.heap[path.tensor(base).storage] = replace(unseen.storage_of(path, base), several=True)
    inference = path.tensor(oid).origin == DETACHED_INFERENCE
    path.heap[oid] = replace(
        path.tensor(oid), counter=counter, origin=DETACHED_INFERENCE if inference else "data"
    )
    return oid


def check_inplace(
    path: Path, source: Source, oid: int, needs_grad: Tri, operation: str, how: str, **extra: object
) -> None:
    """``check_inplace``: may this tensor be written now? Errors at the operation end the path.

    A tensor of unknown history stays silent: only its caller could tell.
    """
    tensor = path.tensor(oid)
    if tensor.origin == "numpy":
        return
    fields = {"tensor": oid, "operation": operation, "name": tensor.name, "how": how, **extra}
    if tensor.inference and path.grad_mode is not GradMode.INFERENCE and tensor.origin != DETACHED_INFERENCE:
        raise_error(path, source, "inference-write", True, **fields)
        return
    needs = needs_grad & GRAD_ENABLED[path.grad_mode]
    if needs is Tri.NO or not tensor.known or _before_region(path, oid):
        return
    certain = needs is Tri.YES
    if tensor.base is not None:
        base = path.tensor(tensor.base)
        if tensor.creation is not Creation.DEFAULT:
            raise_error(path, source, _VIEW_REASON[tensor.creation], certain, **fields)
            return
        if requires_grad(path, oid) is not Tri.NO and base.leaf is Tri.YES and base.known:
            certain = certain and requires_grad(path, oid) is Tri.YES
            certain = certain and handed.is_refused_for_sure(path, tensor.base)
            raise_error(path, source, "leaf-view", certain, **fields)
            return
    # A view that was made before its base required grad is a leaf until its `grad_fn` is asked for (measured).
    wanted = requires_grad(path, oid)
    if tensor.leaf is Tri.YES and wanted is not Tri.NO:
        reason = "leaf-view" if operation in _WRITES_A_VIEW else "leaf"
        certain = certain and wanted is Tri.YES and handed.is_refused_for_sure(path, oid)
        raise_error(path, source, reason, certain, **fields)


REGION = (0, "#checkpointed")
"""Where a path keeps the node of the reentrant checkpoint whose region it is in."""


def _before_region(path: Path, oid: int) -> bool:
    """Is the tensor older than the reentrant checkpoint around? Its forward runs without grad, where any may be written."""
    node = path.vars.get(REGION)
    return isinstance(node, Const) and isinstance(node.value, int) and oid < node.value


def bump(
    path: Path, source: Source, oid: int, times: int, operation: str, how: str, declared: object = None,
    name: str | None = None,
) -> None:  # fmt: skip
    """``increment_version``, written to the log; ``times`` 0 is a write that torch does not count (NumPy's, for one)."""
    tensor = path.tensor(oid)
    before = path.version(tensor.counter)
    times = 0 if tensor.origin == "numpy" else times
    path.heap[tensor.counter] = before + times
    path.emit(
        Write(
            source.place, source.stack, oid, tensor.counter, before, before + times, operation, how,
            _BOOL[GRAD_ENABLED[path.grad_mode]], declared, name or tensor.name,
        )
    )  # fmt: skip


def partly_overlaps(path: Path, target: int, sources: Iterable[int]) -> bool:
    """Is a tensor that is read partly the memory that is written (``x[1:].add_(x[:-1])``)? True where it is known."""
    written = path.tensor(target)
    return any(
        path.tensor(oid).storage == written.storage
        and oid != target
        and layouts.partly_overlaps(layout_of(written), layout_of(path.tensor(oid)))
        for oid in sources
    )


def rebase_history(path: Path, source: Source, oid: int, node: int, needs: Tri) -> None:
    """After an in-place operation with ``node``: the tensor's history, or its base's, becomes the node's."""
    tensor = path.tensor(oid)
    if tensor.base is None:
        flow = len(unseen.storage_of(path, oid).flow)
        leaf = Tri.NO if needs is Tri.YES else tensor.leaf & Tri.MAYBE
        path.heap[oid] = replace(
            tensor, node=node, requires_grad=tensor.requires_grad | needs, leaf=leaf, flow=flow, bypasses=()
        )
        return
    base = path.tensor(tensor.base)
    above = edge(path, tensor.base, source)
    inner = path.node(node)
    copy_slices = path.new_id()
    inputs = tuple(dict.fromkeys((*((above,) if above is not None else ()), *inner.inputs)))
    overlapping = oid if tensor.overlap is Tri.YES else None
    path.heap[copy_slices] = replace(inner, inputs=inputs, raises_when_freed=True, overlap_write=overlapping)
    if not inner.saves:
        # CopySlices keeps the geometry of its view: nothing to modify, but gone at a second backward.
        kept = Save(
            source.place, source.stack, path.new_id(), copy_slices, inner.operation, "the view", 0, 0, 0
        )
        path.emit(kept)
    flow = len(unseen.storage_of(path, oid).flow)
    leaf = Tri.NO if needs is Tri.YES else base.leaf & Tri.MAYBE
    path.heap[tensor.base] = replace(
        base, node=copy_slices, requires_grad=base.requires_grad | needs, leaf=leaf, flow=flow, bypasses=()
    )
    _set_view_node(path, oid, copy_slices, path.version(tensor.counter), source)
    path.heap[oid] = replace(path.tensor(oid), requires_grad=tensor.requires_grad | needs, flow=flow)
