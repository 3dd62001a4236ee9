"""Programs whose gradient is wrong without a word: the line to blame carries ``# wrong``."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn


def _leaf(*shape: int) -> Any:
    return torch.randn(*(shape or (3,)), requires_grad=True)


def data_write_to_a_result() -> None:
    y = _leaf().exp()
    y.data.mul_(2)  # wrong
    y.sum().backward()


def data_write_through_a_view() -> None:
    y = _leaf().exp()
    y.data.view(-1)[0] = 5  # wrong
    y.sum().backward()


def parameter_made_of_data() -> None:
    p = nn.Parameter(torch.rand(3))
    y = _leaf() * p
    nn.Parameter(p.data).data.mul_(2)  # wrong
    y.sum().backward()


def copied_object() -> None:
    import copy

    t = torch.ones(3)
    y = _leaf() * t
    copy.copy(t).add_(1)  # wrong
    y.sum().backward()


def dlpack_alias() -> None:
    y = _leaf().exp()
    shared = torch.utils.dlpack.from_dlpack(torch.utils.dlpack.to_dlpack(y.detach()))  # wrong
    shared.mul_(2)
    y.sum().backward()


def numpy_array() -> None:
    y = _leaf().exp()
    array = np.asarray(y.detach())
    array *= 2  # wrong
    y.sum().backward()


def untyped_storage() -> None:
    y = _leaf().exp()
    storage = y.untyped_storage()
    storage[0] = 7  # wrong
    y.sum().backward()


def batch_norm_statistics() -> None:
    norm, x = nn.BatchNorm1d(3), _leaf(4, 3)
    norm.eval()
    y = norm(x)
    norm.train()
    norm(torch.randn(4, 3) * 5)  # wrong
    y.pow(2).sum().backward()


def undeclared_mutation() -> None:
    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            x.mul_(2)  # wrong
            return x.clone()

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            return grads[0] * 2

    h = _leaf() * 1
    (Doubled.apply(h) + h.pow(2)).sum().backward()


def no_grad_factor() -> None:
    y = _leaf() * 1
    with torch.no_grad():
        y.mul_(2)  # wrong
    y.sum().backward()


def no_grad_write_to_a_row() -> None:
    y = _leaf(3, 3) * 1
    with torch.no_grad():
        y[0].mul_(2)  # wrong
    y.sum().backward()


def no_grad_write_to_the_base_of_a_view() -> None:
    y = _leaf() * 1
    v = y.view(3, 1)
    with torch.no_grad():
        y.clamp_(0, 0.1)  # wrong
    v.sum().backward()


def write_through_detach() -> None:
    y = _leaf() * 1
    y.detach().mul_(3)  # wrong
    y.sum().backward()


def fused_step() -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 1))
    optimizer = torch.optim.Adam(net.parameters(), fused=True)
    one, other = net(torch.randn(2, 3)).sum(), net(torch.randn(2, 3)).sum()
    other.backward()
    optimizer.step()  # wrong
    one.backward()


def data_swapped_after_use() -> None:
    w = torch.ones(3, requires_grad=True)
    y = w * w
    w.data = w.data - 1  # wrong
    y.sum().backward()


def convolution_weight_swapped() -> None:
    layer = nn.Conv1d(2, 2, 1)
    y = layer(_leaf(1, 2, 3))
    layer.weight.data = torch.zeros(2, 2, 1)  # wrong
    y.sum().backward()


PROGRAMS = [
    value
    for name, value in list(globals().items())
    if getattr(value, "__module__", "") == __name__ and not name.startswith("_")
]
