"""``torch.func``: ``functional_call`` and its old name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.values import NONE, Const, DictRef, Instance, TupleValue
from gradsafe.interp import calls, classes, containers, modules
from gradsafe.interp.torch_api import torch_function

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes


@torch_function("torch.func.functional_call", "torch.nn.utils.stateless.functional_call")
def functional_call(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """``functional_call(module, tensors, args, kwargs)``: the forward with other parameters, put back afterwards."""
    module, given = call.argument(0, "module"), call.argument(1, "parameter_and_buffer_dicts")
    if not isinstance(module, Instance) or given is None:
        return None
    dicts = (given,) if isinstance(given, DictRef) else containers.elements(path, given)
    pairs = [pair for item in dicts if isinstance(item, DictRef) for pair in path.entries(item.oid).known]
    swapped = {str(key.value): value for key, value in pairs if isinstance(key, Const)}
    homes = _homes(path, module)
    before = {home: path.vars.get(home) for name in swapped if (home := homes.get(name)) is not None}
    for name, value in swapped.items():
        if name in homes:
            path.vars[homes[name]] = value
    args = call.argument(2, "args") or TupleValue(())
    kwargs = call.argument(3, "kwargs") or NONE
    inner = replace(
        call, function=module, args=args.items if isinstance(args, TupleValue) else (args,),
        kwargs=containers.string_entries(path, kwargs),
    )  # fmt: skip
    outcomes = calls.call(machine, path, inner)
    for each, _ in outcomes:
        for home, old in before.items():
            if old is not None:
                each.vars[home] = old
    return outcomes


def _homes(path: Path, module: Instance) -> dict[str, tuple[int, str]]:
    """Where each parameter and buffer is kept, by its dotted name."""
    found: dict[str, tuple[int, str]] = {}
    for prefix, each in modules.walk(path, module):
        for name in classes.attribute_names(path, each.oid):
            found[f"{prefix}.{name}" if prefix else name] = (each.oid, name)
    return found
