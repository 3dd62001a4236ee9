"""``torch.optim``: ``step`` writes every parameter that has a gradient and moves its counter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path, Status
from gradsafe.domain.tensors import GradMode, Tensor, Tri
from gradsafe.domain.values import (
    NONE,
    Const,
    DictRef,
    Instance,
    ListRef,
    TensorRef,
    Unknown,
    Value,
    const,
)
from gradsafe.interp import (
    autograd,
    backward,
    calls,
    containers,
    hooks,
    module_methods,
    operators,
    tensor_api,
    torch_ops,
    unseen,
)

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

_SCALERS = frozenset({"GradScaler"})
_BASES = frozenset({"torch.optim.Optimizer", "torch.optim.optimizer.Optimizer"})
METHODS = frozenset({"step", "zero_grad", "add_param_group", "state_dict", "load_state_dict"})


def is_scaler(name: str) -> bool:
    return name.rpartition(".")[2] in _SCALERS


def is_optimizer(path: Path, obj: Instance) -> bool:
    return path.vars.get((obj.oid, "#groups")) is not None


def construct(machine: Machine, path: Path, name: str, call: Call) -> Instance | None:
    """``optim.SGD(params, ...)``; None for a class that is no optimizer."""
    if machine.table.optimizer(name) is None:
        return None
    obj = Instance(path.new_id(), name)
    initialise(machine, path, obj, name, call)
    return obj


def initialise(machine: Machine, path: Path, obj: Instance, name: str, call: Call) -> bool:
    """``__init__`` of an optimizer, or of the base of one of the workspace's own; False for a class that is none."""
    spec = machine.table.optimizer(name)
    if spec is None and name not in _BASES:
        return False
    if spec is not None:
        bumps = spec.bumps
        if _on(call.kwargs.get("fused")):
            bumps = spec.fused_bumps if spec.fused_bumps is not None else bumps
        elif _on(call.kwargs.get("foreach")):
            bumps = spec.foreach_bumps
        path.vars[obj.oid, "#bumps"] = const(bumps)
    path.vars[obj.oid, "#made"] = Const(call.source.place, object)
    if name.endswith("LBFGS"):
        path.vars[obj.oid, "#max_iter"] = call.argument(2, "max_iter") or const(20)
    defaults: dict[Value, Value] = {
        const(key): value for key, value in call.kwargs.items() if key not in ("params", "defaults")
    }
    given = call.argument(1, "defaults") if spec is None else None
    if isinstance(given, DictRef):
        defaults |= dict(path.entries(given.oid).known)
    groups = tuple(_groups(path, call.argument(0, "params") or NONE, defaults))
    path.vars[obj.oid, "#groups"] = containers.new_list(path, groups)
    return True


def _on(value: Value | None) -> bool:
    return isinstance(value, Const) and value.value is True


def _groups(path: Path, params: Value, defaults: Mapping[Value, Value]) -> list[Value]:
    items = containers.elements(path, params)
    if items and all(isinstance(item, DictRef) for item in items):
        return [_group(path, item, defaults) for item in items]
    entries = {const("params"): _as_list(path, params), **defaults}
    return [containers.new_dict(path, tuple(entries.items()))]


def _group(path: Path, group: Value, defaults: Mapping[Value, Value]) -> Value:
    if not isinstance(group, DictRef):
        return group
    entries = {**defaults, **dict(path.entries(group.oid).known)}
    entries[const("params")] = _as_list(path, entries.get(const("params"), NONE))
    return containers.new_dict(path, tuple(entries.items()))


def _as_list(path: Path, params: Value) -> Value:
    """The parameters as a list of their own: a generator would be used up."""
    if isinstance(params, TensorRef):
        return containers.new_list(path, (params,))
    return containers.new_list(path, containers.elements(path, params))


def param_groups(path: Path, obj: Instance) -> Value | None:
    return path.vars.get((obj.oid, "#groups"))


def parameters(path: Path, obj: Instance) -> list[int]:
    """The tensors that an optimizer steps, in order."""
    groups = path.vars.get((obj.oid, "#groups"))
    found: list[int] = []
    for group in containers.elements(path, groups) if groups is not None else ():
        if isinstance(group, DictRef):
            held = dict(path.entries(group.oid).known).get(const("params"), NONE)
            for value in containers.elements(path, held):
                found.extend(torch_ops.tensors_in(path, value))
    return list(dict.fromkeys(found))


def call_method(machine: Machine, path: Path, obj: Instance, name: str, call: Call) -> Outcomes | None:
    """A method of an optimizer or of a GradScaler; None for other objects."""
    if isinstance(obj.cls, str) and is_scaler(obj.cls):
        return _scaler(machine, path, obj, name, call)
    if not is_optimizer(path, obj):
        return None
    if name == "step":
        return _step(machine, path, obj, call)
    if name == "zero_grad":
        module_methods.zero_grads(path, parameters(path, obj), call)
        return [(path, NONE)]
    if name == "add_param_group" and call.args:
        groups = path.vars[obj.oid, "#groups"]
        if isinstance(groups, ListRef):
            held = path.items(groups.oid)
            path.heap[groups.oid] = replace(held, known=(*held.known, _group(path, call.args[0], {})))
        return [(path, NONE)]
    return [(path, Unknown(("optimizer", name, call.source.place)))]


def _step(machine: Machine, path: Path, obj: Instance, call: Call) -> Outcomes:
    """One step. LBFGS evaluates its closure again after each move of the parameters (once more stands for all)."""
    closure = call.argument(0, "closure")
    states: Outcomes = [(path, NONE)]
    if closure is None or closure == NONE:
        _write_parameters(path, obj, call)
        return states
    evaluate = replace(call, function=closure, args=(), kwargs={})
    for _ in range(2 if _evaluates_again(path, obj) else 1):
        states = [
            done
            for each, _ in states
            if each.status is Status.RUN
            for done in _evaluated(machine, each, evaluate)
        ] + [state for state in states if state[0].status is not Status.RUN]
        for each, _ in states:
            if each.status is Status.RUN:
                _write_parameters(each, obj, call)
    return states


def _evaluated(machine: Machine, path: Path, evaluate: Call) -> Outcomes:
    before = path.grad_mode
    if before is not GradMode.INFERENCE:
        path.grad_mode = (
            GradMode.ENABLED
        )  # `step` runs the closure under enable_grad, whatever the caller's mode
    states = calls.call(machine, path, evaluate)
    for each, _ in states:
        each.grad_mode = before
    return states


def _evaluates_again(path: Path, obj: Instance) -> bool:
    rounds = path.vars.get((obj.oid, "#max_iter"))
    return isinstance(rounds, Const) and rounds.value != 1


def _write_parameters(path: Path, obj: Instance, call: Call) -> None:
    bumps = path.vars.get((obj.oid, "#bumps"))
    times = bumps.value if isinstance(bumps, Const) and isinstance(bumps.value, int) else 1
    made = path.vars.get((obj.oid, "#made"))
    declared = made.value if isinstance(made, Const) else None
    for oid in parameters(path, obj):
        if not isinstance(path.vars.get((oid, "grad")), TensorRef):
            continue
        autograd.bump(path, call.source, oid, times, "step", "optimizer", declared)
        if times == 0:
            # Fused optimizers write without a bump: torch stays silent (AUTOGRAD.md section 1.4).
            unseen.note_bypass(path, call.source, oid, "fused-step", "step", True, path.tensor(oid).name)


def _scaler(machine: Machine, path: Path, obj: Instance, name: str, call: Call) -> Outcomes | None:
    if name == "scale" and call.args:
        return operators.binary(machine, path, "*", call.args[0], _scale_tensor(path, call), call.source)
    if name == "step" and call.args and isinstance(call.args[0], Instance):
        return _step(machine, path, call.args[0], replace(call, args=(), kwargs={}))
    return [(path, Unknown(("scaler", name, call.source.place)))]


def _scale_tensor(path: Path, call: Call) -> Value:
    made = Tensor(0, 0, Tri.NO, shape=(), dtype="float32")
    return TensorRef(autograd.new_tensor(path, call.source, "scale", made))


def backward_of_unknown(machine: Machine, path: Path, function: Unknown, call: Call) -> Outcomes | None:
    """``loss.backward()`` of an unknown loss, ``accelerator.backward(loss)``, ``self.manual_backward(loss)``."""
    token = function.token
    if not (isinstance(token, tuple) and len(token) == 3 and token[0] == "attr"):
        return None
    if token[2] not in ("backward", "manual_backward"):
        return None
    loss = torch_ops.resolve(path, call.args[0]) if call.args else Unknown(token[1])
    if isinstance(loss, Unknown):
        if not torch_ops.graph_inputs(path, loss):
            return None
        loss = torch_ops.materialise(path, loss, call.source)
    if not isinstance(loss, TensorRef):
        return None
    keeps = tensor_api.flag(call.kwargs.get("retain_graph"))
    request = backward.Request((loss.oid,), retain=keeps, name=path.tensor(loss.oid).name)
    executed = backward.run(path, call.source, request)
    return [(each, NONE) for each in hooks.after_backward(machine, path, call, executed)]
