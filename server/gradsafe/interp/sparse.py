"""Sparse tensors that are made of values: differentiable in them, and leaves only where the values carry no graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.tensors import Tri
from gradsafe.domain.values import TensorRef, Unknown
from gradsafe.interp import autograd, calls, torch_ops
from gradsafe.interp.torch_api import torch_function

if TYPE_CHECKING:
    from gradsafe.interp.machine import Machine, Outcomes


@torch_function("torch.sparse_coo_tensor")
def _made_of_values(machine: Machine, path: Path, call: calls.Call) -> Outcomes | None:
    """``requires_grad=True`` makes a leaf of plain values only (measured on 2.13): of others the result is not known."""
    values = torch_ops.resolve(path, call.argument(1, "values") or Unknown("values"))
    if isinstance(values, TensorRef) and autograd.requires_grad(path, values.oid) is not Tri.NO:
        return calls.unknown_result(path, call)
    return calls.unknown_result(path, call) if isinstance(values, Unknown) else None
