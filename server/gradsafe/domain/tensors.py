"""Autograd's own bookkeeping as frozen records: tensors, nodes, what nodes saved.

Field by field this follows ``torch/csrc/autograd/{variable,saved_variable}.h``; where the
source of a program does not decide a field, it is :data:`Tri.MAYBE`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, NamedTuple, TypeAlias

from gradsafe.domain.values import Source


class Tri(Enum):
    """Yes, no, or not known. ``|`` and ``&`` are Kleene's."""

    NO = 0
    MAYBE = 1
    YES = 2

    def __or__(self, other: Tri) -> Tri:
        return self if self is Tri.YES or other is Tri.NO else Tri.YES if other is Tri.YES else Tri.MAYBE

    def __and__(self, other: Tri) -> Tri:
        return self if self is Tri.NO or other is Tri.YES else Tri.NO if other is Tri.NO else Tri.MAYBE

    @staticmethod
    def of(flag: bool | None) -> Tri:
        return Tri.MAYBE if flag is None else Tri.YES if flag else Tri.NO


class GradMode(Enum):
    """``torch.is_grad_enabled`` and ``is_inference_mode_enabled`` together."""

    ENABLED = "enabled"
    NO_GRAD = "no_grad"
    INFERENCE = "inference"
    UNKNOWN = "unknown"


class Creation(Enum):
    """``CreationMeta`` of a differentiable view: may it be written while grad mode is on?"""

    DEFAULT = "default"
    MULTI_OUTPUT = "multi-output"
    NO_GRAD = "no-grad"
    INFERENCE = "inference"
    CUSTOM = "custom"
    """Made in a custom Function, or an input that one returned as it is."""


Shape: TypeAlias = "tuple[int | None, ...] | None"


class Extent(NamedTuple):
    """The elements of a storage from ``start`` to before ``end``; of them, where ``row`` (the largest stride) is not 0,
    only those whose place in their row is between ``column`` and ``column_end``."""

    start: int
    end: int
    row: int
    column: int
    column_end: int


@dataclass(frozen=True, slots=True)
class Bypass:
    """A change of a value that autograd does not see: who made it, and how."""

    source: Source
    reason: str
    operation: str
    name: str | None
    tensor: int
    counter: int = -1
    """The counter that did move, if any: what was saved under it is refused, what was saved under another is not."""
    span: Extent | None = None
    """The part of the storage that was written, where it is known."""
    kept_at: Source | None = None
    """Where the program put what was written, to read it in backward without a check: ``ctx.x = x``."""


@dataclass(frozen=True, slots=True)
class Storage:
    """What moved a storage's bytes without torch noticing.

    ``hidden``: writes that move no counter of the family (``.data``, NumPy), in order: whatever was
    saved before is wrong. ``flow``: writes that leave ``grad_fn`` as it was though the value changed
    (hidden ones and no-grad ones whose derivative is not the identity).
    """

    hidden: tuple[Bypass, ...] = ()
    flow: tuple[Bypass, ...] = ()
    several: bool = False
    """Do tensors with different counters share it (``.data``, NumPy, ``unsafe_split``)?"""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor object.

    ``counter`` is the heap id of its version counter, ``base`` the tensor of which it is a
    differentiable view (never a view itself), ``base_version`` the counter when ``node`` was
    last set for a view: an in-place operation on the family makes ``node`` stale, and it is
    regenerated on its next use (``VariableHooks::grad_fn``).
    ``origin``: ``made`` (here), ``parameter``, ``argument`` (unknown history), ``data``.
    """

    storage: int
    counter: int
    requires_grad: Tri
    node: int | None = None
    leaf: Tri = Tri.YES
    base: int | None = None
    creation: Creation = Creation.DEFAULT
    base_version: int = 0
    shape: Shape = None
    dtype: str | None = None
    strides: Shape = None
    """In elements, like ``offset``; ``gradsafe.domain.layout`` says what follows from them."""
    offset: int | None = None
    overlap: Tri = Tri.NO
    """Do several elements share memory?"""
    inference: bool = False
    origin: str = "made"
    contiguous: Tri = Tri.YES
    name: str | None = None
    flow: int = 0
    """How many of its storage's ``flow`` writes its ``node`` knows of."""
    bypasses: tuple[Bypass, ...] = ()
    """Set where ``x.data = ...`` dropped a graph: whoever uses the tensor gets a wrong gradient."""
    derived: frozenset[str] | None = None
    """The operations that made it out of a ``.data`` (or detached) value; None where none did."""
    known: bool = True
    """False for a tensor whose history is not known (an argument of a function judged alone)."""

    def but(self, changes: Mapping[str, object]) -> Tensor:
        """``dataclasses.replace``, in a third of the time: the interpreter makes little else than tensors."""
        made = Tensor.__new__(Tensor)
        for name, slot in _SLOTS:
            slot.__set__(made, changes[name] if name in changes else slot.__get__(self))
        return made


_SLOTS: tuple[tuple[str, Any], ...] = tuple(
    (each.name, getattr(Tensor, each.name)) for each in fields(Tensor)
)


@dataclass(frozen=True, slots=True)
class SavedTensor:
    """What a node keeps for backward: ``SavedVariable``. ``certain`` is NO never, MAYBE or YES.

    ``as_output``: saved by the operation that made it, so a later ``x.data = t`` does not reach it; nor where
    ``by_object`` is false, because a view or a reshaped alias of the tensor was saved. ``put`` is as in :class:`Bypass`.
    """

    save: int
    tensor: int
    counter: int
    version: int
    role: str
    certain: Tri
    as_output: bool
    name: str | None
    storage: int
    hidden: int
    argument: bool = False
    by_object: bool = True
    kept_at: Source | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """A ``grad_fn``. ``inputs`` are the nodes that it passes gradients to; a leaf is its AccumulateGrad.

    ``certain`` is MAYBE where the node exists only if an unknown tensor requires grad.
    ``frees_always``: raises on a second backward even where nothing is saved (CopySlices).
    """

    operation: str
    inputs: tuple[int, ...]
    saves: tuple[SavedTensor, ...]
    source: Source
    certain: Tri = Tri.YES
    leaf: int | None = None
    raises_when_freed: bool = False
    overlap_write: int | None = None
    """Set for CopySlices of a view that overlaps itself: backward raises there; the tensor that was written."""
    replayed_write: Bypass | None = None
    """Set for a checkpointed region that writes its own argument: run again in backward, that is a leaf."""
    bypasses: tuple[Bypass, ...] = ()
    leaves: tuple[tuple[int, int], ...] = ()
    """The leaves among its operands, with how many ``flow`` writes their storage had seen."""
    unchecked: tuple[SavedTensor, ...] = ()
    """What its backward reads without a version check (``ctx.x``, a checkpointed region); ``role`` says why."""
