"""The modules inside torch's own composite modules: attention and transformer layers.

Their forward is one line of the op table, which reads all their parameters together; so the parts need only be there,
with parameters of their own, for ``parameters()`` and for whoever names one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.values import Const, External, Instance, TensorRef, TupleValue, Value
from gradsafe.interp import classes, copying, module_containers, modules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine

_KINDS = (("linear", "Linear"), ("out_proj", "Linear"), ("head", "Linear"), ("norm", "LayerNorm"), ("dropout", "Dropout"),
          ("self_attn", "MultiheadAttention"), ("multihead_attn", "MultiheadAttention"))  # fmt: skip
MOST_LAYERS = 4
"""Layers of a stack that are made: each has the same parameters as the others."""


def construct(
    machine: Machine, path: Path, obj: Instance, name: str, given: Mapping[str, Value], call: Call
) -> None:
    """The part ``name`` of a composite module."""
    layer = next((given[key] for key in ("encoder_layer", "decoder_layer") if key in given), None)
    if name == "layers" and isinstance(layer, Instance):
        part: Value = _stack(path, layer, given.get("num_layers"), call)
    else:
        kind = next((kind for prefix, kind in _KINDS if name.startswith(prefix)), "Linear")
        inner = replace(call, function=External(f"torch.nn.{kind}"), args=(), kwargs=_own(given))
        made = modules.construct_external(machine, path, f"torch.nn.{kind}", inner)
        if not made:
            return
        part = made[0][1]
    path.vars[obj.oid, name] = part
    classes.remember_attribute(path, obj.oid, name)


def _own(given: Mapping[str, Value]) -> dict[str, Value]:
    return {"p": given["dropout"]} if "dropout" in given else {}


def _stack(path: Path, layer: Instance, count: Value | None, call: Call) -> Instance:
    number = count.value if isinstance(count, Const) and isinstance(count.value, int) else 1
    copies = [copying.copy(path, layer, True, call.source) for _ in range(max(1, min(number, MOST_LAYERS)))]
    return module_containers.sequence(path, copies)


def parameters(path: Path, obj: Instance) -> Value:
    """What a composite module's line calls ``parameters``: the weights, own and inner (biases are added, and not kept)."""
    found = modules.named_tensors(path, obj, modules.is_parameter)
    return TupleValue(tuple(TensorRef(ref.oid) for name, ref in found if "bias" not in name))
