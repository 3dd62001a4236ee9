"""How often ``step()`` moves the counter of a parameter: measured for each optimizer and implementation."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import torch

from gradsafe.ops.entry import OptimizerSpec
from tools.op_table.signatures import literal


def specs() -> Iterator[OptimizerSpec]:
    """Every optimizer of ``torch.optim`` that can be run on two plain parameters."""
    for name in sorted(dir(torch.optim)):
        kind = getattr(torch.optim, name)
        if (
            not isinstance(kind, type)
            or not issubclass(kind, torch.optim.Optimizer)
            or kind is torch.optim.Optimizer
        ):
            continue
        bumps = _bumps(kind, foreach=False)
        if bumps is None:
            bumps = _bumps(kind)
        if bumps is None:
            continue
        foreach = _bumps(kind, foreach=True)
        signature = tuple(
            (param.name, literal(param.default))
            for param in list(inspect.signature(kind).parameters.values())
        )
        spec = OptimizerSpec(
            f"optim.{name}", signature, bumps, bumps if foreach is None else foreach, _bumps(kind, fused=True)
        )
        yield spec


def _bumps(kind: type[torch.optim.Optimizer], **options: bool) -> int | None:
    parameter = torch.nn.Parameter(torch.ones(2, 2))

    def closure() -> torch.Tensor:
        parameter.grad = 2 * parameter.detach()
        return parameter.detach().square().sum()

    try:
        optimizer = kind([parameter], **{"lr": 0.1, **options})
        closure()
        if kind is torch.optim.SparseAdam:
            parameter.grad = torch.ones(2, 2).to_sparse()
            optimizer.step()
        else:
            optimizer.step(closure)
    except Exception:
        return None
    return int(parameter._version)
