"""``torch.autograd.Function``: forward runs without grad, its context says what is saved and what is dirty."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.layout import layout_of
from gradsafe.domain.state import Path, Status
from gradsafe.domain.tensors import GradMode, Tri
from gradsafe.domain.values import (
    NONE,
    ClassValue,
    FunctionValue,
    Instance,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
)
from gradsafe.interp import autograd, calls, classes, torch_ops
from gradsafe.interp.autograd import ToSave

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

CONTEXT = "torch.autograd.function.FunctionCtx"
CONTEXT_METHODS = frozenset(
    {"save_for_backward", "mark_dirty", "mark_non_differentiable", "set_materialize_grads"}
)


def call_context(machine: Machine, path: Path, obj: Instance, name: str, call: Call) -> Outcomes | None:
    """``ctx.save_for_backward(...)`` and its kin; None for other objects."""
    if obj.cls != CONTEXT or name not in CONTEXT_METHODS:
        return None
    path.vars[obj.oid, f"#{name}"] = TupleValue(call.args)
    return [(path, NONE)]


def apply(machine: Machine, path: Path, cls: ClassValue, call: Call) -> Outcomes:
    """``Function.apply(*args)``: one node for the whole forward."""
    found = classes.find_member(path, classes.mro(cls), "forward")
    if found is None or not isinstance(found[0], FunctionValue):
        return calls.unknown_result(path, call)
    inputs = [oid for value in call.args for oid in torch_ops.tensors_in(path, value)]
    needs = autograd.any_requires_grad(path, inputs)
    ctx = Instance(path.new_id(), CONTEXT)
    mode = path.grad_mode
    if mode is not GradMode.INFERENCE:
        path.grad_mode = GradMode.NO_GRAD
    outcomes = calls.call_function(machine, path, found[0], (ctx, *call.args), call.kwargs, call.source)
    results: Outcomes = []
    for each, value in outcomes:
        each.grad_mode = mode
        if each.status is Status.RUN and needs is not Tri.NO:
            value = _attach(each, cls, ctx, inputs, needs, value, call)
        results.append((each, value))
    return results


def _attach(
    path: Path, cls: ClassValue, ctx: Instance, inputs: list[int], needs: Tri, value: Value, call: Call
) -> Value:
    """Give the outputs their history: the function's node, with what the context saved."""
    kept = path.vars.get((ctx.oid, "#save_for_backward"))
    saved = [
        oid
        for item in (kept.items if isinstance(kept, TupleValue) else ())
        for oid in torch_ops.tensors_in(path, item)
    ]
    outputs = torch_ops.tensors_in(path, value)
    dirty = path.vars.get((ctx.oid, "#mark_dirty"))
    written = [
        oid
        for item in (dirty.items if isinstance(dirty, TupleValue) else ())
        for oid in torch_ops.tensors_in(path, item)
    ]
    plain = path.vars.get((ctx.oid, "#mark_non_differentiable"))
    skipped = [
        oid
        for item in (plain.items if isinstance(plain, TupleValue) else ())
        for oid in torch_ops.tensors_in(path, item)
    ]
    for oid in written:
        autograd.check_inplace(path, call.source, oid, needs, cls.name, "function")
        if path.status is not Status.RUN:
            return Unknown(("raised", call.source.place))
        tensor = path.tensor(
            oid
        )  # the write in forward is part of the function: its history is about to tell
        path.heap[oid] = replace(tensor, flow=len(autograd.storage_of(path, oid).flow))
    node = autograd.record(path, call.source, cls.name, inputs, [], needs)
    if node is None:
        return Unknown(("raised", call.source.place))
    leaf = Tri.NO if needs is Tri.YES else Tri.MAYBE
    for oid in outputs:
        if oid in skipped:
            continue
        if oid in written:
            autograd.rebase_history(path, call.source, oid, node, needs)
        elif oid not in inputs:
            path.heap[oid] = replace(path.tensor(oid), requires_grad=needs, node=node, leaf=leaf)
    items = [ToSave(oid, "saved_tensors", as_output=oid in outputs) for oid in saved]
    autograd.save(path, call.source, node, items)
    if not isinstance(value, TensorRef) or value.oid not in inputs or value.oid in written:
        return value
    view = autograd.make_view(
        path, call.source, value.oid, cls.name, layout_of(path.tensor(value.oid)), node=node
    )
    return TensorRef(view)
