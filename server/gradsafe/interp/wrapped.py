"""Results that are views of a tensor that nobody else holds: ``nn.Linear`` of three dimensions multiplies two, and reshapes.

That matters for one thing. A view that is made while grad is off must not be modified with grad on (``CreationMeta::NO_GRAD_MODE``),
whoever made it. The conditions are measured on torch 2.13: ``_is_view()`` of the result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.tensors import GradMode, Tri

if TYPE_CHECKING:
    from gradsafe.interp.torch_ops import Application

_UNBATCHED = {
    "conv1d": 2, "Conv1d": 2, "conv2d": 3, "Conv2d": 3, "conv3d": 4, "Conv3d": 4,
    "conv_transpose1d": 2, "ConvTranspose1d": 2, "conv_transpose2d": 3, "ConvTranspose2d": 3, "conv_transpose3d": 4,
    "ConvTranspose3d": 4,
}  # fmt: skip
"""Convolutions, and the dimensions of an input without a batch."""

_ALWAYS = frozenset({
    "instance_norm", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "avg_pool1d", "AvgPool1d", "adaptive_avg_pool1d",
    "AdaptiveAvgPool1d",
})  # fmt: skip


def gives_view(path: Path, call: Application) -> bool:
    """Whether the result, made while grad is off, is a view; False where that is not known."""
    return path.grad_mode is GradMode.NO_GRAD and (
        call.operation in _ALWAYS or _RANKS.get(call.operation, _never)(path, call)
    )


def _rank(path: Path, call: Application) -> int | None:
    shape = next((path.tensor(oid).shape for oid in call.tensors.get("input", ())), None)
    return len(shape) if shape is not None else None


def _linear(path: Path, call: Application) -> bool:
    """With a bias, of a contiguous input that has not two dimensions; without one, or else, the product is no view."""
    contiguous = all(path.tensor(oid).contiguous is Tri.YES for oid in call.tensors.get("input", ()))
    return _rank(path, call) not in (None, 2) and contiguous and bool(call.tensors.get("bias"))


def _convolution(path: Path, call: Application) -> bool:
    return _rank(path, call) == _UNBATCHED[call.operation]


def _never(path: Path, call: Application) -> bool:
    return False


_RANKS: dict[str, Callable[[Path, Application], bool]] = {
    "linear": _linear, "Linear": _linear, **dict.fromkeys(_UNBATCHED, _convolution),
}  # fmt: skip
