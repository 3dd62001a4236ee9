"""``torch.autograd.Function``: forward runs without grad, its context says what is saved and what is dirty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.layout import layout_of
from gradsafe.domain.state import Path, Status
from gradsafe.domain.tensors import Creation, GradMode, Tri
from gradsafe.domain.values import (
    NONE,
    ClassValue,
    FunctionValue,
    Instance,
    Source,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
)
from gradsafe.interp import autograd, calls, classes, torch_ops, unchecked, unseen
from gradsafe.interp.autograd import ToSave
from gradsafe.interp.bases import mro
from gradsafe.interp.unchecked import CONTEXT

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

CONTEXT_METHODS = frozenset(
    {"save_for_backward", "mark_dirty", "mark_non_differentiable", "set_materialize_grads"}
)


def call_context(machine: Machine, path: Path, obj: Instance, name: str, call: Call) -> Outcomes | None:
    """``ctx.save_for_backward(...)`` and its kin; None for other objects."""
    if obj.cls != CONTEXT or name not in CONTEXT_METHODS:
        return None
    path.vars[obj.oid, f"#{name}"] = TupleValue(call.args)
    return [(path, NONE)]


def context_attribute(path: Path, obj: Instance, name: str) -> Value | None:
    """``ctx.saved_tensors``; None for other attributes and objects."""
    if obj.cls != CONTEXT or name not in ("saved_tensors", "saved_variables"):
        return None
    return path.vars.get((obj.oid, "#save_for_backward")) or TupleValue(())


def apply(machine: Machine, path: Path, cls: ClassValue, call: Call) -> Outcomes:
    """``Function.apply(*args)``: one node for the whole forward."""
    found = classes.find_member(path, mro(cls), "forward")
    if found is None or not isinstance(found[0], FunctionValue):
        return calls.unknown_result(path, call)
    inputs = [oid for value in call.args for oid in torch_ops.tensors_in(path, value)]
    needs = autograd.any_requires_grad(path, inputs)
    ctx = Instance(path.new_id(), CONTEXT)
    apart = classes.find_member(path, mro(cls), "setup_context")
    mode = path.grad_mode
    if mode is not GradMode.INFERENCE:
        path.grad_mode = GradMode.NO_GRAD
    args = call.args if apart is not None else (ctx, *call.args)
    outcomes = calls.call_function(machine, path, found[0], args, call.kwargs, call.source)
    if apart is not None and isinstance(apart[0], FunctionValue):
        setup = apart[0]
        outcomes = [
            (after, value)
            for each, value in outcomes
            for after, _ in calls.call_function(
                machine, each, setup, (ctx, TupleValue(call.args), value), {}, call.source
            )
        ]
    results: Outcomes = []
    for each, value in outcomes:
        each.grad_mode = mode
        if each.status is Status.RUN and needs is not Tri.NO:
            value = _attach(each, cls, ctx, inputs, needs, value, call)
        results.append((each, value))
    return results


def _told(path: Path, ctx: Instance, method: str) -> list[int]:
    """The tensors that ``ctx.method(...)`` was given."""
    given = path.vars.get((ctx.oid, f"#{method}"))
    items = given.items if isinstance(given, TupleValue) else ()
    return [oid for item in items for oid in torch_ops.tensors_in(path, item)]


def _attach(
    path: Path, cls: ClassValue, ctx: Instance, inputs: list[int], needs: Tri, value: Value, call: Call
) -> Value:
    """Give the outputs their history: the function's node, with what the context saved."""
    outputs = torch_ops.tensors_in(path, value)
    written, skipped = _told(path, ctx, "mark_dirty"), _told(path, ctx, "mark_non_differentiable")
    if outputs and not set(written) <= set(outputs):
        # "The inputs that are modified inplace must all be outputs of the Function."
        autograd.refuse(path)
        return Unknown(("raised", call.source.place))
    for oid in written:
        autograd.check_inplace(path, call.source, oid, needs, cls.name, "function")
        if path.status is not Status.RUN:
            return Unknown(("raised", call.source.place))
        tensor = path.tensor(oid)
        # The write in forward is part of the function: its history is about to tell.
        path.heap[oid] = replace(tensor, flow=len(unseen.storage_of(path, oid).flow))
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
            tensor = path.tensor(oid)
            # A view that comes out of a custom Function may not be written: the write would replace its backward.
            creation = Creation.CUSTOM if tensor.base is not None else tensor.creation
            path.heap[oid] = replace(tensor, requires_grad=needs, node=node, leaf=leaf, creation=creation)
    items = [
        ToSave(oid, "saved_tensors", as_output=oid in outputs)
        for oid in _told(path, ctx, "save_for_backward")
    ]
    autograd.save(path, call.source, node, items)
    for name in classes.attribute_names(path, ctx.oid):
        kept = torch_ops.tensors_in(path, path.vars.get((ctx.oid, name)) or NONE)
        unchecked.keep(path, node, kept, "ctx-attribute", unchecked.noted(path, ctx, name))
    own = classes.find_member(path, mro(cls), "backward")
    if own is not None and isinstance(own[0], FunctionValue):
        path.vars[node, "#custom"] = TupleValue((own[0], ctx, *(TensorRef(oid) for oid in outputs)))
    return _with_inputs_returned(path, call.source, value, set(inputs) - set(written), node, cls.name)


def _with_inputs_returned(
    path: Path, source: Source, value: Value, inputs: set[int], node: int, operation: str
) -> Value:
    """An input that is returned as it is comes out as a view of itself."""
    if isinstance(value, TupleValue):
        items: Sequence[Value] = [
            _with_inputs_returned(path, source, item, inputs, node, operation) for item in value.items
        ]
        return TupleValue(tuple(items))
    if not isinstance(value, TensorRef) or value.oid not in inputs:
        return value
    return TensorRef(returned_input(path, source, value.oid, operation, node))


def returned_input(path: Path, source: Source, oid: int, operation: str, node: int | None = None) -> int:
    """The view that a custom Function gives for an input returned as it is: writing it raises."""
    tensor = path.tensor(oid)
    view = autograd.make_view(path, source, oid, operation, layout_of(tensor), node=node)
    path.heap[view] = replace(path.tensor(view), creation=Creation.CUSTOM, dtype=tensor.dtype)
    return view
