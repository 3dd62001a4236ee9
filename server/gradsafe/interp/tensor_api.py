"""Attributes and methods of tensors that are more than a line of the op table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from gradsafe.domain.layout import Layout, layout_of
from gradsafe.domain.state import Path, Status
from gradsafe.domain.tensors import Bypass, GradMode, Tensor, Tri
from gradsafe.domain.values import (
    FALSE,
    NONE,
    TRUE,
    Bound,
    Const,
    External,
    Instance,
    Source,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
    const,
)
from gradsafe.interp import (
    autograd,
    backward,
    hooks,
    layouts,
    numpy_api,
    shapes,
    torch_ops,
    unseen,
    unseen_writes,
)

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

Method: TypeAlias = "Callable[[Machine, Path, TensorRef, Call], Outcomes | None]"
METHODS: dict[str, Method] = {}
_VIEW_ATTRIBUTES = frozenset({"T", "mT", "H", "mH"})


def method(*names: str) -> Callable[[Method], Method]:
    """Register what a tensor method does."""

    def register(handler: Method) -> Method:
        for name in names:
            assert name not in METHODS, f"{name} is registered already"
            METHODS[name] = handler
        return handler

    return register


def get_attribute(machine: Machine, path: Path, ref: TensorRef, name: str, source: Source) -> Outcomes:
    """``tensor.name``."""
    tensor = path.tensor(ref.oid)
    if name == "data":
        return [(path, TensorRef(autograd.data_of(path, source, ref.oid)))]
    if name == "grad":
        found = path.vars.get((ref.oid, "grad"))
        if found is not None:
            return [(path, found)]
        none = tensor.known and tensor.leaf is Tri.YES and tensor.origin != "parameter-unknown"
        return [(path, NONE if none else Unknown(("grad", ref.oid)))]
    if name in _VIEW_ATTRIBUTES:
        layout = layouts.attribute_layout(name, layout_of(tensor))
        return [(path, TensorRef(autograd.make_view(path, source, ref.oid, name, layout)))]
    if name in ("real", "imag"):
        return [(path, _part_of_complex(path, ref, name, source))]
    known = _fact(path, ref, tensor, name, source)
    return [(path, known if known is not None else Bound(ref, name))]


def _part_of_complex(path: Path, ref: TensorRef, name: str, source: Source) -> TensorRef:
    """``x.real`` of a real tensor is x itself; of a complex one it is a view, like ``x.imag``."""
    tensor = path.tensor(ref.oid)
    if name == "real" and tensor.dtype is not None and not tensor.dtype.startswith("complex"):
        return ref
    layout = Layout(tensor.shape, None, None, Tri.MAYBE, tensor.overlap)
    return TensorRef(autograd.make_view(path, source, ref.oid, name, layout))


def _fact(path: Path, ref: TensorRef, tensor: Tensor, name: str, source: Source) -> Value | None:
    tri = {Tri.YES: TRUE, Tri.NO: FALSE}
    if name == "shape":
        whole = shapes.shape_value(tensor.shape) if tensor.shape is not None else None
        if whole is not None:
            return whole
        if tensor.shape is not None:
            sizes = [
                const(s) if s is not None else Unknown(("value", "size", ref.oid, n))
                for n, s in enumerate(tensor.shape)
            ]
            return TupleValue(tuple(sizes))
        return Unknown(("value", "shape", ref.oid))
    if name == "ndim":
        return const(len(tensor.shape)) if tensor.shape is not None else Unknown(("value", "ndim", ref.oid))
    if name == "requires_grad":
        return tri.get(autograd.requires_grad(path, ref.oid), Unknown(("value", "requires_grad", ref.oid)))
    if name == "is_leaf":
        return tri.get(tensor.leaf, Unknown(("value", "is_leaf", ref.oid)))
    if name == "dtype":
        return External(f"torch.{tensor.dtype}") if tensor.dtype else Unknown(("value", "dtype", ref.oid))
    if name == "grad_fn":
        autograd.edge(path, ref.oid, source)  # a stale view's is made anew, or refused
        requires, leaf = autograd.requires_grad(path, ref.oid), path.tensor(ref.oid).leaf
        if requires is Tri.NO or leaf is Tri.YES:
            return NONE
        if requires is Tri.YES and leaf is Tri.NO:
            return Instance(path.new_id(), "torch.autograd.graph.Node")
        return Unknown(("value", "grad_fn", ref.oid))
    if name == "_version":
        return (
            const(path.version(tensor.counter)) if tensor.known else Unknown(("value", "_version", ref.oid))
        )
    if name in ("device", "is_cuda", "layout", "itemsize", "nbytes", "names", "is_sparse", "_base"):
        return Unknown(("value", name, ref.oid if name == "_base" else 0))
    return None


def set_attribute(
    machine: Machine, path: Path, ref: TensorRef, name: str, value: Value, source: Source, subject: str
) -> None:
    """``tensor.name = value`` for ``data``, ``grad`` and ``requires_grad``; others are plain attributes."""
    value = torch_ops.resolve(path, value)
    if name == "grad":
        path.vars[ref.oid, "grad"] = value
    elif name == "requires_grad":
        set_requires_grad(path, ref.oid, Tri.of(value.value is True if isinstance(value, Const) else None))
    elif name == "data":
        swap_data(path, ref.oid, value, source, subject)


def set_requires_grad(path: Path, oid: int, wanted: Tri) -> None:
    """``requires_grad_``: of a leaf only; a tensor of unknown history that is set becomes a leaf."""
    tensor = path.tensor(oid)
    path.sharing.written.add(tensor.counter)
    if tensor.leaf is Tri.NO:
        return
    leaf = Tri.YES if wanted is Tri.YES and not tensor.known else tensor.leaf
    path.heap[oid] = replace(tensor, requires_grad=wanted, leaf=leaf, known=tensor.known or wanted is Tri.YES)


def swap_data(path: Path, oid: int, value: Value, source: Source, subject: str) -> None:
    """``x.data = t``: x takes t's storage and keeps its own counter and history.

    Wrong gradients come of it where x was saved before (as an input), and where ``t`` carries a
    graph that is dropped. ``y.data = y.data.round()`` drops none: the straight-through idiom.
    """
    tensor = path.tensor(oid)
    # What autograd had not seen of the old value is lost for good with it.
    before = tensor.bypasses + unseen.storage_of(path, oid).flow[tensor.flow :] * (tensor.leaf is Tri.NO)
    bypass = Bypass(source, "data-swap", ".data =", subject or tensor.name, oid)
    lost = Tri.NO
    storage, shape = path.new_id(), None
    other = path.tensor(value.oid) if isinstance(value, TensorRef) else None
    if other is not None and isinstance(value, TensorRef):
        storage, shape = other.storage, other.shape
        lost = autograd.requires_grad(path, value.oid) if path.grad_mode is GradMode.ENABLED else Tri.NO
        if other.leaf is Tri.YES and other.name is None:
            lost = Tri.NO  # `w.data = nn.Parameter(t)`: a leaf that nobody else holds misses no gradient
        if (
            tensor.leaf is Tri.NO
            and tensor.requires_grad is Tri.YES
            and other.derived
            and not other.derived & unseen_writes.STEPS
        ):
            lost = Tri.YES  # `h.data = h.data * 2`: autograd goes on with the history of the old value
        if tensor.leaf is Tri.YES and tensor.requires_grad is not Tri.NO and _has_grad(path, oid):
            lost = Tri.NO  # `w.data = w - lr * w.grad`: an update step, whose graph nobody wants
        elif (
            tensor.leaf is Tri.YES
            and tensor.requires_grad is Tri.YES
            and other.derived
            and not other.derived & unseen_writes.STEPS
        ):
            # `w.data = normalize(w.data)`: what used w before used another leaf than what uses it from now on
            held = unseen.storage_of(path, oid)
            path.heap[storage] = replace(held, flow=(*held.flow, bypass))
    path.vars[oid, "#swapped"] = Const(bypass, Bypass)
    autograd.bump(path, source, oid, 0, ".data =", "data", name=subject or None)
    path.heap[oid] = replace(
        tensor,
        storage=storage,
        shape=shape,
        strides=other.strides if other is not None else None,
        offset=other.offset if other is not None else None,
        contiguous=other.contiguous if other is not None else Tri.MAYBE,
        flow=0,
        bypasses=(*before, bypass) if lost is Tri.YES else before,
    )


def _has_grad(path: Path, oid: int) -> bool:
    return isinstance(path.vars.get((oid, "grad")), TensorRef)


def call_method(machine: Machine, path: Path, ref: TensorRef, name: str, call: Call) -> Outcomes:
    """``tensor.name(...)``."""
    if numpy_api.is_array(path, ref):
        outcomes = numpy_api.call_method(machine, path, ref, name, call)
        if outcomes is not None:
            return outcomes
    handler = METHODS.get(name)
    if handler is not None:
        outcomes = handler(machine, path, ref, call)
        if outcomes is not None:
            return outcomes
    applied = torch_ops.apply(
        machine, path, f"Tensor.{name}", [ref, *call.args], call.kwargs, call.source, "method", call.subject
    )
    if applied is not None:
        return applied
    return [(path, Unknown(("call", call.source.place, path.new_id())))]


def flag(value: Value | None) -> Tri:
    """A boolean argument; None (not given) is no."""
    if value is None:
        return Tri.NO
    if isinstance(value, Const):
        return Tri.of(bool(value.value))
    return Tri.MAYBE


@method("backward")
def _backward(machine: Machine, path: Path, ref: TensorRef, call: Call) -> Outcomes:
    create = flag(call.argument(2, "create_graph"))
    retain = call.argument(1, "retain_graph")
    keeps = create if retain is None or retain == NONE else flag(retain)
    inputs = call.kwargs.get("inputs")
    chosen = tuple(torch_ops.tensors_in(path, inputs)) if inputs is not None else None
    name = path.tensor(ref.oid).name
    request = backward.Request((ref.oid,), "backward", chosen, keeps, create is Tri.YES, name=name)
    executed = backward.run(path, call.source, request)
    return [(each, NONE) for each in hooks.after_backward(machine, path, call, executed, create is Tri.YES)]


@method("detach")
def _detach(machine: Machine, path: Path, ref: TensorRef, call: Call) -> Outcomes:
    return [(path, TensorRef(autograd.detach(path, call.source, ref.oid)))]


@method("detach_")
def _detach_in_place(machine: Machine, path: Path, ref: TensorRef, call: Call) -> Outcomes:
    tensor = path.tensor(ref.oid)
    path.sharing.written.add(tensor.counter)
    if tensor.base is not None and autograd.requires_grad(path, ref.oid) is Tri.YES:
        path.status, path.raised = Status.RAISED, "RuntimeError"
    else:
        path.heap[ref.oid] = replace(
            tensor, requires_grad=Tri.NO, node=None, leaf=Tri.YES, base=None, bypasses=()
        )
    return [(path, ref)]


@method("requires_grad_")
def _requires_grad(machine: Machine, path: Path, ref: TensorRef, call: Call) -> Outcomes:
    wanted = call.argument(0, "requires_grad")
    set_requires_grad(path, ref.oid, Tri.YES if wanted is None else flag(wanted))
    return [(path, ref)]


@method("register_hook")
def _register_hook(machine: Machine, path: Path, ref: TensorRef, call: Call) -> Outcomes:
    return [(path, hooks.on_tensor(path, ref.oid, call.argument(0, "hook") or NONE, call.source))]


@method("register_post_accumulate_grad_hook")
def _after_accumulation(machine: Machine, path: Path, ref: TensorRef, call: Call) -> Outcomes:
    return [(path, hooks.register(path, ref.oid, "accumulated", call.argument(0, "hook") or NONE))]


@method("retain_grad", "share_memory_")
def _no_effect(machine: Machine, path: Path, ref: TensorRef, call: Call) -> Outcomes:
    return [(path, Unknown(("handle", call.source.place)))]


@method("item", "tolist")
def _item(machine: Machine, path: Path, ref: TensorRef, call: Call) -> Outcomes:
    tensor = path.tensor(ref.oid)
    return [(path, Unknown(("value", "item", ref.oid, path.version(tensor.counter))))]


@method("numpy", "__array__")
def _numpy(machine: Machine, path: Path, ref: TensorRef, call: Call) -> Outcomes:
    if autograd.requires_grad(path, ref.oid) is Tri.YES and flag(call.kwargs.get("force")) is Tri.NO:
        path.status, path.raised = (
            Status.RAISED,
            "RuntimeError",
        )  # "Can't call numpy() on Tensor that requires grad"
        return [(path, NONE)]
    shared = autograd.data_of(path, call.source, ref.oid, "numpy")
    path.heap[shared] = replace(path.tensor(shared), origin="numpy")
    return [(path, TensorRef(shared))]


@method("apply_", "map_")
def _uncounted(machine: Machine, path: Path, ref: TensorRef, call: Call) -> Outcomes:
    """Writes element by element, and moves no counter (measured, AUTOGRAD.md section 7.11)."""
    name = getattr(call.function, "function", "apply_")
    autograd.bump(path, call.source, ref.oid, 0, name, "method", name=call.subject or None)
    unseen.note_bypass(path, call.source, ref.oid, "uncounted-write", name, True, call.subject or None)
    return [(path, ref)]


@method("is_contiguous")
def _is_contiguous(machine: Machine, path: Path, ref: TensorRef, call: Call) -> Outcomes:
    known = {Tri.YES: TRUE, Tri.NO: FALSE}.get(path.tensor(ref.oid).contiguous)
    return [(path, known or Unknown(("value", "is_contiguous", ref.oid)))]


@method("set_")
def _set(machine: Machine, path: Path, ref: TensorRef, call: Call) -> Outcomes:
    """``x.set_(t)`` takes the storage of ``t`` and keeps a counter of its own, which moves (measured on 2.13)."""
    needs = autograd.any_requires_grad(path, [ref.oid])
    autograd.check_inplace(path, call.source, ref.oid, needs, "set_", "method")
    if path.status is not Status.RUN:
        return [(path, ref)]
    autograd.bump(path, call.source, ref.oid, 1, "set_", "method", name=call.subject or None)
    source = call.argument(0, "source")
    given = torch_ops.resolve(path, source) if source is not None else None
    storage, layout = path.new_id(), Layout(None, None, None, Tri.MAYBE, Tri.NO)
    if isinstance(given, TensorRef):
        storage, layout = path.tensor(given.oid).storage, layout_of(path.tensor(given.oid))
        path.heap[storage] = replace(unseen.storage_of(path, given.oid), several=True)
    path.heap[ref.oid] = replace(
        path.tensor(ref.oid), storage=storage, flow=0, shape=layout.shape, strides=layout.strides, offset=layout.offset,
        contiguous=layout.contiguous, overlap=layout.overlap,
    )  # fmt: skip
    return [(path, ref)]
