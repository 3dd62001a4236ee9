"""What an operation gives back: fresh tensors, views, its own argument, or one of them depending on a layout."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain import layout as geometry
from gradsafe.domain.layout import Layout, layout_of
from gradsafe.domain.state import Items, Path
from gradsafe.domain.tensors import Tensor, Tri
from gradsafe.domain.values import NONE, Const, External, ListRef, TensorRef, TupleValue, Unknown, Value
from gradsafe.interp import autograd, layouts, net_shapes, saving, shapes, unseen, wrapped
from gradsafe.interp.autograd import ToSave
from gradsafe.ops.notation import Return

if TYPE_CHECKING:
    from gradsafe.interp.machine import Machine, Outcomes
    from gradsafe.interp.torch_ops import Application

_TO_DTYPE = {
    "float": "float32", "double": "float64", "half": "float16", "bfloat16": "bfloat16", "int": "int32",
    "long": "int64", "bool": "bool", "short": "int16", "byte": "uint8",
}  # fmt: skip


def make(machine: Machine, path: Path, call: Application) -> Outcomes:
    """The value of the call, per path: more than one where a layout or dtype is not known."""
    returns = call.op.returns
    if returns.kind in ("same", "view", "alias") and returns.may:
        outcomes: Outcomes = []
        for side, shares in _may_share(machine, path, call):
            if shares:
                outcomes.append((side, _one(machine, side, call, returns, "")))
            else:
                copied = _copied(machine, side, call, returns)
                _note_link(side, call, copied)
                outcomes.append((side, copied))
        return outcomes
    return [(path, _value(machine, path, call, returns, ""))]


def _note_link(path: Path, call: Application, copied: Value) -> None:
    """Remember that the copy might have been the operand itself."""
    oid = next(iter(call.tensors.get(call.op.returns.source, ())), None)
    if oid is not None and isinstance(copied, TensorRef):
        pair = path.tensor(oid).counter, path.tensor(copied.oid).counter
        path.sharing.links.add((call.source.place, *pair))
        if path.tensor(oid).inference:
            path.sharing.written.add(pair[0])  # saving the copy is allowed, saving the operand is not


def _copied(machine: Machine, path: Path, call: Application, returns: Return) -> Value:
    """The copy that a may-share operation makes: one more node, which saves nothing."""
    if call.needs is not Tri.NO and returns.differentiable:
        call.node = autograd.record(path, call.source, call.operation, call.inputs(), (), call.needs)
        if call.node is None:
            return Unknown(("raised", call.source.place))
    return _fresh(path, call, Return("fresh", grad=returns.grad), "")


def _value(machine: Machine, path: Path, call: Application, returns: Return, index: str) -> Value:
    if returns.kind == "tuple":
        items = [_value(machine, path, call, item, index + str(n)) for n, item in enumerate(returns.items)]
        return TupleValue(tuple(items))
    if returns.kind == "list":
        if returns.items[0].kind in ("view", "alias"):
            return _list_of_views(machine, path, call, returns.items[0])
        oid = path.new_id()
        element = _value(machine, path, call, returns.items[0], index)
        path.heap[oid] = Items((), element, "tuple")
        return ListRef(oid)
    return _one(machine, path, call, returns, index)


def _list_of_views(machine: Machine, path: Path, call: Application, returns: Return) -> Value:
    """``tensor_split(x)``: several views of one tensor; ``broadcast_tensors(a, b)``: one view of each."""
    oids = call.tensors.get(returns.source, ())
    if len(oids) == 1 and returns.source != "tensors":
        return several_views(machine, path, call, oids[0])
    shape = shapes.broadcast([path.tensor(oid).shape for oid in oids]) if oids else None
    views = []
    for oid in oids:
        if shape is not None and None not in shape and shape == path.tensor(oid).shape:
            views.append(TensorRef(oid))
            continue
        layout = geometry.expand(layout_of(path.tensor(oid)), shape)
        views.append(TensorRef(autograd.make_view(path, call.source, oid, call.operation, layout)))
    return TupleValue(tuple(views))


def _one(machine: Machine, path: Path, call: Application, returns: Return, index: str) -> Value:
    source_oid = next(iter(call.tensors.get(returns.source, ())), None)
    if returns.kind == "same":
        values = call.bound.get(returns.source, ())
        return values[0] if values else Unknown(("same", call.source.place, path.new_id()))
    if returns.kind in ("view", "alias") and source_oid is not None:
        if layouts.is_whole_flatten(path, call, source_oid):
            return TensorRef(source_oid)
        return _view(path, call, source_oid)
    if returns.kind == "multiview" and source_oid is not None:
        return several_views(machine, path, call, source_oid)
    if returns.kind == "none":
        return NONE
    if returns.kind == "fresh":
        return _fresh(path, call, returns, index)
    if returns.kind == "value":
        return _plain_value(path, call)
    return Unknown(("result", call.source.place, path.new_id()))


def _plain_value(path: Path, call: Application) -> Value:
    """A number or size that is known from the shape; else unknown, the same for the same tensor."""
    oid = next(iter(call.inputs()), None)
    if oid is not None:
        known = shapes.python_value(path.tensor(oid), call.operation, call.bound)
        if known is not None:
            return known
        counter = path.tensor(oid).counter
        key: Hashable = tuple(sorted((k, v) for k, v in call.bound.items() if k != "self"))
        return Unknown(("value", call.operation, oid, path.version(counter), key))
    return Unknown(("value", call.source.place, path.new_id()))


def _fresh(path: Path, call: Application, returns: Return, index: str) -> TensorRef:
    layout = net_shapes.result_layout(path, call, index)
    dtype = _dtype(path, call, returns)
    differentiable = returns.differentiable and dtype not in shapes.INTEGRAL
    # Only factories take `requires_grad`; `zeros_like(x, requires_grad=True)` is a leaf whatever x is.
    asked = call.bound.get("requires_grad", (Const(False, bool),))[0]
    leaf, node = Tri.YES, None
    if isinstance(asked, Const) and asked.value is True:
        needs = Tri.YES
    elif isinstance(asked, Unknown) or (isinstance(asked, External) and asked.is_opaque):
        needs = Tri.MAYBE
    else:
        needs = call.needs if differentiable else Tri.NO
        leaf = {Tri.YES: Tri.NO, Tri.MAYBE: Tri.MAYBE, Tri.NO: Tri.YES}[needs]
        node = call.node if needs is not Tri.NO else None
    tensor = Tensor(
        0, 0, needs, node, leaf, shape=layout.shape, strides=layout.strides, contiguous=layout.contiguous, dtype=dtype,
        derived=_derived(path, call) if needs is Tri.NO else None,
    )  # fmt: skip
    oid = autograd.new_tensor(path, call.source, call.operation, tensor)
    saves = [save for save in call.op.saves if save.what == f"result{index}"]
    if call.node is not None and saves:  # the indices of `max(dim)` too, which have no history
        certain = saving.fused(path, call) if saves[0].certain else Tri.MAYBE
        autograd.save(path, call.source, call.node, [ToSave(oid, "result", certain, as_output=True)])
    if not index and wrapped.gives_view(path, call):
        oid = autograd.make_view(path, call.source, oid, call.operation, layout)
    return TensorRef(oid)


def _derived(path: Path, call: Application) -> frozenset[str] | None:
    """The operations that made a value out of ``.data``, this one included."""
    lineage = [path.tensor(oid).derived for oid in call.inputs()]
    known = [steps for steps in lineage if steps is not None]
    return frozenset().union(*known) | {call.operation} if known else None


def _dtype(path: Path, call: Application, returns: Return) -> str | None:
    if returns.grad and returns.grad not in ("nograd", "nograd?"):
        return returns.grad
    asked = call.bound.get("dtype", (NONE,))[0]
    if isinstance(asked, External):
        return asked.name.rpartition(".")[2]
    if call.operation in _TO_DTYPE:
        return _TO_DTYPE[call.operation]
    return shapes.result_dtype(path, call)


def _view(path: Path, call: Application, base: int) -> TensorRef:
    if "own-counter" in call.op.flags or "escapes" in call.op.flags:
        oid = autograd.data_of(path, call.source, base, call.operation)
        if "escapes" in call.op.flags:
            path.heap[oid] = replace(path.tensor(oid), origin="numpy")
        return TensorRef(oid)
    if not call.op.returns.differentiable and call.op.returns.grad == "nograd":
        return TensorRef(autograd.detach(path, call.source, base, call.operation))
    layout = layouts.view_layout(path, call, base)
    return TensorRef(autograd.make_view(path, call.source, base, call.operation, layout))


def several_views(machine: Machine, path: Path, call: Application, base: int) -> Value:
    """The views that ``unbind``, ``split``, ``tensor_split`` ... give.

    Those of ``multiview`` operations are outputs of one node; ``tensor_split`` makes one slice after the other;
    ``unsafe_split`` hands out tensors that autograd does not know to be views, with a counter of their own.
    """
    found, certain = layouts.parts(path, call, base)
    missing = 0 if certain else max(machine.budget.rounds - len(found), 0)
    filler = found[-1] if found else None
    multi = call.op.returns.kind == "multiview"
    node: int | None = None
    views: list[Value] = []
    for layout in (*found, *(filler,) * missing):
        if "own-counter" in call.op.flags:
            views.append(TensorRef(_unsafe_part(path, call, base, layout)))
            continue
        oid = autograd.make_view(
            path, call.source, base, call.operation, layout, multi=multi, node=node if multi else None
        )
        node = path.tensor(oid).node
        views.append(TensorRef(oid))
    if certain:
        return TupleValue(tuple(views))
    held = path.new_id()
    path.heap[held] = Items(tuple(views), views[-1], "tuple")
    return ListRef(held)


def _unsafe_part(path: Path, call: Application, base: int, layout: Layout | None) -> int:
    """A tensor on shared memory with a counter and a history of its own."""
    needs = call.needs
    if call.node is None and needs is not Tri.NO:
        call.node = autograd.record(path, call.source, call.operation, [base], (), needs)
    oid = autograd.data_of(path, call.source, base, call.operation)
    leaf = {Tri.YES: Tri.NO, Tri.MAYBE: Tri.MAYBE, Tri.NO: Tri.YES}[needs]
    layout = layout or Layout()
    path.heap[oid] = replace(
        path.tensor(oid), requires_grad=needs, node=call.node, leaf=leaf, origin="made", derived=None,
        shape=layout.shape, strides=layout.strides, offset=layout.offset, contiguous=layout.contiguous,
        flow=len(unseen.storage_of(path, base).flow),
    )  # fmt: skip
    return oid


def _may_share(machine: Machine, path: Path, call: Application) -> list[tuple[Path, bool]]:
    """Does the result share its argument's memory here? Both, remembered, where the source does not say and it matters."""
    oid = next(iter(call.tensors.get(call.op.returns.source, ())), None)
    if oid is None:
        return [(path, False)]
    tensor = path.tensor(oid)
    known = layouts.shares(path, call, tensor)
    if known is not None:
        return [(path, known)]
    if machine.forking is not None and call.source.place not in machine.forking:
        return [(path, False)]
    if call.operation in shapes.LAYOUT and tensor.base is not None and tensor.overlap is not Tri.NO:
        return [(path, False)]  # `expand(...)` of sizes that are not known: it is called to make more of them
    rest = tuple(values for name, values in sorted(call.bound.items()) if name != call.op.returns.source)
    token: Hashable = ("shares", call.operation, rest, tensor.dtype)
    if call.operation in shapes.LAYOUT:
        token = ("contiguous", oid)  # one answer for all: a program reshapes what it means to be one piece
    return machine.fork_on(path, token, f"{call.operation}() shares memory")
