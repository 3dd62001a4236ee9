"""A write that autograd does not record, done once more on a copy where it does: its derivative by the old value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Optional, Tuple

import torch

from ..care.quiet import quiet
from ..watching.operands import storage_of, tensors_in

if TYPE_CHECKING:
    from ..seen.recorder import Recorder

LARGE = 1 << 22
"""Tensors of more elements are not copied before a write: such a write is told without numbers."""
RANDOM = {
    "normal_", "uniform_", "bernoulli_", "random_", "exponential_", "cauchy_", "log_normal_", "geometric_",
    "dropout_", "alpha_dropout_", "feature_dropout_", "rrelu_",
}  # fmt: skip
"""Doing these again would move the program's random state."""


class Repeat:
    """The value before a write, and ``pull``: from the gradient by the new value to the gradient by the old one."""

    def __init__(self, owner: Any) -> None:
        self.old = torch.empty_strided(owner.size(), owner.stride(), dtype=owner.dtype, device=owner.device)
        self.old.copy_(owner.detach())
        self.new: Any = None

    @property
    def pull(self) -> Optional[Callable[[Any], Any]]:
        """None where the derivative cannot be told."""
        return None if self.new is None else self._pull

    def changed(self, owner: Any) -> bool:
        """Whether the write has put other values into ``owner``."""
        now = owner.detach()
        return not bool(((self.old == now) | ((self.old != self.old) & (now != now))).all())

    def _pull(self, grad: Any) -> Any:
        with quiet():
            found = None
            if self.new.requires_grad:
                grad = grad.sum_to_size(self.old.shape)
                (found,) = torch.autograd.grad(self.new, self.old, grad, retain_graph=True, allow_unused=True)
            return torch.zeros_like(self.old) if found is None else found


def before_write(
    recorder: Recorder, func: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any], owner: Any
) -> Optional[Repeat]:
    """``func(*args)`` is about to write ``args[0]``, which shares the memory of ``owner``."""
    if owner.device.type == "meta" or owner.layout is not torch.strided or owner.numel() > LARGE:
        return None
    try:
        with quiet(), torch.no_grad():
            repeat = Repeat(owner)
    except RuntimeError:
        return None  # expanded: several elements at one place
    written = args[0] if args else None
    others = [one for one in tensors_in((args[1:], kwargs)) if one is not written]
    if getattr(func, "__name__", "") in RANDOM or not isinstance(written, torch.Tensor):
        return repeat
    if any(storage_of(one) == storage_of(written) or recorder.lineage.of(one) is not None for one in others):
        return repeat
    try:
        with quiet(), torch.enable_grad():
            new = repeat.old.requires_grad_().clone(memory_format=torch.preserve_format)
            part = new if written is owner else _same_part(new, written, owner)
            func(part, *[part if one is written else _plain(one) for one in args[1:]], **kwargs)
            repeat.new = new
    except (RuntimeError, TypeError, NotImplementedError, ValueError, IndexError):
        pass
    return repeat


def _same_part(new: Any, written: Any, owner: Any) -> Any:
    offset = written.storage_offset() - owner.storage_offset()
    return new.as_strided(written.size(), written.stride(), offset)


def _plain(value: Any) -> Any:
    return value.detach() if isinstance(value, torch.Tensor) and value.requires_grad else value
