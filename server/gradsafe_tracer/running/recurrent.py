"""An LSTM on ``meta`` is put together from small operations; on a CPU one fused kernel runs, and saves its output.

Measured on torch 2.13: the kernel of oneDNN runs for float32 without projections, and what it saves is the output of a
layer. The output of both directions is a copy put together from two of them, a packed sequence takes another way.
"""

from __future__ import annotations

from typing import Any

import torch


class MkldnnRnnLayer(torch.autograd.Function):  # type: ignore[misc]  # torch is untyped here
    """Saves its output, and has the name of torch's node in messages."""

    @staticmethod
    def forward(ctx: Any, output: Any) -> Any:
        output = output.clone()
        ctx.save_for_backward(output)
        return output

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        ctx.saved_tensors  # noqa: B018  # refuses what was modified, and a second backward
        return grads[0]


def lstm(func: Any, *args: Any, **kwargs: Any) -> Any:
    """``torch.lstm`` as a CPU runs it."""
    output, *states = func(*args, **kwargs)
    if output.requires_grad and _is_fused(*args, **kwargs):
        swapped = bool(args[8:] and args[8])  # batch_first: the kernel takes steps first
        output = MkldnnRnnLayer.apply(output.transpose(0, 1) if swapped else output)
        output = output.transpose(0, 1) if swapped else output
    return (output, *states)


def _is_fused(
    data: Any,
    hidden: Any = None,
    weights: Any = (),
    has_biases: bool = True,
    layers: int = 1,
    _dropout: float = 0.0,
    _train: bool = False,
    bidirectional: bool = False,
    *_batch_first: Any,
) -> bool:
    packed = isinstance(hidden, torch.Tensor)
    if packed or bidirectional or data.dtype != torch.float32 or not data.numel():
        return False
    plain = len(weights) == layers * (4 if has_biases else 2)  # a projection is one more
    mkldnn = torch.backends.mkldnn
    return bool(plain and mkldnn.is_available() and getattr(mkldnn, "enabled", True))
