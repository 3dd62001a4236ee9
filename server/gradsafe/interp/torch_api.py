"""Functions of torch that are more than one operation: grad modes, gradients, parameters, wrappers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from gradsafe.domain import layout as geometry
from gradsafe.domain.layout import Layout, layout_of
from gradsafe.domain.state import Path, Status
from gradsafe.domain.tensors import GradMode, Tensor, Tri
from gradsafe.domain.values import (
    FALSE,
    NONE,
    TRUE,
    Const,
    External,
    FunctionValue,
    Instance,
    ListRef,
    Manager,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
    const,
)
from gradsafe.interp import (
    arguments,
    autograd,
    backward,
    calls,
    containers,
    contexts,
    distributions,
    double_backward,
    hooks,
    shapes,
    tensor_api,
    torch_ops,
)
from gradsafe_tracer.events import Save

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

Handler: TypeAlias = "Callable[[Machine, Path, Call], Outcomes | None]"
FUNCTIONS: dict[str, Handler] = {}

MANAGERS: Mapping[str, str] = {
    "torch.no_grad": "no_grad",
    "torch.autograd.no_grad": "no_grad",
    "torch.autograd.grad_mode.no_grad": "no_grad",
    "torch.enable_grad": "enable_grad",
    "torch.autograd.enable_grad": "enable_grad",
    "torch.autograd.set_detect_anomaly": "nothing",
    "torch.autograd.detect_anomaly": "nothing",
    "torch.autograd.profiler.profile": "nothing",
    "torch.profiler.profile": "nothing",
    "contextlib.nullcontext": "nothing",
}


def torch_function(*names: str) -> Callable[[Handler], Handler]:
    """Register what a torch function does, by its dotted names."""

    def register(handler: Handler) -> Handler:
        for name in names:
            assert name not in FUNCTIONS, f"{name} is registered already"
            FUNCTIONS[name] = handler
        return handler

    return register


def call_external(machine: Machine, path: Path, name: str, call: Call) -> Outcomes | None:
    """A call of a torch function that is modelled here; None for all others."""
    mode = MANAGERS.get(name)
    if mode is not None:
        manager = Manager(mode)
        if len(call.args) == 1 and isinstance(call.args[0], FunctionValue):
            return [(path, replace(call.args[0], grad_mode=mode))]  # `@torch.no_grad` without parentheses
        return [(path, manager)]
    handler = FUNCTIONS.get(name)
    return handler(machine, path, call) if handler is not None else None


def _switch(on: Tri, yes: str, no: str) -> str:
    return {Tri.YES: yes, Tri.NO: no, Tri.MAYBE: "unknown-grad"}[on]


@torch_function("torch.inference_mode", "torch.autograd.inference_mode")
def _inference_mode(machine: Machine, path: Path, call: Call) -> Outcomes:
    asked = call.argument(0, "mode")
    if isinstance(asked, FunctionValue):
        return [(path, replace(asked, grad_mode="inference"))]
    on = Tri.YES if asked is None else tensor_api.flag(asked)
    return [(path, Manager(_switch(on, "inference", "no-inference")))]


@torch_function(
    "torch.set_grad_enabled", "torch.autograd.set_grad_enabled", "torch.autograd.grad_mode.set_grad_enabled"
)
def _set_grad_enabled(machine: Machine, path: Path, call: Call) -> Outcomes:
    """Takes effect at once, as a function; as a context manager the old mode comes back at its end."""
    on = tensor_api.flag(call.argument(0, "mode"))
    mode = _switch(on, "enable_grad", "no_grad")
    return [(path, Manager(mode, contexts.enter_mode(path, mode).value))]


@torch_function("torch.autocast", "torch.amp.autocast", "torch.cuda.amp.autocast", "torch.cpu.amp.autocast")
def _autocast(machine: Machine, path: Path, call: Call) -> Outcomes:
    """``enabled=False`` is no autocast; where that is not known, a save as a copy is the quieter answer."""
    asked = call.kwargs.get("enabled")
    off = asked is not None and tensor_api.flag(asked) is Tri.NO
    return [(path, Manager("nothing" if off else "autocast"))]


@torch_function("torch.is_grad_enabled")
def _is_grad_enabled(machine: Machine, path: Path, call: Call) -> Outcomes:
    known = {GradMode.ENABLED: TRUE, GradMode.NO_GRAD: FALSE, GradMode.INFERENCE: FALSE}.get(path.grad_mode)
    return [(path, known or Unknown(("grad-enabled",)))]


@torch_function("torch.is_inference_mode_enabled")
def _is_inference(machine: Machine, path: Path, call: Call) -> Outcomes:
    return [(path, TRUE if path.grad_mode is GradMode.INFERENCE else FALSE)]


@torch_function("torch.autograd.backward")
def _backward(machine: Machine, path: Path, call: Call) -> Outcomes:
    roots = tuple(torch_ops.tensors_in(path, call.argument(0, "tensors") or NONE))
    create = tensor_api.flag(call.kwargs.get("create_graph"))
    retain = call.kwargs.get("retain_graph")
    keeps = create if retain is None or retain == NONE else tensor_api.flag(retain)
    inputs = call.kwargs.get("inputs")
    chosen = tuple(torch_ops.tensors_in(path, inputs)) if inputs is not None else None
    request = backward.Request(roots, "backward", chosen, keeps, create is Tri.YES)
    executed = backward.run(path, call.source, request)
    return [(each, NONE) for each in hooks.after_backward(machine, path, call, executed, create is Tri.YES)]


@torch_function("torch.autograd.grad")
def _grad(machine: Machine, path: Path, call: Call) -> Outcomes:
    """``autograd.grad``: the engine for chosen inputs; nothing is accumulated."""
    roots = tuple(torch_ops.tensors_in(path, call.argument(0, "outputs") or NONE))
    inputs = tuple(torch_ops.tensors_in(path, call.argument(1, "inputs") or NONE))
    create = tensor_api.flag(call.argument(4, "create_graph"))
    retain = call.argument(3, "retain_graph")
    keeps = create if retain is None or retain == NONE else tensor_api.flag(retain)
    request = backward.Request(roots, "grad", inputs, keeps, create is Tri.YES, accumulate=False)
    executed = backward.run(path, call.source, request)
    gradients: list[Value] = []
    node, needs = None, Tri.NO
    if create is not Tri.NO:
        node, depends = double_backward.graph(path, call.source, executed)
        needs = create & depends
    for oid in inputs:
        made = Tensor(
            0, 0, needs, node=node if needs is not Tri.NO else None,
            leaf=Tri.YES if needs is Tri.NO else Tri.NO if needs is Tri.YES else Tri.MAYBE,
            shape=path.tensor(oid).shape, dtype=path.tensor(oid).dtype,
        )  # fmt: skip
        gradients.append(TensorRef(autograd.new_tensor(path, call.source, "grad", made)))
    after = hooks.after_backward(machine, path, call, executed, create is Tri.YES)
    return [(each, TupleValue(tuple(gradients))) for each in after]


@torch_function("torch.nn.Parameter", "torch.nn.parameter.Parameter")
def _parameter(machine: Machine, path: Path, call: Call) -> Outcomes:
    """``nn.Parameter(t)``: a leaf on t's storage and counter."""
    data = call.argument(0, "data")
    asked = call.argument(1, "requires_grad")
    wanted = Tri.YES if asked is None else tensor_api.flag(asked)
    value = torch_ops.materialise(path, data, call.source) if data is not None else None
    if not isinstance(value, TensorRef):
        made = Tensor(0, 0, wanted, origin="parameter")
        return [(path, TensorRef(autograd.new_tensor(path, call.source, "Parameter", made)))]
    oid = autograd.detach(path, call.source, value.oid, "Parameter")
    path.heap[oid] = replace(
        path.tensor(oid), requires_grad=wanted, leaf=Tri.YES, origin="parameter", known=True, overlap=Tri.NO, name=None,
    )  # fmt: skip
    return [(path, TensorRef(oid))]


@torch_function("torch.nn.Buffer", "torch.nn.parameter.Buffer", "torch.nn.UninitializedBuffer")
def _buffer(machine: Machine, path: Path, call: Call) -> Outcomes:
    """``nn.Buffer(t)``: ``t.detach()`` that requires grad if t does (torch/nn/parameter.py)."""
    data = call.argument(0, "data")
    value = torch_ops.materialise(path, data, call.source) if data is not None else None
    if not isinstance(value, TensorRef):
        made = Tensor(0, 0, Tri.NO, origin="made")
        return [(path, TensorRef(autograd.new_tensor(path, call.source, "Buffer", made)))]
    needs = autograd.requires_grad(path, value.oid)
    oid = autograd.detach(path, call.source, value.oid, "Buffer")
    path.heap[oid] = replace(path.tensor(oid), requires_grad=needs, leaf=Tri.YES)
    return [(path, TensorRef(oid))]


@torch_function("torch.nn.Embedding.from_pretrained", "torch.nn.EmbeddingBag.from_pretrained")
def _from_pretrained(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """An embedding whose weight lies on the memory of what is given, and is frozen unless told otherwise."""
    from gradsafe.interp import modules

    name = call.function.name.rpartition(".")[0] if isinstance(call.function, External) else ""
    made = modules.construct_external(machine, path, name, replace(call, args=(), kwargs={}))
    if made is None or not isinstance(made[0][1], Instance):
        return None
    freeze = call.argument(1, "freeze")
    needs: Value = (
        FALSE if freeze is None else const(freeze.value is False) if isinstance(freeze, Const) else freeze
    )
    data = call.argument(0, "embeddings")
    weight = _parameter(
        machine,
        path,
        replace(call, args=(data,) if data is not None else (), kwargs={"requires_grad": needs}),
    )
    if weight is not None:
        path.vars[made[0][1].oid, "weight"] = weight[0][1]
    return made


@torch_function("torch.from_numpy", "torch.as_tensor", "torch.asarray")
def _from_numpy(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    value = torch_ops.resolve(path, call.args[0]) if call.args else NONE
    if len(call.args) > 1 or "dtype" in call.kwargs or "copy" in call.kwargs:
        return None  # of another dtype it is a copy
    if isinstance(value, TensorRef):
        tensor = path.tensor(value.oid)
        if tensor.origin != "numpy":
            return None
        return [(path, TensorRef(autograd.data_of(path, call.source, value.oid, "from_numpy")))]
    if isinstance(value, Unknown):
        made = autograd.new_tensor(path, call.source, "from_numpy", Tensor(0, 0, Tri.NO))
        array = autograd.data_of(path, call.source, made, "numpy")  # the array is the tensor's memory
        path.heap[array] = replace(path.tensor(array), origin="numpy")
        path.vars[("tensor", value.token), "#ref"] = TensorRef(array)
        return [(path, TensorRef(made))]
    return None


@torch_function("torch.tensor")
def _tensor(machine: Machine, path: Path, call: Call) -> Outcomes:
    """``torch.tensor(data)`` always copies; it is a leaf."""
    data = call.argument(0, "data") or NONE
    wanted = tensor_api.flag(call.kwargs.get("requires_grad"))
    dtype = call.kwargs.get("dtype")
    named = arguments.argument(path, dtype).value if dtype is not None else None
    literal = shapes.literal_dtype(path, data)
    if isinstance(named, str):
        literal = shapes.ALIASES.get(named, named)
    made = Tensor(0, 0, wanted, shape=shapes.literal_shape(path, data), dtype=literal)
    return [(path, TensorRef(autograd.new_tensor(path, call.source, "tensor", made)))]


@torch_function("torch.compile", "torch.jit.script", "torch.jit.ignore", "torch.jit.export", "torch._dynamo.disable",
                "torch.compiler.disable", "torch.nn.DataParallel", "torch.nn.parallel.DistributedDataParallel",
                "torch.nn.utils.parametrizations.orthogonal")  # fmt: skip
def _identity(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    return [(path, call.args[0])] if call.args else None


@torch_function("torch.einsum")
def _einsum(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """``einsum(equation, [a, b])`` is ``einsum(equation, a, b)``."""
    if len(call.args) != 2 or not (items := torch_ops.items_of(path, call.args[1])):
        return None
    return torch_ops.apply(machine, path, "torch.einsum", (call.args[0], *items), call.kwargs, call.source)


@torch_function("torch.utils.swap_tensors")
def _swap_tensors(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """Each name gets what the other one stood for: memory, counter, history, gradient."""
    refs = [ref for ref in call.args if isinstance(ref, TensorRef)]
    if len(refs) != 2 or len(call.args) != 2:
        return None
    if any(isinstance(event, Save) and event.tensor in [ref.oid for ref in refs] for event in path.events()):
        path.status, path.raised = (
            Status.RAISED,
            "RuntimeError",
        )  # refused: somebody else holds one of them (measured)
        return [(path, NONE)]
    one, other = (path.tensor(ref.oid) for ref in refs)
    path.heap[refs[0].oid], path.heap[refs[1].oid] = (
        replace(other, name=one.name),
        replace(one, name=other.name),
    )
    grads = [path.vars.get((ref.oid, "grad")) for ref in refs]
    for ref, grad in zip(refs, reversed(grads), strict=True):
        if grad is not None or (ref.oid, "grad") in path.vars:
            path.vars[ref.oid, "grad"] = grad if grad is not None else NONE
    return [(path, NONE)]


@torch_function("torch.device")
def _device(machine: Machine, path: Path, call: Call) -> Outcomes:
    return [(path, Unknown(("device", *call.args, *call.kwargs.values())))]


@torch_function("torch.Size")
def _size(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    given = call.args[0] if call.args else TupleValue(())
    known = containers.rest_of(path, given) is None
    return [(path, TupleValue(containers.elements(path, given)))] if known else None


@torch_function("torch.broadcast_shapes")
def _broadcast_shapes(machine: Machine, path: Path, call: Call) -> Outcomes:
    given = [shapes.sizes(path, (value,)) for value in call.args]
    known = shapes.broadcast(given) if given else ()
    value = shapes.shape_value(known) if known is not None else None
    return [(path, value if value is not None else Unknown(("value", "broadcast_shapes", path.new_id())))]


@torch_function("torch.broadcast_tensors", "torch.functional.broadcast_tensors")
def _broadcast_tensors(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """Each argument expanded to the shape of all: a view of it, that may overlap itself; itself if it has that shape."""
    listed = len(call.args) == 1 and isinstance(call.args[0], (ListRef, TupleValue))
    given = containers.elements(path, call.args[0]) if listed else call.args
    refs: list[Value] = []
    for value in given:
        known = torch_ops.materialise(path, value, call.source)
        refs.append(known)
    tensors = [path.tensor(ref.oid).shape for ref in refs if isinstance(ref, TensorRef)]
    if not refs or len(tensors) != len(refs):
        return None
    shape = shapes.broadcast(tensors)
    size = shapes.shape_value(shape) if shape is not None else None
    if size is None:
        size = Unknown(("value", "broadcast", path.new_id()))
    views: list[Value] = []
    for ref in refs:
        if isinstance(ref, TensorRef) and shape is not None and path.tensor(ref.oid).shape == shape:
            views.append(ref)
            continue
        outcomes = torch_ops.apply(machine, path, "Tensor.expand", [ref, size], {}, call.source)
        if outcomes is None:
            return None
        views.append(outcomes[0][1])
    return [(path, TupleValue(tuple(views)))]


@torch_function("torch.atleast_1d", "torch.atleast_2d", "torch.atleast_3d")
def _atleast(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """Of several tensors a tuple with what each alone gives."""
    listed = len(call.args) == 1 and isinstance(call.args[0], (ListRef, TupleValue))
    if not listed and len(call.args) < 2:
        return None
    made: list[Value] = []
    for value in containers.elements(path, call.args[0]) if listed else call.args:
        outcomes = calls.call(machine, path, call.of(call.function, value))
        path = outcomes[0][0]
        made.append(outcomes[0][1])
    return [(path, TupleValue(tuple(made)))]


@torch_function("torch.meshgrid")
def _meshgrid(machine: Machine, path: Path, call: Call) -> Outcomes:
    """Expanded views of the arguments: each element of one stands many times in its grid."""
    items = call.args if len(call.args) != 1 else containers.elements(path, call.args[0]) or call.args
    oids = [oid for item in items for oid in torch_ops.tensors_in(path, item)]
    sizes = [path.tensor(oid).shape for oid in oids]
    # `indexing="ij"` (the default) or "xy", which swaps the first two.
    grid = tuple(None if shape is None else shape[0] if shape else 1 for shape in sizes)
    swapped = call.kwargs.get("indexing") == Const("xy", str) and len(grid) > 1
    grid = (grid[1], grid[0], *grid[2:]) if swapped else grid
    views: list[Value] = []
    for number, oid in enumerate(oids):
        at = 1 - number if swapped and number < 2 else number
        shape = tuple(size if dim == at else 1 for dim, size in enumerate(grid))
        lying = geometry.view(layout_of(path.tensor(oid)), shape) or Layout(shape)
        layout = geometry.expand(lying, grid)
        if len(grid) > 1 and layout.overlap is Tri.MAYBE:
            layout = replace(layout, overlap=Tri.YES)  # an axis of one point is not what a grid is made of
        views.append(TensorRef(autograd.make_view(path, call.source, oid, "meshgrid", layout)))
    return [(path, TupleValue(tuple(views)))]


@torch_function("torch.nn.utils.clip_grad_norm_", "torch.nn.utils.clip_grad_value_")
def _clip(machine: Machine, path: Path, call: Call) -> Outcomes:
    """Gradients are scaled in place: +1 for the norm, +2 for the value (AUTOGRAD.md section 9.36)."""
    parameters = call.argument(0, "parameters") or NONE
    times = 2 if call.function == External("torch.nn.utils.clip_grad_value_") else 1
    values = (parameters, *containers.elements(path, parameters))
    for oid in dict.fromkeys(oid for value in values for oid in torch_ops.tensors_in(path, value)):
        grad = path.vars.get((oid, "grad"))
        if isinstance(grad, TensorRef):
            autograd.bump(path, call.source, grad.oid, times, "clip_grad", "function")
    made = Tensor(0, 0, Tri.NO, shape=())
    return [(path, TensorRef(autograd.new_tensor(path, call.source, "clip_grad_norm_", made)))]


@torch_function("torch.manual_seed", "torch.cuda.manual_seed_all", "torch.set_num_threads", "torch.cuda.synchronize",
                "torch.set_default_dtype", "torch.cuda.empty_cache", "torch.set_float32_matmul_precision")  # fmt: skip
def _nothing(machine: Machine, path: Path, call: Call) -> Outcomes:
    return [(path, NONE)]


@torch_function("torch.distributions.kl_divergence", "torch.distributions.kl.kl_divergence")
def _kl_divergence(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    return distributions.kl_divergence(machine, path, call)


@torch_function("gradsafe.known")
def _known(machine: Machine, path: Path, call: Call) -> Outcomes:
    """For told modules: a value where the source tells it, else the second one, so that nothing forks."""
    return [(path, call.args[0] if isinstance(call.args[0], Const) else call.args[1])]


@torch_function("gradsafe.unknown")
def _unknown(machine: Machine, path: Path, call: Call) -> Outcomes:
    """For told modules: a result of which the reader's program may do anything, and nothing is known."""
    return [(path, Unknown(("call", call.source.place, path.new_id())))]


@torch_function("gradsafe.perhaps")
def _perhaps(machine: Machine, path: Path, call: Call) -> Outcomes:
    """For told modules: a tensor that has a graph only under a condition; where the source does not tell, perhaps."""
    value, condition = call.args
    if not isinstance(value, TensorRef) or isinstance(condition, Const):
        return [(path, value)]
    tensor = path.tensor(value.oid)
    leaf = tensor.leaf if tensor.leaf is Tri.YES else Tri.MAYBE
    oid = path.new_id()
    path.heap[oid] = replace(tensor, requires_grad=tensor.requires_grad & Tri.MAYBE, leaf=leaf)
    return [(path, TensorRef(oid))]


@torch_function("torch.is_tensor", "torch.Tensor.is_tensor")
def _is_tensor(machine: Machine, path: Path, call: Call) -> Outcomes:
    value = torch_ops.resolve(path, call.args[0]) if call.args else NONE
    if isinstance(value, TensorRef):
        return [(path, TRUE)]
    if isinstance(value, Unknown):
        return [(path, Unknown(("isinstance", value.token, "Tensor")))]
    return [(path, FALSE)]
