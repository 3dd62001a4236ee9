"""Values computed from ``x.data`` or ``x.detach()``: what they are put into loses the history of ``x``."""

from __future__ import annotations

import weakref
from typing import Any, Dict, FrozenSet, Optional, Tuple

import torch

from ..care.harmless import harmless
from ..watching.operands import operation_name, tensors_in

STEPS = frozenset(
    (
        "round", "sign", "sgn", "floor", "ceil", "trunc", "heaviside", "gt", "lt", "ge", "le", "eq", "ne", "where",
        "argmax", "bernoulli", "one_hot", "fake_quantize_per_tensor_affine", "searchsorted", "bucketize",
    )
)  # fmt: skip
"""Constant almost everywhere: putting their result in place is the straight-through idiom (as in ``gradsafe.interp``)."""


class Lineage:
    """Which live tensors were computed from a differentiable one without its history, by which operations."""

    def __init__(self) -> None:
        self.known: Dict[int, Tuple[Any, FrozenSet[str]]] = {}

    def starts(self, alias: Any) -> None:
        """``alias`` is the ``.data`` of a tensor that requires grad."""
        self._note(alias, frozenset())

    def of(self, tensor: Any) -> Optional[FrozenSet[str]]:
        """The operations on the way to ``tensor``; None where it comes of no such alias."""
        known = self.known.get(id(tensor))
        return known[1] if known is not None and known[0]() is tensor else None

    @harmless
    def follow(self, func: Any, result: Any, args: Tuple[Any, ...]) -> None:
        """A call has made ``result`` of ``args``."""
        names = [found for found in (self.of(one) for one in tensors_in(args)) if found is not None]
        if names:
            made = frozenset((operation_name(func),)).union(*names)
            for tensor in tensors_in(result):
                if not tensor.requires_grad:
                    self._note(tensor, made)

    def forget(self, tensor: Any) -> None:
        """Drops the weak reference to ``tensor``."""
        self.known.pop(id(tensor), None)

    def _note(self, tensor: Any, names: FrozenSet[str]) -> None:
        key, known = id(tensor), self.known
        if type(tensor) is torch.Tensor:
            known[key] = (weakref.ref(tensor, lambda _dead: known.pop(key, None)), names)


def replaces_history(names: Optional[FrozenSet[str]]) -> bool:
    """Whether a value with this lineage depends on what it was computed from."""
    return bool(names is not None and names and not names & STEPS)
