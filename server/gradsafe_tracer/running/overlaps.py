"""Writes to elements that share memory: kernels of ``meta`` let them pass, those of a CPU and a GPU refuse them.

Which operations refuse, and which raise in backward instead, is asked of torch: a suspicious call is made once more on
zeros of the same sizes and strides (``at::has_internal_overlap`` and ``assert_no_partial_overlap`` look at nothing else).
"""

from __future__ import annotations

import functools
import warnings
from typing import Any, Dict, Iterator, NamedTuple, Optional, Tuple

import torch
from torch._C import _ImperativeEngine

from ..care.quiet import quiet
from ..errors.messages import reason_of
from ..seen.families import set_version
from ..watching import plans
from ..watching.operands import overlaps_itself, tensors_in
from ..watching.plans import Plan

LARGE = 1 << 26
"""Calls on more bytes are not tried out."""


class Refusal(NamedTuple):
    """What torch says to a write: at once, or in the backward that goes through it."""

    message: str
    in_backward: bool


def refusal(func: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Optional[Refusal]:
    """What the kernel of a real device would say of memory that overlaps; None nearly always."""
    if not _writes(func, args, kwargs):
        return None
    targets = [one for one in tensors_in((args[:1], kwargs.get("out"))) if _strided(one)]
    operands = [one for one in tensors_in((args, kwargs)) if _strided(one)]
    if not any(
        overlaps_itself(one.size(), one.stride()) or any(_shares(one, other) for other in operands)
        for one in targets
    ):
        return None
    stand_ins = _StandIns(operands, torch.is_grad_enabled() and any(one.requires_grad for one in operands))
    return None if stand_ins.bytes > LARGE else _tried(func, args, kwargs, stand_ins)


def refusing(func: Any, message: str) -> Any:
    """``func`` as a real device has it: autograd's checks, then the kernel's refusal, and nothing written."""

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        targets = list(tensors_in((args[:1], kwargs.get("out"))))
        versions = [one._version for one in targets]
        func(*args, **kwargs)
        for one, version in zip(targets, versions):  # a refused write moves no counter
            set_version(one, version)
        raise RuntimeError(message)

    return call


def refuse_backward(written: Any, message: str) -> None:
    """The node of a write to a view scatters the gradient into memory of the view's strides, and cannot."""
    node = None if written._base is None else written._base.grad_fn
    if node is None:
        return

    def raises(_grads: Any) -> None:
        raise RuntimeError(message)

    node.register_prehook(raises)


def _writes(func: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> bool:
    if kwargs.get("out") is not None or kwargs.get("inplace"):
        return True
    try:
        plan = plans.plan_of(func)
    except TypeError:
        return False
    return plan is Plan.WRITER or (plan is Plan.MAYBE and plans.writes(func, args, kwargs))


def _strided(tensor: Any) -> bool:
    return bool(tensor.is_meta and tensor.layout is torch.strided and not tensor.is_inference())


def _storage(tensor: Any) -> int:
    return int(tensor.untyped_storage()._cdata)


def _shares(one: Any, other: Any) -> bool:
    """Whether two tensors are different parts, or different layouts, of one memory."""
    if one is other or _storage(one) != _storage(other):
        return False
    layouts = [(tensor.storage_offset(), tensor.size(), tensor.stride()) for tensor in (one, other)]
    return layouts[0] != layouts[1]


class _StandIns:
    """Zeros on a CPU that lie to each other as the operands do."""

    def __init__(self, operands: Any, graph: bool) -> None:
        self.graph = graph
        self._sizes: Dict[int, Any] = {}
        for one in operands:
            self._sizes.setdefault(_storage(one), one)
        self.bases: Dict[int, Any] = {}

    @property
    def bytes(self) -> int:
        return sum(one.untyped_storage().nbytes() for one in self._sizes.values())

    def of(self, value: Any) -> Any:
        """``value`` with its tensors replaced."""
        if isinstance(value, torch.Tensor):
            return self._tensor(value) if value.is_meta else value
        if type(value) in (list, tuple):
            return type(value)(map(self.of, value))
        if type(value) is dict:
            return {key: self.of(one) for key, one in value.items()}
        return value

    def _tensor(self, tensor: Any) -> Any:
        base = self.bases.get(_storage(tensor))
        if base is None:
            count = tensor.untyped_storage().nbytes() // tensor.element_size()
            base = torch.zeros(count, dtype=tensor.dtype)
            if self.graph and (tensor.is_floating_point() or tensor.is_complex()):
                base = base.requires_grad_().clone()
            self.bases[_storage(tensor)] = base
        if base.dtype != tensor.dtype:
            base = base.view(tensor.dtype)
        return base.as_strided(tensor.size(), tensor.stride(), tensor.storage_offset())


def _tried(
    func: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any], stand_ins: _StandIns
) -> Optional[Refusal]:
    later = False
    with quiet(), warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")
        try:
            with torch.set_grad_enabled(stand_ins.graph):
                func(*stand_ins.of(args), **stand_ins.of({**kwargs}))
                later = True
                for base in _graphs(stand_ins):
                    _ImperativeEngine().run_backward(
                        (base,), (torch.ones_like(base),), False, False, (), True, True
                    )
        except Exception as error:  # whatever else a call on zeros meets, is no fact about the program
            return Refusal(str(error), later) if reason_of(str(error)) == "overlap" else None
    return None


def _graphs(stand_ins: _StandIns) -> Iterator[Any]:
    return (base for base in stand_ins.bases.values() if base.requires_grad)
