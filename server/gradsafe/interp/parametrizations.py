"""Weights that are computed anew at each forward: weight norm, spectral norm, parametrizations of one's own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.tensors import Tensor, Tri
from gradsafe.domain.values import TRUE, Const, External, Instance, TensorRef, TupleValue, Value
from gradsafe.interp import autograd, calls, classes, torch_ops
from gradsafe.interp.torch_api import torch_function

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes


def computed(machine: Machine, path: Path, obj: Instance, states: dict[str, Value], call: Call) -> None:
    """Put the weight of this forward into ``states``; what it is computed from is what is saved."""
    _weight_normed(machine, path, obj, states, call)
    for name in _names(path, obj, "#spectral"):
        original = path.vars.get((obj.oid, name))
        if isinstance(original, TensorRef):
            states[name] = _spectral(path, original, call)
    for name in _names(path, obj, "#parametrized"):
        function, original = path.vars.get((obj.oid, f"#made {name}")), path.vars.get((obj.oid, name))
        if function is not None and original is not None:
            inner = replace(call, function=function, args=(original,), kwargs={})
            states[name] = calls.call(machine, path, inner)[0][1]


def _names(path: Path, obj: Instance, kind: str) -> list[str]:
    held = path.vars.get((obj.oid, kind))
    return (
        [str(item.value) for item in held.items if isinstance(item, Const)]
        if isinstance(held, TupleValue)
        else []
    )


def _spectral(path: Path, original: TensorRef, call: Call) -> Value:
    """``weight / sigma``: saves the weight; the vectors behind sigma are copies (AUTOGRAD.md section 9.31)."""
    needs = autograd.any_requires_grad(path, [original.oid])
    tensor = path.tensor(original.oid)
    node = None
    if needs is not Tri.NO:
        saves = [autograd.ToSave(original.oid, "weight")]
        node = autograd.record(path, call.source, "spectral_norm", [original.oid], saves, needs)
    leaf = Tri.NO if needs is Tri.YES else Tri.MAYBE if needs is Tri.MAYBE else Tri.YES
    made = Tensor(0, 0, needs, node=node, leaf=leaf, shape=tensor.shape, dtype=tensor.dtype, name=tensor.name)
    return TensorRef(autograd.new_tensor(path, call.source, "spectral_norm", made))


def _weight_normed(machine: Machine, path: Path, obj: Instance, states: dict[str, Value], call: Call) -> None:
    key = path.vars.get((obj.oid, "#weight_norm"))
    if not (isinstance(key, Const) and isinstance(key.value, str)):
        return
    parts = [path.vars.get((obj.oid, f"{key.value}.original{number}")) for number in (1, 0)]
    known = [part for part in parts if part is not None]
    outcomes = torch_ops.apply(machine, path, "torch._weight_norm_interface", known, {}, call.source)
    value = outcomes[0][1] if outcomes and len(known) == 2 else None
    if isinstance(value, TupleValue):
        states[key.value] = value.items[0]
        if path.vars.get((obj.oid, "#weight_norm_kept")) is not None:
            path.vars[obj.oid, key.value] = value.items[0]


@torch_function("torch.nn.utils.parametrizations.weight_norm", "torch.nn.utils.weight_norm")
def _weight_norm(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """The weight becomes a function of two parameters, computed anew at each forward (AUTOGRAD.md section 9.30)."""
    module, key = call.argument(0, "module"), _key(call)
    if not isinstance(module, Instance):
        return None
    weight = path.vars.get((module.oid, key))
    if isinstance(weight, TensorRef):
        scale = Tensor(0, 0, Tri.YES, origin="parameter", name=f"{key}.original0", dtype="float32")
        path.vars[module.oid, f"{key}.original0"] = TensorRef(
            autograd.new_tensor(path, call.source, "Parameter", scale)
        )
        path.vars[module.oid, f"{key}.original1"] = weight
        classes.remember_attribute(path, module.oid, f"{key}.original0")
        path.vars[module.oid, "#weight_norm"] = Const(key, str)
        if isinstance(call.function, External) and "parametrizations" not in call.function.name:
            # The old form keeps the weight until the next forward.
            path.vars[module.oid, "#weight_norm_kept"] = TRUE
    return [(path, module)]


@torch_function("torch.nn.utils.spectral_norm", "torch.nn.utils.parametrizations.spectral_norm")
def _spectral_norm(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    module, key = call.argument(0, "module"), _key(call)
    if not isinstance(module, Instance):
        return [(path, call.args[0])] if call.args else None
    path.vars[module.oid, "#spectral"] = TupleValue((Const(key, str),))
    return [(path, module)]


@torch_function("torch.nn.utils.parametrize.register_parametrization")
def _parametrize(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    module, function = call.argument(0, "module"), call.argument(2, "parametrization")
    if not isinstance(module, Instance) or function is None:
        return None
    key = _key(call, "tensor_name")
    old = path.vars.get((module.oid, "#parametrized"))
    before = old.items if isinstance(old, TupleValue) else ()
    path.vars[module.oid, "#parametrized"] = TupleValue((*before, Const(key, str)))
    path.vars[module.oid, f"#made {key}"] = function
    return [(path, module)]


def _key(call: Call, keyword: str = "name") -> str:
    """The name of the weight that is computed."""
    name = call.argument(1, keyword)
    return name.value if isinstance(name, Const) and isinstance(name.value, str) else "weight"
