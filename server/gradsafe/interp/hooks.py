"""Hooks: functions that run around a module's forward, or when a gradient arrives.

A hook is kept under ``#hooks`` of what it hangs on, as (kind, function, handle). ``register_hook`` of a tensor hangs on the
tensor's *node*, so an in-place operation leaves it behind (AUTOGRAD.md section 9.39).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path, Status
from gradsafe.domain.tensors import GradMode, Shape, Tensor, Tri
from gradsafe.domain.values import (
    FALSE,
    NONE,
    Const,
    Instance,
    Source,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
    const,
)
from gradsafe.interp import autograd, calls, containers, custom_function, tensor_api

if TYPE_CHECKING:
    from collections.abc import Hashable

    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

HANDLE = "torch.utils.hooks.RemovableHandle"
_BACKWARD = ("backward", "backward of the output")
_PASSED_ON = frozenset({"unsqueeze", "squeeze", "transpose", "t", "clone", "permute"})
_RESHAPES = frozenset({"view", "reshape"})
_BROADCASTS = frozenset({"add", "sub"})
"""Operations whose backward hands an expanded gradient on as it is (measured on 2.13: strides 0 seen by a hook)."""


def register(path: Path, owner: Hashable, kind: str, function: Value, with_kwargs: Value = FALSE) -> Value:
    """Hang ``function`` on ``owner``; the handle."""
    handle = Instance(path.new_id(), HANDLE)
    path.vars[handle.oid, "#owner"] = Const(owner, object)
    path.vars[owner, "#hooks"] = TupleValue(
        (*_hooks(path, owner), TupleValue((const(kind), function, handle, with_kwargs)))
    )
    return handle


def _hooks(path: Path, owner: Hashable) -> tuple[Value, ...]:
    held = path.vars.get((owner, "#hooks"))
    return held.items if isinstance(held, TupleValue) else ()


def _of_kind(path: Path, owner: Hashable, *kinds: str) -> list[tuple[Value, bool]]:
    """The functions of these kinds, and whether they also take the keyword arguments."""
    found: list[tuple[Value, bool]] = []
    for hook in _hooks(path, owner):
        if isinstance(hook, TupleValue) and isinstance(hook.items[0], Const) and hook.items[0].value in kinds:
            found.append((hook.items[1], tensor_api.flag(hook.items[3]) is Tri.YES))
    return found


def call_handle(machine: Machine, path: Path, obj: Instance, name: str, call: Call) -> Outcomes | None:
    """``handle.remove()``; None for other objects."""
    if obj.cls != HANDLE:
        return None
    owner = path.vars.get((obj.oid, "#owner"))
    if name == "remove" and isinstance(owner, Const):
        kept = tuple(
            hook for hook in _hooks(path, owner.value)
            if not (isinstance(hook, TupleValue) and hook.items[2] == obj)
        )  # fmt: skip
        path.vars[owner.value, "#hooks"] = TupleValue(kept)
    return [(path, NONE)]


# -- modules ---------------------------------------------------------------------------------------------------------


def around_forward(machine: Machine, path: Path, obj: Instance, call: Call, forward: object) -> Outcomes:
    """``Module.__call__``: the pre-hooks, ``forward(machine, path, obj, call)``, the hooks."""
    if not _hooks(path, obj.oid):
        return forward(machine, path, obj, call)  # type: ignore[operator,no-any-return]
    outcomes: Outcomes = []
    for each, inner in _before(machine, path, obj, call):
        if each.status is not Status.RUN:
            outcomes.append((each, NONE))
            continue
        if _of_kind(each, obj.oid, "backward"):
            inner = replace(inner, args=tuple(_hooked(each, value, call.source) for value in inner.args))
        for after, value in forward(machine, each, obj, inner):  # type: ignore[operator]
            outcomes.extend(_after(machine, after, obj, inner, value))
    return outcomes


def _before(machine: Machine, path: Path, obj: Instance, call: Call) -> list[tuple[Path, Call]]:
    states = [(path, call)]
    for function, with_kwargs in _of_kind(path, obj.oid, "before"):
        following: list[tuple[Path, Call]] = []
        for each, current in states:
            given: tuple[Value, ...] = (obj, TupleValue(current.args))
            if with_kwargs:
                entries = tuple((const(key), value) for key, value in current.kwargs.items())
                given = (*given, containers.new_dict(each, entries))
            for after, value in _run(machine, each, function, given, call):
                following.append((after, _with_arguments(after, current, value, with_kwargs)))
        states = following
    return states


def _with_arguments(path: Path, call: Call, value: Value, with_kwargs: bool) -> Call:
    """What a pre-hook returned takes the place of the arguments; None leaves them."""
    if value == NONE:
        return call
    if with_kwargs and isinstance(value, TupleValue) and len(value.items) == 2:
        args, kwargs = value.items
        return replace(
            call, args=containers.elements(path, args), kwargs=containers.string_entries(path, kwargs)
        )
    return replace(call, args=value.items if isinstance(value, TupleValue) else (value,))


def _after(machine: Machine, path: Path, obj: Instance, call: Call, value: Value) -> Outcomes:
    states: Outcomes = [(path, value)]
    for function, with_kwargs in _of_kind(path, obj.oid, "forward"):
        following: Outcomes = []
        for each, current in states:
            if each.status is not Status.RUN:
                following.append((each, current))
                continue
            given: tuple[Value, ...] = (obj, TupleValue(call.args))
            if with_kwargs:
                entries = tuple((const(key), item) for key, item in call.kwargs.items())
                given = (*given, containers.new_dict(each, entries))
            for after, result in _run(machine, each, function, (*given, current), call):
                following.append((after, current if result == NONE else result))
        states = following
    if _of_kind(path, obj.oid, *_BACKWARD):
        states = [(each, _hooked(each, current, call.source)) for each, current in states]
    return states


def _run(machine: Machine, path: Path, function: Value, args: tuple[Value, ...], call: Call) -> Outcomes:
    return calls.call(machine, path, replace(call, function=function, args=args, kwargs={}))


def _hooked(path: Path, value: Value, source: Source) -> Value:
    """``BackwardHookFunction``: a custom Function that returns its inputs, so each becomes a view that may not be written."""
    if isinstance(value, TupleValue):
        return TupleValue(tuple(_hooked(path, item, source) for item in value.items))
    if not isinstance(value, TensorRef) or path.status is not Status.RUN:
        return value
    if autograd.any_requires_grad(path, [value.oid]) is Tri.NO:
        return value
    return TensorRef(custom_function.returned_input(path, source, value.oid, "BackwardHookFunction"))


# -- gradients -------------------------------------------------------------------------------------------------------


def on_tensor(path: Path, oid: int, function: Value, source: Source) -> Value:
    """``tensor.register_hook(f)``: it hangs on the node that the tensor has now."""
    node = autograd.edge(path, oid, source)
    if node is None:
        return Unknown(("handle", source.place))
    path.vars[node, "#hooked"] = TensorRef(oid)
    return register(path, node, "gradient", function)


@dataclass(frozen=True, slots=True)
class _Called:
    """User code that the engine calls at ``node``: ``function(*before, gradient)``, or ``function(*before)`` alone."""

    node: int
    function: Value
    before: tuple[Value, ...] = ()
    of: tuple[int, ...] = ()
    """The tensors whose gradients it is given."""


@dataclass(frozen=True, slots=True)
class _Expanded:
    """A gradient several of whose elements are one place in memory; ``whole``: all of them."""

    certain: Tri
    whole: bool = False


def after_backward(
    machine: Machine, path: Path, call: Call, executed: Sequence[int], create_graph: bool = False
) -> list[Path]:
    """Run what user code the engine calls on its way: hooks of tensors and parameters, ``backward`` of custom Functions.

    They run once the engine is through: a hook that updates its parameter during backward breaks nothing that the
    same backward still has to read (AUTOGRAD.md section 9.39).
    """
    waiting = [each for node in executed for each in _called_at(path, node)]
    if not waiting or path.status is not Status.RUN:
        return [path]
    expanded = _expanded(path, executed)
    states, mode = [path], path.grad_mode
    for item in waiting:
        following: list[Path] = []
        for each in states:
            if each.status is not Status.RUN:
                following.append(each)
                continue
            each.grad_mode = mode if create_graph else GradMode.NO_GRAD
            gradients = tuple(
                _gradient(each, oid, expanded.get(item.node, _Expanded(Tri.NO)), call.source)
                for oid in item.of
            )
            for after, _ in _run(machine, each, item.function, (*item.before, *gradients), call):
                after.grad_mode = mode
                following.append(after)
        states = machine.limit(following)
    return states


def _called_at(path: Path, node: int) -> Iterable[_Called]:
    for function, _ in _of_kind(path, node, "gradient"):
        tensor = path.vars.get((node, "#hooked"))
        yield _Called(node, function, of=(tensor.oid,) if isinstance(tensor, TensorRef) else ())
    leaf = path.node(node).leaf
    if leaf is not None:
        for function, _ in _of_kind(path, leaf, "accumulated"):
            yield _Called(node, function, (TensorRef(leaf),))
    custom = path.vars.get((node, "#custom"))
    if isinstance(custom, TupleValue):
        outputs = tuple(item.oid for item in custom.items[2:] if isinstance(item, TensorRef))
        yield _Called(node, custom.items[0], (custom.items[1],), outputs)


def _gradient(path: Path, oid: int, expanded: _Expanded, source: Source) -> TensorRef:
    """The gradient of a tensor, as a hook gets it: expanded where it comes from a ``sum``."""
    tensor = path.tensor(oid)
    several = tensor.shape is not None and any(size is not None and size > 1 for size in tensor.shape)
    overlap = expanded.certain & (Tri.YES if several else Tri.MAYBE)
    # One number expanded has strides of 0: its rows overlap themselves, its single elements do not (measured).
    known = tensor.shape is not None and overlap is Tri.YES and expanded.whole
    strides = (0,) * len(tensor.shape) if known and tensor.shape is not None else None
    made = Tensor(
        0, 0, Tri.NO, shape=tensor.shape, strides=strides, dtype=tensor.dtype, overlap=overlap, contiguous=Tri.MAYBE
    )  # fmt: skip
    return TensorRef(autograd.new_tensor(path, source, "gradient", made))


def _expanded(path: Path, executed: Sequence[int]) -> dict[int, _Expanded]:
    """The nodes whose gradient is expanded: they feed a ``sum``, directly or through what hands it on."""
    users: dict[int, list[int]] = {}
    for node in executed:
        for above in path.node(node).inputs:
            users.setdefault(above, []).append(node)
    if not any(path.node(node).operation.rstrip("_") == "sum" for node in executed):
        return {}
    tensors = (held for held in path.heap.flat().values() if isinstance(held, Tensor))
    shapes = {tensor.node: tensor.shape for tensor in tensors if tensor.node is not None}
    leaves = ((node, path.node(node).leaf) for node in executed)
    shapes |= {node: path.tensor(leaf).shape for node, leaf in leaves if leaf is not None}
    found: dict[int, _Expanded] = {}
    for node in executed:
        if len(users.get(node, ())) != 1:
            continue
        user = users[node][0]
        operation = path.node(user).operation.rstrip("_")
        if operation == "sum":
            found[node] = _by_sum(shapes.get(node), shapes.get(user))
        elif user in found:
            found[node] = _handed_on(operation, found[user], shapes.get(node), shapes.get(user))
    return found


def _by_sum(summed: Shape, total: Shape) -> _Expanded:
    """``sum`` expands its gradient along the dimensions that it summed; those of one element change nothing."""
    if total == ():
        return _Expanded(Tri.YES, True)
    before, after = _count(summed), _count(total)
    if before is None or after is None:
        return _Expanded(Tri.MAYBE)
    return _Expanded(Tri.YES if before > after else Tri.NO)


def _count(shape: Shape) -> int | None:
    known = [size for size in shape or () if size is not None]
    return math.prod(known) if shape is not None and len(known) == len(shape) else None


def _handed_on(operation: str, gradient: _Expanded, operand: Shape, result: Shape) -> _Expanded:
    """``view`` copies what cannot be seen in its operand's shape; an operand that was broadcast gets a sum."""
    if (operation in _RESHAPES and gradient.whole) or operation in _PASSED_ON:
        return gradient
    if operation in _RESHAPES:
        return _Expanded(gradient.certain & Tri.MAYBE)
    if operation not in _BROADCASTS or (operand is not None and operand != result and result is not None):
        return _Expanded(Tri.NO)
    return gradient if operand is not None and operand == result else _Expanded(gradient.certain & Tri.MAYBE)
